// An instrument as the gateway uses it while it runs, and the age of its reference price.
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
#include "schema/messages.h"

namespace ringway {

// Prices are positive, unless price_min is 0 or below: spreads, power and swaps trade at any price.
// Code that depends on whether an order has a price tests its type (HasLimit, HasTrigger), not the
// price.
struct alignas(64) Instrument {
  Divisor tick;
  int64_t price_min;
  int64_t price_max;
  uint64_t quantity_max;
  // Money = |price| * quantity * notional_factor / notional_divisor, rounded up. For an inverse
  // contract the price is left out: its value is fixed.
  uint64_t notional_factor;
  // Ticks are counted from here, a multiple of the tick: 0, or price_min below.
  int64_t price_floor;
  int64_t price_bound;        // upper bound of |price|
  int64_t reference_price;    // 0 without has_reference
  int64_t reference_time_ns;  // when it was last confirmed
  int64_t reference_age_max_ns;
  Divisor lot;
  int64_t tick_size;
  int64_t lot_size;
  uint64_t notional_divisor;
  uint64_t position_max;  // beyond it a position's value no longer grows: sums stay exact
  int64_t collar_width_min;
  uint32_t id;
  bool inverse;
  bool has_reference;
  bool any_sign;  // price_min is 0 or below

  // The value of the quantity; never negative.
  Money Notional(int64_t price, uint64_t quantity) const noexcept {
    const Money size = price < 0 ? -Money{price} : Money{price};
    const Money each = inverse ? Money{kPricePoint} : size;
    const Money product = each * static_cast<Money>(quantity) * static_cast<Money>(notional_factor);
    if (notional_divisor == 1) [[likely]]
      return product;
    const auto divisor = static_cast<Money>(notional_divisor);
    return (product + divisor - 1) / divisor;
  }
  // The price of the two at which a quantity has the larger value.
  int64_t Worse(int64_t a, int64_t b) const noexcept {
    if (!any_sign) [[likely]]
      return std::max(a, b);
    return Magnitude(a) > Magnitude(b) ? a : b;
  }
  static constexpr uint64_t Magnitude(int64_t price) noexcept {
    return price < 0 ? 0 - static_cast<uint64_t>(price) : static_cast<uint64_t>(price);
  }

  bool IsPrice(int64_t price) const noexcept { return price >= price_min && price <= price_max; }
  // Whether a report states this price at all: 0 means none.
  bool IsStated(int64_t price) const noexcept { return any_sign ? price != 0 : price > 0; }
  // Whether it is 0 or can be valued, so that loading it keeps the sums valid.
  bool CanValue(int64_t price) const noexcept { return price >= price_floor && price <= price_max; }
  // REQUIRES: CanValue(price).
  bool IsOnTick(int64_t price) const noexcept {
    return tick.Divides(static_cast<uint64_t>(price - price_floor));
  }
  // Tick number, counted from price_floor. REQUIRES: IsOnTick(price).
  uint64_t TickOf(int64_t price) const noexcept {
    return tick.Quotient(static_cast<uint64_t>(price - price_floor));
  }
  int64_t PriceOf(uint64_t tick_number) const noexcept {
    return static_cast<int64_t>(tick_number) * tick_size + price_floor;
  }

  bool ReferenceIsFresh(int64_t now_ns) const noexcept {
    return has_reference &&
           (reference_age_max_ns == 0 || now_ns - reference_time_ns <= reference_age_max_ns);
  }
};

// The value of a position. Positions reported by a venue are unbounded, so the value is clamped.
inline Money PositionValue(const Instrument& instrument, int64_t quantity, int64_t price) noexcept {
  const uint64_t size =
      quantity < 0 ? 0 - static_cast<uint64_t>(quantity) : static_cast<uint64_t>(quantity);
  return instrument.Notional(std::clamp(price, -instrument.price_bound, instrument.price_bound),
                             std::min(size, instrument.position_max));
}

constexpr bool HasLimit(OrdType type) noexcept {
  return type == OrdType::kLimit || type == OrdType::kStopLimit;
}
constexpr bool HasTrigger(OrdType type) noexcept {
  return type == OrdType::kStop || type == OrdType::kStopLimit;
}

inline Instrument MakeInstrument(const InstrumentConfig& config) {
  RINGWAY_CHECK(config.tick > 0 && config.lot > 0, "tick and lot are positive");
  const bool any_sign = config.price_min <= 0;
  RINGWAY_CHECK(config.price_max > 0 && config.price_min <= config.price_max &&
                    (!any_sign || config.price_min % config.tick == 0),
                "price_min, price_max");
  const int64_t bound = std::max(config.price_max, any_sign ? -config.price_min : 0);
  RINGWAY_CHECK(config.quantity_max > 0 && config.quantity_max < kQuantityBound, "quantity_max");
  RINGWAY_CHECK(
      (config.reference_price >= 0 || (any_sign && config.reference_price >= config.price_min)) &&
          config.reference_age_max_ns >= 0 && config.collar_width_min >= 0,
      "reference price");
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
  made.price_floor = any_sign ? config.price_min : 0;
  made.price_bound = bound;
  made.any_sign = any_sign;
  made.reference_price = config.reference_price;
  made.has_reference = config.reference_price != 0;
  made.collar_width_min = config.collar_width_min;
  made.reference_age_max_ns = config.reference_age_max_ns;
  made.tick_size = config.tick;
  made.lot_size = static_cast<int64_t>(config.lot);
  made.id = config.id;
  RINGWAY_CHECK(
      static_cast<uint64_t>((config.price_max - made.price_floor) / config.tick) < kTicksMax,
      "price_max / tick");
  return made;
}

}  // namespace ringway
