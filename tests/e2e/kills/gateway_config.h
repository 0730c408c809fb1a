// The configuration of the gateway of a kill run.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::kills {

struct GatewayFiles {
  std::string folder;   // sockets, keys and the configuration itself
  std::string journal;  // a folder
  uint32_t sessions = 0;
  bool small_segments = false;  // the journal's smallest segments: they fill soon
};

// Writes `folder`/gateway.toml, and the sessions' keys. Limits are off, because a refused order
// cannot get lost. Returns the configuration's path.
std::string WriteGatewayConfig(const GatewayFiles& files);

}  // namespace ringway::kills
