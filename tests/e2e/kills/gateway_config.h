// With which configuration does the gateway of a kill run trade?
#pragma once

#include <cstdint>
#include <string>

namespace ringway::kills {

struct GatewayFiles {
  std::string folder;   // sockets, keys and the configuration itself
  std::string journal;  // a folder
  uint32_t sessions = 0;
  bool small_segments = false;  // of the journal, the smallest there are: they are spent soon
};

// Writes `folder`/gateway.toml, and the sessions' keys. Limits are off: what is refused cannot get
// lost. Answers the configuration's path.
std::string WriteGatewayConfig(const GatewayFiles& files);

}  // namespace ringway::kills
