// Tests that the GID is chosen by address and kind, and that the choice is explained.
#include "transport/port/verbs_gid.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringway {
namespace {

Gid Ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return GidOfIpv4({std::byte{a}, std::byte{b}, std::byte{c}, std::byte{d}});
}
Gid LinkLocal() {
  Gid gid{};
  gid[0] = std::byte{0xfe};
  gid[1] = std::byte{0x80};
  gid[15] = std::byte{1};
  return gid;
}

// The GID table of a RoCE port with one IPv4 address, in the order adapters use.
std::vector<GidEntry> UsualTable() {
  return {{LinkLocal(), 0, GidKind::kRoceV1},
          {LinkLocal(), 1, GidKind::kRoceV2},
          {Ipv4(10, 9, 0, 1), 2, GidKind::kRoceV1},
          {Ipv4(10, 9, 0, 1), 3, GidKind::kRoceV2}};
}

TEST(VerbsGidTest, TakesRoceV2OfTheAddressWhereverItStands) {
  std::vector<GidEntry> table = UsualTable();
  absl::StatusOr<GidChoice> choice = ChooseGid(table, Ipv4(10, 9, 0, 1));
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->index, 3u);
  std::swap(table[0], table[3]);
  table[0].index = 0;
  table[3].index = 3;
  EXPECT_EQ(ChooseGid(table, Ipv4(10, 9, 0, 1))->index, 0u);
  EXPECT_EQ(ChooseGid(table, LinkLocal())->index, 1u);
}

TEST(VerbsGidTest, SaysWhyAndWhatItPassedOver) {
  const absl::StatusOr<GidChoice> choice = ChooseGid(UsualTable(), Ipv4(10, 9, 0, 1));
  EXPECT_EQ(choice->why,
            "GID 3 (RoCE v2, 10.9.0.1): RoCE v2 of the link's own address; skipped: "
            "0 (RoCE v1, fe80::1): another address, 1 (RoCE v2, fe80::1): another address, "
            "2 (RoCE v1, 10.9.0.1): RoCE v1 does not cross routers");
  const std::vector<GidEntry> one = {{Ipv4(10, 9, 0, 1), 1, GidKind::kRoceV2}};
  EXPECT_NE(ChooseGid(one, Ipv4(10, 9, 0, 1))->why.find("no other"), std::string::npos);
}

TEST(VerbsGidTest, NoneIsAnErrorWithWhatThereIs) {
  const absl::Status none = ChooseGid(UsualTable(), Ipv4(10, 9, 0, 2)).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(none.message().find("3 (RoCE v2, 10.9.0.1)"), absl::string_view::npos) << none;
  EXPECT_NE(none.message().find("Remedy"), absl::string_view::npos) << none;
  EXPECT_EQ(ChooseGid({}, LinkLocal()).status().code(), absl::StatusCode::kNotFound);
  // RoCE v1 alone is not enough.
  const std::vector<GidEntry> old = {{Ipv4(10, 9, 0, 1), 0, GidKind::kRoceV1}};
  EXPECT_EQ(ChooseGid(old, Ipv4(10, 9, 0, 1)).status().code(), absl::StatusCode::kNotFound);
}

TEST(VerbsGidTest, ANetworkAnswersForAllItsAddressesALinkLocalOneForItself) {
  const auto ipv6 = [](uint8_t network, uint8_t interface) {
    Gid gid{std::byte{0x20}, std::byte{1}};
    gid[7] = std::byte{network};
    gid[15] = std::byte{interface};
    return gid;
  };
  EXPECT_NE(HolderOf(Ipv4(10, 9, 0, 1)), HolderOf(Ipv4(10, 9, 0, 2)));
  EXPECT_EQ(HolderOf(ipv6(1, 1)), HolderOf(ipv6(1, 2)));
  EXPECT_NE(HolderOf(ipv6(1, 1)), HolderOf(ipv6(2, 1)));
  Gid neighbour = LinkLocal();
  neighbour[15] = std::byte{2};
  EXPECT_NE(HolderOf(LinkLocal()), HolderOf(neighbour));
}

}  // namespace
}  // namespace ringway
