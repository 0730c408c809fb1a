// A rate limit per holder: a burst, then a steady rate.
//
// Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "base/clock.h"

namespace ringway {

class RateShare {
 public:
  RateShare(uint32_t burst, uint32_t per_second) noexcept
      : burst_(burst), ns_each_(kNsPerS / per_second) {}

  // False: this holder has used up its share for now. REQUIRES: the set of holders is bounded; time
  // does not go back.
  bool Take(uint64_t holder, int64_t now_ns) {
    // The time since which, at the steady rate, nothing would have been taken.
    int64_t& full_at_ns = full_at_ns_.try_emplace(holder, now_ns).first->second;
    const int64_t after_ns = std::max(full_at_ns, now_ns) + ns_each_;
    if (after_ns - now_ns > burst_ * ns_each_) return false;
    full_at_ns = after_ns;
    return true;
  }

 private:
  const int64_t burst_;
  const int64_t ns_each_;
  std::unordered_map<uint64_t, int64_t> full_at_ns_;
};

}  // namespace ringway
