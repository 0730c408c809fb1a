// Implements replay.h: reads flags and file, and reports what became of the file's events.
#include "tools/replay/replay.h"

#include <stdio.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "tools/flow/flags.h"
#include "tools/flow/summary.h"
#include "tools/replay/lobster.h"
#include "tools/replay/match.h"
#include "tools/replay/sender.h"

namespace ringway::flow {
namespace {

CLI::Validator Speed() {
  return CLI::Validator(
      [number = Between(1e-6, 1e9)](std::string& word) {
        if (word != "max") return number(word);
        word = "0";
        return std::string();
      },
      "");
}

nlohmann::json ReportJson(const ReplayReport& report) {
  return {{"lines_read", report.lines_read},    {"sent", report.sent},
          {"skipped", report.skipped},          {"outcomes", report.outcomes},
          {"accounted", report.accounted()},    {"kept_in_step", report.kept_in_step},
          {"executions", report.executions},    {"same_resting_order", report.same_resting_order},
          {"other_resting_order", report.other}};
}

// For an hour of a whole market through two accounts, with resting orders far from the touch.
FlowLimits ReplayLimits() {
  FlowLimits limits = DefaultLimits();
  limits.account.quantity_max = limits.session.quantity_max = 100'000;
  limits.account.notional_max = limits.session.notional_max = 50'000'000;
  limits.account.position_max = 20'000'000;
  limits.account.gross_notional_max = 20'000'000'000;
  limits.account.open_orders_max = limits.session.open_orders_max = 100'000;
  limits.session.collar_bps = 2'500;
  limits.session.duplicate_orders_max = 1'000;
  return limits;
}

std::string ReportText(const ReplayReport& report) {
  std::string out;
  Heading("Replay", out);
  Row("events read", Grouped(report.lines_read), out);
  Row("sent", Grouped(report.sent), out);
  for (const auto& [cause, count] : report.skipped) Row("skipped: " + cause, Grouped(count), out);
  for (const auto& [request, by_outcome] : report.outcomes) {
    for (const auto& [outcome, count] : by_outcome) {
      if (count != 0) Row(request + ": " + outcome, Grouped(count), out);
    }
  }
  Row("requests that kept the book in step", Grouped(report.kept_in_step), out);
  Row("executions of orders of the file", Grouped(report.executions), out);
  Row("  matched against the same resting order", Grouped(report.same_resting_order), out);
  for (const auto& [cause, count] : report.other) Row("  not: " + cause, Grouped(count), out);
  Row("same_resting_order_share",
      absl::StrFormat("%.2f %%", 100 * report.same_resting_order_share()), out);
  if (!report.accounted()) {
    absl::StrAppend(&out,
                    "  NOT every event is accounted for: sent + skipped must be events read, "
                    "and every event sent must have an outcome\n");
  }
  return out;
}

}  // namespace

const char* Replay::Description() const {
  return "Sends the events of a LOBSTER message file through strategies, gateway and exchange, and "
         "prints what\nbecame of every one, whether each execution took the same resting order as "
         "in the file, how long it\ntook, and whether all books balance.";
}

void Replay::AddFlags(CLI::App& app) {
  AddFlag(app, "FILE", "", file_, Path(), "a LOBSTER message file, .csv or .csv.xz");
  app.get_option("FILE")->required();
  AddFlag(app, "--events", "N", events_max_, Between<uint64_t>(1, UINT64_MAX),
          "only the first N events of the file");
  AddFlag(app, "--speed", "max|X", speed_, Speed(),
          "as fast as possible, or X times real time (max)");
}

absl::StatusOr<FlowSetup> Replay::Prepare() {
  LobsterNotes notes;
  const absl::StatusOr<std::vector<LobsterEvent>> events =
      ReadLobsterFile(file_, events_max_, &notes);
  if (!events.ok()) return events.status();
  if (const std::string told = notes.Text(); !told.empty()) {
    fprintf(stderr, "replay: %s: %s\n", file_.c_str(), told.c_str());
  }
  steps_ = PlanReplay(*events);
  const auto first = std::ranges::find(steps_, ReplayAction::kNew, &ReplayStep::action);
  if (first == steps_.end()) {
    return absl::InvalidArgumentError(absl::StrCat(file_, ": no new order (type 1) in it"));
  }
  FlowSetup setup;
  setup.strategies = kReplayFlowCount;
  // LOBSTER files hold NASDAQ shares, whose tick is a cent: the default.
  setup.instruments = {{.id = 1,
                        .symbol = "REPLAY",
                        .reference_price = first->event.price * kPriceUnitsPerLobsterUnit}};
  setup.limits = ReplayLimits();
  setup.orders = steps_.size();
  setup.goal = absl::StrCat(" (", steps_.size(), " events in the file)");
  setup.needs_all = setup.keep_fills = true;
  return setup;
}

void Replay::Send(uint32_t index, Board& board, Trader& trader) {
  SendReplayFlow(static_cast<ReplayFlow>(index), steps_, speed_, board, trader);
}

FlowReport Replay::Report(const Books& books) const {
  if (books.strategies_lost != 0) return {};
  const ReplayReport report = CompareWithFile(steps_, books.strategies[0], books.strategies[1]);
  return {.good = report.accounted(),
          .text = ReportText(report),
          .json = {{"events", ReportJson(report)},
                   {"same_resting_order_share", report.same_resting_order_share()},
                   {"speed", speed_}}};
}

}  // namespace ringway::flow
