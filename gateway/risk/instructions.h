// Does the venue know what the order asks for beyond price and quantity?
//
// What a venue knows is configured (VenueConfig::features). Limit and value: the bits of what is
// known and what is asked for (schema/features.h).
#pragma once

#include <vector>

#include "gateway/risk/request.h"
#include "schema/features.h"

namespace ringway {

class Instructions {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kInstructions;

  explicit Instructions(const EngineConfig& config) {
    for (const VenueConfig& venue : config.venues) known_.push_back(venue.features);
  }

  Verdict Check(const RiskRequest& request) const noexcept {
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
