// Tests that a session that sends as fast as it can harms only itself.
#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/hostile/hostile_fixture.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kMiB = 1 << 20;

// A name for the test, and one in attacks_orders.cc.
class FloodTest : public HostileTest, public testing::WithParamInterface<const char*> {};

TEST_P(FloodTest, HarmsOnlyItself) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true}));
  ExpectUnharmed({GetParam()}, WithJournal(32 * kMiB));
}

INSTANTIATE_TEST_SUITE_P(WithAJournal, FloodTest,
                         testing::Values("orders", "orders-throttled", "duplicates",
                                         "unknown-instruments", "fills", "replaces",
                                         "unknown-cancels", "mass-cancels", "malformed",
                                         "never-reads"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST_F(HostileTest, AJournalOfSmallSegmentsHoldsTheFloodBackToo) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true, .configure = SmallSegments}));
  ExpectUnharmed({"orders"}, WithJournal(4 * kMiB));
}

// What the engine remembers of ended orders must not slow down anybody's next ones.
TEST_F(HostileTest, ClOrdIdsThatWouldCollideLeaveNothingSlow) {
  ASSERT_NO_FATAL_FAILURE(Open({}));
  ASSERT_NO_FATAL_FAILURE(Join("collisions"));
  EXPECT_TRUE(UnharmedAfterwards(*site_, *honest_, *attackers_[0], 30'000));
}

TEST_F(HostileTest, TwoFloodsAtOnceAreHeldBackToo) {
  ASSERT_NO_FATAL_FAILURE(Open({.journal = true}));
  ExpectUnharmed({"orders", "orders-throttled"}, WithJournal(32 * kMiB));
}

}  // namespace
}  // namespace ringway::hostile
