// What the connector knows of each order at a FIX venue.
//
// FIX wants instrument, side and quantity in every request about an order, and the gateway's cancel
// and replace name only the order. The table is by slot (gateway/connector/order_slots.h). After a
// restart it is made again from the gateway's open orders. Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "gateway/connector/order_slots.h"
#include "schema/messages.h"

namespace ringway {

enum class FixOrderState : uint8_t { kNone, kSent, kLive, kDead };

struct FixOrder {
  uint64_t first_id = 0;  // every identifier from here to newest_id is this order's
  uint64_t id = 0;        // as the venue has it, or was asked for it
  uint64_t newest_id = 0;
  uint64_t replace_id = 0;  // of a replace and a cancel that were sent and are not answered
  uint64_t cancel_id = 0;
  uint64_t answered_id = 0;
  int64_t price = 0;
  int64_t replace_price = 0;
  int64_t stop_price = 0;
  uint64_t qty = 0;  // in all
  uint64_t cum_qty = 0;
  uint64_t replace_qty = 0;
  uint64_t display_qty = 0;
  uint64_t expire_time = 0;
  uint64_t replace_display_qty = 0;
  uint64_t replace_expire_time = 0;
  int64_t replace_stop_price = 0;
  uint32_t expire_date = 0;
  uint32_t replace_expire_date = 0;
  uint32_t instrument = 0;
  uint32_t account = 0;
  // The connection over which each was sent, and over which the venue was asked for the order.
  uint32_t connection = 0;
  uint32_t replace_connection = 0;
  uint32_t cancel_connection = 0;
  uint32_t asked = 0;
  uint32_t asked_round = 0;  // of questions, and in which round it was looked at
  uint32_t looked_round = 0;
  // Neighbours among the orders of which something is not answered.
  uint32_t next = 0;
  uint32_t previous = 0;
  std::array<char, 40> venue_id{};  // OrderID (37)
  uint8_t venue_id_bytes = 0;       // 0: none, or longer
  Side side = Side::kUnset;
  OrdType ord_type = OrdType::kUnset;
  TimeInForce time_in_force = TimeInForce::kDay;
  TimeInForce replace_time_in_force = TimeInForce::kDay;
  Capacity capacity = Capacity::kUnset;
  uint16_t instructions = 0;
  bool post_only = false;
  bool terms_unknown = false;  // the gateway's records do not hold all of them
  bool unsure = false;         // reports about it may be lost: the venue has to say how it stands
  bool listed = false;
  FixOrderState state = FixOrderState::kNone;

  bool open() const noexcept {
    return state == FixOrderState::kSent || state == FixOrderState::kLive;
  }
  bool awaits_answer() const noexcept {
    return state == FixOrderState::kSent || replace_id != 0 || cancel_id != 0 || unsure;
  }
  // The venue was sent a replace that makes the order so.
  void NoteReplace(const FixOrder& changed) noexcept {
    replace_id = changed.replace_id;
    replace_price = changed.replace_price;
    replace_qty = changed.replace_qty;
    replace_stop_price = changed.stop_price;
    replace_display_qty = changed.display_qty;
    replace_expire_time = changed.expire_time;
    replace_expire_date = changed.expire_date;
    replace_time_in_force = changed.time_in_force;
  }
  // It has done that; returns the order's earlier name. REQUIRES: replace_id is not 0.
  uint64_t TakeReplace() noexcept {
    stop_price = replace_stop_price;
    display_qty = replace_display_qty;
    expire_time = replace_expire_time;
    expire_date = replace_expire_date;
    time_in_force = replace_time_in_force;
    return std::exchange(id, std::exchange(replace_id, 0));
  }
  std::string_view venue_order_id() const noexcept { return {venue_id.data(), venue_id_bytes}; }
};

class FixOrders : public OrderSlots<FixOrder> {
 public:
  using OrderSlots::OrderSlots;

  // The order that has, or had, this identifier: also that of a cancel, or of an earlier replace.
  // Null: it is not known (any more).
  FixOrder* Named(uint64_t id) noexcept {
    FixOrder* const order = Owner(id);
    return order != nullptr && id <= order->newest_id ? order : nullptr;
  }
};

}  // namespace ringway
