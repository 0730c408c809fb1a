// Measures what the engine costs per request, in process, and how that grows with sessions and open
// orders.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Nanoseconds and instructions of each part of an order's life, frame to frame with all checks on,
// and each check's share.
void RunEngineBench(Report& report);

// The same at 1 to 256 sessions and 10^3 to 10^6 open orders, beside the smallest of each; memory
// per open order.
void RunScaleBench(Report& report);

}  // namespace ringway::bench
