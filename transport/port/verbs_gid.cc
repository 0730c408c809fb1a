// Implements verbs_gid.h: chooses a GID and explains the choice.
#include "transport/port/verbs_gid.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

constexpr std::array<std::byte, 12> kMappedPrefix = {
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

bool IsMapped(const Gid& gid) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), gid.begin());
}

const char* KindName(GidKind kind) {
  switch (kind) {
    case GidKind::kInfiniBand:
      return "InfiniBand";
    case GidKind::kRoceV1:
      return "RoCE v1";
    case GidKind::kRoceV2:
      return "RoCE v2";
  }
  return "unknown";
}

std::string Describe(const GidEntry& entry) {
  return absl::StrCat(entry.index, " (", KindName(entry.kind), ", ", FormatGid(entry.gid), ")");
}

}  // namespace

Gid GidOfIpv4(std::array<std::byte, 4> address) noexcept {
  Gid gid;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), gid.begin());
  std::copy(address.begin(), address.end(), gid.begin() + kMappedPrefix.size());
  return gid;
}

uint64_t HolderOf(const Gid& gid) noexcept {
  const bool link_local =
      gid[0] == std::byte{0xfe} && (gid[1] & std::byte{0xc0}) == std::byte{0x80};
  uint64_t network;
  uint64_t host;
  std::memcpy(&network, gid.data(), sizeof(network));
  std::memcpy(&host, gid.data() + sizeof(network), sizeof(host));
  // No IPv4 address and no network begins as a link-local prefix, which keeps its hosts apart.
  return IsMapped(gid) ? host : link_local ? network ^ host : network;
}

std::string FormatGid(const Gid& gid) {
  char text[INET6_ADDRSTRLEN];
  const bool mapped = IsMapped(gid);
  const void* const from = mapped ? gid.data() + kMappedPrefix.size() : gid.data();
  return inet_ntop(mapped ? AF_INET : AF_INET6, from, text, sizeof(text));
}

absl::StatusOr<GidChoice> ChooseGid(std::span<const GidEntry> table, const Gid& address) {
  const GidEntry* chosen = nullptr;
  std::string others;
  for (const GidEntry& entry : table) {
    const bool fits = entry.gid == address && entry.kind == GidKind::kRoceV2;
    if (fits && chosen == nullptr) {
      chosen = &entry;
      continue;
    }
    absl::StrAppend(&others, others.empty() ? "" : ", ", Describe(entry),
                    fits                   ? ": the same again"
                    : entry.gid != address ? ": another address"
                                           : ": RoCE v1 does not cross routers");
  }
  if (chosen == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "the RDMA port has no RoCE v2 GID of address ", FormatGid(address),
        "; it has: ", others.empty() ? "none" : others,
        ". Remedy: give the port's network interface this address, or use one that it has"));
  }
  return GidChoice{
      chosen->index,
      absl::StrCat("GID ", Describe(*chosen), ": RoCE v2 of the link's own address",
                   others.empty() ? ", the port has no other" : "; skipped: ", others)};
}

}  // namespace ringway
