// Tests that the book of own prices always knows the best, and holds nothing when nothing rests.

#include "gateway/risk/tick_book.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "base/random.h"

namespace ringway {
namespace {

TEST(TickBookTest, AgreesWithAMapOverRandomChanges) {
  for (const uint64_t spread : {uint64_t{40}, uint64_t{5'000}, kTicksMax}) {
    TickBook book(TickBook::NodesFor(1'000, TickBook::LevelsFor(spread)),
                  TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
    std::map<uint64_t, uint64_t> model[2];
    uint64_t best[2] = {kNoTick, kNoTick};
    uint8_t levels[2] = {};
    Random random(spread);
    int orders = 0;  // as many as there is room for
    for (int round = 0; round < 200'000; ++round) {
      const auto tree = static_cast<uint32_t>(random.Below(2));
      auto& ticks = model[tree];
      if (random.Chance(0.5) && ticks.size() < 500 && orders < 1'000) {
        const uint64_t tick = random.Below(spread);
        book.Add(tree, tick, book.Home(tree, tick), {best[tree], levels[tree]});
        ++ticks[tick];
        ++orders;
      } else if (!ticks.empty()) {
        // The best one, half of the time.
        auto at = random.Chance(0.5) ? ticks.begin() : ticks.lower_bound(random.Below(spread));
        if (at == ticks.end()) at = ticks.begin();
        book.Remove(tree, at->first, {best[tree], levels[tree]});
        if (--at->second == 0) ticks.erase(at);
        --orders;
      }
      ASSERT_EQ(best[tree], ticks.empty() ? kNoTick : ticks.begin()->first);
    }
    for (const uint32_t tree : {0u, 1u}) {
      for (const auto& [tick, count] : model[tree]) {
        ASSERT_EQ(book.CountAt(tree, tick, best[tree], levels[tree]), count);
        for (uint64_t left = count; left != 0; --left)
          book.Remove(tree, tick, {best[tree], levels[tree]});
      }
    }
    EXPECT_EQ(book.nodes(), 0u);
  }
}

// The most expensive layout: two orders to a tree, as far apart as ticks can be.
TEST(TickBookTest, AllOrdersFitWhereverTheyLie) {
  for (const uint64_t ticks : {uint64_t{64}, uint64_t{65}, uint64_t{1'000'000}, kTicksMax}) {
    constexpr uint32_t kTrees = 2'000;
    const uint32_t levels = TickBook::LevelsFor(ticks);
    TickBook book(TickBook::NodesFor(2 * kTrees, levels),
                  TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
    std::vector<uint64_t> best(kTrees, kNoTick);
    std::vector<uint8_t> level(kTrees);
    for (uint32_t tree = 0; tree != kTrees; ++tree) {
      for (const uint64_t tick : {uint64_t{0}, ticks - 1}) {
        book.Add(tree, tick, book.Home(tree, tick), {best[tree], level[tree]});
      }
      EXPECT_LE(level[tree], levels);
      EXPECT_EQ(best[tree], 0u);
    }
    EXPECT_GE(book.nodes(), kTrees * (2 * levels - 1));
  }
}

TEST(TickBookTest, LoneOrdersNeedNoRoom) {
  TickBook book(64, TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
  std::array<uint64_t, 1'000> best;
  std::array<uint8_t, 1'000> levels{};
  best.fill(kNoTick);
  for (uint32_t tree = 0; tree < best.size(); ++tree)
    book.Add(tree, tree * 7, book.Home(tree, tree * 7), {best[tree], levels[tree]});
  EXPECT_EQ(book.nodes(), 0u);
}

TEST(TickBookTest, OrdersWithinACollarNeedAtMostOneAndAHalfNodesEach) {
  Random random(11);
  TickBook book(1'000, TableSecret{0x510e'527f'ade6'82d1, 0x9b05'688c'2b3e'6c1f});
  uint64_t best = kNoTick;
  uint8_t level = 0;
  for (uint32_t orders = 1; orders <= 300; ++orders) {
    const uint64_t tick = random.Below(4096);
    book.Add(0, tick, book.Home(0, tick), {best, level});
    ASSERT_LE(book.nodes() * 2, orders * 3 + 2) << orders;
  }
}

}  // namespace
}  // namespace ringway
