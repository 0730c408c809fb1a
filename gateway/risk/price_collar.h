// Is the price too far on the bad side of the reference price: a buy above it, a sell below it?
//
// Without a fresh reference there is no answer, so the order is refused. A market order is valued
// at the reference and only needs it to be there. Limit: the last price that passes, value: the
// order's price; of a reference that is missing or stale, its greatest permitted age and its age in
// nanoseconds.
#pragma once

#include <cstdint>

#include "gateway/risk/request.h"

namespace ringway {

class PriceCollar {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kPriceCollar;
  static constexpr uint32_t kOff = UINT32_MAX;
  static constexpr int64_t kBpsPerUnit = 10'000;

  explicit PriceCollar(const EngineConfig&) {}

  Verdict Check(const RiskRequest& request) const noexcept {
    const uint32_t collar_bps = request.session_limits.collar_bps;
    const bool priced = request.price != 0 || request.stop_price != 0;
    if (!request.price_moves || (collar_bps == kOff && priced)) return {};
    const Instrument& instrument = request.instrument;
    if (!instrument.ReferenceIsFresh(request.now_ns)) [[unlikely]] {
      return {RejectReason::kReferencePriceNotAvailable, kCheck, instrument.reference_age_max_ns,
              instrument.reference_price == 0 ? 0 : request.now_ns - instrument.reference_time_ns};
    }
    // All in 1e-4 of a price unit: exact, and no division.
    const Money price = Money{request.risk_price} * kBpsPerUnit;
    const Money reference = Money{instrument.reference_price} * kBpsPerUnit;
    const Money width = Money{instrument.reference_price} * collar_bps;
    const bool outside =
        request.book_side == kBuySide ? price > reference + width : price < reference - width;
    if (!priced || !outside) [[likely]]
      return {};
    const Money bound = request.book_side == kBuySide
                            ? (reference + width) / kBpsPerUnit
                            : (reference - width + kBpsPerUnit - 1) / kBpsPerUnit;
    return {RejectReason::kPriceExceedsBand, kCheck, static_cast<int64_t>(bound),
            request.risk_price};
  }
};

}  // namespace ringway
