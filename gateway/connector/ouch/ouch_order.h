// What the connector knows of each order at an OUCH venue, and of the executions of a session.
//
// OUCH names an order by the last request that the venue took, and says nothing twice: quantities,
// terms and what was asked and not answered have to be remembered, by the slot that the gateway's
// request identifiers carry (docs/adr/0006). All of it can be made again from the venue's own
// messages. Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/connector/order_slots.h"
#include "protocol/ouch/codes.h"

namespace ringway {

enum class OuchOrderState : uint8_t { kNone, kSent, kLive, kDead };

struct OuchOrder {
  uint64_t first_id = 0;    // as it was entered
  uint64_t id = 0;          // of the order as the venue has it, or was asked for it
  uint64_t replace_id = 0;  // of a replace and a cancel that were sent and are not answered
  uint64_t cancel_id = 0;
  uint64_t answered_id = 0;  // the highest in this slot that the venue answered
  uint64_t reference = 0;    // the venue's
  int64_t sent_ns = 0;
  int64_t replace_sent_ns = 0;
  int64_t expires_ns = 0;  // 0: not at a time
  uint32_t number = 0;     // UserRefNum, of 5.0
  uint32_t replace_number = 0;
  // The number of the connection over which it was sent.
  uint32_t connection = 0;
  uint32_t replace_connection = 0;
  uint32_t shares = 0;  // open
  uint32_t traded = 0;
  uint32_t replace_shares = 0;  // in all, what was traded included
  uint32_t price = 0;           // 1e-4, or a market price
  uint32_t replace_price = 0;
  uint32_t time_in_force = 0;  // 4.2: seconds; 5.0: the code
  uint32_t expire_s = 0;       // what was left then, for 5.0
  uint32_t min_quantity = 0;
  uint32_t max_floor = 0;
  int32_t peg_offset = 0;  // 1e-4
  uint32_t instrument = 0;
  uint32_t account = 0;
  // Neighbours among the orders of which something is not answered.
  uint32_t next = 0;
  uint32_t previous = 0;
  ouch::Side side = ouch::Side::kBuy;
  ouch::Capacity capacity = ouch::Capacity::kAgency;
  ouch::CrossType cross = ouch::CrossType::kNone;
  char display = 'Y';
  char price_type = 'L';
  bool sweep = false;
  bool post_only = false;
  bool may_be_second = false;  // sent again: its answer may be to the first one
  bool replace_may_be_second = false;
  bool cancel_refused = false;
  bool listed = false;
  OuchOrderState state = OuchOrderState::kNone;

  bool open() const noexcept {
    return state == OuchOrderState::kSent || state == OuchOrderState::kLive;
  }
  bool awaits_answer() const noexcept {
    return state == OuchOrderState::kSent || replace_id != 0 || cancel_id != 0;
  }
};

using OuchOrders = OrderSlots<OuchOrder>;

// The executions of a session, found by match number and the order's slot: a bust names no
// quantity, and the order by the name that it has by then, or had.
class OuchExecutions {
 public:
  struct Execution {
    uint64_t match = 0;
    uint64_t id = 0;  // of the order; 0: none
    int64_t price = 0;
    uint32_t shares = 0;  // 0: broken
    bool sells = false;
  };

  explicit OuchExecutions(uint32_t count_max)
      : table_(std::bit_ceil(std::size_t{count_max} + count_max / 2 + 1)), count_max_(count_max) {}

  // False: there is no room.
  bool Remember(const Execution& execution) noexcept {
    if (count_ == count_max_) return false;
    ++count_;
    std::size_t at = Home(execution.match, execution.id);
    while (table_[at].id != 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = execution;
    return true;
  }
  // Null: it is not known.
  Execution* Find(uint64_t match, uint64_t id) noexcept {
    for (std::size_t at = Home(match, id);; at = (at + 1) & (table_.size() - 1)) {
      if (table_[at].id == 0) return nullptr;
      if (table_[at].match == match &&
          OuchOrders::SlotOf(table_[at].id) == OuchOrders::SlotOf(id)) {
        return &table_[at];
      }
    }
  }
  // As of OuchOrders.
  bool Forget(std::size_t from, std::size_t count) noexcept {
    count_ = 0;
    return ClearPart(table_, from, count);
  }

 private:
  std::size_t Home(uint64_t match, uint64_t id) const noexcept {
    const uint64_t slot = OuchOrders::SlotOf(id);
    const uint64_t mixed = (match ^ slot * 0x9e37'79b9'7f4a'7c15) * 0xd6e8'feb8'6659'fd93;
    return (mixed ^ mixed >> 32) & (table_.size() - 1);
  }

  std::vector<Execution> table_;  // never full
  uint32_t count_max_;
  uint32_t count_ = 0;
};

}  // namespace ringway
