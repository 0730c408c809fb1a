// Implements match.h: joins two strategies' fills and compares them with the file.
#include "tools/replay/match.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace ringway::flow {
namespace {

constexpr const char* kNotSent = "not_sent";

const char* RequestName(ReplayAction action) noexcept {
  constexpr std::array<const char*, 5> kNames = {"skip", "new_order", "replace", "cancel",
                                                 "immediate_order"};
  return kNames[static_cast<size_t>(action)];
}

// What one aggressing order executed against.
struct Taken {
  uint64_t same_qty = 0;    // the file's order
  uint64_t better_qty = 0;  // others, at a better price
  uint64_t ahead_qty = 0;   // others, at the file's price
};

struct Resting {
  uint64_t total_qty = 0;  // after the file's partial cancels so far
  uint64_t taken_qty = 0;  // by executions of the replay so far
};

class Comparison {
 public:
  Comparison(std::span<const ReplayStep> steps, const StrategyResult& resting,
             const StrategyResult& aggressing)
      : steps_(steps), resting_(resting), aggressing_(aggressing) {
    for (const Fill& fill : resting.fills) resting_fill_of_[fill.match_id] = &fill;
    for (const Fill& fill : aggressing.fills) fills_of_[fill.cl_ord_id].push_back(&fill);
  }

  ReplayReport Run() {
    for (const ReplayStep& step : steps_) Account(step);
    return std::move(report_);
  }

 private:
  void Account(const ReplayStep& step) {
    ++report_.lines_read;
    if (step.action == ReplayAction::kSkip) {
      ++report_.skipped[std::string(Name(step.skip_cause))];
      return;
    }
    const bool takes = step.action == ReplayAction::kTake;
    const auto& outcomes = (takes ? aggressing_ : resting_).request_outcomes;
    const auto outcome = outcomes.find(step.cl_ord_id());
    const std::string name = outcome == outcomes.end() ? kNotSent : outcome->second;
    if (name != kNotSent) ++report_.sent;
    ++report_.outcomes[RequestName(step.action)][name];

    if (step.action == ReplayAction::kNew) orders_[step.root_line].total_qty = step.event.size;
    if (step.action == ReplayAction::kReduce) orders_[step.root_line].total_qty = step.total_qty;
    if (takes) CompareExecution(step, name);
  }

  void CompareExecution(const ReplayStep& step, const std::string& outcome) {
    ++report_.executions;
    // The resting flow's request with an execution's line compensated that execution.
    if (resting_.request_outcomes.contains(step.cl_ord_id())) ++report_.kept_in_step;
    const Resting before = orders_[step.root_line];
    const Taken taken = Take(step);
    const uint64_t left = before.total_qty - std::min(before.total_qty, before.taken_qty);
    if (taken.same_qty == step.event.size) {
      ++report_.same_resting_order;
    } else if (outcome == "rejected" || outcome == "venue_rejected" || outcome == kNotSent) {
      ++report_.other["aggressor_rejected"];
    } else if (left < step.event.size && before.taken_qty != 0) {
      ++report_.other["taken_by_earlier_execution"];
    } else if (taken.better_qty != 0) {
      ++report_.other["better_price_ahead"];
    } else if (taken.ahead_qty != 0) {
      ++report_.other["other_order_ahead_at_price"];
    } else {
      ++report_.other["resting_order_not_in_book"];
    }
  }

  Taken Take(const ReplayStep& step) {
    Taken taken;
    const auto fills = fills_of_.find(step.cl_ord_id());
    if (fills == fills_of_.end()) return taken;
    for (const Fill* fill : fills->second) {
      const auto match = resting_fill_of_.find(fill->match_id);
      if (match == resting_fill_of_.end()) continue;
      const uint64_t root_line = match->second->cl_ord_id;
      orders_[root_line].taken_qty += fill->qty;
      if (root_line == step.root_line) {
        taken.same_qty += fill->qty;
      } else if (fill->price != step.event.price * kPriceUnitsPerLobsterUnit) {
        taken.better_qty += fill->qty;
      } else {
        taken.ahead_qty += fill->qty;
      }
    }
    return taken;
  }

  const std::span<const ReplayStep> steps_;
  const StrategyResult& resting_;
  const StrategyResult& aggressing_;
  absl::flat_hash_map<uint64_t, const Fill*> resting_fill_of_;        // by matchId
  absl::flat_hash_map<uint64_t, std::vector<const Fill*>> fills_of_;  // by aggressing line
  absl::flat_hash_map<uint64_t, Resting> orders_;                     // by root line
  ReplayReport report_;
};

}  // namespace

bool ReplayReport::accounted() const noexcept {
  uint64_t accounted = sent;
  for (const auto& [cause, count] : skipped) accounted += count;
  for (const auto& [request, by_outcome] : outcomes) {
    for (const auto& [outcome, count] : by_outcome) {
      if (count != 0 && (outcome == "unanswered" || outcome == "accepted_only")) return false;
    }
  }
  return accounted == lines_read;
}

double ReplayReport::same_resting_order_share() const noexcept {
  if (executions == 0) return 0;
  return static_cast<double>(same_resting_order) / static_cast<double>(executions);
}

ReplayReport CompareWithFile(std::span<const ReplayStep> steps, const StrategyResult& resting,
                             const StrategyResult& aggressing) {
  return Comparison(steps, resting, aggressing).Run();
}

}  // namespace ringway::flow
