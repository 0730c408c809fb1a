// The table of kills: which process is killed at which probe, and how it gets there.
//
// One row for each step between a strategy's claim and its acknowledgement, of journal, recovery
// and logon; base/probe.h describes the names of probes.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "base/random.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {

enum class When : uint8_t {
  kTrading,       // while orders flow
  kStarting,      // in the successor of a process that was killed with requests in flight
  kStrategyLost,  // when a killed strategy comes back
  kExchangeLost,  // when a random exchange was killed and comes back
};

struct Row {
  int process;
  const char* probe;
  When when = When::kTrading;
  uint32_t hits_max = 100;  // killed at a random one of this many first hits
};

// Rows of an exchange apply to each of them.
std::span<const Row> Table();

// Kills as the row says, at a random hit. Errors: as KillRun's.
absl::Status Kill(KillRun& run, const Row& row, Random& random);

}  // namespace ringway::kills
