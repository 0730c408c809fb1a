// Could the account's position in the instrument grow beyond its limit if all that is open were
// filled?
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

  Verdict Check(const RiskRequest& request) const noexcept {
    const int64_t limit = request.account_limits.position_max;
    const Position& position = request.position;
    const Money held =
        request.book_side == kBuySide ? Money{position.quantity} : -Money{position.quantity};
    const Money worst = held + static_cast<Money>(position.open[request.book_side]) -
                        static_cast<Money>(request.open_before) +
                        static_cast<Money>(request.open_after);
    if (worst <= limit || limit == kNoLimit || request.open_after <= request.open_before)
        [[likely]] {
      return {};
    }
    return {RejectReason::kPositionLimit, kCheck, limit, Saturated(worst)};
  }

 private:
  static int64_t Saturated(Money value) noexcept {
    return value > kNoLimit ? kNoLimit : static_cast<int64_t>(value);
  }
};

}  // namespace ringway
