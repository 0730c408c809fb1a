// Tests that a limit breach ends a session's trading where that is configured, and nothing else
// does.

#include <cstddef>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

EngineConfig KillOnBreach() {
  EngineConfig config = SmallFirm();
  config.sessions[0].limits.on_breach = BreachPolicy::kKill;
  config.sessions[0].limits.quantity_max = 100;
  return config;
}

class EngineBreachTest : public EngineTest {
 public:
  EngineBreachTest() : EngineTest(KillOnBreach()) {}
};

TEST_F(EngineBreachTest, TheSessionIsKilledWithTheRefusalAndToldSo) {
  Live(Buy(1, 100));
  EXPECT_EQ(Rejected(Buy(2, 101)).check, RiskCheck::kMaxQuantity);
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
  EXPECT_EQ(counters().breach_kills, 1u);
  Timer();
  ASSERT_TRUE(To<RiskState>(Target::kSession));
  EXPECT_EQ(To<RiskState>(Target::kSession)->killed, 1);
  EXPECT_EQ(Rejected(Buy(3, 1)).reason, RejectReason::kKillSwitch);
  EXPECT_NE(SendCancel(4, 1), 0u);
  ASSERT_EQ(engine().alerts().total(), 1u);
  const RiskAlert& alert = engine().alerts().at(0);
  EXPECT_EQ(Name(alert.kind), "breach");
  EXPECT_EQ(Name(alert.check), Name(RiskCheck::kMaxQuantity));
  EXPECT_EQ(alert.owner, 1u);
  EXPECT_EQ(alert.limit, 100);
  EXPECT_EQ(alert.value, 101);
  Kill(KillScope::kSession, 1, false);
  Accepted(Buy(5, 1));
}

TEST_F(EngineBreachTest, AReplaceBreachesToo) {
  Live(Buy(1, 100));
  EXPECT_EQ(SendReplace(2, 1, 101, 10'000), 0u);
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
}

TEST_F(EngineBreachTest, WhoseLimitItIsMakesNoDifference) {
  EngineConfig config = KillOnBreach();
  config.firm.open_orders_max = 1;
  Restart(config);
  Accepted(Limit(1, Side::kBuy, 1, 9'000, 200), 2);
  EXPECT_EQ(Rejected(Limit(2, Side::kBuy, 1, 9'000, 200), 2).check, RiskCheck::kFirmOpenOrders);
  EXPECT_FALSE(engine().killed(KillScope::kSession, 2)) << "that session is only refused";
  EXPECT_EQ(Rejected(Buy(1, 1)).check, RiskCheck::kFirmOpenOrders);
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
}

TEST_F(EngineBreachTest, WhatIsNotAboutSizeKillsNobody) {
  EngineConfig config = KillOnBreach();
  config.sessions[0].limits.collar_bps = 500;
  config.instruments[0].reference_age_max_ns = 1;
  Restart(config);
  NewOrder odd = Buy(1, 1);
  odd.price += 1;  // no multiple of the tick
  EXPECT_EQ(Rejected(odd).reason, RejectReason::kInvalidPriceIncrement);
  EXPECT_EQ(Rejected(Buy(2, 1)).reason, RejectReason::kReferencePriceNotAvailable);
  Kill(KillScope::kAccount, 100);
  EXPECT_EQ(Rejected(Buy(3, 1)).reason, RejectReason::kKillSwitch);
  EXPECT_FALSE(engine().killed(KillScope::kSession, 1));
  EXPECT_EQ(counters().breach_kills, 0u);
}

TEST_F(EngineBreachTest, ARestartKeepsIt) {
  Rejected(Buy(1, 101));
  const std::vector<std::byte> bytes = Saved();
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(bytes, KillOnBreach()), "");
  EXPECT_EQ(engine().StateHash(), hash);
  EXPECT_TRUE(engine().killed(KillScope::kSession, 1));
  EXPECT_EQ(engine().alerts().total(), 1u);
}

}  // namespace
}  // namespace ringway
