// The signals to an end of a fault run, and the measurement of how long its loop stalled.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdint>

#include "base/clock.h"
#include "tests/softroce/faults/ends.h"

namespace ringway::faults {

inline volatile std::sig_atomic_t stop_wanted = 0;
inline volatile std::sig_atomic_t pause_wanted = 0;

inline void CatchEndSignals() {
  struct sigaction action = {};
  action.sa_handler = [](int number) { (number == SIGTERM ? stop_wanted : pause_wanted) = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
}

// One loop's clock: whether it should consume in this turn, and its longest recent turn.
class Turns {
 public:
  // Begins a turn.
  void Next(int64_t now_ns) noexcept {
    if (last_ns_ != 0) longest_ns_ = std::max(longest_ns_, now_ns - last_ns_);
    last_ns_ = now_ns;
    if (pause_wanted != 0) {
      pause_wanted = 0;
      paused_until_ns_ = now_ns + kPauseNs;
    }
  }
  bool consumes() const noexcept { return last_ns_ >= paused_until_ns_; }
  // In nanoseconds, since something was last Heard().
  int64_t longest_ns() const noexcept { return longest_ns_; }
  void Heard() noexcept { longest_ns_ = 0; }
  // For use after the loop stood still on purpose.
  void Restart() noexcept { last_ns_ = longest_ns_ = 0; }

 private:
  int64_t last_ns_ = 0;
  int64_t longest_ns_ = 0;
  int64_t paused_until_ns_ = 0;
};

}  // namespace ringway::faults
