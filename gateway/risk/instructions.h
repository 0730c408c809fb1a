// Pre-trade check: whether the venue supports the order's instructions beyond price and quantity.
//
// A venue's features are configured (VenueConfig::features). Limit and value: the bits of the
// supported and of the requested features (schema/features.h).
#pragma once

#include <vector>

#include "gateway/risk/request.h"
#include "schema/features.h"

namespace ringway {

class Instructions {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kInstructions;
  static constexpr bool kKeepsState = false;

  explicit Instructions(const EngineConfig& config) {
    for (const VenueConfig& venue : config.venues) known_.push_back(venue.features);
  }

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    if (request.wanted == 0) [[likely]]
      return {};
    const FeatureSet known = known_[request.venue];
    if ((request.wanted & ~known) == 0) return {};
    return {RejectReason::kUnsupportedOrderCharacteristic, kCheck, known, request.wanted};
  }

 private:
  std::vector<FeatureSet> known_;  // by venue
};

}  // namespace ringway
