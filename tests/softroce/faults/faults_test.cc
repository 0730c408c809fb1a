// Is nothing lost, doubled or out of order when the network, a process or its peer fails?
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
constexpr int64_t kStoppedSeenMaxNs = kHeartbeatsMissed * kHeartbeatNs;

double Ms(int64_t ns) { return static_cast<double>(ns) / kNsPerMs; }

class FaultsTest : public testing::Test {
 protected:
  // Traffic flows both ways, and no fault is left from before.
  void SetUp() override {
    run_.StartGateway();
    run_.StartStrategy();
    ASSERT_TRUE(run_.AwaitMore(20));
  }
  void TearDown() override {
    // Whatever became of the test, the next finds the devices as they were.
    if (netem_) {
      EXPECT_TRUE(Devices("netem va off") && Devices("netem vb off"));
    }
  }

  // Nothing that this interface sends arrives, until both ends have noticed.
  void CutAndHeal(const std::string& interface) {
    netem_ = true;
    ASSERT_TRUE(Devices("netem " + interface + " loss 100%"));
    const int64_t cut_ns = MonotonicNowNs();
    int64_t turn_ns = 0;
    const int64_t strategy_ns = run_.AwaitDown(run_.strategy_records(), cut_ns, turn_ns);
    const int64_t gateway_ns = run_.AwaitDown(run_.gateway_records(1), cut_ns, turn_ns);
    ASSERT_TRUE(Devices("netem " + interface + " off"));
    netem_ = false;
    EXPECT_GE(strategy_ns, 0);
    EXPECT_GE(gateway_ns, 0);
    printf("%s cut: seen by the strategy after %.0f ms, by the gateway after %.0f ms\n",
           interface.c_str(), Ms(strategy_ns), Ms(gateway_ns));
    EXPECT_TRUE(run_.AwaitMore(20));
  }

  FaultRun run_;
  bool netem_ = false;
};

TEST_F(FaultsTest, LossDuplicationAndReordering) {
  netem_ = true;
  for (const char* interface : {"va", "vb"}) {
    ASSERT_TRUE(Devices(std::string("netem ") + interface +
                        " delay 1ms loss 5% duplicate 2% reorder 25% 50%"));
  }
  EXPECT_TRUE(run_.AwaitMore(500));
  netem_ = false;
  ASSERT_TRUE(Devices("netem va off") && Devices("netem vb off"));
  EXPECT_TRUE(run_.Finish("loss, duplication, reordering", 500));
}

TEST_F(FaultsTest, ACutOfEitherDirectionHeals) {
  CutAndHeal("va");
  CutAndHeal("vb");
  EXPECT_TRUE(run_.Finish("cut and healed", 60));
}

TEST_F(FaultsTest, StrategyKilledAtSeededMoments) {
  printf("seed %lu\n", kSeed);
  Random random(kSeed);
  int64_t worst_ns = 0;
  for (int kills = 0; kills != kKills; ++kills) {
    ASSERT_TRUE(run_.AwaitMore(random.Below(40)));
    usleep(static_cast<useconds_t>(random.Below(20'000)));
    const int64_t killed_ns = MonotonicNowNs();
    run_.KillStrategy();
    int64_t turn_ns = 0;
    const int64_t seen_ns = run_.AwaitDown(run_.gateway_records(1), killed_ns, turn_ns);
    ASSERT_GE(seen_ns, 0) << "kill " << kills;
    worst_ns = std::max(worst_ns, seen_ns);
    run_.StartStrategy();
    ASSERT_TRUE(run_.AwaitMore(1)) << "kill " << kills;
  }
  printf("killed strategy: seen after %.1f ms at most\n", Ms(worst_ns));
  EXPECT_LE(worst_ns, kKilledSeenMaxNs);
  EXPECT_TRUE(run_.Finish("strategy killed 20 times", 20));
}

TEST_F(FaultsTest, GatewayKilledAtSeededMoments) {
  printf("seed %lu\n", kSeed);
  Random random(kSeed);
  int64_t worst_ns = 0;
  for (int kills = 0; kills != kKills; ++kills) {
    ASSERT_TRUE(run_.AwaitMore(random.Below(40)));
    usleep(static_cast<useconds_t>(random.Below(20'000)));
    const int64_t killed_ns = MonotonicNowNs();
    run_.KillGateway();
    int64_t turn_ns = 0;
    const int64_t seen_ns = run_.AwaitDown(run_.strategy_records(), killed_ns, turn_ns);
    ASSERT_GE(seen_ns, 0) << "kill " << kills;
    worst_ns = std::max(worst_ns, seen_ns);
    run_.StartGateway();
    ASSERT_TRUE(run_.AwaitMore(1)) << "kill " << kills;
  }
  printf("killed gateway: seen after %.1f ms at most\n", Ms(worst_ns));
  EXPECT_LE(worst_ns, kKilledSeenMaxNs);
  EXPECT_TRUE(run_.Finish("gateway killed 20 times", 20));
}

TEST_F(FaultsTest, StoppedForLongerThanItsHeartbeats) {
  struct Case {
    const char* name;
    pid_t stopped;
    RecordReader& witness;
  };
  for (const Case& one : {Case{"strategy", run_.strategy(), run_.gateway_records(1)},
                          Case{"gateway", run_.gateway(), run_.strategy_records()}}) {
    const int64_t stopped_ns = MonotonicNowNs();
    ASSERT_EQ(kill(one.stopped, SIGSTOP), 0);
    int64_t turn_ns = 0;
    const int64_t seen_ns = run_.AwaitDown(one.witness, stopped_ns, turn_ns);
    usleep(static_cast<useconds_t>(kHeartbeatNs / 1000));
    ASSERT_EQ(kill(one.stopped, SIGCONT), 0);
    printf("stopped %s: seen after %.1f ms, of %.0f ms and the witness's longest turn of %.1f ms\n",
           one.name, Ms(seen_ns), Ms(kStoppedSeenMaxNs), Ms(turn_ns));
    EXPECT_GE(seen_ns, 0);
    // The last heartbeat may have been seen a turn late, and the third missing one as well.
    EXPECT_LE(seen_ns, kStoppedSeenMaxNs + 2 * turn_ns);
    EXPECT_TRUE(run_.AwaitMore(20));
  }
  EXPECT_TRUE(run_.Finish("stopped", 60));
}

TEST_F(FaultsTest, AReceiverThatStopsConsuming) {
  for (const pid_t end : {run_.gateway(), run_.strategy()}) {
    ASSERT_EQ(kill(end, SIGUSR1), 0);
    const uint64_t before = run_.reports_received();
    usleep(kPauseNs * 3 / 4 / 1000);
    printf("paused: %lu reports meanwhile\n", run_.reports_received() - before);
    EXPECT_TRUE(run_.AwaitMore(300));
  }
  EXPECT_TRUE(run_.Finish("a receiver stopped consuming", 600));
}

}  // namespace
}  // namespace ringway::faults
