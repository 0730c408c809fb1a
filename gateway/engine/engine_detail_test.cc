// Tests that the detail of a venue's report reaches the session that got the report, and nobody
// else.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineDetailTest : public EngineTest {
 protected:
  static ExecutionDetail Detail(uint64_t request, uint64_t exec_id) {
    ExecutionDetail detail;
    detail.cl_ord_id = request;
    detail.order_id = 999;
    detail.exec_id = exec_id;
    detail.fee = -12;
    detail.venue_order_id0 = 0x41;
    detail.venue_exec_id0 = 0x42;
    detail.venue_code = 0x43;
    return detail;
  }
  std::optional<ExecutionDetail> Says(const ExecutionDetail& detail, VenueId venue = 1) {
    Step(Origin::kVenue, venue, detail);
    return To<ExecutionDetail>(Target::kSession);
  }
  ExecutionReport Hears(ExecType type, uint64_t request, uint64_t last_qty = 0) {
    heard_ = Execution(type, request, last_qty);
    return FromVenue(heard_);
  }

  ExecutionReport heard_;
};

TEST_F(EngineDetailTest, FollowsItsReportUnderTheClientsNames) {
  const uint64_t id = Accepted(Buy(11));
  const ExecutionReport told = Hears(ExecType::kFill, id, 100);
  ExecutionDetail detail = Detail(id, heard_.exec_id);
  detail.exec_ref_id = 77;
  const auto passed_on = Says(detail);
  ASSERT_TRUE(passed_on);
  EXPECT_EQ(passed_on->cl_ord_id, 11u);
  EXPECT_EQ(passed_on->order_id, told.order_id);
  EXPECT_EQ(passed_on->exec_id, heard_.exec_id);
  EXPECT_EQ(passed_on->exec_ref_id, 77u);
  EXPECT_EQ(passed_on->fee, -12);
  EXPECT_EQ(passed_on->venue_order_id0, 0x41u);
  EXPECT_EQ(passed_on->venue_exec_id0, 0x42u);
  EXPECT_EQ(passed_on->venue_code, 0x43u);
  ASSERT_EQ(effects().count(), 1u);
  EXPECT_EQ((*effects().begin()).id, 1u);
  EXPECT_EQ(counters().stray_details, 0u);
}

TEST_F(EngineDetailTest, OfACancelNamesTheRequestThatWasAnswered) {
  Live(Buy(11));
  const uint64_t cancel = SendCancel(12, 11);
  EXPECT_EQ(Hears(ExecType::kCanceled, cancel).cl_ord_id, 12u);
  EXPECT_EQ(Says(Detail(cancel, heard_.exec_id))->cl_ord_id, 12u);
}

TEST_F(EngineDetailTest, FollowsAReject) {
  Live(Buy(11));
  const uint64_t cancel = SendCancel(12, 11);
  VenueRefuses(cancel);
  const auto of_cancel = Says(Detail(cancel, 0));
  ASSERT_TRUE(of_cancel);
  EXPECT_EQ(of_cancel->cl_ord_id, 12u);
  const uint64_t replace = SendReplace(13, 11, 50, 9'990);
  // A venue that refuses by an execution report: the session gets a reject, which has no execId.
  Hears(ExecType::kRejected, replace);
  const auto of_replace = Says(Detail(replace, heard_.exec_id));
  ASSERT_TRUE(of_replace);
  EXPECT_EQ(of_replace->cl_ord_id, 13u);
  EXPECT_EQ(of_replace->exec_id, 0u);
}

TEST_F(EngineDetailTest, OnceAndOnlyDirectlyAfterIt) {
  const uint64_t id = Accepted(Buy(11));
  Hears(ExecType::kNew, id);
  const ExecutionReport first = heard_;
  EXPECT_FALSE(Says(Detail(id, first.exec_id + 1))) << "of another execution";
  EXPECT_FALSE(Says(Detail(id, first.exec_id))) << "the wrong one has been heard";
  Hears(ExecType::kPartialFill, id, 10);
  const ExecutionReport fill = heard_;
  EXPECT_FALSE(Says(Detail(id, fill.exec_id), 2)) << "of another venue";
  EXPECT_TRUE(Says(Detail(id, fill.exec_id)));
  EXPECT_FALSE(Says(Detail(id, fill.exec_id))) << "twice";
  FromVenue(fill);
  EXPECT_EQ(effects().count(), 0u);
  EXPECT_FALSE(Says(Detail(id, fill.exec_id))) << "of a repeated report, which nobody was told of";
  Hears(ExecType::kPartialFill, 12'345, 10);
  EXPECT_FALSE(Says(Detail(12'345, heard_.exec_id))) << "of no order";
  EXPECT_EQ(counters().stray_details, 6u);
}

TEST_F(EngineDetailTest, ThatIsNoTextGoesToNobody) {
  const uint64_t id = Live(Buy(11));
  const auto refused = [&](auto set) {
    Hears(ExecType::kPartialFill, id, 1);
    ExecutionDetail detail = Detail(id, heard_.exec_id);
    set(detail);
    return !Says(detail).has_value();
  };
  EXPECT_FALSE(refused([](ExecutionDetail& d) { d.venue_order_id0 = 0x4847464544434241; }));
  EXPECT_TRUE(refused([](ExecutionDetail& d) { d.venue_code = 0x1B; })) << "a control sequence";
  EXPECT_TRUE(refused([](ExecutionDetail& d) { d.venue_order_id1 = 0x41; })) << "behind the end";
  EXPECT_TRUE(refused([](ExecutionDetail& d) { d.venue_exec_id0 = 0x0A; }));
  EXPECT_EQ(counters().malformed_reports, 3u);
}

TEST_F(EngineDetailTest, FindsItsSessionAlsoWhenTheOrdersRecordIsAnothersByThen) {
  EngineConfig config = SmallFirm();
  config.pools.orders_max = 1;
  Restart(config);
  const uint64_t id = Accepted(Buy(11));
  Hears(ExecType::kFill, id, 100);
  const ExecutionReport fill = heard_;
  Accepted(Sell(21), 2);
  const auto detail = Says(Detail(id, fill.exec_id));
  ASSERT_TRUE(detail);
  EXPECT_EQ(detail->cl_ord_id, 11u);
  EXPECT_EQ((*effects().begin()).id, 1u);
}

TEST_F(EngineDetailTest, ComesAfterARestartToo) {
  const uint64_t id = Accepted(Buy(11));
  Hears(ExecType::kFill, id, 100);
  const std::vector<std::byte> saved = Saved();
  const uint64_t hash = engine().StateHash();
  EXPECT_TRUE(Says(Detail(id, heard_.exec_id)));
  EXPECT_NE(engine().StateHash(), hash);
  ASSERT_EQ(Adopt(saved, SmallFirm()), "");
  EXPECT_EQ(engine().StateHash(), hash);
  EXPECT_TRUE(Says(Detail(id, heard_.exec_id)));
}

}  // namespace
}  // namespace ringway
