// Tests of the limits on what is traded in a day: who they apply to, and that the next day resets
// them.

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineDailyLimitTest : public EngineTest {
 public:
  template <class F>
  void With(F&& set) {
    config_ = SmallFirm();
    set(config_.accounts[0].limits);
    Restart(config_);
    BeginDay(kDay);
  }

  EngineConfig config_;
};

TEST_F(EngineDailyLimitTest, WhatIsBoughtCountsWithWhatIsOpen) {
  With([](AccountLimits& limits) { limits.daily_bought_max = 20'000; });
  Fill(Buy(1, 100, 10'000));
  const uint64_t open = Accepted(Buy(2, 60, 10'000));
  Accepted(Buy(3, 40, 10'000));
  ExpectRefused(Buy(4, 1, 1), RiskCheck::kDailyBought, 20'000, 20'001);
  FromVenue(ExecType::kCanceled, open);
  Accepted(Buy(5, 60, 10'000));
}

TEST_F(EngineDailyLimitTest, WhatIsSoldIsCountedForItself) {
  With([](AccountLimits& limits) { limits.daily_sold_max = 20'000; });
  Fill(Buy(1, 500, 10'000));
  Fill(Sell(2, 200, 10'000));
  Accepted(Sell(3, 300, 10'000));  // reduces the position
  ExpectRefused(Sell(4, 1, 10'000), RiskCheck::kDailySold, 20'000, 50'100);
  Accepted(Limit(1, Side::kSell, 1, 10'000, 200), 2);  // another account
}

TEST_F(EngineDailyLimitTest, TurnoverIsBoth) {
  With([](AccountLimits& limits) { limits.daily_turnover_max = 30'000; });
  Fill(Buy(1, 100, 10'000));
  Fill(Sell(2, 100, 10'000));
  Accepted(Buy(3, 100, 10'000));
  ExpectRefused(Buy(4, 1, 1), RiskCheck::kDailyTurnover, 30'000, 30'001);
}

TEST_F(EngineDailyLimitTest, AReplaceIsHeldAgainstWhatItAdds) {
  With([](AccountLimits& limits) { limits.daily_bought_max = 20'000; });
  Live(Buy(1, 100, 10'000));
  EXPECT_EQ(SendReplace(2, 1, 201, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kDailyBought);
  EXPECT_NE(SendReplace(3, 1, 200, 10'000), 0u);
}

TEST_F(EngineDailyLimitTest, CountsBeginAnewWithTheLatestDayOfAnyVenue) {
  With([](AccountLimits& limits) { limits.daily_bought_max = 10'000; });
  Fill(Buy(1, 100, 10'000));
  BeginDay(kDay, 2);  // the same date at another venue
  Rejected(Buy(2, 1));
  BeginDay(kDay + 1, 2);
  Fill(Buy(3, 60, 10'000));
  BeginDay(kDay + 1, 1);
  Accepted(Buy(4, 40, 10'000));
  EXPECT_EQ(Rejected(Buy(5, 1)).check, RiskCheck::kDailyBought);
}

TEST_F(EngineDailyLimitTest, ABustGivesNothingBack) {
  With([](AccountLimits& limits) { limits.daily_bought_max = 10'000; });
  const uint64_t id = Live(Buy(1, 100, 10'000));
  FromVenue(ExecType::kPartialFill, id, 60);
  FromVenue(ExecType::kBusted, id, 60);
  FromVenue(ExecType::kCanceled, id);
  Accepted(Buy(2, 40, 10'000));
  EXPECT_EQ(Rejected(Buy(3, 1)).check, RiskCheck::kDailyBought);
}

// Accounts 100 and 200 belong to desk 1; session 2 trades for both.
class EngineGroupTurnoverTest : public EngineDailyLimitTest {
 public:
  template <class F>
  void WithGroups(F&& set) {
    config_ = SmallFirm();
    config_.desks = {{.id = 1, .name = "one", .limits = {}}};
    config_.accounts[0].desk = config_.accounts[1].desk = 1;
    config_.sessions[1].accounts = {100, 200};
    set(config_);
    Restart(config_);
    BeginDay(kDay);
  }
  static NewOrder BuyFor(uint32_t account, uint64_t cl_ord_id, uint64_t qty) {
    return Limit(cl_ord_id, Side::kBuy, qty, 10'000, account);
  }
};

TEST_F(EngineGroupTurnoverTest, ADeskAndTheFirmHaveWhatTheirAccountsTrade) {
  for (const bool of_firm : {false, true}) {
    SCOPED_TRACE(of_firm);
    WithGroups([of_firm](EngineConfig& config) {
      (of_firm ? config.firm : config.desks[0].limits).daily_turnover_max = 30'000;
    });
    Fill(BuyFor(100, 1, 100), 10'000, 1);
    Fill(BuyFor(200, 2, 100), 10'000, 2);
    const uint64_t open = Accepted(BuyFor(200, 3, 60), 2);
    ExpectRefused(BuyFor(100, 4, 41),
                  of_firm ? RiskCheck::kFirmDailyTurnover : RiskCheck::kDeskDailyTurnover, 30'000,
                  30'100, 1);
    FromVenue(ExecType::kCanceled, open);
    Accepted(BuyFor(100, 5, 100), 1);
    BeginDay(kDay + 1);
    Accepted(BuyFor(100, 6, 200), 1);
    EXPECT_EQ(engine().FindExposureError(), "");
  }
}

TEST_F(EngineGroupTurnoverTest, ASessionHasWhatItTradedForWhomever) {
  WithGroups([](EngineConfig& config) { config.sessions[1].limits.daily_turnover_max = 30'000; });
  Fill(BuyFor(100, 1, 100), 10'000, 1);  // another session's
  Fill(BuyFor(100, 2, 100), 10'000, 2);
  Fill(BuyFor(200, 3, 100), 10'000, 2);
  ExpectRefused(BuyFor(200, 4, 101), RiskCheck::kSessionDailyTurnover, 30'000, 30'100, 2);
  Accepted(BuyFor(200, 5, 100), 2);
}

TEST_F(EngineGroupTurnoverTest, WhatReducesPasses) {
  WithGroups([](EngineConfig& config) { config.firm.daily_turnover_max = 10'000; });
  Fill(BuyFor(100, 1, 100), 10'000, 1);
  Accepted(Sell(2, 100, 10'000));
  ExpectRefused(Sell(3, 1, 10'000), RiskCheck::kFirmDailyTurnover, 10'000, 20'100, 1);
}

TEST_F(EngineGroupTurnoverTest, ARestartKeepsTheDayOfWhoIsConfigured) {
  WithGroups([](EngineConfig& config) {
    config.firm.daily_turnover_max = 1'000'000;
    config.desks[0].limits.daily_turnover_max = 20'000;
    config.sessions[0].limits.daily_turnover_max = 1'000'000;
  });
  Fill(BuyFor(100, 1, 150), 10'000, 1);
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(Saved(), config_), "");
  EXPECT_EQ(engine().StateHash(), hash);
  ExpectRefused(BuyFor(200, 2, 51), RiskCheck::kDeskDailyTurnover, 20'000, 20'100, 2);
  // The desk has changed its place: another one comes before it.
  config_.desks.insert(config_.desks.begin(), {.id = 9, .name = "new", .limits = {}});
  config_.desks[0].limits.daily_turnover_max = 20'000;
  config_.accounts[1].desk = 9;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  Accepted(BuyFor(200, 3, 51), 2);
  ExpectRefused(BuyFor(100, 4, 51), RiskCheck::kDeskDailyTurnover, 20'000, 20'100, 1);
}

TEST_F(EngineDailyLimitTest, ARestartKeepsTheDay) {
  With([](AccountLimits& limits) { limits.daily_bought_max = 10'000; });
  Fill(Buy(1, 60, 10'000));
  const std::vector<std::byte> bytes = Saved();
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(bytes, config_), "");
  EXPECT_EQ(engine().StateHash(), hash);
  Accepted(Buy(2, 40, 10'000));
  EXPECT_EQ(Rejected(Buy(3, 1)).check, RiskCheck::kDailyBought);
  BeginDay(kDay + 1);
  Fill(Buy(4, 60, 10'000));
}

}  // namespace
}  // namespace ringway
