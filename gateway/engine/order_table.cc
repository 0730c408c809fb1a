// How do records and clOrdIds change hands?

#include "gateway/engine/order_table.h"

#include <algorithm>
#include <cstring>

namespace ringway {

OrderTable::OrderTable(uint32_t orders_max, size_t sessions)
    : orders_(orders_max),
      ids_(std::max<size_t>(size_t{orders_max} * 2, 16)),
      retired_(std::max<size_t>(orders_max / 4, 1)),
      lists_(sessions) {
  RINGWAY_CHECK(orders_max > 0 && orders_max <= kOrdersMax, "orders_max");
}

Slot OrderTable::TakeSlot() noexcept {
  if (fresh_ < orders_.size()) return fresh_++;
  const Slot slot = closed_first_;
  RINGWAY_CHECK(slot != kNoSlot, "an order is opened without room for it");
  const Order& order = orders_[slot];
  closed_first_ = order.next;
  if (closed_first_ == kNoSlot) closed_last_ = kNoSlot;
  EraseId(order.session, order.cl_ord_id);
  return slot;
}

Order& OrderTable::Open(uint32_t session, uint64_t cl_ord_id) noexcept {
  const Slot slot = TakeSlot();
  Order& order = orders_[slot];
  order = Order{};
  order.session = static_cast<uint16_t>(session);
  order.cl_ord_id = order.first_cl_ord_id = cl_ord_id;
  order.order_id = order.live_id = NextRequestId(order);
  ids_.FindOrInsert(KeyOf(session, cl_ord_id))->slot = slot;
  List& list = lists_[session];
  order.next = kNoSlot;
  order.previous = list.last;
  (list.last == kNoSlot ? list.first : orders_[list.last].next) = slot;
  list.last = slot;
  ++open_;
  return order;
}

void OrderTable::Close(Order& order) noexcept {
  const Slot slot = SlotOfOrder(order);
  List& list = lists_[order.session];
  (order.previous == kNoSlot ? list.first : orders_[order.previous].next) = order.next;
  (order.next == kNoSlot ? list.last : orders_[order.next].previous) = order.previous;
  order.previous = closed_last_;
  order.next = kNoSlot;
  (closed_last_ == kNoSlot ? closed_first_ : orders_[closed_last_].next) = slot;
  closed_last_ = slot;
  --open_;
}

void OrderTable::EraseId(uint32_t session, uint64_t cl_ord_id) noexcept {
  Id* id = ids_.Find(KeyOf(session, cl_ord_id));
  RINGWAY_CHECK(id != nullptr, "a clOrdId in use is in the index");
  ids_.Erase(id);
}

void OrderTable::Retire(const Order& order, uint64_t cl_ord_id) noexcept {
  Id& place = retired_[retired_next_];
  if (!place.empty()) EraseId(place.session - 1, place.cl_ord_id);
  place = {cl_ord_id, uint32_t{order.session} + 1, SlotOfOrder(order)};
  retired_next_ = retired_next_ + 1 == retired_.size() ? 0 : retired_next_ + 1;
}

uint64_t OrderTable::StateHash() const noexcept {
  uint64_t hash = MixHash(counter_, uint64_t{fresh_} << 32 | open_);
  hash = MixHash(hash ^ closed_first_, closed_last_);
  for (Slot slot = 0; slot < fresh_; ++slot) {
    uint64_t words[sizeof(Order) / sizeof(uint64_t)];
    std::memcpy(words, &orders_[slot], sizeof(words));
    for (const uint64_t word : words) hash = MixHash(hash ^ word, slot);
  }
  for (const List& list : lists_) hash = MixHash(hash ^ list.first, list.last);
  for (const Id& id : retired_.span()) hash = MixHash(hash ^ id.cl_ord_id, id.session);
  return MixHash(hash, retired_next_);
}

void OrderTable::PrefetchNext() const noexcept {
  const Slot slot = fresh_ < orders_.size() ? fresh_ : closed_first_;
  if (slot == kNoSlot) return;
  for (uint32_t line = 0; line < 3; ++line) PrefetchLine(slot, line);
}

}  // namespace ringway
