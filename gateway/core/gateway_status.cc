// How a gateway's status is collected and printed.
#include "gateway/core/gateway_status.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"
#include "base/counters.h"
#include "gateway/risk/limit_kinds.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

using nlohmann::ordered_json;

std::string Text(std::string_view name) { return std::string(name); }

template <class Counters, size_t kRows>
void Add(ordered_json& json, const Counters& counters, const CounterRow<Counters> (&rows)[kRows]) {
  for (const CounterRow<Counters>& row : rows) json[Text(row.name)] = counters.*row.count;
}

template <class Counters, size_t kRows>
ordered_json Json(const Counters& counters, const CounterRow<Counters> (&rows)[kRows]) {
  ordered_json json;
  Add(json, counters, rows);
  return json;
}

// Only the reasons that occurred, by the schema's names.
ordered_json RejectsJson(std::span<const uint64_t> by_reason) {
  ordered_json rejects = ordered_json::object();
  for (std::size_t i = 0; i < by_reason.size(); ++i) {
    if (by_reason[i] != 0) rejects[Text(Name(static_cast<RejectReason>(i)))] = by_reason[i];
  }
  return rejects;
}

ordered_json SessionJson(const SessionStatus& session) {
  ordered_json json = {{"session", session.id},
                       {"logged_on", session.logged_on},
                       {"disabled", session.disabled},
                       {"killed", session.killed},
                       {"execution_throttles", session.execution_throttles},
                       {"logons", session.counts.logons},
                       {"requests_received", session.counts.requests},
                       {"acks", session.counts.acks},
                       {"rejects", RejectsJson(session.counts.rejects)},
                       {"cancel_rejects", session.counts.cancel_rejects},
                       {"execution_reports", session.counts.execution_reports},
                       {"reports_sent", session.counts.reports},
                       {"next_seq_in", session.next_seq_in},
                       {"next_seq_out", session.next_seq_out},
                       {"open_orders", session.open_orders}};
  if (session.link) json["link"] = Json(*session.link, kLinkCounters);
  return json;
}

ordered_json OrdersJson(const GatewayStatus& status) {
  const OrderTotals& totals = status.totals;
  ordered_json json = {{"received", totals.accepted + totals.rejected},
                       {"filled", totals.filled},
                       {"canceled", totals.canceled},
                       {"rejected", totals.rejected},
                       {"venue_rejected", totals.venue_rejected},
                       {"expired", totals.expired},
                       {"reopened", totals.reopened},
                       {"open", status.open_orders},
                       {"in_doubt", status.in_doubt}};
  Add(json, status.engine, kOrderCounters);
  json["rejected_by_reason"] = RejectsJson(totals.rejected_by_reason);
  return json;
}

ordered_json VenueJson(const VenueStatusLine& venue) {
  ordered_json json = {{"venue", venue.id},      {"state", Text(Name(venue.state))},
                       {"killed", venue.killed}, {"trading_day", venue.trading_day},
                       {"reason", venue.reason}, {"requests_waiting", venue.waiting}};
  Add(json, venue.counters, kVenueCounters);
  return json;
}

ordered_json JournalJson(const JournalStatus& journal) {
  return {{"position", journal.position},
          {"durable_position", journal.durable_position},
          {"fault", Text(Name(journal.fault))},
          {"fault_since_ns", journal.fault_since_ns},
          {"remedy", Text(Remedy(journal.fault))},
          {"refuses", journal.refuses},
          {"snapshot_position", journal.snapshot_position},
          {"snapshot_time_ns", journal.snapshot_time_ns},
          {"snapshot_due_ns", journal.snapshot_due_ns}};
}

ordered_json KilledJson(const KilledNumbers& killed) {
  return {{"total", killed.total}, {"first", killed.shown}};
}

ordered_json LimitJson(int64_t limit) {
  return limit == kNoLimit ? ordered_json("off") : ordered_json(limit);
}

ordered_json ChangedJson(const ChangedLimits& changed) {
  ordered_json first = ordered_json::array();
  for (const ChangedLimit& one : changed.shown) {
    first.push_back({{"owner", Text(Name(one.owner))},
                     {"id", one.id},
                     {"limit", Text(ConfigName(one.limit))},
                     {"configured", LimitJson(one.configured)},
                     {"value", LimitJson(one.value)}});
  }
  return {{"total", changed.total}, {"first", std::move(first)}};
}

ordered_json UnknownJson(const UnknownReport& report) {
  return {{"time_ns", report.time_ns},
          {"venue", report.venue},
          {"venue_request_id", report.venue_request_id},
          {"exec_id", report.exec_id},
          {"exec_type", Text(Name(report.exec_type))},
          {"last_qty", report.last_qty},
          {"account", report.account},
          {"instrument", report.instrument},
          {"side", Text(Name(report.side))},
          {"booked", report.booked}};
}

ordered_json AlertsJson(const Alerts& alerts) {
  ordered_json latest = ordered_json::array();
  for (uint64_t at = alerts.first(); at < alerts.total(); ++at) {
    const RiskAlert& alert = alerts.at(at);
    latest.push_back({{"time_ns", alert.time_ns},
                      {"kind", Text(Name(alert.kind))},
                      {"owner", alert.owner},
                      {"owner_kind", Text(Name(alert.owner_kind))},
                      {"instrument", alert.instrument},
                      {"check", Text(Name(alert.check))},
                      {"limit", alert.limit},
                      {"value", alert.value}});
  }
  return {{"total", alerts.total()}, {"latest", std::move(latest)}};
}

}  // namespace

void FillEngineTotals(const Engine& engine, GatewayStatus& status) {
  status.totals = engine.totals();
  status.engine = engine.counters();
  status.killed = engine.killed(KillScope::kAll, 0);
  for (const auto& [killed, scope] : {std::pair(&status.killed_accounts, KillScope::kAccount),
                                      {&status.killed_instruments, KillScope::kInstrument}}) {
    killed->total = engine.killed_count(scope);
    killed->shown.clear();
    killed->next = killed->total == 0 ? UINT32_MAX : 0;
  }
  status.changed_limits.total = engine.limits_changed();
  status.changed_limits.shown.clear();
  for (size_t at = 0; at != std::min(engine.limits_changed(), ChangedLimits::kShownMax); ++at) {
    status.changed_limits.shown.push_back(engine.limit_changed(at));
  }
  status.operator_cancel = engine.operator_cancel();
  status.open_orders = engine.open_orders();
  status.unknown_reports = engine.unknown_reports();
  status.alerts = engine.alerts();
  status.in_doubt = status.in_doubt_next = 0;
  status.positions_total = engine.positions();
  if (status.journal) status.journal->refuses = engine.journal_failed();
  for (VenueStatusLine& venue : status.venues) {
    venue.state = engine.venue_state(venue.id);
    venue.killed = engine.killed(KillScope::kVenue, venue.id);
    venue.trading_day = engine.trading_day(venue.id);
  }
}

bool FillKilled(const Engine& engine, GatewayStatus& status) {
  constexpr uint32_t kLookedAtMax = 256;
  for (const KillScope scope : {KillScope::kAccount, KillScope::kInstrument}) {
    KilledNumbers& killed =
        scope == KillScope::kAccount ? status.killed_accounts : status.killed_instruments;
    if (killed.next == UINT32_MAX) continue;
    killed.next = engine.ForEachKilled(scope, killed.next, kLookedAtMax, [&](uint32_t number) {
      if (killed.shown.size() < KilledNumbers::kShownMax) killed.shown.push_back(number);
    });
    return false;
  }
  return true;
}

bool CountInDoubt(const Engine& engine, GatewayStatus& status) {
  constexpr uint32_t kLookedAtMax = 16;
  const OrderTable& orders = engine.orders();
  const Slot end = std::min(orders.used_slots(), status.in_doubt_next + kLookedAtMax);
  for (Slot& at = status.in_doubt_next; at < end; ++at) {
    if (orders[at].state == OrderState::kInDoubt) ++status.in_doubt;
  }
  return end == orders.used_slots();
}

void FillEngineSession(const Engine& engine, SessionStatus& session) {
  session.killed = engine.killed(KillScope::kSession, session.id);
  session.execution_throttles = engine.execution_throttles(session.id);
  session.next_seq_in = engine.next_seq_in(session.id);
  session.next_seq_out = engine.next_seq_out(session.id);
  session.open_orders = engine.open_orders(session.id);
}

PositionLine MakePositionLine(const PositionView& position, const TradeTally& trades) {
  PositionLine line{position.account,  position.instrument,
                    position.quantity, trades.Of(position.account, position.instrument),
                    position.open_buy, position.open_sell};
  if (const auto& made = position.account_day_result) {
    line.account_day_result = -UnitsRoundedUp(-*made);
  }
  return line;
}

void SortPositions(GatewayStatus& status) {
  // Leaves out the places of positions that were freed.
  status.positions_total -= static_cast<uint32_t>(
      std::erase_if(status.positions, [](const PositionLine& line) { return line.account == 0; }));
  std::sort(status.positions.begin(), status.positions.end(),
            [](const PositionLine& a, const PositionLine& b) {
              return std::tie(a.account, a.instrument) < std::tie(b.account, b.instrument);
            });
}

void FillEngineStatus(const Engine& engine, const TradeTally& trades, GatewayStatus& status) {
  FillEngineTotals(engine, status);
  while (!FillKilled(engine, status)) {
  }
  while (!CountInDoubt(engine, status)) {
  }
  for (SessionStatus& session : status.sessions) FillEngineSession(engine, session);
  status.positions.clear();
  engine.ForEachPosition([&](const PositionView& position) {
    status.positions.push_back(MakePositionLine(position, trades));
  });
  status.positions_total = static_cast<uint32_t>(status.positions.size());
  SortPositions(status);
}

void FillOpenOrders(const Engine& engine, SessionId session, GatewayStatus& status) {
  status.orders.clear();
  status.orders_open = engine.open_orders(session);
  engine.ForEachOpenOrder(
      session, [&status](const OrderView& order) { status.orders.push_back(order); },
      GatewayStatus::kOrdersShownMax);
}

std::string_view Remedy(JournalFault fault) noexcept {
  switch (fault) {
    case JournalFault::kNone:
      return "";
    case JournalFault::kNoSpace:
      return "make room in the journal's directory and memory_directory; nothing else is needed";
    case JournalFault::kWriteError:
    case JournalFault::kSyncFailed:
      break;
  }
  return "nothing behind durable_position reaches the disk any more: stop the gateway, repair or "
         "replace the disk, start it again";
}

std::string NotServing(const GatewayStatus& status) {
  if (status.stopping) return "it is stopping";
  if (status.journal && status.journal->refuses) {
    return absl::StrCat("the journal takes no order (fault: ", Text(Name(status.journal->fault)),
                        "); ", Text(Remedy(status.journal->fault)));
  }
  if (status.killed) return "the kill switch is latched for all: `arm all by NAME` lifts it";
  for (const VenueStatusLine& venue : status.venues) {
    if (venue.state == VenueState::kUp && !venue.killed) return {};
  }
  return "no venue is up and armed: see venues in `status`";
}

namespace {

// Written by hand: there may be a million, and a JSON document of that many objects takes a
// gigabyte.
std::string PositionsJson(const GatewayStatus& status) {
  std::string text = "[";
  for (const PositionLine& line : status.positions) {
    absl::StrAppend(&text, text.size() == 1 ? "\n" : ",\n", "    {\"account\": ", line.account,
                    ", \"instrument\": ", line.instrument, ", \"position\": ", line.position,
                    ", \"bought\": ", line.traded.bought, ", \"sold\": ", line.traded.sold,
                    ", \"open_buy\": ", line.open_buy, ", \"open_sell\": ", line.open_sell);
    if (line.account_day_result) {
      absl::StrAppend(&text, ", \"account_day_result\": ", *line.account_day_result);
    }
    text += "}";
  }
  text += text.size() == 1 ? "]" : "\n  ]";
  return text;
}

}  // namespace

std::string PrintStatusJson(const GatewayStatus& status, std::string_view version) {
  const std::string not_serving = NotServing(status);
  ordered_json json = {{"version", Text(version)},
                       {"time_ns", status.taken_at_ns},
                       {"age_ns", status.age_ns},
                       {"serving", not_serving.empty()},
                       {"not_serving", not_serving},
                       {"stopping", status.stopping},
                       {"killed", status.killed},
                       {"killed_accounts", KilledJson(status.killed_accounts)},
                       {"killed_instruments", KilledJson(status.killed_instruments)},
                       {"changed_limits", ChangedJson(status.changed_limits)},
                       {"back_pressured", status.back_pressured},
                       {"back_pressured_turns", status.back_pressured_turns},
                       {"engine_steps", status.engine_steps},
                       {"log_lines_lost", status.log_lines_lost},
                       {"orders", OrdersJson(status)},
                       {"requests", Json(status.engine, kRequestCounters)},
                       {"operator_cancel",
                        {{"under_way", status.operator_cancel.under_way},
                         {"waiting", status.operator_cancel.waiting},
                         {"sent", status.operator_cancel.affected},
                         {"venue_down", status.operator_cancel.not_sent}}},
                       {"venue_reports", Json(status.engine, kReportCounters)},
                       {"unknown_reports", ordered_json::array()},
                       {"alerts", AlertsJson(status.alerts)},
                       {"sessions", ordered_json::array()},
                       {"venues", ordered_json::array()},
                       {"session_layer", Json(status.layer, kSessionLayerCounters)}};
  if (status.journal) json["journal"] = JournalJson(*status.journal);
  for (const UnknownReport& report : status.unknown_reports)
    json["unknown_reports"].push_back(UnknownJson(report));
  for (const SessionStatus& session : status.sessions)
    json["sessions"].push_back(SessionJson(session));
  for (const VenueStatusLine& venue : status.venues) json["venues"].push_back(VenueJson(venue));
  std::string text = json.dump(2);
  text.resize(text.size() - std::string_view("\n}").size());
  absl::StrAppend(&text, ",\n  \"positions_total\": ", status.positions_total,
                  ",\n  \"positions\": ", PositionsJson(status), "\n}\n");
  return text;
}

std::string PrintSessions(const GatewayStatus& status) {
  std::string text;
  for (const SessionStatus& session : status.sessions) {
    uint64_t rejects = 0;
    for (const uint64_t count : session.counts.rejects) rejects += count;
    absl::StrAppend(&text, "session ", session.id, session.logged_on ? " on" : " off",
                    session.disabled.empty() ? "" : " disabled", session.killed ? " killed" : "",
                    "  requests ", session.counts.requests, "  acks ", session.counts.acks,
                    "  rejects ", rejects, "  reports ", session.counts.reports, "  open orders ",
                    session.open_orders, "\n");
  }
  return text;
}

std::string PrintOrders(const GatewayStatus& status) {
  std::string text = absl::StrCat(status.orders_open, " open orders\n");
  for (const OrderView& order : status.orders) {
    absl::StrAppend(&text, "clOrdId ", order.cl_ord_id, "  account ", order.account,
                    "  instrument ", order.instrument, "  ", Text(Name(order.side)), " ",
                    order.leaves_qty, " at ", FormatPrice(order.price), "  filled ", order.cum_qty,
                    "  venue ", order.venue, "  ", Text(Name(order.status)), "\n");
  }
  if (status.orders_open > status.orders.size()) {
    absl::StrAppend(&text, "... and ", status.orders_open - status.orders.size(), " more\n");
  }
  return text;
}

}  // namespace ringway
