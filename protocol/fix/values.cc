#include "protocol/fix/values.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "absl/time/civil_time.h"
#include "base/clock.h"

namespace ringway::fix {
namespace {

constexpr uint64_t kUnit = 1'000'000'000;
constexpr int64_t kNsPerDay = 86'400 * kNsPerS;

constexpr std::array<uint64_t, 20> kPowersOfTen = [] {
  std::array<uint64_t, 20> powers{1};
  for (size_t i = 1; i != powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

using internal::AreDigits;
using internal::kZeros;
using internal::Load8;
using internal::PutPair;

unsigned Digit(char c) noexcept { return static_cast<unsigned char>(c) - unsigned{'0'}; }

constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;

}  // namespace

std::string_view Name(ValueError error) noexcept {
  switch (error) {
    case ValueError::kNone:
      return "no error";
    case ValueError::kEmpty:
      return "no value";
    case ValueError::kMalformed:
      return "malformed";
    case ValueError::kTooPrecise:
      return "more than nine decimals";
    case ValueError::kOverflow:
      return "out of range";
    case ValueError::kNoSuchTime:
      return "no such time";
  }
  return "unknown";
}

ValueError ParseLongUnsigned(std::string_view text, uint64_t& value) noexcept {
  uint64_t sum = 0;
  for (const char c : text) {
    const unsigned digit = Digit(c);
    if (digit > 9) return ValueError::kMalformed;
    if (__builtin_mul_overflow(sum, uint64_t{10}, &sum) ||
        __builtin_add_overflow(sum, uint64_t{digit}, &sum))
      return ValueError::kOverflow;
  }
  value = sum;
  return ValueError::kNone;
}

ValueError ParseDecimal(std::string_view text, int64_t& nanos) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at == end) return ValueError::kEmpty;
  const bool negative = *at == '-';
  if (negative) ++at;
  if (const size_t bytes = static_cast<size_t>(end - at); bytes - 1 < 18) [[likely]] {
    // Too short for an overflow of its digits.
    const char* digit_at = at;
    uint64_t value = 0;
    unsigned digit = 0;
    while (digit_at != end && (digit = Digit(*digit_at)) <= 9) {
      value = value * 10 + digit;
      ++digit_at;
    }
    const char* const point = digit_at;
    if (digit_at != end) {
      if (*digit_at != '.') return ValueError::kMalformed;
      while (++digit_at != end) {
        digit = Digit(*digit_at);
        if (digit > 9) return ValueError::kMalformed;
        value = value * 10 + digit;
      }
    }
    const size_t decimals = point == end ? 0 : static_cast<size_t>(end - point) - 1;
    int64_t result = 0;
    if (decimals <= 9 && bytes != (point == end ? 0u : 1u) &&
        !__builtin_mul_overflow(static_cast<int64_t>(value),
                                static_cast<int64_t>(kPowersOfTen[9 - decimals]), &result)) {
      nanos = negative ? -result : result;
      return ValueError::kNone;
    }
  }
  while (end - at > 18 && *at == '0') ++at;  // so that eighteen digits cannot overflow
  uint64_t whole = 0;
  unsigned digit = 0;
  const char* const last = at + std::min<ptrdiff_t>(end - at, 18);
  while (at != last && (digit = Digit(*at)) <= 9) {
    whole = whole * 10 + digit;
    ++at;
  }
  if (at == last && at != end && Digit(*at) <= 9) return ValueError::kOverflow;
  bool any = at != text.data() + (negative ? 1 : 0);
  uint64_t fraction = 0;
  if (at != end) {
    if (*at != '.') return ValueError::kMalformed;
    const char* const point = at++;
    const char* const nine = at + std::min<ptrdiff_t>(end - at, 9);
    while (at != nine) {
      digit = Digit(*at);
      if (digit > 9) return ValueError::kMalformed;
      fraction = fraction * 10 + digit;
      ++at;
    }
    const ptrdiff_t decimals = at - point - 1;
    any = any || decimals != 0;
    fraction *= kPowersOfTen[static_cast<size_t>(9 - decimals)];
    bool precise = true;
    for (; at != end; ++at) {
      if (Digit(*at) > 9) return ValueError::kMalformed;
      precise = precise && *at == '0';
    }
    if (!precise) return ValueError::kTooPrecise;
  }
  if (!any) return ValueError::kMalformed;
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (whole > kMax / kUnit) return ValueError::kOverflow;
  const uint64_t magnitude = whole * kUnit + fraction;
  if (magnitude > kMax + (negative ? 1 : 0)) return ValueError::kOverflow;
  nanos = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return ValueError::kNone;
}

ValueError ParseDecimalInside(std::string_view text, int64_t& nanos) noexcept {
  if (text.size() - 1 > 7) return ParseDecimal(text, nanos);
  const uint64_t word = Load8(text.data() + text.size() - 8);
  const uint64_t of_text = ~uint64_t{0} << (64 - 8 * text.size());
  uint64_t digits = (word ^ kZeros) & of_text;
  unsigned decimals = 0;
  // Bytes that are a point are 0; the lowest mark is that of the first one.
  const uint64_t others = (word ^ 0x2e2e'2e2e'2e2e'2e2e) | ~of_text;
  const uint64_t marks = (others - 0x0101'0101'0101'0101) & ~others & kHighBits;
  if (marks != 0) {
    const auto point = static_cast<unsigned>(std::countr_zero(marks)) & ~7u;
    const uint64_t before = (uint64_t{1} << point) - 1;
    // What is before the point moves over it.
    digits = (digits & ~(before << 8 | 0xff)) | (digits & before) << 8;
    decimals = 7 - point / 8;
  }
  // Signs and errors take the long way.
  if (!AreDigits(digits) || (marks != 0 && text.size() == 1)) return ParseDecimal(text, nanos);
  nanos = static_cast<int64_t>(internal::NumberOf(digits) * kPowersOfTen[9 - decimals]);
  return ValueError::kNone;
}

ValueError ParseBool(std::string_view text, bool& value) noexcept {
  if (text.empty()) return ValueError::kEmpty;
  if (text != "Y" && text != "N") return ValueError::kMalformed;
  value = text == "Y";
  return ValueError::kNone;
}

ValueError ParseDate(std::string_view text, int32_t& days) noexcept {
  if (text.empty()) return ValueError::kEmpty;
  if (text.size() != kDateBytes || !AreDigits(Load8(text.data()) ^ kZeros))
    return ValueError::kMalformed;
  const auto number = [&](size_t from, size_t count) {
    int sum = 0;
    for (size_t i = from; i != from + count; ++i) sum = sum * 10 + static_cast<int>(Digit(text[i]));
    return sum;
  };
  const int year = number(0, 4);
  const int month = number(4, 2);
  const int day = number(6, 2);
  const absl::CivilDay civil(year, month, day);
  // CivilDay carries over what a month does not have.
  if (year < 1970 || year > 2261 || civil.month() != month || civil.day() != day)
    return ValueError::kNoSuchTime;
  days = static_cast<int32_t>(civil - absl::CivilDay(1970, 1, 1));
  return ValueError::kNone;
}

size_t FormatLongUnsigned(uint64_t value, char* out) noexcept {
  // floor(bits * log10(2)), or one less.
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  const unsigned guess = bits * 1233 >> 12;
  const size_t digits = guess + (value >= kPowersOfTen[guess] ? 1 : 0);
  char* at = out + digits;
  while (value > UINT32_MAX) {
    at -= 2;
    PutPair(value % 100, at);
    value /= 100;
  }
  auto rest = static_cast<uint32_t>(value);  // which is quicker to divide
  while (rest >= 100) {
    at -= 2;
    PutPair(rest % 100, at);
    rest /= 100;
  }
  if (rest >= 10) {
    PutPair(rest, out);
  } else {
    *out = static_cast<char>('0' + rest);
  }
  return digits;
}

size_t FormatDecimal(int64_t nanos, char* out) noexcept {
  char* at = out;
  uint64_t magnitude = static_cast<uint64_t>(nanos);
  if (nanos < 0) {
    *at++ = '-';
    magnitude = 0 - magnitude;
  }
  at += FormatUnsigned(magnitude / kUnit, at);
  auto fraction = static_cast<uint32_t>(magnitude % kUnit);
  if (fraction == 0) return static_cast<size_t>(at - out);
  *at++ = '.';
  // Two decimals at a time, as many as there are; the tenth is a zero.
  for (; fraction != 0; fraction = fraction % 10'000'000 * 100) {
    PutPair(fraction / 10'000'000, at);
    at += 2;
  }
  if (at[-1] == '0') --at;
  return static_cast<size_t>(at - out);
}

void FormatDate(int32_t days, char* out) noexcept {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  const auto year = static_cast<uint64_t>(day.year());
  PutPair(year / 100, out);
  PutPair(year % 100, out + 2);
  PutPair(static_cast<uint64_t>(day.month()), out + 4);
  PutPair(static_cast<uint64_t>(day.day()), out + 6);
}

namespace {

// What follows "YYYYMMDD-HH:MM:SS".
ValueError AddFraction(std::string_view text, int64_t second_ns, int64_t& unix_ns) noexcept {
  if (text.size() == 17) {
    unix_ns = second_ns;
    return ValueError::kNone;
  }
  if (text[17] != '.' || text.size() == 18) return ValueError::kMalformed;
  const char* at = text.data() + 18;
  const char* const end = text.data() + text.size();
  const char* const last = at + std::min<ptrdiff_t>(end - at, 9);
  uint64_t fraction = 0;
  const size_t unread = static_cast<size_t>(9 - (last - at));
  while (at != last) {
    const unsigned digit = Digit(*at++);
    if (digit > 9) return ValueError::kMalformed;
    fraction = fraction * 10 + digit;
  }
  bool precise = true;
  for (; at != end; ++at) {
    if (Digit(*at) > 9) return ValueError::kMalformed;
    precise = precise && *at == '0';
  }
  if (!precise) return ValueError::kTooPrecise;
  unix_ns = second_ns + static_cast<int64_t>(fraction * kPowersOfTen[unread]);
  return ValueError::kNone;
}

}  // namespace

ValueError TimestampReader::Parse(std::string_view text, int64_t& unix_ns) noexcept {
  if (text.empty()) return ValueError::kEmpty;
  if (text.size() < 17 || text[8] != '-') return ValueError::kMalformed;
  const uint64_t date = Load8(text.data());
  const uint64_t clock = Load8(text.data() + 9);
  if (date == date_ && clock == clock_) {
    constexpr size_t kWithMillis = 21;
    if (text.size() != kWithMillis) return AddFraction(text, second_ns_, unix_ns);
    uint32_t millis;  // ".123"
    std::memcpy(&millis, text.data() + 17, sizeof(millis));
    millis ^= 0x3030'302e;
    if ((((millis + 0x7676'767f) | millis) & 0x8080'8080) != 0) return ValueError::kMalformed;
    unix_ns = second_ns_ +
              int64_t{(millis >> 8 & 0xff) * 100 + (millis >> 16 & 0xff) * 10 + (millis >> 24)} *
                  kNsPerMs;
    return ValueError::kNone;
  }
  if (date != date_) {
    int32_t days = 0;
    const ValueError error = ParseDate(text.substr(0, kDateBytes), days);
    if (error != ValueError::kNone) return error;
    date_ = date;
    clock_ = 0;
    date_ns_ = days * kNsPerDay;
  }
  // "HH:MM:SS" as a word: XORed with "00:00:00" digits are 0 to 9 and colons 0.
  uint64_t time = clock ^ 0x3030'3a30'303a'3030;
  if ((((time + 0x7676'7f76'767f'7676) | time) & kHighBits) != 0) return ValueError::kMalformed;
  time = time * 10 + (time >> 8);
  const uint64_t hours = time & 0xff;
  const uint64_t minutes = (time >> 24) & 0xff;
  const uint64_t seconds = (time >> 48) & 0xff;
  const bool leap = seconds == 60 && minutes == 59 && hours == 23;
  if (hours > 23 || minutes > 59 || (seconds > 59 && !leap)) return ValueError::kNoSuchTime;
  clock_ = clock;
  second_ns_ = date_ns_ + static_cast<int64_t>((hours * 3600 + minutes * 60 + seconds) * kUnit);
  return AddFraction(text, second_ns_, unix_ns);
}

TimestampWriter::TimestampWriter(TimePrecision precision) noexcept
    : second_ns_(-kNsPerS), day_ns_(-1), precision_(precision), size_(17) {
  const auto decimals = static_cast<uint8_t>(precision);
  if (decimals != 0) size_ = static_cast<uint8_t>(18 + decimals);
}

void TimestampWriter::RememberSecond(int64_t unix_ns) noexcept {
  const int64_t days = unix_ns / kNsPerDay;
  if (days * kNsPerDay != day_ns_) {
    day_ns_ = days * kNsPerDay;
    FormatDate(static_cast<int32_t>(days), text_.data());
    text_[8] = '-';
    text_[11] = text_[14] = ':';
    text_[17] = '.';
  }
  const auto seconds = static_cast<uint64_t>((unix_ns - day_ns_) / kNsPerS);
  PutPair(seconds / 3600, &text_[9]);
  PutPair(seconds / 60 % 60, &text_[12]);
  PutPair(seconds % 60, &text_[15]);
  second_ns_ = day_ns_ + static_cast<int64_t>(seconds) * kNsPerS;
}

void TimestampWriter::Write(int64_t unix_ns) noexcept {
  latest_ns_ = unix_ns;
  constexpr int64_t kLastNs = (int64_t{kDaysMax} + 1) * kNsPerDay - 1;
  unix_ns = std::clamp<int64_t>(unix_ns, 0, kLastNs);
  if (static_cast<uint64_t>(unix_ns - second_ns_) >= kUnit) RememberSecond(unix_ns);
  auto fraction = static_cast<uint32_t>(unix_ns - second_ns_);
  const auto decimals = static_cast<uint32_t>(precision_);
  fraction /= static_cast<uint32_t>(kPowersOfTen[9 - decimals]);
  // From the right, each precision having three decimals more.
  char* at = text_.data() + size_;
  for (uint32_t left = decimals; left != 0; left -= 3) {
    at -= 3;
    FormatThree(fraction % 1000, at);
    fraction /= 1000;
  }
}

}  // namespace ringway::fix
