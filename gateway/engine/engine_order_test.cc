// Tests of an order's life: acks, fills, cancels, replaces, duplicates and surprises.

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

using EngineOrderTest = EngineTest;

TEST_F(EngineOrderTest, AcceptedOrderGoesToItsVenueAndIsAcknowledged) {
  const uint64_t id = Accepted(Buy(11));
  const auto sent = To<NewOrder>(Target::kVenue);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->account, 100u);
  EXPECT_EQ(sent->price, 10'000 * kCent);
  const auto ack = To<OrderAck>(Target::kSession);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->cl_ord_id, 11u);
  EXPECT_EQ(ack->order_id, id);
  EXPECT_EQ(ack->venue, 1);
  EXPECT_EQ(ack->request_type, RequestType::kNewOrder);
  EXPECT_EQ(ack->durability, Durability::kMemory);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingNew);
}

TEST_F(EngineOrderTest, ReportsCarryTheClientsIdentifiers) {
  const uint64_t id = Accepted(Buy(11));
  const ExecutionReport live = FromVenue(ExecType::kNew, id);
  EXPECT_EQ(live.cl_ord_id, 11u);
  EXPECT_EQ(live.order_id, id);
  EXPECT_EQ(live.ord_status, OrdStatus::kNew);
  EXPECT_EQ(live.instrument, 7u);
  EXPECT_EQ(live.account, 100u);
  EXPECT_EQ(live.venue, 1);
  const ExecutionReport partial = FromVenue(ExecType::kPartialFill, id, 30);
  EXPECT_EQ(partial.ord_status, OrdStatus::kPartiallyFilled);
  EXPECT_EQ(partial.cum_qty, 30u);
  EXPECT_EQ(partial.leaves_qty, 70u);
  const ExecutionReport fill = FromVenue(ExecType::kFill, id, 70);
  EXPECT_EQ(fill.ord_status, OrdStatus::kFilled);
  EXPECT_EQ(fill.leaves_qty, 0u);
  EXPECT_EQ(engine().position(100, 7).quantity, 100);
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(totals().filled, 1u);
}

TEST_F(EngineOrderTest, FillMayComeBeforeTheVenuesAcceptance) {
  const uint64_t id = Accepted(Buy(11));
  EXPECT_EQ(FromVenue(ExecType::kPartialFill, id, 1).ord_status, OrdStatus::kPartiallyFilled);
  FromVenue(ExecType::kNew, id);
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(counters().ignored_reports, 1u);
}

TEST_F(EngineOrderTest, SequenceNumbersCountRequestsAndReports) {
  Accepted(Buy(11));
  Rejected(Buy(0));
  EXPECT_EQ(engine().next_seq_in(1), 3u);
  EXPECT_EQ(engine().next_seq_out(1), 3u);
  EXPECT_EQ((*effects().begin()).seq, 2u);
  EXPECT_EQ(engine().next_seq_in(2), 1u);
}

TEST_F(EngineOrderTest, CanceledByRequest) {
  const uint64_t id = Live(Buy(11));
  const uint64_t cancel = SendCancel(12, 11);
  ASSERT_NE(cancel, 0u);
  EXPECT_EQ(To<Cancel>(Target::kVenue)->orig_cl_ord_id, id);
  EXPECT_EQ(To<OrderAck>(Target::kSession)->request_type, RequestType::kCancel);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingCancel);
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, cancel);
  EXPECT_EQ(canceled.cl_ord_id, 12u);
  EXPECT_EQ(canceled.orig_cl_ord_id, 11u);
  EXPECT_EQ(canceled.ord_status, OrdStatus::kCanceled);
  EXPECT_EQ(canceled.leaves_qty, 0u);
}

TEST_F(EngineOrderTest, CanceledUnasked) {
  const uint64_t id = Live(Buy(11));
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, id);
  EXPECT_EQ(canceled.cl_ord_id, 11u);
  EXPECT_EQ(canceled.orig_cl_ord_id, 0u);
}

TEST_F(EngineOrderTest, FillsAreLegalWhileACancelIsPending) {
  const uint64_t id = Live(Buy(11));
  const uint64_t cancel = SendCancel(12, 11);
  const ExecutionReport fill = FromVenue(ExecType::kPartialFill, id, 40);
  EXPECT_EQ(fill.ord_status, OrdStatus::kPendingCancel);
  EXPECT_EQ(fill.cum_qty, 40u);
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, cancel);
  EXPECT_EQ(canceled.cum_qty, 40u);
  EXPECT_EQ(engine().position(100, 7).quantity, 40);
}

TEST_F(EngineOrderTest, FillThatOvertakesTheCancelAnswersIt) {
  const uint64_t id = Live(Buy(11));
  const uint64_t cancel = SendCancel(12, 11);
  EXPECT_EQ(FromVenue(ExecType::kFill, id, 100).ord_status, OrdStatus::kFilled);
  EXPECT_EQ(CancelRefusal().cl_ord_id, 12u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kTooLateToCancel);
  EXPECT_EQ(CancelRefusal().ord_status, OrdStatus::kFilled);
  VenueRefuses(cancel);  // the venue's own answer comes too late to matter
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(counters().ignored_reports, 1u);
  EXPECT_EQ(counters().unknown_reports, 0u);
}

TEST_F(EngineOrderTest, CancelOfAClosedOrderIsTooLate) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kFill, id, 100);
  EXPECT_EQ(SendCancel(12, 11), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kTooLateToCancel);
  EXPECT_EQ(CancelRefusal().order_id, id);
}

TEST_F(EngineOrderTest, CancelOfAnUnknownOrderSaysSo) {
  EXPECT_EQ(SendCancel(12, 999), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(CancelRefusal().order_id, 0u);
  EXPECT_EQ(CancelRefusal().ord_status, OrdStatus::kRejected);
}

TEST_F(EngineOrderTest, SecondCancelIsAlreadyPendingAndTheSameOneIsAnsweredAgain) {
  Live(Buy(11));
  ASSERT_NE(SendCancel(12, 11), 0u);
  EXPECT_EQ(SendCancel(13, 11), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kAlreadyPending);
  EXPECT_EQ(SendCancel(12, 11), 0u);
  EXPECT_EQ(To<OrderAck>(Target::kSession)->cl_ord_id, 12u);
  EXPECT_EQ(counters().resends, 1u);
}

TEST_F(EngineOrderTest, RefusedCancelLeavesTheOrderOpenAndCanBeRepeated) {
  Live(Buy(11));
  VenueRefuses(SendCancel(12, 11), CancelRejectReason::kVenueOption);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kVenueOption);
  EXPECT_EQ(CancelRefusal().orig_cl_ord_id, 11u);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kNew);
  EXPECT_NE(SendCancel(12, 11), 0u);
}

TEST_F(EngineOrderTest, ReplaceChangesPriceQuantityAndName) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 30);
  const uint64_t replace = SendReplace(12, 11, 200, 9'990);
  ASSERT_NE(replace, 0u);
  EXPECT_EQ(To<Replace>(Target::kVenue)->orig_cl_ord_id, id);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kPendingReplace);
  EXPECT_EQ(engine().position(100, 7).open_buy, 170u);
  ExecutionReport answer = Execution(ExecType::kReplaced, replace);
  answer.leaves_qty = 170;
  const ExecutionReport replaced = FromVenue(answer);
  EXPECT_EQ(replaced.cl_ord_id, 12u);
  EXPECT_EQ(replaced.orig_cl_ord_id, 11u);
  EXPECT_EQ(replaced.order_id, id);
  EXPECT_EQ(replaced.leaves_qty, 170u);
  EXPECT_EQ(replaced.price, 9'990 * kCent);
  EXPECT_EQ(replaced.ord_status, OrdStatus::kPartiallyFilled);
  // From now on it has its new name; the old ones still find it, but cannot be used again.
  const uint64_t cancel = SendCancel(13, 12);
  EXPECT_EQ(To<Cancel>(Target::kVenue)->orig_cl_ord_id, replace);
  EXPECT_EQ(FromVenue(ExecType::kCanceled, cancel).orig_cl_ord_id, 12u);
  EXPECT_EQ(Rejected(Buy(12)).reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(counters().quantity_mismatches, 0u);
}

TEST_F(EngineOrderTest, FillsAreLegalWhileAReplaceIsPending) {
  const uint64_t id = Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 60, 10'000);
  const ExecutionReport fill = FromVenue(ExecType::kPartialFill, id, 50);
  EXPECT_EQ(fill.ord_status, OrdStatus::kPendingReplace);
  EXPECT_EQ(fill.leaves_qty, 50u);
  const ExecutionReport replaced = FromVenue(ExecType::kReplaced, replace);
  EXPECT_EQ(replaced.leaves_qty, 10u);
  EXPECT_EQ(replaced.cum_qty, 50u);
  // A fill that the venue reports under the old name still belongs to this order.
  EXPECT_EQ(FromVenue(ExecType::kFill, id, 10).ord_status, OrdStatus::kFilled);
}

TEST_F(EngineOrderTest, ReplaceBelowWhatIsFilledEndsTheOrder) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 50);
  const uint64_t replace = SendReplace(12, 11, 40, 10'000);
  const ExecutionReport replaced = FromVenue(ExecType::kReplaced, replace);
  EXPECT_EQ(replaced.ord_status, OrdStatus::kFilled);
  EXPECT_EQ(replaced.leaves_qty, 0u);
  EXPECT_EQ(replaced.cum_qty, 50u);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineOrderTest, RefusedReplaceLeavesTheOrderAsItWas) {
  Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 500, 10'100);
  EXPECT_EQ(engine().position(100, 7).open_buy, 500u);
  VenueRefuses(replace);
  EXPECT_EQ(CancelRefusal().request_type, RequestType::kReplace);
  EXPECT_EQ(CancelRefusal().ord_status, OrdStatus::kNew);
  EXPECT_EQ(engine().position(100, 7).open_buy, 100u);
  EXPECT_EQ(engine().FindOrder(1, 11)->price, 10'000 * kCent);
  EXPECT_FALSE(engine().FindOrder(1, 12));
}

TEST_F(EngineOrderTest, RejectedByExecutionReportIsARefusalOfTheReplace) {
  Live(Buy(11));
  FromVenue(ExecType::kRejected, SendReplace(12, 11, 500, 10'100));
  EXPECT_EQ(CancelRefusal().request_type, RequestType::kReplace);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kNew);
}

TEST_F(EngineOrderTest, OneReplaceAtATimeAndNoneAfterACancel) {
  Live(Buy(11));
  ASSERT_NE(SendReplace(12, 11, 50, 10'000), 0u);
  EXPECT_EQ(SendReplace(13, 11, 60, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kAlreadyPending);
  Live(Buy(21));
  ASSERT_NE(SendCancel(22, 21), 0u);
  EXPECT_EQ(SendReplace(23, 21, 60, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kAlreadyPending);
}

TEST_F(EngineOrderTest, SameReplaceAgainIsAnsweredAgain) {
  Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 50, 10'000);
  EXPECT_EQ(SendReplace(12, 11, 50, 10'000), 0u);
  EXPECT_EQ(To<OrderAck>(Target::kSession)->request_type, RequestType::kReplace);
  FromVenue(ExecType::kReplaced, replace);
  EXPECT_EQ(SendReplace(12, 11, 50, 10'000), 0u);
  EXPECT_TRUE(To<OrderAck>(Target::kSession));
  EXPECT_EQ(SendReplace(12, 11, 51, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kDuplicateClOrdId);
}

TEST_F(EngineOrderTest, CancelAfterAnUnansweredReplaceIsSentAgainUnderTheNewName) {
  Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 50, 10'000);
  const uint64_t cancel = SendCancel(13, 12);  // by the name that it will have
  ASSERT_NE(cancel, 0u);
  EXPECT_EQ(FromVenue(ExecType::kReplaced, replace).ord_status, OrdStatus::kPendingCancel);
  VenueRefuses(cancel, CancelRejectReason::kUnknownOrder);
  EXPECT_FALSE(To<CancelReject>(Target::kSession));
  const auto again = To<Cancel>(Target::kVenue);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->orig_cl_ord_id, replace);
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, again->cl_ord_id);
  EXPECT_EQ(canceled.cl_ord_id, 13u);
  EXPECT_EQ(canceled.orig_cl_ord_id, 12u);
}

TEST_F(EngineOrderTest, CancelThatOvertakesTheReplaceAnswersBoth) {
  Live(Buy(11));
  const uint64_t replace = SendReplace(12, 11, 50, 10'000);
  const uint64_t cancel = SendCancel(13, 11);
  const ExecutionReport canceled = FromVenue(ExecType::kCanceled, cancel);
  EXPECT_EQ(canceled.cl_ord_id, 13u);
  EXPECT_EQ(CancelRefusal().cl_ord_id, 12u);
  EXPECT_EQ(CancelRefusal().request_type, RequestType::kReplace);
  VenueRefuses(replace);
  EXPECT_EQ(effects().count(), 0u);
}

TEST_F(EngineOrderTest, ResentOrderIsAnsweredAgainAndNotSentTwice) {
  const uint64_t id = Accepted(Buy(11));
  Send(Buy(11));
  EXPECT_FALSE(To<NewOrder>(Target::kVenue));
  ASSERT_TRUE(To<OrderAck>(Target::kSession));
  EXPECT_EQ(To<OrderAck>(Target::kSession)->order_id, id);
  FromVenue(ExecType::kFill, id, 100);
  Send(Buy(11));  // also when it is closed: its client may not know that yet
  EXPECT_EQ(To<OrderAck>(Target::kSession)->order_id, id);
  const auto ended = To<ExecutionReport>(Target::kSession);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exec_type, ExecType::kRestated);
  EXPECT_EQ(ended->ord_status, OrdStatus::kFilled);
  EXPECT_EQ(ended->cum_qty, 100u);
  EXPECT_EQ(ended->last_qty, 0u);
  EXPECT_EQ(counters().resends, 2u);
  EXPECT_EQ(engine().position(100, 7).quantity, 100);
}

TEST_F(EngineOrderTest, OtherOrderUnderTheSameClOrdIdIsADuplicate) {
  Accepted(Buy(11));
  EXPECT_EQ(Rejected(Buy(11, 101)).reason, RejectReason::kDuplicateOrder);
  EXPECT_EQ(engine().open_orders(), 1u);
}

TEST_F(EngineOrderTest, RejectedClOrdIdMayBeUsedAgain) {
  Rejected(Buy(11, 0));
  Accepted(Buy(11));
}

TEST_F(EngineOrderTest, RepeatedExecutionIsIgnored) {
  const uint64_t id = Live(Buy(11));
  const ExecutionReport fill = Execution(ExecType::kPartialFill, id, 10);
  FromVenue(fill);
  FromVenue(fill);
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(counters().duplicate_reports, 1u);
  EXPECT_EQ(engine().position(100, 7).quantity, 10);
}

TEST_F(EngineOrderTest, OverfillIsReportedAsTheVenueSaysAndCounted) {
  const uint64_t id = Live(Buy(11));
  const ExecutionReport fill = FromVenue(ExecType::kFill, id, 130);
  EXPECT_EQ(fill.last_qty, 130u);
  EXPECT_EQ(fill.cum_qty, 130u);
  EXPECT_EQ(fill.leaves_qty, 0u);
  EXPECT_EQ(counters().overfills, 1u);
  EXPECT_EQ(engine().position(100, 7).quantity, 130);
  EXPECT_EQ(engine().position(100, 7).open_buy, 0u);
}

TEST_F(EngineOrderTest, LateFillReachesPositionAndClientWithoutReopeningTheOrder) {
  const uint64_t id = Live(Sell(11));
  FromVenue(ExecType::kCanceled, SendCancel(12, 11));
  const ExecutionReport late = FromVenue(ExecType::kPartialFill, id, 30);
  EXPECT_EQ(late.cum_qty, 30u);
  EXPECT_EQ(late.ord_status, OrdStatus::kCanceled);
  EXPECT_EQ(engine().position(100, 7).quantity, -30);
  EXPECT_EQ(counters().late_fills, 1u);
  EXPECT_EQ(counters().overfills, 0u);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineOrderTest, ReportAboutNoOrderIsRememberedAndChangesNothing) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kFill, id + kOrdersMax * 7, 50);
  FromVenue(ExecType::kFill, 0, 50);
  FromVenue(ExecType::kFill, id, 50, 2);  // another venue's order
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_EQ(counters().unknown_reports, 3u);
  EXPECT_EQ(engine().unknown_reports().back().venue, 2);
  EXPECT_EQ(engine().position(100, 7).quantity, 0);
}

TEST_F(EngineOrderTest, BustTakesBackAndCorrectionChanges) {
  const uint64_t id = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, id, 60);
  ExecutionReport bust = Execution(ExecType::kBusted, id, 60);
  bust.leaves_qty = 100;
  const ExecutionReport busted = FromVenue(bust);
  EXPECT_EQ(busted.cum_qty, 0u);
  EXPECT_EQ(busted.leaves_qty, 100u);
  EXPECT_EQ(busted.ord_status, OrdStatus::kNew);
  EXPECT_EQ(engine().position(100, 7).quantity, 0);
  FromVenue(ExecType::kFill, id, 100);
  ExecutionReport correction = Execution(ExecType::kCorrected, id, 90);
  correction.cum_qty = 90;
  EXPECT_EQ(FromVenue(correction).cum_qty, 90u);
  EXPECT_EQ(engine().position(100, 7).quantity, 90);
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kFilled);
}

TEST_F(EngineOrderTest, OrdersOfOneSessionAreInvisibleToAnother) {
  Live(Limit(11, Side::kBuy, 100, 10'000), 1);
  EXPECT_EQ(SendCancel(12, 11, 2), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kUnknownOrder);
  EXPECT_EQ(CancelRefusal().order_id, 0u);
  EXPECT_EQ(SendReplace(13, 11, 1, 10'000, 2), 0u);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kUnknownOrder);
  MassCancel all;
  all.cl_ord_id = 14;
  Step(Origin::kSession, 2, all);
  EXPECT_EQ(To<MassCancelReport>(Target::kSession)->affected, 0u);
  EXPECT_FALSE(To<Cancel>(Target::kVenue));
  EXPECT_EQ(StatusOfOrder(11), OrdStatus::kNew);
  // The same clOrdId is another order in another session.
  Accepted(Limit(11, Side::kBuy, 5, 10'000, 200), 2);
  EXPECT_EQ(engine().open_orders(1), 1u);
  EXPECT_EQ(engine().open_orders(2), 1u);
}

TEST_F(EngineOrderTest, FullTableRejectsAndClosedOrdersMakeRoom) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 8;
  Restart(config);
  std::vector<uint64_t> ids;
  for (uint64_t at = 1; at <= 8; ++at) ids.push_back(Live(Buy(at)));
  EXPECT_EQ(Rejected(Buy(9)).reason, RejectReason::kGatewayFull);
  FromVenue(ExecType::kCanceled, ids[3]);
  FromVenue(ExecType::kFill, ids[5], 100);
  EXPECT_EQ(StatusOfOrder(4), OrdStatus::kCanceled);
  Accepted(Buy(9));  // takes the place of the order that closed first
  EXPECT_EQ(StatusOfOrder(4), OrdStatus::kUnset);
  EXPECT_EQ(StatusOfOrder(6), OrdStatus::kFilled);
  FromVenue(ExecType::kPartialFill, ids[3], 10);
  EXPECT_EQ(counters().unknown_reports, 1u);
  for (uint64_t round = 0; round < 100; ++round) {  // slots and clOrdIds wrap around
    FromVenue(ExecType::kFill, Accepted(Buy(100 + round)), 100);
  }
}

TEST_F(EngineOrderTest, StopOrderIsSentAndReplaced) {
  NewOrder stop = Buy(11);
  stop.ord_type = OrdType::kStop;
  stop.price = 0;
  stop.stop_price = 10'500 * kCent;
  Live(stop);
  Replace replace;
  replace.cl_ord_id = 12;
  replace.orig_cl_ord_id = 11;
  replace.qty = 50;
  replace.stop_price = 10'600 * kCent;
  Step(Origin::kSession, 1, replace);
  EXPECT_EQ(To<Replace>(Target::kVenue)->stop_price, 10'600 * kCent);
}

}  // namespace
}  // namespace ringway
