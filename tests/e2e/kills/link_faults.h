// Faults of the links between strategies and gateway: their network fails, or their ends stand
// still.
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {

struct LinkFault {
  const char* name;
  // Returns when those who must notice have, and the network is healed. Errors: as KillRun's, or of
  // devices.sh.
  absl::Status (*inflict)(KillRun& run);
};

// REQUIRES to inflict them: OverRdma().
std::span<const LinkFault> LinkFaults();

// Runs tests/softroce/devices.sh.
absl::Status Devices(const std::string& arguments);

}  // namespace ringway::kills
