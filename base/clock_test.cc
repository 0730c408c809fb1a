// Tests that the clock follows the monotonic clock, whatever the counter does.
#include "base/clock.h"

#include <cstdint>
#include <cstdlib>

#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(SteadyUnixClockTest, NeverStepsBackAcrossRecalibrations) {
  SteadyUnixClock clock;
  const int64_t stop_ns = MonotonicNowNs() + 1'200 * kNsPerMs;
  int64_t last_ns = clock.NowNs();
  while (MonotonicNowNs() < stop_ns) {
    const int64_t now_ns = clock.NowNs();
    ASSERT_GE(now_ns, last_ns);
    last_ns = now_ns;
  }
}

TEST(SteadyUnixClockTest, FollowsTheMonotonicClock) {
  SteadyUnixClock clock;
  const int64_t steady_start = clock.NowNs();
  const int64_t monotonic_start = MonotonicNowNs();
  while (MonotonicNowNs() - monotonic_start < 200 * kNsPerMs) {
  }
  const int64_t monotonic_ns = MonotonicNowNs() - monotonic_start;
  const int64_t steady_ns = clock.NowNs() - steady_start;
  // A rate error of 1 % would already mean a broken calibration; preemption between the two reads
  // adds less than 1 s.
  EXPECT_GT(steady_ns, monotonic_ns * 99 / 100);
  EXPECT_LT(steady_ns, monotonic_ns * 101 / 100 + kNsPerS);
}

// --- A counter and clocks that the test moves ---

struct Clocks {
  uint64_t tsc = uint64_t{1} << 40;
  int64_t monotonic_ns = 500 * kNsPerS;
  int64_t suspended_ns = 7 * kNsPerS;
  int64_t unix_ns = 1'700'000'000 * kNsPerS;
  uint64_t ticks_per_us = 3'000;
  uint64_t monotonic_reads = 0;
  bool stands_still = false;

  void Pass(int64_t ns) {
    monotonic_ns += ns;
    unix_ns += ns;
    if (!stands_still) tsc += static_cast<uint64_t>(ns) * ticks_per_us / 1'000;
  }
};
struct FakeSource {
  Clocks* clocks;
  uint64_t Tsc() const noexcept { return clocks->tsc; }
  int64_t MonotonicNs() const noexcept {
    ++clocks->monotonic_reads;
    return clocks->monotonic_ns;
  }
  int64_t BootNs() const noexcept { return clocks->monotonic_ns + clocks->suspended_ns; }
  int64_t UnixNs() const noexcept { return clocks->unix_ns; }
  double NsPerTick() const noexcept { return 1'000.0 / static_cast<double>(clocks->ticks_per_us); }
};
using FakeClock = BasicSteadyUnixClock<FakeSource>;

struct CounterTest : testing::Test {
  Clocks clocks;
  FakeClock clock{0, FakeSource{&clocks}};
  const int64_t ahead_ns = clocks.unix_ns - clocks.monotonic_ns;
  int64_t last_ns = 0;

  // Runs a second of a duty loop's turns; the clock is never further off than between two checks.
  void ExpectGoodTime(int64_t off_max_ns = kNsPerMs) {
    for (int i = 0; i != 100'000; ++i) {
      clocks.Pass(10 * kNsPerUs);
      const int64_t now_ns = clock.NowNs();
      ASSERT_GE(now_ns, last_ns) << "turn " << i;
      ASSERT_LE(std::abs(now_ns - ahead_ns - clocks.monotonic_ns), off_max_ns) << "turn " << i;
      last_ns = now_ns;
    }
  }
};

TEST_F(CounterTest, GoodCounterNeedsFewLooksAtTheMonotonicClock) {
  ExpectGoodTime(kNsPerUs);
  EXPECT_EQ(clock.rebases(), 0u);
  EXPECT_LT(clocks.monotonic_reads, 1'100u) << "of 100,000 reads in a second";
}

TEST_F(CounterTest, CounterThatRanOnIsPutRight) {
  ExpectGoodTime();
  clocks.tsc += 60'000'000 * clocks.ticks_per_us;
  ExpectGoodTime();
  EXPECT_EQ(clock.rebases(), 1u);
}

TEST_F(CounterTest, CounterThatRestartsIsPutRight) {
  ExpectGoodTime();
  clocks.tsc = 0;
  ExpectGoodTime();
  EXPECT_EQ(clock.rebases(), 1u);
}

TEST_F(CounterTest, CounterThatStandsStillIsGivenUp) {
  ExpectGoodTime();
  clocks.stands_still = true;
  ExpectGoodTime(FakeClock::kReadsPerCheck * 10 * kNsPerUs);
  EXPECT_GE(clock.rebases(), FakeClock::kRebasesMax);
  ExpectGoodTime(0);
}

TEST_F(CounterTest, AnotherHostsRateIsLearnt) {
  ExpectGoodTime();
  clocks.ticks_per_us = 2'000;
  ExpectGoodTime();
  ExpectGoodTime();
  ExpectGoodTime(2 * kNsPerUs);
  clocks.ticks_per_us = 4'000;
  ExpectGoodTime();
  ExpectGoodTime();
  ExpectGoodTime(2 * kNsPerUs);
}

TEST_F(CounterTest, StopOfTheProcessIsNoDisagreement) {
  ExpectGoodTime();
  clocks.Pass(3'600 * kNsPerS);
  ExpectGoodTime();
  EXPECT_EQ(clock.rebases(), 0u);
  EXPECT_EQ(clock.suspended_ns(), 0);
}

TEST_F(CounterTest, SuspendExpiresNothingAndIsTold) {
  ExpectGoodTime();
  clocks.suspended_ns += 3'600 * kNsPerS;
  clocks.unix_ns += 3'600 * kNsPerS;
  clocks.tsc += uint64_t{3'600'000'000} * clocks.ticks_per_us;
  ExpectGoodTime();
  EXPECT_EQ(clock.suspended_ns(), 3'600 * kNsPerS);
}

TEST_F(CounterTest, StepsOfTheRealTimeClockAreNotFollowed) {
  for (const int64_t step_ns : {3'600 * kNsPerS, -7'200 * kNsPerS}) {
    clocks.unix_ns += step_ns;
    ExpectGoodTime(kNsPerUs);
  }
}

TEST_F(CounterTest, MachineWithoutACounterReadsTheMonotonicClock) {
  clocks.ticks_per_us = 1;
  struct NoCounter : FakeSource {
    double NsPerTick() const noexcept { return 0; }
  };
  BasicSteadyUnixClock<NoCounter> without(0, NoCounter{{&clocks}});
  for (int i = 0; i != 1'000; ++i) {
    clocks.Pass(kNsPerUs);
    ASSERT_EQ(without.NowNs(), ahead_ns + clocks.monotonic_ns);
  }
}

}  // namespace
}  // namespace ringway
