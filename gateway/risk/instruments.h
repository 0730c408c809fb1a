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

namespace ringway {

struct alignas(64) Instrument {
  Divisor tick;
  int64_t price_min;
  int64_t price_max;
  uint64_t quantity_max;
  uint64_t notional_factor;   // Money = price * quantity * notional_factor
  int64_t reference_price;    // 0: none
  int64_t reference_time_ns;  // when it was last known to hold
  int64_t reference_age_max_ns;
  Divisor lot;
  int64_t tick_size;
  int64_t lot_size;
  uint32_t id;

  Money Notional(int64_t price, uint64_t quantity) const noexcept {
    return Money{price} * static_cast<Money>(quantity) * static_cast<Money>(notional_factor);
  }

  bool ReferenceIsFresh(int64_t now_ns) const noexcept {
    return reference_price != 0 &&
           (reference_age_max_ns == 0 || now_ns - reference_time_ns <= reference_age_max_ns);
  }
};

// What a position counts for. What a venue reports has no bound of ours: valuing is clamped so that
// sums stay exact.
inline Money PositionValue(const Instrument& instrument, int64_t quantity, int64_t price) noexcept {
  const uint64_t size =
      quantity < 0 ? 0 - static_cast<uint64_t>(quantity) : static_cast<uint64_t>(quantity);
  return instrument.Notional(std::min(price, instrument.price_max),
                             std::min(size, instrument.quantity_max << 16));
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
  const auto worth =
      static_cast<unsigned __int128>(config.currency_rate) * config.contract_multiplier;
  RINGWAY_CHECK(worth % config.units_per_price == 0,
                "units_per_price divides currency_rate * contract_multiplier");
  const auto factor = static_cast<Money>(worth / config.units_per_price);
  RINGWAY_CHECK(
      factor <= kNotionalBound / config.price_max / static_cast<Money>(config.quantity_max),
      "the notional of price_max and quantity_max is below 1e12");
  Instrument made{};
  made.tick = Divisor(static_cast<uint64_t>(config.tick));
  made.lot = Divisor(config.lot);
  made.price_min = config.price_min;
  made.price_max = config.price_max;
  made.quantity_max = config.quantity_max;
  made.notional_factor = static_cast<uint64_t>(factor);
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
