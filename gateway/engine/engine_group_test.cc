// Tests that the limits of sessions, desks and the firm, and those of single instruments, pass what
// they allow and refuse the next order, naming whose limit it is.

#include <cstddef>
#include <string>
#include <vector>

#include "base/random.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

// Accounts 100 and 200 belong to desk 1, account 300 to no desk. Session 2 trades for all of them.
EngineConfig Desks() {
  EngineConfig config = SmallFirm();
  config.desks = {{.id = 1, .name = "one", .limits = {}}};
  config.accounts[0].desk = config.accounts[1].desk = 1;
  config.accounts.push_back({.id = 300, .name = "loner", .restricted = {}, .limits = {}});
  config.sessions[1].accounts = {100, 200, 300};
  return config;
}

class EngineGroupTest : public EngineTest {
 public:
  EngineGroupTest() : EngineTest(Desks()) {}

  template <class F>
  void With(F&& set) {
    config_ = Desks();
    set(config_);
    Restart(config_);
  }
  static NewOrder BuyFor(uint32_t account, uint64_t cl_ord_id, uint64_t qty = 100,
                         int64_t cents = 10'000, uint32_t instrument = 7) {
    return Limit(cl_ord_id, Side::kBuy, qty, cents, account, instrument);
  }
  static NewOrder SellFor(uint32_t account, uint64_t cl_ord_id, uint64_t qty = 100,
                          int64_t cents = 10'100) {
    return Limit(cl_ord_id, Side::kSell, qty, cents, account);
  }
  void Fill(const NewOrder& order, SessionId session = 2) {
    FromVenue(ExecType::kFill, Accepted(order, session), order.qty);
  }
  void ExpectRefused(const NewOrder& order, RejectReason reason, RiskCheck check, int64_t limit,
                     int64_t value, SessionId session = 2) {
    const OrderReject reject = Rejected(order, session);
    EXPECT_EQ(Name(reject.reason), Name(reason));
    EXPECT_EQ(Name(reject.check), Name(check));
    EXPECT_EQ(reject.limit, limit);
    EXPECT_EQ(reject.value, value);
  }
  void Reload(const EngineConfig& config) {
    ASSERT_EQ(Adopt(Saved(), config), "");
    EXPECT_EQ(engine().FindExposureError(), "");
  }

  EngineConfig config_;
};

TEST_F(EngineGroupTest, GrossNotionalOfTheFirmIsThatOfAllAccounts) {
  With([](EngineConfig& config) { config.firm.gross_notional_max = 30'000; });
  Fill(BuyFor(100, 1));
  Accepted(BuyFor(200, 2), 2);
  Accepted(BuyFor(300, 3), 2);
  ExpectRefused(BuyFor(100, 1, 1, 1), RejectReason::kInsufficientCredit,
                RiskCheck::kFirmGrossNotional, 30'000, 30'001, 1);
  ExpectRefused(BuyFor(300, 4, 1, 1), RejectReason::kInsufficientCredit,
                RiskCheck::kFirmGrossNotional, 30'000, 30'001);
  EXPECT_NE(SendCancel(5, 2, 2), 0u);
  FromVenue(ExecType::kCanceled, To<Cancel>(Target::kVenue)->cl_ord_id);
  Accepted(BuyFor(300, 6), 2);
}

TEST_F(EngineGroupTest, ADesksLimitLeavesOtherAccountsAlone) {
  With([](EngineConfig& config) { config.desks[0].limits.gross_notional_max = 20'000; });
  Accepted(BuyFor(100, 1), 2);
  Accepted(BuyFor(200, 2), 2);
  ExpectRefused(BuyFor(200, 3, 1, 1), RejectReason::kInsufficientCredit,
                RiskCheck::kDeskGrossNotional, 20'000, 20'001);
  Accepted(BuyFor(300, 4), 2);
}

TEST_F(EngineGroupTest, WhatReducesAnAccountsPositionPassesEveryGrossLimit) {
  With([](EngineConfig& config) {
    config.firm.gross_notional_max = 15'000;
    config.desks[0].limits.gross_notional_max = 15'000;
    config.sessions[1].limits.gross_notional_max = 15'000;
  });
  Fill(BuyFor(100, 1));
  Accepted(SellFor(100, 2, 60), 2);
  Accepted(SellFor(100, 3, 40), 2);
  EXPECT_EQ(Rejected(SellFor(100, 4, 100), 2).check, RiskCheck::kSessionGrossNotional);
}

TEST_F(EngineGroupTest, OpenOrdersOfADeskAndOfTheFirm) {
  With([](EngineConfig& config) {
    config.desks[0].limits.open_orders_max = 2;
    config.firm.open_orders_max = 3;
  });
  const uint64_t first = Accepted(BuyFor(100, 1));
  Accepted(BuyFor(200, 2), 2);
  ExpectRefused(BuyFor(100, 3), RejectReason::kOpenOrderLimit, RiskCheck::kDeskOpenOrders, 2, 3);
  Accepted(BuyFor(300, 4), 2);
  ExpectRefused(BuyFor(300, 5), RejectReason::kOpenOrderLimit, RiskCheck::kFirmOpenOrders, 3, 4);
  EXPECT_NE(SendReplace(6, 4, 200, 10'000, 2), 0u) << "a replace adds no order";
  FromVenue(ExecType::kCanceled, first);
  Accepted(BuyFor(100, 7));
}

TEST_F(EngineGroupTest, APositionIsTheNetOfTheAccounts) {
  With([](EngineConfig& config) {
    config.desks[0].limits.position_max = 150;
    config.firm.position_max = 200;
  });
  Fill(BuyFor(100, 1));
  Accepted(BuyFor(200, 2, 50), 2);
  ExpectRefused(BuyFor(200, 3, 1), RejectReason::kPositionLimit, RiskCheck::kDeskPosition, 150,
                151);
  // Another account's short position offsets the same amount.
  Fill(SellFor(200, 4, 30));
  Accepted(BuyFor(100, 5, 30), 2);
  EXPECT_EQ(Rejected(BuyFor(100, 6, 1), 2).check, RiskCheck::kDeskPosition);
  // Shorts count for themselves: 70 long and 220 sold are 150 short.
  Accepted(SellFor(100, 7, 220), 2);
  ExpectRefused(SellFor(200, 8, 1), RejectReason::kPositionLimit, RiskCheck::kDeskPosition, 150,
                151);
  Accepted(BuyFor(300, 9, 50), 2);
  ExpectRefused(BuyFor(300, 10, 1), RejectReason::kPositionLimit, RiskCheck::kFirmPosition, 200,
                201);
  Accepted(BuyFor(300, 11, 100, 10'000, 8), 2);  // another instrument
}

TEST_F(EngineGroupTest, WhatReducesAGroupsPositionPassesWhateverTheLimit) {
  With([](EngineConfig& config) { config.firm.position_max = 100; });
  Fill(BuyFor(100, 1));
  config_.firm.position_max = 10;
  Reload(config_);
  EXPECT_EQ(Rejected(BuyFor(300, 2, 1), 2).check, RiskCheck::kFirmPosition);
  Accepted(SellFor(100, 3, 100), 2);
  Accepted(SellFor(300, 4, 10), 2);
  EXPECT_EQ(Rejected(SellFor(300, 5, 1), 2).check, RiskCheck::kFirmPosition);
}

TEST_F(EngineGroupTest, ReplacesAreHeldAgainstWhatTheyAdd) {
  With([](EngineConfig& config) {
    config.firm.position_max = 150;
    config.desks[0].limits.gross_notional_max = 16'000;
  });
  const uint64_t id = Live(BuyFor(100, 1));
  EXPECT_EQ(SendReplace(2, 1, 151, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kFirmPosition);
  EXPECT_EQ(SendReplace(3, 1, 150, 10'667), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kDeskGrossNotional);
  const uint64_t replace = SendReplace(4, 1, 150, 10'000);
  EXPECT_NE(replace, 0u);
  EXPECT_EQ(Rejected(BuyFor(300, 5, 1), 2).check, RiskCheck::kFirmPosition) << "it counts already";
  VenueRefuses(replace);
  Accepted(BuyFor(300, 6, 50), 2);
  config_.firm.position_max = 10;
  Reload(config_);
  EXPECT_NE(SendReplace(7, 1, 90, 10'000), 0u) << "one that shrinks passes";
  FromVenue(ExecType::kFill, id, 10);
}

TEST_F(EngineGroupTest, ASessionsPositionIsWhatItTradedForAnyAccount) {
  With([](EngineConfig& config) { config.sessions[1].limits.position_max = 100; });
  Fill(BuyFor(100, 1), 1);  // another session's
  Fill(BuyFor(100, 2, 60));
  Accepted(BuyFor(200, 3, 40), 2);
  ExpectRefused(BuyFor(300, 4, 1), RejectReason::kPositionLimit, RiskCheck::kSessionPosition, 100,
                101);
  Accepted(BuyFor(100, 5, 500), 1);
  Accepted(SellFor(100, 6, 160), 2);
  ExpectRefused(SellFor(100, 7, 1), RejectReason::kPositionLimit, RiskCheck::kSessionPosition, 100,
                101);
}

TEST_F(EngineGroupTest, ASessionsGrossNotionalIsWhatItTradedAndHasOpen) {
  With([](EngineConfig& config) { config.sessions[1].limits.gross_notional_max = 20'000; });
  Fill(BuyFor(100, 1), 1);
  Fill(BuyFor(100, 2));
  Accepted(BuyFor(200, 3), 2);
  ExpectRefused(BuyFor(200, 4, 1, 1), RejectReason::kInsufficientCredit,
                RiskCheck::kSessionGrossNotional, 20'000, 20'001);
  Accepted(SellFor(200, 5, 100), 2);  // what it bought for another account
}

TEST_F(EngineGroupTest, ABustAndALateFillCountInEveryGroup) {
  With([](EngineConfig& config) {
    config.firm.position_max = config.desks[0].limits.position_max = 1'000;
    config.sessions[0].limits.position_max = 100;
  });
  const uint64_t id = Live(BuyFor(100, 1));
  FromVenue(ExecType::kPartialFill, id, 40);
  FromVenue(ExecType::kCanceled, id);
  FromVenue(ExecType::kFill, id, 60);  // late
  EXPECT_EQ(Rejected(BuyFor(100, 2, 1)).check, RiskCheck::kSessionPosition);
  ExecutionReport bust = Execution(ExecType::kBusted, id, 60);
  bust.ord_status = OrdStatus::kCanceled;
  FromVenue(bust);
  Accepted(BuyFor(100, 3, 60));
}

TEST_F(EngineGroupTest, ARestartKeepsWhatSessionsTraded) {
  With([](EngineConfig& config) {
    config.sessions[1].limits.position_max = 100;
    config.sessions[1].limits.gross_notional_max = 10'000;
    config.firm.position_max = 1'000;
  });
  Fill(BuyFor(100, 1, 60));
  Accepted(BuyFor(200, 2, 40), 2);
  const uint64_t hash = engine().StateHash();
  const std::vector<std::byte> bytes = Saved();
  Reload(config_);
  EXPECT_EQ(engine().StateHash(), hash);
  EXPECT_EQ(Saved(), bytes);
  ExpectRefused(BuyFor(300, 3, 1), RejectReason::kPositionLimit, RiskCheck::kSessionPosition, 100,
                101);
}

TEST_F(EngineGroupTest, LimitsThatAreNewAtARestartCountWhatThereIs) {
  Fill(BuyFor(100, 1, 60));
  Accepted(BuyFor(200, 2, 40), 2);
  EngineConfig config = Desks();
  config.firm.position_max = config.desks[0].limits.position_max = 100;
  config.firm.gross_notional_max = 10'000;
  config.sessions[1].limits.position_max = 100;
  Reload(config);
  EXPECT_EQ(Rejected(BuyFor(300, 3, 1), 2).check, RiskCheck::kFirmPosition);
  EXPECT_EQ(Rejected(BuyFor(100, 4, 1), 2).check, RiskCheck::kDeskPosition);
  // What a session traded before it had a limit is unknown; its open orders are known.
  EXPECT_EQ(Rejected(SellFor(300, 5, 101), 2).check, RiskCheck::kSessionPosition);
  Reload(Desks());
  Accepted(BuyFor(300, 6, 1'000), 2);
}

TEST_F(EngineGroupTest, AnOrderThatOpensAgainAfterALimitIsNewCounts) {
  const uint64_t id = Live(BuyFor(100, 1));
  FromVenue(ExecType::kFill, id, 100);
  EngineConfig config = Desks();
  config.sessions[0].limits.position_max = 120;
  Reload(config);
  ExecutionReport bust = Execution(ExecType::kBusted, id, 100);
  bust.ord_status = OrdStatus::kNew;
  bust.leaves_qty = 100;
  FromVenue(bust);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kNew);
  Accepted(BuyFor(100, 2, 20));
}

TEST_F(EngineGroupTest, WhatIsBookedForAForgottenOrderCountsForDeskAndFirm) {
  With([](EngineConfig& config) {
    config.pools.orders_max = 8;
    config.firm.position_max = 1'000;
    config.desks[0].limits.position_max = 229;
    config.sessions[0].limits.position_max = 1'000;
  });
  const uint64_t id = Accepted(BuyFor(100, 11));
  FromVenue(ExecType::kFill, id, 100);
  for (uint64_t at = 1; at <= 8; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(100 + at)));
  ASSERT_EQ(StatusOfOrder(11), OrdStatus::kUnset);
  ExecutionReport late = Execution(ExecType::kPartialFill, id, 30);
  late.instrument = 8;
  late.account = 200;
  late.side = Side::kBuy;
  FromVenue(late);  // where no group held anything; FindExposureError() stays empty
  EXPECT_EQ(engine().position(200, 8).quantity, 30);
  Accepted(BuyFor(200, 12, 100, 10'000, 8), 2);
  EXPECT_EQ(Rejected(BuyFor(200, 13, 100, 10'000, 8), 2).check, RiskCheck::kDeskPosition);
}

TEST_F(EngineGroupTest, PairsOfGroupsAreTheSameAfterARestart) {
  With([](EngineConfig& config) { config.firm.position_max = 1'000; });
  FromVenue(ExecType::kCanceled, Accepted(BuyFor(300, 1, 100, 10'000, 8), 2));
  Fill(BuyFor(100, 2));
  const std::vector<std::byte> bytes = Saved();
  Reload(config_);
  EXPECT_EQ(Saved(), bytes);
}

// --- Pairs that nobody needs ---

// Both accounts of a desk of their own, and room for two positions, or two pairs of a desk and an
// instrument.
EngineConfig TwoDesks() {
  EngineConfig config = SmallFirm();
  config.desks = {{.id = 1, .name = "one", .limits = {}}, {.id = 2, .name = "two", .limits = {}}};
  config.accounts[0].desk = 1;
  config.accounts[1].desk = 2;
  config.desks[0].limits.position_max = config.desks[1].limits.position_max = 200;
  config.firm.position_max = 1'000;
  config.pools = {.orders_max = 64, .positions_max = 3, .executions_remembered = 64};
  return config;
}

class EngineIdlePairTest : public EngineGroupTest {
 public:
  // Days begin until what was traded last is of the day before the last.
  void LetDaysPass() {
    for (int i = 0; i != 3; ++i) {
      BeginDay(++day_);
      Settle();
    }
  }
  void ThereAndBack(uint32_t account, uint32_t instrument) {
    Fill(BuyFor(account, ++name_, 100, 10'000, instrument));
    Fill(Limit(++name_, Side::kSell, 100, 10'000, account, instrument));
  }

  uint32_t day_ = 0;
  uint64_t name_ = 0;
};

TEST_F(EngineIdlePairTest, DesksGiveUpWhatTheirAccountsDo) {
  Restart(TwoDesks());
  LetDaysPass();
  uint64_t freed = 0;
  for (const uint32_t instrument : {7u, 8u, 7u}) {
    ThereAndBack(100, instrument);
    ThereAndBack(200, instrument);
    LetDaysPass();
    freed += counters().positions_freed;
    Reload(TwoDesks());
  }
  EXPECT_EQ(freed, 6u);
  Accepted(BuyFor(100, ++name_, 200), 2);
  EXPECT_EQ(Rejected(BuyFor(100, ++name_, 1), 2).check, RiskCheck::kDeskPosition);
}

TEST_F(EngineIdlePairTest, AFillOfAForgottenOrderIsBookedWhereNoGroupHeldAnything) {
  EngineConfig config = TwoDesks();
  config.pools.orders_max = 8;
  Restart(config);
  LetDaysPass();
  ThereAndBack(100, 7);
  ThereAndBack(200, 7);
  LetDaysPass();
  const uint64_t id = Accepted(BuyFor(100, ++name_), 2);
  FromVenue(ExecType::kCanceled, id);
  for (int at = 0; at != 8; ++at) {
    FromVenue(ExecType::kCanceled, Accepted(BuyFor(200, ++name_), 2));
  }
  ExecutionReport late = Execution(ExecType::kPartialFill, id, 30);
  late.instrument = 8;
  late.account = 200;
  late.side = Side::kBuy;
  FromVenue(late);
  EXPECT_EQ(engine().position(200, 8).quantity, 30);
  Reload(config);
  EXPECT_EQ(engine().position(200, 8).quantity, 30);
}

TEST_F(EngineIdlePairTest, AnAccountThatMovesToAnotherDeskTakesItsPositionsAlong) {
  EngineConfig config = TwoDesks();
  Restart(config);
  Fill(BuyFor(100, ++name_, 100));
  Fill(BuyFor(200, ++name_, 100, 10'000, 8));
  config.accounts[0].desk = 2;
  config.accounts[1].desk = 1;
  Reload(config);
  EXPECT_EQ(Rejected(BuyFor(100, ++name_, 101), 2).check, RiskCheck::kDeskPosition);
  Accepted(BuyFor(100, ++name_, 100), 2);
}

TEST_F(EngineIdlePairTest, SessionsGiveUpWhatTheyDoNotHold) {
  EngineConfig config = Desks();
  config.sessions[0].limits.position_max = config.sessions[1].limits.position_max = 200;
  config.pools = {.orders_max = 64, .positions_max = 3, .executions_remembered = 64};
  Restart(config);
  LetDaysPass();
  const auto cancel = [this](SessionId session, uint32_t instrument) {
    const uint64_t id = Accepted(BuyFor(100, ++name_, 100, 9'000, instrument), session);
    FromVenue(ExecType::kCanceled, id);
    return id;
  };
  cancel(1, 7);
  cancel(2, 7);
  cancel(1, 8);
  const NewOrder fourth = BuyFor(100, 50, 100, 9'000, 8);
  EXPECT_EQ(Rejected(fourth, 2).reason, RejectReason::kGatewayFull);
  LetDaysPass();
  cancel(2, 8);
  const uint64_t late = cancel(1, 7);
  BeginDay(++day_);
  Settle();
  // Its order is of the day before, so that the session is known to have traded.
  FromVenue(ExecType::kPartialFill, late, 60);
  Reload(config);
  LetDaysPass();
  EXPECT_EQ(Rejected(BuyFor(100, 51, 141), 1).check, RiskCheck::kSessionPosition);
  Accepted(BuyFor(100, 52, 140), 1);
}

// Whatever is given up, and whenever the state is saved, a loaded engine is the same one. Every
// step recomputes what groups hold (FindExposureError).
TEST_F(EngineIdlePairTest, ALoadedEngineHasTheSamePairs) {
  EngineConfig config = TwoDesks();
  config.accounts[1].desk = 1;
  config.accounts.push_back(
      {.id = 300, .name = "three", .desk = 2, .restricted = {}, .limits = {}});
  config.sessions[1].accounts = {100, 200, 300};
  for (EngineSessionConfig& session : config.sessions) session.limits.position_max = 1'000'000;
  for (DeskConfig& desk : config.desks) desk.limits.position_max = 1'000'000;
  config.firm.position_max = 1'000'000;
  config.warn_at_percent = 1;
  for (AccountConfig& account : config.accounts) account.limits.self_match_prevention = false;
  for (uint32_t id = 20; id != 40; ++id) {
    config.instruments.push_back(config.instruments[0]);
    config.instruments.back().id = id;
  }
  config.pools = {.orders_max = 64, .positions_max = 24, .executions_remembered = 64};
  Restart(config);
  Random random(11);
  std::vector<uint64_t> open;
  uint64_t freed = 0;
  for (int step = 0; step != 3'000; ++step) {
    const auto session = static_cast<SessionId>(1 + random.Below(2));
    const auto account = session == 1 ? 100 : static_cast<uint32_t>(100 * (1 + random.Below(3)));
    const auto instrument = static_cast<uint32_t>(20 + random.Below(20));
    if (random.Chance(0.05)) BeginDay(++day_);
    if (random.Chance(0.5)) Timer();
    if (random.Chance(0.4)) {
      const Side side = random.Chance(0.5) ? Side::kBuy : Side::kSell;
      Send(Limit(++name_, side, 100, 10'000, account, instrument), session);
      if (const auto sent = To<NewOrder>(Target::kVenue)) open.push_back(sent->cl_ord_id);
    } else if (!open.empty()) {
      const uint64_t id = open[random.Below(open.size())];
      std::erase(open, id);
      random.Chance(0.3) ? FromVenue(ExecType::kFill, id, 100) : FromVenue(ExecType::kCanceled, id);
    }
    if (!random.Chance(0.05)) continue;
    freed += counters().positions_freed;
    const uint64_t hash = engine().StateHash();
    const std::vector<std::byte> saved = Saved();
    ASSERT_EQ(Adopt(saved, config), "") << step;
    ASSERT_EQ(engine().StateHash(), hash) << step;
    ASSERT_EQ(Saved(), saved) << step;
  }
  EXPECT_GT(freed, 100u);
}

TEST_F(EngineGroupTest, ASessionWithoutRoomIsRefusedAndTakesNone) {
  With([](EngineConfig& config) {
    config.sessions[0].limits.position_max = 1'000'000;
    config.pools.positions_max = 1;
  });
  Accepted(BuyFor(100, 1));
  EXPECT_EQ(Rejected(BuyFor(100, 2, 100, 10'000, 8)).reason, RejectReason::kGatewayFull);
  Accepted(BuyFor(100, 3));
}

// --- Single instruments ---

TEST_F(EngineGroupTest, AnInstrumentsOwnLimitsHoldPerOrder) {
  With([](EngineConfig& config) {
    config.instrument_limits = {
        {.instrument = 7, .quantity_max = 500},
        {.instrument = 7, .desk = 1, .quantity_max = 300, .notional_max = 20'000},
        {.instrument = 7, .account = 200, .quantity_max = 100}};
  });
  Accepted(BuyFor(300, 1, 500), 2);
  ExpectRefused(BuyFor(300, 2, 501), RejectReason::kExceedsClipSize, RiskCheck::kInstrumentQuantity,
                500, 501);
  ExpectRefused(BuyFor(100, 3, 301), RejectReason::kExceedsClipSize, RiskCheck::kInstrumentQuantity,
                300, 301);
  ExpectRefused(BuyFor(100, 4, 300), RejectReason::kNotionalExceedsThreshold,
                RiskCheck::kInstrumentNotional, 20'000, 30'000);
  Accepted(BuyFor(100, 5, 200), 2);
  ExpectRefused(BuyFor(200, 6, 101), RejectReason::kExceedsClipSize, RiskCheck::kInstrumentQuantity,
                100, 101);
  Live(BuyFor(200, 7, 100), 2);
  ExpectRefused(BuyFor(200, 8, 101), RejectReason::kExceedsClipSize, RiskCheck::kInstrumentQuantity,
                100, 101);
  Accepted(BuyFor(200, 9, 1'000, 10'000, 8), 2);
  EXPECT_EQ(SendReplace(10, 7, 101, 9'000, 2), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kInstrumentQuantity);
  config_.instrument_limits[2].quantity_max = 10;
  Reload(config_);
  EXPECT_NE(SendReplace(11, 7, 90, 9'000, 2), 0u) << "one that shrinks passes";
}

TEST_F(EngineGroupTest, AnInstrumentsPositionLimitIsThatOfWhomItNames) {
  With([](EngineConfig& config) {
    config.instrument_limits = {{.instrument = 7, .position_max = 300},
                                {.instrument = 7, .desk = 1, .position_max = 200},
                                {.instrument = 7, .account = 200, .position_max = 100}};
  });
  Fill(BuyFor(200, 1, 100));
  ExpectRefused(BuyFor(200, 2, 1), RejectReason::kPositionLimit, RiskCheck::kInstrumentPosition,
                100, 101);
  Accepted(BuyFor(100, 3, 100), 2);
  ExpectRefused(BuyFor(100, 4, 1), RejectReason::kPositionLimit, RiskCheck::kDeskPosition, 200,
                201);
  Accepted(BuyFor(300, 5, 100), 2);
  ExpectRefused(BuyFor(300, 6, 1), RejectReason::kPositionLimit, RiskCheck::kFirmPosition, 300,
                301);
  Accepted(BuyFor(300, 7, 1'000, 10'000, 8), 2);
  Accepted(SellFor(200, 8, 200), 2);
  ExpectRefused(SellFor(200, 9, 1), RejectReason::kPositionLimit, RiskCheck::kInstrumentPosition,
                100, 101);
}

TEST_F(EngineGroupTest, WhereNothingIsLimitedNothingIsCounted) {
  const std::vector<Instrument> none;
  const InstrumentLimitTable table(Desks());
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(GroupExposure(Desks(), none, table, TableSecret{}).active());
  EngineConfig config = Desks();
  config.desks[0].limits.open_orders_max = 9;
  EXPECT_TRUE(GroupExposure(config, none, table, TableSecret{}).active());
}

}  // namespace
}  // namespace ringway
