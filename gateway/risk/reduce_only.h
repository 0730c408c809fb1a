// Pre-trade check: a reduce-only order must only reduce the account's position, with all that is
// open on its side.
//
// A replace that asks for no more than is open passes: the position may be smaller by now. Limit:
// the part of the position that no open order reduces already; value: the order's quantity.
// Smallest units.
#pragma once

#include <algorithm>

#include "gateway/risk/request.h"
#include "schema/features.h"

namespace ringway {

class ReduceOnly {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kReduceOnly;

  explicit ReduceOnly(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    if (!request.reduce_only || request.open_after <= request.open_before) [[likely]]
      return {};
    if (request.Reduces(request.position.quantity, request.position.open)) return {};
    const Money held = request.book_side == kSellSide ? Money{request.position.quantity}
                                                      : -Money{request.position.quantity};
    const Money taken = Money{request.position.open[request.book_side]} - request.open_before;
    return {RejectReason::kPositionLimit, kCheck, SaturatedUnits(std::max<Money>(held - taken, 0)),
            SaturatedUnits(request.open_after)};
  }
};

}  // namespace ringway
