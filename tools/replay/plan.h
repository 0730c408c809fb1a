// The plan of a replay: the request, and its flow, for each event of a LOBSTER file.
//
//   1 new order          ->  a limit order of the resting flow
//   2 partial cancel     ->  a replace that lowers the total: original less all partial cancels
//   3 delete             ->  a cancel
//   4 visible execution  ->  an immediate-or-cancel order of the aggressing flow: the other side,
//                            the event's price and size
//
// 5, 6, 7 and events of orders that the file never introduced are skipped, each with its cause.
// Thread rule: pure functions of their input.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tools/replay/lobster.h"

namespace ringway::flow {

enum class ReplayAction : uint8_t { kSkip, kNew, kReduce, kCancel, kTake };

enum class SkipCause : uint8_t { kNone, kHiddenExecution, kCrossTrade, kHalt, kUnknownOrder };
std::string_view Name(SkipCause cause) noexcept;

// The two flows are separate sessions, because the gateway prevents self-matches.
enum class ReplayFlow : uint8_t { kResting = 0, kAggressing = 1 };
inline constexpr uint32_t kReplayFlowCount = 2;

struct ReplayStep {
  LobsterEvent event;
  uint64_t root_line = 0;     // of the event that introduced the order; 0 if not in the file
  uint64_t total_qty = 0;     // kReduce: the order's new total
  uint64_t executed_qty = 0;  // kTake: of the file's order, this execution included
  ReplayAction action = ReplayAction::kSkip;
  SkipCause skip_cause = SkipCause::kNone;

  // REQUIRES: action != kSkip.
  ReplayFlow flow() const noexcept {
    return action == ReplayAction::kTake ? ReplayFlow::kAggressing : ReplayFlow::kResting;
  }
  // The request's clOrdId: unique per session, and enough to find the event again.
  uint64_t cl_ord_id() const noexcept { return event.line; }
};

// One step for each event, in order.
std::vector<ReplayStep> PlanReplay(std::span<const LobsterEvent> events);

}  // namespace ringway::flow
