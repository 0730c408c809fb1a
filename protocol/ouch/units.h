// Prices and times of OUCH, to and from Ringway's: prices in units of 1e-9, times in ns since 1970.
//
// Exact in both directions; what the other form cannot hold is refused, never rounded.
#pragma once

#include <cstdint>
#include <optional>

namespace ringway::ouch {

// A price has four decimals in both versions (4.2 §1.2, 5.0 §1.3): u32 in 4.2, u64 in 5.0.
inline constexpr int64_t kNanosPerTick = 100'000;
// The highest limit of an order: 199,999.9900.
inline constexpr uint32_t kLimitPriceMax = 1'999'999'900;
// Instead of a limit: a market order. 4.2 names the second, for crosses.
inline constexpr uint32_t kMarketPrice = 2'000'000'000;     // 200,000.0000
inline constexpr uint32_t kMarketCrossPrice = 0x7fff'ffff;  // 214,748.3647
// The highest price that Ringway's form holds.
inline constexpr uint64_t kPriceMax = INT64_MAX / kNanosPerTick;

constexpr bool IsMarket(uint64_t price) noexcept {
  return price == kMarketPrice || price == kMarketCrossPrice;
}
constexpr bool IsLimit(uint64_t price) noexcept { return price >= 1 && price <= kLimitPriceMax; }

// Empty: a market price, or above kPriceMax.
constexpr std::optional<int64_t> NanosOf(uint64_t price) noexcept {
  if (IsMarket(price) || price > kPriceMax) return std::nullopt;
  return static_cast<int64_t>(price) * kNanosPerTick;
}
// The limit of an order. Empty: not positive, too high, or with a fifth decimal.
constexpr std::optional<uint32_t> LimitPriceOf(int64_t nanos) noexcept {
  if (nanos <= 0 || nanos % kNanosPerTick != 0) return std::nullopt;
  const int64_t ticks = nanos / kNanosPerTick;
  if (ticks > int64_t{kLimitPriceMax}) return std::nullopt;
  return static_cast<uint32_t>(ticks);
}

// Timestamps count ns since midnight of the venue's local day (NASDAQ: America/New_York). The
// caller gives the day's start, because this library knows no time zones. A day in which clocks are
// put back has 25 hours.
inline constexpr uint64_t kTimestampMax = 25ull * 3600 * 1'000'000'000 - 1;

constexpr int64_t UnixNs(int64_t day_start_ns, uint64_t timestamp) noexcept {
  return day_start_ns + static_cast<int64_t>(timestamp);
}
// Empty: not in that day.
constexpr std::optional<uint64_t> TimestampOf(int64_t day_start_ns, int64_t unix_ns) noexcept {
  if (unix_ns < day_start_ns) return std::nullopt;
  const uint64_t since = static_cast<uint64_t>(unix_ns) - static_cast<uint64_t>(day_start_ns);
  if (since > kTimestampMax) return std::nullopt;
  return since;
}

}  // namespace ringway::ouch
