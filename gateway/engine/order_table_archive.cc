// Saves, loads and validates an order table.

#include <algorithm>

#include "gateway/engine/order_table.h"

namespace ringway {

bool OrderTable::RestoreId(SessionIndex session, uint64_t cl_ord_id, Slot slot) noexcept {
  if (!HasRoomForId()) return false;
  const size_t before = ids_.size();
  ids_.FindOrInsert(KeyOf(session, cl_ord_id))->slot = slot;
  return ids_.size() != before;
}

template <class Self, class A>
void OrderTable::Archive(Self& self, A& archive, const Numbers& sessions, const Numbers& venues) {
  [[maybe_unused]] constexpr std::string_view kTwice = "a clOrdId is there twice";
  archive(self.counter_, self.open_);
  const size_t used =
      archive.Count(self.fresh_, self.orders_.size(),
                    "orders that are open or remembered (pools.orders_max must not shrink)");
  if constexpr (A::kLoads) self.fresh_ = static_cast<uint32_t>(used);
  for (size_t at = 0; at < used && archive.ok(); ++at) {
    auto& order = self.orders_[at];
    archive(order);
    if (order.Has(kHasTerms)) archive(self.terms_[at]);
    if constexpr (A::kLoads) {
      order.session = SessionIndex16{archive.IndexOf(sessions, order.session)};
      order.venue = VenueIndex8{archive.IndexOf(venues, order.venue)};
      if (!archive.ok()) return;
      const auto slot = static_cast<Slot>(at);
      if (IsClosed(order.state)) self.closed_.Gain(order.session);
      archive.Require(self.RestoreId(order.session, order.cl_ord_id, slot), kTwice);
      if (order.Has(kReplacePending)) {
        archive.Require(self.RestoreId(order.session, order.replace_cl_ord_id, slot), kTwice);
      }
      if (order.Has(kCancelPending)) {
        archive.Require(self.NameCancel(order.session, order.cancel_cl_ord_id), kTwice);
      }
    }
  }
  ArchiveTable(
      archive, sessions, self.lists_,
      [&archive](auto& list) {
        archive(list.first, list.last, list.closed_first, list.closed_last);
      },
      [](const List& list) { return list.first == kNoSlot && list.closed_first == kNoSlot; });
  FairShares::Archive(self.closed_, archive, sessions);
  RememberedKeys::Archive(
      self.retired_, archive, sessions,
      [&](auto& id) {
        Slot slot = kNoSlot;
        if constexpr (!A::kLoads) slot = self.Find(SessionIndex{id.owner}, id.key);
        archive(id.key, slot);
        if constexpr (A::kLoads) {
          archive.Require(id.owner != Numbers::kGone && slot < self.fresh_,
                          "a retired clOrdId of no order");
          if (archive.ok())
            archive.Require(self.RestoreId(SessionIndex{id.owner}, id.key, slot), kTwice);
        }
        return true;
      },
      [&]([[maybe_unused]] RememberedKeys::Key gone) {
        if constexpr (A::kLoads) self.EraseId(SessionIndex{gone.owner}, gone.key);
      });
}

template void OrderTable::Archive(const OrderTable&, StateWriter&, const Numbers&, const Numbers&);
template void OrderTable::Archive(OrderTable&, StateReader&, const Numbers&, const Numbers&);

std::string_view OrderTable::FindError() const noexcept {
  if (counter_ > kRequestsMax) return "more requests than there are identifiers";
  for (Slot slot = 0; slot < fresh_; ++slot) {
    const Order& order = orders_[slot];
    const auto own = [&order, slot](uint64_t id) {
      return SlotOf(id) == slot && id >= order.order_id && id <= order.newest_id;
    };
    if (!own(order.order_id) || !own(order.newest_id) || !own(order.live_id) ||
        order.order_id >> kSlotBits == 0 || order.newest_id >> kSlotBits > counter_ ||
        (order.cancel_id != 0 && !own(order.cancel_id)) ||
        (order.replace_id != 0 && !own(order.replace_id))) {
      return "an order's identifiers are not its own";
    }
    if (!IsKnown(order.state) || order.state == OrderState::kFree || !IsKnown(order.side) ||
        !IsKnown(order.ord_type) || !IsKnown(order.time_in_force) ||
        !IsKnown(terms(order).replace_time_in_force) ||
        (order.Has(kCancelPending) && order.cancel_id == 0) ||
        (order.Has(kReplacePending) && order.replace_id == 0)) {
      return "an order is in no state that orders have";
    }
    if (IsClosed(order.state) && order.Has(kCancelPending | kReplacePending)) {
      return "a request about a closed order is pending";
    }
    if (order.previous != kNoSlot && order.previous >= fresh_) return "an order follows none";
  }
  uint64_t listed = 0;
  uint64_t open = 0;
  for (SessionIndex session{0}; session < lists_.size(); ++session) {
    const uint64_t before = listed;
    const std::string_view error = FindListError(session, listed);
    if (!error.empty()) return error;
    open += listed - before - closed_.held(session);
  }
  if (open != open_) return "another number of open orders than counted";
  if (listed != fresh_) return "an order is in no list";
  return {};
}

std::string_view OrderTable::FindListError(SessionIndex session, uint64_t& listed) const noexcept {
  const List& list = lists_[session];
  Slot before = kNoSlot;
  for (Slot at = list.first; at != kNoSlot; at = orders_[at].next) {
    if (at >= fresh_ || !IsOpen(orders_[at].state) || orders_[at].session != session ||
        orders_[at].previous != before ||
        (before != kNoSlot && orders_[before].order_id >= orders_[at].order_id)) {
      return "a session's list of open orders is broken";
    }
    ++listed;
    before = at;
  }
  if (list.last != before) return "a session's list of open orders has another end";
  // The first one's `previous` is a record that was reused for a new order.
  uint32_t closed = 0;
  before = kNoSlot;
  for (Slot at = list.closed_first; at != kNoSlot; at = orders_[at].next) {
    if (at >= fresh_ || !IsClosed(orders_[at].state) || orders_[at].session != session ||
        ++closed > fresh_ || (before != kNoSlot && orders_[at].previous != before)) {
      return "the list of closed orders is broken";
    }
    before = at;
  }
  if (list.closed_last != before) return "the list of closed orders has another end";
  if (closed != closed_.held(session)) return "a closed order is in no list";
  listed += closed;
  return {};
}

}  // namespace ringway
