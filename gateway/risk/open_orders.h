// Pre-trade check: the number of open orders of the session and the account.
//
// Limit and value: orders.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gateway/risk/request.h"

namespace ringway {

class OpenOrders {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kOpenOrders;

  explicit OpenOrders(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    if (request.is_replace) return {};
    const Verdict session = Against(request.exposure.session_open_orders(request.session),
                                    request.session_limits.open_orders_max);
    if (!session.passed()) [[unlikely]]
      return session;
    return Against(request.account_exposure.open_orders, request.account_limits.open_orders_max);
  }

 private:
  static Verdict Against(uint32_t open, uint32_t limit) noexcept {
    if (open < limit) [[likely]]
      return {};
    return {RejectReason::kOpenOrderLimit, kCheck, limit, int64_t{open} + 1};
  }
};

}  // namespace ringway
