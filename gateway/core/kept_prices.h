// KeptPrices: reference prices of a venue that wait while the journal has no room to spare, the
// latest of each instrument.
//
// Thread rule: the engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "gateway/core/step.h"

namespace ringway {

class KeptPrices {
 public:
  // Replaces an earlier one of its instrument. At most one for each number that the venue uses,
  // `kPricesMax` in all; further ones are dropped.
  void Keep(uint32_t instrument, const EffectView& price) {
    if (prices_.size() < kPricesMax || prices_.contains(instrument))
      prices_[instrument] = Effect(price);
  }
  bool empty() const noexcept { return prices_.empty(); }
  // REQUIRES: !empty().
  Effect Take() {
    const Effect price = prices_.begin()->second;
    prices_.erase(prices_.begin());
    return price;
  }

 private:
  static constexpr std::size_t kPricesMax = 65'536;

  absl::flat_hash_map<uint32_t, Effect> prices_;
};

}  // namespace ringway
