// Chooses which pending connection to evict when a newcomer finds no room.
//
// Pure.
#pragma once

#include <cstdint>
#include <span>

#include "transport/port/verbs_gid.h"

namespace ringway {

// A connection that is not established yet.
struct PendingHolder {
  Gid source;           // where it comes from
  int64_t deadline_ns;  // the older, the sooner
  void* what;           // the caller's
};

// The oldest connection of the address that holds the most, provided that it holds more than the
// newcomer's address would with one more; null: refuse the newcomer. So no address can keep the
// others out.
const PendingHolder* ChooseEvicted(std::span<const PendingHolder> holders, const Gid& newcomer);

}  // namespace ringway
