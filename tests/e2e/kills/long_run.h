// A long run: a million orders, with processes killed all the time.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {

struct LongRunOptions {
  uint64_t orders = 1'000'000;  // accepted
  uint32_t kills = 60;          // not counting those that only lead to others
  uint64_t seed = 1;
};

// Kills at random rows of the table (table.h), and every third time a random process anywhere,
// spread over the orders. Over RDMA every second time a fault of the links (link_faults.h). The
// orders are split into runs of at most kOrdersOfARun, each judged by itself, because the history
// of a run is kept in memory. Errors: as KillRun's, with the seed.
inline constexpr uint64_t kOrdersOfARun = 100'000;
absl::StatusOr<Outcome> LongRun(const LongRunOptions& options);

// Prints the report: counts, kills, findings. `took_ns`: the total time.
void Print(const Outcome& outcome, int64_t took_ns);

}  // namespace ringway::kills
