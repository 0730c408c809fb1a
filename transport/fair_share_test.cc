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

std::size_t ToGiveUp(const std::vector<Entry>& entries, uint64_t newcomer,
                     Newcomer otherwise = Newcomer::kReplaces) {
  FairShare share;
  return share.ToGiveUp(
      entries, newcomer, [](const Entry& e) { return e.holder; },
      [](const Entry& e) { return e.arrival; }, [](const Entry& e) { return e.may_go; }, otherwise);
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

// Entries that are costly to make: a newcomer whose holder has the most is refused.
TEST(FairShareTest, TheBiggestHoldersNewcomerMayBeRefused) {
  std::vector<Entry> entries;
  for (uint64_t i = 0; i != 60; ++i) entries.push_back({1, 1000 - i});
  for (uint64_t i = 0; i != 4; ++i) entries.push_back({2, i});
  EXPECT_EQ(ToGiveUp(entries, 3, Newcomer::kIsRefused), 59u) << "the biggest holder's oldest";
  EXPECT_EQ(ToGiveUp(entries, 1, Newcomer::kIsRefused), entries.size());
}

TEST(FairShareTest, EqualsDoNotEvictEachOther) {
  EXPECT_EQ(ToGiveUp({{1, 1}, {2, 2}}, 3, Newcomer::kIsRefused), 2u) << "none";
  EXPECT_EQ(ToGiveUp({{1, 1}, {2, 2}}, 1, Newcomer::kIsRefused), 2u) << "none";
}

// Whatever one holder requests, in any order, another one gets in and stays.
TEST(FairShareTest, AFloodFromOneHolderKeepsNobodyOut) {
  std::vector<Entry> entries;
  uint64_t now = 0;
  const auto ask = [&](uint64_t holder) {
    if (entries.size() == 64) {
      const std::size_t evicted = ToGiveUp(entries, holder, Newcomer::kIsRefused);
      if (evicted == entries.size()) return false;
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(evicted));
    }
    entries.push_back({holder, ++now});
    return true;
  };
  for (int i = 0; i != 500; ++i) ask(1);
  for (uint64_t honest = 2; honest != 20; ++honest) {
    EXPECT_TRUE(ask(honest));
    for (int i = 0; i != 100; ++i) ask(1);
  }
  for (uint64_t honest = 2; honest != 20; ++honest) {
    std::size_t count = 0;
    for (const Entry& entry : entries) count += entry.holder == honest ? 1 : 0;
    EXPECT_EQ(count, 1u) << honest;
  }
}

}  // namespace
}  // namespace ringway
