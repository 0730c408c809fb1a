// Implements plan.h: follows each order of the file as its events occur.
#include "tools/replay/plan.h"

#include <array>

#include "absl/container/flat_hash_map.h"

namespace ringway::flow {
namespace {

struct Introduced {
  uint64_t line;
  uint64_t total_qty;
  uint64_t executed_qty;
};

}  // namespace

std::string_view Name(SkipCause cause) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"none", "hidden_execution", "cross_trade",
                                                      "halt", "unknown_order"};
  return kNames[static_cast<size_t>(cause)];
}

std::vector<ReplayStep> PlanReplay(std::span<const LobsterEvent> events) {
  std::vector<ReplayStep> steps;
  steps.reserve(events.size());
  absl::flat_hash_map<uint64_t, Introduced> orders;
  for (const LobsterEvent& event : events) {
    ReplayStep step;
    step.event = event;
    const auto known = orders.find(event.order_id);
    const auto act = [&](ReplayAction action) {
      if (known == orders.end()) {
        step.skip_cause = SkipCause::kUnknownOrder;
        return;
      }
      step.action = action;
      step.root_line = known->second.line;
    };
    switch (event.type) {
      case LobsterType::kNewOrder:
        orders[event.order_id] = {event.line, event.size, 0};
        step.action = ReplayAction::kNew;
        step.root_line = event.line;
        break;
      case LobsterType::kPartialCancel:
        act(ReplayAction::kReduce);
        if (known != orders.end()) {
          uint64_t& total_qty = known->second.total_qty;
          total_qty -= event.size < total_qty ? event.size : total_qty;
          step.total_qty = total_qty;
        }
        break;
      case LobsterType::kDelete:
        act(ReplayAction::kCancel);
        break;
      case LobsterType::kVisibleExecution:
        act(ReplayAction::kTake);
        if (known != orders.end()) {
          known->second.executed_qty += event.size;
          step.executed_qty = known->second.executed_qty;
        }
        break;
      case LobsterType::kHiddenExecution:
        step.skip_cause = SkipCause::kHiddenExecution;
        break;
      case LobsterType::kCrossTrade:
        step.skip_cause = SkipCause::kCrossTrade;
        break;
      case LobsterType::kHalt:
        step.skip_cause = SkipCause::kHalt;
        break;
    }
    steps.push_back(step);
  }
  return steps;
}

}  // namespace ringway::flow
