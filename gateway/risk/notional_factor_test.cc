// Tests that money is exact or rounded up, for real instruments, and that what cannot be computed
// is refused.
#include "gateway/risk/notional_factor.h"

#include "gateway/risk/instruments.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using Error = NotionalFactor::Error;

InstrumentConfig Coin(int64_t rate) {
  InstrumentConfig config;
  config.id = 1;
  config.currency_rate = rate;
  config.units_per_price = 100'000'000;
  config.price_max = int64_t{1'000'000} * kPricePoint;
  config.quantity_max = 100'000'000'000;  // 1,000 coins
  return config;
}

TEST(NotionalFactor, IsAFractionInLowestTerms) {
  const NotionalFactor factor = NotionalFactor::Of(Coin(1'087'300'000));
  EXPECT_EQ(factor.numerator, 10'873u);
  EXPECT_EQ(factor.divisor, 1'000u);
  InstrumentConfig future;
  future.contract_multiplier = 50;
  future.units_per_price = 20;
  EXPECT_EQ(NotionalFactor::Of(future).numerator, 2'500'000'000u);
  EXPECT_EQ(NotionalFactor::Of(future).divisor, 1u);
}

TEST(NotionalFactor, CoinsAtAnyRateCanBeWorkedOut) {
  for (const int64_t rate : {1'087'300'000, 1'087'312'345, 999'999'999, 1'000'000'000}) {
    EXPECT_EQ(NotionalFactor::Of(Coin(rate)).FindError(Coin(rate)), Error::kNone) << rate;
  }
}

TEST(NotionalFactor, NotionalsAreRoundedUpByLessThanOne) {
  const Instrument coin = MakeInstrument(Coin(1'087'300'000));
  // 60,000.00 * 0.12345678 * 1.0873 = 8,054.07341364
  EXPECT_EQ(coin.Notional(60'000 * kPricePoint, 12'345'678),
            Money{805'407'341'364} * 10'000'000'000);
  // 1e-9 * 1e-8 * 1.0873 = 10.873 units of 1e-18
  EXPECT_EQ(coin.Notional(1, 1), 11);
  EXPECT_EQ(coin.Notional(1, 1'000), 10'873);
  EXPECT_EQ(coin.Notional(1, 1'001), 10'884);
  EXPECT_EQ(coin.Notional(0, 5), 0);
}

TEST(NotionalFactor, AnInverseContractIsWorthItsMultiplierAtAnyPrice) {
  InstrumentConfig config;
  config.id = 1;
  config.inverse = true;
  config.contract_multiplier = 100;
  const Instrument inverse = MakeInstrument(config);
  EXPECT_EQ(inverse.Notional(1, 3), 300 * kMoneyPerUnit);
  EXPECT_EQ(inverse.Notional(config.price_max, 3), 300 * kMoneyPerUnit);
}

TEST(NotionalFactor, WhatIsTooLargeOrHasTooManyPlacesIsRefused) {
  InstrumentConfig config;
  config.quantity_max = 9'999'999;  // at 100,000: below 1e12
  EXPECT_EQ(NotionalFactor::Of(config).FindError(config), Error::kNone);
  config.quantity_max = 10'000'000;
  EXPECT_EQ(NotionalFactor::Of(config).FindError(config), Error::kTooValuable);
  config = Coin(1'087'300'000);
  config.units_per_price = 1'000'000'007;
  EXPECT_EQ(NotionalFactor::Of(config).FindError(config), Error::kTooManyPlaces);
  config = InstrumentConfig{};
  config.currency_rate = INT64_MAX;
  config.contract_multiplier = UINT32_MAX;
  EXPECT_EQ(NotionalFactor::Of(config).FindError(config), Error::kTooValuable);
  // An order of nearly 1e12 in 1e-8 parts: a position of 16 of them could not be valued.
  config = Coin(1'087'312'345);
  config.quantity_max = 90'000'000'000'000;
  EXPECT_EQ(NotionalFactor::Of(config).FindError(config), Error::kTooManyPlaces);
}

TEST(NotionalFactor, APositionIsValuedAsFarAsItCanBe) {
  const Instrument coin = MakeInstrument(Coin(1'087'312'345));
  ASSERT_GE(coin.position_max, 16 * coin.quantity_max);
  const auto most = static_cast<int64_t>(coin.position_max);
  const Money worth = PositionValue(coin, most, coin.price_max);
  EXPECT_GT(worth, PositionValue(coin, most - 1'000, coin.price_max));
  EXPECT_EQ(PositionValue(coin, INT64_MAX, INT64_MAX), worth);
  EXPECT_EQ(PositionValue(coin, INT64_MIN, INT64_MAX), worth);
}

TEST(Money, APositionKeepsASignThatCanBeTurned) {
  EXPECT_EQ(SaturatedSum(-INT64_MAX, -1), -INT64_MAX);
  EXPECT_EQ(SaturatedSum(-INT64_MAX, INT64_MIN), -INT64_MAX);
  EXPECT_EQ(SaturatedSum(INT64_MAX, 1), INT64_MAX);
  EXPECT_EQ(SaturatedSum(-5, 3), -2);
}

}  // namespace
}  // namespace ringway
