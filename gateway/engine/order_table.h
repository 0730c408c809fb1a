// OrderTable: finds an order by its session's clOrdId or by the venue request that a report names.
//
// A pool of records, an index from (session, clOrdId) to slots, and per session a list of its open
// orders in order of entry. Closed orders keep their record until the slot is needed, so that
// duplicates, late fills, busts and corrections still find them. An order's past clOrdIds stay
// reserved in the index until the room for them, orders_max / 4, is needed. The clOrdId of a cancel
// is in it for as long as the cancel is pending; a mass cancel's stands for all that it sent. Room
// for these is reserved, so that no cancel is refused for lack of it.
//
// Sessions share this room fairly. What is forgotten is the oldest that the session with most of it
// remembers (fair_shares.h): a session that floods evicts its own orders, not another's. And a
// session may have no more open orders than kOpenPerFreeSlot times the slots in which no order is
// open, so that room for others is always left.
//
// Memory per order: 192 bytes of record, 40 of terms that only some orders have, 54 of index, 4 of
// retired clOrdIds (and 19 for each level of risk/tick_book.h: 4 where prices have up to 16.7
// million ticks). Everything is allocated at construction. Engine thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/huge_array.h"
#include "base/prefetch.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/fair_shares.h"
#include "gateway/engine/line_index.h"
#include "gateway/engine/order.h"
#include "gateway/engine/remembered_keys.h"

namespace ringway {

class OrderTable {
  struct Id {
    uint64_t cl_ord_id;
    uint16_t session;  // index + 1; 0: a free place
    uint8_t lines_from_home;
    uint8_t passed_by;
    Slot slot;  // or kCancelName plus the number of pending cancels that have it

    uint64_t Hash(const TableSecret& secret) const noexcept {
      return KeyedHash(cl_ord_id >> 2, session, secret);
    }
    uint64_t Neighbour() const noexcept { return cl_ord_id & 3; }
    bool SameKey(const Id& other) const noexcept {
      return cl_ord_id == other.cl_ord_id && session == other.session;
    }
    bool empty() const noexcept { return session == 0; }
  };
  static_assert(kSessionsMax < UINT16_MAX);

 public:
  OrderTable(uint32_t orders_max, size_t sessions, const TableSecret& secret);

  // A session's clOrdId, and its home in the index.
  struct Name {
    Id id;
    size_t home;
  };
  Name NameOf(SessionIndex session, uint64_t cl_ord_id) const noexcept {
    const Id id = KeyOf(session, cl_ord_id);
    return {id, ids_.Home(id)};
  }

  Order& operator[](Slot slot) noexcept { return orders_[slot]; }
  const Order& operator[](Slot slot) const noexcept { return orders_[slot]; }
  Slot SlotOfOrder(const Order& order) const noexcept {
    return static_cast<Slot>(&order - &orders_[0]);
  }

  // The order that a session knows, or knew, by a clOrdId; kNoSlot: none. The record may belong to
  // a later order by now: compare its session and clOrdIds.
  Slot Find(const Name& name) const noexcept {
    const Id* found = ids_.Find(name.id, name.home);
    return found == nullptr || IsCancelName(*found) ? kNoSlot : found->slot;
  }
  Slot Find(SessionIndex session, uint64_t cl_ord_id) const noexcept {
    return Find(NameOf(session, cl_ord_id));
  }
  // Whether a clOrdId of the session is taken: by a present or past order, or a pending cancel.
  bool InUse(const Name& name) const noexcept { return ids_.Find(name.id, name.home) != nullptr; }
  bool InUse(SessionIndex session, uint64_t cl_ord_id) const noexcept {
    return InUse(NameOf(session, cl_ord_id));
  }
  void Prefetch(const Name& name) const noexcept { ids_.Prefetch(name.home); }
  void Prefetch(SessionIndex session, uint64_t cl_ord_id) const noexcept {
    Prefetch(NameOf(session, cl_ord_id));
  }
  // Prefetches the order that a session knows by the clOrdId, for Close().
  void PrefetchNamed(SessionIndex session, uint64_t cl_ord_id) const noexcept {
    const Slot slot = Find(session, cl_ord_id);
    if (slot == kNoSlot) return;
    PrefetchRecord(slot);
  }

  // A cancel under this clOrdId becomes pending, or ends; 0 is no name. Each open order has at most
  // one, and each session one mass cancel in progress. False: the clOrdId is an order's.
  bool NameCancel(SessionIndex session, uint64_t cl_ord_id) noexcept;
  void EndCancelName(SessionIndex session, uint64_t cl_ord_id) noexcept;

  // Prefetches what FindByVenueRequest() touches, and Close() but for the order's neighbours.
  void PrefetchReported(uint64_t id) const noexcept {
    const Slot slot = SlotOf(id);
    if (slot >= orders_.size()) return;
    PrefetchLine(slot, 0);
    PrefetchLine(slot, 1);
  }

  // The order that a venue request identifier belongs to; null: none, or no longer.
  Order* FindByVenueRequest(uint64_t id) noexcept {
    const Slot slot = SlotOf(id);
    if (slot >= orders_.size()) return nullptr;
    Order& order = orders_[slot];
    return id >= order.order_id && id <= order.newest_id && id != 0 ? &order : nullptr;
  }
  const Order* FindByVenueRequest(uint64_t id) const noexcept {
    return const_cast<OrderTable*>(this)->FindByVenueRequest(id);
  }

  static constexpr uint64_t kOpenPerFreeSlot = 8;

  // Whether Open() would find a slot for a session with this many open orders, and two clOrdIds
  // have room. A gateway of one session keeps no room for others.
  bool HasRoom(uint32_t open_of_session) const noexcept {
    const uint64_t free = orders_.size() - open_;
    return free != 0 && (open_of_session < kOpenPerFreeSlot * free || lists_.size() == 1) &&
           HasRoomForIds(2);
  }

  // A record for a new order of the session under the clOrdId: zero but for session, order_id,
  // newest_id, live_id, cl_ord_id, first_cl_ord_id and its place at the end of the session's list.
  // Calls forget(const Order&) with the closed order whose room it takes, if any. REQUIRES:
  // HasRoom(), and the clOrdId is not in use.
  template <class F>
  Order& Open(const Name& name, F&& forget) noexcept {
    const Slot slot = TakeSlot();
    if (orders_[slot].state != OrderState::kFree) forget(std::as_const(orders_[slot]));
    return OpenAt(slot, name);
  }

  // The order's terms: defaults if it has none (kHasTerms).
  OrderTerms terms(const Order& order) const noexcept {
    return order.Has(kHasTerms) ? terms_[SlotOfOrder(order)] : OrderTerms{};
  }
  void SetTerms(Order& order, const OrderTerms& terms) noexcept {
    terms_[SlotOfOrder(order)] = terms;
    order.flags |= kHasTerms;
  }

  // Takes a closed order from its session's list; its record waits for reuse.
  void Close(Order& order) noexcept;

  // Reopens a closed order, in its place of the session's list. Time: one step for each younger
  // order of the session. REQUIRES: the caller sets an open state.
  void Reopen(Order& order) noexcept;

  // The next identifier for a request about `order`; becomes its newest_id.
  uint64_t NextRequestId(Order& order) noexcept {
    order.newest_id = ++counter_ << kSlotBits | SlotOfOrder(order);
    return order.newest_id;
  }
  uint64_t requests() const noexcept { return counter_; }
  // Skips the next `count` identifiers. REQUIRES: requests() + count <= kRequestsMax.
  void SkipRequests(uint64_t count) noexcept { counter_ += count; }

  // Reserves a clOrdId for an order in addition to the one that it has. REQUIRES: HasRoomForId(),
  // not in use.
  bool HasRoomForId() const noexcept { return HasRoomForIds(1); }
  void Reserve(const Order& order, uint64_t cl_ord_id) noexcept {
    Id* id = ids_.FindOrInsert(KeyOf(order.session, cl_ord_id));
    id->slot = SlotOfOrder(order);
  }
  // The clOrdId is no longer the order's current one, but stays reserved for long.
  void Retire(const Order& order, uint64_t cl_ord_id) noexcept;

  // Prefetches what the next Open() will touch, and the record for the one after it.
  [[gnu::always_inline]] void PrefetchNext() noexcept {
    if (lists_.empty()) return;
    if (fresh_ < orders_.size()) return PrefetchRecord(fresh_);
    const Slot slot = lists_[closed_.likely()].closed_first;
    if (slot == kNoSlot) return;
    const Order& order = orders_[slot];  // prefetched a step ago
    next_to_go_ = NameOf(order.session, order.cl_ord_id);
    Prefetch(next_to_go_);
    if (order.next != kNoSlot) PrefetchRecord(order.next);
  }

  Slot first_open(SessionIndex session) const noexcept { return lists_[session].first; }
  uint32_t open_orders() const noexcept { return open_; }
  // Closed orders of the session that are still known.
  uint32_t remembered(SessionIndex session) const noexcept { return closed_.held(session); }
  // The most entries that a lookup of a clOrdId passes. Walks the index.
  size_t LongestProbe() const noexcept { return ids_.LongestProbe(); }
  uint32_t orders_max() const noexcept { return static_cast<uint32_t>(orders_.size()); }
  // Slots that were ever used: everything below may hold an order.
  uint32_t used_slots() const noexcept { return fresh_; }
  // State that the engine saves (archive.h): used records as they are, lists and retired clOrdIds;
  // the index is derived. What it loads is checked as far as the table knows orders: FindError().
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& sessions, const Numbers& venues);
  // The first contradiction: identifiers, lists, states. Empty: none. Walks all.
  std::string_view FindError() const noexcept;

 private:
  struct List {
    Slot first = kNoSlot;  // open orders
    Slot last = kNoSlot;
    Slot closed_first = kNoSlot;  // the oldest of the closed orders
    Slot closed_last = kNoSlot;
  };
  // In an Id's slot: the clOrdId belongs to this many pending cancels. Above every slot.
  static constexpr Slot kCancelName = 1u << 30;
  static_assert(kOrdersMax + kSessionsMax < kCancelName);
  static bool IsCancelName(const Id& id) noexcept { return id.slot >= kCancelName; }
  bool HasRoomForIds(size_t more) const noexcept {
    return ids_.size() - cancel_names_ + more <= order_ids_max_;
  }

  static Id KeyOf(SessionIndex session, uint64_t cl_ord_id) noexcept {
    return {cl_ord_id, static_cast<uint16_t>(session + 1), 0, 0, kNoSlot};
  }

  void PrefetchLine(Slot slot, uint32_t line) const noexcept {
    ringway::Prefetch(reinterpret_cast<const char*>(&orders_[slot]) + 64 * line);
  }
  void PrefetchRecord(Slot slot) const noexcept {
    for (uint32_t line = 0; line < 3; ++line) PrefetchLine(slot, line);
  }
  // By stores of two words: GCC would take the `rep stos` instruction, which costs more to begin.
  static void Clear(Order& order) noexcept {
    constexpr std::array<uint64_t, 2> kZeros{};
    auto* const bytes = reinterpret_cast<std::byte*>(&order);
    [&]<size_t... kAt>(std::index_sequence<kAt...>) {
      (std::memcpy(bytes + kAt * sizeof(kZeros), kZeros.data(), sizeof(kZeros)), ...);
    }
    (std::make_index_sequence<sizeof(Order) / sizeof(kZeros)>{});
  }
  [[gnu::always_inline]] Slot TakeSlot() noexcept {
    if (fresh_ < orders_.size()) return fresh_++;
    RINGWAY_CHECK(open_ < fresh_, "an order is opened without room for it");
    const SessionIndex session{closed_.TakeRichest()};
    List& list = lists_[session];
    const Slot slot = list.closed_first;
    const Order& order = orders_[slot];
    list.closed_first = order.next;
    if (list.closed_first == kNoSlot) list.closed_last = kNoSlot;
    closed_.Lose(session);
    const bool expected = next_to_go_.id.SameKey(KeyOf(order.session, order.cl_ord_id));
    EraseId(expected ? next_to_go_ : NameOf(order.session, order.cl_ord_id));
    return slot;
  }
  Order& OpenAt(Slot slot, const Name& name) noexcept {
    Order& order = orders_[slot];
    Clear(order);
    const SessionIndex session{name.id.session - 1u};
    order.session = SessionIndex16{session};
    order.cl_ord_id = order.first_cl_ord_id = name.id.cl_ord_id;
    order.order_id = order.live_id = order.newest_id = ++counter_ << kSlotBits | slot;
    ids_.Insert(name.id, name.home)->slot = slot;
    List& list = lists_[session];
    order.next = kNoSlot;
    order.previous = list.last;
    (list.last == kNoSlot ? list.first : orders_[list.last].next) = slot;
    list.last = slot;
    ++open_;
    return order;
  }
  void EraseId(SessionIndex session, uint64_t cl_ord_id) noexcept {
    EraseId(NameOf(session, cl_ord_id));
  }
  void EraseId(const Name& name) noexcept {
    Id* id = ids_.Find(name.id, name.home);
    RINGWAY_CHECK(id != nullptr, "a clOrdId in use is in the index");
    ids_.Erase(id);
  }
  // False when the clOrdId is there already, or there is no room.
  [[nodiscard]] bool RestoreId(SessionIndex session, uint64_t cl_ord_id, Slot slot) noexcept;
  // Checks a list as archived: complete, and each order in exactly one.
  std::string_view FindListError(SessionIndex session, uint64_t& listed) const noexcept;

  HugeArray<Order> orders_;
  HugeArray<OrderTerms> terms_;  // by slot, of orders that have them
  const size_t order_ids_max_;   // of ids_, without the names of cancels
  LineIndex<Id> ids_;
  // Of the order that is probably forgotten next. Derived; not saved.
  Name next_to_go_ = {};
  size_t cancel_names_ = 0;
  RememberedKeys retired_;   // clOrdIds, by session
  std::vector<List> lists_;  // by session
  FairShares closed_;        // closed orders, by session
  uint64_t counter_ = 0;
  uint32_t fresh_ = 0;  // slots from here on were never used
  uint32_t open_ = 0;
};

// The most that one open order costs, whatever the orders_max: with prices of up to 2^24 ticks, and
// of as many as can be configured.
inline constexpr double kBytesPerOrder =
    sizeof(Order) + sizeof(OrderTerms) + 2.5 * 16.0 * 4 / 3 + 0.25 * 16.0 + 4 * 16.0 * 8 / 7;
inline constexpr double kBytesPerOrderMax = kBytesPerOrder + 2 * 16.0 * 8 / 7;
static_assert(kBytesPerOrder <= 363 && kBytesPerOrderMax <= 400);

}  // namespace ringway
