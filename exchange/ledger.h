// Ledger: who holds what, and how many orders ended how.
//
// A fixed table of positions by account and instrument, and the exchange's counters. It is the
// exchange's side of the conservation check, written as JSON. Thread rule: one thread. Nothing
// allocates after construction but ToJson().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/order.h"

namespace ringway::exchange {

struct Position {
  uint32_t account = 0;
  uint32_t instrument = 0;  // number
  uint64_t bought = 0;
  uint64_t sold = 0;
};

// Each only grows. An order counts once in the first group when it is received, and once in the
// second when it ends; one that is in neither yet is open. A replace is the same order.
struct Counters {
  uint64_t orders_received = 0;  // NewOrder
  uint64_t orders_accepted = 0;

  uint64_t orders_rejected = 0;
  uint64_t orders_filled = 0;
  uint64_t orders_canceled = 0;
  uint64_t orders_expired = 0;

  uint64_t cancels_received = 0;
  uint64_t replaces_received = 0;
  uint64_t replaces_done = 0;
  uint64_t cancel_rejects = 0;  // of cancels and replaces
  uint64_t stops_triggered = 0;
  uint64_t malformed = 0;  // requests that could not be decoded
  uint64_t trades = 0;
  uint64_t quantity_traded = 0;     // one side
  uint64_t reports = 0;             // ExecutionReport and CancelReject
  uint64_t references = 0;          // ReferencePrice, each member's copy
  uint64_t references_skipped = 0;  // because a member's queue was half full
  uint64_t waits = 0;               // requests not taken because a member's queue was full
};

class Ledger {
 public:
  explicit Ledger(uint32_t positions_max);

  // The pair's position, created if it is new; kNoSlot when positions_max pairs are in use.
  Slot Find(uint32_t account, uint32_t instrument) noexcept;

  void AddTrade(Slot buyer, Slot seller, uint64_t qty) noexcept {
    positions_[buyer].bought += qty;
    positions_[seller].sold += qty;
    ++counters.trades;
    counters.quantity_traded += qty;
  }

  // Every pair that ever had an order, by account and then instrument.
  std::vector<Position> positions() const;

  // {"positions":[{"account","instrument","position","bought","sold"}...], "orders":{...},
  //  "requests":{...}, "reports":{...}, "trades":n, "quantity_traded":n}
  std::string ToJson(uint64_t orders_open) const;

  Counters counters;

 private:
  std::vector<Position> positions_;
  std::vector<Slot> table_;  // open addressing, never erased from
  uint32_t count_ = 0;
};

}  // namespace ringway::exchange
