// Tests of disagreements between a venue's report and the engine's own count.
//
// An end reported by the venue ends the order, its terms are taken, fills whose reports were missed
// are booked and reported; what is impossible is counted and changes nothing.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

constexpr uint32_t kAccount = 100;
constexpr uint32_t kInstrument = 7;

class EngineDisputeTest : public EngineTest {
 protected:
  PositionView Position() { return engine().position(kAccount, kInstrument); }
  // The venue is away for a moment.
  void Flap() {
    SetVenue(1, VenueState::kDown);
    while (engine().HasWork()) Timer();
    SetVenue(1, VenueState::kUp);
    while (engine().HasWork()) Timer();
  }
  // The reports to the session from the latest step, oldest first.
  std::vector<ExecutionReport> Told() const {
    std::vector<ExecutionReport> told;
    for (const EffectView& effect : effects()) {
      ExecutionReport report;
      if (effect.target != Target::kSession || effect.type != ExecutionReport::kType) continue;
      EXPECT_EQ(Decode(effect.bytes(), report), DecodeStatus::kOk);
      told.push_back(report);
    }
    return told;
  }
  // The cancel that the gateway sends within a second; nullopt: none.
  std::optional<Cancel> NextCancel() {
    std::optional<Cancel> sent;
    for (int turn = 0; turn != 1'000 && !sent; ++turn) {
      now_ns_ += 1'000'000;
      Timer();
      sent = To<Cancel>(Target::kVenue);
    }
    return sent;
  }
  // Continues with a fresh engine that loads this one's state.
  void SaveAndLoad() {
    const std::vector<std::byte> saved = Saved();
    const uint64_t hash = engine().StateHash();
    EXPECT_EQ(Adopt(saved, SmallFirm()), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }
  ExecutionReport Says(ExecType type, uint64_t id, uint64_t last_qty, uint64_t cum_qty,
                       uint64_t leaves_qty, OrdStatus status) {
    ExecutionReport report = Execution(type, id, last_qty);
    report.cum_qty = cum_qty;
    report.leaves_qty = leaves_qty;
    report.ord_status = status;
    return report;
  }
};

// --- A larger replace is pending ---

TEST_F(EngineDisputeTest, AFilledOrderStaysOpenForWhatAPendingReplaceMayAdd) {
  const uint64_t id = Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 200, 10'000);
  const ExecutionReport fill =
      FromVenue(Says(ExecType::kFill, id, 100, 100, 0, OrdStatus::kFilled));
  EXPECT_EQ(fill.ord_status, OrdStatus::kPendingReplace);
  EXPECT_EQ(fill.leaves_qty, 0u);
  EXPECT_EQ(Position().open_buy, 100u) << "as much as the replace may add";
  SaveAndLoad();
  const ExecutionReport replaced =
      FromVenue(Says(ExecType::kReplaced, replace, 0, 100, 100, OrdStatus::kPartiallyFilled));
  EXPECT_EQ(replaced.leaves_qty, 100u);
  EXPECT_EQ(Position().open_buy, 100u);
  EXPECT_NE(SendCancel(13, 12), 0u);
}

TEST_F(EngineDisputeTest, ARefusedReplaceEndsTheOrderThatWasFilledMeanwhile) {
  const uint64_t id = Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 200, 10'000);
  FromVenue(ExecType::kFill, id, 100);
  VenueRefuses(replace);
  EXPECT_EQ(CancelRefusal().ord_status, OrdStatus::kFilled);
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(Position().open_buy, 0u);
}

TEST_F(EngineDisputeTest, AReplaceToLessDoesNotKeepAFilledOrderOpen) {
  const uint64_t id = Live(Buy(11));
  SendReplace(12, 11, 60, 10'000);
  FromVenue(ExecType::kFill, id, 100);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kFilled);
}

// --- Rejected ---

TEST_F(EngineDisputeTest, RejectedEndsAnOrderOnlyUnderItsFirstName) {
  Live(Buy(11));
  const uint64_t lost = SendCancel(12, 11);
  Flap();
  ASSERT_NE(SendCancel(13, 11), 0u);
  FromVenue(ExecType::kRejected, lost);
  EXPECT_EQ(engine().open_orders(), 1u);
  EXPECT_EQ(Position().open_buy, 100u);
}

TEST_F(EngineDisputeTest, RejectedContradictsAnOrderThatIsLive) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kRejected, id);
  EXPECT_EQ(engine().open_orders(), 1u);
  EXPECT_EQ(counters().conflicting_reports, 1u);
  const uint64_t cancel = SendCancel(12, 11);
  FromVenue(ExecType::kRejected, cancel);
  EXPECT_EQ(CancelRefusal().cl_ord_id, 12u) << "a cancel is refused";
  EXPECT_EQ(engine().open_orders(), 1u);
}

// --- The venue does not know the order ---

TEST_F(EngineDisputeTest, AnOrderInDoubtThatTheVenueDoesNotKnowHasEnded) {
  Accepted(Buy(11));
  Flap();
  ASSERT_EQ(StatusOfOrder(11), OrdStatus::kInDoubt);
  VenueRefuses(SendCancel(12, 11), CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kCanceled);
  EXPECT_EQ(Position().open_buy, 0u);
  ASSERT_EQ(Told().size(), 1u);
  EXPECT_EQ(Told()[0].exec_type, ExecType::kCanceled);
}

TEST_F(EngineDisputeTest, ALiveOrderThatTheVenueDoesNotKnowIsAskedForOnceMore) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 40);
  VenueRefuses(SendReplace(12, 11, 200, 10'000), CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kInDoubt);
  EXPECT_EQ(Position().open_buy, 60u);
  const std::optional<Cancel> asked = NextCancel();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->orig_cl_ord_id, id);
  VenueRefuses(asked->cl_ord_id, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kCanceled);
  EXPECT_EQ(Position().open_buy, 0u);
  EXPECT_EQ(Position().quantity, 40);
}

TEST_F(EngineDisputeTest, AnOrderOfAnEarlierProcessMayLiveUnderAForgottenName) {
  Live(Buy(11));
  StepBytes(Origin::kStart, 1, FrameType{}, {});
  SetVenue(1, VenueState::kUp);
  LogOn(1);
  for (uint64_t cancel = 12; cancel != 15; ++cancel) {
    const uint64_t id = SendCancel(cancel, 11);
    if (id != 0) VenueRefuses(id, CancelRejectReason::kUnknownOrder);
  }
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kInDoubt);
  EXPECT_EQ(Position().open_buy, 100u);
}

TEST_F(EngineDisputeTest, AFillEndsTheDoubt) {
  const uint64_t id = Live(Buy(11));
  VenueRefuses(SendCancel(12, 11), CancelRejectReason::kUnknownOrder);
  FromVenue(ExecType::kFill, id, 100);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kFilled);
  EXPECT_EQ(Position().quantity, 100);
}

// --- Quantities and prices ---

TEST_F(EngineDisputeTest, AFillThatNobodyHeardOfIsBookedAndToldFirst) {
  const uint64_t id = Live(Buy(11));
  FromVenue(Says(ExecType::kFill, id, 60, 100, 0, OrdStatus::kFilled));
  ASSERT_EQ(Told().size(), 2u);
  EXPECT_EQ(Told()[0].exec_type, ExecType::kRestated);
  EXPECT_EQ(Told()[0].last_qty, 40u);
  EXPECT_EQ(Told()[0].cum_qty, 40u);
  EXPECT_EQ(Told()[1].exec_type, ExecType::kFill);
  EXPECT_EQ(Told()[1].ord_status, OrdStatus::kFilled);
  EXPECT_EQ(Told()[1].cum_qty, 100u);
  EXPECT_EQ(Position().quantity, 100);
  EXPECT_EQ(Position().open_buy, 0u);
  EXPECT_EQ(counters().quantity_mismatches, 1u);
}

TEST_F(EngineDisputeTest, TheVenuesEndSaysWhatWasFilled) {
  for (const ExecType end : {ExecType::kCanceled, ExecType::kExpired}) {
    Restart(SmallFirm());
    const uint64_t id = Live(Buy(11));
    FromVenue(ExecType::kPartialFill, id, 40);
    FromVenue(Says(end, id, 0, 60, 0, OrdStatus::kCanceled));
    ASSERT_EQ(Told().size(), 2u);
    EXPECT_EQ(Told()[0].last_qty, 20u);
    EXPECT_EQ(Told()[1].cum_qty, 60u);
    EXPECT_EQ(Position().quantity, 60);
    EXPECT_EQ(counters().quantity_mismatches, 1u);
  }
}

TEST_F(EngineDisputeTest, AFillThatComesAfterItWasBookedIsNotBookedTwice) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 40);
  FromVenue(Says(ExecType::kCanceled, id, 0, 60, 0, OrdStatus::kCanceled));
  FromVenue(Says(ExecType::kPartialFill, id, 20, 60, 0, OrdStatus::kCanceled));
  EXPECT_EQ(Position().quantity, 60);
  EXPECT_TRUE(Told().empty());
  EXPECT_EQ(counters().duplicate_reports, 1u);
  FromVenue(Says(ExecType::kPartialFill, id, 5, 65, 0, OrdStatus::kCanceled));
  EXPECT_EQ(Position().quantity, 65) << "another one is";
}

TEST_F(EngineDisputeTest, AnOrderThatEndedMayHaveFilledMore) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kCanceled, id);
  FromVenue(Says(ExecType::kExpired, id, 0, 30, 0, OrdStatus::kExpired));
  ASSERT_EQ(Told().size(), 1u);
  EXPECT_EQ(Told()[0].last_qty, 30u);
  EXPECT_EQ(Told()[0].ord_status, OrdStatus::kCanceled);
  EXPECT_EQ(Position().quantity, 30);
}

TEST_F(EngineDisputeTest, WhatTheVenueCallsFilledHasEnded) {
  const uint64_t id = Live(Buy(11));
  FromVenue(Says(ExecType::kFill, id, 60, 0, 0, OrdStatus::kFilled));
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kFilled);
  EXPECT_EQ(Position().quantity, 60);
  EXPECT_EQ(Position().open_buy, 0u);
}

TEST_F(EngineDisputeTest, AReplacesTermsAreTheVenues) {
  Live(Buy(11));
  ExecutionReport replaced = Says(ExecType::kReplaced, SendReplace(12, 11, 200, 9'000), 0, 30, 150,
                                  OrdStatus::kPartiallyFilled);
  replaced.price = 9'100 * kCent;
  FromVenue(replaced);
  ASSERT_EQ(Told().size(), 2u);
  EXPECT_EQ(Told()[0].last_qty, 30u);
  EXPECT_EQ(Told()[1].leaves_qty, 150u);
  EXPECT_EQ(Told()[1].price, 9'100 * kCent);
  EXPECT_EQ(Position().open_buy, 150u);
}

TEST_F(EngineDisputeTest, QuantitiesThatNobodyAskedForAreNoReport) {
  EngineConfig config = SmallFirm();
  config.instruments[0].quantity_max = 1'000;
  Restart(config);
  const uint64_t id = Live(Buy(11));
  FromVenue(Says(ExecType::kRestated, id, 0, 0, (uint64_t{1} << 39) - 1, OrdStatus::kNew));
  FromVenue(Says(ExecType::kPartialFill, id, 1'001, 0, 0, OrdStatus::kUnset));
  FromVenue(Says(ExecType::kCanceled, id, 0, uint64_t{1} << 38, 0, OrdStatus::kCanceled));
  EXPECT_EQ(counters().malformed_reports, 3u);
  EXPECT_EQ(Position().open_buy, 100u);
  EXPECT_EQ(Position().quantity, 0);
}

// --- Busts and corrections ---

TEST_F(EngineDisputeTest, ABustThatLeavesQuantityOpenReopensTheOrder) {
  Live(Buy(9));
  const uint64_t id = Live(Buy(11));
  Live(Buy(13));
  FromVenue(ExecType::kFill, id, 100);
  const ExecutionReport told = FromVenue(Says(ExecType::kBusted, id, 100, 0, 100, OrdStatus::kNew));
  EXPECT_EQ(told.ord_status, OrdStatus::kNew);
  EXPECT_EQ(told.leaves_qty, 100u);
  EXPECT_EQ(Position().open_buy, 300u);
  EXPECT_EQ(totals().reopened, 1u);
  SaveAndLoad();
  const uint64_t cancel = SendCancel(12, 11);
  ASSERT_NE(cancel, 0u);
  FromVenue(ExecType::kCanceled, cancel);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kCanceled);
  EXPECT_EQ(engine().open_orders(), 2u);
}

TEST_F(EngineDisputeTest, ABustOfAFinishedOrderLeavesItFinished) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kFill, id, 100);
  FromVenue(Says(ExecType::kBusted, id, 100, 0, 0, OrdStatus::kCanceled));
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(Position().quantity, 0);
}

TEST_F(EngineDisputeTest, ACorrectionThatFillsAnOrderEndsIt) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 60);
  const ExecutionReport told =
      FromVenue(Says(ExecType::kCorrected, id, 100, 100, 0, OrdStatus::kFilled));
  EXPECT_EQ(told.ord_status, OrdStatus::kFilled);
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(Position().quantity, 100);
}

TEST_F(EngineDisputeTest, WhatRestatedBookedIsNotBookedAgain) {
  const uint64_t id = Live(Buy(11));
  FromVenue(Says(ExecType::kRestated, id, 0, 50, 50, OrdStatus::kPartiallyFilled));
  FromVenue(Says(ExecType::kPartialFill, id, 50, 50, 50, OrdStatus::kPartiallyFilled));
  EXPECT_EQ(Position().quantity, 50);
  EXPECT_EQ(Position().open_buy, 50u);
}

TEST_F(EngineDisputeTest, RestatedFilledWaitsForALargerReplaceToo) {
  const uint64_t id = Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 200, 10'000);
  FromVenue(Says(ExecType::kRestated, id, 0, 100, 0, OrdStatus::kFilled));
  EXPECT_EQ(engine().open_orders(), 1u);
  FromVenue(Says(ExecType::kReplaced, replace, 0, 100, 100, OrdStatus::kPartiallyFilled));
  EXPECT_EQ(Position().open_buy, 100u);
}

TEST_F(EngineDisputeTest, ARefusalThatWasUnderWayIsNoSecondWord) {
  Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 200, 10'000);
  const uint64_t cancel = SendCancel(13, 11);
  VenueRefuses(replace, CancelRejectReason::kUnknownOrder);
  VenueRefuses(cancel, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kInDoubt);
  EXPECT_EQ(Position().open_buy, 100u);
}

TEST_F(EngineDisputeTest, AnOrderThatMayLiveUnderItsReplacesNameDoesNotEnd) {
  Live(Buy(11));
  SendReplace(12, 11, 200, 10'000);
  VenueRefuses(SendCancel(13, 11), CancelRejectReason::kUnknownOrder);
  const std::optional<Cancel> asked = NextCancel();
  ASSERT_TRUE(asked);
  VenueRefuses(asked->cl_ord_id, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(engine().open_orders(), 1u);
}

TEST_F(EngineDisputeTest, AReopenedOrderIsCanceledOnlyWhenSomebodyAsks) {
  const uint64_t id = Live(Buy(11));
  VenueRefuses(SendCancel(12, 11), CancelRejectReason::kUnknownOrder);
  FromVenue(ExecType::kFill, id, 100);
  FromVenue(Says(ExecType::kBusted, id, 100, 0, 100, OrdStatus::kNew));
  for (int turn = 0; turn != 100; ++turn) {
    now_ns_ += 100'000'000;
    Timer();
    ASSERT_FALSE(To<Cancel>(Target::kVenue));
  }
  EXPECT_NE(SendCancel(12, 11), 0u) << "the same request is a new attempt";
}

TEST_F(EngineDisputeTest, AnOrderWhosePriceIsNoneAnyMoreStaysClosed) {
  const uint64_t id = Live(Buy(11, 100, 10'001));
  FromVenue(ExecType::kFill, id, 100);
  const std::vector<std::byte> saved = Saved();
  EngineConfig config = SmallFirm();
  config.instruments[0].tick = 10 * kCent;
  ASSERT_EQ(Adopt(saved, config), "");
  FromVenue(Says(ExecType::kBusted, id, 100, 0, 100, OrdStatus::kNew));
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(counters().conflicting_reports, 1u);
  EXPECT_EQ(Position().quantity, 0);
}

// --- Counts that go round ---

TEST_F(EngineDisputeTest, ALostCancelIsNotPendingHoweverOftenTheVenueWasAway) {
  Live(Buy(11));
  ASSERT_NE(SendCancel(12, 11), 0u);
  for (int flap = 0; flap != 256; ++flap) Flap();
  EXPECT_NE(SendCancel(13, 11), 0u);
}

TEST_F(EngineDisputeTest, EverySnapshotShowsOpenOrders) {
  Live(Buy(11));
  for (int logon = 0; logon != 300; ++logon) {
    LogOn(1, false, 0);
    uint32_t shown = CountOf<OpenOrder>();
    while (engine().HasWork()) {
      Timer();
      shown += CountOf<OpenOrder>();
    }
    ASSERT_EQ(shown, 1u) << "logon " << logon;
  }
}

// --- Room ---

// Instruments whose prices are as far apart as they can be, so that each order takes the most room.
EngineConfig ManyInstruments(uint32_t count, uint32_t orders_max) {
  EngineConfig config = SmallFirm();
  config.instruments.clear();
  for (uint32_t id = 1; id <= count; ++id) {
    InstrumentConfig instrument;
    instrument.id = id;
    instrument.symbol = "I" + std::to_string(id);
    instrument.reference_price = 10'000 * kCent;
    instrument.reference_age_max_ns = 0;
    config.instruments.push_back(instrument);
  }
  for (EngineSessionConfig& session : config.sessions) {
    session.limits.collar_bps = UINT32_MAX;
    session.limits.notional_max = kNoLimit;
  }
  for (AccountConfig& account : config.accounts) {
    account.limits.self_match_prevention = false;
    account.limits.gross_notional_max = kNoLimit;
    account.limits.notional_max = kNoLimit;
  }
  config.sessions.resize(1);  // a single session keeps no room for others
  config.pools.orders_max = orders_max;
  config.pools.positions_max = 4'096;
  return config;
}

constexpr std::array<int64_t, 3> kFarApart = {9'000'000, 9'000, 9};
constexpr std::array<int64_t, 3> kElsewhere = {8'800'000, 8'000, 8};

TEST_F(EngineDisputeTest, AsManyOrdersFitAsAreConfiguredAndCanBeLoaded) {
  constexpr uint32_t kOrders = 1'024;
  const EngineConfig config = ManyInstruments(kOrders / 3 + 1, kOrders);
  Restart(config);
  for (uint64_t at = 0; at != kOrders; ++at) {
    ASSERT_NE(Live(Limit(at + 1, Side::kBuy, 1, kFarApart[at % 3], 100,
                         static_cast<uint32_t>(at / 3) + 1)),
              0u)
        << at;
  }
  const std::vector<std::byte> saved = Saved();
  EXPECT_EQ(Adopt(saved, config), "");
  EXPECT_EQ(engine().open_orders(), kOrders);
}

TEST_F(EngineDisputeTest, AcceptedReplacesNeverNeedRoomThatIsNotThere) {
  constexpr uint32_t kOrders = 1'020;
  const EngineConfig config = ManyInstruments(kOrders / 3, 1'024);
  Restart(config);
  std::vector<uint64_t> replaces;
  for (uint64_t at = 0; at != kOrders; ++at) {
    const auto instrument = static_cast<uint32_t>(at / 3) + 1;
    ASSERT_NE(Live(Limit(at + 1, Side::kBuy, 1, 9'000'000, 100, instrument)), 0u);
  }
  for (uint64_t at = 0; at != kOrders; ++at) {
    const uint64_t replace = SendReplace(10'000 + at, at + 1, 1, kElsewhere[at % 3]);
    if (replace != 0) replaces.push_back(replace);
  }
  EXPECT_GT(replaces.size(), 200u);
  for (const uint64_t replace : replaces) FromVenue(ExecType::kReplaced, replace);
  const std::vector<std::byte> saved = Saved();
  EXPECT_EQ(Adopt(saved, config), "");
}

TEST_F(EngineDisputeTest, RefusedOrdersTakeNoRoomFromOthers) {
  EngineConfig config = SmallFirm();
  config.sessions[0].instruments = {7};
  config.pools.positions_max = 1;
  Restart(config);
  EXPECT_EQ(Rejected(Limit(1, Side::kBuy, 100, 9'000, 100, 8)).reason,
            RejectReason::kMissingEntitlement);
  EXPECT_NE(Accepted(Limit(1, Side::kBuy, 100, 9'000, 200, 7), 2), 0u);
  EXPECT_EQ(Rejected(Buy(2)).reason, RejectReason::kGatewayFull);
}

TEST_F(EngineDisputeTest, OtherOrdersUnderAKnownNameAreThrottledLikeAll) {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.messages_per_second = 1;
  config.sessions[0].limits.message_burst = 3;
  config.sessions[0].limits.cancel_reserve = 1;
  Restart(config);
  const NewOrder first = Buy(1);
  Accepted(first);
  uint32_t duplicates = 0;
  for (int i = 0; i != 100; ++i)
    duplicates += Rejected(Buy(1, 101)).reason == RejectReason::kDuplicateOrder;
  EXPECT_LE(duplicates, 3u);
  Send(first);
  EXPECT_TRUE(To<OrderAck>(Target::kSession)) << "the same order again is answered as it was";
}

}  // namespace
}  // namespace ringway
