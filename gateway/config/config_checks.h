// Checks between the values of a configuration, beyond the range of each.
#pragma once

#include "base/config/config_reader.h"
#include "gateway/config/config.h"

namespace ringway {

// Adds an error for everything that does not fit together. Values that are out of their own range
// have been reported before and have their defaults.
void CheckConfig(const GatewayConfig& config, ConfigFindings& findings);

}  // namespace ringway
