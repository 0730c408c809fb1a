// Checks what a configuration needs of its machine, before anything is made of it.
//
// --check-config and the start use the same checks, so that the one passes nothing that the other
// refuses: key files that can be read and are all different, folders that exist and may be written,
// memory for the pools. Changes nothing. Reads files; main's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace ringway {

// Every fault, each with its key, cause and remedy. REQUIRES: LoadConfig() found no error.
std::vector<std::string> FindSurroundingFaults(const GatewayConfig& config);

// Bytes of memory that the configuration takes when all of it is in use.
uint64_t MemoryNeeded(const GatewayConfig& config);

}  // namespace ringway
