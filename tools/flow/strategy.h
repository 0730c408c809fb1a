// A strategy process of a run, from start to end.
//
// It follows the board's phases: log on and wait; send the flow; wait for all answers; make sure
// that every report has arrived; log out and write the result.
//
// How it knows that every report has arrived: reports of a session are in order, and the exchange
// answers in order. When every strategy has drained, a replace that changes nothing is sent for an
// open order; its Replaced comes from the exchange after every report that was in flight. A session
// without open orders has nothing to wait for.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "tools/flow/board.h"
#include "tools/flow/environment.h"
#include "tools/flow/flow.h"
#include "tools/flow/options.h"

namespace ringway::flow {

// Runs the strategy and writes its result. Errors: those of Flow::Prepare(); it could not log on,
// lost its session (the result is still written), or could not write.
absl::Status RunStrategy(Flow& flow, const RunOptions& options, const Environment& environment,
                         uint32_t index, Board& board);

}  // namespace ringway::flow
