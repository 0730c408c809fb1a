// Measures the latency of an order through the gateway's own program, all checks on, beside
// QuickFIX.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Adds order→ack and order→fill for two processes (exchange inside the gateway) and for three on
// two cores, each beside bare cache lines that the same number of processes bounce the same number
// of hops.
void RunGatewayBench(Report& report);
// Adds order→ack of a gateway at which a thousand sessions are logged on, beside one with two.
void RunSessionsBench(Report& report);
// An order to the gateway and its ack, beside an order by QuickFIX and its report.
void AddOrderBesideQuickFix(Report& report);

}  // namespace ringway::bench
