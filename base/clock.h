// What time it is, for those who may ask: mains, benches and set-up code.
//
// Everything else takes `now_ns` as an argument, so that it runs under a virtual clock too.
// Thread rule: a SteadyUnixClock is read by one thread; the free functions by any.
#pragma once

#include <cstdint>

namespace ringway {

inline constexpr int64_t kNsPerUs = 1'000;
inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerS = 1'000'000'000;

// CLOCK_MONOTONIC in nanoseconds.
int64_t MonotonicNowNs() noexcept;

// CLOCK_REALTIME in nanoseconds since the Unix epoch. Steps when an operator or NTP steps it.
int64_t UnixNowNs() noexcept;

// Raw time-stamp counter: the cheapest clock there is (about 10 ns), in ticks.
uint64_t ReadTsc() noexcept;

// Nanoseconds since the Unix epoch that never step back and follow the monotonic clock: the
// real-time clock is read once, at construction. What the gateway and its clients call "now".
// `not_before_ns`: begins then where the real-time clock is behind it, as after a step back.
class SteadyUnixClock {
 public:
  SteadyUnixClock() noexcept : SteadyUnixClock(0) {}
  explicit SteadyUnixClock(int64_t not_before_ns) noexcept;
  int64_t NowNs() noexcept;

 private:
  uint64_t start_tsc_;
  int64_t start_unix_ns_;
  int64_t start_monotonic_ns_;
  double ns_per_tick_;  // 0 where the counter is not invariant: the monotonic clock is read instead
  uint64_t recalibrate_tsc_;  // the counter's rate is measured again when it passes this
  int64_t last_ns_;

  int64_t Recalibrate(uint64_t tsc) noexcept;
};

// Nanoseconds per tick of ReadTsc(), measured over about 10 ms; 0 where the counter is not
// invariant.
double MeasureTscNsPerTick() noexcept;

}  // namespace ringway
