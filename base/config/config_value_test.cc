// Tests that decimal texts become exactly the integers they denote, and back.
#include "base/config/config_value.h"

#include <cstdint>
#include <string>

#include "base/random.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

struct Case {
  const char* text;
  int64_t value;
};

struct Refusal {
  const char* text;
  const char* error;
};

TEST(ConfigValue, PricesAreExact) {
  for (const Case& c : {Case{"0.1", 100'000'000},
                        {"0.000000001", 1},
                        {"-0.01", -10'000'000},
                        {"+1", 1'000'000'000},
                        {"585.33", 585'330'000'000},
                        {"1_000.5", 1'000'500'000'000},
                        {"1e-9", 1},
                        {"1.5E3", 1'500'000'000'000},
                        {"0", 0},
                        {"0.0000000000", 0},
                        {"9223372036.854775807", INT64_MAX},
                        {"0.30000000000000000", 300'000'000}}) {
    const ParsedValue parsed = ParsePrice(c.text);
    EXPECT_TRUE(parsed.ok()) << c.text << ": " << parsed.error;
    EXPECT_EQ(parsed.value, c.value) << c.text;
  }
}

TEST(ConfigValue, PricesThatAreNotAreRefusedWithTheCause) {
  for (const Refusal& r : {Refusal{"0.0000000001", "it has more than 9 decimal places"},
                           {"1e-10", "it has more than 9 decimal places"},
                           {"9223372036.854775808", "it does not fit 64 bits"},
                           {"1e30", "it does not fit 64 bits"},
                           {"1e99", "its exponent is too large"},
                           {"", "it is not a decimal number"},
                           {"-", "it is not a decimal number"},
                           {".5", "it is not a decimal number"},
                           {"5.", "it is not a decimal number"},
                           {"1.2.3", "it is not a decimal number"},
                           {"1__0", "it is not a decimal number"},
                           {"nan", "it is not a decimal number"},
                           {"inf", "it is not a decimal number"},
                           {"1e", "it is not a decimal number"},
                           {"10 USD", "it is not a decimal number"},
                           {"1234567890123456789012345678901", "it has too many digits"}}) {
    EXPECT_EQ(ParsePrice(r.text).error, r.error) << r.text;
  }
}

TEST(ConfigValue, DurationsAndSizesCarryTheirUnit) {
  EXPECT_EQ(ParseDuration("10ms").value, 10'000'000);
  EXPECT_EQ(ParseDuration("1.5s").value, 1'500'000'000);
  EXPECT_EQ(ParseDuration("250 us").value, 250'000);
  EXPECT_EQ(ParseDuration("7ns").value, 7);
  EXPECT_EQ(ParseDuration("2min").value, 120'000'000'000);
  EXPECT_EQ(ParseDuration("1h").value, 3'600'000'000'000);
  EXPECT_EQ(ParseDuration("0s").value, 0);
  EXPECT_EQ(ParseBytes("256KiB").value, 262'144);
  EXPECT_EQ(ParseBytes("0.5KiB").value, 512);
  EXPECT_EQ(ParseBytes("64B").value, 64);
  EXPECT_EQ(ParseDuration("10").error, "it has no unit (ns, us, ms, s, min, h)");
  EXPECT_EQ(ParseDuration("10 parsecs").error, "it does not end in a unit (ns, us, ms, s, min, h)");
  EXPECT_EQ(ParseDuration("1.5ns").error, "it is not a whole number of nanoseconds");
  EXPECT_EQ(ParseBytes("0.3KiB").error, "it is not a whole number of bytes");
  EXPECT_EQ(ParseBytes("1MB").error, "it does not end in a unit (B, KiB, MiB, GiB)");
  EXPECT_EQ(ParseDuration("ms").error, "it is not a decimal number");
  EXPECT_EQ(ParseDuration("99999999999h").error, "it does not fit 64 bits");
}

TEST(ConfigValue, WhatIsPrintedReadsBackTheSame) {
  const uint64_t seed = 42;
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(random.Next() >> (1 + random.Below(63)));
    EXPECT_EQ(ParsePrice(FormatPrice(-value)).value, -value) << "seed " << seed;
    EXPECT_EQ(ParseDuration(FormatDuration(value)).value, value) << "seed " << seed;
    EXPECT_EQ(ParseBytes(FormatBytes(value)).value, value) << "seed " << seed;
  }
  EXPECT_EQ(FormatPrice(10'000'000), "0.01");
  EXPECT_EQ(FormatPrice(-1'500'000'000), "-1.5");
  EXPECT_EQ(FormatDuration(90'000'000'000), "90s");
  EXPECT_EQ(FormatBytes(1 << 20), "1MiB");
}

TEST(ConfigValue, EditDistanceCountsEdits) {
  EXPECT_EQ(EditDistance("venue", "venue"), 0u);
  EXPECT_EQ(EditDistance("vnue", "venue"), 1u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

}  // namespace
}  // namespace ringway
