// ClockNotice: a daemon's messages about clock events that an operator should know of.
//
// Thread rule: the clock's thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ringway {

class ClockNotice {
 public:
  // Calls log(const std::string&) for what is new since the last call. Costs two comparisons if
  // nothing is.
  template <class Log>
  void Look(const SteadyUnixClock& clock, Log&& log) {
    if (clock.rebases() == rebases_ && clock.suspended_ns() == suspended_ns_) [[likely]]
      return;
    if (const std::string text = Text(clock.rebases(), clock.suspended_ns()); !text.empty()) {
      log(text);
    }
  }

  // The text that Look() logs for these values, given those of the last call; empty: nothing.
  std::string Text(uint32_t rebases, int64_t suspended_ns);

 private:
  uint32_t rebases_ = 0;
  int64_t suspended_ns_ = 0;
};

}  // namespace ringway
