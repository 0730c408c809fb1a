// Tests that the engine answers every kind of bad input with a reason, and continues unharmed.

#include <cstring>
#include <limits>

#include "base/random.h"
#include "gateway/core/session_numbers.h"
#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineInputTest : public EngineTest {
 public:
  void ExpectReason(NewOrder order, RejectReason reason, const char* what) {
    order.cl_ord_id = order.cl_ord_id == 1 ? ++next_ : order.cl_ord_id;
    EXPECT_EQ(Name(Rejected(order).reason), Name(reason)) << what;
  }
  SessionRejectReason RejectOf(FrameType type, std::span<const std::byte> payload) {
    const uint64_t reports = engine().next_seq_out(1);
    StepBytes(Origin::kSession, 1, type, payload);
    const auto reject = To<SessionReject>(Target::kSession);
    EXPECT_TRUE(reject);
    if (!reject) return SessionRejectReason::kUnset;
    EXPECT_EQ(reject->ref_type, static_cast<uint8_t>(type));
    EXPECT_EQ(reject->ref_seq, engine().next_seq_in(1) - 1);
    EXPECT_EQ((*effects().begin()).seq, 0u) << "the client does not count it";
    EXPECT_EQ(engine().next_seq_out(1), reports);
    return reject->reason;
  }

 private:
  uint64_t next_ = 100;
};

TEST_F(EngineInputTest, FieldsThatMakeNoSense) {
  const auto with = [](auto set) {
    NewOrder order = Buy(1);
    set(order);
    return order;
  };
  using R = RejectReason;
  using N = NewOrder;
  const auto expect = [&](auto set, R reason, const char* what) {
    ExpectReason(with(set), reason, what);
  };
  expect([](N& o) { o.cl_ord_id = 0; }, R::kInvalidField, "no clOrdId");
  expect([](N& o) { o.side = Side::kUnset; }, R::kInvalidField, "no side");
  expect([](N& o) { o.side = Side{99}; }, R::kInvalidField, "side");
  expect([](N& o) { o.ord_type = OrdType::kUnset; }, R::kInvalidField, "no type");
  expect([](N& o) { o.ord_type = OrdType{77}; }, R::kInvalidField, "type");
  expect([](N& o) { o.time_in_force = TimeInForce{9}; }, R::kInvalidField, "time in force");
  expect([](N& o) { o.capacity = Capacity{9}; }, R::kInvalidField, "capacity");
  expect([](N& o) { o.post_only = 2; }, R::kInvalidField, "post only");
  expect([](N& o) { o.instrument = 9; }, R::kUnknownSymbol, "instrument");
  expect([](N& o) { o.instrument = 0; }, R::kUnknownSymbol, "instrument 0");
  expect([](N& o) { o.instrument = UINT32_MAX; }, R::kUnknownSymbol, "instrument max");
  expect([](N& o) { o.account = 9; }, R::kUnknownAccount, "account");
  expect([](N& o) { o.price = 0; }, R::kInvalidPrice, "price 0");
  expect([](N& o) { o.price = -kCent; }, R::kInvalidPrice, "negative price");
  expect([](N& o) { o.price = INT64_MAX; }, R::kInvalidPrice, "price max");
  expect([](N& o) { o.price = INT64_MIN; }, R::kInvalidPrice, "price min");
  expect([](N& o) { o.stop_price = kCent; }, R::kInvalidPrice, "stop price of a limit order");
  expect([](N& o) { o.ord_type = OrdType::kMarket; }, R::kInvalidPrice, "price of a market order");
  expect([](N& o) { o.ord_type = OrdType::kStopLimit; }, R::kInvalidPrice, "no stop price");
  expect([](N& o) { o.qty = 0; }, R::kIncorrectQuantity, "quantity 0");
  expect([](N& o) { o.qty = 1'000'001; }, R::kIncorrectQuantity, "quantity above the hard limit");
  expect([](N& o) { o.qty = UINT64_MAX; }, R::kIncorrectQuantity, "quantity max");
  expect([](N& o) { o.display_qty = 101; }, R::kIncorrectQuantity, "shows more than it has");
  expect([](N& o) { o.time_in_force = TimeInForce::kGoodTillDate; }, R::kInvalidField, "no date");
  expect([](N& o) { o.expire_time = UINT64_MAX; }, R::kInvalidField, "date of a day order");
  expect(
      [](N& o) {
        o.time_in_force = TimeInForce::kGoodTillDate;
        o.expire_time = kStartNs - 1;
      },
      R::kStaleOrder, "date in the past");
  expect(
      [](N& o) {
        o.post_only = 1;
        o.time_in_force = TimeInForce::kImmediateOrCancel;
      },
      R::kUnsupportedOrderCharacteristic, "post only and immediate");
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(counters().new_orders, totals().rejected);
  Accepted(Buy(1));
}

TEST_F(EngineInputTest, LargestOrderAtTheHighestPriceDoesNotOverflow) {
  EngineConfig config = SmallFirm();
  InstrumentConfig& huge = config.instruments[0];
  huge.price_max = 1'000'000'000'000'000'000;  // 1e9 units
  huge.tick = 1'000'000'000;
  huge.quantity_max = 999;
  for (auto* limit :
       {&config.sessions[0].limits.notional_max, &config.sessions[0].limits.quantity_max,
        &config.accounts[0].limits.notional_max, &config.accounts[0].limits.position_max,
        &config.accounts[0].limits.gross_notional_max}) {
    *limit = kNoLimit;
  }
  config.sessions[0].limits.collar_bps = UINT32_MAX;
  Restart(config);
  NewOrder order = Buy(1, 999);
  order.price = huge.price_max;
  for (; order.cl_ord_id <= 100; ++order.cl_ord_id) Accepted(order);
  config.accounts[0].limits.gross_notional_max = 10'000'000'000'000;
  Restart(config);
  for (order.cl_ord_id = 1; order.cl_ord_id <= 10; ++order.cl_ord_id) Accepted(order);
  EXPECT_EQ(Rejected(order).value, 11 * 999'000'000'000);
}

TEST_F(EngineInputTest, MessagesThatAreNoRequests) {
  std::array<std::byte, 600> bytes = {};
  using R = SessionRejectReason;
  EXPECT_EQ(RejectOf(FrameType{99}, {bytes.data(), 8}), R::kUnknownMessageType);
  EXPECT_EQ(RejectOf(FrameType{0}, {bytes.data(), 8}), R::kUnknownMessageType);
  EXPECT_EQ(RejectOf(FrameType::kExecutionReport, {bytes.data(), 8}), R::kMessageNotAllowed);
  EXPECT_EQ(RejectOf(FrameType::kRiskState, {bytes.data(), 8}), R::kMessageNotAllowed);
  EXPECT_EQ(RejectOf(FrameType::kLogon, {bytes.data(), 8}), R::kMessageNotAllowed);
  for (const FrameType type :
       {FrameType::kNewOrder, FrameType::kCancel, FrameType::kReplace, FrameType::kMassCancel}) {
    EXPECT_EQ(RejectOf(type, {}), R::kMalformedMessage);
    EXPECT_EQ(RejectOf(type, {bytes.data(), 7}), R::kMalformedMessage);
    EXPECT_EQ(RejectOf(type, {bytes.data(), 600}), R::kMalformedMessage);
    std::memset(bytes.data(), 0xFF, 64);
    EXPECT_EQ(RejectOf(type, {bytes.data(), 64}), R::kMalformedMessage);
    std::memset(bytes.data(), 0, 64);
  }
  NewOrder spare = Buy(1);
  spare.spare0 = 1;
  const uint32_t size = Encode(spare, bytes.data());
  EXPECT_EQ(RejectOf(FrameType::kNewOrder, {bytes.data(), size}), R::kReservedFieldNotZero);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineInputTest, AGapFillSkipsNumbersForwardsOnly) {
  const uint64_t before = engine().next_seq_in(1);
  Step(Origin::kSession, 1, GapFill{.new_seq = before + 5});
  EXPECT_EQ(engine().next_seq_in(1), before + 5);
  Step(Origin::kSession, 1, GapFill{.new_seq = before});
  StepBytes(Origin::kSession, 1, FrameType::kGapFill, {});
  EXPECT_EQ(engine().next_seq_in(1), before + 5);
  EXPECT_EQ(effects().count(), 0u);
}

TEST_F(EngineInputTest, EmptyRequestsAreRefusedNotObeyed) {
  Live(Buy(1));
  EXPECT_EQ(SendCancel(0, 1), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kOther);
  EXPECT_EQ(SendCancel(0, 0), 0u);
  EXPECT_EQ(SendReplace(0, 1, 50, 10'000), 0u);
  EXPECT_EQ(SendReplace(2, 1, 0, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kOther);
  EXPECT_EQ(SendReplace(2, 1, 50, -1), 0u);
  EXPECT_EQ(SendReplace(2, 1, UINT64_MAX, 10'000), 0u);
  EXPECT_EQ(SendCancel(1, 1), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
  MassCancel mass;
  Step(Origin::kSession, 1, mass);
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->reason, CancelRejectReason::kOther);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kNew);
}

TEST_F(EngineInputTest, NonsenseFromAVenueIsCountedAndChangesNothing) {
  const uint64_t id = Live(Buy(1));
  ExecutionReport report = Execution(ExecType{99}, id);
  FromVenue(report);
  report = Execution(ExecType::kFill, id, UINT64_MAX);
  FromVenue(report);
  report = Execution(ExecType::kFill, id, 0);
  FromVenue(report);
  report = Execution(ExecType::kRestated, id);
  report.leaves_qty = UINT64_MAX;
  FromVenue(report);
  StepBytes(Origin::kVenue, 1, FrameType::kExecutionReport, {});
  StepBytes(Origin::kVenue, 1, FrameType::kNewOrder, {});
  EXPECT_EQ(counters().malformed_reports, 6u);
  FromVenue(ExecType::kReplaced, id);
  EXPECT_EQ(counters().conflicting_reports, 1u);
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(StatusOfOrder(1), OrdStatus::kNew);
  SetVenue(1, VenueState{9});
  SetVenue(1, VenueState::kDown, 999);
  EXPECT_EQ(counters().malformed_reports, 8u);
  EXPECT_EQ(engine().venue_state(1), VenueState::kUp);
}

TEST_F(EngineInputTest, UnknownSpeakersAreCounted) {
  for (const Origin origin : {Origin::kSession, Origin::kSessionUp, Origin::kSessionDown,
                              Origin::kVenue, Origin::kAdmin}) {
    for (const uint32_t id : {0u, 999u, 70'000u, UINT32_MAX}) {
      StepBytes(origin, id, FrameType::kNewOrder, {});
      EXPECT_EQ(effects().count(), 0u);
    }
  }
  EXPECT_EQ(counters().unknown_sources, 20u);
}

TEST_F(EngineInputTest, RandomBytesNeverHarm) {
  Random random(42);
  Live(Buy(1));
  for (int round = 0; round < 20'000; ++round) {
    std::array<std::byte, 128> bytes;
    for (std::byte& byte : bytes) {
      byte = random.Chance(0.5) ? std::byte{0} : static_cast<std::byte>(random.Next());
    }
    const auto words = static_cast<uint32_t>(random.Below(14));
    const uint64_t root = RootWord(words);
    std::memcpy(bytes.data(), &root, sizeof(root));
    constexpr FrameType kTypes[] = {
        FrameType::kNewOrder,    FrameType::kCancel,          FrameType::kReplace,
        FrameType::kMassCancel,  FrameType::kExecutionReport, FrameType::kCancelReject,
        FrameType::kVenueStatus, FrameType::kReferencePrice,  FrameType::kRiskState};
    const FrameType type = kTypes[random.Below(std::size(kTypes))];
    const Origin origin = type < FrameType::kOrderAck     ? Origin::kSession
                          : type == FrameType::kRiskState ? Origin::kAdmin
                                                          : Origin::kVenue;
    StepBytes(origin, 1, type, {bytes.data(), 8 + 8 * words});
  }
}

TEST_F(EngineInputTest, AGapFillSkipsNoMoreThanALogonMayLeaveOut) {
  const auto fill = [this](uint64_t new_seq) {
    Step(Origin::kSession, 1, GapFill{.new_seq = new_seq});
    return engine().next_seq_in(1);
  };
  EXPECT_EQ(fill(10), 10u);
  EXPECT_EQ(fill(5), 10u);  // never back
  EXPECT_EQ(fill(10 + kSequenceJumpMax + 1), 10u);
  EXPECT_EQ(fill(UINT64_MAX), 10u);
  EXPECT_EQ(counters().unknown_sources, 2u);
  EXPECT_EQ(fill(10 + kSequenceJumpMax), 10 + kSequenceJumpMax);
  uint64_t at = engine().next_seq_in(1);
  while (at + kSequenceJumpMax <= kSequenceEnd) at = fill(at + kSequenceJumpMax);
  EXPECT_EQ(fill(kSequenceEnd), kSequenceEnd);
  EXPECT_EQ(fill(kSequenceEnd + 1), kSequenceEnd);
}

}  // namespace
}  // namespace ringway
