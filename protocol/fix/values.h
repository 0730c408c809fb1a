// Values of FIX fields: between their text and integers, exactly, without floating point.
//
// A decimal is an int64_t in units of 1e-9. A time is nanoseconds since the Unix epoch, UTC. Every
// reader says why it refuses; a result is written only if it does not. Thread rule: free functions
// are pure; a TimestampReader or TimestampWriter belongs to one thread. Nothing allocates.
// Source of the forms: FIX 5.0 SP2 volume 1, "FIX Data Types".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringway::fix {

namespace internal {

inline constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i != 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// Eight digits as a word, the first character in the lowest byte. XORed with this, digits are 0 to
// 9.
inline constexpr uint64_t kZeros = 0x3030'3030'3030'3030;

inline uint64_t Load8(const char* from) noexcept {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}
// Whether each byte is 0 to 9.
inline bool AreDigits(uint64_t digits) noexcept {
  return (((digits + 0x7676'7676'7676'7676) | digits) & 0x8080'8080'8080'8080) == 0;
}
// REQUIRES: AreDigits(digits).
inline uint64_t NumberOf(uint64_t digits) noexcept {
  // Pairs, then fours, then eight.
  digits = digits * 10 + (digits >> 8);
  constexpr uint64_t kEachSecond = 0x0000'00ff'0000'00ff;
  return ((digits & kEachSecond) * (100 + (uint64_t{1'000'000} << 32)) +
          ((digits >> 16) & kEachSecond) * (1 + (uint64_t{10'000} << 32))) >>
         32;
}

// Two digits. REQUIRES: value < 100.
inline void PutPair(uint64_t value, char* out) noexcept { std::memcpy(out, &kPairs[2 * value], 2); }

}  // namespace internal

enum class ValueError : uint8_t {
  kNone,
  kEmpty,
  kMalformed,   // other characters than the type has
  kTooPrecise,  // digits other than 0 behind the ninth of a fraction
  kOverflow,    // does not fit the integer
  kNoSuchTime,  // well formed, but in no calendar, or before 1970 or after 2261
};
std::string_view Name(ValueError error) noexcept;

// "-12.5", "12.50", ".5", "12.", "0012": a sign, digits and at most one point; no exponent, no '+'.
[[nodiscard]] ValueError ParseDecimal(std::string_view text, int64_t& nanos) noexcept;
// Digits alone; leading zeros are allowed (the type SeqNum, Length, and quantities without point).
[[nodiscard]] ValueError ParseLongUnsigned(std::string_view text, uint64_t& value) noexcept;
[[nodiscard]] inline ValueError ParseUnsigned(std::string_view text, uint64_t& value) noexcept {
  if (text.empty()) return ValueError::kEmpty;
  if (text.size() > 19) return ParseLongUnsigned(text, value);
  uint64_t sum = 0;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return ValueError::kMalformed;
    sum = sum * 10 + digit;
  }
  value = sum;
  return ValueError::kNone;
}
// The same, quicker, for a value in a message: eight bytes before its end can be read.
[[nodiscard]] ValueError ParseDecimalInside(std::string_view text, int64_t& nanos) noexcept;
[[nodiscard]] inline ValueError ParseUnsignedInside(std::string_view text,
                                                    uint64_t& value) noexcept {
  if (text.size() - 1 > 7) [[unlikely]]
    return ParseUnsigned(text, value);
  const uint64_t word = internal::Load8(text.data() + text.size() - 8);
  const uint64_t digits = (word ^ internal::kZeros) & (~uint64_t{0} << (64 - 8 * text.size()));
  if (!internal::AreDigits(digits)) return ValueError::kMalformed;
  value = internal::NumberOf(digits);
  return ValueError::kNone;
}
// "Y" or "N".
[[nodiscard]] ValueError ParseBool(std::string_view text, bool& value) noexcept;
// One printable ASCII character.
[[nodiscard]] inline ValueError ParseChar(std::string_view text, char& value) noexcept {
  if (text.empty()) return ValueError::kEmpty;
  if (text.size() != 1 || text[0] < 0x20 || text[0] > 0x7e) return ValueError::kMalformed;
  value = text[0];
  return ValueError::kNone;
}
// "YYYYMMDD": days since 1970-01-01.
[[nodiscard]] ValueError ParseDate(std::string_view text, int32_t& days) noexcept;

// Each writes at most so many bytes and returns how many.
inline constexpr size_t kDecimalBytesMax = 22;
inline constexpr size_t kUnsignedBytesMax = 20;
inline constexpr size_t kDateBytes = 8;
// Without zeros at the end of the fraction: 12500000000 is "12.5".
size_t FormatDecimal(int64_t nanos, char* out) noexcept;
// Three digits, as BodyLength and CheckSum have. REQUIRES: value < 1000.
inline void FormatThree(uint32_t value, char* out) noexcept {
  *out = static_cast<char>('0' + value / 100);
  internal::PutPair(value % 100, out + 1);
}
// REQUIRES: value >= 10.
size_t FormatLongUnsigned(uint64_t value, char* out) noexcept;
inline size_t FormatUnsigned(uint64_t value, char* out) noexcept {
  if (value >= 1'000) return FormatLongUnsigned(value, out);
  if (value >= 100) {
    FormatThree(static_cast<uint32_t>(value), out);
    return 3;
  }
  if (value >= 10) {
    internal::PutPair(value, out);
    return 2;
  }
  *out = static_cast<char>('0' + value);
  return 1;
}
// REQUIRES: 0 <= days <= kDaysMax.
inline constexpr int32_t kDaysMax = 106'650;  // 2261-12-31
void FormatDate(int32_t days, char* out) noexcept;

// Reads UTCTimestamp: "YYYYMMDD-HH:MM:SS" and a fraction of 1 to 9 digits. The second 60 is one
// only at 23:59:60 and counts as the first of the next day, as POSIX counts it. Zeros behind the
// ninth digit are allowed. Remembers the latest second, because most times are of the same.
class TimestampReader {
 public:
  [[nodiscard]] ValueError Parse(std::string_view text, int64_t& unix_ns) noexcept;

 private:
  uint64_t date_ = 0;   // the eight digits as they stand
  uint64_t clock_ = 0;  // and "HH:MM:SS"
  int64_t date_ns_ = 0;
  int64_t second_ns_ = 0;
};

enum class TimePrecision : uint8_t { kSeconds = 0, kMillis = 3, kMicros = 6, kNanos = 9 };

// Writes UTCTimestamp. Remembers the latest text, and the second that it is of.
class TimestampWriter {
 public:
  static constexpr size_t kBytesMax = 27;

  explicit TimestampWriter(TimePrecision precision) noexcept;

  // Returns the number of bytes, which is always size(). A time before 1970 is written as 1970, one
  // after 2261 as its last second. REQUIRES: `out` has room for kBytesMax.
  size_t Format(int64_t unix_ns, char* out) noexcept {
    if (unix_ns != latest_ns_) Write(unix_ns);
    std::memcpy(out, text_.data(), 16);
    std::memcpy(out + kBytesMax - 16, &text_[kBytesMax - 16], 16);
    return size_;
  }
  size_t size() const noexcept { return size_; }

 private:
  void Write(int64_t unix_ns) noexcept;
  void RememberSecond(int64_t unix_ns) noexcept;

  std::array<char, kBytesMax> text_{};
  int64_t latest_ns_ = -1;  // that text_ is of
  int64_t second_ns_;
  int64_t day_ns_;
  TimePrecision precision_;
  uint8_t size_;
};

}  // namespace ringway::fix
