// ExpiryHeap: finds the order that expires next.
//
// A binary heap of the orders that expire at all, by time and then by age. An order knows its place
// in the heap, so that a cancel removes it without a search. Fixed size: every order fits. Thread
// rule: one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/book.h"
#include "exchange/order.h"

namespace ringway::exchange {

class ExpiryHeap {
 public:
  // `book` owns the orders and outlives the heap.
  explicit ExpiryHeap(Book& book) : book_(book), slots_(book.capacity()) {}

  // Nanoseconds at which the next order expires; kNeverExpires when none does.
  int64_t next_ns() const noexcept {
    return count_ == 0 ? kNeverExpires : book_.order(slots_[0]).expires_ns;
  }
  // REQUIRES: next_ns() is not kNeverExpires.
  Slot next() const noexcept { return slots_[0]; }

  void Add(Slot slot) noexcept { SiftUp(count_++, slot); }

  // REQUIRES: the order is in the heap.
  void Remove(Slot slot) noexcept {
    const uint32_t hole = book_.order(slot).heap_index;
    book_.order(slot).heap_index = kNoSlot;
    const Slot last = slots_[--count_];
    if (last == slot) return;
    if (hole != 0 && Before(last, slots_[(hole - 1) / 2])) {
      SiftUp(hole, last);
    } else {
      SiftDown(hole, last);
    }
  }

 private:
  bool Before(Slot a, Slot b) const noexcept {
    const Order& first = book_.order(a);
    const Order& second = book_.order(b);
    if (first.expires_ns != second.expires_ns) return first.expires_ns < second.expires_ns;
    return first.order_id < second.order_id;
  }
  void Put(uint32_t at, Slot slot) noexcept {
    slots_[at] = slot;
    book_.order(slot).heap_index = at;
  }
  void SiftUp(uint32_t at, Slot slot) noexcept {
    while (at != 0) {
      const uint32_t parent = (at - 1) / 2;
      if (!Before(slot, slots_[parent])) break;
      Put(at, slots_[parent]);
      at = parent;
    }
    Put(at, slot);
  }
  void SiftDown(uint32_t at, Slot slot) noexcept {
    for (uint32_t child = 2 * at + 1; child < count_; child = 2 * at + 1) {
      if (child + 1 < count_ && Before(slots_[child + 1], slots_[child])) ++child;
      if (!Before(slots_[child], slot)) break;
      Put(at, slots_[child]);
      at = child;
    }
    Put(at, slot);
  }

  Book& book_;
  std::vector<Slot> slots_;
  uint32_t count_ = 0;
};

}  // namespace ringway::exchange
