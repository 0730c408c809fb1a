// `bench peers`: a message from process to process by Ringway and by the libraries that its users
// know, and an order through the gateway beside one through QuickFIX.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// A peer that was not installed when this was built, or is not now, has no row; stderr says so.
void RunPeersBench(Report& report);

}  // namespace ringway::bench
