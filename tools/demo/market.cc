// Implements market.h: the opening prices of the invented instruments.
#include "tools/demo/market.h"

namespace ringway::demo {
namespace {

constexpr int64_t kCent = 10'000'000;

}  // namespace

std::vector<DemoInstrument> GeneratedInstruments() {
  return {{1, "RWA", kCent, 5'000 * kCent},
          {2, "RWB", kCent, 12'000 * kCent},
          {3, "RWC", kCent, 18'500 * kCent},
          {4, "RWD", kCent, 30'000 * kCent}};
}

std::vector<DemoInstrument> ReplayedInstruments(int64_t opening_price) {
  return {{1, "REPLAY", kCent, opening_price}};
}

}  // namespace ringway::demo
