// Tests that every process gets a core that exists, and the gateway its own.

#include "tools/flow/placement.h"

#include <set>

#include "base/child_process.h"
#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

TEST(PlacementTest, OneCoreIsLeftToTheScheduler) {
  const Placement placement{.cores = 1, .strategies = 2};
  EXPECT_EQ(placement.CoreOf(Role::kGateway, 0), kAnyCore);
  EXPECT_EQ(placement.CoreOf(Role::kStrategy, 1), kAnyCore);
}

TEST(PlacementTest, PinNoneIsObeyed) {
  const Placement placement{.cores = 8, .strategies = 2, .pin = false};
  EXPECT_EQ(placement.CoreOf(Role::kExchange, 0), kAnyCore);
}

TEST(PlacementTest, TheGatewayNeverSharesItsCore) {
  for (uint32_t cores = 2; cores < 10; ++cores) {
    const Placement placement{.cores = cores, .strategies = 5};
    const int gateway = placement.CoreOf(Role::kGateway, 0);
    EXPECT_NE(placement.CoreOf(Role::kExchange, 0), gateway);
    for (uint32_t i = 0; i < 5; ++i) {
      const int core = placement.CoreOf(Role::kStrategy, i);
      EXPECT_NE(core, gateway);
      EXPECT_GE(core, 0);
      EXPECT_LT(core, static_cast<int>(cores));
    }
  }
}

TEST(PlacementTest, WithEnoughCoresNobodyShares) {
  const Placement placement{.cores = 5, .strategies = 3};
  const std::set<int> cores = {
      placement.CoreOf(Role::kExchange, 0), placement.CoreOf(Role::kGateway, 0),
      placement.CoreOf(Role::kStrategy, 0), placement.CoreOf(Role::kStrategy, 1),
      placement.CoreOf(Role::kStrategy, 2)};
  EXPECT_EQ(cores.size(), 5u);
}

}  // namespace
}  // namespace ringway::flow
