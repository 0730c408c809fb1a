// Tests that a holder that floods a table loses only its own entries.
#include "transport/fair_share.h"

#include <vector>

#include "gtest/gtest.h"

namespace ringway {
namespace {

struct Entry {
  uint64_t holder;
  uint64_t arrival;
  bool may_go = true;
};

std::size_t ToGiveUp(const std::vector<Entry>& entries, uint64_t newcomer) {
  FairShare share;
  return share.ToGiveUp(
      entries, newcomer, [](const Entry& e) { return e.holder; },
      [](const Entry& e) { return e.arrival; }, [](const Entry& e) { return e.may_go; });
}

TEST(FairShareTest, TheBiggestHoldersOldestGoes) {
  EXPECT_EQ(ToGiveUp({{1, 9}, {2, 1}, {1, 5}, {1, 7}}, 2), 2u);
  EXPECT_EQ(ToGiveUp({{1, 9}, {2, 1}, {1, 5}, {1, 7}}, 3), 2u);
}

TEST(FairShareTest, OfEqualHoldersTheNewcomersOwnGoes) {
  EXPECT_EQ(ToGiveUp({{1, 1}, {2, 2}}, 2), 1u);
  EXPECT_EQ(ToGiveUp({{2, 2}, {1, 1}}, 2), 0u);
}

TEST(FairShareTest, WhatMayNotGoStaysAndIsNotCounted) {
  EXPECT_EQ(ToGiveUp({{1, 1, false}, {1, 2, false}, {2, 3}}, 1), 2u);
  EXPECT_EQ(ToGiveUp({{1, 1, false}}, 1), 1u) << "none";
  EXPECT_EQ(ToGiveUp({}, 1), 0u) << "none";
}

TEST(FairShareTest, MoreHoldersThanAreCountedStillFindOneToGo) {
  std::vector<Entry> entries;
  for (uint64_t i = 0; i != 4 * FairShare::kHoldersMax; ++i) entries.push_back({i, i});
  EXPECT_LT(ToGiveUp(entries, 1'000'000), entries.size());
}

}  // namespace
}  // namespace ringway
