// Checks that the replay did what the file says: every event is accounted for, and each execution
// took the same resting order as at the file's exchange.
//
// Pure functions over the plan and what the two strategies recorded: both sides of a trade carry
// the same matchId, and a clOrdId of the replay is a line of the file.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "tools/flow/strategy_result.h"
#include "tools/replay/plan.h"

namespace ringway::flow {

struct ReplayReport {
  uint64_t lines_read = 0;
  uint64_t sent = 0;
  std::map<std::string, uint64_t> skipped;                          // by cause
  std::map<std::string, std::map<std::string, uint64_t>> outcomes;  // by request, then outcome

  uint64_t kept_in_step = 0;              // requests that are not events: see sender.h
  uint64_t executions = 0;                // visible ones, of orders that the file introduced
  uint64_t same_resting_order = 0;        // of these: wholly against the file's order
  std::map<std::string, uint64_t> other;  // of these: not, by cause

  // Whether lines read = sent + skipped and every event sent has an outcome.
  bool accounted() const noexcept;
  // 0 if there is no execution.
  double same_resting_order_share() const noexcept;
};

// Causes, in the order in which they are looked for:
//   aggressor_rejected             the gateway or the exchange refused the aggressing order
//   taken_by_earlier_execution     too little of the file's order was left, because an earlier
//                                  execution of the replay had taken more of it than in the file
//   better_price_ahead             (some of) it executed at a better price than the file's
//   other_order_ahead_at_price     another order stood before the file's order at its price
//   resting_order_not_in_book      nothing executed: the file's order was refused or has ended
ReplayReport CompareWithFile(std::span<const ReplayStep> steps, const StrategyResult& resting,
                             const StrategyResult& aggressing);

}  // namespace ringway::flow
