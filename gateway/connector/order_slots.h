// OrderSlots: what a connector knows of each order at its venue, by the slot that the gateway's
// request identifiers carry (docs/adr/0006), and a list of the orders of which something is not
// answered.
//
// `Order` has the identifiers first_id (as it was entered), id, replace_id and answered_id (the
// highest in its slot that the venue answered), awaits_answer(), and for the list next, previous
// and listed. Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringway {

// Clears `count` items from `from` on; true: there are none behind them. A table of a session is
// cleared in pieces, because other sessions wait meanwhile.
template <class T>
bool ClearPart(std::vector<T>& table, std::size_t from, std::size_t count) noexcept {
  if (from >= table.size()) return true;
  const std::size_t end = std::min(table.size() - from, count) + from;
  for (std::size_t at = from; at != end; ++at) table[at] = T{};
  return end == table.size();
}

template <class Order>
class OrderSlots {
 public:
  static constexpr uint32_t kSlotBits = 24;
  static constexpr uint32_t kNobody = UINT32_MAX;

  explicit OrderSlots(uint32_t slots) : orders_(slots) {}

  static uint32_t SlotOf(uint64_t id) noexcept { return id & ((uint32_t{1} << kSlotBits) - 1); }
  // Null: no such slot.
  Order* At(uint64_t id) noexcept {
    return id != 0 && SlotOf(id) < orders_.size() ? &orders_[SlotOf(id)] : nullptr;
  }
  // The order that the venue has, or may have, under this id; null: it is not known (any more).
  Order* Find(uint64_t id) noexcept {
    Order* const order = At(id);
    return order != nullptr && (order->id == id || order->replace_id == id) ? order : nullptr;
  }
  // The order that has, or had before a replace, this id; null: it is not known any more.
  Order* Owner(uint64_t id) noexcept {
    Order* const order = At(id);
    return order != nullptr && order->id != 0 && order->first_id <= id ? order : nullptr;
  }

  // Puts an order in its slot. REQUIRES: At(id) is not null.
  Order& Enter(uint64_t id) noexcept {
    Order& order = *At(id);
    if (order.listed) Unlist(order);
    const uint64_t answered_id = order.answered_id;
    order = {};
    order.first_id = order.id = id;
    order.answered_id = answered_id;
    return order;
  }

  // Orders of which something is not answered, the longest first.
  uint32_t first() const noexcept { return first_; }
  Order& operator[](uint32_t slot) noexcept { return orders_[slot]; }
  // Makes the list true for this order.
  void Relist(Order& order) noexcept {
    if (order.listed == order.awaits_answer()) return;
    order.listed ? Unlist(order) : List(order);
  }

  // REQUIRES: it is in the list.
  void MoveToEnd(Order& order) noexcept {
    Unlist(order);
    List(order);
  }

  // Forgets those of `count` slots from `from` on. REQUIRES: all are, before one is used again.
  // True: these were the last.
  bool Forget(std::size_t from, std::size_t count) noexcept {
    first_ = last_ = kNobody;
    return ClearPart(orders_, from, count);
  }

 private:
  uint32_t IndexOf(const Order& order) const noexcept {
    return static_cast<uint32_t>(&order - orders_.data());
  }
  void List(Order& order) noexcept {
    order.listed = true;
    order.next = kNobody;
    order.previous = last_;
    (last_ == kNobody ? first_ : orders_[last_].next) = IndexOf(order);
    last_ = IndexOf(order);
  }
  void Unlist(Order& order) noexcept {
    order.listed = false;
    (order.previous == kNobody ? first_ : orders_[order.previous].next) = order.next;
    (order.next == kNobody ? last_ : orders_[order.next].previous) = order.previous;
  }

  std::vector<Order> orders_;  // by slot
  uint32_t first_ = kNobody;
  uint32_t last_ = kNobody;
};

}  // namespace ringway
