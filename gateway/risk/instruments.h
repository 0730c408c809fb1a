// What does the gateway know of an instrument while it runs, and how fresh is its reference price?
//
// Built from the configuration; only the reference price changes afterwards. The engine's first
// step sets the time of references that come from the configuration. Engine thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/divisor.h"
#include "gateway/risk/money.h"
#include "gateway/risk/notional_factor.h"

namespace ringway {

struct alignas(64) Instrument {
  Divisor tick;
  int64_t price_min;
  int64_t price_max;
  uint64_t quantity_max;
  // Money = price * quantity * notional_factor / notional_divisor, rounded up. Of an inverse
  // contract the price is left out: its value is fixed.
  uint64_t notional_factor;
  int64_t reference_price;    // 0: none
  int64_t reference_time_ns;  // when it was last known to hold
  int64_t reference_age_max_ns;
  Divisor lot;
  int64_t tick_size;
  int64_t lot_size;
  uint64_t notional_divisor;
  uint64_t position_max;  // beyond it a position's value no longer grows: sums stay exact
  uint32_t id;
  uint32_t inverse;  // 1 or 0

  Money Notional(int64_t price, uint64_t quantity) const noexcept {
    const Money each = inverse != 0 ? kPricePoint : price;
    const Money product = each * static_cast<Money>(quantity) * static_cast<Money>(notional_factor);
    if (notional_divisor == 1) [[likely]]
      return product;
    const auto divisor = static_cast<Money>(notional_divisor);
    return (product + divisor - 1) / divisor;
  }

  bool ReferenceIsFresh(int64_t now_ns) const noexcept {
    return reference_price != 0 &&
           (reference_age_max_ns == 0 || now_ns - reference_time_ns <= reference_age_max_ns);
  }
};

// What a position counts for. What a venue reports has no bound of ours: valuing is clamped.
inline Money PositionValue(const Instrument& instrument, int64_t quantity, int64_t price) noexcept {
  const uint64_t size =
      quantity < 0 ? 0 - static_cast<uint64_t>(quantity) : static_cast<uint64_t>(quantity);
  return instrument.Notional(std::min(price, instrument.price_max),
                             std::min(size, instrument.position_max));
}

// The largest quantity that one order may have: with 2^24 orders the sums stay below 2^63.
inline constexpr uint64_t kQuantityBound = uint64_t{1} << 39;

inline Instrument MakeInstrument(const InstrumentConfig& config) {
  RINGWAY_CHECK(config.tick > 0 && config.lot > 0, "tick and lot are positive");
  RINGWAY_CHECK(config.price_min > 0 && config.price_min <= config.price_max,
                "price_min, price_max");
  RINGWAY_CHECK(config.quantity_max > 0 && config.quantity_max < kQuantityBound, "quantity_max");
  RINGWAY_CHECK(config.reference_price >= 0 && config.reference_age_max_ns >= 0, "reference price");
  RINGWAY_CHECK(
      config.currency_rate > 0 && config.units_per_price > 0 && config.contract_multiplier > 0,
      "currency_rate, units_per_price and contract_multiplier are positive");
  const NotionalFactor factor = NotionalFactor::Of(config);
  RINGWAY_CHECK(factor.FindError(config) == NotionalFactor::Error::kNone,
                "an order's notional is below 1e12 and can be worked out");
  Instrument made{};
  made.tick = Divisor(static_cast<uint64_t>(config.tick));
  made.lot = Divisor(config.lot);
  made.price_min = config.price_min;
  made.price_max = config.price_max;
  made.quantity_max = config.quantity_max;
  made.notional_factor = factor.numerator;
  made.notional_divisor = factor.divisor;
  made.inverse = config.inverse;
  made.position_max = factor.PositionMax(config);
  made.reference_price = config.reference_price;
  made.reference_age_max_ns = config.reference_age_max_ns;
  made.tick_size = config.tick;
  made.lot_size = static_cast<int64_t>(config.lot);
  made.id = config.id;
  RINGWAY_CHECK(static_cast<uint64_t>(config.price_max / config.tick) < kTicksMax,
                "price_max / tick");
  return made;
}

}  // namespace ringway
