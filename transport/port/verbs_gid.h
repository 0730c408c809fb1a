// Chooses which of a port's addresses (GIDs) a queue pair uses, and explains the choice.
//
// A RoCE port has several for one IP address: RoCE v1, which no router passes, and RoCE v2. Both
// ends must choose the same kind, so the choice is by address and by kind, never by index. Pure
// functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace ringway {

using Gid = std::array<std::byte, 16>;  // in network byte order

enum class GidKind : uint8_t { kInfiniBand, kRoceV1, kRoceV2 };

struct GidEntry {
  Gid gid{};
  uint32_t index = 0;
  GidKind kind = GidKind::kRoceV2;
};

struct GidChoice {
  uint32_t index = 0;
  std::string why;  // one line, for people
};

// An IPv4 address, in network byte order, as a GID: ::ffff:a.b.c.d.
Gid GidOfIpv4(std::array<std::byte, 4> address) noexcept;

// Who answers for a peer at this address (LinkIdentity::holder): an IPv4 address, a link-local
// interface, or the network of any other IPv6 address, since one machine may have any number of
// addresses in it.
uint64_t HolderOf(const Gid& gid) noexcept;

// "10.9.0.1" or "fe80::1".
std::string FormatGid(const Gid& gid);

// The RoCE v2 entry of this address. Errors: NotFound, listing what the port has and what to do.
absl::StatusOr<GidChoice> ChooseGid(std::span<const GidEntry> table, const Gid& address);

}  // namespace ringway
