// Tests that positions follow what venues report about forgotten orders, and nothing else.

#include <functional>
#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineForgottenTest : public EngineTest {
 protected:
  EngineForgottenTest() : EngineTest(Firm()) {}

  static EngineConfig Firm() {
    EngineConfig config = SmallFirm();
    config.pools.orders_max = 8;
    return config;
  }
  // An order to buy 100, filled, and forgotten; returns its venue request.
  uint64_t Forgotten() {
    const uint64_t id = Live(Buy(11));
    FromVenue(ExecType::kFill, id, 100);
    for (uint64_t at = 1; at <= 8; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(100 + at)));
    EXPECT_EQ(StatusOfOrder(11), OrdStatus::kUnset);
    return id;
  }
  ExecutionReport Named(ExecType type, uint64_t id, uint64_t last_qty) {
    ExecutionReport report = Execution(type, id, last_qty);
    report.instrument = 7;
    report.account = 100;
    report.side = Side::kBuy;
    return report;
  }
  int64_t Position() { return engine().position(100, 7).quantity; }
  // The report changes nothing but a count and the list.
  void ExpectNotBooked(const ExecutionReport& report, VenueId venue = 1) {
    const int64_t before = Position();
    const uint64_t unknown = counters().unknown_reports;
    const uint64_t booked = counters().forgotten_booked;
    FromVenue(report, venue);
    EXPECT_EQ(Position(), before);
    EXPECT_EQ(effects().count(), 0u);
    EXPECT_EQ(counters().unknown_reports, unknown + 1);
    EXPECT_EQ(counters().forgotten_booked, booked);
    EXPECT_FALSE(engine().unknown_reports().back().booked);
  }
};

TEST_F(EngineForgottenTest, ABustTakesBackWhatWasBooked) {
  const uint64_t id = Forgotten();
  ASSERT_EQ(Position(), 100);
  FromVenue(Named(ExecType::kBusted, id, 40));
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(Position(), 60);
  EXPECT_EQ(counters().busts, 1u);
  EXPECT_EQ(counters().forgotten_booked, 1u);
  const UnknownReport listed = engine().unknown_reports().back();
  EXPECT_TRUE(listed.booked);
  EXPECT_EQ(listed.account, 100u);
  EXPECT_EQ(listed.instrument, 7u);
  EXPECT_EQ(listed.side, Side::kBuy);
}

TEST_F(EngineForgottenTest, ALateFillIsBookedOnTheSideThatTheVenueNamesAtItsPrice) {
  const uint64_t id = Forgotten();
  ExecutionReport fill = Named(ExecType::kPartialFill, id, 30);
  fill.side = Side::kSellShort;
  fill.last_price = 9'000 * kCent;
  FromVenue(fill);
  EXPECT_EQ(Position(), 70);
  EXPECT_EQ(counters().fills, 2u);
  EXPECT_EQ(engine().FindExposureError(), "");
}

TEST_F(EngineForgottenTest, ARepeatedExecutionIsBookedOnce) {
  const uint64_t id = Forgotten();
  const ExecutionReport bust = Named(ExecType::kBusted, id, 40);
  FromVenue(bust);
  FromVenue(bust);
  EXPECT_EQ(Position(), 60);
  EXPECT_EQ(counters().duplicate_reports, 1u);
  EXPECT_EQ(counters().unknown_reports, 1u);
}

TEST_F(EngineForgottenTest, ATradeThatWasReportedBeforeItsOrderWasForgottenIsNotBookedAgain) {
  const uint64_t id = Live(Buy(11));
  const ExecutionReport fill = Named(ExecType::kFill, id, 100);
  FromVenue(fill);
  for (uint64_t at = 1; at <= 8; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(100 + at)));
  FromVenue(fill);
  EXPECT_EQ(Position(), 100);
  EXPECT_EQ(counters().duplicate_reports, 1u);
}

TEST_F(EngineForgottenTest, WhatDoesNotSayAllOrIsImpossibleIsListedAndNotBooked) {
  const uint64_t id = Forgotten();
  const std::vector<std::function<void(ExecutionReport&)>> spoils = {
      [](auto& r) { r.instrument = 0; },
      [](auto& r) { r.instrument = 9; },
      [](auto& r) { r.account = 0; },
      [](auto& r) { r.account = 300; },
      [](auto& r) { r.side = Side::kUnset; },
      [](auto& r) { r.last_qty = 1'000'001; },
      [](auto& r) { r.exec_type = ExecType::kCanceled; },
      [](auto& r) { r.exec_type = ExecType::kCorrected; },
      [](auto& r) { r.cl_ord_id += uint64_t{1'000} << kSlotBits; },  // of the future
      [](auto& r) { r.cl_ord_id |= kOrdersMax - 1; },                // in no slot
      [](auto& r) { r.cl_ord_id = SlotOf(r.cl_ord_id); },            // before the first
  };
  for (const auto& spoil : spoils) {
    ExecutionReport report = Named(ExecType::kBusted, id, 40);
    spoil(report);
    ExpectNotBooked(report);
  }
}

TEST_F(EngineForgottenTest, AnotherVenuesOrderIsNobodysHere) {
  const uint64_t id = Live(Buy(11));
  ExpectNotBooked(Named(ExecType::kFill, id, 10), 2);
}

TEST_F(EngineForgottenTest, AnIdentifierThatThisProcessGaveNobodyIsNotBooked) {
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  const uint64_t id = Accepted(Buy(11));
  ExpectNotBooked(Named(ExecType::kFill, id + 1, 10));  // a slot that was never used
}

// The venue knows an order that a power loss took from the journal: an earlier process sent it.
TEST_F(EngineForgottenTest, AnOrderThatIsMissingFromTheRecordsIsBooked) {
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  const uint64_t lost = ((kRequestsPerStart + 5) << kSlotBits) | 3;
  ExpectNotBooked(Named(ExecType::kFill, lost, 10));
  StepBytes(Origin::kStart, 2, FrameType{}, {});
  FromVenue(Named(ExecType::kFill, lost, 10));
  EXPECT_EQ(Position(), 10);
}

TEST_F(EngineForgottenTest, AnOrderOfAProcessWithoutRecordsIsBookedOnceItsVenueSaysHowFarItCame) {
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  const uint64_t foreign = ((2 * kRequestsPerStart) << kSlotBits) | 3;
  Step(Origin::kVenue, 1, GapFill{.new_seq = foreign + kOrdersMax});
  FromVenue(Named(ExecType::kFill, foreign, 10));
  EXPECT_EQ(Position(), 10);
}

// --- What was booked before its report came ---

TEST_F(EngineForgottenTest, AFillThatRestatedBookedIsNotBookedAgainWhenItsReportComes) {
  const uint64_t id = Live(Buy(11));
  ExecutionReport restated = Execution(ExecType::kRestated, id);
  restated.cum_qty = 60;
  restated.leaves_qty = 40;
  FromVenue(restated);
  FromVenue(ExecType::kCanceled, id);
  for (uint64_t at = 1; at <= 8; ++at) FromVenue(ExecType::kCanceled, Accepted(Buy(100 + at)));
  ASSERT_EQ(StatusOfOrder(11), OrdStatus::kUnset);
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(Saved(), Firm()), "");
  EXPECT_EQ(engine().StateHash(), hash);
  const auto fill = [&](uint64_t last_qty, uint64_t cum_qty) {
    ExecutionReport report = Named(ExecType::kPartialFill, id, last_qty);
    report.cum_qty = cum_qty;
    FromVenue(report);
  };
  fill(20, 20);
  fill(40, 60);
  EXPECT_EQ(Position(), 60);
  EXPECT_EQ(counters().duplicate_reports, 2u);
  EXPECT_EQ(counters().unknown_reports, 0u);
  fill(40, 100);  // not known before
  EXPECT_EQ(Position(), 100);
  FromVenue(Named(ExecType::kBusted, id, 40));
  fill(10, 60);  // another late one
  EXPECT_EQ(Position(), 60);
  fill(10, 70);  // after the bust
  EXPECT_EQ(Position(), 70);
}

// A report under the identifier of an order whose position was freed, that also names a live one.
TEST_F(EngineForgottenTest, WhatIsBookedOfALiveOrderStaysItsOwn) {
  BeginDay(1);
  BeginDay(2);
  const uint64_t freed = Live(Buy(11));
  FromVenue(ExecType::kFill, freed, 100);
  Fill(Sell(12));
  for (const uint32_t day : {3u, 4u}) {
    BeginDay(day);
    Settle();
  }
  ASSERT_EQ(counters().positions_freed, 1u);
  const uint64_t live = Live(Buy(13));
  ExecutionReport restated = Execution(ExecType::kRestated, live);
  restated.cum_qty = 40;
  restated.leaves_qty = 60;
  FromVenue(restated);
  // While a replace is pending what the order adds to sums depends on what it has traded.
  Step(Origin::kSession, 1,
       Replace{.cl_ord_id = 14, .orig_cl_ord_id = 13, .price = 10'000 * kCent, .qty = 200});
  for (const ExecType type : {ExecType::kPartialFill, ExecType::kBusted}) {
    ExecutionReport report = Named(type, freed, 10);
    report.orig_cl_ord_id = live;
    report.cum_qty = 90;
    FromVenue(report);
    EXPECT_EQ(engine().FindExposureError(), "");
  }
  FromVenue(ExecType::kCanceled, live);
  EXPECT_EQ(engine().FindExposureError(), "");
}

TEST_F(EngineForgottenTest, NorOfAnOrderWhosePositionWasFreed) {
  BeginDay(1);
  BeginDay(2);
  const uint64_t id = Live(Buy(11));
  ExecutionReport restated = Execution(ExecType::kRestated, id);
  restated.cum_qty = 100;
  restated.ord_status = OrdStatus::kFilled;
  FromVenue(restated);
  Fill(Sell(12));
  for (const uint32_t day : {3u, 4u}) {
    BeginDay(day);
    Settle();
  }
  ASSERT_EQ(counters().positions_freed, 1u);
  ExecutionReport fill = Named(ExecType::kFill, id, 100);
  fill.cum_qty = 100;
  FromVenue(fill);
  EXPECT_EQ(Position(), 0);
  EXPECT_EQ(counters().duplicate_reports, 1u);
}

TEST_F(EngineForgottenTest, TheOldestAreForgottenOfTheirVenue) {
  BookedAhead booked(2);
  constexpr uint64_t kLast = BookedAhead::kRemembered + 1;
  for (uint64_t at = 1; at <= kLast; ++at)
    booked.Remember(VenueIndex{0}, {at << kSlotBits, at << kSlotBits, at});
  EXPECT_EQ(booked.Find(VenueIndex{0}, 1 << kSlotBits), nullptr);
  EXPECT_EQ(booked.Find(VenueIndex{1}, kLast << kSlotBits), nullptr);
  for (const uint64_t at : {uint64_t{2}, kLast}) {
    const uint64_t* found = booked.Find(VenueIndex{0}, at << kSlotBits);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, at);
  }
}

TEST_F(EngineForgottenTest, OrdersLeaveRoomForIt) {
  EngineConfig config = Firm();
  config.pools.positions_max = 3;  // of four pairs
  Restart(config);
  const uint64_t id = Forgotten();
  Accepted(Limit(21, Side::kBuy, 1, 9'000, 200), 2);
  const NewOrder another = Limit(22, Side::kBuy, 100, 9'000, 200, 8);
  EXPECT_EQ(Rejected(another, 2).reason, RejectReason::kGatewayFull);
  ExecutionReport fill = Named(ExecType::kFill, id, 100);
  fill.account = 200;
  fill.instrument = 8;
  FromVenue(fill);
  EXPECT_EQ(engine().position(200, 8).quantity, 100);
  ASSERT_EQ(Adopt(Saved(), config), "");
  EXPECT_EQ(engine().position(200, 8).quantity, 100);
}

TEST_F(EngineForgottenTest, WithoutRoomForAnotherPositionItIsListed) {
  EngineConfig config = Firm();
  config.pools.positions_max = 1;
  Restart(config);
  const uint64_t id = Forgotten();
  ExecutionReport fill = Named(ExecType::kFill, id, 10);
  fill.account = 200;
  ExpectNotBooked(fill);
  FromVenue(Named(ExecType::kFill, id, 10));
  EXPECT_EQ(Position(), 110);
}

TEST_F(EngineForgottenTest, AFillWithoutAPriceIsValuedAtTheReference) {
  EngineConfig config = Firm();
  config.accounts[1].limits.gross_notional_max = 1'050;
  config.accounts[1].limits.self_match_prevention = false;
  Restart(config);
  const uint64_t id = Forgotten();
  ExecutionReport fill = Named(ExecType::kFill, id, 10);
  fill.account = 200;
  fill.last_price = 0;
  FromVenue(fill);
  EXPECT_EQ(engine().position(200, 7).quantity, 10);
  // It counts as 1,000, so one more at 100.00 is beyond the limit.
  EXPECT_EQ(Rejected(Limit(61, Side::kBuy, 1, 10'000, 200), 2).check, RiskCheck::kGrossNotional);
}

// --- What is not configured any more ---

class EngineLeavingTest : public EngineForgottenTest {
 protected:
  EngineLeavingTest() { Restart(SmallFirm()); }
  // Bought 100 of instrument 8, and sold `sold`; 100 of instrument 7 stay open. Returns the first's
  // request.
  uint64_t Trade(uint64_t sold) {
    Live(Buy(10));
    const uint64_t id = Live(Limit(11, Side::kBuy, 100, 10'000, 100, 8));
    FromVenue(ExecType::kFill, id, 100);
    if (sold != 0) {
      FromVenue(ExecType::kFill, Live(Limit(12, Side::kSell, sold, 10'100, 100, 8)), sold);
    }
    return id;
  }
  std::string AdoptWithoutInstrument8() {
    const std::vector<std::byte> saved = Saved();
    EngineConfig config = SmallFirm();
    config.instruments.pop_back();
    return Adopt(saved, config);
  }
};

TEST_F(EngineLeavingTest, AnInstrumentThatIsFlatMayLeave) {
  ExecutionReport bust = Named(ExecType::kBusted, Trade(100), 100);
  bust.instrument = 8;
  ASSERT_EQ(AdoptWithoutInstrument8(), "");
  EXPECT_EQ(engine().FindExposureError(), "");
  EXPECT_EQ(engine().open_orders(), 1u);
  EXPECT_EQ(engine().position(100, 7).open_buy, 100u);
  EXPECT_EQ(Rejected(Buy(11)).reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kUnset);
  ExpectNotBooked(bust);
  // Its place is free for another, and what was saved since can be loaded.
  Accepted(Limit(21, Side::kBuy, 5, 9'000, 200), 2);
  EXPECT_EQ(engine().positions(), 2u);
  ASSERT_EQ(AdoptWithoutInstrument8(), "");
  EXPECT_EQ(engine().position(200, 7).open_buy, 5u);
}

TEST_F(EngineLeavingTest, OneWithAPositionMayNot) {
  Trade(0);
  EXPECT_NE(AdoptWithoutInstrument8().find("instrument 8, which is not configured"),
            std::string::npos);
}

TEST_F(EngineLeavingTest, OneThatIsFlatAndHasAnOpenOrderMayNot) {
  Trade(100);
  Accepted(Limit(13, Side::kBuy, 100, 9'000, 100, 8));
  EXPECT_NE(AdoptWithoutInstrument8().find("instrument 8, which is not configured"),
            std::string::npos);
}

}  // namespace
}  // namespace ringway
