// Measures how fast a record crosses one shared-memory link, beside the bare cache lines and rings
// that it is made of.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Adds one-way latency and cost per message at full rate for 48 and 240 bytes of payload.
void RunLinkBench(Report& report);

}  // namespace ringway::bench
