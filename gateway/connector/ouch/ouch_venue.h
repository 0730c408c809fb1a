// OuchVenue: a [[venue]] with connector = "ouch", which speaks OUCH 4.2 or 5.0 over SoupBinTCP.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/padded_text.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/ouch/ouch_options.h"
#include "gateway/connector/venue_kind.h"
#include "schema/features.h"
#include "transport/stream/stream_options.h"

namespace ringway {

struct OuchVenue {
  static constexpr std::string_view kKind = "ouch";
  static constexpr std::string_view kText = "a venue that speaks OUCH over SoupBinTCP";
  // 4.2 knows no peg but the midpoint, and refuses the others when they are sent.
  static constexpr FeatureSet kFeatures =
      BitOf(Feature::kHidden) | BitOf(Feature::kIntermarketSweep) | BitOf(Feature::kMinQuantity) |
      BitOf(Feature::kPeg) | BitOf(Feature::kAuction);
  static constexpr bool kSpeaksWhenPolled = false;

  OuchOptions ouch;
  StreamOptions stream;

  std::vector<VenueFault> Faults(const VenueContext& context) const;
  VenueNeeds Needs(const VenueContext& context) const;
  // Of the password's.
  std::vector<std::string> FaultsInFiles(const VenueContext& context) const;
  // Errors: of ReadOuchPassword() and StreamDialer::Create().
  absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const ConnectorContext& context) const;
};

// Errors: its file is missing, readable by others or holds no password.
absl::StatusOr<PaddedText<10>> ReadOuchPassword(const OuchOptions& ouch);

template <class V>
void Fields(V& v, OuchVenue& venue) {
  v.Section("ouch", venue.ouch, "Only with connector = \"ouch\": the protocol.");
  v.Section("stream", venue.stream, "Only with connector = \"ouch\" or \"fix\": the connection.");
}

}  // namespace ringway
