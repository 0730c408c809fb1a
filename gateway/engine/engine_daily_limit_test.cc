// Is an account held to what it may trade in a day, and free again when the next begins?

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

constexpr uint32_t kDay = 20'000;

class EngineDailyLimitTest : public EngineTest {
 public:
  template <class F>
  void With(F&& set) {
    config_ = SmallFirm();
    set(config_.accounts[0].limits);
    Restart(config_);
    BeginDay(kDay);
  }
  void BeginDay(uint32_t day, VenueId venue = 1) {
    Step(Origin::kTradingDay, venue,
         TradingDay{.transact_time = static_cast<uint64_t>(now_ns_), .day = day, .venue = venue});
  }
  void Fill(const NewOrder& order) { FromVenue(ExecType::kFill, Accepted(order), order.qty); }
  void ExpectRefused(const NewOrder& order, RiskCheck check, int64_t limit, int64_t value) {
    const OrderReject reject = Rejected(order);
    EXPECT_EQ(Name(reject.reason), Name(RejectReason::kOrderExceedsLimit));
    EXPECT_EQ(Name(reject.check), Name(check));
    EXPECT_EQ(reject.limit, limit);
    EXPECT_EQ(reject.value, value);
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
  BeginDay(kDay, 2);  // the same date elsewhere
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
