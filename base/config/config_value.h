// Parses and prints one value of the configuration: prices, durations, sizes.
//
// Everything is exact: decimal digits become scaled integers without passing through binary
// floating point, and what the Format functions print reads back as the same integer. Thread rule:
// pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringway {

// Prices and notionals are integers in units of 1e-9 of a currency.
inline constexpr uint32_t kPriceDigits = 9;

// A value, or why there is none (a phrase that continues "... is wrong: ").
struct ParsedValue {
  int64_t value = 0;
  std::string error;
  bool ok() const noexcept { return error.empty(); }
};

// A decimal number, "-12.50", "1_000" or "1.5e3", times 10^digits. Errors: not a number; more
// decimal places than `digits`; out of the range of 64 bits.
ParsedValue ParseDecimal(std::string_view text, uint32_t digits);

// A price or notional in units of 1e-9.
inline ParsedValue ParsePrice(std::string_view text) { return ParseDecimal(text, kPriceDigits); }

// A duration in nanoseconds: "250us", "1.5s". Units: ns, us, ms, s, min, h. At most about 292
// years.
ParsedValue ParseDuration(std::string_view text);

// A size in bytes: "4096B", "256KiB". Units: B, KiB, MiB, GiB.
ParsedValue ParseBytes(std::string_view text);

std::string FormatDecimal(int64_t value, uint32_t digits);
inline std::string FormatPrice(int64_t price) { return FormatDecimal(price, kPriceDigits); }
std::string FormatDuration(int64_t duration_ns);  // with the largest unit that divides it
std::string FormatBytes(int64_t bytes);           // likewise

// The number of single-character edits between two words, for "did you mean".
uint32_t EditDistance(std::string_view a, std::string_view b);

}  // namespace ringway
