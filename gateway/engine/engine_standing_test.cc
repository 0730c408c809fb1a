// Tests of stop orders that are triggered, and of orders that their venue suspends.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineStandingTest : public EngineTest {
 protected:
  static NewOrder StopLimit(uint64_t cl_ord_id) {
    NewOrder stop = Buy(cl_ord_id, 100, 10'300);
    stop.ord_type = OrdType::kStopLimit;
    stop.stop_price = 10'200 * kCent;
    return stop;
  }
  OpenOrder Shown() {
    LogOn(1, false, 0);
    while (engine().HasWork() && !To<OpenOrder>(Target::kSession)) Timer();
    return To<OpenOrder>(Target::kSession).value_or(OpenOrder{});
  }
};

TEST_F(EngineStandingTest, ATriggeredStopRestsInTheBook) {
  const uint64_t id = Live(StopLimit(11));
  // It is not in the book: nothing can match it.
  SetReference(10'300);
  Accepted(Sell(12, 10, 10'300));
  const ExecutionReport told = FromVenue(ExecType::kTriggered, id);
  EXPECT_EQ(told.exec_type, ExecType::kTriggered);
  EXPECT_EQ(told.ord_status, OrdStatus::kNew);
  EXPECT_EQ(told.leaves_qty, 100u);
  EXPECT_EQ(Rejected(Sell(13, 10, 10'300)).check, RiskCheck::kSelfMatch);
  EXPECT_EQ(Shown().ord_type, OrdType::kLimit);
}

TEST_F(EngineStandingTest, ATriggeredStopMayBeReplacedByWhoHasNotHeardIt) {
  FromVenue(ExecType::kTriggered, Live(StopLimit(11)));
  Replace replace;
  replace.cl_ord_id = 12;
  replace.orig_cl_ord_id = 11;
  replace.qty = 50;
  replace.price = 10'300 * kCent;
  replace.stop_price = 10'100 * kCent;
  Step(Origin::kSession, 1, replace);
  EXPECT_EQ(CancelRefusal().reason, CancelRejectReason::kOther) << "there is no trigger to move";
  replace.cl_ord_id = 13;
  replace.stop_price = 10'200 * kCent;
  Step(Origin::kSession, 1, replace);
  const auto sent = To<Replace>(Target::kVenue);
  ASSERT_TRUE(sent);
  FromVenue(Execution(ExecType::kReplaced, sent->cl_ord_id));
  replace.cl_ord_id = 14;
  replace.orig_cl_ord_id = 13;
  replace.stop_price = 0;
  Step(Origin::kSession, 1, replace);
  EXPECT_TRUE(To<Replace>(Target::kVenue));
}

TEST_F(EngineStandingTest, ATriggeredStopIsAMarketOrder) {
  NewOrder stop = Buy(11);
  stop.ord_type = OrdType::kStop;
  stop.price = 0;
  stop.stop_price = 10'200 * kCent;
  FromVenue(ExecType::kTriggered, Live(stop));
  EXPECT_EQ(Shown().ord_type, OrdType::kMarket);
}

TEST_F(EngineStandingTest, SuspendedOrdersAreOpenAndGoOn) {
  const uint64_t id = Live(Buy(11));
  ExecutionReport report = Execution(ExecType::kSuspended, id);
  report.cum_qty = 40;  // and some fills were not reported
  EXPECT_EQ(FromVenue(report).ord_status, OrdStatus::kSuspended);
  EXPECT_EQ(engine().position(100, 7).quantity, 40);
  EXPECT_EQ(engine().position(100, 7).open_buy, 60u);
  EXPECT_EQ(FromVenue(ExecType::kNew, id).ord_status, OrdStatus::kPartiallyFilled);
  FromVenue(ExecType::kSuspended, id);
  EXPECT_EQ(FromVenue(ExecType::kFill, id, 60).ord_status, OrdStatus::kFilled);
}

TEST_F(EngineStandingTest, SuspendedWithEverythingFilledIsFilled) {
  const uint64_t id = Live(Buy(11));
  ExecutionReport report = Execution(ExecType::kSuspended, id);
  report.cum_qty = 100;
  EXPECT_EQ(FromVenue(report).ord_status, OrdStatus::kFilled);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineStandingTest, AnEndedOrderIsEndedWhateverTheReportIsCalled) {
  ExecutionReport report = Execution(ExecType::kDoneForDay, Live(Buy(11)));
  report.ord_status = OrdStatus::kExpired;
  EXPECT_EQ(FromVenue(report).ord_status, OrdStatus::kExpired);
  EXPECT_EQ(engine().open_orders(), 0u);
}

TEST_F(EngineStandingTest, AReplaceThatOnlyReducesATriggeredStopIsNoNewPrice) {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.collar_bps = 200;
  config.instruments[0].reference_age_max_ns = 1'000'000;
  Restart(config);
  SetReference(10'250);
  FromVenue(ExecType::kTriggered, Live(StopLimit(11)));
  now_ns_ += 10'000'000;  // the reference is stale by then
  Replace replace;
  replace.cl_ord_id = 12;
  replace.orig_cl_ord_id = 11;
  replace.qty = 50;
  replace.price = 10'300 * kCent;
  Step(Origin::kSession, 1, replace);
  EXPECT_TRUE(To<Replace>(Target::kVenue)) << Name(CancelRefusal().check);
}

TEST_F(EngineStandingTest, AStopLimitIsLoadedOnlyWhereItsPriceIsOne) {
  Live(StopLimit(11));
  const std::vector<std::byte> saved = Saved();
  EngineConfig config = SmallFirm();
  config.instruments[0].tick = 7 * kCent;
  config.instruments[0].price_max = 7 * kCent * 1'000'000;
  EXPECT_NE(Adopt(saved, config).find("not a multiple of its instrument's tick"),
            std::string::npos);
}

TEST_F(EngineStandingTest, DoneForTheDayCanBeCanceled) {
  const uint64_t id = Live(Buy(11));
  EXPECT_EQ(FromVenue(ExecType::kDoneForDay, id).ord_status, OrdStatus::kDoneForDay);
  const uint64_t cancel = SendCancel(12, 11);
  EXPECT_NE(cancel, 0u);
  VenueRefuses(cancel);
  EXPECT_EQ(CancelRefusal().ord_status, OrdStatus::kDoneForDay);
}

}  // namespace
}  // namespace ringway
