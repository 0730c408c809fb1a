// Tests that operators are alerted about a limit that is nearly used up, once for each crossing.

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

EngineConfig WarnsAt80() {
  EngineConfig config = SmallFirm();
  config.warn_at_percent = 80;
  config.desks = {{.id = 5, .name = "desk", .limits = {}}};
  config.accounts[0].desk = 5;
  return config;
}

class EngineSoftLimitTest : public EngineTest {
 public:
  EngineSoftLimitTest() : EngineTest(WarnsAt80()) {}

  template <class F>
  void With(F&& set) {
    config_ = WarnsAt80();
    set(config_);
    Restart(config_);
  }
  // The alerts since the last call, as "owner number check instrument value/limit".
  std::vector<std::string> Alerts() {
    std::vector<std::string> texts;
    for (; seen_ < engine().alerts().total(); ++seen_) {
      const RiskAlert& alert = engine().alerts().at(seen_);
      EXPECT_EQ(Name(alert.kind), "softLimit");
      texts.push_back(std::string(Name(alert.owner_kind)) + " " + std::to_string(alert.owner) +
                      " " + std::string(Name(alert.check)) + " " +
                      std::to_string(alert.instrument) + " " + std::to_string(alert.value) + "/" +
                      std::to_string(alert.limit));
    }
    return texts;
  }
  void Reload() {
    const std::vector<std::byte> bytes = Saved();
    const uint64_t hash = engine().StateHash();
    ASSERT_EQ(Adopt(bytes, config_), "");
    EXPECT_EQ(engine().StateHash(), hash);
  }

  using Texts = std::vector<std::string>;
  EngineConfig config_;
  uint64_t seen_ = 0;
};

TEST_F(EngineSoftLimitTest, APositionIsToldBeyondTheSoftPartAndOnlyOnce) {
  With([](EngineConfig& config) { config.accounts[0].limits.position_max = 100; });
  Accepted(Buy(1, 80, 9'000));
  EXPECT_EQ(Alerts(), Texts{}) << "at it";
  Accepted(Buy(2, 1, 9'000));
  EXPECT_EQ(Alerts(), Texts{"account 100 positionLimit 7 81/100"});
  Accepted(Buy(3, 5, 9'000));
  EXPECT_EQ(Alerts(), Texts{});
  EXPECT_EQ(counters().soft_limits, 1u);
  Rejected(Buy(4, 100, 9'000));
  EXPECT_EQ(Alerts(), Texts{}) << "what was refused does not count";
}

TEST_F(EngineSoftLimitTest, ItIsToldAgainOnlyAfterItWasWellBelow) {
  With([](EngineConfig& config) { config.accounts[0].limits.position_max = 100; });
  const uint64_t first = Live(Buy(1, 71, 9'000));
  const uint64_t second = Live(Buy(2, 10, 9'000));
  EXPECT_EQ(Alerts().size(), 1u);
  FromVenue(ExecType::kCanceled, second);
  Live(Buy(3, 2, 9'000));  // 73: not well below 80
  Live(Buy(4, 10, 9'000));
  EXPECT_EQ(Alerts(), Texts{});
  FromVenue(ExecType::kCanceled, first);
  Live(Buy(5, 1, 9'000));  // 13
  Live(Buy(6, 70, 9'000));
  EXPECT_EQ(Alerts(), Texts{"account 100 positionLimit 7 83/100"});
}

TEST_F(EngineSoftLimitTest, EveryLayerTellsOfItself) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.gross_notional_max = 10'000;
    config.accounts[0].limits.open_orders_max = 2;
    config.sessions[0].limits.open_orders_max = 2;
    config.sessions[0].limits.gross_notional_max = 10'000;
    config.desks[0].limits.open_orders_max = 2;
    config.desks[0].limits.position_max = 100;
    config.firm.gross_notional_max = 10'000;
  });
  Accepted(Buy(1, 70, 10'000));
  EXPECT_EQ(Alerts(), Texts{});
  Accepted(Buy(2, 20, 10'000));
  EXPECT_EQ(Alerts(),
            (Texts{"account 100 grossNotional 0 9000/10000", "account 100 openOrders 0 2/2",
                   "session 1 openOrders 0 2/2", "session 1 sessionGrossNotional 0 9000/10000",
                   "desk 5 deskOpenOrders 0 2/2", "desk 5 deskPosition 7 90/100",
                   "firm 0 firmGrossNotional 0 9000/10000"}));
}

TEST_F(EngineSoftLimitTest, AReplaceIsLookedAtToo) {
  With([](EngineConfig& config) { config.accounts[0].limits.position_max = 100; });
  Live(Sell(1, 50));
  EXPECT_NE(SendReplace(2, 1, 90, 10'100), 0u);
  EXPECT_EQ(Alerts(), Texts{"account 100 positionLimit 7 90/100"});
}

TEST_F(EngineSoftLimitTest, ARestartRemembersWhatWasTold) {
  With([](EngineConfig& config) {
    config.accounts[0].limits.position_max = 100;
    config.accounts[0].limits.gross_notional_max = 10'000;
    config.firm.position_max = 100;
    config.sessions[0].limits.position_max = 100;
    config.desks[0].limits.gross_notional_max = 10'000;
  });
  Accepted(Buy(1, 90, 10'000));
  EXPECT_EQ(Alerts().size(), 5u);
  Reload();
  Accepted(Buy(2, 1, 10'000));
  EXPECT_EQ(Alerts(), Texts{});
}

TEST_F(EngineSoftLimitTest, WithoutASoftPartNothingIsTold) {
  With([](EngineConfig& config) {
    config.warn_at_percent = 0;
    config.accounts[0].limits.position_max = 100;
  });
  Accepted(Buy(1, 100, 9'000));
  EXPECT_EQ(Alerts(), Texts{});
}

}  // namespace
}  // namespace ringway
