// How do two processes send one file's events in the file's order?
//
// The plan is cut into runs: the steps of one flow up to the first of the other. A process sends
// its run when the turn comes to it, as fast as its window allows, and gives the turn on only when
// the gateway has answered every request of the run (OrderAck, OrderReject, CancelReject); the
// aggressing flow when the exchange has. Inside a run the session itself keeps the order, but for
// two waits:
// - a change of an order waits for the order's earlier changes, because it must name the order as
//   last accepted;
// - a new order that would meet an own order waits until a cancel of that one is answered, because
//   until then the gateway must take it for resting and prevent the self-match.
//
// Keeping in step. Now and then NASDAQ executed another order than price-time priority over the
// file gives (hidden orders, and those from before the file's beginning, are not in it). The file's
// order then is gone there but still stands here, and would be taken by a later execution that was
// meant for another order, and so on. So when the turn comes back, the resting flow takes off what
// the file has executed of an order and the replay has not. These requests are no events: they are
// counted apart, and carry the line of the execution that they make good.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "tools/demo/board.h"
#include "tools/demo/replay_plan.h"
#include "tools/demo/strategy_spec.h"
#include "tools/demo/trader.h"

namespace ringway::demo {

// Steps [begin, end) are one flow's; skipped steps belong to the run that they lie in.
struct ReplayRun {
  uint64_t begin = 0;
  uint64_t end = 0;
  ReplayFlow flow = ReplayFlow::kResting;

  friend bool operator==(const ReplayRun&, const ReplayRun&) = default;
};

// Runs that together are all steps, each of another flow than the one before.
std::vector<ReplayRun> CutIntoRuns(std::span<const ReplayStep> steps);

// Sends the flow that spec.index names until the plan is sent, the board says that no more is to be
// sent, or the session is lost.
void SendReplayFlow(const StrategySpec& spec, std::span<const ReplayStep> steps, Board& board,
                    Trader& trader);

}  // namespace ringway::demo
