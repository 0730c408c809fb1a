// How OrderTable assigns and releases slots and clOrdIds.

#include "gateway/engine/order_table.h"

#include <algorithm>

namespace ringway {

namespace {

// A clOrdId for each order, a quarter as many of earlier replaces, a quarter of pending ones.
size_t OrderIdsMax(uint32_t orders_max) { return std::max<size_t>(orders_max, 8) / 2 * 3; }

}  // namespace

OrderTable::OrderTable(uint32_t orders_max, size_t sessions, const TableSecret& secret)
    : orders_(orders_max),
      terms_(orders_max),
      order_ids_max_(OrderIdsMax(orders_max)),
      // A cancel for each order, and a mass cancel for each session; at most 3/4 are in use.
      ids_((order_ids_max_ + orders_max + sessions) / 6 * 8 + 16, secret),
      retired_(std::max<uint32_t>(orders_max / 4, 1), sessions),
      lists_(sessions),
      closed_(sessions) {
  RINGWAY_CHECK(orders_max > 0 && orders_max <= kOrdersMax, "orders_max");
}

void OrderTable::Close(Order& order) noexcept {
  const Slot slot = SlotOfOrder(order);
  List& list = lists_[order.session];
  (order.previous == kNoSlot ? list.first : orders_[order.previous].next) = order.next;
  (order.next == kNoSlot ? list.last : orders_[order.next].previous) = order.previous;
  order.previous = list.closed_last;
  order.next = kNoSlot;
  (list.closed_last == kNoSlot ? list.closed_first : orders_[list.closed_last].next) = slot;
  list.closed_last = slot;
  closed_.Gain(order.session);
  --open_;
}

void OrderTable::Reopen(Order& order) noexcept {
  const Slot slot = SlotOfOrder(order);
  List& list = lists_[order.session];
  // The first one's `previous` is stale.
  const bool first = slot == list.closed_first;
  (first ? list.closed_first : orders_[order.previous].next) = order.next;
  if (order.next == kNoSlot) {
    list.closed_last = first ? kNoSlot : order.previous;
  } else {
    orders_[order.next].previous = order.previous;
  }
  closed_.Lose(order.session);
  Slot before = list.last;
  while (before != kNoSlot && orders_[before].order_id > order.order_id) {
    before = orders_[before].previous;
  }
  order.previous = before;
  Slot& next = before == kNoSlot ? list.first : orders_[before].next;
  order.next = next;
  (order.next == kNoSlot ? list.last : orders_[order.next].previous) = slot;
  next = slot;
  ++open_;
}

bool OrderTable::NameCancel(SessionIndex session, uint64_t cl_ord_id) noexcept {
  if (cl_ord_id == 0) return true;
  Id wanted = KeyOf(session, cl_ord_id);
  wanted.slot = kCancelName;
  const size_t before = ids_.size();
  Id* id = ids_.FindOrInsert(wanted);
  if (!IsCancelName(*id)) return false;
  cancel_names_ += ids_.size() - before;
  ++id->slot;
  return true;
}

void OrderTable::EndCancelName(SessionIndex session, uint64_t cl_ord_id) noexcept {
  if (cl_ord_id == 0) return;
  Id* id = ids_.Find(KeyOf(session, cl_ord_id));
  RINGWAY_CHECK(id != nullptr && id->slot > kCancelName, "a pending cancel's clOrdId is known");
  if (--id->slot != kCancelName) return;
  ids_.Erase(id);
  --cancel_names_;
}

void OrderTable::Retire(const Order& order, uint64_t cl_ord_id) noexcept {
  retired_.Remember({cl_ord_id, order.session}, [this](RememberedKeys::Key gone) {
    EraseId(SessionIndex{gone.owner}, gone.key);
  });
}

}  // namespace ringway
