// Pre-trade check: the price is a multiple of the instrument's tick, and the quantity of its lot.
//
// Limit: the tick or the lot; value: the price or the quantity that is no multiple of it.
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class TickAndLot {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kTickAndLot;

  explicit TickAndLot(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    // Prices are within their bounds (the engine checked them); 0 is a multiple of everything.
    if (!request.instrument.IsOnTick(request.price)) [[unlikely]] {
      return {RejectReason::kInvalidPriceIncrement, kCheck, request.instrument.tick_size,
              request.price};
    }
    if (!request.instrument.IsOnTick(request.stop_price)) [[unlikely]] {
      return {RejectReason::kInvalidPriceIncrement, kCheck, request.instrument.tick_size,
              request.stop_price};
    }
    if (!request.instrument.lot.Divides(request.quantity)) [[unlikely]] {
      return {RejectReason::kIncorrectQuantity, kCheck, request.instrument.lot_size,
              static_cast<int64_t>(request.quantity)};
    }
    return {};
  }
};

}  // namespace ringway
