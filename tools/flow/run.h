// One run of a flow, from the first process started to the last one stopped.
#pragma once

#include "absl/status/statusor.h"
#include "tools/flow/flow.h"
#include "tools/flow/options.h"
#include "tools/flow/summary.h"

namespace ringway::flow {

// Starts exchange, gateway and strategies, shows progress on stdout, stops them in order and
// collects their reports. Errors: whatever kept the run from finishing, with the tail of the log of
// the process to blame; Cancelled after SIGINT, SIGTERM or SIGHUP. Everything that was started has
// ended when this returns.
absl::StatusOr<RunFigures> RunFlow(Flow& flow, const RunOptions& options);

}  // namespace ringway::flow
