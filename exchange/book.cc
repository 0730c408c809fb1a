// How orders enter and leave the queues of the book.
#include "exchange/book.h"

#include <algorithm>

#include "base/check.h"

namespace ringway::exchange {
namespace {

constexpr uint32_t kLaddersPerInstrument = 4;

}  // namespace

Book::Book(const ExchangeOptions& options)
    : orders_(options.orders_max),
      levels_(options.instruments.size() * kLaddersPerInstrument * options.levels_per_side_max) {
  ladders_.reserve(options.instruments.size() * kLaddersPerInstrument);
  for (size_t i = 0; i != options.instruments.size() * kLaddersPerInstrument; ++i) {
    ladders_.emplace_back(options.levels_per_side_max);
  }
  for (Slot slot = options.orders_max; slot-- != 0;) {
    orders_[slot].next = free_order_;
    free_order_ = slot;
  }
  for (Slot slot = static_cast<Slot>(levels_.size()); slot-- != 0;) {
    levels_[slot].head = free_level_;
    free_level_ = slot;
  }
}

Slot Book::Allocate() noexcept {
  const Slot slot = free_order_;
  if (slot == kNoSlot) return kNoSlot;
  Order& order = orders_[slot];
  free_order_ = order.next;
  order.shown = 0;
  order.cum = 0;
  order.level = kNoSlot;
  order.next = kNoSlot;
  order.prev = kNoSlot;
  order.heap_index = kNoSlot;
  order.expires_ns = kNeverExpires;
  order.waiting_stop = false;
  order.active = true;
  ++open_count_;
  return slot;
}

void Book::Free(Slot slot) noexcept {
  Order& order = orders_[slot];
  RINGWAY_CHECK(order.active && order.level == kNoSlot, "an order leaves its queue before it goes");
  order.active = false;
  order.next = free_order_;
  free_order_ = slot;
  --open_count_;
}

bool Book::HasRoomFor(const Order& order) const noexcept {
  const Ladder& side = ladder(order.instrument, IsBuy(order.side), order.waiting_stop);
  return !side.full() || side.Find(KeyOf(order)) != kNoSlot;
}

void Book::Enqueue(Slot slot) noexcept {
  Order& order = orders_[slot];
  Ladder& side = LadderOf(order);
  const int64_t key = KeyOf(order);
  Slot at = side.Find(key);
  if (at == kNoSlot) {
    at = free_level_;
    RINGWAY_CHECK(at != kNoSlot, "there are as many levels as all ladders together have rungs");
    free_level_ = levels_[at].head;
    levels_[at] = {.leaves = 0, .head = kNoSlot, .tail = kNoSlot, .order_count = 0};
    side.Insert(key, at);
  }
  Level& level = levels_[at];
  order.level = at;
  level.leaves += order.leaves;
  ++level.order_count;
  Append(level, slot);
}

void Book::Dequeue(Slot slot) noexcept {
  Order& order = orders_[slot];
  Level& level = levels_[order.level];
  Unlink(level, slot);
  level.leaves -= order.leaves;
  if (--level.order_count == 0) {
    LadderOf(order).Erase(KeyOf(order));
    level.head = free_level_;
    free_level_ = order.level;
  }
  order.level = kNoSlot;
}

void Book::Reduce(Slot slot, uint64_t qty) noexcept {
  Order& order = orders_[slot];
  order.leaves -= qty;
  order.shown -= qty;
  levels_[order.level].leaves -= qty;
}

void Book::Shrink(Slot slot, uint64_t leaves) noexcept {
  Order& order = orders_[slot];
  levels_[order.level].leaves -= order.leaves - leaves;
  order.leaves = leaves;
  order.shown = std::min(order.shown, leaves);
}

void Book::Replenish(Slot slot) noexcept {
  Order& order = orders_[slot];
  Level& level = levels_[order.level];
  order.shown = std::min(order.display, order.leaves);
  Unlink(level, slot);
  Append(level, slot);
}

bool Book::CanFill(const Reach& reach) const noexcept {
  const bool buy = IsBuy(reach.side);
  const auto rungs = ladder(reach.instrument, !buy, false).rungs();
  const int64_t worst_key = KeyOf(reach.limit, !buy, false);
  uint64_t sum = 0;
  for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
    if (!reach.at_market && rung->key < worst_key) return false;
    const Level& level = levels_[rung->level];
    if (!reach.skip_own && !reach.stop_at_own) {
      sum += level.leaves;
    } else {
      const OthersSum others = SumOfOthers(level, reach);
      sum += others.qty;
      if (others.ends_here) return sum >= reach.qty;
    }
    if (sum >= reach.qty) return true;
  }
  return false;
}

Book::OthersSum Book::SumOfOthers(const Level& level, const Reach& reach) const noexcept {
  uint64_t all = 0;
  uint64_t shown = 0;
  for (Slot slot = level.head; slot != kNoSlot; slot = orders_[slot].next) {
    const Order& order = orders_[slot];
    if (order.account != reach.own_account || order.member != reach.own_member) {
      all += order.leaves;
      shown += order.shown;
    } else if (reach.stop_at_own) {
      // Hidden parts of icebergs ahead queue up behind this order, out of reach.
      return {.qty = shown, .ends_here = true};
    }
  }
  return {.qty = all, .ends_here = false};
}

void Book::Append(Level& level, Slot slot) noexcept {
  Order& order = orders_[slot];
  order.next = kNoSlot;
  order.prev = level.tail;
  if (level.tail == kNoSlot) {
    level.head = slot;
  } else {
    orders_[level.tail].next = slot;
  }
  level.tail = slot;
}

void Book::Unlink(Level& level, Slot slot) noexcept {
  const Order& order = orders_[slot];
  (order.prev == kNoSlot ? level.head : orders_[order.prev].next) = order.next;
  (order.next == kNoSlot ? level.tail : orders_[order.next].prev) = order.prev;
}

}  // namespace ringway::exchange
