// FixOrders: the orders of a FIX member and the ClOrdIDs that its client has used, open and lately
// ended.
//
// Open orders are never forgotten. Of what has ended, as many orders and as many ids are kept as
// the table was made for, the oldest make room. Clients choose the ids: their places depend on a
// secret seed. Memory is allocated as it is filled. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "base/lazy_array.h"
#include "exchange/fix/fix_request.h"
#include "exchange/order.h"

namespace ringway::exchange {

// The sum of price times quantity of an order's trades.
__extension__ using FixValueTraded = unsigned __int128;

struct FixOrder {
  uint64_t id;        // as the exchange knows it
  uint64_t order_id;  // OrderID (37); 0: it was never accepted
  int64_t price;
  uint64_t qty;  // what has traded included
  uint64_t leaves;
  uint64_t cum;
  uint64_t shown;
  uint64_t expire_time;
  FixValueTraded traded;
  FixName name;  // ClOrdID (11) as last accepted
  FixName account;
  FixName symbol;
  Side side;
  OrdType type;
  TimeInForce lasts;
  OrdStatus status;
  RejectReason reason;  // of one that was rejected
  bool post_only;

  // The table's own.
  uint32_t serial;  // of the place's user
  Slot name_slot;   // of its ClOrdID
  Slot next;        // among the open ones, or those that have ended
  Slot prev;        // among the open ones

  bool open() const noexcept {
    return status == OrdStatus::kNew || status == OrdStatus::kPartiallyFilled;
  }
};

// Places for T, which has `next`: one that was released is used again when there is no other, the
// earliest first.
template <class T>
class RecycledPlaces {
 public:
  explicit RecycledPlaces(uint32_t count) : places_(count) {}

  T& operator[](Slot slot) noexcept { return places_[slot]; }
  const T& operator[](Slot slot) const noexcept { return places_[slot]; }
  // What Claim() will return.
  Slot Peek() const noexcept { return used_ != places_.size() ? used_ : first_; }
  bool is_new(Slot slot) const noexcept { return slot >= used_; }
  Slot Claim() noexcept {
    if (used_ != places_.size()) return used_++;
    RINGWAY_CHECK(first_ != kNoSlot, "more is open than the exchange permits");
    const Slot slot = first_;
    first_ = places_[slot].next;
    if (first_ == kNoSlot) last_ = kNoSlot;
    return slot;
  }
  void Release(Slot slot) noexcept {
    places_[slot].next = kNoSlot;
    (last_ == kNoSlot ? first_ : places_[last_].next) = slot;
    last_ = slot;
  }

 private:
  LazyArray<T> places_;
  Slot used_ = 0;
  Slot first_ = kNoSlot;
  Slot last_ = kNoSlot;
};

class FixOrders {
 public:
  FixOrders(uint32_t open_max, uint32_t ended_kept, uint64_t seed)
      : seed_(seed),
        orders_(open_max + ended_kept),
        names_(open_max + ended_kept),
        homes_(std::bit_ceil(2 * (uint64_t{open_max} + ended_kept))) {}

  FixOrder& operator[](Slot slot) noexcept { return orders_[slot]; }
  Slot first_open() const noexcept { return first_open_; }
  uint32_t open() const noexcept { return open_; }

  // Where the next order will be.
  Slot Next() const noexcept { return orders_.Peek(); }
  // Adds an open order under its name. REQUIRES: the name is not used.
  Slot Add(const FixOrder& order) noexcept {
    const Slot slot = orders_.Claim();
    FixOrder& added = orders_[slot];
    const uint32_t serial = added.serial + 1;
    added = order;
    added.serial = serial;
    added.name_slot = Use(order.name.view(), slot);
    added.prev = last_open_;
    added.next = kNoSlot;
    (last_open_ == kNoSlot ? first_open_ : orders_[last_open_].next) = slot;
    last_open_ = slot;
    ++open_;
    return slot;
  }
  // The order has another name from here on.
  void Rename(Slot slot, const FixName& name) noexcept {
    FixOrder& order = orders_[slot];
    names_.Release(order.name_slot);
    order.name_slot = Use(name.view(), slot);
    order.name = name;
  }
  // It has ended.
  void End(Slot slot) noexcept {
    const FixOrder& order = orders_[slot];
    (order.prev == kNoSlot ? first_open_ : orders_[order.prev].next) = order.next;
    (order.next == kNoSlot ? last_open_ : orders_[order.next].prev) = order.prev;
    --open_;
    names_.Release(order.name_slot);
    orders_.Release(slot);
  }
  // A request about the order (kNoSlot: about none that is known) used the name.
  void Note(const FixName& name, Slot order) noexcept { names_.Release(Use(name.view(), order)); }

  struct Found {
    bool used = false;     // the name is known
    Slot order = kNoSlot;  // the order that it is about, if that is kept
    bool is_name = false;  // it is the order's name
  };
  Found Find(std::string_view name) const noexcept {
    for (Slot at = homes_[HomeOf(name)]; at != 0; at = names_[at - 1].chain) {
      const Name& entry = names_[at - 1];
      if (entry.text.view() != name) continue;
      if (entry.order == kNoSlot || orders_[entry.order].serial != entry.serial) return {true};
      return {true, entry.order, orders_[entry.order].name.view() == name};
    }
    return {};
  }

 private:
  struct Name {
    FixName text;
    Slot chain;  // the next one with this home, and 1; 0: none
    Slot next;
    Slot order;
    uint32_t serial;  // of the order
  };

  static uint64_t Mixed(uint64_t value) noexcept {
    value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93u;
    return value ^ (value >> 32);
  }
  uint64_t HomeOf(std::string_view name) const noexcept {
    uint64_t hash = seed_ ^ name.size();
    for (std::size_t at = 0; at < name.size(); at += sizeof(uint64_t)) {
      uint64_t part = 0;
      std::memcpy(&part, name.data() + at, std::min(sizeof(part), name.size() - at));
      hash = Mixed(hash + seed_ + part);
    }
    return hash & (homes_.size() - 1);
  }
  Slot Use(std::string_view name, Slot order) noexcept {
    const bool is_new = names_.is_new(names_.Peek());
    const Slot slot = names_.Claim();
    Name& entry = names_[slot];
    if (!is_new) {
      Slot* link = &homes_[HomeOf(entry.text.view())];
      while (*link != slot + 1) link = &names_[*link - 1].chain;
      *link = entry.chain;
    }
    Slot& home = homes_[HomeOf(name)];
    entry.text.Set({name});
    entry.chain = home;
    entry.order = order;
    entry.serial = order == kNoSlot ? 0 : orders_[order].serial;
    home = slot + 1;
    return slot;
  }

  const uint64_t seed_;
  RecycledPlaces<FixOrder> orders_;
  RecycledPlaces<Name> names_;
  LazyArray<Slot> homes_;
  Slot first_open_ = kNoSlot;
  Slot last_open_ = kNoSlot;
  uint32_t open_ = 0;
};

}  // namespace ringway::exchange
