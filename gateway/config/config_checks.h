// Checks between the values of a configuration, beyond the range of each.
#pragma once

#include "gateway/config/config.h"
#include "gateway/config/config_reader.h"

namespace ringway {

// Adds an error for everything that does not fit together. Values that are out of their own range
// have been reported before and have their defaults. CheckInstruments() checks the instruments
// alone, of which there must be one.
void CheckInstruments(const GatewayConfig& config, ConfigFindings& findings);
void CheckConfig(const GatewayConfig& config, ConfigFindings& findings);

}  // namespace ringway
