// The order book: which orders rest at which price, in order of time.
//
// The books of all instruments, over one pool of orders and one of price levels, both of fixed
// size. Every instrument has four ladders: bids, offers, and the stops of either side that wait for
// their price. At a price orders queue by time; each level knows its sum. A book moves orders;
// matching.h decides what trades with what, and who gets which report. Thread rule: one thread.
// Nothing allocates after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "base/huge_array.h"
#include "exchange/ladder.h"
#include "exchange/options.h"
#include "exchange/order.h"

namespace ringway::exchange {

struct Level {
  uint64_t leaves;  // of all orders, hidden quantity included
  Slot head;        // first in time; the next free level in the pool
  Slot tail;
  uint32_t order_count;
};

class Book {
 public:
  explicit Book(const ExchangeOptions& options);

  // A free order, or kNoSlot when orders_max are in use. In no queue, nothing done or shown, never
  // expiring; the caller sets what the request specifies.
  Slot Allocate() noexcept;
  // REQUIRES: allocated, and in no queue.
  void Free(Slot slot) noexcept;

  Order& order(Slot slot) noexcept { return orders_[slot]; }
  const Order& order(Slot slot) const noexcept { return orders_[slot]; }
  uint32_t open_count() const noexcept { return open_count_; }
  uint32_t capacity() const noexcept { return static_cast<uint32_t>(orders_.size()); }

  // Whether there is a level for the order at its side, price and waiting_stop.
  bool HasRoomFor(const Order& order) const noexcept;
  // Puts the order at the tail of its price. REQUIRES: HasRoomFor, and in no queue.
  void Enqueue(Slot slot) noexcept;
  // Takes the order out of its queue. REQUIRES: it is in one.
  void Dequeue(Slot slot) noexcept;
  // Takes qty off the order's leaves and shown, keeping its place. REQUIRES: qty <= both.
  void Reduce(Slot slot, uint64_t qty) noexcept;
  // Lowers the order's leaves, keeping its place. REQUIRES: 0 < leaves <= what it has.
  void Shrink(Slot slot, uint64_t leaves) noexcept;
  // Shows the next part of an iceberg, behind all others at its price. REQUIRES: nothing is shown.
  void Replenish(Slot slot) noexcept;

  // First in line of the side that an order of `side` trades with, or kNoSlot.
  Slot BestAgainst(uint16_t instrument, Side side) const noexcept {
    const Ladder& opposite = ladder(instrument, !IsBuy(side), false);
    return opposite.empty() ? kNoSlot : levels_[opposite.best().level].head;
  }

  // Whether at least qty rests against an order of `side` at `limit` or better (at any price if
  // `at_market`). Orders of `own_account` of `own_member` do not count; with `stop_at_own`, nor do
  // orders behind them.
  struct Reach {
    uint16_t instrument;
    Side side;
    bool at_market;
    int64_t limit;
    uint64_t qty;
    bool skip_own;
    bool stop_at_own;
    uint32_t own_account;
    uint8_t own_member;
  };
  bool CanFill(const Reach& reach) const noexcept;

  // First in line of the stops of a side, or kNoSlot: the next to be triggered.
  Slot NextStop(uint16_t instrument, bool buy) const noexcept {
    const Ladder& stops = ladder(instrument, buy, true);
    return stops.empty() ? kNoSlot : levels_[stops.best().level].head;
  }

  // 0 where the side is empty.
  int64_t BestPrice(uint16_t instrument, bool buy) const noexcept {
    const Ladder& side = ladder(instrument, buy, false);
    return side.empty() ? 0 : PriceOf(side.best().key, buy, false);
  }

  const Ladder& ladder(uint16_t instrument, bool buy, bool stop) const noexcept {
    return ladders_[instrument * 4u + (buy ? 0u : 1u) + (stop ? 2u : 0u)];
  }
  const Level& level(Slot slot) const noexcept { return levels_[slot]; }

 private:
  // Keys rise towards the best: see ladder.h.
  static int64_t KeyOf(int64_t price, bool buy, bool stop) noexcept {
    return buy != stop ? price : -price;
  }
  static int64_t PriceOf(int64_t key, bool buy, bool stop) noexcept {
    return buy != stop ? key : -key;
  }
  static int64_t KeyOf(const Order& order) noexcept {
    return KeyOf(order.waiting_stop ? order.stop_price : order.price, IsBuy(order.side),
                 order.waiting_stop);
  }
  Ladder& LadderOf(const Order& order) noexcept {
    return ladders_[order.instrument * 4u + (IsBuy(order.side) ? 0u : 1u) +
                    (order.waiting_stop ? 2u : 0u)];
  }
  struct OthersSum {
    uint64_t qty;
    bool ends_here;  // an own order blocks everything behind it
  };
  OthersSum SumOfOthers(const Level& level, const Reach& reach) const noexcept;
  void Append(Level& level, Slot slot) noexcept;
  void Unlink(Level& level, Slot slot) noexcept;

  HugeArray<Order> orders_;
  HugeArray<Level> levels_;
  std::vector<Ladder> ladders_;
  Slot free_order_ = kNoSlot;
  Slot free_level_ = kNoSlot;
  uint32_t open_count_ = 0;
};

}  // namespace ringway::exchange
