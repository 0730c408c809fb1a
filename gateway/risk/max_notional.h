// Pre-trade check: the value of one order, limited for its session and its account.
//
// Values are those of RiskRequest::risk_price. Limit and value: whole units of the risk currency,
// the value rounded up.
#pragma once

#include <algorithm>

#include "gateway/risk/request.h"

namespace ringway {

class MaxNotional {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kMaxNotional;

  explicit MaxNotional(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const int64_t limit =
        std::min(request.session_limits.notional_max, request.account_limits.notional_max);
    const Money notional = request.notional_after;
    if (!Exceeds(notional, limit) || notional <= request.notional_before) [[likely]]
      return {};
    return {RejectReason::kNotionalExceedsThreshold, kCheck, limit, UnitsRoundedUp(notional)};
  }
};

}  // namespace ringway
