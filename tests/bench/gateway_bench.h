// How long an order takes through the gateway's own program, all checks on, and what QuickFIX takes
// beside it.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Adds order→ack and order→fill for two processes (exchange inside the gateway) and for three on
// two cores, each beside the bare lines that the same number of processes bounce the same number of
// hops.
void RunGatewayBench(Report& report);

}  // namespace ringway::bench
