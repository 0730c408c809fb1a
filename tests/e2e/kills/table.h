// At which probes is which process killed, and how is it brought there?
//
// One row for each step between a strategy's claim and its acknowledgement, of journal, recovery
// and logon; base/probe.h says how probes are called.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "base/random.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {

enum class When : uint8_t {
  kTrading,       // while orders flow
  kStarting,      // in the process that follows one that was killed with requests under way
  kStrategyLost,  // when a strategy was killed and comes back
  kExchangeLost,  // when an exchange was, drawn
};

struct Row {
  int process;
  const char* probe;
  When when = When::kTrading;
  uint32_t hits_max = 100;  // killed at one of the first so many times
};

// Rows of an exchange are there for each of them.
std::span<const Row> Table();

// Kills as the row says, at a drawn hit. Errors: as KillRun's.
absl::Status Kill(KillRun& run, const Row& row, Random& random);

}  // namespace ringway::kills
