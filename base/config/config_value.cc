// Converts decimal text to scaled integers and back, exactly.
#include "base/config/config_value.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace ringway {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// From the smallest to the largest.
constexpr std::array<Unit, 6> kDurationUnits{{{"ns", 1},
                                              {"us", 1'000},
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"min", 60'000'000'000},
                                              {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 4> kByteUnits{
    {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};

// More digits than this are refused before any arithmetic: 10^38 fits 128 bits.
constexpr uint32_t kSignificantDigitsMax = 30;
constexpr int32_t kExponentMax = 40;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// mantissa * 10^exponent, as written.
struct Decimal {
  unsigned __int128 mantissa = 0;
  int32_t exponent = 0;
  bool negative = false;
};

std::string ReadDecimal(std::string_view text, Decimal& out) {
  const std::string not_a_number = "it is not a decimal number";
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) out.negative = text[i++] == '-';
  uint32_t significant = 0;
  uint32_t digits = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point && digits > 0) {
      point = true;
    } else if (c == '_' && i > 0 && IsDigit(text[i - 1]) && i + 1 < text.size() &&
               IsDigit(text[i + 1])) {
      continue;
    } else if (IsDigit(c)) {
      ++digits;
      if (out.mantissa != 0 || c != '0') ++significant;
      if (significant > kSignificantDigitsMax) return "it has too many digits";
      out.mantissa = out.mantissa * 10 + static_cast<unsigned>(c - '0');
      if (point) --out.exponent;
      if (out.exponent < -2 * kExponentMax) return "it has too many decimal places";
    } else {
      break;
    }
  }
  if (digits == 0 || text[i - 1] == '.') return not_a_number;
  if (i == text.size()) return {};
  if (text[i] != 'e' && text[i] != 'E') return not_a_number;
  ++i;
  bool negative = false;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  if (i == text.size()) return not_a_number;
  int32_t exponent = 0;
  for (; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return not_a_number;
    exponent = exponent * 10 + (text[i] - '0');
    if (exponent > kExponentMax) return "its exponent is too large";
  }
  out.exponent += negative ? -exponent : exponent;
  return {};
}

// decimal * factor as an integer; exact or an error.
ParsedValue Scale(Decimal decimal, int64_t factor, std::string_view inexact) {
  constexpr unsigned __int128 kMax = INT64_MAX;
  if (decimal.mantissa == 0) return {};
  unsigned __int128 value = decimal.mantissa;
  // Trailing zeros first, so that no intermediate overflows for a number that fits.
  while (decimal.exponent < 0 && value % 10 == 0) value /= 10, ++decimal.exponent;
  unsigned __int128 scale = static_cast<unsigned __int128>(factor);
  while (decimal.exponent < 0 && scale % 10 == 0) scale /= 10, ++decimal.exponent;
  // The rest divides by 2s and 5s only, if at all: 0.5KiB is 512B.
  while (decimal.exponent < 0) {
    if (value % 5 == 0 && scale % 2 == 0) {
      value /= 5, scale /= 2;
    } else if (value % 2 == 0 && scale % 5 == 0) {
      value /= 2, scale /= 5;
    } else {
      return {0, std::string(inexact)};
    }
    ++decimal.exponent;
  }
  const std::string too_large = "it does not fit 64 bits";
  for (; decimal.exponent > 0; --decimal.exponent) {
    if (value > kMax) return {0, too_large};
    value *= 10;
  }
  if (value > kMax || value > kMax / scale) return {0, too_large};
  const auto magnitude = static_cast<int64_t>(value * scale);
  return {decimal.negative ? -magnitude : magnitude, {}};
}

ParsedValue ParseWithUnit(std::string_view text, std::span<const Unit> units,
                          std::string_view smallest) {
  std::size_t end = text.size();
  while (end > 0 && !IsDigit(text[end - 1])) --end;
  std::string_view name = text.substr(end);
  while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  std::string names;
  for (const Unit& unit : units) {
    names += names.empty() ? "" : ", ";
    names += unit.name;
  }
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    Decimal decimal;
    if (std::string error = ReadDecimal(text.substr(0, end), decimal); !error.empty()) {
      return {0, std::move(error)};
    }
    return Scale(decimal, unit.factor, smallest);
  }
  if (name.empty()) return {0, "it has no unit (" + names + ")"};
  return {0, "it does not end in a unit (" + names + ")"};
}

std::string FormatWithUnit(int64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

ParsedValue ParseDecimal(std::string_view text, uint32_t digits) {
  Decimal decimal;
  if (std::string error = ReadDecimal(text, decimal); !error.empty()) return {0, std::move(error)};
  int64_t factor = 1;
  for (uint32_t i = 0; i < digits; ++i) factor *= 10;
  return Scale(decimal, factor,
               digits == 0 ? "it is not a whole number"
                           : "it has more than " + std::to_string(digits) + " decimal places");
}

ParsedValue ParseDuration(std::string_view text) {
  return ParseWithUnit(text, kDurationUnits, "it is not a whole number of nanoseconds");
}

ParsedValue ParseBytes(std::string_view text) {
  return ParseWithUnit(text, kByteUnits, "it is not a whole number of bytes");
}

std::string FormatDecimal(int64_t value, uint32_t digits) {
  const bool negative = value < 0;
  const uint64_t magnitude =
      negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::string text = std::to_string(magnitude);
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  if (digits > 0) {
    text.insert(text.size() - digits, ".");
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return negative ? "-" + text : text;
}

std::string FormatDuration(int64_t duration_ns) {
  return FormatWithUnit(duration_ns, kDurationUnits);
}

std::string FormatBytes(int64_t bytes) { return FormatWithUnit(bytes, kByteUnits); }

uint32_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<uint32_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<uint32_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    uint32_t diagonal = row[0];
    row[0] = static_cast<uint32_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const uint32_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1] ? 1u : 0u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace ringway
