// Tests of order instructions beyond price and quantity, and that all of them reach a venue that
// supports them.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
constexpr FeatureSet kAll = (1u << kFeatureNames.size()) - 1;

EngineConfig Knowing(FeatureSet features) {
  EngineConfig config = SmallFirm();
  config.venues[0].features = features;
  return config;
}

uint16_t Bit(Instruction instruction) {
  return static_cast<uint16_t>(1u << static_cast<uint32_t>(instruction));
}

class EngineTermsTest : public EngineTest {
 protected:
  EngineTermsTest() : EngineTest(Knowing(kAll)) {}

  RejectReason Refusal(const std::function<void(NewOrder&)>& set) {
    NewOrder order = Buy(++id_);
    set(order);
    Send(order);
    return Reject().reason;
  }
  CancelRejectReason ReplaceRefusal(uint64_t orig, const std::function<void(Replace&)>& set) {
    Replace replace = ReplaceOf(orig);
    set(replace);
    Step(Origin::kSession, 1, replace);
    return CancelRefusal().reason;
  }
  Replace ReplaceOf(uint64_t orig) {
    Replace replace;
    replace.cl_ord_id = ++id_;
    replace.orig_cl_ord_id = orig;
    replace.qty = 100;
    replace.price = 10'000 * kCent;
    return replace;
  }
  // A replace that changes nothing else; returns the request that the venue gets.
  uint64_t AskForExpiry(uint64_t orig, TimeInForce time_in_force) {
    Replace replace = ReplaceOf(orig);
    replace.changes_expiry = 1;
    replace.time_in_force = time_in_force;
    Step(Origin::kSession, 1, replace);
    const auto sent = To<Replace>(Target::kVenue);
    return sent ? sent->cl_ord_id : 0;
  }
  ExecutionReport Replaced(uint64_t request, uint64_t leaves_qty = 100) {
    ExecutionReport report = Execution(ExecType::kReplaced, request);
    report.leaves_qty = leaves_qty;
    return report;
  }
  void Reload(const EngineConfig& config) {
    const std::vector<std::byte> saved = Saved();
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(saved, config), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }
  // With all that follows from it.
  void BeginDay(uint32_t day) {
    EngineTest::BeginDay(day);
    Settle();
  }

  uint64_t id_ = 100;
};

TEST_F(EngineTermsTest, ReachTheVenueAsTheyAre) {
  NewOrder order = Buy(11);
  order.min_qty = 20;
  order.peg = Peg::kMidpoint;
  order.peg_offset = -5;
  order.stp_id = 77;
  order.instructions = Bit(Instruction::kHidden) | Bit(Instruction::kIntermarketSweep);
  Accepted(order);
  const auto sent = To<NewOrder>(Target::kVenue);
  EXPECT_EQ(sent->min_qty, 20u);
  EXPECT_EQ(sent->peg, Peg::kMidpoint);
  EXPECT_EQ(sent->peg_offset, -5);
  EXPECT_EQ(sent->stp_id, 77u);
  EXPECT_EQ(sent->instructions, order.instructions);
}

TEST_F(EngineTermsTest, AreRefusedWhereTheVenueDoesNotKnowThem) {
  const struct {
    Feature feature;
    std::function<void(NewOrder&)> set;
  } cases[] = {
      {Feature::kHidden, [](NewOrder& o) { o.instructions = Bit(Instruction::kHidden); }},
      {Feature::kAllOrNone, [](NewOrder& o) { o.instructions = Bit(Instruction::kAllOrNone); }},
      {Feature::kIntermarketSweep,
       [](NewOrder& o) { o.instructions = Bit(Instruction::kIntermarketSweep); }},
      {Feature::kSlide,
       [](NewOrder& o) { o.instructions = Bit(Instruction::kSlide), o.post_only = 1; }},
      {Feature::kMinQuantity, [](NewOrder& o) { o.min_qty = 1; }},
      {Feature::kPeg, [](NewOrder& o) { o.peg = Peg::kPrimary; }},
      {Feature::kAuction, [](NewOrder& o) { o.time_in_force = TimeInForce::kAtTheClose; }},
      {Feature::kExpireDate,
       [](NewOrder& o) { o.time_in_force = TimeInForce::kGoodTillDate, o.expire_date = 100'000; }},
      {Feature::kSelfTradeId, [](NewOrder& o) { o.stp_id = 1; }},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(kFeatureNames[static_cast<size_t>(one.feature)].data());
    Restart(Knowing(kAll & ~BitOf(one.feature)));
    EXPECT_EQ(Refusal(one.set), RejectReason::kUnsupportedOrderCharacteristic);
    EXPECT_EQ(Reject().check, RiskCheck::kInstructions);
    EXPECT_EQ(Reject().value, BitOf(one.feature));
    Restart(Knowing(BitOf(one.feature)));
    EXPECT_EQ(Refusal(one.set), RejectReason::kNone);
  }
}

TEST_F(EngineTermsTest, ThatMakeNoSenseAreRefused) {
  using enum RejectReason;
  EXPECT_EQ(Refusal([](NewOrder& o) { o.instructions = 1u << 5; }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.instructions = 1u << 15; }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.instructions = Bit(Instruction::kSlide); }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.min_qty = 101; }), kIncorrectQuantity);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.peg_offset = 1; }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.peg = static_cast<Peg>(9); }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) {
              o.peg = Peg::kMarket;
              o.ord_type = OrdType::kMarket;
              o.price = 0;
            }),
            kUnsupportedOrderCharacteristic);
  EXPECT_EQ(Refusal([](NewOrder& o) {
              o.instructions = Bit(Instruction::kHidden);
              o.display_qty = 10;
            }),
            kUnsupportedOrderCharacteristic);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.expire_date = 100'000; }), kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) { o.time_in_force = TimeInForce::kGoodTillDate; }),
            kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) {
              o.time_in_force = TimeInForce::kGoodTillDate;
              o.expire_date = 100'000;
              o.expire_time = uint64_t{1} << 62;
            }),
            kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) {
              o.time_in_force = TimeInForce::kGoodTillDate;
              o.expire_time = uint64_t{1} << 63;
            }),
            kInvalidField);
  EXPECT_EQ(Refusal([](NewOrder& o) {
              o.time_in_force = TimeInForce::kGoodTillDate;
              o.expire_date = UINT32_MAX;
            }),
            kInvalidField);
  EXPECT_EQ(Refusal([this](NewOrder& o) {
              o.time_in_force = TimeInForce::kGoodTillDate;
              o.expire_date = static_cast<uint32_t>(now_ns_ / kDayNs) - 2;
            }),
            kStaleOrder);
}

TEST_F(EngineTermsTest, ReduceOnlyNeverAddsToAPosition) {
  const auto reducing = [this](Side side, uint64_t qty, int64_t cents) {
    NewOrder order = Limit(++id_, side, qty, cents);
    order.instructions = Bit(Instruction::kReduceOnly);
    return order;
  };
  const OrderReject flat = Rejected(reducing(Side::kSell, 1, 10'100));
  EXPECT_EQ(flat.reason, RejectReason::kPositionLimit);
  EXPECT_EQ(flat.check, RiskCheck::kReduceOnly);
  FromVenue(ExecType::kFill, Accepted(Buy(11)), 100);
  Rejected(reducing(Side::kBuy, 1, 9'900));
  const NewOrder sell = reducing(Side::kSell, 60, 10'100);
  Live(sell);
  const OrderReject more = Rejected(reducing(Side::kSell, 41, 10'100));
  EXPECT_EQ(more.limit, 40);
  EXPECT_EQ(more.value, 41);
  Live(reducing(Side::kSell, 40, 10'100));
  // A replace of such an order is checked too.
  EXPECT_EQ(
      ReplaceRefusal(sell.cl_ord_id, [](Replace& r) { r.qty = 61, r.price = 10'100 * kCent; }),
      CancelRejectReason::kRiskLimit);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kReduceOnly);
  EXPECT_EQ(
      ReplaceRefusal(sell.cl_ord_id, [](Replace& r) { r.qty = 59, r.price = 10'100 * kCent; }),
      CancelRejectReason::kNone);
}

TEST_F(EngineTermsTest, ReduceOnlyMayFollowAPositionThatBecameSmaller) {
  EngineConfig config = Knowing(kAll);
  config.sessions[0].limits.on_breach = BreachPolicy::kKill;
  Restart(config);
  FromVenue(ExecType::kFill, Accepted(Buy(11)), 100);
  NewOrder sell = Sell(12);
  sell.instructions = Bit(Instruction::kReduceOnly);
  Live(sell);
  PositionAdjustment adjustment;
  adjustment.account = 100;
  adjustment.instrument = 7;
  adjustment.quantity = -40;
  Step(Origin::kAdmin, 9, adjustment);
  EXPECT_EQ(ReplaceRefusal(12, [](Replace& r) { r.qty = 60, r.price = 10'100 * kCent; }),
            CancelRejectReason::kNone);
  sell.cl_ord_id = 13;
  EXPECT_EQ(Rejected(sell).check, RiskCheck::kReduceOnly);
  EXPECT_FALSE(engine().killed(KillScope::kSession, 1)) << "no limit was broken";
}

TEST_F(EngineTermsTest, AHiddenOrderIsNotShownByAReplace) {
  NewOrder hidden = Buy(11);
  hidden.instructions = Bit(Instruction::kHidden);
  Live(hidden);
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.changes_display = 1, r.display_qty = 100; }),
            CancelRejectReason::kOther);
}

TEST_F(EngineTermsTest, AnAuctionOrderIsNotInTheBook) {
  NewOrder order = Buy(11, 100, 10'100);
  order.time_in_force = TimeInForce::kAtTheClose;
  Live(order);
  Accepted(Sell(12, 10, 10'050));
}

TEST_F(EngineTermsTest, AResentOrderIsToldFromAnotherByThemToo) {
  NewOrder order = Buy(11);
  order.min_qty = 20;
  Accepted(order);
  Send(order);
  EXPECT_EQ(counters().resends, 1u);
  order.min_qty = 21;
  EXPECT_EQ(Rejected(order).reason, RejectReason::kDuplicateOrder);
}

// --- Expiry ---

TEST_F(EngineTermsTest, ADateEndsWithItsDay) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  NewOrder order = Buy(11);
  order.time_in_force = TimeInForce::kGoodTillDate;
  order.expire_date = today + 1;
  Live(order);
  BeginDay(today + 1);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kNew);
  Reload(Knowing(kAll));
  BeginDay(today + 2);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
}

TEST_F(EngineTermsTest, AReplaceMayChangeTheExpiry) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  Live(Buy(11));
  const auto till = [&](Replace& r) {
    r.changes_expiry = 1;
    r.time_in_force = TimeInForce::kGoodTillDate;
    r.expire_date = today + 1;
  };
  Replace replace = ReplaceOf(11);
  till(replace);
  Step(Origin::kSession, 1, replace);
  const auto sent = To<Replace>(Target::kVenue);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->time_in_force, TimeInForce::kGoodTillDate);
  EXPECT_EQ(sent->expire_date, today + 1);
  Reload(Knowing(kAll));
  FromVenue(Replaced(sent->cl_ord_id));
  BeginDay(today + 1);
  EXPECT_EQ(StatusOfOrder(replace.cl_ord_id), OrdStatus::kNew) << "the day order is none any more";
  BeginDay(today + 2);
  EXPECT_EQ(StatusOfOrder(replace.cl_ord_id), OrdStatus::kPendingCancel);
}

TEST_F(EngineTermsTest, ARefusedReplaceChangesNoExpiry) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  Live(Buy(11));
  VenueRefuses(AskForExpiry(11, TimeInForce::kGoodTillCancel));
  BeginDay(today + 1);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
}

TEST_F(EngineTermsTest, ADayThatEndsBeforeTheAnswerEndsNothing) {
  for (const bool taken : {true, false}) {
    EngineConfig config = Knowing(kAll);
    config.venues[0].overdue_orders = OverdueOrders::kEnded;
    Restart(config);
    const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
    BeginDay(today);
    Live(Buy(11));
    const uint64_t request = AskForExpiry(11, TimeInForce::kGoodTillCancel);
    BeginDay(today + 1);
    EXPECT_EQ(engine().open_orders(), 1u);
    taken ? static_cast<void>(FromVenue(Replaced(request))) : VenueRefuses(request);
    EXPECT_EQ(engine().open_orders(), taken ? 1u : 0u);
    EXPECT_EQ(counters().overdue_ended, taken ? 0u : 1u);
  }
}

TEST_F(EngineTermsTest, AReplaceThatIsNeverAnsweredKeepsNoOrderForEver) {
  EngineConfig config = Knowing(kAll);
  config.venues[0].overdue_orders = OverdueOrders::kEnded;
  Restart(config);
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  Live(Buy(11));
  AskForExpiry(11, TimeInForce::kGoodTillCancel);
  SetVenue(1, VenueState::kDown);
  while (engine().HasWork()) Timer();
  SetVenue(1, VenueState::kUp);
  BeginDay(today + 1);
  // It cannot be known whether it is still open: its venue is asked.
  EXPECT_EQ(counters().overdue_ended, 0u);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
}

TEST_F(EngineTermsTest, AReplaceThatWasTakenYesterdayEndsWithYesterday) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  NewOrder order = Buy(11);
  order.time_in_force = TimeInForce::kGoodTillCancel;
  Live(order);
  ExecutionReport done = Replaced(AskForExpiry(11, TimeInForce::kDay));
  done.transact_time = static_cast<uint64_t>(now_ns_ - 1);
  BeginDay(today + 1);
  FromVenue(done);
  EXPECT_TRUE(To<Cancel>(Target::kVenue)) << "its day is over";
}

TEST_F(EngineTermsTest, ALaterReplaceThatSaysNothingKeepsThem) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  Live(Buy(11));
  uint64_t orig = 11;
  for (const bool changes : {true, false}) {
    Replace replace = ReplaceOf(orig);
    replace.qty = changes ? 100 : 90;
    if (changes) replace.changes_expiry = 1, replace.time_in_force = TimeInForce::kGoodTillCancel;
    Step(Origin::kSession, 1, replace);
    FromVenue(Replaced(To<Replace>(Target::kVenue)->cl_ord_id, replace.qty));
    orig = replace.cl_ord_id;
  }
  BeginDay(today + 1);
  EXPECT_EQ(StatusOfOrder(orig), OrdStatus::kNew);
}

// While the orders of the day before are looked through, two good-till-cancel orders become orders
// for the new day, and are replaced again.
TEST_F(EngineTermsTest, AnOrderThatIsForTodaySinceAReplaceStaysSoAfterAnother) {
  const auto today = static_cast<uint32_t>(now_ns_ / kDayNs);
  BeginDay(today);
  const auto enter = [this](uint64_t cl_ord_id) {
    NewOrder order = Buy(cl_ord_id);
    order.time_in_force = TimeInForce::kGoodTillCancel;
    Live(order);
  };
  for (uint64_t at = 1; at <= 300; ++at) enter(10'000 + at);  // they come first
  enter(11);
  enter(12);
  const uint64_t of_yesterday = AskForExpiry(11, TimeInForce::kDay);
  EngineTest::BeginDay(today + 1);
  ASSERT_TRUE(engine().HasWork());
  FromVenue(Replaced(of_yesterday));
  FromVenue(Replaced(AskForExpiry(12, TimeInForce::kDay)));
  for (const uint64_t orig : {11u, 12u}) {
    Step(Origin::kSession, 1, ReplaceOf(orig));
    FromVenue(Replaced(To<Replace>(Target::kVenue)->cl_ord_id));
  }
  ASSERT_TRUE(engine().HasWork());
  Reload(Knowing(kAll));
  Settle();
  EXPECT_EQ(counters().overdue, 0u);
  BeginDay(today + 2);
  EXPECT_EQ(counters().overdue, 2u);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
  EXPECT_EQ(StatusOfOrder(12), OrdStatus::kPendingCancel);
}

TEST_F(EngineTermsTest, AReplaceMayChangeWhatIsShown) {
  Live(Buy(11));
  Replace replace = ReplaceOf(11);
  replace.changes_display = 1;
  replace.display_qty = 10;
  Step(Origin::kSession, 1, replace);
  const auto sent = To<Replace>(Target::kVenue);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->changes_display, 1u);
  EXPECT_EQ(sent->display_qty, 10u);
  Step(Origin::kSession, 1, replace);
  EXPECT_EQ(counters().resends, 1u) << "the same again";
  replace.display_qty = 11;
  Step(Origin::kSession, 1, replace);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
}

TEST_F(EngineTermsTest, AReplaceThatMakesNoSenseIsRefused) {
  using enum CancelRejectReason;
  Live(Buy(11));
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.display_qty = 5; }), kOther);
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.changes_display = 2; }), kOther);
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.changes_display = 1, r.display_qty = 101; }),
            kOther);
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.time_in_force = TimeInForce::kGoodTillCancel; }),
            kOther);
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.expire_date = 100'000; }), kOther);
  EXPECT_EQ(ReplaceRefusal(11,
                           [](Replace& r) {
                             r.changes_expiry = 1;
                             r.time_in_force = TimeInForce::kImmediateOrCancel;
                           }),
            kOther);
  EXPECT_EQ(ReplaceRefusal(11,
                           [](Replace& r) {
                             r.changes_expiry = 1;
                             r.time_in_force = static_cast<TimeInForce>(99);
                           }),
            kOther);
  EXPECT_EQ(ReplaceRefusal(11,
                           [](Replace& r) {
                             r.changes_expiry = 1;
                             r.time_in_force = TimeInForce::kGoodTillDate;
                           }),
            kOther);
  Restart(Knowing(0));
  Live(Buy(11));
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.changes_display = 1, r.display_qty = 10; }),
            kVenueOption);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kInstructions);
}

// --- Profiles ---

EngineConfig WithProfiles() {
  EngineConfig config = SmallFirm();
  config.profiles = {1, 2, 255};
  config.sessions[0].profiles = {1, 255};
  config.sessions[0].default_profile = 1;
  return config;
}

TEST_F(EngineTermsTest, EveryRequestToAVenueNamesAProfile) {
  Restart(WithProfiles());
  Live(Buy(11));
  NewOrder named = Buy(12);
  named.profile = 255;
  Live(named);
  EXPECT_EQ(To<NewOrder>(Target::kVenue).value_or(named).profile, 255u);
  Reload(WithProfiles());
  SendReplace(13, 12, 90, 10'000);
  EXPECT_EQ(To<Replace>(Target::kVenue)->profile, 255u) << "the order's";
  SendCancel(14, 11);
  EXPECT_EQ(To<Cancel>(Target::kVenue)->profile, 1u) << "the session's default";
  Send(Buy(15));
  EXPECT_EQ(To<NewOrder>(Target::kVenue)->profile, 1u);
  SendCancel(16, 15);
  EXPECT_EQ(To<Cancel>(Target::kVenue)->profile, 1u);
  Live(Buy(17));
  Replace other = ReplaceOf(17);
  other.profile = 255;
  Step(Origin::kSession, 1, other);
  EXPECT_EQ(To<Replace>(Target::kVenue)->profile, 255u);
}

TEST_F(EngineTermsTest, ACancelUnderAnothersProfileGoesAsTheOrders) {
  Restart(WithProfiles());
  Live(Buy(11));
  Cancel cancel;
  cancel.cl_ord_id = 12;
  cancel.orig_cl_ord_id = 11;
  cancel.profile = 2;
  Step(Origin::kSession, 1, cancel);
  EXPECT_EQ(To<Cancel>(Target::kVenue)->profile, 1u);
}

TEST_F(EngineTermsTest, AProfileThatIsNotTheSessionsIsRefused) {
  Restart(WithProfiles());
  for (const uint8_t profile : {2, 3}) {
    NewOrder order = Buy(++id_);
    order.profile = profile;
    EXPECT_EQ(Rejected(order).check, RiskCheck::kEntitlement);
  }
  NewOrder order = Limit(++id_, Side::kBuy, 1, 10'000, 200);
  order.profile = 2;
  Accepted(order, 2);  // a session without a list may use all
  order.cl_ord_id = ++id_;
  order.profile = 3;
  EXPECT_EQ(Rejected(order, 2).reason, RejectReason::kMissingEntitlement);
  Live(Buy(11));
  EXPECT_EQ(ReplaceRefusal(11, [](Replace& r) { r.profile = 2; }), CancelRejectReason::kRiskLimit);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kEntitlement);
}

}  // namespace
}  // namespace ringway
