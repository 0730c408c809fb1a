// OrderIndex: finds the order that a member's clOrdId names, now or recently.
//
// Open addressing with linear probing and backward-shift deletion: no tombstones, no allocation
// after construction. An open order's entry holds its slot. When the order closes, or its id is
// superseded by a replace, the entry stays and holds the outcome instead, until `closed_max` later
// ids have closed: so a late cancel and a duplicate id are distinguished from an unknown id.
// Members choose the identifiers: their places depend on a secret factor, so that nobody can choose
// many that collide. Thread rule: one thread.
#pragma once

#include <bit>
#include <cstdint>

#include "base/check.h"
#include "base/huge_array.h"
#include "base/prefetch.h"
#include "exchange/order.h"

namespace ringway::exchange {

class OrderIndex {
 public:
  struct Entry {
    uint64_t id;
    Slot slot;            // kNoSlot: closed
    uint16_t key;         // member + 1; kFree in an empty entry
    OrdStatus closed_as;  // of a closed id; kUnset: superseded by a replace

    bool open() const noexcept { return slot != kNoSlot; }
  };
  static_assert(sizeof(Entry) == 16);

  OrderIndex(uint32_t open_max, uint32_t closed_max, uint64_t seed)
      : factor_((0x9e3779b97f4a7c15u ^ seed) | 1),
        entries_(std::bit_ceil(2 * (uint64_t{open_max} + closed_max + 1))),
        mask_(entries_.size() - 1),
        shift_(static_cast<uint32_t>(64 - std::countr_zero(entries_.size()))),
        closed_(closed_max) {}

  // The entry of the id, or nullptr. Valid until the next Insert, Close or Forget.
  const Entry* Find(uint32_t member, uint64_t id) const noexcept {
    const uint16_t key = Key(member);
    for (uint64_t at = Home(key, id);; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.key == kFree) return nullptr;
      if (entry.id == id && entry.key == key) return &entry;
    }
  }

  // REQUIRES: the id is not in the index, and fewer than open_max are open.
  void Insert(uint32_t member, uint64_t id, Slot slot) noexcept {
    const uint16_t key = Key(member);
    uint64_t at = Home(key, id);
    while (entries_[at].key != kFree) at = (at + 1) & mask_;
    entries_[at] = {.id = id, .slot = slot, .key = key, .closed_as = OrdStatus::kUnset};
  }

  // The open id is no longer an order's. Drops the id that has been closed for longest.
  void Close(uint32_t member, uint64_t id, OrdStatus closed_as) noexcept {
    ClosedId& oldest = closed_[closed_next_];
    if (oldest.used) Erase(oldest.member, oldest.id);
    oldest = {.id = id, .member = static_cast<uint16_t>(member), .used = true};
    closed_next_ = closed_next_ + 1 == closed_.size() ? 0 : closed_next_ + 1;
    const Entry* found = Find(member, id);
    RINGWAY_CHECK(found != nullptr && found->open(), "an order that closes is in the index");
    Entry& entry = entries_[static_cast<size_t>(found - &entries_[0])];
    entry.slot = kNoSlot;
    entry.closed_as = closed_as;
    // Prefetches the next one to be dropped.
    const ClosedId& next = closed_[closed_next_];
    Prefetch(&entries_[Home(Key(next.member), next.id)]);
  }

 private:
  static constexpr uint16_t kFree = 0;

  struct ClosedId {
    uint64_t id;
    uint16_t member;
    bool used;
  };

  static uint16_t Key(uint32_t member) noexcept { return static_cast<uint16_t>(member + 1); }

  // Four neighbouring ids share a cache line, since members count theirs up; the lines are
  // scattered by multiplication, so that runs of ids do not grow into one long probe.
  uint64_t Home(uint16_t key, uint64_t id) const noexcept {
    const uint64_t line = ((id >> 2) + (uint64_t{key} << 48)) * factor_;
    return ((line >> shift_) & ~uint64_t{3} & mask_) | (id & 3);
  }

  void Erase(uint32_t member, uint64_t id) noexcept {
    const Entry* found = Find(member, id);
    RINGWAY_CHECK(found != nullptr, "a closed id is in the index until it is forgotten");
    uint64_t hole = static_cast<uint64_t>(found - &entries_[0]);
    for (uint64_t at = (hole + 1) & mask_; entries_[at].key != kFree; at = (at + 1) & mask_) {
      const uint64_t home = Home(entries_[at].key, entries_[at].id);
      // An entry may move back into the hole unless its home lies cyclically in (hole, at].
      if (((at - home) & mask_) >= ((at - hole) & mask_)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole] = Entry{};
  }

  uint64_t factor_;
  HugeArray<Entry> entries_;
  uint64_t mask_;
  uint32_t shift_;
  HugeArray<ClosedId> closed_;
  size_t closed_next_ = 0;
};

}  // namespace ringway::exchange
