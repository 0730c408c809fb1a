// Tests that nothing is lost, doubled or out of order over RDMA when the network fails, or an end
// stands still or is killed.
//
// `./run softroce -- bazel-bin/tests/e2e/kills/kills` has the same faults in a longer run.
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/random.h"
#include "tests/e2e/kills/link_faults.h"
#include "tests/e2e/kills/long_run.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/run.h"

namespace ringway::kills {
namespace {

constexpr uint64_t kSeed = 20261122;
constexpr int kKills = 10;
constexpr uint32_t kPauseUs = 500;
constexpr uint64_t kUnbounded = uint64_t{1} << 40;

class FaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(OverRdma()) << "no RDMA devices are named: run this by ./run softroce";
    auto run = KillRun::Start(
        {.seed = kSeed, .strategies = 2, .orders = kUnbounded, .pause_us = kPauseUs});
    ASSERT_TRUE(run.ok()) << run.status();
    run_ = *std::move(run);
    ASSERT_EQ(run_->AwaitTraffic(), absl::OkStatus());
  }

  void Finish() {
    const absl::StatusOr<Outcome> outcome = run_->Finish();
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    Print(*outcome, MonotonicNowNs() - start_ns_);
    EXPECT_TRUE(outcome->clean());
    EXPECT_GT(outcome->fills, 0u);
  }

  const int64_t start_ns_ = MonotonicNowNs();
  std::unique_ptr<KillRun> run_;
};

TEST_F(FaultsTest, OfLinks) {
  for (const LinkFault& fault : LinkFaults()) {
    const int64_t fault_ns = MonotonicNowNs();
    ASSERT_EQ(fault.inflict(*run_), absl::OkStatus()) << fault.name;
    ASSERT_EQ(run_->AwaitTraffic(), absl::OkStatus()) << fault.name;
    printf("%s: %.1f s\n", fault.name, static_cast<double>(MonotonicNowNs() - fault_ns) / kNsPerS);
    fflush(stdout);
  }
  Finish();
}

TEST_F(FaultsTest, ProcessesKilledAtSeededMoments) {
  printf("seed %lu\n", kSeed);
  Random random(kSeed);
  for (int kills = 0; kills != kKills; ++kills) {
    usleep(static_cast<useconds_t>(random.Below(20'000)));
    ASSERT_EQ(run_->KillNow(kills % 2 == 0 ? kGateway : kStrategies + 1), absl::OkStatus());
    ASSERT_EQ(run_->AwaitTraffic(), absl::OkStatus()) << "kill " << kills;
  }
  Finish();
}

}  // namespace
}  // namespace ringway::kills
