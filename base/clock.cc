#include "base/clock.h"

#include <cpuid.h>
#include <time.h>
#include <x86intrin.h>

#include <algorithm>

namespace ringway {
namespace {

int64_t Read(clockid_t id) noexcept {
  timespec t;
  clock_gettime(id, &t);
  return static_cast<int64_t>(t.tv_sec) * kNsPerS + t.tv_nsec;
}

// Intel SDM vol. 2A, CPUID leaf 80000007H: EDX bit 8 says that the counter runs at a constant rate
// in all states.
bool TscIsInvariant() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}

// The rate is first measured over this long, then over ever longer spans since construction.
constexpr int64_t kFirstCalibrationNs = 10 * kNsPerMs;
constexpr int64_t kRecalibrationNs = kNsPerS;

}  // namespace

int64_t MonotonicNowNs() noexcept { return Read(CLOCK_MONOTONIC); }
int64_t UnixNowNs() noexcept { return Read(CLOCK_REALTIME); }
uint64_t ReadTsc() noexcept { return __rdtsc(); }

double MeasureTscNsPerTick() noexcept {
  if (!TscIsInvariant()) return 0;
  const int64_t start_ns = MonotonicNowNs();
  const uint64_t start_tsc = ReadTsc();
  int64_t now_ns = start_ns;
  while (now_ns - start_ns < kFirstCalibrationNs) now_ns = MonotonicNowNs();
  return static_cast<double>(now_ns - start_ns) / static_cast<double>(ReadTsc() - start_tsc);
}

SteadyUnixClock::SteadyUnixClock() noexcept
    : start_tsc_(0),
      start_unix_ns_(0),
      start_monotonic_ns_(0),
      ns_per_tick_(MeasureTscNsPerTick()),
      recalibrate_tsc_(0),
      last_ns_(0) {
  start_unix_ns_ = UnixNowNs();
  start_monotonic_ns_ = MonotonicNowNs();
  start_tsc_ = ReadTsc();
  last_ns_ = start_unix_ns_;
  recalibrate_tsc_ = start_tsc_;
}

int64_t SteadyUnixClock::NowNs() noexcept {
  if (ns_per_tick_ == 0) return start_unix_ns_ + (MonotonicNowNs() - start_monotonic_ns_);
  const uint64_t tsc = ReadTsc();
  int64_t now_ns;
  if (tsc >= recalibrate_tsc_) [[unlikely]] {
    now_ns = Recalibrate(tsc);
  } else {
    now_ns =
        start_unix_ns_ + static_cast<int64_t>(static_cast<double>(tsc - start_tsc_) * ns_per_tick_);
  }
  last_ns_ = std::max(last_ns_, now_ns);
  return last_ns_;
}

int64_t SteadyUnixClock::Recalibrate(uint64_t tsc) noexcept {
  const int64_t elapsed_ns = MonotonicNowNs() - start_monotonic_ns_;
  if (elapsed_ns >= kRecalibrationNs) {
    ns_per_tick_ = static_cast<double>(elapsed_ns) / static_cast<double>(tsc - start_tsc_);
  }
  recalibrate_tsc_ =
      tsc + static_cast<uint64_t>(static_cast<double>(kRecalibrationNs) / ns_per_tick_);
  return start_unix_ns_ + elapsed_ns;
}

}  // namespace ringway
