// Order: the exchange's record of one order.
//
// Orders live in a pool and are named by their slot; links between them are slots too. Two cache
// lines each: a sweep touches only the first.
#pragma once

#include <cstdint>

#include "base/cache_line.h"
#include "schema/messages.h"

namespace ringway::exchange {

using Slot = uint32_t;  // of an order, a price level or a position in its pool
inline constexpr Slot kNoSlot = UINT32_MAX;

inline constexpr int64_t kNeverExpires = INT64_MAX;

struct alignas(kCacheLineBytes) Order {
  uint64_t cl_ord_id;  // as last accepted
  int64_t price;       // 0 for a market order
  uint64_t leaves;
  uint64_t shown;  // of leaves: the visible part in the queue; all of it unless an iceberg
  uint64_t cum;
  Slot next;  // towards the tail of the level's queue; the next free slot in the pool
  Slot prev;
  Slot level;  // kNoSlot while the order is in no queue
  Slot position;
  uint32_t account;
  uint16_t instrument;  // index, not number
  uint8_t member;
  Side side;

  uint64_t order_id;  // the venue's, rising with every order accepted
  uint64_t display;   // 0 shows everything
  int64_t stop_price;
  int64_t expires_ns;   // kNeverExpires, or when it stops being good
  uint64_t request;     // number of its member's request that entered it, from 1
  uint32_t heap_index;  // in the expiry heap; kNoSlot while not in it
  OrdType type;
  TimeInForce time_in_force;
  bool post_only;
  bool waiting_stop;  // a stop that is not triggered yet
  bool active;        // false in a free slot
};
static_assert(sizeof(Order) == 2 * kCacheLineBytes);

constexpr bool IsBuy(Side side) noexcept { return side == Side::kBuy; }

constexpr bool IsStop(OrdType type) noexcept {
  return type == OrdType::kStop || type == OrdType::kStopLimit;
}

// Whether it matches at any price once it is in the market, for a stop once it is triggered.
constexpr bool IsMarket(OrdType type) noexcept {
  return type == OrdType::kMarket || type == OrdType::kStop;
}

constexpr bool MayRest(const Order& order) noexcept {
  return !IsMarket(order.type) && order.time_in_force != TimeInForce::kImmediateOrCancel &&
         order.time_in_force != TimeInForce::kFillOrKill;
}

constexpr OrdStatus OpenStatus(const Order& order) noexcept {
  return order.cum == 0 ? OrdStatus::kNew : OrdStatus::kPartiallyFilled;
}

}  // namespace ringway::exchange
