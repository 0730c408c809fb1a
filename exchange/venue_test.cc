// Tests the exchange as a venue: refusals, expiries, reference prices, members, full queues.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "exchange/exchange_fixture.h"
#include "nlohmann/json.hpp"
#include "tests/alloc_count.h"

namespace ringway::exchange {
namespace {

using VenueTest = ExchangeTest;

TEST_F(VenueTest, WhatMakesNoSenseIsRejectedWithItsReason) {
  const auto reason = [this](auto change) {
    NewOrder order = Buy(50, 100, 10);
    change(order);
    const ExecutionReport report = One(order);
    EXPECT_EQ(report.exec_type, ExecType::kRejected);
    EXPECT_EQ(report.ord_status, OrdStatus::kRejected);
    EXPECT_EQ(report.order_id, 0u);
    EXPECT_EQ(report.leaves_qty, 0u);
    return report.reason;
  };
  using enum RejectReason;
  EXPECT_EQ(reason([](NewOrder& o) { o.instrument = 8; }), kUnknownSymbol);
  EXPECT_EQ(reason([](NewOrder& o) { o.instrument = 0; }), kUnknownSymbol);
  EXPECT_EQ(reason([](NewOrder& o) { o.qty = 0; }), kIncorrectQuantity);
  EXPECT_EQ(reason([](NewOrder& o) { o.qty = UINT64_MAX; }), kOrderExceedsLimit);
  EXPECT_EQ(reason([](NewOrder& o) { o.price = 0; }), kInvalidPrice);
  EXPECT_EQ(reason([](NewOrder& o) { o.price = INT64_MIN; }), kInvalidPrice);
  EXPECT_EQ(reason([](NewOrder& o) { o.price = INT64_MAX; }), kPriceExceedsBand);
  EXPECT_EQ(reason([](NewOrder& o) { o.price += 1; }), kInvalidPriceIncrement);
  EXPECT_EQ(reason([](NewOrder& o) { o.stop_price = kTick; }), kInvalidPrice);
  EXPECT_EQ(reason([](NewOrder& o) { o.ord_type = OrdType::kMarket; }), kInvalidPrice);
  EXPECT_EQ(reason([](NewOrder& o) { o.ord_type = OrdType::kStopLimit; }), kInvalidPrice);
  EXPECT_EQ(reason([](NewOrder& o) { o.ord_type = OrdType::kUnset; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.ord_type = OrdType{99}; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.side = Side::kUnset; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.side = Side{77}; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.time_in_force = TimeInForce{77}; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.post_only = 2; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.spare0 = 1; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) { o.display_qty = 11; }), kIncorrectQuantity);
  EXPECT_EQ(reason([](NewOrder& o) { o.min_qty = 1; }), kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.peg = Peg::kMidpoint; }), kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.instructions = 1; }), kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.instructions = 1u << 15; }),
            kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.stp_id = 1; }), kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.time_in_force = TimeInForce::kAtTheClose; }),
            kUnsupportedOrderCharacteristic);
  EXPECT_EQ(reason([](NewOrder& o) { o.expire_time = 5; }), kInvalidField);
  EXPECT_EQ(reason([](NewOrder& o) {
              o.time_in_force = TimeInForce::kGoodTillDate;
              o.expire_time = static_cast<uint64_t>(kStartNs);
            }),
            kTooLateToEnter);
  EXPECT_EQ(reason([](NewOrder& o) {
              o.time_in_force = TimeInForce::kFillOrKill;
              o.post_only = 1;
            }),
            kUnsupportedOrderCharacteristic);
  EXPECT_EQ(One([this] {
              NewOrder order = Buy(50, 100, 10);
              order.cl_ord_id = 0;
              return order;
            }())
                .reason,
            kInvalidField);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
  EXPECT_EQ(exchange_->ledger().counters.orders_rejected,
            exchange_->ledger().counters.orders_received);
}

TEST_F(VenueTest, UnknownAndClosedOrdersCannotBeCanceledOrReplaced) {
  EXPECT_EQ(Refused(CancelOf(2, 1)).reason, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(Refused(ReplaceOf(3, 1, 100, 5)).reason, CancelRejectReason::kUnknownOrder);
  Ask(Buy(10, 100, 5));
  Ask(CancelOf(11, 10));
  const CancelReject late = Refused(CancelOf(12, 10));
  EXPECT_EQ(late.reason, CancelRejectReason::kTooLateToCancel);
  EXPECT_EQ(late.ord_status, OrdStatus::kCanceled);
  EXPECT_EQ(late.cl_ord_id, 12u);
  EXPECT_EQ(late.orig_cl_ord_id, 10u);
  EXPECT_EQ(late.request_type, RequestType::kCancel);
  Ask(Buy(20, 100, 5));
  Ask(ReplaceOf(21, 20, 100, 4));
  EXPECT_EQ(Refused(CancelOf(22, 20)).reason, CancelRejectReason::kUnknownOrder);  // superseded
  EXPECT_EQ(One(CancelOf(23, 21)).exec_type, ExecType::kCanceled);
}

TEST_F(VenueTest, SenselessReplaceIsRefusedAndTheOrderStays) {
  Ask(Buy(1, 100, 5));
  const auto reason = [this](Replace replace) {
    const CancelReject reject = Refused(replace);
    EXPECT_EQ(reject.ord_status, OrdStatus::kNew);
    EXPECT_NE(reject.order_id, 0u);
    return reject.reason;
  };
  using enum CancelRejectReason;
  EXPECT_EQ(reason(ReplaceOf(2, 1, 100, 0)), kOther);
  EXPECT_EQ(reason(ReplaceOf(2, 1, 0, 5)), kOther);
  EXPECT_EQ(reason(ReplaceOf(2, 1, 1 << 30, 5)), kPriceExceedsBand);
  EXPECT_EQ(reason(ReplaceOf(1, 1, 100, 4)), kDuplicateClOrdId);
  Replace replace = ReplaceOf(2, 1, 100, 5);
  replace.price += 1;
  EXPECT_EQ(reason(replace), kInvalidPriceIncrement);
  replace = ReplaceOf(2, 1, 100, 5);
  replace.stop_price = kTick;
  EXPECT_EQ(reason(replace), kOther);
  EXPECT_EQ(One(CancelOf(3, 1)).exec_type, ExecType::kCanceled);
}

TEST_F(VenueTest, AReplaceChangesWhatIsShown) {
  Ask(Sell(1, 100, 20));
  Ask(Sell(2, 100, 5));
  Replace replace = ReplaceOf(3, 1, 100, 20);
  replace.changes_display = 1;
  replace.display_qty = 4;
  EXPECT_EQ(One(replace).exec_type, ExecType::kReplaced);
  // It has lost its place, and shows a part at a time.
  EXPECT_EQ(Makers(Ask(Buy(10, 100, 6))), (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(Makers(Ask(Buy(11, 100, 4))), (std::vector<uint64_t>{3, 3}));
  replace = ReplaceOf(4, 3, 100, 20);
  replace.changes_display = 1;
  EXPECT_EQ(One(replace).exec_type, ExecType::kReplaced);
  EXPECT_EQ(Makers(Ask(Buy(12, 100, 15))), (std::vector<uint64_t>{4}));
}

TEST_F(VenueTest, AReplaceChangesTheExpiry) {
  Ask(Buy(1, 100, 5));
  Replace replace = ReplaceOf(2, 1, 100, 5);
  replace.changes_expiry = 1;
  replace.time_in_force = TimeInForce::kGoodTillDate;
  replace.expire_time = static_cast<uint64_t>(kStartNs + kNsPerS);
  EXPECT_EQ(One(replace).exec_type, ExecType::kReplaced);
  replace = ReplaceOf(3, 2, 100, 5);
  replace.changes_expiry = 1;
  replace.time_in_force = TimeInForce::kGoodTillDate;
  replace.expire_time = static_cast<uint64_t>(kStartNs + 3 * kNsPerS);
  EXPECT_EQ(One(replace).exec_type, ExecType::kReplaced);
  now_ns_ = kStartNs + 2 * kNsPerS;
  EXPECT_TRUE(Ask(Buy(9, 90, 1)).size() == 1) << "it lives longer now";
  replace = ReplaceOf(4, 3, 100, 5);
  replace.changes_expiry = 1;
  replace.time_in_force = TimeInForce::kGoodTillCancel;
  EXPECT_EQ(One(replace).exec_type, ExecType::kReplaced);
  now_ns_ = kStartNs + 4 * kNsPerS;
  EXPECT_EQ(One(CancelOf(5, 4)).exec_type, ExecType::kCanceled);
}

TEST_F(VenueTest, ChangesThatMakeNoSenseAreRefused) {
  Ask(Buy(1, 100, 5));
  const auto reason = [this](auto set) {
    Replace replace = ReplaceOf(2, 1, 100, 5);
    set(replace);
    return Refused(replace).reason;
  };
  using enum CancelRejectReason;
  EXPECT_EQ(reason([](Replace& r) { r.display_qty = 1; }), kOther);
  EXPECT_EQ(reason([](Replace& r) { r.changes_display = 1, r.display_qty = 6; }), kOther);
  EXPECT_EQ(reason([](Replace& r) { r.time_in_force = TimeInForce::kGoodTillCancel; }), kOther);
  EXPECT_EQ(reason([](Replace& r) { r.changes_expiry = 1, r.expire_date = 100'000; }), kOther);
  EXPECT_EQ(reason([](Replace& r) { r.changes_expiry = 1, r.expire_time = 5; }), kOther);
  EXPECT_EQ(reason([](Replace& r) {
              r.changes_expiry = 1;
              r.time_in_force = TimeInForce::kImmediateOrCancel;
            }),
            kOther);
  EXPECT_EQ(reason([](Replace& r) {
              r.changes_expiry = 1;
              r.time_in_force = TimeInForce::kGoodTillDate;
              r.expire_time = 5;
            }),
            kTooLateToCancel);
}

TEST_F(VenueTest, AnIdServesOnceUntilItIsForgotten) {
  Ask(Buy(1, 100, 5));
  EXPECT_EQ(One(Buy(1, 100, 5)).reason, RejectReason::kDuplicateOrder);
  Ask(CancelOf(2, 1));
  EXPECT_EQ(One(Buy(1, 100, 5)).reason, RejectReason::kDuplicateOrder);
  const uint32_t closed_max = SmallOptions().closed_ids_max;
  for (uint64_t id = 100; id != 100 + closed_max; ++id) {
    Ask(Buy(id, 100, 5));
    Ask(CancelOf(1'000'000 + id, id));
  }
  EXPECT_EQ(One(Buy(1, 100, 5)).exec_type, ExecType::kNew);
}

TEST_F(VenueTest, MembersNeitherSeeNorReachEachOthersOrders) {
  Ask(Buy(1, 100, 5), member_);
  EXPECT_EQ(Ask(CancelOf(2, 1), other_).at(0).reject.reason, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(Ask(Buy(1, 99, 5), other_).at(0).execution.exec_type, ExecType::kNew);
  const auto told = Ask(Sell(7, 100, 5), other_);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].execution.cl_ord_id, 7u);
  const auto maker = Drain(member_);
  ASSERT_EQ(maker.size(), 1u);
  EXPECT_EQ(maker[0].execution.cl_ord_id, 1u);
  EXPECT_EQ(maker[0].execution.match_id, told[1].execution.match_id);
  EXPECT_EQ(*exchange_->Admit(2), other_);
  EXPECT_TRUE(exchange_->Admit(3).ok());
  EXPECT_TRUE(exchange_->Admit(4).ok());
  EXPECT_EQ(exchange_->Admit(5).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(VenueTest, WhatCannotBeReadGetsASessionReject) {
  const std::vector<std::byte> junk(24, std::byte{0xFF});
  EXPECT_EQ(exchange_->OnRequest(now_ns_, member_, FrameType::kNewOrder, junk), Answer::kTaken);
  EXPECT_EQ(exchange_->OnRequest(now_ns_, member_, FrameType{200}, junk), Answer::kTaken);
  EXPECT_EQ(exchange_->OnRequest(now_ns_, member_, FrameType::kMassCancel, junk), Answer::kTaken);
  const auto told = Drain(member_);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].session.reason, SessionRejectReason::kMalformedMessage);
  EXPECT_EQ(told[1].session.reason, SessionRejectReason::kUnknownMessageType);
  EXPECT_EQ(told[1].session.ref_type, 200);
  EXPECT_EQ(told[2].session.reason, SessionRejectReason::kMessageNotAllowed);
}

TEST_F(VenueTest, GoodTillDateExpiresInOrderOfTimeAndBeforeAnythingLater) {
  for (uint64_t id = 1; id != 4; ++id) {
    NewOrder order = With(Sell(id, 100, 5), TimeInForce::kGoodTillDate);
    order.expire_time = static_cast<uint64_t>(kStartNs) + 100 - 10 * id;
    Ask(order);
  }
  Ask(CancelOf(9, 2));
  now_ns_ += 95;
  // no timer call came: the orders have expired all the same
  const auto told = Ask(Buy(5, 100, 5));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].execution.cl_ord_id, 3u);
  EXPECT_EQ(told[0].execution.exec_type, ExecType::kExpired);
  EXPECT_EQ(told[0].execution.ord_status, OrdStatus::kExpired);
  EXPECT_EQ(told[1].execution.cl_ord_id, 1u);
  EXPECT_EQ(told[2].execution.exec_type, ExecType::kNew);
}

TEST_F(VenueTest, DayOrdersExpireAtTheEndOfTheDayAndOthersStay) {
  ExchangeOptions options = SmallOptions();
  options.day_end_ns = 23 * 3600 * kNsPerS;
  Make(options);
  Ask(With(Buy(1, 100, 5), TimeInForce::kDay));
  Ask(Buy(2, 100, 5));
  now_ns_ += 86'400 * kNsPerS;
  exchange_->OnTimer(now_ns_);
  const auto told = Drain(member_);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].execution.cl_ord_id, 1u);
  EXPECT_EQ(told[0].execution.exec_type, ExecType::kExpired);
}

TEST_F(VenueTest, ConnectingBringsVenueStatusAndReferencePrices) {
  ExchangeOptions options = SmallOptions();
  options.instruments[0].opening_price = 90 * kTick;
  Make(options);
  ASSERT_TRUE(exchange_->Connect(now_ns_, member_));
  exchange_->OnTimer(now_ns_);
  auto told = Drain(member_);
  ASSERT_EQ(told.size(), 2u);  // instrument 9 has no price yet
  EXPECT_EQ(told[0].status.state, VenueState::kUp);
  EXPECT_EQ(told[0].status.venue, 1u);
  EXPECT_EQ(told[1].reference.price, 90 * kTick);
  EXPECT_EQ(told[1].reference.instrument, 7u);
}

TEST_F(VenueTest, ReferenceIsTheMidThenTheLastTradeAndIsLimitedInRate) {
  ASSERT_TRUE(exchange_->Connect(now_ns_, member_));
  Drain(member_);
  const auto references = [](const std::vector<Told>& told) {
    std::vector<int64_t> ticks;
    for (const Told& t : told) {
      if (t.type == FrameType::kReferencePrice) ticks.push_back(t.reference.price / kTick);
    }
    return ticks;
  };
  using Ticks = std::vector<int64_t>;
  Ask(Buy(1, 98, 5));
  EXPECT_EQ(references(Ask(Sell(2, 102, 5))), (Ticks{100}));
  EXPECT_EQ(references(Ask(Buy(3, 102, 1))), Ticks{});  // too soon
  now_ns_ += SmallOptions().reference_interval_min_ns;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(references(Drain(member_)), (Ticks{102}));
  now_ns_ += SmallOptions().reference_repeat_ns - 1;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(references(Drain(member_)), Ticks{});
  exchange_->OnTimer(++now_ns_);
  EXPECT_EQ(references(Drain(member_)), (Ticks{102}));
  exchange_->Disconnect(member_);
  now_ns_ += SmallOptions().reference_repeat_ns;
  exchange_->OnTimer(now_ns_);
  EXPECT_EQ(references(Drain(member_)), Ticks{});
}

TEST_F(VenueTest, FullPoolsRefuseOrdersAndRecover) {
  ExchangeOptions options = SmallOptions();
  options.orders_max = 3;
  options.levels_per_side_max = 2;
  options.positions_max = 2;
  Make(options);
  Ask(Buy(1, 100, 5));
  Ask(Buy(2, 99, 5));
  EXPECT_EQ(One(Buy(3, 98, 5)).reason, RejectReason::kVenueOption);  // a third price
  EXPECT_EQ(One(Of(Buy(4, 99, 5), 2)).exec_type, ExecType::kNew);
  EXPECT_EQ(One(Buy(5, 99, 5)).reason, RejectReason::kVenueOption);  // a fourth order
  Ask(CancelOf(6, 4));
  EXPECT_EQ(One(Of(Buy(7, 99, 5), 3)).reason, RejectReason::kVenueOption);  // a third account
  EXPECT_EQ(Refused(ReplaceOf(8, 1, 97, 5)).reason, CancelRejectReason::kVenueOption);
  Ask(CancelOf(9, 1));
  EXPECT_EQ(One(Buy(10, 98, 5)).exec_type, ExecType::kNew);
}

TEST_F(VenueTest, SweepPausesForAFullQueueAndLosesNothing) {
  ExchangeOptions options = SmallOptions();
  options.member_queue_reports = 256;
  Make(options);
  const uint32_t buyer = *exchange_->Admit(3);
  for (uint64_t id = 1; id <= 190; ++id) Ask(Sell(id, 100, 1));
  for (uint64_t id = 1; id <= 190; ++id) Ask(Sell(id, 101, 1), other_);
  ASSERT_EQ(exchange_->OnRequest(now_ns_, buyer, Buy(1, 101, 380)), Answer::kTaken);
  EXPECT_TRUE(exchange_->busy());
  EXPECT_EQ(exchange_->OnRequest(now_ns_, member_, CancelOf(500, 190)), Answer::kWait);
  uint64_t next_maker = 1;
  uint64_t cum = 0;
  for (int round = 0; round != 20; ++round) {
    for (const Told& told : Drain(member_)) EXPECT_EQ(told.execution.cl_ord_id, next_maker++);
    for (const Told& told : Drain(buyer)) {
      EXPECT_GE(told.execution.cum_qty, cum);
      cum = told.execution.cum_qty;
    }
    exchange_->OnTimer(now_ns_);
  }
  EXPECT_FALSE(exchange_->busy());
  EXPECT_EQ(next_maker, 191u);
  EXPECT_EQ(cum, 380u);
  EXPECT_EQ(Refused(CancelOf(500, 190)).reason, CancelRejectReason::kTooLateToCancel);
}

// A member that takes no reports: only its own orders suffer.
TEST_F(VenueTest, WhoDoesNotReadHoldsUpNobody) {
  ExchangeOptions options = SmallOptions();
  options.member_queue_reports = 64;
  Make(options);
  // Its orders stand at the best price, and the reports of its own requests fill its queue.
  uint64_t id = 0;
  while (exchange_->OnRequest(now_ns_, member_, Sell(++id, 100, 5)) == Answer::kTaken) {
  }
  EXPECT_LT(id, 64u);
  // Each partial fill takes the room there is; then the rest is canceled.
  for (uint64_t buy = 1; buy <= 10; ++buy) Ask(Buy(buy, 100, 1), other_);
  EXPECT_FALSE(exchange_->busy());
  EXPECT_GT(exchange_->ledger().counters.trades, 0u);
  // Each of its orders ended with a report all the same.
  uint64_t canceled = 0;
  for (const Told& t : Drain(member_)) {
    canceled += t.execution.exec_type == ExecType::kCanceled;
    if (t.execution.exec_type == ExecType::kCanceled) {
      EXPECT_EQ(t.execution.reason, RejectReason::kVenueOption);
    }
  }
  EXPECT_EQ(canceled, id - 1);
  EXPECT_EQ(One(Sell(1000, 102, 5)).exec_type, ExecType::kNew);
}

TEST_F(VenueTest, ASweepWhoseMemberDoesNotReadHoldsUpOthersForAShortTime) {
  ExchangeOptions options = SmallOptions();
  options.member_queue_reports = 256;
  Make(options);
  const uint32_t buyer = *exchange_->Admit(3);
  const auto fill_book = [&](uint64_t first) {
    for (uint64_t id = first; id != first + 200; ++id) {
      Ask(Sell(id, 100, 1));
      Ask(Sell(id, 101, 1), other_);
    }
  };
  fill_book(1);
  ASSERT_EQ(exchange_->OnRequest(now_ns_, buyer, Buy(1, 101, 400)), Answer::kTaken);
  EXPECT_EQ(exchange_->OnRequest(now_ns_, other_, CancelOf(900, 200)), Answer::kWait);
  now_ns_ += options.pause_max_ns + 1;
  EXPECT_EQ(exchange_->OnRequest(now_ns_, other_, CancelOf(900, 200)), Answer::kTaken);
  std::vector<Told> told = Drain(buyer);
  EXPECT_EQ(told.back().execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told.back().execution.reason, RejectReason::kVenueOption);
  // The next time there is no waiting at all.
  Drain(member_);
  Drain(other_);
  fill_book(1'001);
  ASSERT_EQ(exchange_->OnRequest(now_ns_, buyer, Buy(2, 101, 600)), Answer::kTaken);
  EXPECT_FALSE(exchange_->busy());
}

TEST_F(VenueTest, OpenOrdersAreLimitedByWhatTheirEndsNeed) {
  ExchangeOptions options = SmallOptions();
  options.member_queue_reports = 64;
  Make(options);
  for (uint64_t id = 1; id <= 48; ++id) EXPECT_EQ(One(Sell(id, 100, 1)).exec_type, ExecType::kNew);
  EXPECT_EQ(One(Sell(57, 100, 1)).reason, RejectReason::kVenueOption);
  EXPECT_EQ(One(CancelOf(58, 1)).exec_type, ExecType::kCanceled);
  EXPECT_EQ(One(Sell(59, 100, 1)).exec_type, ExecType::kNew);
}

TEST_F(VenueTest, OrdersThatTheirMemberDoesNotKnowAreCanceledBeforeItIsUp) {
  for (uint64_t id = 1; id <= 1'000; ++id) {
    Ask(Sell(id, 100, 1));
    Ask(Sell(id, 101, 1), other_);
  }
  EXPECT_EQ(exchange_->Disown(member_, 10), 1'000u);
  EXPECT_FALSE(exchange_->Connect(now_ns_, member_));
  // Earlier ids are refused at once; higher ones are accepted.
  EXPECT_EQ(One(Sell(500, 102, 1)).reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(One(Sell(1'001, 102, 1)).exec_type, ExecType::kNew);
  EXPECT_TRUE(exchange_->busy());
  uint64_t canceled = 0;
  int calls = 0;
  for (; exchange_->busy(); ++calls) {
    exchange_->OnTimer(now_ns_);
    const std::vector<Told> told = Drain(member_);
    EXPECT_LE(told.size(), 256u);
    for (const Told& t : told) canceled += t.execution.exec_type == ExecType::kCanceled;
  }
  EXPECT_GT(calls, 1);
  EXPECT_EQ(canceled, 990u);
  EXPECT_EQ(exchange_->book().open_count(), 10u + 1u + 1'000u);
  ASSERT_TRUE(exchange_->Connect(now_ns_, member_));
  const std::vector<Told> told = Drain(member_);
  ASSERT_GE(told.size(), 2u);
  EXPECT_EQ(told[0].type, FrameType::kGapFill);
  EXPECT_EQ(told[1].status.state, VenueState::kUp);
  EXPECT_EQ(Refused(CancelOf(500, 5)).reason, CancelRejectReason::kDuplicateClOrdId);
  EXPECT_EQ(One(CancelOf(1'002, 5)).exec_type, ExecType::kCanceled);
}

TEST_F(VenueTest, QueueGoesBackToWhatWasNotConfirmed) {
  Outbound queue(64);
  for (uint64_t id = 1; id <= 5; ++id) queue.Keep(ExecutionReport{.cl_ord_id = id});
  for (int i = 0; i != 4; ++i) queue.Pop();
  EXPECT_EQ(queue.next_on_link(), 5u);
  EXPECT_FALSE(queue.Acknowledge(6));  // the fifth was not handed out
  EXPECT_TRUE(queue.Acknowledge(3));
  EXPECT_EQ(queue.store().room(), 61u);
  EXPECT_FALSE(queue.ResumeFrom(2));
  EXPECT_FALSE(queue.ResumeFrom(7));
  ASSERT_TRUE(queue.ResumeFrom(3));
  ExecutionReport report;
  ASSERT_EQ(Decode(queue.Front()->bytes(), report), DecodeStatus::kOk);
  EXPECT_EQ(report.cl_ord_id, 3u);
}

// A seeded flow of everything, two members; returns every byte that was reported.
std::string RandomFlow(Exchange& exchange, uint64_t seed, uint32_t requests,
                       uint64_t* allocations_seen) {
  Random random(seed);
  std::string bytes;
  bytes.reserve(size_t{requests} * 512);
  uint64_t next_id[2] = {1, 1};
  const uint64_t before = AllocationCount();
  for (uint32_t i = 0; i != requests; ++i) {
    const uint32_t member = static_cast<uint32_t>(random.Below(2));
    const int64_t now_ns = kStartNs + int64_t{i} * 1000;
    const uint64_t id = next_id[member]++;
    const uint64_t orig = id - std::min<uint64_t>(id, random.Below(50));
    Answer answer = Answer::kTaken;
    if (random.Chance(0.6)) {
      NewOrder order;
      order.cl_ord_id = id;
      order.price = random.Between(90, 110) * kTick;
      order.qty = 1 + random.Below(20);
      order.instrument = random.Chance(0.5) ? 7 : 9;
      order.account = 1 + static_cast<uint32_t>(random.Below(3));
      order.side = random.Chance(0.5) ? Side::kBuy : Side::kSell;
      order.ord_type = OrdType::kLimit;
      order.time_in_force = static_cast<TimeInForce>(random.Below(5));
      if (order.time_in_force == TimeInForce::kGoodTillDate) {
        order.expire_time = static_cast<uint64_t>(now_ns) + 1 + random.Below(200'000);
      }
      answer = exchange.OnRequest(now_ns, member, order);
    } else if (random.Chance(0.5)) {
      answer = exchange.OnRequest(now_ns, member, Cancel{.cl_ord_id = id, .orig_cl_ord_id = orig});
    } else {
      answer = exchange.OnRequest(now_ns, member,
                                  Replace{.cl_ord_id = id,
                                          .orig_cl_ord_id = orig,
                                          .price = random.Between(90, 110) * kTick,
                                          .qty = 1 + random.Below(20)});
    }
    EXPECT_EQ(answer, Answer::kTaken);
    if (i % 100 == 0) exchange.OnTimer(now_ns);
    for (uint32_t m = 0; m != 2; ++m) {
      Outbound& queue = exchange.reports(m);
      while (const ResendStore::Slot* report = queue.Front()) {
        bytes.append(reinterpret_cast<const char*>(report->payload.data()), report->payload_bytes);
        queue.Pop();
      }
      queue.Acknowledge(queue.next_on_link());
    }
  }
  *allocations_seen = AllocationCount() - before;
  return bytes;
}

TEST_F(VenueTest, SameInputGivesTheSameBytesAndNothingAllocates) {
  uint64_t allocated = 0;
  ASSERT_TRUE(exchange_->Connect(kStartNs, member_));
  const std::string first = RandomFlow(*exchange_, 5, 20'000, &allocated);
  EXPECT_EQ(allocated, 0u);
  Make(SmallOptions());
  ASSERT_TRUE(exchange_->Connect(kStartNs, member_));
  const std::string second = RandomFlow(*exchange_, 5, 20'000, &allocated);
  EXPECT_EQ(allocated, 0u);
  EXPECT_GT(first.size(), 1'000'000u);
  EXPECT_TRUE(first == second);
}

TEST_F(VenueTest, LedgerBalancesAndIsWrittenAsJson) {
  uint64_t allocated = 0;
  RandomFlow(*exchange_, 11, 20'000, &allocated);
  const auto json = nlohmann::json::parse(exchange_->ReportJson());
  const auto& orders = json["orders"];
  EXPECT_EQ(orders["received"].get<uint64_t>(),
            orders["rejected"].get<uint64_t>() + orders["open"].get<uint64_t>() +
                orders["filled"].get<uint64_t>() + orders["canceled"].get<uint64_t>() +
                orders["expired"].get<uint64_t>());
  EXPECT_EQ(orders["open"].get<uint64_t>(), exchange_->book().open_count());
  int64_t sum = 0;
  uint64_t bought = 0;
  for (const auto& position : json["positions"]) {
    EXPECT_EQ(position["position"].get<int64_t>(),
              position["bought"].get<int64_t>() - position["sold"].get<int64_t>());
    sum += position["position"].get<int64_t>();
    bought += position["bought"].get<uint64_t>();
  }
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(bought, json["quantity_traded"].get<uint64_t>());
  EXPECT_GT(json["trades"].get<uint64_t>(), 0u);
}

TEST(MultipleTest, AgreesWithDivision) {
  Random random(1);
  for (int i = 0; i != 100'000; ++i) {
    const uint64_t divisor = 1 + (random.Next() >> random.Below(64));
    if (divisor == 0) continue;
    const Multiple multiple(divisor);
    const uint64_t number = random.Next() >> random.Below(64);
    EXPECT_EQ(multiple.Has(number), number % divisor == 0) << number << " of " << divisor;
    EXPECT_TRUE(multiple.Has(number / divisor * divisor));
  }
  EXPECT_TRUE(Multiple(UINT64_MAX).Has(UINT64_MAX));
  EXPECT_TRUE(Multiple(10'000'000).Has(0));
}

TEST(ExchangeOptionsTest, EveryErrorIsNamed) {
  ExchangeOptions options;
  options.instruments = {{.id = 0, .tick = 0}, {.id = 0, .lot = 0}};
  options.member_queue_reports = 100;
  options.venue = 0;
  const absl::Status status = Exchange::Create(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* part : {"number 0", "tick", "lot", "power of two", "venue", "named twice"}) {
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace ringway::exchange
