// The time of the simulated world.
//
// Time is a number that the world raises by turns. Whoever would sleep (a strategy that waits for
// the answer to its logon) has the world turn instead.
// Thread rule: one thread. Lifetime: the timeline outlives its clocks.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace ringway::sim {

// A trading day begins in the middle of a run, where the plan has one: at a whole second.
inline constexpr int64_t kDayBeginsNs = 1'700'000'000 * kNsPerS;
inline constexpr const char* kDayBegins = "22:13:20 UTC";
inline constexpr int64_t kDaySecond = 80'000;  // of the day in UTC
inline constexpr int64_t kStartNs = kDayBeginsNs - 40 * kNsPerMs;

inline constexpr int64_t kCalmTurnNs = 100 * kNsPerUs;  // of a world that is healed

struct Timeline {
  int64_t now_ns = kStartNs;
  std::function<void()> turn;  // everybody's, but of who waits
};

class SimClock {
 public:
  explicit SimClock(Timeline* timeline) noexcept : timeline_(timeline) {}
  int64_t NowNs() const noexcept { return timeline_->now_ns; }
  void Pause() const { timeline_->turn(); }

 private:
  Timeline* timeline_;
};

}  // namespace ringway::sim
