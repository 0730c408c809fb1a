// Tests that limits hold for instruments whose money is no whole number, and that exposure adds up
// for them.

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

// Instrument 7 is a coin in 1e-8, quoted at 1.0873 of the risk currency.
EngineConfig CoinFirm() {
  EngineConfig config = SmallFirm();
  config.instruments[0].currency_rate = 1'087'300'000;
  config.instruments[0].units_per_price = 100'000'000;
  config.instruments[0].quantity_max = 100'000'000'000;
  config.accounts[0].limits.quantity_max = kNoLimit;
  config.accounts[0].limits.position_max = kNoLimit;
  config.sessions[0].limits.quantity_max = kNoLimit;
  return config;
}

class EngineMoneyTest : public EngineTest {
 public:
  EngineMoneyTest() : EngineTest(CoinFirm()) {}
};

TEST_F(EngineMoneyTest, ACoinsValueIsHeldAgainstLimitsRoundedUp) {
  EngineConfig config = CoinFirm();
  config.sessions[0].limits.notional_max = 108;
  Restart(config);
  // 100.00 * 1.0873 a coin: 0.99328611 coins are worth less than 108, one unit more is not.
  Accepted(Buy(1, 99'328'612));
  const OrderReject reject = Rejected(Buy(2, 99'328'613));
  EXPECT_EQ(reject.check, RiskCheck::kMaxNotional);
  EXPECT_EQ(reject.limit, 108);
  EXPECT_EQ(reject.value, 109);
}

// FindExposureError() is empty after every step (engine_fixture.h).
TEST_F(EngineMoneyTest, ExposureAddsUpWhateverBecomesOfOrders) {
  const uint64_t id = Live(Buy(1, 12'345'677));
  Live(Buy(2, 3));
  FromVenue(ExecType::kPartialFill, id, 1);
  const uint64_t replace = SendReplace(3, 1, 7'777'777, 9'999);
  ExecutionReport replaced = Execution(ExecType::kReplaced, replace);
  replaced.cum_qty = 1;
  replaced.leaves_qty = 7'777'776;
  FromVenue(replaced);
  FromVenue(ExecType::kPartialFill, replace, 77);
  FromVenue(ExecType::kBusted, replace, 77);
  FromVenue(ExecType::kCanceled, replace);
  EXPECT_EQ(engine().position(100, 7).quantity, 1);
}

TEST_F(EngineMoneyTest, AnInverseContractIsHeldAgainstItsFixedWorth) {
  EngineConfig config = SmallFirm();
  config.instruments[0].inverse = true;
  config.instruments[0].contract_multiplier = 100;
  config.sessions[0].limits.notional_max = 1'000;
  Restart(config);
  Accepted(Buy(1, 10, 1));
  Accepted(Buy(2, 10, 20'000));
  EXPECT_EQ(Rejected(Buy(3, 11, 1)).value, 1'100);
}

}  // namespace
}  // namespace ringway
