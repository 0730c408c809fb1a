// Tests that orders trade by price, time and their own terms.
#include <vector>

#include "exchange/exchange_fixture.h"

namespace ringway::exchange {
namespace {

using Ids = std::vector<uint64_t>;

TEST_F(ExchangeTest, RestingOrderIsReportedNew) {
  const ExecutionReport report = One(Buy(1, 100, 10));
  EXPECT_EQ(report.cl_ord_id, 1u);
  EXPECT_NE(report.order_id, 0u);
  EXPECT_NE(report.exec_id, 0u);
  EXPECT_EQ(report.transact_time, static_cast<uint64_t>(kStartNs));
  EXPECT_EQ(report.instrument, 7u);
  EXPECT_EQ(report.account, 1u);
  EXPECT_EQ(report.exec_type, ExecType::kNew);
  EXPECT_EQ(report.ord_status, OrdStatus::kNew);
  EXPECT_EQ(report.leaves_qty, 10u);
  EXPECT_EQ(report.price, 100 * kTick);
}

TEST_F(ExchangeTest, IdentifiersBeginWhereTheOptionsSay) {
  ExchangeOptions options = SmallOptions();
  options.ids_after = 1'000;
  Make(options);
  EXPECT_EQ(One(Buy(1, 100, 10)).exec_id, 1'001u);
  const auto told = Ask(Sell(2, 100, 10));
  EXPECT_EQ(told.back().execution.match_id, 1'001u);
  options.ids_after = uint64_t{1} << 62;
  EXPECT_FALSE(Exchange::Create(options).ok()) << "the gateway's own begin above";
}

TEST_F(ExchangeTest, BothSidesOfATradeCarryTheRestingPriceAndOneMatchId) {
  Ask(Buy(1, 100, 10));
  const auto told = Ask(Sell(2, 99, 4));
  ASSERT_EQ(told.size(), 3u);  // New, the resting side, the arriving side
  const ExecutionReport& maker = told[1].execution;
  const ExecutionReport& taker = told[2].execution;
  EXPECT_EQ(maker.cl_ord_id, 1u);
  EXPECT_EQ(maker.exec_type, ExecType::kPartialFill);
  EXPECT_EQ(maker.liquidity, Liquidity::kAdded);
  EXPECT_EQ(maker.leaves_qty, 6u);
  EXPECT_EQ(maker.cum_qty, 4u);
  EXPECT_EQ(taker.exec_type, ExecType::kFill);
  EXPECT_EQ(taker.ord_status, OrdStatus::kFilled);
  EXPECT_EQ(taker.liquidity, Liquidity::kRemoved);
  EXPECT_EQ(taker.last_qty, 4u);
  EXPECT_EQ(taker.last_price, 100 * kTick);
  EXPECT_NE(taker.match_id, 0u);
  EXPECT_EQ(taker.match_id, maker.match_id);
  EXPECT_LT(told[0].execution.exec_id, maker.exec_id);
  EXPECT_LT(maker.exec_id, taker.exec_id);
}

TEST_F(ExchangeTest, BetterPriceThenEarlierTimeTradesFirst) {
  Ask(Sell(1, 102, 5));
  Ask(Sell(2, 101, 5));
  Ask(Sell(3, 101, 5));
  Ask(Sell(4, 100, 5));
  EXPECT_EQ(Makers(Ask(Buy(5, 102, 20))), (Ids{4, 2, 3, 1}));
  Ask(Buy(11, 98, 5));
  Ask(Buy(12, 99, 5));
  Ask(Buy(13, 99, 5));
  EXPECT_EQ(Makers(Ask(Sell(14, 98, 15))), (Ids{12, 13, 11}));
}

TEST_F(ExchangeTest, RemainderOfALimitOrderRests) {
  Ask(Sell(1, 100, 5));
  Ask(Buy(2, 100, 8));
  EXPECT_EQ(exchange_->book().BestPrice(0, true), 100 * kTick);
  EXPECT_EQ(Makers(Ask(Sell(3, 100, 3))), (Ids{2}));
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(ExchangeTest, InstrumentsDoNotMeet) {
  Ask(Sell(1, 100, 5));
  NewOrder order = Buy(2, 100, 5);
  order.instrument = 9;
  EXPECT_EQ(One(order).exec_type, ExecType::kNew);
}

TEST_F(ExchangeTest, ShortSalesAreSells) {
  Ask(Buy(1, 100, 5));
  EXPECT_EQ(Makers(Ask(Limit(2, Side::kSellShort, 100, 2))), (Ids{1}));
  EXPECT_EQ(Makers(Ask(Limit(3, Side::kSellShortExempt, 100, 3))), (Ids{1}));
}

TEST_F(ExchangeTest, MarketOrderTakesAnyPriceAndNeverRests) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 500, 5));
  const auto told = Ask(Market(Buy(3, 0, 12)));
  EXPECT_EQ(Makers(told), (Ids{1, 2}));
  EXPECT_EQ(told.back().execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told.back().execution.reason, RejectReason::kNoLiquidity);
  EXPECT_EQ(told.back().execution.cum_qty, 10u);
  EXPECT_EQ(told.back().execution.leaves_qty, 0u);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(ExchangeTest, ImmediateOrCancelLeavesNothing) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 101, 5));
  const auto told = Ask(With(Buy(3, 100, 8), TimeInForce::kImmediateOrCancel));
  EXPECT_EQ(Makers(told), (Ids{1}));
  EXPECT_EQ(told.back().execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told.back().execution.reason, RejectReason::kNone);
  EXPECT_EQ(told.back().execution.cl_ord_id, 3u);
  EXPECT_EQ(exchange_->book().open_count(), 1u);
}

TEST_F(ExchangeTest, FillOrKillFillsWholeOrNotAtAll) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 101, 5));
  auto told = Ask(With(Buy(3, 101, 11), TimeInForce::kFillOrKill));
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].execution.exec_type, ExecType::kNew);
  EXPECT_EQ(told[1].execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told[1].execution.reason, RejectReason::kNoLiquidity);
  EXPECT_EQ(told[1].execution.cum_qty, 0u);
  told = Ask(With(Buy(4, 100, 6), TimeInForce::kFillOrKill));
  EXPECT_EQ(told.back().execution.exec_type, ExecType::kCanceled);
  told = Ask(With(Buy(5, 101, 10), TimeInForce::kFillOrKill));
  EXPECT_EQ(Makers(told), (Ids{1, 2}));
  EXPECT_EQ(told.back().execution.ord_status, OrdStatus::kFilled);
}

TEST_F(ExchangeTest, FillOrKillCountsWhatIcebergsHide) {
  Ask(Shown(Sell(1, 100, 50), 5));
  const auto told = Ask(With(Buy(2, 100, 50), TimeInForce::kFillOrKill));
  EXPECT_EQ(told.back().execution.ord_status, OrdStatus::kFilled);
}

TEST_F(ExchangeTest, PostOnlyNeverTakes) {
  Ask(Sell(1, 100, 5));
  const ExecutionReport report = One(PostOnly(Buy(2, 100, 5)));
  EXPECT_EQ(report.exec_type, ExecType::kRejected);
  EXPECT_EQ(report.reason, RejectReason::kWouldTakeLiquidity);
  EXPECT_EQ(One(PostOnly(Buy(3, 99, 5))).exec_type, ExecType::kNew);
  EXPECT_EQ(Refused(ReplaceOf(4, 3, 100, 5)).reason, CancelRejectReason::kOther);
  EXPECT_EQ(exchange_->book().BestPrice(0, true), 99 * kTick);
}

TEST_F(ExchangeTest, IcebergShowsPartsAndQueuesAgainForEach) {
  Ask(Shown(Sell(1, 100, 12), 5));
  Ask(Sell(2, 100, 5));
  // 5 of the iceberg, then the other order, then the iceberg's next 5, then its last 2.
  EXPECT_EQ(Makers(Ask(Buy(3, 100, 7))), (Ids{1, 2}));
  Ask(Sell(4, 100, 1));
  EXPECT_EQ(Makers(Ask(Buy(5, 100, 11))), (Ids{2, 1, 4, 1}));
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(ExchangeTest, ArrivingIcebergTradesWholeThenShowsAPart) {
  Ask(Sell(1, 100, 20));
  Ask(Shown(Buy(2, 100, 30), 4));
  Ask(Buy(3, 100, 4));
  EXPECT_EQ(Makers(Ask(Sell(4, 100, 6))), (Ids{2, 3}));
}

TEST_F(ExchangeTest, StopsWaitForTheirPriceAndEnterNearestFirst) {
  Ask(Stop(Market(Buy(1, 0, 5)), 103));
  Ask(Stop(Market(Buy(2, 0, 5)), 102));
  Ask(Stop(Market(Buy(3, 0, 5)), 102));
  Ask(Stop(Market(Buy(4, 0, 5)), 110));
  Ask(Sell(10, 101, 5));
  Ask(Sell(11, 103, 5));
  for (uint64_t id = 12; id != 15; ++id) Ask(Sell(id, 105, 5));
  EXPECT_EQ(Makers(Ask(Buy(20, 101, 5))), (Ids{10}));  // below every stop
  Ids triggered;
  for (const Told& told : Ask(Buy(21, 103, 5))) {
    if (told.execution.exec_type == ExecType::kTriggered) {
      triggered.push_back(told.execution.cl_ord_id);
    }
  }
  EXPECT_EQ(triggered, (Ids{2, 3, 1}));
  EXPECT_EQ(exchange_->book().open_count(), 1u);  // the stop at 110
  EXPECT_EQ(exchange_->ledger().counters.stops_triggered, 3u);
}

TEST_F(ExchangeTest, StopTriggersStop) {
  Ask(Stop(Market(Sell(1, 0, 5)), 99));
  Ask(Stop(Market(Sell(2, 0, 5)), 98));
  for (uint64_t id = 10; id != 14; ++id) Ask(Buy(id, 109 - static_cast<int64_t>(id), 5));
  // A trade at 99 triggers the stop at 99; it trades at 98, which triggers the other, at 97.
  EXPECT_EQ(Makers(Ask(Sell(20, 99, 5))), (Ids{10, 11, 12}));
  EXPECT_EQ(exchange_->book().BestPrice(0, true), 96 * kTick);
}

TEST_F(ExchangeTest, StopLimitBecomesALimitOrder) {
  Ask(Stop(Buy(1, 101, 5), 100));
  Ask(Sell(2, 100, 1));
  Ask(Buy(3, 100, 1));  // trades at the stop price
  EXPECT_EQ(exchange_->book().BestPrice(0, true), 101 * kTick);
  EXPECT_EQ(Makers(Ask(Sell(4, 101, 5))), (Ids{1}));
}

TEST_F(ExchangeTest, StopAtAPriceAlreadyTradedDoesNotWait) {
  Ask(Sell(1, 100, 2));
  Ask(Buy(2, 100, 1));
  const auto told = Ask(Stop(Market(Buy(3, 0, 1)), 100));
  EXPECT_EQ(Makers(told), (Ids{1}));
}

TEST_F(ExchangeTest, WaitingStopCanBeCanceledAndMoved) {
  Ask(Stop(Market(Buy(1, 0, 5)), 105));
  Replace move = ReplaceOf(2, 1, 0, 5);
  move.stop_price = 104 * kTick;
  EXPECT_EQ(One(move).exec_type, ExecType::kReplaced);
  EXPECT_EQ(One(CancelOf(3, 2)).exec_type, ExecType::kCanceled);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(ExchangeTest, CancelTakesTheOrderOutOfItsQueue) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 100, 5));
  Ask(Sell(3, 100, 5));
  const ExecutionReport report = One(CancelOf(4, 2));
  EXPECT_EQ(report.exec_type, ExecType::kCanceled);
  EXPECT_EQ(report.cl_ord_id, 4u);
  EXPECT_EQ(report.orig_cl_ord_id, 2u);
  EXPECT_EQ(report.leaves_qty, 0u);
  EXPECT_EQ(Makers(Ask(Buy(5, 100, 10))), (Ids{1, 3}));
}

TEST_F(ExchangeTest, LowerQuantityAtTheSamePriceKeepsItsPlace) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 100, 5));
  const ExecutionReport report = One(ReplaceOf(3, 1, 100, 4));
  EXPECT_EQ(report.exec_type, ExecType::kReplaced);
  EXPECT_EQ(report.ord_status, OrdStatus::kNew);
  EXPECT_EQ(report.cl_ord_id, 3u);
  EXPECT_EQ(report.orig_cl_ord_id, 1u);
  EXPECT_EQ(report.leaves_qty, 4u);
  EXPECT_EQ(Makers(Ask(Buy(4, 100, 9))), (Ids{3, 2}));
}

TEST_F(ExchangeTest, HigherQuantityGoesToTheEndOfTheQueue) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 100, 5));
  Ask(ReplaceOf(3, 1, 100, 6));
  EXPECT_EQ(Makers(Ask(Buy(4, 100, 11))), (Ids{2, 3}));
}

TEST_F(ExchangeTest, AnotherPriceIsANewArrivalThatMayTrade) {
  Ask(Sell(1, 100, 5));
  Ask(Sell(2, 100, 5));
  Ask(ReplaceOf(3, 1, 101, 5));
  Ask(ReplaceOf(4, 3, 100, 5));
  EXPECT_EQ(Makers(Ask(Buy(5, 100, 2))), (Ids{2}));
  Ask(Buy(6, 99, 5));
  const auto told = Ask(ReplaceOf(7, 4, 99, 5));
  EXPECT_EQ(told.front().execution.exec_type, ExecType::kReplaced);
  EXPECT_EQ(Makers(told), (Ids{6}));
}

TEST_F(ExchangeTest, ReplaceCountsWhatIsFilledAlready) {
  Ask(Sell(1, 100, 10));
  Ask(Buy(2, 100, 4));
  const ExecutionReport report = One(ReplaceOf(3, 1, 100, 7));
  EXPECT_EQ(report.ord_status, OrdStatus::kPartiallyFilled);
  EXPECT_EQ(report.leaves_qty, 3u);
  EXPECT_EQ(report.cum_qty, 4u);
  EXPECT_EQ(Refused(ReplaceOf(4, 3, 100, 4)).reason, CancelRejectReason::kTooLateToCancel);
}

TEST_F(ExchangeTest, SelfTradeOffLetsOneAccountTradeWithItself) {
  Ask(Sell(1, 100, 5));
  EXPECT_EQ(Makers(Ask(Buy(2, 100, 5))), (Ids{1}));
}

TEST_F(ExchangeTest, AnotherMembersAccountOfTheSameNumberIsNotOnesOwn) {
  ExchangeOptions options = SmallOptions();
  options.self_trade = SelfTrade::kCancelAggressor;
  Make(options);
  const uint32_t other = *exchange_->Admit(2);
  Ask(Sell(1, 100, 5), other);
  const auto told = Ask(With(Buy(2, 100, 5), TimeInForce::kFillOrKill));
  EXPECT_EQ(told.back().execution.ord_status, OrdStatus::kFilled);
  EXPECT_EQ(exchange_->book().open_count(), 0u);
}

TEST_F(ExchangeTest, AStopHearsEveryTradeOfASweep) {
  Ask(Sell(1, 110, 1));
  Ask(Of(Buy(2, 110, 1), 2));
  Ask(Of(Stop(Market(Sell(3, 0, 1)), 100), 3));
  Ask(Buy(9, 90, 5));
  Ask(Sell(4, 100, 1));
  Ask(Sell(5, 105, 1));
  EXPECT_EQ(exchange_->ledger().counters.stops_triggered, 0u);
  Ask(Of(Buy(6, 105, 2), 2));  // trades at 100, then at 105
  EXPECT_EQ(exchange_->ledger().counters.stops_triggered, 1u);
}

TEST_F(ExchangeTest, SelfTradeCancelsTheRestingOrder) {
  ExchangeOptions options = SmallOptions();
  options.self_trade = SelfTrade::kCancelResting;
  Make(options);
  Ask(Sell(1, 100, 5));
  Ask(Of(Sell(2, 100, 5), 2));
  const auto told = Ask(Buy(3, 100, 5));
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[1].execution.cl_ord_id, 1u);
  EXPECT_EQ(told[1].execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told[1].execution.reason, RejectReason::kSelfMatch);
  EXPECT_EQ(Makers(told), (Ids{2}));
  Ask(Sell(4, 100, 5));
  Ask(Of(Sell(5, 100, 5), 2));
  const auto killed = Ask(With(Buy(6, 100, 6), TimeInForce::kFillOrKill));
  EXPECT_EQ(killed.back().execution.reason, RejectReason::kNoLiquidity);
  EXPECT_EQ(Makers(Ask(With(Buy(7, 100, 5), TimeInForce::kFillOrKill))), (Ids{5}));
}

TEST_F(ExchangeTest, SelfTradeCancelsTheAggressor) {
  ExchangeOptions options = SmallOptions();
  options.self_trade = SelfTrade::kCancelAggressor;
  Make(options);
  Ask(Of(Sell(1, 100, 5), 2));
  Ask(Sell(2, 100, 5));
  const auto told = Ask(Buy(3, 100, 8));
  EXPECT_EQ(Makers(told), (Ids{1}));
  EXPECT_EQ(told.back().execution.exec_type, ExecType::kCanceled);
  EXPECT_EQ(told.back().execution.reason, RejectReason::kSelfMatch);
  EXPECT_EQ(told.back().execution.cum_qty, 5u);
  EXPECT_EQ(exchange_->book().open_count(), 1u);
}

TEST_F(ExchangeTest, FillOrKillDoesNotReachBehindAnOwnOrder) {
  ExchangeOptions options = SmallOptions();
  options.self_trade = SelfTrade::kCancelAggressor;
  Make(options);
  Ask(Of(Shown(Sell(1, 100, 10), 4), 2));
  Ask(Sell(2, 100, 1));
  auto told = Ask(With(Buy(3, 100, 5), TimeInForce::kFillOrKill));
  EXPECT_EQ(told.back().execution.reason, RejectReason::kNoLiquidity);
  EXPECT_EQ(told.back().execution.cum_qty, 0u);
  told = Ask(With(Buy(4, 100, 4), TimeInForce::kFillOrKill));
  EXPECT_EQ(told.back().execution.ord_status, OrdStatus::kFilled);
}

}  // namespace
}  // namespace ringway::exchange
