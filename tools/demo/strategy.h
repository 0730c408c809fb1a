// What does a strategy process do from its start to its end?
//
// The board's phases: log on and wait; send the flow; let everything be answered; make sure that
// every report has arrived; log out and write the result.
//
// How it knows that every report has arrived: reports of a session are in order, and the exchange
// answers in order. When every strategy has drained, a replace that changes nothing is sent for an
// open order; its Replaced comes from the exchange behind every report that was under way. A
// session without open orders has nothing to wait for.
#pragma once

#include "absl/status/status.h"
#include "tools/demo/board.h"
#include "tools/demo/strategy_spec.h"

namespace ringway::demo {

// Runs the strategy and writes its result. Errors: it could not log on, could not read the file
// that it is to replay, lost its session (the result is written all the same), or could not write.
absl::Status RunStrategy(const StrategySpec& spec, Board& board);

}  // namespace ringway::demo
