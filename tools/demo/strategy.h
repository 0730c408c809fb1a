// A strategy process of the demo, from start to end.
//
// It follows the board's phases: log on and wait; send the flow; wait for all answers; make sure
// that every report has arrived; log out and write the result.
//
// How it knows that every report has arrived: reports of a session are in order, and the exchange
// answers in order. When every strategy has drained, a replace that changes nothing is sent for an
// open order; its Replaced comes from the exchange after every report that was in flight. A session
// without open orders has nothing to wait for.
#pragma once

#include "absl/status/status.h"
#include "tools/demo/board.h"
#include "tools/demo/strategy_spec.h"

namespace ringway::demo {

// Runs the strategy and writes its result. Errors: it could not log on, could not read its replay
// file, lost its session (the result is still written), or could not write.
absl::Status RunStrategy(const StrategySpec& spec, Board& board);

}  // namespace ringway::demo
