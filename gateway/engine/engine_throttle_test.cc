// Tests that a session that sends too many requests for its trades, or trades too often, is
// stopped, and no other.

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineThrottleTest : public EngineTest {
 public:
  template <class F>
  void With(F&& set) {
    config_ = SmallFirm();
    set(config_.sessions[0].limits);
    Restart(config_);
  }
  void Reload() {
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(Saved(), config_), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }
  void ArmSession(SessionId session) { Kill(KillScope::kSession, session, false); }

  EngineConfig config_;
};

// --- Orders to trades ---

void FivePerTrade(SessionLimits& limits) {
  limits.order_to_trade_max = 5;
  limits.order_to_trade_floor = 8;
  limits.order_to_trade_window_ns = 1'000'000;
}

TEST_F(EngineThrottleTest, UpToTheFloorNothingIsAskedFor) {
  With(FivePerTrade);
  for (uint64_t id = 1; id <= 8; ++id) Accepted(Buy(id, 1));
  const OrderReject reject = Rejected(Buy(9, 1));
  EXPECT_EQ(Name(reject.reason), Name(RejectReason::kOrderToTrade));
  EXPECT_EQ(Name(reject.check), Name(RiskCheck::kOrderToTrade));
  EXPECT_EQ(reject.limit, 8);
  EXPECT_EQ(reject.value, 9);
  Accepted(Limit(1, Side::kBuy, 1, 9'000, 200), 2);  // another session
}

TEST_F(EngineThrottleTest, CancelsAndReplacesCountAndCancelsAlwaysPass) {
  With(FivePerTrade);
  for (uint64_t id = 1; id <= 6; ++id) Live(Buy(id, 10));
  EXPECT_NE(SendReplace(7, 1, 20, 10'000), 0u);
  EXPECT_NE(SendCancel(8, 2), 0u);
  EXPECT_EQ(SendReplace(9, 3, 20, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kOrderToTrade);
  EXPECT_NE(SendCancel(10, 3), 0u);
  EXPECT_EQ(Rejected(Buy(11, 1)).value, 10);
}

TEST_F(EngineThrottleTest, EachTradeIsWorthSoManyRequests) {
  With(FivePerTrade);
  const uint64_t id = Live(Buy(1, 10));
  for (uint64_t next = 2; next <= 8; ++next) Accepted(Buy(next, 1));
  FromVenue(ExecType::kPartialFill, id, 1);
  EXPECT_EQ(Rejected(Buy(9, 1)).limit, 8) << "5 for a trade is below the floor";
  FromVenue(ExecType::kPartialFill, id, 1);
  Accepted(Buy(10, 1));
  Accepted(Buy(11, 1));
  EXPECT_EQ(Rejected(Buy(12, 1)).limit, 10);
  FromVenue(ExecType::kBusted, id, 1);
  EXPECT_EQ(Rejected(Buy(13, 1)).limit, 10) << "a bust is no trade";
}

TEST_F(EngineThrottleTest, ANewWindowCountsAnew) {
  With(FivePerTrade);
  const int64_t begin_ns = now_ns_ + 1;
  for (uint64_t id = 1; id <= 8; ++id) Accepted(Buy(id, 1));
  now_ns_ = begin_ns + 1'000'000 - 2;
  Rejected(Buy(9, 1));
  Accepted(Buy(10, 1));
}

TEST_F(EngineThrottleTest, ARestartKeepsTheCountOfRequestsAndTrades) {
  With(FivePerTrade);
  const uint64_t id = Live(Buy(1, 10));
  for (uint64_t next = 2; next <= 8; ++next) Accepted(Buy(next, 1));
  FromVenue(ExecType::kPartialFill, id, 1);
  Reload();
  EXPECT_EQ(Rejected(Buy(9, 1)).value, 9);
  FromVenue(ExecType::kPartialFill, id, 1);
  Accepted(Buy(10, 1));
}

// --- Repeated executions ---

void ThreeExecutions(SessionLimits& limits) {
  limits.executions_max = 3;
  limits.executions_window_ns = 1'000'000;
}

TEST_F(EngineThrottleTest, SoManyExecutionsDisableOneSideOfOneInstrument) {
  With(ThreeExecutions);
  const uint64_t id = Live(Buy(1, 100));
  Live(Buy(2, 100));
  FromVenue(ExecType::kPartialFill, id, 1);
  FromVenue(ExecType::kPartialFill, id, 1);
  Accepted(Buy(3, 1));
  EXPECT_EQ(engine().execution_throttles(1), 0u);
  FromVenue(ExecType::kPartialFill, id, 1);
  EXPECT_EQ(engine().execution_throttles(1), 1u);
  EXPECT_EQ(counters().execution_throttles, 1u);
  const OrderReject reject = Rejected(Buy(4, 1));
  EXPECT_EQ(Name(reject.reason), Name(RejectReason::kExecutionThrottle));
  EXPECT_EQ(Name(reject.check), Name(RiskCheck::kRepeatedExecution));
  EXPECT_EQ(reject.limit, 3);
  EXPECT_EQ(reject.value, 3);
  EXPECT_EQ(SendReplace(5, 2, 50, 10'000), 0u);
  EXPECT_EQ(CancelRefusal().check, RiskCheck::kRepeatedExecution);
  EXPECT_NE(SendCancel(6, 2), 0u);
  Accepted(Sell(7, 1));
  Accepted(Limit(8, Side::kBuy, 100, 10'000, 100, 8));
  Accepted(Limit(1, Side::kBuy, 1, 9'000, 100), 2);  // another session
  FromVenue(ExecType::kPartialFill, id, 1);
  EXPECT_EQ(counters().execution_throttles, 1u) << "latched once";
}

TEST_F(EngineThrottleTest, ItStaysUntilAnOperatorArmsTheSession) {
  With(ThreeExecutions);
  const uint64_t id = Live(Buy(1, 100));
  for (int i = 0; i < 3; ++i) FromVenue(ExecType::kPartialFill, id, 1);
  now_ns_ += 10'000'000;
  Rejected(Buy(2, 1));
  ArmSession(2);
  Rejected(Buy(3, 1));
  ArmSession(1);
  EXPECT_EQ(engine().execution_throttles(1), 0u);
  Accepted(Buy(4, 1));
  // From here on it counts anew.
  for (int i = 0; i < 2; ++i) FromVenue(ExecType::kPartialFill, id, 1);
  Accepted(Buy(5, 1));
  FromVenue(ExecType::kPartialFill, id, 1);
  Rejected(Buy(6, 1));
}

// What it had out fills on, also when the window in which it traded so often is over.
TEST_F(EngineThrottleTest, AFillOfALaterWindowEnablesNobody) {
  With(ThreeExecutions);
  const uint64_t id = Live(Buy(1, 100));
  for (int fill = 0; fill != 3; ++fill) FromVenue(ExecType::kPartialFill, id, 1);
  now_ns_ += 2'000'000;
  FromVenue(ExecType::kPartialFill, id, 1);
  EXPECT_EQ(Rejected(Buy(2, 1)).reason, RejectReason::kExecutionThrottle);
  EXPECT_EQ(engine().execution_throttles(1), 1u);
}

TEST_F(EngineThrottleTest, ExecutionsFarApartDisableNobody) {
  With(ThreeExecutions);
  const uint64_t id = Live(Buy(1, 100));
  for (int i = 0; i < 10; ++i) {
    FromVenue(ExecType::kPartialFill, id, 1);
    now_ns_ += 500'000;
  }
  Accepted(Buy(2, 1));
}

TEST_F(EngineThrottleTest, FillsThatWereMissedAreExecutionsAndBustsAreNot) {
  With(ThreeExecutions);
  const uint64_t id = Live(Buy(1, 100));
  FromVenue(ExecType::kPartialFill, id, 1);
  FromVenue(ExecType::kBusted, id, 1);
  FromVenue(ExecType::kPartialFill, id, 1);
  Accepted(Buy(2, 1));
  ExecutionReport restated = Execution(ExecType::kRestated, id);
  restated.cum_qty = 50;
  restated.leaves_qty = 50;
  FromVenue(restated);
  Rejected(Buy(3, 1));
}

TEST_F(EngineThrottleTest, ARestartKeepsLatchesAndCounts) {
  With(ThreeExecutions);
  const uint64_t buy = Live(Buy(1, 100));
  const uint64_t sell = Live(Sell(2, 100));
  for (int i = 0; i < 3; ++i) FromVenue(ExecType::kPartialFill, buy, 1);
  for (int i = 0; i < 2; ++i) FromVenue(ExecType::kPartialFill, sell, 1);
  Reload();
  EXPECT_EQ(engine().execution_throttles(1), 1u);
  Rejected(Buy(3, 1));
  FromVenue(ExecType::kPartialFill, sell, 1);
  Rejected(Sell(4, 1, 10'200));
  ArmSession(1);
  Reload();
  EXPECT_EQ(engine().execution_throttles(1), 0u);
  Accepted(Buy(5, 1));
  config_.sessions[0].limits.executions_max = 0;
  ASSERT_EQ(Adopt(Saved(), config_), "");
  Accepted(Buy(6, 1));
}

TEST_F(EngineThrottleTest, AnArmWithoutAnythingLatchedIsNoNews) {
  With(ThreeExecutions);
  ArmSession(1);
  EXPECT_EQ(CountOf<RiskState>(), 0u);
  EXPECT_EQ(counters().unknown_sources, 0u);
}

}  // namespace
}  // namespace ringway
