// NotionalFactor: the exact worth of one unit of price and quantity of an instrument.
//
// A fraction in lowest terms of 1e-18 of the risk currency: currency_rate * contract_multiplier /
// units_per_price. It need not be a whole number, for example for a coin that is traded in 1e-8 at
// a rate of 1.0873; then each notional is rounded up on its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "gateway/engine/engine_config.h"
#include "gateway/risk/money.h"

namespace ringway {

struct NotionalFactor {
  // Keeps the bounds below computable in 128 bits.
  static constexpr uint64_t kDivisorMax = 100'000'000;
  // Products before the division stay below this, which leaves room for rounding up and a sign.
  static constexpr Money kProductMax = Money{1} << 125;

  uint64_t numerator = 0;  // 0: too large
  uint64_t divisor = 1;

  // REQUIRES: its three parts are positive.
  static NotionalFactor Of(const InstrumentConfig& config) noexcept {
    const auto rate = static_cast<uint64_t>(config.currency_rate);
    const uint64_t of_rate = std::gcd(rate, config.units_per_price);
    const uint64_t units = config.units_per_price / of_rate;
    const uint64_t of_multiplier = std::gcd(uint64_t{config.contract_multiplier}, units);
    const Money numerator = static_cast<Money>(rate / of_rate) *
                            static_cast<Money>(config.contract_multiplier / of_multiplier);
    const bool fits = numerator <= Money{INT64_MAX};
    return {fits ? static_cast<uint64_t>(numerator) : 0, units / of_multiplier};
  }

  enum class Error : uint8_t { kNone, kTooManyPlaces, kTooValuable };
  // Why notionals of an order or a position cannot be computed.
  Error FindError(const InstrumentConfig& config) const noexcept {
    if (divisor > kDivisorMax) return Error::kTooManyPlaces;
    const Money most = LargestPrice(config) * static_cast<Money>(config.quantity_max);
    const auto of_divisor = static_cast<Money>(divisor);
    const auto of_numerator = static_cast<Money>(numerator);
    if (numerator == 0 || most > (kNotionalBound * of_divisor - 1) / of_numerator) {
      return Error::kTooValuable;
    }
    // A position must hold at least several orders.
    return most > kProductMax / 16 / of_numerator ? Error::kTooManyPlaces : Error::kNone;
  }

  // The largest position that is valued without clamping. REQUIRES: no error.
  uint64_t PositionMax(const InstrumentConfig& config) const noexcept {
    const Money most = kProductMax / LargestPrice(config) / static_cast<Money>(numerator);
    return static_cast<uint64_t>(
        std::min(most, static_cast<Money>(config.quantity_max) * (1 << 16)));
  }

 private:
  static Money LargestPrice(const InstrumentConfig& config) noexcept {
    return config.inverse ? Money{kPricePoint}
                          : std::max(Money{config.price_max}, -Money{config.price_min});
  }
};

}  // namespace ringway
