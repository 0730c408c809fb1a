// What becomes of a million orders when somebody is killed all the time?
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {

struct LongRunOptions {
  uint64_t orders = 1'000'000;  // accepted
  uint32_t kills = 60;          // besides those that lead to others
  uint64_t seed = 1;
};

// Kills at drawn rows of the table (table.h), and every third time anybody anywhere, spread over
// the orders. The orders are shared out to runs of at most kOrdersOfARun, each judged by itself:
// what everybody did in one is kept in memory. Errors: as KillRun's, with the seed.
inline constexpr uint64_t kOrdersOfARun = 100'000;
absl::StatusOr<Outcome> LongRun(const LongRunOptions& options);

// As a report on standard output: counts, kills, findings. `took_ns`: the time of it all.
void Print(const Outcome& outcome, int64_t took_ns);

}  // namespace ringway::kills
