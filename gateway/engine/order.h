// Order: the gateway's record of an order.
//
// One record of three cache lines, in a fixed pool; its index there is its slot. Line 0 is what a
// fill needs, line 1 what entry and cancel add, line 2 what only replaces, cancels and snapshots
// touch. The record is plain bytes without padding, so that it can be hashed and journaled as it
// is.
//
// A request to a venue carries an identifier of ours:   counter (40 bits) << 24 | slot (24 bits)
// The slot finds the order of a report by one array access. The counter never repeats, even across
// starts of the gateway, and while an order owns a slot no other order is given identifiers with
// that slot, so every identifier from the order's first (order_id) to its newest (newest_id) is the
// order's own, and nothing else is.
#pragma once

#include <cstdint>
#include <type_traits>

#include "gateway/core/indices.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_config.h"
#include "schema/features.h"
#include "schema/messages.h"

namespace ringway {

using Slot = uint32_t;
// In Order::position of a closed order: its position has been freed (engine_day.cc).
inline constexpr uint32_t kNoPosition = UINT32_MAX;
inline constexpr uint32_t kSlotBits = 24;
inline constexpr Slot kNoSlot = UINT32_MAX;
static_assert(kOrdersMax == 1u << kSlotBits);

// The highest counter. In the reserve below it new orders are refused (gatewayFull), and
// identifiers are for canceling what is open, across some starts too: 256 for each order of the
// largest table.
inline constexpr uint64_t kRequestsMax = (uint64_t{1} << 40) - 1;
inline constexpr uint64_t kRequestsReserve = uint64_t{1} << 32;
// Every start of the gateway skips this many, because what an earlier one sent may be missing from
// its journal after a power failure: more than a tail that was never synced can hold (2^24 requests
// are over 600 MB of records). 65,000 starts leave room for no request, 10,000 for 9 * 10^11.
inline constexpr uint64_t kRequestsPerStart = uint64_t{1} << 24;
static_assert(kRequestIdHearsayMax >> kSlotBits < kRequestsMax - kRequestsReserve);

constexpr Slot SlotOf(uint64_t venue_request_id) noexcept {
  return static_cast<Slot>(venue_request_id & (kOrdersMax - 1));
}

// The state of an order; pending requests are flags beside it. Received and Journaled last no
// longer than one step, and an order that the gateway rejects never owns a record.
enum class OrderState : uint8_t {
  kFree = 0,
  kSent,        // on its way to the venue, not answered
  kLive,        // the venue has it
  kPartFilled,  // and filled some of it
  kSuspended,   // open at the venue but not matched
  kDoneForDay,  // open at the venue but not matched any more in this trading day
  kInDoubt,     // its venue went down before answering, or does not know it: until evidence
  kFilled,      // --- from here on closed: nothing is open
  kCanceled,
  kExpired,
  kVenueRejected,
};
inline constexpr uint32_t kOrderStates = 11;

constexpr bool IsOpen(OrderState state) noexcept {
  return state >= OrderState::kSent && state <= OrderState::kInDoubt;
}
// Open, and its venue has confirmed it.
constexpr bool IsConfirmed(OrderState state) noexcept {
  return state >= OrderState::kLive && state <= OrderState::kDoneForDay;
}
constexpr bool IsKnown(OrderState state) noexcept {
  return static_cast<uint8_t>(state) < kOrderStates;
}
constexpr bool IsClosed(OrderState state) noexcept { return state >= OrderState::kFilled; }

// Order::flags
inline constexpr uint8_t kCancelPending = 1;   // cancel_id awaits the venue's answer
inline constexpr uint8_t kReplacePending = 2;  // line 2 awaits the venue's answer
inline constexpr uint8_t kCancelOutdated =
    4;  // the pending cancel names the order as it was before a replace
inline constexpr uint8_t kHadReplace =
    8;  // line 2 holds the latest replace, for recognising it again
inline constexpr uint8_t kCancelWanted = 16;  // an operator canceled it: tried until it ends
inline constexpr uint8_t kBookedAhead = 32;   // fills were booked of which no report had come
// its venue does not know it; cancels are sent to find out
inline constexpr uint8_t kAskedFor = 64;
inline constexpr uint8_t kHasTerms = 128;  // the table keeps OrderTerms for it

struct alignas(64) Order {
  // Line 0
  uint64_t live_id;    // the venue's identifier of the order: that of the request it accepted last
  uint64_t cl_ord_id;  // the client's identifier of the order
  int64_t price;
  uint64_t leaves_qty;
  uint64_t cum_qty;
  int64_t risk_price;  // the price at which open quantity is valued
  uint32_t position;   // index into Exposure: account and instrument
  SessionIndex16 session;
  VenueIndex8 venue;
  OrderState state;
  Side side;
  OrdType ord_type;
  TimeInForce time_in_force;
  uint8_t flags;
  // The venue's count when the order was sent; a lower one, and not answered: in doubt.
  uint32_t outages_at_send;
  // Line 1
  uint64_t order_id;          // the first request; what the client knows as orderId
  uint64_t newest_id;         // the latest request
  uint64_t cancel_id;         // the latest cancel; 0: none
  uint64_t cancel_cl_ord_id;  // the client's request behind it; 0: the gateway's own cancel
  uint64_t first_cl_ord_id;   // of the NewOrder
  uint64_t content_hash;      // of the NewOrder: identifies a resend
  int64_t stop_price;
  Slot next;  // of the session's open orders, or of the closed orders
  Slot previous;
  // Line 2
  uint64_t replace_id;
  uint64_t replace_cl_ord_id;
  int64_t replace_price;
  uint64_t replace_qty;
  int64_t replace_stop_price;
  int64_t replace_risk_price;
  uint32_t outages_at_cancel;   // as outages_at_send, for the pending cancel
  uint32_t outages_at_replace;  // likewise for the pending replace
  uint32_t snapshot_round;      // the session's when the order was last part of a snapshot
  uint32_t doubt_after;         // the newest request's number when doubt began, its low 32 bits

  bool Has(uint8_t flag) const noexcept { return (flags & flag) != 0; }
};
static_assert(sizeof(Order) == 192 && std::is_trivially_copyable_v<Order> &&
              std::has_unique_object_representations_v<Order>);

// When a good-till-date order ends: a time in nanoseconds since the Unix epoch, or the last day.
inline constexpr uint64_t kExpiryIsDate = uint64_t{1} << 63;

// Terms that only some orders have, kept beside their records (order_table.h). Those of a replace
// belong to the latest.
struct OrderTerms {
  uint64_t expiry = 0;  // of a good-till-date order: see kExpiryIsDate
  // The request that set time in force and expiry is this one, or of the day that began with it; 0:
  // the order's first.
  uint64_t expiry_since = 0;
  uint64_t replace_expiry = 0;  // likewise
  uint64_t replace_display_qty = 0;
  FeatureSet wanted = 0;
  uint8_t profile = 0;
  TimeInForce replace_time_in_force = {};
  uint8_t replace_changes_display = 0;
  uint8_t replace_changes_expiry = 0;
  uint8_t padding[2] = {};
};
static_assert(sizeof(OrderTerms) == 40 && std::is_trivially_copyable_v<OrderTerms> &&
              std::has_unique_object_representations_v<OrderTerms>);

}  // namespace ringway
