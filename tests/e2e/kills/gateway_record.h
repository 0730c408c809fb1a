// What has a gateway done, told by its journal?
//
// The journal says what the engine took and what it answered, over all processes of the gateway;
// replayed, it says what the gateway holds. Both as the checker's events (tests/sim/events.h).
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/e2e/kills/halt_judge.h"
#include "tests/sim/events.h"

namespace ringway::kills {

struct GatewayEvent {
  sim::Event event;
  // kGatewayHeard of what a venue has numbered, and the journal's word that the venue is another
  // process from here on (kVenueStart): that process's. Else 0.
  uint64_t incarnation = 0;
};

struct GatewayRecord {
  std::vector<GatewayEvent> events;
  std::vector<sim::Event> holdings;  // what it holds in the end: a probe's events
  uint32_t starts = 0;               // of gateway processes that came to record it
  uint64_t records = 0;
  HaltJudge halts;
};

// Reads the journal of a gateway that has ended; its sessions are 1 to `sessions`. Errors: as the
// reader and the replay say.
absl::StatusOr<GatewayRecord> ReadGateway(const std::string& directory, uint32_t sessions);

}  // namespace ringway::kills
