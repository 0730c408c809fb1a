// Tests that a venue's trading day ends what it should, once, in bounded steps, and nothing else.

#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineDayTest : public EngineTest {
 public:
  // The venue's day begins now and all work that follows is done. Returns the cancels sent.
  uint32_t Begin(uint32_t day, VenueId venue = 1) {
    BeginAt(day, venue, now_ns_ + 1);
    return Work();
  }
  void BeginAt(uint32_t day, VenueId venue, int64_t began_ns) {
    Step(Origin::kTradingDay, venue,
         TradingDay{.transact_time = static_cast<uint64_t>(began_ns), .day = day, .venue = venue});
  }
  uint32_t Work() {
    uint32_t cancels = CountOf<Cancel>();
    NoteCancel();
    while (engine().HasWork()) {
      Timer();
      EXPECT_LE(CountOf<Cancel>(), 128u);
      cancels += CountOf<Cancel>();
      NoteCancel();
    }
    return cancels;
  }
  void NoteCancel() {
    if (const auto cancel = To<Cancel>(Target::kVenue)) last_cancel_ = cancel->cl_ord_id;
  }
  static NewOrder For(TimeInForce time_in_force, uint64_t cl_ord_id, uint64_t expire_time = 0) {
    NewOrder order = Buy(cl_ord_id);
    order.time_in_force = time_in_force;
    order.expire_time = expire_time;
    return order;
  }
  ExecutionReport Fill(uint64_t id, uint64_t exec_id, uint64_t last_qty, int64_t when_ns = 0) {
    ExecutionReport fill = Execution(ExecType::kPartialFill, id, last_qty);
    fill.exec_id = exec_id;
    fill.transact_time = static_cast<uint64_t>(when_ns);
    return fill;
  }
  int64_t Position(uint32_t account = 100) { return engine().position(account, 7).quantity; }
  uint32_t PositionsInUse() {
    uint32_t count = 0;
    engine().ForEachPosition([&count](const PositionView&) { ++count; });
    return count;
  }

  uint64_t last_cancel_ = 0;
};

// --- Executions ---

TEST_F(EngineDayTest, AnExecutionIdentifierOfAnotherDayIsAnotherExecution) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kGoodTillCancel, 11));
  FromVenue(Fill(id, 5, 10));
  FromVenue(Fill(id, 5, 10));
  EXPECT_EQ(Position(), 10);
  Begin(2);
  FromVenue(Fill(id, 5, 20));
  EXPECT_EQ(Position(), 30);
  FromVenue(Fill(id, 5, 20));
  EXPECT_EQ(Position(), 30);
  EXPECT_EQ(counters().duplicate_reports, 2u);
}

TEST_F(EngineDayTest, WhatWasWrittenBeforeTheDayBeganIsOfTheDayBefore) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kGoodTillCancel, 11));
  const int64_t yesterday = now_ns_;
  FromVenue(Fill(id, 5, 10, yesterday));
  Begin(2);
  // A repeat by a venue that was away; a late one; and the same number of today.
  FromVenue(Fill(id, 5, 10, yesterday));
  EXPECT_EQ(Position(), 10);
  FromVenue(Fill(id, 6, 1, yesterday));
  FromVenue(Fill(id, 5, 20, now_ns_));
  FromVenue(Fill(id, 6, 2, now_ns_));
  EXPECT_EQ(Position(), 33);
  EXPECT_EQ(counters().duplicate_reports, 1u);
}

// A venue that was away over a weekend repeats Friday's fills.
TEST_F(EngineDayTest, WhatComesAgainDaysLaterIsOfItsOwnDayAlsoAfterASave) {
  std::vector<int64_t> days;
  uint64_t id = 0;
  const auto again = [&] {
    for (uint32_t day = 1; day <= 4; ++day) {
      FromVenue(Fill(id, 5, 10, days[day - 1]));
      FromVenue(Fill(id, 100 + day, 1, days[day - 1]));
    }
  };
  for (uint32_t day = 1; day <= 4; ++day) {
    Begin(day);
    if (day == 1) id = Live(For(TimeInForce::kGoodTillCancel, 11));
    days.push_back(now_ns_);
    FromVenue(Fill(id, 5, 10, now_ns_));
    FromVenue(Fill(id, 100 + day, 1, now_ns_));  // a number of this day only
  }
  EXPECT_EQ(Position(), 44);
  again();
  EXPECT_EQ(Position(), 44);
  ASSERT_EQ(Adopt(Saved(), SmallFirm()), "");
  again();
  EXPECT_EQ(Position(), 44);
}

TEST_F(EngineDayTest, WhatIsOlderThanAllDaysThatAreKnownIsOfTheEarliestOfThem) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kGoodTillCancel, 11));
  const int64_t first_ns = now_ns_;
  for (uint32_t day = 2; day <= VenueDay::kEarlierMax + 2; ++day) Begin(day);
  FromVenue(Fill(id, 5, 10, first_ns));
  FromVenue(Fill(id, 5, 10, first_ns));
  EXPECT_EQ(Position(), 10);
}

TEST_F(EngineDayTest, ADayIsOneVenuesAlone) {
  Begin(1);
  Begin(1, 2);
  NewOrder order = For(TimeInForce::kDay, 11);
  order.route = 2;
  const uint64_t id = Accepted(order);
  FromVenue(Fill(id, 5, 10), 2);
  EXPECT_EQ(Begin(2), 0u);
  FromVenue(Fill(id, 5, 10), 2);
  EXPECT_EQ(Position(), 10);
  EXPECT_EQ(engine().trading_day(1), 2u);
  EXPECT_EQ(engine().trading_day(2), 1u);
}

TEST_F(EngineDayTest, ExecutionsOfTheDaySurviveASave) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kGoodTillCancel, 11));
  FromVenue(Fill(id, 5, 10, now_ns_));
  const int64_t yesterday = now_ns_;
  Begin(2);
  ASSERT_EQ(Adopt(Saved(), SmallFirm()), "");
  FromVenue(Fill(id, 5, 10, yesterday));
  EXPECT_EQ(Position(), 10);
  FromVenue(Fill(id, 5, 20, now_ns_));
  EXPECT_EQ(Position(), 30);
}

// --- Orders ---

TEST_F(EngineDayTest, OrdersForTheDayAreAskedForUntilTheyHaveEnded) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kDay, 11));
  Live(For(TimeInForce::kGoodTillCancel, 12));
  Live(For(TimeInForce::kGoodTillDate, 13, static_cast<uint64_t>(now_ns_) + 1'000'000'000'000));
  EXPECT_EQ(Begin(2), 1u);
  EXPECT_EQ(counters().overdue, 1u);
  EXPECT_EQ(engine().open_orders(), 3u);
  VenueRefuses(last_cancel_, CancelRejectReason::kOther);  // so it is tried again
  now_ns_ += 200'000'000;
  Timer();
  EXPECT_EQ(Work(), 1u);
  FromVenue(ExecType::kCanceled, id);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kCanceled);
  EXPECT_EQ(Begin(3), 0u);
  EXPECT_EQ(counters().overdue, 1u);
}

TEST_F(EngineDayTest, AnOrderTillADateThatIsOverIsOverdueAlsoAfterASave) {
  Begin(1);
  const auto soon = static_cast<uint64_t>(now_ns_) + 1'000;
  Live(For(TimeInForce::kGoodTillDate, 11, soon));
  Live(For(TimeInForce::kGoodTillDate, 12, soon + 1'000'000'000));
  EXPECT_EQ(Begin(2), 0u);
  now_ns_ += 2'000;
  ASSERT_EQ(Adopt(Saved(), SmallFirm()), "");
  EXPECT_EQ(Begin(3), 1u);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
  EXPECT_EQ(StatusOfOrder(12), OrdStatus::kNew);
}

TEST_F(EngineDayTest, TheFirstDayEndsNothing) {
  Live(For(TimeInForce::kDay, 11));  // of this day or one before: unknown
  EXPECT_EQ(Begin(1), 0u);
  EXPECT_EQ(Begin(2), 1u);
}

TEST_F(EngineDayTest, ManyOrdersTakeManyStepsAndThoseOfTheNewDayStay) {
  Begin(1);
  for (uint64_t at = 1; at <= 400; ++at) Accepted(For(TimeInForce::kDay, at, 0), 1 + at % 2);
  BeginAt(2, 1, now_ns_ + 1);
  EXPECT_LE(CountOf<Cancel>(), 128u);
  ASSERT_TRUE(engine().HasWork());
  for (uint64_t at = 501; at <= 510; ++at) Accepted(For(TimeInForce::kDay, at), 1 + at % 2);
  Work();
  EXPECT_EQ(counters().overdue, 400u);
  EXPECT_EQ(counters().gateway_cancels, 400u);
  EXPECT_EQ(StatusOfOrder(502), OrdStatus::kPendingNew);
}

TEST_F(EngineDayTest, AVenueThatIsAwayIsAskedWhenItIsBack) {
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kDay, 11));
  SetVenue(1, VenueState::kDown);
  EXPECT_EQ(Begin(2), 0u);
  EXPECT_EQ(counters().overdue, 1u);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(Work(), 1u);
  FromVenue(ExecType::kExpired, id);  // the venue had ended it itself
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kExpired);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineDayTest, ADayThatBeganWhileNobodyWasThereBeginsAfterTheStart) {
  Begin(1);
  Live(For(TimeInForce::kDay, 11));
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  EXPECT_EQ(Begin(4), 0u);
  SetVenue(1, VenueState::kUp);
  EXPECT_EQ(Work(), 1u);
}

TEST_F(EngineDayTest, AVenueThatEndsOrdersWithoutAWordHasEndedThoseThatItHadConfirmed) {
  EngineConfig config = SmallFirm();
  config.venues[0].overdue_orders = OverdueOrders::kEnded;
  Restart(config);
  Begin(1);
  const uint64_t id = Live(For(TimeInForce::kDay, 11));
  FromVenue(ExecType::kPartialFill, id, 40);
  SendCancel(13, 11);
  Accepted(For(TimeInForce::kDay, 12));  // may reach the venue in the new day
  BeginAt(2, 1, now_ns_ + 1);
  const auto expired = To<ExecutionReport>(Target::kSession);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->exec_type, ExecType::kExpired);
  EXPECT_EQ(expired->ord_status, OrdStatus::kExpired);
  EXPECT_EQ(expired->leaves_qty, 0u);
  EXPECT_EQ(expired->cum_qty, 40u);
  EXPECT_EQ(expired->exec_id & kGatewayExecIdBits, kGatewayExecIdBits);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kTooLateToCancel);
  Work();
  EXPECT_EQ(counters().overdue_ended, 1u);
  EXPECT_EQ(StatusOfOrder(12), OrdStatus::kPendingCancel);
  EXPECT_EQ(engine().position(100, 7).open_buy, 100u);
  FromVenue(ExecType::kPartialFill, id, 10);  // it had traded before it ended
  EXPECT_EQ(Position(), 50);
}

TEST_F(EngineDayTest, WhatIsNoLaterDayChangesNothing) {
  Begin(5);
  Live(For(TimeInForce::kDay, 11));
  const uint64_t before = counters().unknown_sources;
  BeginAt(5, 1, now_ns_);                  // the same
  BeginAt(4, 1, now_ns_);                  // an earlier one
  BeginAt(6, 1, now_ns_ + 1'000'000'000);  // of the future
  BeginAt(6, 1, kStartNs - 1);             // begun before the last
  BeginAt(6, 9, now_ns_);                  // of no venue
  Step(Origin::kTradingDay, 1, Logout{});  // of another kind
  StepBytes(Origin::kTradingDay, 1, FrameType::kTradingDay, {});
  EXPECT_EQ(counters().unknown_sources, before + 7);
  EXPECT_EQ(engine().trading_day(1), 5u);
  EXPECT_EQ(Work(), 0u);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kNew);
}

// --- Positions ---

EngineConfig OnePosition() {
  EngineConfig config = SmallFirm();
  config.pools.positions_max = 1;
  return config;
}

class EngineIdlePositionTest : public EngineDayTest {
 protected:
  EngineIdlePositionTest() { Restart(OnePosition()); }
  // Buys and sells 100; returns the buy's venue request.
  uint64_t ThereAndBack() {
    const uint64_t id = Live(Buy(11));
    FromVenue(ExecType::kFill, id, 100);
    FromVenue(ExecType::kFill, Live(Sell(12)), 100);
    return id;
  }
  RejectReason Another() {
    Send(Limit(61, Side::kBuy, 1, 10'000, 200), 2);
    return Reject().reason;
  }
};

TEST_F(EngineIdlePositionTest, AFlatPositionMakesRoomOnceItsOrdersAreOfTheDayBeforeTheLast) {
  Begin(1);
  Begin(2);
  ThereAndBack();
  EXPECT_EQ(Another(), RejectReason::kGatewayFull);
  Begin(3);
  EXPECT_EQ(Another(), RejectReason::kGatewayFull);
  Begin(4);
  EXPECT_EQ(counters().positions_freed, 1u);
  EXPECT_EQ(PositionsInUse(), 0u);
  EXPECT_EQ(Another(), RejectReason::kNone);
  EXPECT_EQ(PositionsInUse(), 1u);
  EXPECT_EQ(engine().position(200, 7).open_buy, 1u);
}

TEST_F(EngineIdlePositionTest, APositionThatHoldsSomethingOrHasAnOpenOrderStays) {
  Begin(1);
  Begin(2);
  const uint64_t id = Live(For(TimeInForce::kGoodTillCancel, 11));
  for (uint32_t day = 3; day != 6; ++day) Begin(day);
  EXPECT_EQ(PositionsInUse(), 1u);
  FromVenue(ExecType::kFill, id, 100);
  for (uint32_t day = 6; day != 9; ++day) Begin(day);
  EXPECT_EQ(PositionsInUse(), 1u);
  EXPECT_EQ(Position(), 100);
  EXPECT_EQ(counters().positions_freed, 0u);
}

TEST_F(EngineIdlePositionTest, ItsOrdersKeepTheirNamesAndWhatComesLateIsBooked) {
  Begin(1);
  Begin(2);
  const uint64_t id = ThereAndBack();
  Begin(3);
  Begin(4);
  EXPECT_EQ(PositionsInUse(), 0u);
  NewOrder other = Buy(11, 50);
  EXPECT_EQ(Rejected(other).reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(SendCancel(21, 11), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kTooLateToCancel);
  EXPECT_EQ(SendReplace(22, 11, 50, 10'000), 0u);
  ExecutionReport bust = Execution(ExecType::kBusted, id, 100);
  bust.instrument = 7;
  bust.account = 100;
  bust.side = Side::kBuy;
  FromVenue(bust, 2);  // not its venue
  EXPECT_EQ(PositionsInUse(), 0u);
  FromVenue(bust);
  EXPECT_EQ(Position(), -100);
  EXPECT_EQ(counters().forgotten_booked, 1u);
  ASSERT_EQ(Adopt(Saved(), OnePosition()), "");
  EXPECT_EQ(Position(), -100);
}

TEST_F(EngineIdlePositionTest, PlacesAreUsedAgainInTheSameOrderAfterASave) {
  Restart(SmallFirm());
  Begin(1);
  Begin(2);
  uint64_t name = 0;
  for (const uint32_t instrument : {7u, 8u}) {
    for (const uint32_t account : {100u, 200u}) {
      FromVenue(ExecType::kCanceled,
                Accepted(Limit(++name, Side::kBuy, 100, 10'000, account, instrument), 2));
    }
  }
  const uint64_t stays = Live(Limit(++name, Side::kBuy, 100, 10'000, 100, 8), 2);
  FromVenue(ExecType::kFill, stays, 100);
  Begin(3);
  Begin(4);
  EXPECT_EQ(PositionsInUse(), 1u);
  const std::vector<std::byte> saved = Saved();
  ASSERT_EQ(Adopt(saved, SmallFirm()), "");
  ASSERT_EQ(Saved(), saved);
  for (const uint32_t account : {200u, 100u}) {
    Accepted(Limit(++name, Side::kBuy, 100, 10'000, account, 7), 2);
  }
  std::vector<PositionView> views;
  for (uint32_t at = 0; at < engine().positions(); ++at) views.push_back(engine().position_at(at));
  ASSERT_EQ(views.size(), 4u);
  EXPECT_EQ(views[3].account, 200u);  // freed last
  EXPECT_EQ(views[2].account, 100u);
  EXPECT_EQ(views[2].instrument, 8u);
  EXPECT_EQ(views[1].account, 100u);
  EXPECT_EQ(views[0].account, 0u);
}

TEST_F(EngineIdlePositionTest, AnOrderThatIsEnteredWhileThePositionsAreLookedThroughKeepsItsOwn) {
  EngineConfig config = SmallFirm();
  Restart(config);
  Begin(1);
  Begin(2);
  ThereAndBack();
  for (uint64_t at = 1; at <= 300; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(100 + at)));
  Begin(3);
  for (uint32_t steps = 0; steps < 20; ++steps) {
    BeginAt(4 + steps, 1, now_ns_ + 1);
    for (uint32_t step = 0; step < steps && engine().HasWork(); ++step) Timer();
    // The position is flat, and the order neither uses it yet nor has been visited by the search.
    const uint64_t id = Live(Buy(1'000 + steps));
    const std::vector<std::byte> saved = Saved();
    ASSERT_EQ(Adopt(saved, config), "");
    Work();
    EXPECT_EQ(engine().position(100, 7).open_buy, 100u);
    FromVenue(ExecType::kCanceled, id);
    EXPECT_EQ(engine().position(100, 7).open_buy, 0u);
  }
}

TEST_F(EngineIdlePositionTest, AnOrderThatCameAndWentWhileThePositionsAreLookedThroughKeepsItsOwn) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 400;
  Restart(config);
  Begin(1);
  Begin(2);
  for (uint64_t at = 1; at <= 400; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(at)));
  Begin(3);
  BeginAt(4, 1, now_ns_ + 1);
  ASSERT_TRUE(engine().HasWork());
  // Its record is one that the search has passed.
  const uint64_t id = Live(Limit(1'000, Side::kBuy, 100, 10'000, 200), 2);
  FromVenue(ExecType::kCanceled, id);
  Work();
  FromVenue(ExecType::kPartialFill, id, 10);
  EXPECT_EQ(Position(200), 10);
  EXPECT_EQ(counters().late_fills, 1u);
  EXPECT_EQ(counters().unknown_reports, 0u);
}

// A loaded engine continues where the saved one stopped, whatever of a day's work was left.
TEST_F(EngineDayTest, AnUnfinishedDayIsSavedAndGoesOnAlike) {
  Begin(1);
  for (uint64_t at = 1; at <= 300; ++at) Live(For(TimeInForce::kDay, at), 1 + at % 2);
  for (uint64_t at = 301; at <= 600; ++at) {
    FromVenue(ExecType::kCanceled, Accepted(For(TimeInForce::kDay, at), 1));
  }
  BeginAt(2, 1, now_ns_ + 1);
  while (engine().HasWork()) {
    const std::vector<std::byte> saved = Saved();
    Engine loaded(SmallFirm());
    ASSERT_TRUE(loaded.Load(saved).ok());
    ASSERT_EQ(loaded.StateHash(), engine().StateHash());
    Effects effects;
    Timer();
    loaded.Step(now_ns_, {Origin::kTimer, 0, FrameType{}, {}}, effects);
    ASSERT_EQ(loaded.StateHash(), engine().StateHash());
    ASSERT_EQ(effects.count(), this->effects().count());
  }
}

}  // namespace
}  // namespace ringway
