// Implements clock_notice.h: words what a clock counted.
#include "base/clock_notice.h"

namespace ringway {

std::string ClockNotice::Text(uint32_t rebases, int64_t suspended_ns) {
  std::string text;
  if (suspended_ns != suspended_ns_) {
    const std::string seconds = std::to_string((suspended_ns - suspended_ns_) / kNsPerS);
    text =
        "warning: this machine was suspended for " + seconds +
        " s. Nothing expired meanwhile, but the times in messages are behind the real-time clock "
        "by as much from now on: restart to set them right, and keep the machine from suspending";
    suspended_ns_ = suspended_ns;
  }
  // Reports the first and the last; those between add nothing.
  constexpr uint32_t kMax = SteadyUnixClock::kRebasesMax;
  const bool first = rebases_ == 0 && rebases != 0;
  const bool last = rebases_ < kMax && rebases >= kMax;
  rebases_ = rebases;
  if (!first && !last) return text;
  if (!text.empty()) text += "; ";
  text +=
      "warning: the processor's time-stamp counter disagreed with the monotonic clock, as after a "
      "suspend or a migration to another host; the time was put right";
  if (last) {
    text += ". It happened " + std::to_string(kMax) +
            " times: from now on the monotonic clock is read instead, which takes longer";
  }
  return text;
}

}  // namespace ringway
