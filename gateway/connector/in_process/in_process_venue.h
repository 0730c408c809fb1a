// InProcessVenue: a [[venue]] with connector = "exchange", the matching exchange inside the
// gateway.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/exchange_fields.h"
#include "exchange/options.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/venue_kind.h"
#include "schema/features.h"

namespace ringway {

struct InProcessVenue {
  static constexpr std::string_view kKind = "exchange";
  static constexpr std::string_view kText = "the matching exchange inside this process";
  static constexpr FeatureSet kFeatures = exchange::kFeatures;
  static constexpr bool kSpeaksWhenPolled = true;

  exchange::ExchangeOptions exchange;  // its venue and instruments follow from the rest

  exchange::ExchangeOptions OptionsFor(const VenueContext& context) const;
  std::vector<VenueFault> Faults(const VenueContext& context) const;
  VenueNeeds Needs(const VenueContext& context) const;
  std::vector<std::string> FaultsInFiles(const VenueContext&) const { return {}; }
  // Errors: those of Exchange::Create().
  absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const ConnectorContext& context) const;
};

template <class V>
void Fields(V& v, InProcessVenue& venue) {
  v.Section("exchange", venue.exchange,
            "Only with connector = \"exchange\"; its instruments come from above.");
}

}  // namespace ringway
