// Pre-trade check: price collar. Refuses a buy too far above the reference price, a sell too far
// below.
//
// An order without a fresh reference is refused. A market order only needs the reference to exist,
// and so does a stop order: its trigger is on the far side of the market on purpose. A stop-limit
// order's limit is compared with its trigger, where it will meet the market; a replace's with the
// trigger that is in force, or the reference, since the order may be triggered already. A replace
// that adds quantity is checked as a new order is. The collar is a part of the price that it is
// compared with, whatever its sign, and at least as wide as is configured for the instrument: near
// zero a part of the price is nothing. Limit: the last price that passes, value: the order's limit;
// if the reference is missing or stale, its greatest permitted age and its age in nanoseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gateway/risk/request.h"

namespace ringway {

class PriceCollar {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kPriceCollar;
  static constexpr uint32_t kOff = UINT32_MAX;
  static constexpr int64_t kBpsPerUnit = 10'000;

  explicit PriceCollar(const EngineConfig&) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const uint32_t collar_bps = request.session_limits.collar_bps;
    const bool priced = HasLimit(request.ord_type) || HasTrigger(request.ord_type);
    if ((!request.price_moves && !request.grows) || (collar_bps == kOff && priced)) return {};
    const Instrument& instrument = request.instrument;
    if (!instrument.ReferenceIsFresh(request.now_ns)) [[unlikely]] {
      return {RejectReason::kReferencePriceNotAvailable, kCheck, instrument.reference_age_max_ns,
              !instrument.has_reference ? 0 : request.now_ns - instrument.reference_time_ns};
    }
    // All in 1e-4 of a price unit: exact, and no division.
    int64_t market =
        HasTrigger(request.ord_type) ? request.stop_before : instrument.reference_price;
    if (request.is_replace) {
      market = request.book_side == kBuySide ? std::max(market, instrument.reference_price)
                                             : std::min(market, instrument.reference_price);
    }
    // Away from the market there is no collar.
    const bool passive =
        request.book_side == kBuySide ? request.price <= market : request.price >= market;
    if (passive) return {};
    const Money price = Money{request.price} * kBpsPerUnit;
    const Money reference = Money{market} * kBpsPerUnit;
    const Money size = market < 0 ? -Money{market} : Money{market};
    const Money width =
        std::max(size * collar_bps, Money{instrument.collar_width_min} * kBpsPerUnit);
    const bool outside =
        request.book_side == kBuySide ? price > reference + width : price < reference - width;
    if (!HasLimit(request.ord_type) || !outside) [[likely]]
      return {};
    const Money bound = request.book_side == kBuySide ? RoundedDown(reference + width)
                                                      : -RoundedDown(width - reference);
    return {RejectReason::kPriceExceedsBand, kCheck, static_cast<int64_t>(bound), request.price};
  }

 private:
  static constexpr Money RoundedDown(Money price) noexcept {
    const Money rest = price % kBpsPerUnit;
    return (price - (rest < 0 ? rest + kBpsPerUnit : rest)) / kBpsPerUnit;
  }
};

}  // namespace ringway
