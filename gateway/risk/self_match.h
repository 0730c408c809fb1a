// Pre-trade check: self-match prevention. Refuses an order that would match a resting order of its
// own account.
//
// Compares with the account's best own price on the other side, whatever venue it rests at; limit
// orders that may rest count from their sending until their end, a replace at the more aggressive
// of both prices. Stop orders count once their venue has reported them triggered, orders for
// auctions never. Limit: the own resting price that would match; value: the order's price (0:
// market).
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class SelfMatch {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kSelfMatch;

  explicit SelfMatch(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const BookSide other = request.book_side == kBuySide ? kSellSide : kBuySide;
    const uint64_t best = request.position.best_resting[other];
    if (best == kNoTick || HasTrigger(request.ord_type) || !request.price_moves ||
        !request.account_limits.self_match_prevention) {
      return {};
    }
    if (request.ord_type == OrdType::kLimit &&
        best > Exposure::OrientedTick(other, request.instrument.TickOf(request.price))) {
      return {};
    }
    const uint64_t resting_tick = Exposure::OrientedTick(other, best);  // self-inverse
    return {RejectReason::kSelfMatch, kCheck, request.instrument.PriceOf(resting_tick),
            request.price};
  }
};

}  // namespace ringway
