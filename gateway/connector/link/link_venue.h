// LinkVenue: a [[venue]] with connector = "exchange-link", ringway-exchange over a link.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config/config_reader.h"
#include "exchange/options.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/venue_kind.h"
#include "schema/features.h"

namespace ringway {

struct LinkVenue {
  static constexpr std::string_view kKind = "exchange-link";
  static constexpr std::string_view kText = "ringway-exchange over a link, at uri";
  static constexpr FeatureSet kFeatures = exchange::kFeatures;
  static constexpr bool kSpeaksWhenPolled = false;

  std::string uri;
  uint32_t member_id = 1;  // this gateway's number at the exchange: no other gateway may use it
  std::string key_file;    // of the member; empty: it has none

  std::vector<VenueFault> Faults(const VenueContext& context) const;
  VenueNeeds Needs(const VenueContext& context) const;
  std::vector<std::string> FaultsInFiles(const VenueContext&) const { return {}; }
  // Errors: the key file's (SessionKey::FromFile); those of MakeLinkConnector().
  absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const ConnectorContext& context) const;
};

template <class V>
void Fields(V& v, LinkVenue& venue) {
  v.Text("uri", venue.uri,
         "Where the exchange is, for example \"shm:/run/ringway/exchange.sock\"; needed.");
  v.Integer("member_id", venue.member_id, ConfigForm::kWhole, {1},
            "This gateway's number at that exchange, which no other gateway may use.");
  v.Text("key_file", venue.key_file,
         "The key that proves member_id, which the exchange has in its folder --member_keys as "
         "MEMBER_ID.key. Needed unless uri is shm:. Empty: none.");
}

}  // namespace ringway
