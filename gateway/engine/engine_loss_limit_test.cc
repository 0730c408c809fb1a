// Tests that an account, a desk and the firm are held to their daily loss limits, at market prices.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

// Accounts 100 and 200 belong to desk 1. The reference of instrument 7 is 100.00.
class EngineLossLimitTest : public EngineTest {
 public:
  template <class F>
  void With(F&& set) {
    config_ = SmallFirm();
    config_.desks = {{.id = 1, .name = "one", .limits = {}}};
    config_.accounts[0].desk = config_.accounts[1].desk = 1;
    set(config_);
    Restart(config_);
    BeginDay(kDay);
  }
  static void RemoveReference(EngineConfig& config) {
    config.instruments[0].reference_price = 0;
    config.sessions[0].limits.collar_bps = UINT32_MAX;
  }
  // A new reference price, and the work that follows from it.
  void Move(int64_t cents, uint32_t instrument = 7) {
    SetReference(cents, instrument);
    Settle();
  }
  Money Result(uint32_t account = 100, uint32_t instrument = 7) {
    return engine().position(account, instrument).account_day_result.value_or(0);
  }
  static Money Units(int64_t units) { return Money{units} * kMoneyPerUnit; }

  EngineConfig config_;
};

TEST_F(EngineLossLimitTest, ALossByThePriceRefusesWhatDoesNotReduce) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Move(9'000);  // 100 shares lose 10 each
  Accepted(Buy(2, 1, 9'000));
  Move(8'999);
  ExpectRefused(Buy(3, 1, 9'000), RiskCheck::kDailyLoss, 1'000, 1'001);
  Accepted(Sell(4, 99, 9'100));                      // with the open buy it only reduces
  Accepted(Limit(1, Side::kBuy, 1, 9'000, 200), 2);  // another account
  Move(9'000);
  Accepted(Buy(5, 1, 9'000));
}

TEST_F(EngineLossLimitTest, AFillIsHeldAgainstTheMarket) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  Fill(Buy(1, 100, 10'500), 10'500);  // 5 above the reference
  EXPECT_TRUE(Result() == Units(-500));
  Fill(Sell(2, 200, 9'400), 9'400);
  EXPECT_TRUE(Result() == Units(-500 - 1'200));
  ExpectRefused(Sell(3, 1, 9'500), RiskCheck::kDailyLoss, 1'000, 1'700);
  Accepted(Buy(4, 100, 9'500));
}

TEST_F(EngineLossLimitTest, AShortPositionLosesWhenThePriceRises) {
  With([](EngineConfig& config) { config.accounts[1].limits.daily_loss_max = 1'000; });
  Fill(Limit(1, Side::kSellShort, 100, 10'000, 200), 10'000, 2);
  Move(11'001);
  EXPECT_TRUE(Result(200) == Units(-1'001));
  ExpectRefused(Limit(2, Side::kSellShort, 1, 11'000, 200), RiskCheck::kDailyLoss, 1'000, 1'001, 2);
  Accepted(Limit(3, Side::kBuy, 100, 11'000, 200), 2);
}

TEST_F(EngineLossLimitTest, WhatWasSoldStaysLost) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Fill(Sell(2, 100, 8'000), 8'000);
  Move(20'000);
  EXPECT_TRUE(Result() == Units(-2'000));
  ExpectRefused(Buy(3, 1, 8'000), RiskCheck::kDailyLoss, 1'000, 2'000);
}

TEST_F(EngineLossLimitTest, ADeskAndTheFirmLoseWhatTheirAccountsLose) {
  With([](EngineConfig& config) {
    config.desks[0].limits.daily_loss_max = 1'500;
    config.firm.daily_loss_max = 3'000;
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  Fill(Limit(1, Side::kBuy, 100, 10'000, 200), 10'000, 2);
  Move(9'200);
  ExpectRefused(Buy(2, 1, 9'200), RiskCheck::kDeskDailyLoss, 1'500, 1'600);
  ExpectRefused(Limit(2, Side::kBuy, 1, 9'200, 200), RiskCheck::kDeskDailyLoss, 1'500, 1'600, 2);
  config_.desks[0].limits.daily_loss_max = kNoLimit;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  Accepted(Buy(3, 1, 9'200));
  Move(8'000);
  ExpectRefused(Buy(4, 1, 8'000), RiskCheck::kFirmDailyLoss, 3'000, 4'000);
}

TEST_F(EngineLossLimitTest, ANewDayBeginsAtThePriceOfBefore) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Move(8'000);
  ExpectRefused(Buy(2, 1, 8'000), RiskCheck::kDailyLoss, 1'000, 2'000);
  BeginDay(kDay + 1);
  Settle();
  EXPECT_TRUE(Result() == 0);
  Accepted(Buy(3, 1, 8'000));
  Move(6'999);  // from the last price of the previous day
  ExpectRefused(Buy(4, 1, 7'000), RiskCheck::kDailyLoss, 1'000, 1'001);
}

TEST_F(EngineLossLimitTest, ABustGivesBackWhatItsFillLost) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 100; });
  const uint64_t id = Accepted(Buy(1, 100, 10'700));
  ExecutionReport fill = Execution(ExecType::kPartialFill, id, 50);
  fill.last_price = 10'500 * kCent;  // better than its limit
  FromVenue(fill);
  EXPECT_TRUE(Result() == Units(-250));
  ExecutionReport bust = Execution(ExecType::kBusted, id, 50);
  bust.last_price = 10'500 * kCent;
  FromVenue(bust);
  EXPECT_TRUE(Result() == 0);
}

TEST_F(EngineLossLimitTest, ABustWithoutAPriceGivesBackWhatWasPaid) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 100; });
  const uint64_t id = Accepted(Buy(1, 100, 11'000));
  ExecutionReport fill = Execution(ExecType::kPartialFill, id, 60);
  fill.last_price = 10'200 * kCent;  // better than its limit
  FromVenue(fill);
  EXPECT_TRUE(Result() == Units(-120));
  ExecutionReport bust = Execution(ExecType::kBusted, id, 60);
  bust.last_price = 0;
  FromVenue(bust);
  EXPECT_TRUE(Result() == 0);
}

TEST_F(EngineLossLimitTest, WhatACorrectionMakesOfATradeBelongsToItsOwnDay) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 99; });
  const auto correct = [this](uint64_t id, uint64_t qty, int64_t cents, uint64_t cum_qty) {
    ExecutionReport correction = Execution(ExecType::kCorrected, id, qty);
    correction.cum_qty = cum_qty;
    correction.last_price = cents * kCent;
    FromVenue(correction);
  };
  const uint64_t id = Accepted(Buy(1, 100, 11'000));
  FromVenue(ExecType::kPartialFill, id, 60);
  FromVenue(ExecType::kFill, id, 40);
  ASSERT_TRUE(Result() == 0);
  BeginDay(kDay + 1);
  correct(id, 60, 10'200, 0);
  EXPECT_TRUE(Result() == Units(-120));
  EXPECT_EQ(engine().alerts().at(engine().alerts().total() - 1).value, 120);
  ExpectRefused(Buy(2, 1, 10'000), RiskCheck::kDailyLoss, 99, 120);
  BeginDay(kDay + 2);
  // Of 40 at the average of 101.20, 20 are left, at 100.00.
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(Saved(), config_), "");
  ASSERT_EQ(engine().StateHash(), hash);
  correct(id, 20, 10'000, 80);
  EXPECT_TRUE(Result() == Units(48));
  EXPECT_EQ(engine().position(100, 7).quantity, 80);
  FromVenue(ExecType::kBusted, id, 80);
  EXPECT_TRUE(Result() == Units(48));
  // A short sale that was made at more than was reported.
  const uint64_t sold = Accepted(Limit(3, Side::kSell, 100, 9'000));
  FromVenue(ExecType::kFill, sold, 100);
  correct(sold, 100, 10'100, 100);
  EXPECT_TRUE(Result() == Units(48 + 100));
}

TEST_F(EngineLossLimitTest, WithoutAReferenceACorrectedPriceIsTheMarketToo) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 100;
    RemoveReference(config);
  });
  const uint64_t id = Accepted(Buy(1, 100, 11'000));
  FromVenue(ExecType::kFill, id, 100);
  ExecutionReport correction = Execution(ExecType::kCorrected, id, 100);
  correction.last_price = 11'000 * kCent;
  const uint64_t alerts = engine().alerts().total();
  FromVenue(correction);
  EXPECT_TRUE(Result() == 0);
  EXPECT_EQ(engine().alerts().total(), alerts) << "nothing was lost on the way";
  Fill(Buy(2, 100, 12'000), 12'000);
  EXPECT_EQ(engine().alerts().total(), alerts);
  EXPECT_TRUE(Result() == Units(1'000));
}

TEST_F(EngineLossLimitTest, WhatOrdersPaidBeforeALimitIsNewIsNotKnown) {
  With([](EngineConfig&) {});
  const uint64_t id = Accepted(Buy(1, 100, 11'000));
  FromVenue(ExecType::kFill, id, 100);
  config_.accounts[0].limits.daily_loss_max = 1'000;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  ExecutionReport correction = Execution(ExecType::kCorrected, id, 100);
  correction.last_price = 11'000 * kCent;
  FromVenue(correction);
  EXPECT_TRUE(Result() == 0);
}

// The trade is not named.
TEST_F(EngineLossLimitTest, ACorrectedPriceOfNoQuantityIsNoProfit) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 100;
    RemoveReference(config);
  });
  const uint64_t id = Accepted(Buy(1, 100, 11'000));
  ExecutionReport fill = Execution(ExecType::kFill, id, 100);
  FromVenue(fill);
  ExecutionReport correction = Execution(ExecType::kCorrected, id);
  correction.cum_qty = 100;
  correction.last_price = 11'000 * kCent;
  FromVenue(correction);
  EXPECT_TRUE(Result() == 0);
}

TEST_F(EngineLossLimitTest, AReplaceThatMakesNothingLargerPasses) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1'000;
    config.sessions[0].limits.on_breach = BreachPolicy::kKill;
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  const uint64_t id = Live(Buy(2, 100, 9'000));
  ASSERT_NE(id, 0u);
  Move(8'000);
  Step(Origin::kSession, 1,
       Replace{.cl_ord_id = 3, .orig_cl_ord_id = 2, .price = 9'000 * kCent, .qty = 10});
  EXPECT_TRUE(To<Replace>(Target::kVenue).has_value());
  Step(Origin::kSession, 1,
       Replace{.cl_ord_id = 4, .orig_cl_ord_id = 2, .price = 9'000 * kCent, .qty = 200});
  EXPECT_FALSE(To<Replace>(Target::kVenue).has_value());
}

TEST_F(EngineLossLimitTest, AFirstReferenceOfZeroIsAPrice) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 100;
    config.instruments[0].reference_price = 0;
    config.instruments[0].price_min = -100 * kCent;
    config.instruments[0].tick = kCent;
    config.sessions[0].limits.collar_bps = UINT32_MAX;
  });
  Fill(Buy(1, 100, 500), 500);
  EXPECT_TRUE(Result() == 0);
  Move(0);
  EXPECT_TRUE(Result() == Units(-500));
}

TEST_F(EngineLossLimitTest, AConfigurationWithAnotherPriceMarksAtOnce) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1'000;
    RemoveReference(config);
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  config_.instruments[0].reference_price = 8'000 * kCent;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  Settle();
  EXPECT_TRUE(Result() == Units(-2'000));
}

TEST_F(EngineLossLimitTest, ADeskThatIsLimitedSinceARestartHasLostNothingBefore) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 10'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Move(8'000);
  config_.desks[0].limits.daily_loss_max = 1'500;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  EXPECT_TRUE(Result() == Units(-2'000));
  Accepted(Buy(2, 1, 8'000));
  Move(6'000);
  ExpectRefused(Buy(3, 1, 6'000), RiskCheck::kDeskDailyLoss, 1'500, 2'000);
}

TEST_F(EngineLossLimitTest, WithoutAReferenceTheLastFillIsTheMarket) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1'000;
    RemoveReference(config);
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  EXPECT_TRUE(Result() == 0);
  Fill(Buy(2, 100, 9'000), 9'000);  // the first hundred are marked there now
  EXPECT_TRUE(Result() == Units(-1'000));
  Move(8'000);
  EXPECT_TRUE(Result() == Units(-3'000));
}

TEST_F(EngineLossLimitTest, AnOperatorsAdjustmentAtTheMarketLosesNothing) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  PositionAdjustment adjustment{.quantity = 100, .instrument = 7, .account = 100, .sets = 1};
  Step(Origin::kAdmin, 9, adjustment);
  EXPECT_TRUE(Result() == 0);
  adjustment.quantity = 200;
  adjustment.price = 10'100 * kCent;
  Step(Origin::kAdmin, 9, adjustment);
  EXPECT_TRUE(Result() == Units(-100));
  Move(9'000);
  EXPECT_TRUE(Result() == Units(-100 - 2'000));
}

TEST_F(EngineLossLimitTest, OperatorsHearOfACrossingOnceAndOfItsNearness) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1'000;
    config.warn_at_percent = 50;
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  const uint64_t before = engine().alerts().total();
  for (const int64_t cents : {9'400, 9'500, 8'900, 9'000, 8'950}) Move(cents);
  ASSERT_EQ(engine().alerts().total(), before + 2);
  const RiskAlert& near = engine().alerts().at(before);
  EXPECT_EQ(Name(near.kind), Name(AlertKind::kSoftLimit));
  EXPECT_EQ(near.value, 600);
  const RiskAlert& over = engine().alerts().at(before + 1);
  EXPECT_EQ(Name(over.kind), Name(AlertKind::kLossLimit));
  EXPECT_EQ(Name(over.check), Name(RiskCheck::kDailyLoss));
  EXPECT_EQ(over.owner, 100u);
  EXPECT_EQ(over.limit, 1'000);
  EXPECT_EQ(over.value, 1'100);
  BeginDay(kDay + 1);
  Move(7'900);  // 1,050 of the new day
  EXPECT_EQ(engine().alerts().total(), before + 3);
}

TEST_F(EngineLossLimitTest, AKilledSessionIsTheEndOfALosingStreakWhereConfigured) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1'000;
    config.sessions[0].limits.on_breach = BreachPolicy::kKill;
  });
  Fill(Buy(1, 100, 10'000), 10'000);
  Move(8'000);
  ExpectRefused(Buy(2, 1, 8'000), RiskCheck::kDailyLoss, 1'000, 2'000);
  EXPECT_EQ(Name(Rejected(Sell(3, 1, 8'000)).reason), Name(RejectReason::kKillSwitch));
}

TEST_F(EngineLossLimitTest, AContractWorthTheSameAtAnyPriceLosesNothing) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.daily_loss_max = 1;
    config.instruments[0].inverse = true;
  });
  Fill(Buy(1, 100, 10'000), 9'000);
  Move(1'000);
  EXPECT_TRUE(Result() == 0);
}

// An owner whose limit is new since a restart begins with its holdings, at the price of that time.
TEST_F(EngineLossLimitTest, ALimitThatIsNewBeginsAtThePresentPrice) {
  With([](EngineConfig&) {});
  Fill(Buy(1, 100, 10'000), 10'000);
  Move(5'000);
  config_.accounts[0].limits.daily_loss_max = 1'000;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  EXPECT_TRUE(Result() == 0);
  Move(3'999);
  ExpectRefused(Buy(2, 1, 4'000), RiskCheck::kDailyLoss, 1'000, 1'001);
}

TEST_F(EngineLossLimitTest, AnAccountMayLeaveTheConfiguration) {
  With([](EngineConfig& config) { config.accounts[0].limits.daily_loss_max = 1'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Fill(Sell(2, 100, 9'900), 9'900);
  EngineConfig without = config_;
  without.accounts.erase(without.accounts.begin());
  without.sessions[0].accounts = {200};
  without.sessions[1].accounts = {200};
  without.accounts[0].limits.daily_loss_max = 1'000;
  ASSERT_EQ(Adopt(Saved(), without), "");
  Fill(Limit(1, Side::kBuy, 100, 10'000, 200), 10'000, 2);
  Move(9'000);
  EXPECT_TRUE(Result(200) == Units(-1'000));
}

TEST_F(EngineLossLimitTest, APositionThatIsGivenUpAndTakenAgainIsMarked) {
  With([](EngineConfig& config) { config.firm.daily_loss_max = 1'000'000; });
  Fill(Buy(1, 100, 10'000), 10'000);
  Fill(Limit(1, Side::kBuy, 100, 10'000, 200), 10'000, 2);
  Fill(Sell(2, 100, 10'000), 10'000);
  for (const uint32_t day : {1u, 2u, 3u}) {
    BeginDay(kDay + day);
    SetReference(10'000 + day);  // both may be marked when one goes
    Settle();
  }
  ASSERT_EQ(engine().positions(), 2u);
  ASSERT_EQ(engine().counters().positions_freed, 1u);
  EXPECT_TRUE(Result(200) == Units(1));
  Fill(Buy(3, 100, 10'003), 10'003);
  Move(9'903);
  EXPECT_TRUE(Result() == Units(-100));
  EXPECT_TRUE(Result(200) == Units(1 - 100));
}

// Prices come faster than the holders of an instrument can be marked, the state is saved meanwhile,
// and positions are freed: in the end every holder is still marked at the last price.
TEST_F(EngineLossLimitTest, NobodyIsPassedOver) {
  constexpr uint32_t kAccounts = 3'000;
  config_ = SmallFirm();
  config_.accounts.clear();
  config_.sessions[0].accounts.clear();
  config_.sessions[1].accounts.clear();
  for (uint32_t i = 0; i != kAccounts; ++i) {
    AccountConfig account;
    account.id = 1'000 + i;
    account.short_sale = true;
    account.limits.daily_loss_max = 1'000'000;
    account.limits.self_match_prevention = false;
    config_.accounts.push_back(account);
    config_.sessions[0].accounts.push_back(account.id);
  }
  config_.pools = {.orders_max = 8'192, .positions_max = 8'192, .executions_remembered = 8'192};
  Restart(config_);
  BeginDay(kDay);

  Random random(7);
  std::map<std::pair<uint32_t, uint32_t>, std::pair<int64_t, int64_t>> held;  // quantity, paid
  uint64_t cl_ord_id = 0;
  int64_t prices[] = {10'000, 10'000};
  for (int i = 0; i != 6'000; ++i) {
    const auto account = static_cast<uint32_t>(1'000 + random.Below(kAccounts));
    const auto instrument = static_cast<uint32_t>(7 + random.Below(2));
    if (random.Chance(0.2)) {
      prices[instrument - 7] += static_cast<int64_t>(random.Below(201)) - 100;
      SetReference(prices[instrument - 7], instrument);
    }
    const uint64_t quantity = 100 * (1 + random.Below(3));
    const bool buys = random.Chance(0.5);
    const int64_t cents = prices[instrument - 7] + static_cast<int64_t>(random.Below(101)) - 50;
    Fill(Limit(++cl_ord_id, buys ? Side::kBuy : Side::kSellShort, quantity, cents, account,
               instrument),
         cents);
    auto& [sum, paid] = held[{account, instrument}];
    const int64_t signed_quantity =
        buys ? static_cast<int64_t>(quantity) : -static_cast<int64_t>(quantity);
    sum += signed_quantity;
    paid += signed_quantity * cents;
    if (random.Chance(0.3)) Timer();
    if (i % 1'500 == 700) {
      const uint64_t hash = engine().StateHash();
      ASSERT_EQ(Adopt(Saved(), config_), "");
      ASSERT_EQ(engine().StateHash(), hash);
    }
  }
  Settle();
  std::map<uint32_t, Money> expected;
  for (const auto& [key, holding] : held) {
    expected[key.first] +=
        (Money{holding.first} * prices[key.second - 7] - holding.second) * (kMoneyPerUnit / 100);
  }
  for (const auto& [account, result] : expected) {
    const uint32_t instrument = held.contains({account, 7}) ? 7 : 8;
    EXPECT_TRUE(Result(account, instrument) == result) << account;
  }
}

}  // namespace
}  // namespace ringway
