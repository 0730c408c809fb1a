// Tests that prices and times are converted exactly or refused.
#include "protocol/ouch/units.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/random.h"

namespace ringway::ouch {
namespace {

TEST(Units, APriceHasFourDecimals) {
  EXPECT_EQ(LimitPriceOf(12'340'000'000), 123'400u);  // 12.34
  EXPECT_EQ(NanosOf(123'400), 12'340'000'000);
  EXPECT_EQ(LimitPriceOf(100'000), 1u);
  EXPECT_FALSE(LimitPriceOf(100'001).has_value()) << "a tenth decimal of a tick";
  EXPECT_FALSE(LimitPriceOf(50'000).has_value());
  EXPECT_FALSE(LimitPriceOf(0).has_value());
  EXPECT_FALSE(LimitPriceOf(-100'000).has_value());
}

TEST(Units, ALimitEndsBelowTheMarketPrices) {
  EXPECT_EQ(LimitPriceOf(199'999'990'000'000), kLimitPriceMax);
  EXPECT_FALSE(LimitPriceOf(199'999'990'100'000).has_value());
  EXPECT_FALSE(LimitPriceOf(INT64_MAX).has_value());
  EXPECT_FALSE(NanosOf(kMarketPrice).has_value());
  EXPECT_FALSE(NanosOf(kMarketCrossPrice).has_value());
}

TEST(Units, AReportedPriceMayBeAnyThatFits) {
  EXPECT_EQ(NanosOf(0), 0);
  EXPECT_EQ(NanosOf(kPriceMax), 9'223'372'036'854'700'000);
  EXPECT_FALSE(NanosOf(kPriceMax + 1).has_value());
  EXPECT_FALSE(NanosOf(UINT64_MAX).has_value());
}

TEST(Units, PricesComeBackAsTheyWere) {
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto price = static_cast<uint32_t>(1 + random.Below(kLimitPriceMax));
    ASSERT_EQ(LimitPriceOf(*NanosOf(price)), price);
  }
}

TEST(Units, TimesCountFromTheDaysStart) {
  constexpr int64_t kDay = 1'767'589'200'000'000'000;  // 2026-01-05, midnight in New York
  EXPECT_EQ(UnixNs(kDay, 34'200'000'000'000), 1'767'623'400'000'000'000);  // 09:30
  EXPECT_EQ(TimestampOf(kDay, 1'767'623'400'000'000'000), 34'200'000'000'000u);
  EXPECT_EQ(TimestampOf(kDay, kDay), 0u);
  EXPECT_FALSE(TimestampOf(kDay, kDay - 1).has_value());
  EXPECT_EQ(TimestampOf(kDay, kDay + static_cast<int64_t>(kTimestampMax)), kTimestampMax);
  EXPECT_FALSE(TimestampOf(kDay, kDay + static_cast<int64_t>(kTimestampMax) + 1).has_value());
  EXPECT_FALSE(TimestampOf(INT64_MIN, INT64_MAX).has_value());
}

}  // namespace
}  // namespace ringway::ouch
