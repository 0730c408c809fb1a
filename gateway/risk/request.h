// The input and the answer of a risk check.
//
// The engine fills one RiskRequest per order or replace, with everything looked up that a check may
// need; a check compares and answers with a Verdict. Units as in engine_config.h unless a name says
// otherwise.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/exposure.h"
#include "gateway/risk/instruments.h"
#include "gateway/risk/money.h"
#include "schema/features.h"
#include "schema/messages.h"

namespace ringway {

// Why an order must not pass; reason kNone: it may. `limit` is the broken limit and `value` the
// amount that the order would have reached, in the unit that the check's header gives; OrderReject
// carries both.
struct [[nodiscard]] Verdict {
  RejectReason reason = RejectReason::kNone;
  RiskCheck check = RiskCheck::kNone;
  int64_t limit = 0;
  int64_t value = 0;

  bool passed() const noexcept { return reason == RejectReason::kNone; }
};

// What the state of a check refers to, when it is saved or loaded (gateway/engine/archive.h):
// numbers of configured items, and state of the engine that is loaded before the checks'.
struct StateAround {
  int64_t now_ns;
  const Numbers& sessions;
  const Numbers& accounts;
  const Numbers& desks;
  const Numbers& venues;
  const Numbers& instruments;
  const std::vector<Instrument>& instrument_table;
  const Exposure& exposure;
  uint32_t order_slots;  // used ones
};

struct RiskRequest {
  int64_t now_ns;
  const SessionLimits& session_limits;
  const AccountLimits& account_limits;
  const Instrument& instrument;
  const Position& position;  // of the account in the instrument
  const AccountExposure& account_exposure;
  const Exposure& exposure;
  SessionIndex session;  // indices, in the order of the configuration
  AccountIndex account;
  InstrumentIndex instrument_index;
  VenueIndex venue;
  BookSide book_side;
  Side side;
  OrdType ord_type;
  bool is_replace;
  bool reduce_only;
  uint8_t profile;      // 0: none
  FeatureSet wanted;    // the features that it asks of its venue
  int64_t price;        // limit price, of an order that has one; otherwise 0
  int64_t stop_price;   // trigger price, of an order that has one; otherwise 0
  int64_t stop_before;  // of a replace: the order's present trigger; otherwise stop_price
  // The price at which the order is valued: its limit price, else its stop price, else the
  // reference price (0: none); a sell at no less than the reference, because it may sell at that
  // price. Where prices may be negative: the limit or the reference, whichever is farther from 0.
  int64_t risk_price;
  uint64_t quantity;  // total, including what is filled
  // What the open order contributes before, and would contribute after; before is zero for a new
  // order.
  uint64_t open_before;
  uint64_t open_after;
  Money notional_before;
  Money notional_after;
  // A replace is checked on its delta: only for what it makes worse.
  bool grows;        // more quantity than before (a new order: always)
  bool price_moves;  // another limit or stop price than before (a new order: always)

  // For a holder of `quantity` (bought minus sold) with these open quantities by BookSide,
  // including this order in its present state: the position in the direction of the order if all on
  // its side were filled.
  Money WorstPosition(int64_t held, const uint64_t (&open)[2]) const noexcept {
    return (book_side == kBuySide ? Money{held} : -Money{held}) + OpenAfter(open);
  }
  // Whether the order, with all that is open on its side, only reduces the holding.
  bool Reduces(int64_t held, const uint64_t (&open)[2]) const noexcept {
    return OpenAfter(open) <= (book_side == kSellSide ? Money{held} : -Money{held});
  }

 private:
  Money OpenAfter(const uint64_t (&open)[2]) const noexcept {
    return static_cast<Money>(open[book_side]) - static_cast<Money>(open_before) +
           static_cast<Money>(open_after);
  }
};

}  // namespace ringway
