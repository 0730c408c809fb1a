// How does one run of the demo go, from the first process started to the last one stopped?
#pragma once

#include "absl/status/statusor.h"
#include "tools/demo/options.h"
#include "tools/demo/summary.h"

namespace ringway::demo {

// Starts exchange, gateway and strategies, shows progress on stdout, stops them in order and
// gathers what they report. Errors: what kept the run from coming to its end, with the tail of the
// log of the process to blame; Cancelled after SIGINT, SIGTERM or SIGHUP. Whatever was started has
// ended when this returns.
absl::StatusOr<RunFigures> RunDemo(const DemoOptions& options);

}  // namespace ringway::demo
