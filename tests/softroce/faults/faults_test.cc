// Tests that nothing is lost, doubled or out of order when the network, a process or its peer
// fails.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "tests/softroce/faults/run.h"

namespace ringway::faults {
namespace {

constexpr int kKills = 20;
constexpr uint64_t kSeed = 20261122;
constexpr int64_t kKilledSeenMaxNs = kNsPerS;
constexpr int kMeasurementsMax = 20;
constexpr int64_t kStoppedSeenMaxNs = kHeartbeatsMissed * kHeartbeatNs;

double Ms(int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }

class FaultsTest : public testing::Test {
 protected:
  // Ensures that traffic flows both ways, and that no earlier fault is left.
  void SetUp() override {
    run_.StartGateway();
    run_.StartStrategy();
    ASSERT_TRUE(run_.AwaitMore(20));
  }
  // Whatever the test's outcome, the next one finds the devices healthy.
  void TearDown() override { EXPECT_TRUE(!hurt_ || HealNetwork()); }

  // `fault` is one of devices.sh, for this interface; it lasts until both ends have noticed.
  void HurtAndHeal(const std::string& fault, const char* name) {
    hurt_ = true;
    const int64_t hurt_ns = MonotonicNowNs();
    ASSERT_TRUE(Devices(fault));
    const int64_t strategy_ns = run_.AwaitDown(run_.strategy_records(), hurt_ns).after_ns;
    const int64_t gateway_ns = run_.AwaitDown(run_.gateway_records(1), hurt_ns).after_ns;
    ASSERT_TRUE(HealNetwork());
    EXPECT_GE(strategy_ns, 0);
    EXPECT_GE(gateway_ns, 0);
    const int64_t healed_ns = MonotonicNowNs();
    EXPECT_TRUE(run_.AwaitMore(20));
    printf(
        "%s: seen by the strategy after %.0f ms, by the gateway after %.0f ms, healed in %.0f ms\n",
        name, Ms(strategy_ns), Ms(gateway_ns), Ms(MonotonicNowNs() - healed_ns));
  }

  // One end dies at seeded moments; the other must notice in time and accept its successor.
  void KillAtSeededMoments(const char* name, void (FaultRun::*kill)(), void (FaultRun::*start)(),
                           RecordReader& witness) {
    printf("seed %lu\n", kSeed);
    Random random(kSeed);
    int64_t worst_ns = 0;
    for (int kills = 0; kills != kKills; ++kills) {
      ASSERT_TRUE(run_.AwaitMore(random.Below(40)));
      usleep(static_cast<useconds_t>(random.Below(20'000)));
      const int64_t killed_ns = MonotonicNowNs();
      (run_.*kill)();
      const int64_t seen_ns = run_.AwaitDown(witness, killed_ns).after_ns;
      ASSERT_GE(seen_ns, 0) << "kill " << kills;
      worst_ns = std::max(worst_ns, seen_ns);
      (run_.*start)();
      ASSERT_TRUE(run_.AwaitMore(1)) << "kill " << kills;
    }
    printf("killed %s: seen after %.1f ms at most\n", name, Ms(worst_ns));
    EXPECT_LE(worst_ns, kKilledSeenMaxNs);
    EXPECT_TRUE(run_.Finish(std::string(name) + " killed 20 times", kKills));
  }

  FaultRun run_;
  bool hurt_ = false;  // the network
};

TEST_F(FaultsTest, LossDuplicationAndReordering) {
  hurt_ = true;
  for (const char* interface : {"va", "vb"}) {
    ASSERT_TRUE(Devices(std::string("netem ") + interface +
                        " delay 1ms loss 5% duplicate 2% reorder 25% 50%"));
  }
  EXPECT_TRUE(run_.AwaitMore(500));
  ASSERT_TRUE(HealNetwork());
  EXPECT_TRUE(run_.Finish("loss, duplication, reordering", 500));
}

TEST_F(FaultsTest, ACutOfEitherDirectionHeals) {
  HurtAndHeal("netem va loss 100%", "cut from the strategy to the gateway");
  HurtAndHeal("netem vb loss 100%", "cut from the gateway to the strategy");
  EXPECT_TRUE(run_.Finish("cut and healed", 60));
}

TEST_F(FaultsTest, ALinkDownOnEitherSideHeals) {
  HurtAndHeal("link-down va", "the strategy's link down");
  HurtAndHeal("link-down vb", "the gateway's link down");
  EXPECT_TRUE(run_.Finish("links down and up", 60));
}

TEST_F(FaultsTest, StrategyKilledAtSeededMoments) {
  KillAtSeededMoments("strategy", &FaultRun::KillStrategy, &FaultRun::StartStrategy,
                      run_.gateway_records(1));
}

TEST_F(FaultsTest, GatewayKilledAtSeededMoments) {
  KillAtSeededMoments("gateway", &FaultRun::KillGateway, &FaultRun::StartGateway,
                      run_.strategy_records());
}

TEST_F(FaultsTest, StoppedForLongerThanItsHeartbeats) {
  struct Case {
    const char* name;
    const Child* stopped;
    RecordReader& witness;
  };
  for (const Case& one : {Case{"strategy", &run_.strategy(), run_.gateway_records(1)},
                          Case{"gateway", &run_.gateway(), run_.strategy_records()}}) {
    bool measured = false;
    for (int attempt = 0; attempt != kMeasurementsMax && !measured; ++attempt) {
      const uint64_t logons = FaultRun::Count(run_.strategy_records(), RecordKind::kUp);
      const int64_t stopped_ns = MonotonicNowNs();
      one.stopped->Signal(SIGSTOP);
      const FaultRun::Down down = run_.AwaitDown(one.witness, stopped_ns);
      usleep(static_cast<useconds_t>(kHeartbeatNs / 1000));
      one.stopped->Signal(SIGCONT);
      ASSERT_GE(down.after_ns, 0);
      // There is nothing to measure if the witness stalled too, or if something else told it
      // sooner. Its turns count twice: when it noticed the last heartbeat, and when it judged.
      measured = down.after_ns >= kHeartbeatNs && 2 * down.turn_ns <= kJudgedEarlyNs;
      printf("stopped %s: seen after %.1f ms, of %.0f; the witness's longest turn: %.1f ms%s\n",
             one.name, Ms(down.after_ns), Ms(kStoppedSeenMaxNs), Ms(down.turn_ns),
             measured ? "" : ", so once more");
      if (measured) {
        EXPECT_LE(down.after_ns, kStoppedSeenMaxNs);
      }
      // Both know of it before the next one.
      ASSERT_TRUE(run_.AwaitLogons(logons + 1));
      EXPECT_TRUE(run_.AwaitMore(20));
    }
    EXPECT_TRUE(measured) << "this machine stands still too often to measure a " << one.name;
  }
  EXPECT_TRUE(run_.Finish("stopped", 60));
}

TEST_F(FaultsTest, AReceiverThatStopsConsuming) {
  for (const Child* end : {&run_.gateway(), &run_.strategy()}) {
    end->Signal(SIGUSR1);
    const uint64_t before = run_.reports_received();
    usleep(kPauseNs * 3 / 4 / 1000);
    printf("paused: %lu reports meanwhile\n", run_.reports_received() - before);
    EXPECT_TRUE(run_.AwaitMore(300));
  }
  EXPECT_TRUE(run_.Finish("a receiver stopped consuming", 600));
}

}  // namespace
}  // namespace ringway::faults
