// Pre-trade check: the account's gross exposure, the value of all its open orders and positions.
//
// Positions are valued at the price of the account's last fill in that instrument, long and short
// alike. An order that only reduces the position, with all that is open on its side, always passes.
// Limit and value: whole units of the risk currency, the value rounded up.
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class GrossNotional {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kGrossNotional;

  explicit GrossNotional(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const int64_t limit = request.account_limits.gross_notional_max;
    const AccountExposure& account = request.account_exposure;
    const Money gross = account.open_notional() + account.position_notional -
                        request.notional_before + request.notional_after;
    if (!Exceeds(gross, limit) || request.notional_after <= request.notional_before ||
        request.Reduces(request.position.quantity, request.position.open)) [[likely]] {
      return {};
    }
    return {RejectReason::kInsufficientCredit, kCheck, limit, UnitsRoundedUp(gross)};
  }
};

}  // namespace ringway
