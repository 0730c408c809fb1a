// Tests that the ledger gives every order exactly one outcome, and notices reports that cannot be
// true.

#include "tools/flow/ledger.h"

#include <memory>

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() : latencies_(std::make_unique<Latencies>()), ledger_(Options(), latencies_.get()) {}

  static Ledger::Options Options() {
    Ledger::Options options;
    options.session = 7;
    options.account = 70;
    options.instruments = 2;
    options.keep_fills = true;
    return options;
  }

  void Send(uint64_t id, uint64_t qty, Side side = Side::kBuy,
            TimeInForce time_in_force = TimeInForce::kDay) {
    NewOrder order{};
    order.cl_ord_id = id;
    order.qty = qty;
    order.price = 100;
    order.instrument = 1;
    order.side = side;
    order.ord_type = OrdType::kLimit;
    order.time_in_force = time_in_force;
    ledger_.OnSent(order, 1000);
  }
  void SendCancel(uint64_t id, uint64_t orig) {
    Cancel cancel{};
    cancel.cl_ord_id = id;
    cancel.orig_cl_ord_id = orig;
    ledger_.OnSent(cancel, 1000);
  }
  void SendReplace(uint64_t id, uint64_t orig, uint64_t qty) {
    Replace replace{};
    replace.cl_ord_id = id;
    replace.orig_cl_ord_id = orig;
    replace.qty = qty;
    ledger_.OnSent(replace, 1000);
  }
  void Ack(uint64_t id, RequestType type = RequestType::kNewOrder) {
    OrderAck ack{};
    ack.cl_ord_id = id;
    ack.request_type = type;
    ledger_.OnReport(ack, 3000);
  }
  void Report(uint64_t id, ExecType type, uint64_t cum, uint64_t leaves, uint64_t last = 0,
              Liquidity liquidity = Liquidity::kAdded) {
    ExecutionReport report{};
    report.cl_ord_id = id;
    report.exec_type = type;
    report.cum_qty = cum;
    report.leaves_qty = leaves;
    report.last_qty = last;
    report.liquidity = liquidity;
    report.match_id = 55;
    ledger_.OnReport(report, 4000);
  }
  void RejectCancel(uint64_t id, CancelRejectReason reason) {
    CancelReject reject{};
    reject.cl_ord_id = id;
    reject.reason = reason;
    ledger_.OnReport(reject, 4000);
  }
  void Rest(uint64_t id, uint64_t qty) {
    Send(id, qty);
    Ack(id);
    Report(id, ExecType::kNew, 0, qty);
  }
  uint64_t Orders(const std::string& outcome) {
    return ledger_.Result().orders_by_outcome.at(outcome);
  }
  uint64_t Qty(const std::string& outcome) { return ledger_.Result().qty_by_outcome.at(outcome); }
  uint64_t Violations() { return ledger_.Result().violation_count; }

  std::unique_ptr<Latencies> latencies_;
  Ledger ledger_;
};

TEST_F(LedgerTest, AnOrderWithoutAnAnswerIsUnanswered) {
  Send(1, 10);
  EXPECT_EQ(Orders("unanswered"), 1u);
  EXPECT_EQ(ledger_.unacked(), 1u);
  EXPECT_EQ(ledger_.unsettled(), 1u);
}

TEST_F(LedgerTest, TheGatewaysAckAloneIsNotAnOutcomeOfTheVenue) {
  Send(1, 10);
  Ack(1);
  EXPECT_EQ(Orders("accepted_only"), 1u);
  EXPECT_EQ(ledger_.unacked(), 0u);
  EXPECT_EQ(ledger_.unsettled(), 1u);
}

TEST_F(LedgerTest, ARestingOrderIsOpenUntilItIsFilled) {
  Rest(1, 10);
  EXPECT_EQ(Orders("open"), 1u);
  EXPECT_EQ(ledger_.unsettled(), 0u);
  EXPECT_EQ(ledger_.Working(1, Side::kBuy).size(), 1u);
  Report(1, ExecType::kPartialFill, 4, 6, 4);
  EXPECT_EQ(Qty("open"), 6u);
  Report(1, ExecType::kFill, 10, 0, 6);
  EXPECT_EQ(Orders("filled"), 1u);
  EXPECT_EQ(Qty("filled"), 10u);
  EXPECT_EQ(ledger_.position(1), 10);
  EXPECT_TRUE(ledger_.Working(1, Side::kBuy).empty());
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LedgerTest, AnImmediateOrderSettlesOnlyWhenItEnded) {
  Send(1, 10, Side::kSell, TimeInForce::kImmediateOrCancel);
  EXPECT_TRUE(ledger_.Working(1, Side::kSell).empty());
  Ack(1);
  Report(1, ExecType::kPartialFill, 4, 6, 4, Liquidity::kRemoved);
  EXPECT_EQ(ledger_.unsettled(), 1u);
  Report(1, ExecType::kCanceled, 4, 0);
  EXPECT_EQ(ledger_.unsettled(), 0u);
  EXPECT_EQ(Orders("canceled"), 1u);
  EXPECT_EQ(Qty("canceled"), 6u);
  EXPECT_EQ(Qty("filled"), 4u);
  EXPECT_EQ(ledger_.position(1), -4);
  EXPECT_EQ(latencies_->of(LatencyKind::kOrderFill).count(), 1u);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LedgerTest, ARestingOrdersFillIsNotTimed) {
  Rest(1, 10);
  Report(1, ExecType::kFill, 10, 0, 10, Liquidity::kAdded);
  EXPECT_EQ(latencies_->of(LatencyKind::kOrderFill).count(), 0u);
}

TEST_F(LedgerTest, AnOrderThatWasReplacedIntoTheMarketIsNotTimed) {
  Rest(1, 10);
  SendReplace(2, 1, 10);
  Ack(2, RequestType::kReplace);
  Report(2, ExecType::kReplaced, 0, 10);
  Report(2, ExecType::kFill, 10, 0, 10, Liquidity::kRemoved);
  EXPECT_EQ(latencies_->of(LatencyKind::kOrderFill).count(), 0u);
}

TEST_F(LedgerTest, LatenciesCountFromTheStartGiven) {
  Rest(1, 10);
  EXPECT_EQ(latencies_->of(LatencyKind::kOrderAck).max(), 2000u);
  EXPECT_EQ(latencies_->of(LatencyKind::kOrderNew).max(), 3000u);
}

TEST_F(LedgerTest, ARejectedOrderHasTheGatewaysReason) {
  Send(1, 10);
  OrderReject reject{};
  reject.cl_ord_id = 1;
  reject.reason = RejectReason::kSelfMatch;
  ledger_.OnReport(reject, 2000);
  EXPECT_EQ(Orders("rejected"), 1u);
  EXPECT_EQ(Qty("rejected"), 10u);
  EXPECT_EQ(ledger_.Result().reject_reasons.at("rejected: selfMatch"), 1u);
  EXPECT_EQ(ledger_.unsettled(), 0u);
}

TEST_F(LedgerTest, AVenueRejectIsAnOutcomeOfItsOwn) {
  Send(1, 10);
  Ack(1);
  Report(1, ExecType::kRejected, 0, 0);
  EXPECT_EQ(Orders("venue_rejected"), 1u);
  EXPECT_EQ(Orders("rejected"), 0u);
}

TEST_F(LedgerTest, ACancelEndsTheOrderUnderTheCancelsId) {
  Rest(1, 10);
  SendCancel(2, 1);
  EXPECT_EQ(ledger_.Find(1)->changes_pending, 1u);
  Ack(2, RequestType::kCancel);
  Report(2, ExecType::kCanceled, 0, 0);
  EXPECT_EQ(Orders("canceled"), 1u);
  EXPECT_EQ(ledger_.unsettled(), 0u);
  EXPECT_EQ(ledger_.Find(1)->changes_pending, 0u);
  EXPECT_EQ(ledger_.Result().cancels_by_outcome.at("done"), 1u);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LedgerTest, ACancelThatComesTooLateIsRejectedAndTheFillStands) {
  Rest(1, 10);
  SendCancel(2, 1);
  Ack(2, RequestType::kCancel);
  Report(1, ExecType::kFill, 10, 0, 10);
  RejectCancel(2, CancelRejectReason::kTooLateToCancel);
  EXPECT_EQ(Orders("filled"), 1u);
  EXPECT_EQ(ledger_.unsettled(), 0u);
  EXPECT_EQ(ledger_.Result().cancels_by_outcome.at("rejected"), 1u);
  EXPECT_EQ(ledger_.Result().reject_reasons.at("cancel rejected: tooLateToCancel"), 1u);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(LedgerTest, AReplaceMovesQuantityAndName) {
  Rest(1, 100);
  Report(1, ExecType::kPartialFill, 20, 80, 20);
  SendReplace(2, 1, 70);
  Ack(2, RequestType::kReplace);
  Report(2, ExecType::kReplaced, 20, 50);
  EXPECT_EQ(ledger_.Find(1)->current_cl_ord_id, 2u);
  EXPECT_EQ(ledger_.Find(1)->qty, 70u);
  Report(2, ExecType::kFill, 70, 0, 50);
  const StrategyResult result = ledger_.Result();
  EXPECT_EQ(result.ordered_qty, 100u);
  EXPECT_EQ(result.reduced_qty, 30u);
  EXPECT_EQ(result.qty_by_outcome.at("filled"), 70u);
  ASSERT_EQ(result.fills.size(), 2u);
  EXPECT_EQ(result.fills[1].cl_ord_id, 1u);
  EXPECT_EQ(result.violation_count, 0u);
}

TEST_F(LedgerTest, ReportsThatCannotBeTrueAreViolations) {
  Ack(9);
  EXPECT_EQ(Violations(), 1u);
  Send(1, 10);
  Report(1, ExecType::kNew, 0, 10);  // before the gateway's ack
  EXPECT_EQ(Violations(), 2u);
  Ack(1);
  Ack(1);
  EXPECT_EQ(Violations(), 3u);
  Report(1, ExecType::kPartialFill, 5, 5, 4);  // cumQty does not add up
  EXPECT_GT(Violations(), 3u);
  const uint64_t before = Violations();
  Report(1, ExecType::kPartialFill, 11, 0, 7);  // more than is left
  EXPECT_GT(Violations(), before);
}

TEST_F(LedgerTest, AnEndedOrderTakesNoMoreReports) {
  Rest(1, 10);
  Report(1, ExecType::kFill, 10, 0, 10);
  Report(1, ExecType::kFill, 10, 0, 10);
  EXPECT_EQ(Violations(), 1u);
  EXPECT_EQ(ledger_.position(1), 10);
  EXPECT_EQ(Orders("filled"), 1u);
}

TEST_F(LedgerTest, AReplaceToAnotherQuantityThanAskedForIsAViolation) {
  Rest(1, 100);
  SendReplace(2, 1, 70);
  Ack(2, RequestType::kReplace);
  Report(2, ExecType::kReplaced, 0, 60);
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(LedgerTest, ClOrdIdsMayLeaveHoles) {
  Rest(5, 10);
  Rest(90, 10);
  EXPECT_EQ(ledger_.Find(6), nullptr);
  EXPECT_EQ(ledger_.Find(89), nullptr);
  EXPECT_NE(ledger_.Find(90), nullptr);
  EXPECT_EQ(Orders("open"), 2u);
}

TEST_F(LedgerTest, TheResultSurvivesItsJsonForm) {
  Rest(1, 100);
  Report(1, ExecType::kPartialFill, 20, 80, 20);
  const StrategyResult before = ledger_.Result();
  const absl::StatusOr<StrategyResult> after = StrategyResultFromJsonText(ToJsonText(before));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->positions, before.positions);
  EXPECT_EQ(after->orders_by_outcome, before.orders_by_outcome);
  EXPECT_EQ(after->messages_received.at("ExecutionReport partialFill"), 1u);
  EXPECT_EQ(ToJsonText(*after), ToJsonText(before));
  EXPECT_FALSE(StrategyResultFromJsonText("{").ok());
  EXPECT_FALSE(StrategyResultFromJsonText("{\"session\": \"x\"}").ok());
}

}  // namespace
}  // namespace ringway::flow
