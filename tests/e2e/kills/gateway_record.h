// The record of what a gateway did, taken from its journal.
//
// The journal tells what the engine took and what it answered, over all processes of the gateway;
// replayed, it tells what the gateway holds. Both are given as the checker's events
// (tests/sim/events.h).
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
  // For kGatewayHeard of a message that a venue numbered, and for the start of another venue
  // process (kVenueStart): that process's incarnation. Otherwise 0.
  uint64_t incarnation = 0;
};

struct GatewayRecord {
  std::vector<GatewayEvent> events;
  std::vector<sim::Event> holdings;  // what it holds at the end: a probe's events
  uint32_t starts = 0;               // gateway processes that lived to record their start
  uint64_t records = 0;
  HaltJudge halts;
};

// Reads the journal of a gateway that has ended; its sessions are 1 to `sessions`. Errors: those of
// the reader and the replay.
absl::StatusOr<GatewayRecord> ReadGateway(const std::string& directory, uint32_t sessions);

}  // namespace ringway::kills
