// Money arithmetic without rounding, overflow or division.
//
// Amounts are 128-bit integers in 1e-18 of the risk currency: price (1e-9) times quantity times the
// instrument's notional factor is exact. Limits are whole units of the risk currency.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "gateway/engine/engine_config.h"

namespace ringway {

__extension__ using Money = __int128;

inline constexpr Money kMoneyPerUnit = Money{1'000'000'000} * 1'000'000'000;

// One point of price.
inline constexpr int64_t kPricePoint = 1'000'000'000;

// The notional of an instrument's largest order stays below this (engine_config.h), so that 2^24
// orders still add up below 2^127.
inline constexpr Money kNotionalBound = kMoneyPerUnit * 1'000'000'000'000;

// kNoLimit, 9.2e18 units, is beyond the sum of 2^24 largest orders except in theory; it is compared
// explicitly all the same.
constexpr bool Exceeds(Money amount, int64_t limit_units) noexcept {
  return amount > Money{limit_units} * kMoneyPerUnit && limit_units != kNoLimit;
}

// Whole units, rounded up, for reports. Off the hot path: it divides.
constexpr int64_t UnitsRoundedUp(Money amount) noexcept {
  constexpr Money kMost = std::numeric_limits<int64_t>::max();
  const Money units = (amount > 0 ? amount + kMoneyPerUnit - 1 : amount) / kMoneyPerUnit;
  return static_cast<int64_t>(std::clamp(units, -kMost, kMost));
}

// A quantity or sum of quantities, for reports.
constexpr int64_t SaturatedUnits(Money value) noexcept {
  return value > std::numeric_limits<int64_t>::max() ? std::numeric_limits<int64_t>::max()
                                                     : static_cast<int64_t>(value);
}

// Quantities reported by a venue are unbounded: a position saturates so that it keeps its sign.
constexpr int64_t SaturatedSum(int64_t position, int64_t quantity) noexcept {
  int64_t sum = 0;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (!__builtin_add_overflow(position, quantity, &sum)) return std::max(sum, -kMost);
  return quantity > 0 ? kMost : -kMost;
}

}  // namespace ringway
