// What a kind of venue is to the configuration and to the start.
//
// A kind is a struct with the keys of a [[venue]] that only this kind has. It lies in its own
// folder and is named once, in venue_kinds.h. Beside its values it has:
//
//   static constexpr std::string_view kKind    what the key `connector` calls it
//   static constexpr std::string_view kText    what it is, for people
//   static constexpr FeatureSet kFeatures      what orders may ask of it, at most
//   static constexpr bool kSpeaksWhenPolled    nothing comes from it but in answer to Poll()
//   template <class V> void Fields(V&, Kind&)  its keys, as in gateway/config/config_fields.h
//   std::vector<VenueFault> Faults(const VenueContext&) const   what is wrong with its values
//   VenueNeeds Needs(const VenueContext&) const                 what it takes from the machine
//   std::vector<std::string> FaultsInFiles(const VenueContext&) const   what is wrong in the files
//                                              that it names: each with its key, or the file and
//                                              the line, and the remedy
//   absl::StatusOr<std::unique_ptr<Connector>> MakeConnector(const ConnectorContext&) const
//
// The last is defined beside its connector, so that a configuration alone needs no connector.
// Thread rule: plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_config.h"
#include "schema/features.h"
#include "transport/options.h"

namespace ringway {

struct VenueFault {
  std::string key;  // of the kind; the table [key] for what follows from several of its keys
  std::string what;
  std::string remedy;
};

// [[profile]]: who decides on an order and how, as regulators and venues require. Orders carry its
// number; the venue's connector fills in what the venue requires of it.
struct ProfileConfig {
  uint8_t id = 0;
  std::string name;
  std::string algo;          // the algorithm that decides
  std::string trader;        // the person responsible for it
  std::string client;        // on whose behalf
  std::string short_locate;  // where a short sale's stock is borrowed
  bool manual = false;       // a person enters the orders
};

// What a kind may know of the rest of the configuration.
struct VenueContext {
  VenueId id = 0;
  const std::vector<InstrumentConfig>& instruments;
  uint32_t orders_max =
      0;  // slots of orders: the lowest bits of a request's identifier are below it
  std::span<const AccountConfig> accounts = {};
  std::span<const ProfileConfig> profiles = {};
  FeatureSet features = 0;  // that orders may ask of this venue
};

struct VenueNeeds {
  uint64_t bytes = 0;    // of memory
  std::string socket;    // of the peer that it connects to; empty: none in the file system
  std::string key_file;  // empty: none
};

// What a connector is made with.
struct ConnectorContext {
  VenueContext venue;
  const LinkOptions& link;
  // Now, and not before any time that the journal has: identifiers after it have never been used.
  int64_t now_ns = 0;
  std::function<void(std::string_view line)> report;
};

}  // namespace ringway
