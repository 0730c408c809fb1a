// FixVenue: a [[venue]] with connector = "fix", which speaks FIX 4.2, 4.4 or 5.0 SP2.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/fix/fix_options.h"
#include "gateway/connector/venue_kind.h"
#include "schema/features.h"
#include "transport/stream/stream_options.h"

namespace ringway {

struct FixVenue {
  static constexpr std::string_view kKind = "fix";
  static constexpr std::string_view kText = "a venue that speaks FIX";
  static constexpr FeatureSet kFeatures =
      BitOf(Feature::kAllOrNone) | BitOf(Feature::kIntermarketSweep) | BitOf(Feature::kAuction) |
      BitOf(Feature::kExpireDate) | BitOf(Feature::kReplaceDisplay) |
      BitOf(Feature::kReplaceExpiry);
  static constexpr bool kSpeaksWhenPolled = false;

  FixOptions fix;
  StreamOptions stream;

  std::vector<VenueFault> Faults(const VenueContext& context) const;
  VenueNeeds Needs(const VenueContext& context) const;
  // Of its dialect's and the password's.
  std::vector<std::string> FaultsInFiles(const VenueContext& context) const;
  // Errors: the dialect cannot be read, or contradicts itself or these keys; the password's file is
  // missing or readable by others; those of StreamDialer::Create().
  absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const ConnectorContext& context) const;
};

template <class V>
void Fields(V& v, FixVenue& venue) {
  v.Section("fix", venue.fix, "Only with connector = \"fix\": the protocol.");
  v.Section("stream", venue.stream, "Only with connector = \"ouch\" or \"fix\": the connection.");
}

}  // namespace ringway
