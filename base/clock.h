// Clocks, for the code that may read time: mains, benches and set-up code.
//
// Everything else takes `now_ns` as an argument, so that it runs under a virtual clock too.
// Thread rule: a SteadyUnixClock is read by one thread; the free functions by any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ringway {

inline constexpr int64_t kNsPerUs = 1'000;
inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerS = 1'000'000'000;

// CLOCK_MONOTONIC in nanoseconds: does not count the time that the machine was suspended.
int64_t MonotonicNowNs() noexcept;

// CLOCK_BOOTTIME in nanoseconds: as above, but counts suspended time.
int64_t BootNowNs() noexcept;

// CLOCK_REALTIME in nanoseconds since the Unix epoch. Steps when an operator or NTP steps it.
int64_t UnixNowNs() noexcept;

// Raw time-stamp counter: the cheapest clock there is (about 10 ns), in ticks.
uint64_t ReadTsc() noexcept;

// Nanoseconds per tick of ReadTsc(), measured over about 10 ms; 0 if the counter is not invariant.
double MeasureTscNsPerTick() noexcept;

// The time source of a SteadyUnixClock; tests have their own.
struct SystemTimeSource {
  uint64_t Tsc() const noexcept { return ReadTsc(); }
  int64_t MonotonicNs() const noexcept { return MonotonicNowNs(); }
  int64_t BootNs() const noexcept { return BootNowNs(); }
  int64_t UnixNs() const noexcept { return UnixNowNs(); }
  double NsPerTick() const noexcept { return MeasureTscNsPerTick(); }
};

// Nanoseconds since the Unix epoch that never step back and follow the monotonic clock: the
// real-time clock is read once, at construction. What the gateway and its clients call "now".
//
// Between two checks against the monotonic clock, at most a millisecond or kReadsPerCheck reads
// apart, it advances by the time-stamp counter. A counter that jumps, restarts or stands still, as
// after a suspend or a migration to another host, therefore costs at most that millisecond.
// docs/adr/0024.
template <class Source>
class BasicSteadyUnixClock {
 public:
  // After this many disagreements the counter is abandoned for the monotonic clock.
  static constexpr uint32_t kRebasesMax = 8;
  static constexpr uint32_t kReadsPerCheck = 256;
  static constexpr int64_t kCheckNs = kNsPerMs;

  // `not_before_ns`: starts at this time if the real-time clock is behind it, as after a step back.
  BasicSteadyUnixClock() noexcept : BasicSteadyUnixClock(0) {}
  explicit BasicSteadyUnixClock(int64_t not_before_ns, Source source = {}) noexcept
      : source_(std::move(source)), ns_per_tick_(source_.NsPerTick()) {
    start_unix_ns_ = last_ns_ = std::max(source_.UnixNs(), not_before_ns);
    suspended_at_start_ns_ = source_.BootNs() - source_.MonotonicNs();
    const Pair now = ReadPair();
    start_monotonic_ns_ = now.monotonic_ns;
    Count(now);
    rate_from_ = now;
  }

  int64_t NowNs() noexcept {
    const uint64_t ticks = source_.Tsc() - base_.tsc;  // huge if the counter went back
    if (ticks >= check_ticks_ || --reads_until_check_ == 0) [[unlikely]]
      return Check();
    const int64_t now_ns =
        base_ns_ + static_cast<int64_t>(static_cast<double>(ticks) * ns_per_tick_);
    return last_ns_ = std::max(last_ns_, now_ns);
  }

  // How often the counter disagreed with the monotonic clock and was corrected.
  uint32_t rebases() const noexcept { return rebases_; }
  // How long the machine was suspended since construction. This clock leaves that time out, so that
  // nothing expires in it, and is behind the real-time clock by as much.
  int64_t suspended_ns() const noexcept { return suspended_ns_; }

 private:
  struct Pair {
    uint64_t tsc = 0;
    int64_t monotonic_ns = 0;
  };
  // A disagreement is more than this, and more than a 16th of the time since the last check.
  static constexpr int64_t kSlackNs = 2 * kNsPerMs;
  // The rate is measured again after this long, to learn that of another host.
  static constexpr int64_t kRateNs = kNsPerS;

  // Reads both clocks at one time: as close together as a few tries get, because the thread may be
  // preempted between two reads.
  Pair ReadPair() const noexcept {
    constexpr int kTries = 4;
    Pair best;
    uint64_t best_ticks = UINT64_MAX;
    for (int i = 0; i != kTries; ++i) {
      const uint64_t before = source_.Tsc();
      const int64_t monotonic_ns = source_.MonotonicNs();
      const uint64_t ticks = source_.Tsc() - before;
      if (ticks < best_ticks) {
        best_ticks = ticks;
        best = {before, monotonic_ns};
      }
      if (static_cast<double>(ticks) * ns_per_tick_ < kNsPerUs) break;
    }
    return best;
  }

  // Continues from here.
  void Count(const Pair& now) noexcept {
    base_ = now;
    base_ns_ = start_unix_ns_ + (now.monotonic_ns - start_monotonic_ns_);
    reads_until_check_ = kReadsPerCheck;
    // Without a counter, every read is a check.
    check_ticks_ =
        ns_per_tick_ == 0 ? 0 : static_cast<uint64_t>(static_cast<double>(kCheckNs) / ns_per_tick_);
  }

  [[gnu::noinline]] int64_t Check() noexcept {
    if (ns_per_tick_ == 0) {
      base_ns_ = start_unix_ns_ + (source_.MonotonicNs() - start_monotonic_ns_);
    } else {
      const Pair now = ReadPair();
      const bool rate_due = now.monotonic_ns - rate_from_.monotonic_ns >= kRateNs;
      if (Disagree(now) || (rate_due && now.tsc <= rate_from_.tsc)) {
        if (++rebases_ == kRebasesMax) ns_per_tick_ = 0;
        rate_from_ = now;
      } else if (rate_due) {
        ns_per_tick_ = Rate(rate_from_, now);
        rate_from_ = now;
      }
      Count(now);
    }
    if (base_ns_ - suspended_looked_ns_ >= kRateNs) LookForSuspends();
    return last_ns_ = std::max(last_ns_, base_ns_);
  }

  bool Disagree(const Pair& now) const noexcept {
    const int64_t passed_ns = now.monotonic_ns - base_.monotonic_ns;
    // If the counter went back, the difference is huge.
    const double counted_ns = static_cast<double>(now.tsc - base_.tsc) * ns_per_tick_;
    const double apart_ns = counted_ns - static_cast<double>(passed_ns);
    const auto bound_ns = static_cast<double>(kSlackNs) + static_cast<double>(passed_ns) / 16;
    return apart_ns > bound_ns || apart_ns < -bound_ns;
  }
  static double Rate(const Pair& from, const Pair& to) noexcept {
    return static_cast<double>(to.monotonic_ns - from.monotonic_ns) /
           static_cast<double>(to.tsc - from.tsc);
  }

  void LookForSuspends() noexcept {
    suspended_looked_ns_ = base_ns_;
    const int64_t suspended_ns = source_.BootNs() - source_.MonotonicNs() - suspended_at_start_ns_;
    // Anything less is the time between the two reads.
    if (suspended_ns - suspended_ns_ > kRateNs) suspended_ns_ = suspended_ns;
  }

  Source source_;
  Pair base_;  // of the last check
  int64_t base_ns_ = 0;
  double ns_per_tick_;  // 0: no reliable counter
  uint64_t check_ticks_ = 0;
  uint32_t reads_until_check_ = kReadsPerCheck;
  uint32_t rebases_ = 0;
  int64_t last_ns_ = 0;
  int64_t start_unix_ns_ = 0;
  int64_t start_monotonic_ns_ = 0;
  Pair rate_from_;
  int64_t suspended_at_start_ns_ = 0;
  int64_t suspended_ns_ = 0;
  int64_t suspended_looked_ns_ = 0;
};

extern template class BasicSteadyUnixClock<SystemTimeSource>;
using SteadyUnixClock = BasicSteadyUnixClock<SystemTimeSource>;

}  // namespace ringway
