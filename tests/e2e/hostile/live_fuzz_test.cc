// Tests that a gateway survives some 10^5 fuzzed hellos, logons and frames. `./run hostile-fuzz`
// sends 10^7.
#include "tests/e2e/hostile/live_fuzz.h"

#include <cstdio>

#include "gtest/gtest.h"
#include "tests/e2e/hostile/trial.h"

namespace ringway::hostile {
namespace {

TEST(LiveFuzzTest, TheGatewayLivesAndTheHonestSessionNoticesNothing) {
  LiveFuzzOptions options;
  options.inputs = static_cast<uint64_t>(200'000 * Length());
  const LiveFuzzOutcome outcome = LiveFuzz(options);
  std::printf(
      "%lu hellos (%lu links), %lu logons (%lu accepted), %lu frames, %lu reports, %.1f s\n",
      outcome.hellos, outcome.links, outcome.logons, outcome.logged_on, outcome.frames,
      outcome.reports, outcome.seconds);
  EXPECT_EQ(outcome.complaint, "") << "seed " << options.seed;
  EXPECT_GE(outcome.inputs(), options.inputs);
  EXPECT_GT(outcome.logged_on, 0u);
}

}  // namespace
}  // namespace ringway::hostile
