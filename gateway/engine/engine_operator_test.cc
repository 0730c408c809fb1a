// Tests that operators' kill switches and cancels reach exactly what they name, and survive a
// restart.

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineOperatorTest : public EngineTest {
 public:
  void KillAndCancel(KillScope scope, uint32_t id) {
    Step(Origin::kAdmin, 9, RiskState{.id = id, .scope = scope, .killed = 1, .cancel = 1});
  }
  // Turns until no work is left; returns the cancels sent for operators since there last was none.
  uint32_t CancelsInAll() {
    for (int steps = 0; engine().HasWork() && steps < 1'000; ++steps) Timer();
    EXPECT_FALSE(engine().HasWork());
    return engine().operator_cancel().affected;
  }
  void Reload() {
    const std::vector<std::byte> bytes = Saved();
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(bytes, SmallFirm()), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }
};

TEST_F(EngineOperatorTest, AKilledInstrumentStopsItsOrdersAndReplacesOnly) {
  Live(Buy(1));
  Kill(KillScope::kInstrument, 7);
  EXPECT_TRUE(engine().killed(KillScope::kInstrument, 7));
  EXPECT_FALSE(engine().killed(KillScope::kInstrument, 8));
  EXPECT_EQ(engine().killed_count(KillScope::kInstrument), 1u);
  EXPECT_EQ(CountOf<RiskState>(), 2u) << "both sessions may trade it";
  const OrderReject reject = Rejected(Buy(2));
  EXPECT_EQ(reject.reason, RejectReason::kKillSwitch);
  EXPECT_EQ(reject.check, RiskCheck::kKillSwitch);
  EXPECT_EQ(SendReplace(3, 1, 50, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kKillSwitch);
  Accepted(Limit(4, Side::kBuy, 100, 10'000, 100, 8));
  EXPECT_NE(SendCancel(5, 1), 0u) << "cancels pass";
  Kill(KillScope::kInstrument, 7, false);
  EXPECT_EQ(engine().killed_count(KillScope::kInstrument), 0u);
  Accepted(Buy(6));
  Kill(KillScope::kInstrument, 9);
  EXPECT_EQ(counters().unknown_sources, 1u);
}

TEST_F(EngineOperatorTest, AKilledInstrumentIsToldToThoseWhoMayTradeIt) {
  EngineConfig config = SmallFirm();
  config.sessions[1].instruments = {8};
  Restart(config);
  Kill(KillScope::kInstrument, 7);
  EXPECT_EQ(CountOf<RiskState>(), 1u);
  EXPECT_EQ((*effects().begin()).id, 1u);
}

TEST_F(EngineOperatorTest, ARequestThatWaitsIsKilledWithItsInstrument) {
  const uint64_t abc = Accepted(Buy(1));
  const uint64_t xyz = Accepted(Limit(2, Side::kBuy, 100, 10'000, 100, 8));
  Kill(KillScope::kInstrument, 8);
  EXPECT_FALSE(engine().RequestIsKilled(abc));
  EXPECT_TRUE(engine().RequestIsKilled(xyz));
}

TEST_F(EngineOperatorTest, KillsSurviveARestartAndCanBeLiftedThen) {
  Kill(KillScope::kInstrument, 8);
  Kill(KillScope::kAccount, 200);
  Reload();
  EXPECT_EQ(engine().killed_count(KillScope::kInstrument), 1u);
  EXPECT_EQ(engine().killed_count(KillScope::kAccount), 1u);
  const NewOrder order = Limit(1, Side::kBuy, 100, 10'000, 100, 8);
  EXPECT_EQ(Rejected(order).reason, RejectReason::kKillSwitch);
  Kill(KillScope::kInstrument, 8, false);
  Accepted(order);
}

TEST_F(EngineOperatorTest, KilledNumbersAreShownInSlices) {
  Kill(KillScope::kInstrument, 8);
  std::vector<uint32_t> seen;
  const auto see = [&](uint32_t number) { seen.push_back(number); };
  EXPECT_EQ(engine().ForEachKilled(KillScope::kInstrument, 0, 1, see), 1u);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(engine().ForEachKilled(KillScope::kInstrument, 1, 1, see), UINT32_MAX);
  EXPECT_EQ(seen, std::vector<uint32_t>{8});
  EXPECT_EQ(engine().ForEachKilled(KillScope::kAccount, 0, 9, see), UINT32_MAX);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(EngineOperatorTest, AKillThatCancelsAsksForWhatIsOpenInItsScope) {
  struct Case {
    KillScope scope;
    uint32_t id;
    uint32_t cancels;
  };
  for (const Case& c : {Case{KillScope::kAll, 0, 7},
                        {KillScope::kSession, 2, 3},
                        {KillScope::kAccount, 200, 1},
                        {KillScope::kVenue, 2, 2},
                        {KillScope::kInstrument, 8, 4}}) {
    Restart(SmallFirm());
    Live(Buy(1));
    Live(Buy(2));
    for (uint64_t id = 3; id <= 4; ++id) Live(Limit(id, Side::kBuy, 100, 9'000, 100, 8));
    Live(Limit(1, Side::kBuy, 100, 9'000, 200), 2);
    for (uint64_t id = 2; id <= 3; ++id) {
      NewOrder order = Limit(id, Side::kBuy, 100, 9'000, 100, 8);
      order.route = 2;
      FromVenue(Execution(ExecType::kNew, Accepted(order, 2)), 2);
    }
    KillAndCancel(c.scope, c.id);
    EXPECT_TRUE(engine().killed(c.scope, c.id));
    EXPECT_EQ(CancelsInAll(), c.cancels) << Name(c.scope);
  }
}

TEST_F(EngineOperatorTest, AKillThatCancelsDoesSoAgainWhenItIsLatchedAlready) {
  Live(Buy(1));
  Kill(KillScope::kSession, 1);
  KillAndCancel(KillScope::kSession, 1);
  EXPECT_EQ(CountOf<RiskState>(), 0u) << "no news";
  EXPECT_EQ(CancelsInAll(), 1u);
}

TEST_F(EngineOperatorTest, AnArmThatCancelsMeansNothing) {
  Live(Buy(1));
  Kill(KillScope::kSession, 1);
  Step(Origin::kAdmin, 9, RiskState{.id = 1, .scope = KillScope::kSession, .cancel = 1});
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
  EXPECT_EQ(CancelsInAll(), 0u);
  EXPECT_EQ(counters().unknown_sources, 1u);
}

TEST_F(EngineOperatorTest, CancelsWaitForOneAnotherAndForOrdersOfTheirTimeOnly) {
  for (uint64_t id = 1; id <= 900; ++id) Live(Buy(id, 1));
  const uint64_t old = Live(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  KillAndCancel(KillScope::kSession, 1);
  KillAndCancel(KillScope::kSession, 2);
  EXPECT_TRUE(engine().operator_cancel().under_way);
  EXPECT_EQ(engine().operator_cancel().waiting, 1u);
  Kill(KillScope::kSession, 2, false);
  const NewOrder later = Limit(2, Side::kBuy, 1, 9'000, 200);
  const uint64_t young = Accepted(later, 2);
  FromVenue(ExecType::kCanceled, old);
  Accepted(Limit(3, Side::kBuy, 1, 9'000, 200), 2);
  Kill(KillScope::kAccount, 100);
  KillAndCancel(KillScope::kAccount, 200);
  Reload();
  EXPECT_EQ(engine().operator_cancel().waiting, 2u);
  EXPECT_EQ(CancelsInAll(), 902u);
  EXPECT_NE(young, 0u);
}

TEST_F(EngineOperatorTest, ACancelThatWaitedLeavesYoungerOrdersAlone) {
  for (uint64_t id = 1; id <= 900; ++id) Live(Buy(id, 1));
  KillAndCancel(KillScope::kSession, 1);
  KillAndCancel(KillScope::kSession, 2);
  Kill(KillScope::kSession, 2, false);
  Accepted(Limit(2, Side::kBuy, 1, 9'000, 200), 2);
  EXPECT_EQ(engine().operator_cancel().waiting, 1u);
  EXPECT_EQ(CancelsInAll(), 900u);
  EXPECT_EQ(StatusOfOrder(2, 2), OrdStatus::kPendingNew) << "sent after the command";
}

TEST_F(EngineOperatorTest, MoreCancelsThanMayWaitAreRefusedWhole) {
  constexpr uint64_t kOrders = (OperatorCancelJob::kWaitingMax + 3) * 128;
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 4'096;
  Restart(config);
  for (uint64_t id = 1; id <= kOrders; ++id) Accepted(Buy(id, 1));
  KillAndCancel(KillScope::kSession, 1);
  for (uint32_t i = 1; i <= OperatorCancelJob::kWaitingMax; ++i) {
    Step(Origin::kAdmin, 9, OperatorCancel{.account = 200});
    ASSERT_EQ(engine().operator_cancel().waiting, i);
  }
  KillAndCancel(KillScope::kVenue, 1);
  EXPECT_FALSE(engine().killed(KillScope::kVenue, 1));
  EXPECT_EQ(counters().unknown_sources, 1u);
  EXPECT_EQ(CancelsInAll(), kOrders) << "each order once";
}

// --- Positions ---

class EnginePositionTest : public EngineOperatorTest {
 public:
  void Adjust(bool sets, int64_t quantity, int64_t cents = 0, uint32_t account = 100,
              uint32_t instrument = 7) {
    Step(Origin::kAdmin, 9,
         PositionAdjustment{.quantity = quantity,
                            .price = cents * kCent,
                            .instrument = instrument,
                            .account = account,
                            .sets = sets});
  }
  int64_t Held() { return engine().position(100, 7).quantity; }
};

TEST_F(EnginePositionTest, IsSetOrChangedAndCountsAgainstLimits) {
  EngineConfig config = SmallFirm();
  config.accounts[0].limits.position_max = 100;
  config.accounts[0].limits.gross_notional_max = 15'000;
  config.firm.position_max = 120;
  Restart(config);
  Adjust(true, 90, 10'000);
  EXPECT_EQ(Held(), 90);
  EXPECT_EQ(CountOf<PositionReport>(), effects().count()) << "no session traded it";
  EXPECT_EQ(effects().count(), 2u) << "both may trade it";
  EXPECT_EQ(Rejected(Buy(1, 11, 1)).check, RiskCheck::kPositionLimit);
  Adjust(false, -30);
  EXPECT_EQ(Held(), 60);
  Accepted(Buy(2, 40, 10'000));
  EXPECT_EQ(Rejected(Limit(3, Side::kBuy, 100, 10'000, 100, 8)).check, RiskCheck::kGrossNotional);
  Adjust(true, 21, 10'000, 200);
  EXPECT_EQ(Rejected(Limit(4, Side::kBuy, 1, 1, 200), 2).check, RiskCheck::kFirmPosition);
  EXPECT_EQ(counters().position_adjustments, 3u);
  Adjust(true, -70);
  EXPECT_EQ(Held(), -70);
}

TEST_F(EnginePositionTest, WhatWasNeverTradedIsWorthTheMarketUnlessAPriceIsNamed) {
  EngineConfig config = SmallFirm();
  config.accounts[0].limits.gross_notional_max = 10'000;
  Restart(config);
  Adjust(true, 99);
  EXPECT_EQ(Rejected(Limit(1, Side::kBuy, 100, 10'000, 100, 8)).value, 19'900);
  Adjust(false, 0, 5'000);
  Accepted(Limit(2, Side::kBuy, 100, 5'000, 100, 8));
}

TEST_F(EnginePositionTest, WhatCannotBeChangesNothing) {
  Adjust(true, 5);
  Adjust(true, int64_t{1} << 39);
  Adjust(false, -(int64_t{1} << 39));
  Adjust(true, 1, -1);
  Adjust(true, 1, 100'000'00 + 1);
  Adjust(true, 1, 0, 300);
  Adjust(true, 1, 0, 100, 9);
  EXPECT_EQ(Held(), 5);
  EXPECT_EQ(counters().unknown_sources, 6u);
  EXPECT_EQ(counters().position_adjustments, 1u);
}

TEST_F(EnginePositionTest, WhatASessionTradedCountsForItsLimitsAlone) {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.position_max = 100;
  config.sessions[0].limits.gross_notional_max = 15'000;
  config.firm.position_max = 120;
  Restart(config);
  const auto adjust = [this](bool sets, int64_t quantity, int64_t cents = 0, SessionId session = 1,
                             uint32_t account = 0) {
    Step(Origin::kAdmin, 9,
         PositionAdjustment{.quantity = quantity,
                            .price = cents * kCent,
                            .instrument = 7,
                            .account = account,
                            .sets = sets,
                            .session = session});
  };
  FromVenue(ExecType::kFill, Accepted(Buy(1, 100, 10'000)), 100);
  EXPECT_EQ(Rejected(Buy(2, 1, 1)).check, RiskCheck::kSessionPosition);
  adjust(true, 0);
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(Held(), 100);
  Accepted(Buy(3, 20, 10'000));
  EXPECT_EQ(Rejected(Buy(4, 1, 1)).check, RiskCheck::kFirmPosition);
  adjust(false, -100, 12'500);
  EXPECT_EQ(Rejected(Limit(5, Side::kBuy, 100, 10'000, 100, 8)).value, 12'500 + 2'000 + 10'000);
  EXPECT_EQ(counters().position_adjustments, 2u);
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(Saved(), config), "");
  EXPECT_EQ(engine().StateHash(), hash);
  const uint64_t before = counters().unknown_sources;
  adjust(true, 0, 0, 3);       // no session
  adjust(true, 0, 0, 2);       // nothing is counted of it
  adjust(true, 0, 0, 1, 100);  // of both
  EXPECT_EQ(counters().unknown_sources, before + 3);
  EXPECT_EQ(Held(), 100);
}

TEST_F(EnginePositionTest, ARestartKeepsIt) {
  Adjust(true, -250, 12'000);
  Reload();
  EXPECT_EQ(Held(), -250);
}

class EngineRestrictionTest : public EngineTest {
 protected:
  void Say(bool restricted, uint32_t account = 100, uint32_t instrument = 7) {
    Step(Origin::kAdmin, 9,
         Restriction{.instrument = instrument, .account = account, .restricted = restricted});
  }
  void Reload(const EngineConfig& config) {
    const std::vector<std::byte> saved = Saved();
    ASSERT_EQ(Adopt(saved, config), "");
  }
};

TEST_F(EngineRestrictionTest, ForbidsAndPermitsWhateverIsConfigured) {
  EngineConfig config = SmallFirm();
  config.accounts[1].restricted = {8};
  Restart(config);
  const auto buy8 = [](uint64_t id) { return Limit(id, Side::kBuy, 100, 10'000, 200, 8); };
  EXPECT_EQ(Rejected(buy8(1), 2).reason, RejectReason::kMissingEntitlement);
  Accepted(Buy(2));
  Say(true);
  EXPECT_EQ(Rejected(Buy(3)).check, RiskCheck::kEntitlement) << "it holds a position there";
  EXPECT_NE(SendCancel(4, 2), 0u) << "cancels pass";
  Say(false, 200, 8);
  Accepted(buy8(5), 2);
  EXPECT_EQ(counters().restrictions, 2u);
  EXPECT_EQ(engine().restrictions(), 2u);
  // Both survive a restart, even when the configuration has changed by then.
  const uint64_t hash = engine().StateHash();
  Reload(config);
  EXPECT_EQ(engine().StateHash(), hash);
  EXPECT_EQ(Rejected(Buy(6)).check, RiskCheck::kEntitlement);
  Accepted(buy8(7), 2);
  config.accounts[1].restricted = {};
  Reload(config);
  EXPECT_EQ(engine().restrictions(), 1u) << "what nothing forbids need not be permitted";
  config.accounts[0].restricted = {7};
  Reload(config);
  config.accounts[0].restricted = {};
  Reload(config);
  EXPECT_EQ(Rejected(Buy(9)).check, RiskCheck::kEntitlement) << "nobody permitted it";
  Say(false);
  Accepted(Buy(8));
  EXPECT_EQ(engine().restrictions(), 0u);
}

TEST_F(EngineRestrictionTest, HoldsForAPairThatNeverTraded) {
  Say(true, 100, 8);
  EXPECT_EQ(Rejected(Limit(1, Side::kBuy, 100, 10'000, 100, 8)).check, RiskCheck::kEntitlement);
  Accepted(Limit(2, Side::kBuy, 100, 10'000, 200, 8), 2);
}

TEST_F(EngineRestrictionTest, WhatMeansNothingChangesNothing) {
  Say(true, 300);
  Say(true, 100, 9);
  Step(Origin::kAdmin, 9, Restriction{.instrument = 7, .account = 100, .restricted = 2});
  EXPECT_EQ(counters().unknown_sources, 3u);
  EXPECT_EQ(counters().restrictions, 0u);
  Accepted(Buy(1));
}

TEST_F(EngineRestrictionTest, TooManyAreRefused) {
  EngineConfig config = SmallFirm();
  for (uint32_t id = 1'000; id != 1'000 + RestrictedList::kSaidMax; ++id) {
    config.accounts.push_back({.id = id, .name = "", .restricted = {}, .limits = {}});
  }
  Restart(config);
  for (uint32_t id = 1'000; id != 1'000 + RestrictedList::kSaidMax; ++id) Say(true, id);
  EXPECT_EQ(engine().restrictions(), RestrictedList::kSaidMax);
  Say(true);
  EXPECT_EQ(counters().unknown_sources, 1u);
  Accepted(Buy(1));
  Say(false, 1'000);
  Say(true);
  Rejected(Buy(2));
}

class EngineLimitChangeTest : public EngineRestrictionTest {
 protected:
  bool Set(LimitOwner owner, uint32_t id, LimitKind limit, int64_t value) {
    const uint64_t before = counters().limit_changes;
    Step(Origin::kAdmin, 9, LimitChange{.value = value, .id = id, .owner = owner, .limit = limit});
    return counters().limit_changes != before;
  }
};

TEST_F(EngineLimitChangeTest, EachLimitHoldsFromThenOn) {
  using enum LimitKind;
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kQuantityMax, 50));
  EXPECT_EQ(Rejected(Buy(1, 51)).check, RiskCheck::kMaxQuantity);
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kQuantityMax, kNoLimit));
  Accepted(Buy(2, 51));
  EXPECT_TRUE(Set(LimitOwner::kSession, 1, kNotionalMax, 1'000));
  EXPECT_EQ(Rejected(Buy(3)).check, RiskCheck::kMaxNotional);
  EXPECT_TRUE(Set(LimitOwner::kSession, 1, kNotionalMax, kNoLimit));
  EXPECT_TRUE(Set(LimitOwner::kSession, 1, kOpenOrdersMax, 1));
  EXPECT_EQ(Rejected(Buy(4)).check, RiskCheck::kOpenOrders);
  EXPECT_TRUE(Set(LimitOwner::kSession, 1, kOpenOrdersMax, kNoLimit));
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kPositionMax, 100));
  EXPECT_EQ(Rejected(Buy(5)).check, RiskCheck::kPositionLimit);
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kPositionMax, 1'000));
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kGrossNotionalMax, 5'100));
  EXPECT_EQ(Rejected(Buy(6)).check, RiskCheck::kGrossNotional);
}

TEST_F(EngineLimitChangeTest, HoldsAcrossARestartUntilSomethingElseIsConfigured) {
  using enum LimitKind;
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, kQuantityMax, 50));
  EXPECT_TRUE(Set(LimitOwner::kSession, 1, kOpenOrdersMax, kNoLimit));
  EXPECT_EQ(engine().limits_changed(), 2u);
  const uint64_t hash = engine().StateHash();
  EngineConfig config = SmallFirm();
  Reload(config);
  EXPECT_EQ(engine().StateHash(), hash);
  Rejected(Buy(1, 51));
  config.accounts[0].limits.quantity_max = 60;
  Reload(config);
  EXPECT_EQ(engine().limits_changed(), 1u);
  Accepted(Buy(2, 60));
  Rejected(Buy(3, 61));
}

TEST_F(EngineLimitChangeTest, AnInstrumentsLimitsHoldForTheWholeFirm) {
  using enum LimitKind;
  EngineConfig config = SmallFirm();
  config.instrument_limits = {{.instrument = 8, .position_max = 1'000}};
  for (const bool of_account : {false, true}) {
    SCOPED_TRACE(of_account);
    // What an account may do there besides holds too.
    if (of_account) {
      config.instrument_limits.push_back({.instrument = 7, .account = 100, .quantity_max = 70});
    }
    Restart(config);
    Live(Limit(1, Side::kBuy, 60, 10'000, 100, 7));
    EXPECT_TRUE(Set(LimitOwner::kInstrument, 7, kQuantityMax, 50));
    EXPECT_EQ(Name(Rejected(Buy(2, 51)).check), Name(RiskCheck::kInstrumentQuantity));
    EXPECT_EQ(Name(Rejected(Limit(2, Side::kBuy, 51, 10'000, 200), 2).check),
              Name(RiskCheck::kInstrumentQuantity));
    EXPECT_TRUE(Set(LimitOwner::kInstrument, 7, kQuantityMax, kNoLimit));
    EXPECT_TRUE(Set(LimitOwner::kInstrument, 7, kNotionalMax, 5'000));
    EXPECT_EQ(Name(Rejected(Buy(3, 51)).check), Name(RiskCheck::kInstrumentNotional));
    EXPECT_TRUE(Set(LimitOwner::kInstrument, 7, kNotionalMax, kNoLimit));
    Accepted(Buy(4, 51));
    Live(Limit(5, Side::kBuy, 300, 10'000, 100, 8));
    EXPECT_TRUE(Set(LimitOwner::kInstrument, 8, kPositionMax, 400));
    const NewOrder more = Limit(6, Side::kBuy, 200, 10'000, 200, 8);
    EXPECT_EQ(Name(Rejected(more, 2).check), Name(RiskCheck::kFirmPosition));
    const uint64_t hash = engine().StateHash();
    Reload(config);
    EXPECT_EQ(engine().StateHash(), hash);
    EXPECT_EQ(Name(Rejected(more, 2).check), Name(RiskCheck::kFirmPosition));
    EXPECT_EQ(engine().limit_changed(0).id, 8u);
    EXPECT_FALSE(Set(LimitOwner::kInstrument, 7, kPositionMax, 400)) << "nothing is counted there";
    EXPECT_FALSE(Set(LimitOwner::kInstrument, 7, kOpenOrdersMax, 400));
    EXPECT_FALSE(Set(LimitOwner::kInstrument, 9, kQuantityMax, 400));
  }
}

TEST_F(EngineLimitChangeTest, WhatIsSetAsConfiguredIsNoChange) {
  const int64_t configured = SmallFirm().accounts[0].limits.quantity_max;
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, LimitKind::kQuantityMax, 50));
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, LimitKind::kQuantityMax, 40));
  EXPECT_EQ(engine().limits_changed(), 1u);
  EXPECT_TRUE(Set(LimitOwner::kAccount, 100, LimitKind::kQuantityMax, configured));
  EXPECT_EQ(engine().limits_changed(), 0u);
}

TEST_F(EngineLimitChangeTest, LimitsOfGroupsAndDaysHoldFromThenOn) {
  using enum LimitKind;
  EngineConfig config = SmallFirm();
  config.desks = {{.id = 4, .name = "desk", .limits = {}}, {.id = 3, .name = "one", .limits = {}}};
  config.accounts[0].desk = 3;
  config.desks[1].limits = {.position_max = 100'000, .open_orders_max = 50};
  config.firm = {.gross_notional_max = 10'000'000,
                 .daily_turnover_max = 10'000'000,
                 .daily_loss_max = 10'000'000};
  config.accounts[0].limits.daily_bought_max = 10'000'000;
  config.accounts[0].limits.daily_loss_max = 10'000'000;
  config.sessions[0].limits.position_max = 100'000;
  config.instrument_limits = {{.instrument = 7, .desk = 3, .position_max = 900}};
  const auto refusal = [this](uint64_t cl_ord_id) { return Rejected(Buy(cl_ord_id)).check; };
  struct Case {
    LimitOwner owner;
    uint32_t id;
    LimitKind kind;
    int64_t value;
    RiskCheck check;
  };
  const Case cases[] = {
      {LimitOwner::kDesk, 3, kPositionMax, 199, RiskCheck::kDeskPosition},
      {LimitOwner::kDesk, 3, kOpenOrdersMax, 1, RiskCheck::kDeskOpenOrders},
      {LimitOwner::kFirm, 0, kGrossNotionalMax, 19'999, RiskCheck::kFirmGrossNotional},
      {LimitOwner::kFirm, 0, kDailyTurnoverMax, 19'999, RiskCheck::kFirmDailyTurnover},
      {LimitOwner::kAccount, 100, kDailyBoughtMax, 19'999, RiskCheck::kDailyBought},
      {LimitOwner::kSession, 1, kPositionMax, 199, RiskCheck::kSessionPosition},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(Name(one.check));
    Restart(config);
    Live(Buy(1, 100, 10'000));
    ASSERT_TRUE(Set(one.owner, one.id, one.kind, one.value));
    EXPECT_EQ(Name(refusal(2)), Name(one.check));
    const uint64_t hash = engine().StateHash();
    Reload(config);
    EXPECT_EQ(engine().StateHash(), hash);
    EXPECT_EQ(Name(refusal(3)), Name(one.check));
    const ChangedLimit changed = engine().limit_changed(0);
    EXPECT_EQ(changed.owner, one.owner);
    EXPECT_EQ(changed.id, one.id);
    EXPECT_EQ(changed.limit, one.kind);
    EXPECT_EQ(changed.value, one.value);
    EXPECT_TRUE(Set(one.owner, one.id, one.kind, kNoLimit)) << "what is counted can be let free";
    Accepted(Buy(4));
    EXPECT_TRUE(Set(one.owner, one.id, one.kind, one.value)) << "and be limited again";
    EXPECT_EQ(Name(refusal(5)), Name(one.check));
  }
  // The tighter limit of one instrument stays in force.
  Restart(config);
  ASSERT_TRUE(Set(LimitOwner::kDesk, 3, kPositionMax, 50'000));
  Accepted(Buy(1, 900));
  EXPECT_EQ(Rejected(Buy(2, 1)).limit, 900);
}

TEST_F(EngineLimitChangeTest, ALossLimitIsHeldAgainstWhatWasLostBefore) {
  for (const LimitOwner owner : {LimitOwner::kAccount, LimitOwner::kDesk, LimitOwner::kFirm}) {
    SCOPED_TRACE(Name(owner));
    EngineConfig config = SmallFirm();
    config.desks = {{.id = 3, .name = "one", .limits = {.daily_loss_max = 10'000}}};
    config.accounts[0].desk = 3;
    config.accounts[0].limits.daily_loss_max = 10'000;
    config.firm.daily_loss_max = 10'000;
    Restart(config);
    FromVenue(ExecType::kFill, Accepted(Buy(1, 100, 10'000)), 100);
    Step(Origin::kAdmin, 9, ReferencePrice{.price = 98'000'000'000, .instrument = 7});
    const uint32_t id = owner == LimitOwner::kAccount ? 100 : owner == LimitOwner::kDesk ? 3 : 0;
    Accepted(Buy(2, 100, 9'800));
    ASSERT_TRUE(Set(owner, id, LimitKind::kDailyLossMax, 199));
    EXPECT_EQ(Rejected(Buy(3, 1, 9'800)).value, 200);
    ASSERT_TRUE(Set(owner, id, LimitKind::kDailyLossMax, 200));
    Accepted(Buy(4, 1, 9'800));
    ASSERT_TRUE(Set(owner, id, LimitKind::kDailyLossMax, kNoLimit));
    const uint64_t hash = engine().StateHash();
    Reload(config);
    EXPECT_EQ(engine().StateHash(), hash) << "what is counted goes on to be";
    ASSERT_TRUE(Set(owner, id, LimitKind::kDailyLossMax, 199));
    EXPECT_EQ(Rejected(Buy(5, 1, 9'800)).value, 200);
  }
}

TEST_F(EngineLimitChangeTest, WhatIsNotConfiguredIsNotCountedAndCannotBeSet) {
  using enum LimitKind;
  EngineConfig config = SmallFirm();
  config.desks = {{.id = 3, .name = "one", .limits = {.position_max = 5}}};
  Restart(config);
  EXPECT_FALSE(Set(LimitOwner::kDesk, 3, kGrossNotionalMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kDesk, 3, kQuantityMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kDesk, 4, kPositionMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kFirm, 0, kDailyTurnoverMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kFirm, 1, kDailyTurnoverMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kAccount, 100, kDailyLossMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kSession, 1, kDailyTurnoverMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kSession, 1, kDailyBoughtMax, 50));
  EXPECT_EQ(engine().limits_changed(), 0u);
  EXPECT_TRUE(Set(LimitOwner::kDesk, 3, kPositionMax, 50));
}

TEST_F(EngineLimitChangeTest, WhatMeansNothingChangesNothing) {
  using enum LimitKind;
  EXPECT_FALSE(Set(LimitOwner::kAccount, 300, kQuantityMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kUnset, 1, kQuantityMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kFirm, 0, kQuantityMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kAccount, 100, kUnset, 50));
  EXPECT_FALSE(Set(LimitOwner::kAccount, 100, static_cast<LimitKind>(99), 50));
  EXPECT_FALSE(Set(LimitOwner::kAccount, 100, kQuantityMax, 0));
  EXPECT_FALSE(Set(LimitOwner::kAccount, 100, kQuantityMax, -1));
  EXPECT_FALSE(Set(LimitOwner::kSession, 1, kPositionMax, 50));
  EXPECT_FALSE(Set(LimitOwner::kSession, 1, kOpenOrdersMax, int64_t{1} << 32));
  EXPECT_EQ(counters().unknown_sources, 9u);
  EXPECT_EQ(engine().limits_changed(), 0u);
  Accepted(Buy(1));
}

TEST_F(EngineRestrictionTest, ANoteIsForReadersOfTheJournalOnly) {
  Step(Origin::kAdmin, 9, OperatorNote{.text0 = 0x41});
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(counters().unknown_sources, 0u);
}

TEST_F(EnginePositionTest, AFullPoolIsNoReasonToEnd) {
  EngineConfig config = SmallFirm();
  config.pools.positions_max = 1;
  Restart(config);
  Adjust(true, 5);
  Adjust(true, 5, 0, 200);
  EXPECT_EQ(counters().unknown_sources, 1u);
  Adjust(false, 5);
  EXPECT_EQ(Held(), 10);
}

}  // namespace
}  // namespace ringway
