// What comes of one plan: whether it was good, its hash, and how much happened.
//
// Runs the world, then the checker over its record. Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/sim/events.h"
#include "tests/sim/plan.h"

namespace ringway::sim {

struct Outcome {
  std::string error;        // the first thing that is wrong; empty: nothing
  uint64_t hash = 0;        // over everything that was recorded
  uint64_t orders = 0;      // NewOrders that Send() took
  uint64_t executions = 0;  // execution reports that strategies were told
  uint64_t turns = 0;
  std::array<uint64_t, kEventKinds> events{};
};

// `recorders` hold the records afterwards.
Outcome RunPlan(const Plan& plan, Recorders& recorders);

// Twice; other hashes are an error. The records are the second run's.
Outcome RunTwice(const Plan& plan, Recorders& recorders);

// The hash over many seeds, taken in order.
constexpr uint64_t FoldSeed(uint64_t hash, uint64_t seed, uint64_t hash_of_seed) noexcept {
  return (hash ^ hash_of_seed) * 0x9e3779b97f4a7c15u + seed;
}

// Drops from a failing seed what is not needed for it to fail: kinds of faults, strikes, orders, by
// halves. `runs_max` bounds the effort.
Edits Shrink(uint64_t seed, const Edits& edits, uint32_t runs_max, Recorders& recorders);

}  // namespace ringway::sim
