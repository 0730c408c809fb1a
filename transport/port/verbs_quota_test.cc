// Tests that an address that opens connections and never completes them cannot keep the others out.
#include "transport/port/verbs_quota.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace ringway {
namespace {

Gid Address(uint8_t last) {
  return GidOfIpv4({std::byte{10}, std::byte{0}, std::byte{0}, std::byte{last}});
}

TEST(VerbsQuotaTest, TheBiggestHoldersOldestMakesRoomForANewcomer) {
  std::vector<PendingHolder> holders;
  for (int i = 0; i != 60; ++i) holders.push_back({Address(1), 1000 - i, nullptr});
  for (int i = 0; i != 4; ++i) holders.push_back({Address(2), i, nullptr});
  const PendingHolder* const evicted = ChooseEvicted(holders, Address(3));
  ASSERT_EQ(evicted, &holders[59]);
}

TEST(VerbsQuotaTest, TheBiggestHolderItselfIsRefused) {
  std::vector<PendingHolder> holders;
  for (int i = 0; i != 60; ++i) holders.push_back({Address(1), i, nullptr});
  for (int i = 0; i != 4; ++i) holders.push_back({Address(2), i, nullptr});
  EXPECT_EQ(ChooseEvicted(holders, Address(1)), nullptr);
}

TEST(VerbsQuotaTest, EqualsDoNotEvictEachOther) {
  const std::vector<PendingHolder> holders = {{Address(1), 1, nullptr}, {Address(2), 2, nullptr}};
  EXPECT_EQ(ChooseEvicted(holders, Address(3)), nullptr);
  EXPECT_EQ(ChooseEvicted(holders, Address(1)), nullptr);
}

// Whatever one address requests, in any order, another one gets in and stays.
TEST(VerbsQuotaTest, AFloodFromOneAddressKeepsNobodyOut) {
  std::vector<PendingHolder> holders;
  int64_t now = 0;
  const auto ask = [&](const Gid& source) {
    if (holders.size() == 64) {
      const PendingHolder* const evicted = ChooseEvicted(holders, source);
      if (evicted == nullptr) return false;
      holders.erase(holders.begin() + (evicted - holders.data()));
    }
    holders.push_back({source, ++now, nullptr});
    return true;
  };
  for (int i = 0; i != 500; ++i) ask(Address(1));
  for (uint8_t honest = 2; honest != 20; ++honest) {
    EXPECT_TRUE(ask(Address(honest)));
    for (int i = 0; i != 100; ++i) ask(Address(1));
  }
  for (uint8_t honest = 2; honest != 20; ++honest) {
    std::size_t count = 0;
    for (const PendingHolder& holder : holders) count += holder.source == Address(honest) ? 1 : 0;
    EXPECT_EQ(count, 1u) << int{honest};
  }
}

}  // namespace
}  // namespace ringway
