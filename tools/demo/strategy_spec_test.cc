// Tests that every order is assigned to a strategy, and that a task survives its file.
#include "tools/demo/strategy_spec.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace ringway::demo {
namespace {

TEST(StrategySpecTest, OrdersAreDividedAlsoAmongMoreStrategiesThanThereAreOrders) {
  for (const uint64_t orders : {1u, 2u, 3u, 7u, 1000u}) {
    for (const uint32_t strategies : {1u, 2u, 3u, 64u}) {
      uint64_t sum = 0;
      for (uint32_t i = 0; i != strategies; ++i) sum += OrdersOf(orders, strategies, i);
      EXPECT_EQ(sum, orders) << strategies;
    }
  }
  EXPECT_EQ(OrdersOf(1, 2, 0), 1u);
  EXPECT_EQ(OrdersOf(1, 2, 1), 0u) << "none, and not as many as the time allows";
}

TEST(StrategySpecTest, WithoutANumberOfOrdersTheTimeDecides) {
  EXPECT_EQ(OrdersOf(0, 2, 1), UINT64_MAX);
}

TEST(StrategySpecTest, AnyPathSurvivesTheFile) {
  StrategySpec spec;
  spec.orders_max = 0;
  spec.replay_file = "/tmp/a \"quoted\" \\ path\n\x01";
  const auto read = StrategySpecFromJsonText(ToJsonText(spec));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->orders_max, 0u);
  EXPECT_EQ(read->replay_file, spec.replay_file);
  spec.replay_file = "/tmp/\xff";  // not UTF-8
  EXPECT_TRUE(StrategySpecFromJsonText(ToJsonText(spec)).ok());
}

}  // namespace
}  // namespace ringway::demo
