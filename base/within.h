// Waits until a condition holds.
#pragma once

#include <unistd.h>

#include <cstdint>

#include "base/clock.h"

namespace ringway {

// Asks every millisecond. False: it did not hold in time.
template <class F>
bool Within(int64_t patience_ns, F&& holds) {
  for (const int64_t deadline_ns = MonotonicNowNs() + patience_ns; !holds(); usleep(1'000)) {
    if (MonotonicNowNs() > deadline_ns) return false;
  }
  return true;
}

}  // namespace ringway
