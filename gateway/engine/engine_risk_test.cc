// Tests that each risk check passes what its limit allows, and refuses the next order, with reason,
// limit and value.

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineRiskTest : public EngineTest {
 public:
  // A firm whose session 1 and account 100 `set` modifies.
  template <class F>
  void With(F&& set) {
    EngineConfig config = SmallFirm();
    set(config.sessions[0].limits, config.accounts[0].limits);
    Restart(config);
  }
  static void ExpectReject(const OrderReject& reject, RejectReason reason, RiskCheck check,
                           int64_t limit, int64_t value) {
    EXPECT_EQ(Name(reject.reason), Name(reason));
    EXPECT_EQ(Name(reject.check), Name(check));
    EXPECT_EQ(reject.limit, limit);
    EXPECT_EQ(reject.value, value);
  }
};

TEST_F(EngineRiskTest, MaxQuantityOfSessionAndAccount) {
  With([](SessionLimits& session, AccountLimits&) { session.quantity_max = 100; });
  Accepted(Buy(1, 100, 9'000));
  ExpectReject(Rejected(Buy(2, 101, 9'000)), RejectReason::kExceedsClipSize,
               RiskCheck::kMaxQuantity, 100, 101);
  With([](SessionLimits&, AccountLimits& account) { account.quantity_max = 50; });
  Accepted(Buy(1, 50, 9'000));
  ExpectReject(Rejected(Buy(2, 51, 9'000)), RejectReason::kExceedsClipSize, RiskCheck::kMaxQuantity,
               50, 51);
}

TEST_F(EngineRiskTest, MaxNotionalInWholeUnits) {
  // 100 pieces at 100.00 are 10,000 units.
  With([](SessionLimits& session, AccountLimits&) { session.notional_max = 10'000; });
  Accepted(Buy(1, 100, 10'000));
  ExpectReject(Rejected(Buy(2, 100, 10'001)), RejectReason::kNotionalExceedsThreshold,
               RiskCheck::kMaxNotional, 10'000, 10'001);
  NewOrder market = Buy(3, 101);
  market.ord_type = OrdType::kMarket;
  market.price = 0;  // valued at the reference of 100.00
  ExpectReject(Rejected(market), RejectReason::kNotionalExceedsThreshold, RiskCheck::kMaxNotional,
               10'000, 10'100);
  market.qty = 100;
  Accepted(market);
}

TEST_F(EngineRiskTest, NotionalFollowsCurrencyMultiplierAndUnits) {
  EngineConfig config = SmallFirm();
  config.instruments[0].currency_rate = 2'000'000'000;
  config.instruments[0].contract_multiplier = 50;
  config.instruments[0].units_per_price = 10;
  config.instruments[0].quantity_max = 100'000;  // an order is worth less than 1e12
  config.sessions[0].limits.notional_max = 10'000;
  Restart(config);
  Accepted(Buy(1, 10, 10'000));  // 10 / 10 * 100.00 * 50 * 2 = 10,000
  EXPECT_EQ(Rejected(Buy(2, 11, 10'000)).reason, RejectReason::kNotionalExceedsThreshold);
}

TEST_F(EngineRiskTest, PriceCollarOnTheBadSideOnly) {
  With([](SessionLimits& session, AccountLimits&) { session.collar_bps = 500; });
  Accepted(Buy(1, 1, 10'500));
  ExpectReject(Rejected(Buy(2, 1, 10'501)), RejectReason::kPriceExceedsBand,
               RiskCheck::kPriceCollar, 10'500 * kCent, 10'501 * kCent);
  Accepted(Buy(3, 1, 1));
  SendCancel(4, 1);  // own resting buys would match the sells
  With([](SessionLimits& session, AccountLimits&) { session.collar_bps = 500; });
  Accepted(Sell(5, 1, 9'500));
  ExpectReject(Rejected(Sell(6, 1, 9'499)), RejectReason::kPriceExceedsBand,
               RiskCheck::kPriceCollar, 9'500 * kCent, 9'499 * kCent);
  Accepted(Sell(7, 1, 90'000));
}

TEST_F(EngineRiskTest, StaleOrAbsentReferenceRejects) {
  EngineConfig config = SmallFirm();
  config.instruments[0].reference_price = 0;
  config.instruments[0].reference_age_max_ns = 1'000'000;
  Restart(config);
  ExpectReject(Rejected(Buy(1)), RejectReason::kReferencePriceNotAvailable, RiskCheck::kPriceCollar,
               1'000'000, 0);
  SetReference(10'000);
  now_ns_ += 1'000'000 - 1;
  Accepted(Buy(2));
  ExpectReject(Rejected(Buy(3)), RejectReason::kReferencePriceNotAvailable, RiskCheck::kPriceCollar,
               1'000'000, 1'000'001);
  // Without a collar only market orders need it.
  config.sessions[0].limits.collar_bps = UINT32_MAX;
  Restart(config);
  Accepted(Buy(4));
  NewOrder market = Buy(5);
  market.ord_type = OrdType::kMarket;
  market.price = 0;
  EXPECT_EQ(Rejected(market).reason, RejectReason::kReferencePriceNotAvailable);
}

TEST_F(EngineRiskTest, ReferenceFromThePastOrFutureCountsAsOldAsItIs) {
  EngineConfig config = SmallFirm();
  config.instruments[0].reference_age_max_ns = 1'000;
  Restart(config);
  now_ns_ += 1'000'000;
  ReferencePrice reference;
  reference.instrument = 7;
  reference.price = 10'000 * kCent;
  reference.transact_time = static_cast<uint64_t>(now_ns_ - 2'000);
  Step(Origin::kVenue, 1, reference);
  EXPECT_EQ(Rejected(Buy(1)).reason, RejectReason::kReferencePriceNotAvailable);
  reference.transact_time = static_cast<uint64_t>(now_ns_ + 1'000'000'000);
  Step(Origin::kVenue, 1, reference);
  Accepted(Buy(2));
  now_ns_ += 1'000;
  EXPECT_EQ(Rejected(Buy(3)).reason, RejectReason::kReferencePriceNotAvailable);
}

TEST_F(EngineRiskTest, TickAndLot) {
  NewOrder odd = Buy(1);
  odd.price += 1;
  ExpectReject(Rejected(odd), RejectReason::kInvalidPriceIncrement, RiskCheck::kTickAndLot, kCent,
               odd.price);
  Accepted(Limit(2, Side::kBuy, 300, 9'000, 100, 8));
  ExpectReject(Rejected(Limit(3, Side::kBuy, 301, 9'000, 100, 8)), RejectReason::kIncorrectQuantity,
               RiskCheck::kTickAndLot, 100, 301);
}

TEST_F(EngineRiskTest, PositionLimitOnTheWorstCase) {
  With([](SessionLimits&, AccountLimits& account) { account.position_max = 250; });
  const uint64_t id = Accepted(Buy(1, 100));
  Accepted(Buy(2, 150));
  ExpectReject(Rejected(Buy(3, 1)), RejectReason::kPositionLimit, RiskCheck::kPositionLimit, 250,
               251);
  FromVenue(ExecType::kFill, id, 100);  // from open to held: the same worst case
  EXPECT_EQ(Rejected(Buy(4, 1)).value, 251);
  Accepted(Sell(5, 350));  // 100 - 350 = -250
  EXPECT_EQ(Rejected(Sell(6, 1)).value, 251);
}

TEST_F(EngineRiskTest, GrossNotionalOfOpenOrdersAndPositions) {
  With([](SessionLimits&, AccountLimits& account) { account.gross_notional_max = 30'000; });
  const uint64_t id = Accepted(Buy(1, 100, 10'000));
  Accepted(Limit(2, Side::kBuy, 200, 10'000, 100, 8));
  ExpectReject(Rejected(Buy(3, 1, 1)), RejectReason::kInsufficientCredit, RiskCheck::kGrossNotional,
               30'000, 30'001);
  FromVenue(ExecType::kFill, id, 100);  // at 100.00: the position is worth as much as the order
  EXPECT_EQ(Rejected(Buy(4, 1, 1)).reason, RejectReason::kInsufficientCredit);
  const uint64_t cancel = SendCancel(5, 2);
  FromVenue(ExecType::kCanceled, cancel);
  Accepted(Buy(6, 200, 10'000));
}

TEST_F(EngineRiskTest, OpenOrdersOfSessionAndAccount) {
  With([](SessionLimits& session, AccountLimits&) { session.open_orders_max = 2; });
  Accepted(Buy(1));
  const uint64_t id = Accepted(Buy(2));
  ExpectReject(Rejected(Buy(3)), RejectReason::kOpenOrderLimit, RiskCheck::kOpenOrders, 2, 3);
  FromVenue(ExecType::kRejected, id);
  Accepted(Buy(4));
  With([](SessionLimits&, AccountLimits& account) { account.open_orders_max = 1; });
  Accepted(Limit(1, Side::kBuy, 1, 9'000, 100), 2);  // another session, the same account
  EXPECT_EQ(Rejected(Buy(1)).reason, RejectReason::kOpenOrderLimit);
}

TEST_F(EngineRiskTest, SelfMatchAgainstTheBestOwnPrice) {
  Accepted(Limit(1, Side::kSell, 10, 10'200, 100), 2);  // the account's, by another session
  Accepted(Sell(1, 10, 10'100));
  Accepted(Buy(2, 10, 10'099));
  ExpectReject(Rejected(Buy(3, 10, 10'100)), RejectReason::kSelfMatch, RiskCheck::kSelfMatch,
               10'100 * kCent, 10'100 * kCent);
  ExpectReject(Rejected(Sell(4, 10, 10'099)), RejectReason::kSelfMatch, RiskCheck::kSelfMatch,
               10'099 * kCent, 10'099 * kCent);
  NewOrder market = Buy(5, 10);
  market.ord_type = OrdType::kMarket;
  market.price = 0;
  EXPECT_EQ(Rejected(market).reason, RejectReason::kSelfMatch);
  // The best leaves: the next best counts.
  FromVenue(ExecType::kCanceled, SendCancel(6, 1));
  Accepted(Buy(7, 10, 10'199));
  EXPECT_EQ(Rejected(Buy(8, 10, 10'200)).limit, 10'200 * kCent);
  // Orders that cannot rest match no other order.
  NewOrder immediate = Sell(9, 10, 10'250);
  immediate.time_in_force = TimeInForce::kImmediateOrCancel;
  Accepted(immediate);
  // Another account's orders may match.
  Accepted(Limit(10, Side::kBuy, 10, 10'300, 200), 2);
}

TEST_F(EngineRiskTest, PendingReplaceRestsAtItsMoreAggressivePrice) {
  Live(Sell(1, 10, 10'200));
  const uint64_t replace = SendReplace(2, 1, 10, 10'100);
  EXPECT_EQ(Rejected(Buy(3, 10, 10'100)).reason, RejectReason::kSelfMatch);
  VenueRefuses(replace);
  Accepted(Buy(4, 10, 10'100));
  // A replace is checked as well.
  EXPECT_EQ(SendReplace(5, 1, 10, 10'100), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kSelfMatch);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kRiskLimit);
}

TEST_F(EngineRiskTest, SelfMatchPreventionCanBeOff) {
  With([](SessionLimits&, AccountLimits& account) { account.self_match_prevention = false; });
  Accepted(Sell(1, 10, 10'100));
  Accepted(Buy(2, 10, 10'100));
}

TEST_F(EngineRiskTest, DuplicateBurstWithinItsWindow) {
  With([](SessionLimits& session, AccountLimits&) {
    session.duplicate_orders_max = 3;
    session.duplicate_window_ns = 1'000;
  });
  for (uint64_t id = 1; id <= 3; ++id) Accepted(Buy(id, 10));
  ExpectReject(Rejected(Buy(4, 10)), RejectReason::kDuplicateBurst, RiskCheck::kDuplicateBurst, 3,
               4);
  Accepted(Buy(5, 11));
  Accepted(Buy(6, 10, 9'999));
  now_ns_ += 1'000;
  Accepted(Buy(7, 10));
}

TEST_F(EngineRiskTest, MessageRateKeepsTokensForCancelsAndNoticesOnce) {
  With([](SessionLimits& session, AccountLimits&) {
    session.messages_per_second = 1'000;  // one a millisecond
    session.message_burst = 5;
    session.cancel_reserve = 2;
  });
  for (uint64_t id = 1; id <= 3; ++id) Live(Buy(id));
  ExpectReject(Rejected(Buy(4)), RejectReason::kRateLimit, RiskCheck::kMessageRate, 3, 4);
  const auto notice = To<ThrottleNotice>(Target::kSession);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->rate_per_second, 1'000u);
  EXPECT_GT(notice->retry_after_ns, 900'000u);
  EXPECT_LE(notice->retry_after_ns, 1'000'000u);
  Rejected(Buy(5));
  EXPECT_FALSE(To<ThrottleNotice>(Target::kSession));
  EXPECT_EQ(SendReplace(6, 1, 50, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kMessageRate);
  EXPECT_NE(SendCancel(7, 1), 0u);
  EXPECT_NE(SendCancel(8, 2), 0u);
  EXPECT_EQ(SendCancel(9, 3), 0u);  // the reserve is used up too
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kMessageRate);
  now_ns_ += 3'000'000;
  Accepted(Buy(10));  // and throttling is over
  Rejected(Buy(11));
  EXPECT_TRUE(To<ThrottleNotice>(Target::kSession));
}

TEST_F(EngineRiskTest, ResendIsNeverThrottled) {
  With([](SessionLimits& session, AccountLimits&) {
    session.messages_per_second = 1;
    session.message_burst = 2;
    session.cancel_reserve = 1;
  });
  Accepted(Buy(1));
  Rejected(Buy(2));
  Send(Buy(1));
  EXPECT_TRUE(To<OrderAck>(Target::kSession));
}

TEST_F(EngineRiskTest, Entitlements) {
  EngineConfig config = SmallFirm();
  config.sessions[0].instruments = {7};
  config.sessions[0].venues = {1};
  config.accounts[1].restricted = {8};
  Restart(config);
  const auto entitlement_rejects = [this](NewOrder order, SessionId session) {
    const OrderReject reject = Rejected(order, session);
    return reject.reason == RejectReason::kMissingEntitlement &&
           reject.check == RiskCheck::kEntitlement;
  };
  EXPECT_TRUE(entitlement_rejects(Limit(1, Side::kBuy, 100, 9'000, 200), 1));
  EXPECT_TRUE(entitlement_rejects(Limit(1, Side::kBuy, 100, 9'000, 100, 8), 1));
  NewOrder elsewhere = Buy(1);
  elsewhere.route = 2;
  EXPECT_TRUE(entitlement_rejects(elsewhere, 1));
  EXPECT_TRUE(entitlement_rejects(Limit(1, Side::kBuy, 100, 9'000, 200, 8), 2));
  EXPECT_EQ(Rejected(Limit(1, Side::kSellShort, 1, 11'000)).reason,
            RejectReason::kShortSellNotPermitted);
  Accepted(Limit(1, Side::kSellShort, 1, 11'000, 200), 2);
}

TEST_F(EngineRiskTest, ReplaceIsCheckedOnItsDelta) {
  With([](SessionLimits& session, AccountLimits& account) {
    account.position_max = 100;
    session.quantity_max = 100;
    session.collar_bps = 500;
  });
  Live(Buy(1, 100));
  EXPECT_EQ(SendReplace(2, 1, 101, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kMaxQuantity);
  // The market falls: the order is outside the collar, but may still be reduced.
  SetReference(5'000);
  const uint64_t smaller = SendReplace(3, 1, 50, 10'000);
  ASSERT_NE(smaller, 0u);
  EXPECT_EQ(Rejected(Buy(9, 50, 5'000)).reason, RejectReason::kPositionLimit);  // not smaller yet
  FromVenue(ExecType::kReplaced, smaller);
  Live(Buy(10, 50, 5'000));
  EXPECT_EQ(Rejected(Buy(11, 1, 5'000)).reason, RejectReason::kPositionLimit);
  EXPECT_EQ(SendReplace(12, 10, 50, 5'300), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kPriceExceedsBand);
}

TEST_F(EngineRiskTest, WhatOnlyReducesThePositionPassesTheGrossLimit) {
  With([](SessionLimits&, AccountLimits& account) { account.gross_notional_max = 15'000; });
  FromVenue(ExecType::kFill, Accepted(Buy(1, 100, 10'000)), 100);  // long 10,000
  Accepted(Sell(2, 60, 10'000));
  Accepted(Sell(3, 40, 10'000));
  EXPECT_EQ(Rejected(Sell(4, 100, 10'000)).check, RiskCheck::kGrossNotional) << "short afterwards";
}

TEST_F(EngineRiskTest, ASellIsWorthWhatItCanFetch) {
  With([](SessionLimits& session, AccountLimits&) {
    session.collar_bps = UINT32_MAX;
    session.notional_max = 1'000;
  });
  // 100 pieces at a market of 100.00, whatever the limit price says.
  ExpectReject(Rejected(Limit(1, Side::kSell, 100, 1)), RejectReason::kNotionalExceedsThreshold,
               RiskCheck::kMaxNotional, 1'000, 10'000);
  Accepted(Limit(2, Side::kBuy, 100, 1));
  Accepted(Limit(3, Side::kSell, 10, 5'000));
  EXPECT_EQ(SendReplace(4, 3, 11, 5'000), 0u);
}

TEST_F(EngineRiskTest, AReplaceThatGrowsIsHeldAgainstTheCollar) {
  With([](SessionLimits& session, AccountLimits&) { session.collar_bps = 500; });
  Live(Buy(1, 100, 10'000));
  SetReference(5'000);
  EXPECT_EQ(SendReplace(2, 1, 10'000, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kPriceCollar);
  EXPECT_NE(SendReplace(3, 1, 50, 10'000), 0u) << "one that shrinks passes";
}

TEST_F(EngineRiskTest, AStopsTriggerLiesBeyondTheMarketAndItsLimitNearTheTrigger) {
  With([](SessionLimits& session, AccountLimits&) { session.collar_bps = 500; });
  NewOrder stop = Buy(1, 1);
  stop.ord_type = OrdType::kStop;
  stop.price = 0;
  stop.stop_price = 12'000 * kCent;
  Accepted(stop);
  stop.cl_ord_id = 2;
  stop.ord_type = OrdType::kStopLimit;
  stop.price = 12'600 * kCent;
  Accepted(stop);
  stop.cl_ord_id = 3;
  stop.price = 12'601 * kCent;
  ExpectReject(Rejected(stop), RejectReason::kPriceExceedsBand, RiskCheck::kPriceCollar,
               12'600 * kCent, 12'601 * kCent);
}

TEST_F(EngineRiskTest, AReplaceCannotTakeItsOwnTriggerForTheMarket) {
  With([](SessionLimits& session, AccountLimits&) { session.collar_bps = 500; });
  NewOrder stop = Buy(1, 1, 10'200);
  stop.ord_type = OrdType::kStopLimit;
  stop.stop_price = 10'100 * kCent;
  Live(stop);  // and may be triggered by now
  Replace far;
  far.cl_ord_id = 2;
  far.orig_cl_ord_id = 1;
  far.qty = 1;
  far.price = far.stop_price = 90'000 * kCent;
  Step(Origin::kSession, 1, far);
  EXPECT_FALSE(To<Replace>(Target::kVenue));
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kPriceCollar);
}

TEST_F(EngineRiskTest, AStopWithoutALimitIsWorthTheMarketAtLeast) {
  With([](SessionLimits& session, AccountLimits&) { session.notional_max = 1'000; });
  NewOrder stop = Buy(1, 100);
  stop.ord_type = OrdType::kStop;
  stop.price = 0;
  stop.stop_price = kCent;
  EXPECT_EQ(Rejected(stop).check, RiskCheck::kMaxNotional);
}

TEST_F(EngineRiskTest, AFillWithoutAPriceIsWorthTheOrdersPrice) {
  With([](SessionLimits&, AccountLimits& account) { account.gross_notional_max = 15'000; });
  ExecutionReport fill = Execution(ExecType::kFill, Accepted(Buy(1, 100, 10'000)), 100);
  fill.last_price = 0;
  FromVenue(fill);
  ExpectReject(Rejected(Buy(2, 60, 10'000)), RejectReason::kInsufficientCredit,
               RiskCheck::kGrossNotional, 15'000, 16'000);
}

}  // namespace
}  // namespace ringway
