// Pre-trade check: limits of one instrument on order quantity, order value and account position.
//
// Applies the tightest limits that the firm, the desk and the account have for the instrument;
// other checks apply limits that hold in every instrument. Limit and value: as there.
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class InstrumentLimitCheck {
 public:
  static constexpr RiskCheck kCheck =
      RiskCheck::kInstrumentQuantity;  // or one of the two beside it

  explicit InstrumentLimitCheck(const EngineConfig&) {}

  // Whether anybody has such a limit. Otherwise every order passes.
  bool Applies(const SessionLimits&, const Exposure& exposure) const noexcept {
    return exposure.has_instrument_limits();
  }
  Verdict Check(const RiskRequest& request) const noexcept {
    return request.exposure.has_instrument_limits() ? CheckLimits(request) : Verdict{};
  }

 private:
  [[gnu::noinline]] static Verdict CheckLimits(const RiskRequest& request) noexcept {
    const PairLimits limits = request.exposure.InstrumentLimitsOf(request.position);
    const auto quantity = static_cast<int64_t>(request.quantity);
    if (quantity > limits.quantity_max && request.grows) [[unlikely]] {
      return {RejectReason::kExceedsClipSize, RiskCheck::kInstrumentQuantity, limits.quantity_max,
              quantity};
    }
    if (Exceeds(request.notional_after, limits.notional_max) &&
        request.notional_after > request.notional_before) [[unlikely]] {
      return {RejectReason::kNotionalExceedsThreshold, RiskCheck::kInstrumentNotional,
              limits.notional_max, UnitsRoundedUp(request.notional_after)};
    }
    const Money worst = request.WorstPosition(request.position.quantity, request.position.open);
    if (worst > limits.position_max && limits.position_max != kNoLimit &&
        request.open_after > request.open_before) [[unlikely]] {
      return {RejectReason::kPositionLimit, RiskCheck::kInstrumentPosition, limits.position_max,
              SaturatedUnits(worst)};
    }
    return {};
  }
};

}  // namespace ringway
