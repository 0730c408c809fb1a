// The timeline of one order: when it is taken, decided, recorded and sent, by stamps at the
// gateway's probes.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

void RunTimelineBench(Report& report);

}  // namespace ringway::bench
