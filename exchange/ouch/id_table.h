// OuchIdTable: the ids that a member has used in its session, and the open order of each.
//
// An id is used once: its entry stays when its order has ended, so that a request that is sent
// again is known. Open addressing, never erased from. Members choose the ids: their places depend
// on a secret seed. Memory is allocated as it is filled. Thread rule: one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/lazy_array.h"
#include "exchange/order.h"
#include "exchange/ouch/mapping.h"

namespace ringway::exchange {

class OuchIdTable {
 public:
  OuchIdTable(uint32_t ids_max, uint64_t seed)
      : seed_(seed), entries_(std::bit_ceil(2 * (uint64_t{ids_max} + 1))), ids_max_(ids_max) {}

  bool IsUsed(const OuchId& id) const noexcept { return Place(id).used; }
  // The place of its open order; kNoSlot: it has none.
  Slot Find(const OuchId& id) const noexcept {
    const Entry& entry = Place(id);
    return entry.used ? entry.slot : kNoSlot;
  }
  // REQUIRES: the id is not used, and fewer than ids_max are.
  void Use(const OuchId& id, Slot slot) noexcept {
    RINGWAY_CHECK(count_++ < ids_max_, "more ids than messages");
    Entry& entry = Place(id);
    RINGWAY_CHECK(!entry.used, "an id is used once");
    entry = {id.token.bytes, true, id.number, slot};
  }
  // Its order has ended, or goes on under another id. REQUIRES: it is used.
  void Close(const OuchId& id) noexcept { Place(id).slot = kNoSlot; }

 private:
  struct Entry {
    std::array<char, 14> token;
    bool used;
    uint32_t number;
    Slot slot;
  };

  static uint64_t Mixed(uint64_t value) noexcept {
    value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93u;
    return value ^ (value >> 32);
  }
  uint64_t Home(const OuchId& id) const noexcept {
    uint64_t head;
    uint64_t tail;
    std::memcpy(&head, id.token.bytes.data(), sizeof(head));
    std::memcpy(&tail, id.token.bytes.data() + id.token.kSize - sizeof(tail), sizeof(tail));
    return Mixed(Mixed(Mixed(seed_ ^ head) + seed_ + tail) ^ id.number);
  }
  // Its entry, or the free one where it would be.
  const Entry& Place(const OuchId& id) const noexcept {
    const uint64_t mask = entries_.size() - 1;
    for (uint64_t at = Home(id) & mask;; at = (at + 1) & mask) {
      const Entry& entry = entries_[at];
      if (!entry.used || (entry.token == id.token.bytes && entry.number == id.number)) return entry;
    }
  }
  Entry& Place(const OuchId& id) noexcept {
    return const_cast<Entry&>(static_cast<const OuchIdTable&>(*this).Place(id));
  }

  const uint64_t seed_;
  LazyArray<Entry> entries_;
  const uint32_t ids_max_;
  uint32_t count_ = 0;
};

}  // namespace ringway::exchange
