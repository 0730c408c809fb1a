// Tests that values go between text and integers exactly, or are refused with the reason.
#include "protocol/fix/values.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"

namespace ringway::fix {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

struct DecimalCase {
  const char* text;
  ValueError error;
  int64_t nanos = 0;
};

TEST(Decimal, IsReadExactlyOrRefused) {
  const DecimalCase cases[] = {
      {"0", ValueError::kNone, 0},
      {"-0", ValueError::kNone, 0},
      {"585.25", ValueError::kNone, 585'250'000'000},
      {"-12.5", ValueError::kNone, -12'500'000'000},
      {".5", ValueError::kNone, 500'000'000},
      {"5.", ValueError::kNone, 5'000'000'000},
      {"00023.0000", ValueError::kNone, 23'000'000'000},
      {"0.000000001", ValueError::kNone, 1},
      {"1.0000000000000", ValueError::kNone, 1'000'000'000},
      {"0000000000000000000000000001", ValueError::kNone, 1'000'000'000},
      {"9223372036.854775807", ValueError::kNone, kMax},
      {"-9223372036.854775808", ValueError::kNone, kMin},
      {"9223372036.854775808", ValueError::kOverflow},
      {"-9223372036.854775809", ValueError::kOverflow},
      {"9223372037", ValueError::kOverflow},
      {"99999999999999999999999999999999", ValueError::kOverflow},
      {"0.0000000001", ValueError::kTooPrecise},
      {"1.00000000000000000001", ValueError::kTooPrecise},
      {"", ValueError::kEmpty},
      {".", ValueError::kMalformed},
      {"-", ValueError::kMalformed},
      {"-.", ValueError::kMalformed},
      {"+1", ValueError::kMalformed},
      {"1e5", ValueError::kMalformed},
      {"1.2.3", ValueError::kMalformed},
      {"1,5", ValueError::kMalformed},
      {" 1", ValueError::kMalformed},
      {"1 ", ValueError::kMalformed},
      {"0x10", ValueError::kMalformed},
      {"1.000000000x", ValueError::kMalformed},
      {"nan", ValueError::kMalformed},
  };
  for (const DecimalCase& each : cases) {
    int64_t nanos = 77;
    EXPECT_EQ(ParseDecimal(each.text, nanos), each.error) << each.text;
    EXPECT_EQ(nanos, each.error == ValueError::kNone ? each.nanos : 77) << each.text;
  }
}

TEST(Decimal, ComesBackFromItsText) {
  constexpr uint64_t kSeed = 5;
  Random random(kSeed);
  for (int i = 0; i != 100'000; ++i) {
    auto nanos = static_cast<int64_t>(random.Next() >> random.Below(64));
    if (random.Chance(0.5)) nanos = -nanos;
    if (random.Chance(0.3)) nanos -= nanos % 10'000'000;
    char text[kDecimalBytesMax];
    const size_t bytes = FormatDecimal(nanos, text);
    ASSERT_LE(bytes, kDecimalBytesMax);
    int64_t back = 0;
    ASSERT_EQ(ParseDecimal({text, bytes}, back), ValueError::kNone) << nanos << " seed " << kSeed;
    ASSERT_EQ(back, nanos) << std::string(text, bytes) << " seed " << kSeed;
    ASSERT_FALSE(std::string(text, bytes).find('.') != std::string::npos && text[bytes - 1] == '0');
  }
  for (const int64_t nanos : {kMax, kMin}) {
    char text[kDecimalBytesMax];
    int64_t back = 0;
    EXPECT_EQ(ParseDecimal({text, FormatDecimal(nanos, text)}, back), ValueError::kNone);
    EXPECT_EQ(back, nanos);
  }
}

TEST(Unsigned, IsReadOrRefused) {
  uint64_t value = 0;
  EXPECT_EQ(ParseUnsigned("00023", value), ValueError::kNone);
  EXPECT_EQ(value, 23u);
  EXPECT_EQ(ParseUnsigned("18446744073709551615", value), ValueError::kNone);
  EXPECT_EQ(value, UINT64_MAX);
  EXPECT_EQ(ParseUnsigned("000000000000000000000000018446744073709551615", value),
            ValueError::kNone);
  EXPECT_EQ(ParseUnsigned("18446744073709551616", value), ValueError::kOverflow);
  EXPECT_EQ(ParseUnsigned("", value), ValueError::kEmpty);
  for (const char* text : {"-1", "1.0", " 1", "1a"})
    EXPECT_EQ(ParseUnsigned(text, value), ValueError::kMalformed) << text;
  char text[kUnsignedBytesMax];
  for (uint64_t power = 1;; power *= 10) {
    for (const uint64_t number : {power - 1, power, power + 1}) {
      EXPECT_EQ(std::string(text, FormatUnsigned(number, text)), std::to_string(number));
    }
    if (power > UINT64_MAX / 10) break;
  }
  EXPECT_EQ(std::string(text, FormatUnsigned(UINT64_MAX, text)), "18446744073709551615");
}

TEST(BoolAndChar, AreReadOrRefused) {
  bool yes = false;
  EXPECT_EQ(ParseBool("Y", yes), ValueError::kNone);
  EXPECT_TRUE(yes);
  EXPECT_EQ(ParseBool("N", yes), ValueError::kNone);
  EXPECT_FALSE(yes);
  EXPECT_EQ(ParseBool("y", yes), ValueError::kMalformed);
  EXPECT_EQ(ParseBool("", yes), ValueError::kEmpty);
  char c = 0;
  EXPECT_EQ(ParseChar("F", c), ValueError::kNone);
  EXPECT_EQ(c, 'F');
  EXPECT_EQ(ParseChar("FF", c), ValueError::kMalformed);
  EXPECT_EQ(ParseChar("\x80", c), ValueError::kMalformed);
}

TEST(Date, IsReadOrRefused) {
  int32_t days = 0;
  EXPECT_EQ(ParseDate("19700101", days), ValueError::kNone);
  EXPECT_EQ(days, 0);
  EXPECT_EQ(ParseDate("20240229", days), ValueError::kNone);
  EXPECT_EQ(ParseDate("22611231", days), ValueError::kNone);
  EXPECT_EQ(days, kDaysMax);
  for (const char* text : {"20230229", "20231301", "20230001", "20230100", "20230132", "19691231",
                           "22620101", "00000000", "99999999"})
    EXPECT_EQ(ParseDate(text, days), ValueError::kNoSuchTime) << text;
  for (const char* text :
       {"2023010", "202301011", "2023-1-1", "2023010x", "\xff\xff\xff\xff\xff\xff\xff\xff"})
    EXPECT_EQ(ParseDate(text, days), ValueError::kMalformed) << text;
  char text[kDateBytes];
  for (int32_t day = 0; day <= kDaysMax; day += 13) {
    FormatDate(day, text);
    EXPECT_EQ(ParseDate({text, kDateBytes}, days), ValueError::kNone);
    EXPECT_EQ(days, day);
  }
}

TEST(Timestamp, IsReadOrRefused) {
  TimestampReader reader;
  int64_t ns = 0;
  EXPECT_EQ(reader.Parse("19700101-00:00:00", ns), ValueError::kNone);
  EXPECT_EQ(ns, 0);
  EXPECT_EQ(reader.Parse("20261130-15:32:09.123", ns), ValueError::kNone);
  EXPECT_EQ(ns, absl::ToUnixNanos(absl::FromCivil(absl::CivilSecond(2026, 11, 30, 15, 32, 9),
                                                  absl::UTCTimeZone())) +
                    123'000'000);
  EXPECT_EQ(reader.Parse("20261130-15:32:09.000000001", ns), ValueError::kNone);
  EXPECT_EQ(ns % kNsPerS, 1);
  EXPECT_EQ(reader.Parse("20261130-15:32:09.5", ns), ValueError::kNone);
  EXPECT_EQ(ns % kNsPerS, kNsPerS / 2);
  EXPECT_EQ(reader.Parse("20261130-15:32:09.123456789000", ns), ValueError::kNone);
  EXPECT_EQ(reader.Parse("20261130-15:32:09.123456789001", ns), ValueError::kTooPrecise);
  // A leap second is the first of the next day.
  EXPECT_EQ(reader.Parse("20161231-23:59:60.25", ns), ValueError::kNone);
  int64_t next_day = 0;
  EXPECT_EQ(reader.Parse("20170101-00:00:00.25", next_day), ValueError::kNone);
  EXPECT_EQ(ns, next_day);
  EXPECT_EQ(reader.Parse("", ns), ValueError::kEmpty);
  for (const char* text :
       {"20161231-22:59:60", "20161231-23:58:60", "20161231-24:00:00", "20161231-23:60:00",
        "20161231-23:59:61", "20160231-00:00:00", "00000000-00:00:00", "99991231-23:59:59"})
    EXPECT_EQ(reader.Parse(text, ns), ValueError::kNoSuchTime) << text;
  for (const char* text :
       {"20161231", "20161231-", "20161231-23:59", "20161231 23:59:59", "20161231-23-59-59",
        "20161231-23:59:59.", "20161231-23:59:59.x", "20161231-23:59:59,5", "20161231-2a:59:59",
        "20161231-23:59:5\xff", "20161231-23;59:59", "20161231-23:59:59.123456789x",
        "20161231-23:59:59Z"})
    EXPECT_EQ(reader.Parse(text, ns), ValueError::kMalformed) << text;
}

TEST(Timestamp, ComesBackFromItsText) {
  constexpr uint64_t kSeed = 9;
  Random random(kSeed);
  const struct {
    TimePrecision precision;
    int64_t unit;
  } kinds[] = {{TimePrecision::kSeconds, kNsPerS},
               {TimePrecision::kMillis, kNsPerMs},
               {TimePrecision::kMicros, kNsPerUs},
               {TimePrecision::kNanos, 1}};
  for (const auto& kind : kinds) {
    TimestampWriter writer(kind.precision);
    TimestampReader reader;
    int64_t ns = 1'000 * kNsPerS;
    for (int i = 0; i != 20'000; ++i) {
      // Small steps, across seconds and days, back and forth.
      const int64_t steps[] = {1, kNsPerMs, kNsPerS, 3'600 * kNsPerS, 86'400 * kNsPerS};
      const int64_t step = steps[random.Below(5)];
      ns = std::max<int64_t>(0, ns + random.Between(-3 * step, 5 * step));
      char text[TimestampWriter::kBytesMax];
      const size_t bytes = writer.Format(ns, text);
      ASSERT_EQ(bytes, writer.size());
      int64_t back = 0;
      ASSERT_EQ(reader.Parse({text, bytes}, back), ValueError::kNone)
          << std::string(text, bytes) << " seed " << kSeed;
      ASSERT_EQ(back, ns - ns % kind.unit) << std::string(text, bytes) << " seed " << kSeed;
    }
  }
  TimestampWriter writer(TimePrecision::kMillis);
  char text[TimestampWriter::kBytesMax];
  EXPECT_EQ(std::string(text, writer.Format(-5, text)), "19700101-00:00:00.000");
  EXPECT_EQ(std::string(text, writer.Format(kMax, text)), "22611231-23:59:59.999");
}

TEST(InsideAMessage, ValuesAreReadAsByThemselves) {
  constexpr uint64_t kSeed = 11;
  Random random(kSeed);
  // What stands before a value must not count, whatever it is.
  constexpr std::string_view kBefore[] = {"8=FIX.4.4|38=", "11111111.111=", "........999="};
  // Points and digits mostly, so that most are numbers.
  constexpr std::string_view kCharacters = "0123456789012345678901234567890123456789...- a";
  for (int i = 0; i != 200'000; ++i) {
    std::string message(kBefore[random.Below(std::size(kBefore))]);
    const size_t begin = message.size();
    for (uint64_t left = random.Below(12); left != 0; --left) {
      message.push_back(kCharacters[random.Below(kCharacters.size())]);
    }
    const std::string_view text = std::string_view(message).substr(begin);
    SCOPED_TRACE(message);
    int64_t decimal = 0;
    int64_t decimal_inside = 0;
    ASSERT_EQ(ParseDecimalInside(text, decimal_inside), ParseDecimal(text, decimal));
    ASSERT_EQ(decimal_inside, decimal);
    uint64_t number = 0;
    uint64_t number_inside = 0;
    ASSERT_EQ(ParseUnsignedInside(text, number_inside), ParseUnsigned(text, number));
    ASSERT_EQ(number_inside, number);
  }
}

}  // namespace
}  // namespace ringway::fix
