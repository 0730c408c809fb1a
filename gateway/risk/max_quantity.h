// Pre-trade check: the quantity of one order, limited for its session and its account.
//
// Limit and value: smallest units of quantity.
#pragma once

#include <algorithm>

#include "gateway/risk/request.h"

namespace ringway {

class MaxQuantity {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kMaxQuantity;

  explicit MaxQuantity(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const int64_t limit =
        std::min(request.session_limits.quantity_max, request.account_limits.quantity_max);
    const auto quantity = static_cast<int64_t>(request.quantity);
    if (quantity <= limit || !request.grows) [[likely]]
      return {};
    return {RejectReason::kExceedsClipSize, kCheck, limit, quantity};
  }
};

}  // namespace ringway
