// The replay of one file's events by two processes, in the file's order.
//
// The plan is cut into runs: the steps of one flow up to the first of the other. A process sends
// its run when it has the turn, as fast as its window allows, and passes the turn on only when the
// gateway has answered every request of the run (OrderAck, OrderReject, CancelReject); the
// aggressing flow when the exchange has. Inside a run the session itself keeps the order, except
// for two waits:
// - a change of an order waits for the order's earlier changes, because it must name the order as
//   last accepted;
// - a new order that would meet an own order waits until a cancel of that one is answered, because
//   until then the gateway must take it for resting and prevent the self-match.
//
// Keeping in step. Sometimes NASDAQ executed another order than price-time priority over the file
// gives (hidden orders, and those from before the file's start, are not in it). The file's order is
// then gone there but still rests here, and a later execution meant for another order would take
// it, and so on. Therefore, when the turn comes back, the resting flow cancels what the file has
// executed of an order and the replay has not. These requests are not events: they are counted
// separately, and carry the line of the execution that they compensate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "tools/flow/board.h"
#include "tools/flow/trader.h"
#include "tools/replay/plan.h"

namespace ringway::flow {

// Steps [begin, end) are one flow's; skipped steps belong to the run that they lie in.
struct ReplayRun {
  uint64_t begin = 0;
  uint64_t end = 0;
  ReplayFlow flow = ReplayFlow::kResting;

  friend bool operator==(const ReplayRun&, const ReplayRun&) = default;
};

// The runs that together make up all steps, each of another flow than the previous one.
std::vector<ReplayRun> CutIntoRuns(std::span<const ReplayStep> steps);

// Sends one flow, `speed` times as fast as the file (0: as fast as
// possible), until the plan is sent, the board's phase forbids more, or the session is lost.
void SendReplayFlow(ReplayFlow flow, std::span<const ReplayStep> steps, double speed, Board& board,
                    Trader& trader);

}  // namespace ringway::flow
