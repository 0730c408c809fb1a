#include "base/clock.h"

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

}  // namespace
}  // namespace ringway
