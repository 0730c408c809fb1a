// Tests that the shipped code keeps its promises in 512 seeds' worth of faults, the same each time.
//
// Every seed runs twice. `./run sim` runs more of them, and repeats and shrinks one that fails.
#include <cstdint>
#include <cstdio>

#include "gtest/gtest.h"
#include "tests/sim/plan.h"
#include "tests/sim/run.h"

namespace ringway::sim {
namespace {

constexpr uint64_t kSeeds = 512;
constexpr uint64_t kOrdersMin = 1'000'000;

TEST(SimTest, FiveHundredSeedsAreCleanAndRepeatable) {
  Recorders recorders;
  uint64_t orders = 0;
  uint64_t hash = 0;
  std::array<uint64_t, kFaults> seeds_with{};
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Plan plan = MakePlan(seed);
    const Outcome outcome = RunTwice(plan, recorders);
    EXPECT_EQ(outcome.error, "") << Text(plan) << "repeat: ./run sim --seeds 1 --seed " << seed;
    if (HasFailure()) break;
    orders += outcome.orders;
    hash = FoldSeed(hash, seed, outcome.hash);
    for (uint32_t fault = 0; fault != kFaults; ++fault) seeds_with[fault] += plan.on[fault];
  }
  printf("%lu seeds, %lu orders, hash: %016lx\n", kSeeds, orders, hash);
  if (HasFailure()) return;
  EXPECT_GE(orders, kOrdersMin);
  for (uint32_t fault = 0; fault != kFaults; ++fault) {
    EXPECT_GT(seeds_with[fault], kSeeds / 8) << Name(static_cast<Fault>(fault));
  }
}

TEST(SimTest, AnotherSeedIsAnotherRun) {
  Recorders recorders;
  Edits few;
  few.orders = 200;
  EXPECT_NE(RunPlan(MakePlan(1, few), recorders).hash, RunPlan(MakePlan(2, few), recorders).hash);
}

TEST(SimTest, DroppedFaultsDoNotStrike) {
  Edits edits;
  edits.without = {Fault::kVenueCut, Fault::kOverfill};
  for (uint64_t seed = 1; seed != 50; ++seed) {
    const Plan plan = MakePlan(seed, edits);
    for (const Strike& strike : plan.strikes) {
      EXPECT_NE(strike.fault, Fault::kVenueCut);
      EXPECT_NE(strike.fault, Fault::kOverfill);
    }
  }
}

TEST(SimTest, EditsReadAsTheyAreWritten) {
  Edits edits;
  edits.orders = 7;
  edits.with = {Fault::kBadMachine};
  edits.without = {Fault::kTornWrites, Fault::kLateFill};
  edits.dropped_strikes = {3, 5};
  EXPECT_EQ(Flags(edits),
            " --orders 7 --with bad-machine --without torn-writes,late-fill --drop 3,5");
  EXPECT_EQ(*ParseFaults("torn-writes,late-fill"), edits.without);
  EXPECT_FALSE(ParseFaults("late-fill,nonsense").ok());
}

}  // namespace
}  // namespace ringway::sim
