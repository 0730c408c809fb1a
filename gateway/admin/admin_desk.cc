// Answers and logs each operator's command.
#include "gateway/admin/admin_desk.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/config/config_value.h"
#include "gateway/core/gateway_status.h"
#include "gateway/host/log.h"
#include "gateway/host/version.h"
#include "gateway/risk/limit_kinds.h"
#include "schema/messages.h"

namespace ringway {
namespace {

std::string ScopeText(const AdminCommand& command) {
  std::string text(Name(command.scope));
  if (command.scope != KillScope::kAll) absl::StrAppend(&text, " ", command.id);
  return text;
}

std::string FilterText(const OperatorCancel& filter) {
  std::string text = "open orders";
  const auto add = [&text](std::string_view name, uint64_t id) {
    if (id != 0) absl::StrAppend(&text, " of ", std::string(name), " ", id);
  };
  add("session", filter.session);
  add("account", filter.account);
  add("instrument", filter.instrument);
  add("venue", filter.venue);
  if (filter.side != Side::kUnset) absl::StrAppend(&text, " to ", std::string(Name(filter.side)));
  return text;
}

std::string OwnerText(const LimitChange& change) {
  const std::string owner(Name(change.owner));
  return change.owner == LimitOwner::kFirm ? "the " + owner : absl::StrCat(owner, " ", change.id);
}

// Why a limit of a configured owner cannot be set; empty: it can.
std::string FindLimitError(const GatewayConfig& config, const LimitChange& change) {
  bool uncounted = false;
  const auto look = [&](const auto& limits) { uncounted = IsUncounted(limits, change.limit); };
  switch (change.owner) {
    case LimitOwner::kFirm:
      look(config.firm.limits);
      break;
    case LimitOwner::kDesk:
      for (const auto& desk : config.desks) {
        if (desk.id == change.id) look(desk.limits);
      }
      break;
    case LimitOwner::kAccount:
      for (const auto& account : config.accounts) {
        if (account.id == change.id) look(account.limits);
      }
      break;
    case LimitOwner::kSession:
      for (const auto& session : config.sessions) {
        if (session.engine.id == change.id) look(session.engine.limits);
      }
      break;
    case LimitOwner::kInstrument: {
      PairLimits limits;
      for (const InstrumentLimitConfig& row : config.instrument_limits) {
        if (row.instrument != change.id || row.account != 0 || row.desk != 0) continue;
        limits = {row.quantity_max, row.notional_max, row.position_max};
      }
      look(limits);
      break;
    }
    case LimitOwner::kUnset:
      break;
  }
  if (!uncounted) return {};
  return absl::StrCat("the configuration has no ", std::string(ConfigName(change.limit)), " of ",
                      OwnerText(change),
                      ", so nothing is counted that it could be held against; write one there "
                      "(as high as you like), and restart the gateway");
}

// What was done, for the log and the operator.
std::string Deed(const AdminCommand& command) {
  switch (command.verb) {
    case AdminVerb::kKill:
      return absl::StrCat("kill switch latched for ", ScopeText(command),
                          ", because: ", command.text);
    case AdminVerb::kKillAndCancel:
      return absl::StrCat("kill switch latched and open orders canceled for ", ScopeText(command),
                          ", because: ", command.text);
    case AdminVerb::kArm:
      return absl::StrCat("kill switch lifted for ", ScopeText(command),
                          ", decided by: ", command.text);
    case AdminVerb::kReference:
      return absl::StrCat("reference price of instrument ", command.id, " set to ",
                          FormatPrice(command.price), ", decided by: ", command.text);
    case AdminVerb::kPosition: {
      const PositionAdjustment& position = command.position;
      const std::string price =
          position.price == 0 ? "" : absl::StrCat(" at ", FormatPrice(position.price));
      const bool of_session = position.session != 0;
      return absl::StrCat("position of ", of_session ? "session " : "account ",
                          of_session ? position.session : position.account, " in instrument ",
                          position.instrument, position.sets != 0 ? " set to " : " changed by ",
                          position.quantity, price, ", decided by: ", command.text);
    }
    case AdminVerb::kRestrict:
    case AdminVerb::kPermit:
      return absl::StrCat("instrument ", command.restriction.instrument,
                          command.restriction.restricted != 0 ? " forbidden to" : " permitted to",
                          " account ", command.restriction.account, ", decided by: ", command.text);
    case AdminVerb::kLimit:
      return absl::StrCat(
          std::string(ConfigName(command.limit.limit)), " of ", OwnerText(command.limit), " is ",
          command.limit.value == kNoLimit ? "off" : absl::StrCat(command.limit.value),
          " now, decided by: ", command.text);
    case AdminVerb::kCancel:
      return absl::StrCat("cancel of ", FilterText(command.filter), ", because: ", command.text);
    case AdminVerb::kResync:
      return absl::StrCat("resync of venue ", command.id, ", because: ", command.text);
    default:
      return "orderly stop";
  }
}

AdminAnswer NoAnswer() {
  return {false,
          "the engine's thread does not answer; nothing was done: see whether the process has its "
          "core"};
}

int64_t MicrosecondsSince(std::chrono::steady_clock::time_point begin) {
  using std::chrono::microseconds;
  return std::chrono::ceil<microseconds>(std::chrono::steady_clock::now() - begin).count();
}

template <class T, class F>
bool Contains(const std::vector<T>& items, F&& is_it) {
  return std::any_of(items.begin(), items.end(), is_it);
}

}  // namespace

std::string AdminDesk::FindIdError(const AdminCommand& command) const {
  const auto check = [&](std::string_view what, uint64_t id, const auto& items,
                         const auto& id_of) -> std::string {
    if (id == 0 || Contains(items, [&](const auto& item) { return id_of(item) == id; })) return {};
    return absl::StrCat("there is no ", std::string(what), " ", id,
                        "; 'config' lists those there are");
  };
  const auto session = [&](uint64_t id) {
    return check("session", id, config_.sessions, [](const auto& s) { return s.engine.id; });
  };
  const auto account = [&](uint64_t id) {
    return check("account", id, config_.accounts, [](const auto& a) { return a.id; });
  };
  const auto desk = [&](uint64_t id) {
    return check("desk", id, config_.desks, [](const auto& d) { return d.id; });
  };
  const auto venue = [&](uint64_t id) {
    return check("venue", id, config_.venues, [](const auto& v) { return v.engine.id; });
  };
  const auto instrument = [&](uint64_t id) {
    return check("instrument", id, config_.instruments, [](const auto& i) { return i.id; });
  };
  if (command.verb == AdminVerb::kCancel) {
    const OperatorCancel& filter = command.filter;
    for (const std::string& error : {session(filter.session), account(filter.account),
                                     instrument(filter.instrument), venue(filter.venue)}) {
      if (!error.empty()) return error;
    }
    return {};
  }
  if (command.verb == AdminVerb::kOrders) return session(command.id);
  if (command.verb == AdminVerb::kResync) return venue(command.id);
  const auto priced = [&](uint32_t id, int64_t price) -> std::string {
    for (const InstrumentConfig& configured : config_.instruments) {
      if (configured.id != id || (price >= configured.price_min && price <= configured.price_max)) {
        continue;
      }
      return absl::StrCat(FormatPrice(price), " is not between price_min, ",
                          FormatPrice(configured.price_min), ", and price_max, ",
                          FormatPrice(configured.price_max), ", of instrument ", id,
                          "; write a price between them");
    }
    return instrument(id);
  };
  if (command.verb == AdminVerb::kRestrict || command.verb == AdminVerb::kPermit) {
    const std::string error = account(command.restriction.account);
    return !error.empty() ? error : instrument(command.restriction.instrument);
  }
  if (command.verb == AdminVerb::kLimit) {
    const LimitChange& change = command.limit;
    const std::string error = change.owner == LimitOwner::kAccount      ? account(change.id)
                              : change.owner == LimitOwner::kSession    ? session(change.id)
                              : change.owner == LimitOwner::kDesk       ? desk(change.id)
                              : change.owner == LimitOwner::kInstrument ? instrument(change.id)
                                                                        : "";
    return error.empty() ? FindLimitError(config_, change) : error;
  }
  if (command.verb == AdminVerb::kReference) return priced(command.id, command.price);
  if (command.verb == AdminVerb::kPosition) {
    const PositionAdjustment& position = command.position;
    const std::string error =
        position.session != 0 ? session(position.session) : account(position.account);
    return !error.empty()        ? error
           : position.price == 0 ? instrument(position.instrument)
                                 : priced(position.instrument, position.price);
  }
  switch (command.scope) {
    case KillScope::kSession:
      return session(command.id);
    case KillScope::kAccount:
      return account(command.id);
    case KillScope::kVenue:
      return venue(command.id);
    case KillScope::kInstrument:
      return instrument(command.id);
    default:
      return {};
  }
}

AdminAnswer AdminDesk::Answer(const AdminPeer& peer, const std::string& line) {
  const ParsedAdminCommand parsed = ParseAdminCommand(line);
  if (!parsed.ok()) return {false, parsed.error};
  const AdminCommand& command = parsed.command;
  if (command.verb == AdminVerb::kHelp) return {true, AdminHelp()};
  const std::string error = FindIdError(command);
  if (LaneOf(command.verb) == AdminLane::kMonitoring) {
    if (!error.empty()) return {false, error};
    return {.rest = [this, command, asked = Clock::now()] { return Watch(command, asked); },
            .monitoring = true};
  }
  AdminAnswer answer = error.empty() ? Command(peer, command) : AdminAnswer{false, error};
  log_(absl::StrCat(
      "admin: uid ", peer.uid, " pid ", peer.pid, ": ",
      answer.ok ? Deed(command) : absl::StrCat("REFUSED (", answer.text, "): ", line)));
  return answer;
}

AdminAnswer AdminDesk::Command(const AdminPeer& peer, const AdminCommand& command) {
  const auto begin = Clock::now();
  if (!mailbox_.Ask(AdminLane::kControl, {command, peer.uid}, patience_, command_reply_)) {
    return NoAnswer();
  }
  if (!command_reply_.ok) return {false, command_reply_.error};
  const auto killed = [&] {
    return absl::StrCat(Deed(command), "\n", "no order leaves there since at most ",
                        MicrosecondsSince(begin), " us\n");
  };
  switch (command.verb) {
    case AdminVerb::kKill:
      return {true, killed()};
    case AdminVerb::kKillAndCancel:
      return {.rest = [this, done = killed()] { return AwaitCancel(done); }};
    case AdminVerb::kCancel:
      return {.rest = [this, done = Deed(command) + "\n"] { return AwaitCancel(done); }};
    default:
      return {true, absl::StrCat(Deed(command), "\n")};
  }
}

AdminAnswer AdminDesk::Watch(const AdminCommand& command, Clock::time_point asked) {
  if (command.verb == AdminVerb::kConfig) return {true, PrintConfig(config_)};
  if (command.verb == AdminVerb::kStatus) return Status(asked);
  if (!AskStatus(command)) return NoAnswer();
  const GatewayStatus& status = watch_reply_.status;
  switch (command.verb) {
    case AdminVerb::kReady:
      if (const std::string why = NotServing(status); !why.empty()) {
        return {false, absl::StrCat("not ready: ", why)};
      }
      return {true, "ready\n"};
    case AdminVerb::kOrders:
      return {true, PrintOrders(status)};
    default:
      return {true, PrintSessions(status)};
  }
}

// Requests as many positions as there are; there may be more by the time of the answer.
AdminAnswer AdminDesk::Status(Clock::time_point asked) {
  constexpr int kTries = 4;
  if (status_text_ != nullptr && status_begun_ >= asked) return {.shared = status_text_};
  AdminCommand command;
  command.verb = AdminVerb::kStatus;
  const auto begun = Clock::now();
  for (int i = 0; i < kTries; ++i) {
    if (!AskStatus(command)) return NoAnswer();
    GatewayStatus& status = watch_reply_.status;
    if (status.positions.size() == status.positions_total) break;
    status.positions.reserve(status.positions_total + status.positions_total / 4 + 1'024);
  }
  GatewayStatus& status = watch_reply_.status;
  SortPositions(status);
  status.log_lines_lost = LogLinesDropped();
  if (status.journal && fault_since_ns_) status.journal->fault_since_ns = fault_since_ns_();
  status.age_ns = std::chrono::nanoseconds(Clock::now() - begun).count();
  status_text_ = std::make_shared<const std::string>(PrintStatusJson(status, kVersion));
  status_begun_ = begun;
  return {.shared = status_text_};
}

// The engine's thread allocates nothing: room for everything configured is reserved here.
bool AdminDesk::AskStatus(const AdminCommand& command) {
  for (KilledNumbers* killed :
       {&watch_reply_.status.killed_accounts, &watch_reply_.status.killed_instruments}) {
    killed->shown.reserve(KilledNumbers::kShownMax);
  }
  watch_reply_.status.changed_limits.shown.reserve(ChangedLimits::kShownMax);
  watch_reply_.status.sessions.reserve(config_.sessions.size());
  watch_reply_.status.venues.reserve(config_.venues.size());
  watch_reply_.status.orders.reserve(GatewayStatus::kOrdersShownMax);
  return mailbox_.Ask(AdminLane::kMonitoring, {command, 0}, patience_, watch_reply_);
}

// The engine cancels in batches; the result shows in its status.
AdminAnswer AdminDesk::AwaitCancel(const std::string& done) {
  const auto deadline = Clock::now() + patience_;
  AdminCommand look;
  look.verb = AdminVerb::kReady;
  while (AskStatus(look)) {
    const OperatorCancelView& view = watch_reply_.status.operator_cancel;
    if (!view.under_way) {
      return {true, absl::StrCat(done, view.affected, " cancels sent, ", view.not_sent,
                                 " not sent because the venue is down\n")};
    }
    if (Clock::now() > deadline) break;
  }
  return {true, absl::StrCat(done, "still under way: see operator_cancel in `status`\n")};
}

}  // namespace ringway
