// Pre-trade check: the account's position after all open orders of one side fill.
//
// Worst case per side: position plus all open buys, or minus all open sells. Limit and value:
// smallest units of quantity, the value without sign.
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class PositionLimit {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kPositionLimit;

  explicit PositionLimit(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const int64_t limit = request.account_limits.position_max;
    const Money worst = request.WorstPosition(request.position.quantity, request.position.open);
    if (worst <= limit || limit == kNoLimit || request.open_after <= request.open_before)
        [[likely]] {
      return {};
    }
    return {RejectReason::kPositionLimit, kCheck, limit, SaturatedUnits(worst)};
  }
};

}  // namespace ringway
