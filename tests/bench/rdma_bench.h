// `bench rdma`: a link over RDMA beside perftest, rstream, UCX and libfabric on the same devices.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Takes the devices from its environment (docs/hardware.md); if there are none, says what is
// missing and adds no row.
void RunRdmaBench(Report& report);

}  // namespace ringway::bench
