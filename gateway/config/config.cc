// Loads and prints a configuration file, and converts it to the options of the gateway's parts.
#include "gateway/config/config.h"

#include "base/config/config_reader.h"
#include "base/config/config_table.h"
#include "gateway/config/config_checks.h"
#include "gateway/config/config_fields.h"

namespace ringway {
namespace {

FeatureSet FeaturesOf(const GatewayVenueConfig& venue) {
  FeatureSet features = 0;
  for (const std::string& name : venue.instructions) {
    if (const auto feature = FeatureNamed(name)) features |= BitOf(*feature);
  }
  return features;
}

}  // namespace

LoadedConfig LoadConfig(std::string_view toml) {
  LoadedConfig out;
  out.errors = ReadConfig(toml, out.config, [](GatewayConfig& config, ConfigFindings& findings) {
    config.wait.policy = config.host.wait;
    CheckConfig(config, findings);
  });
  return out;
}

LoadedConfig LoadKeptConfig(std::string_view toml) {
  LoadedConfig out;
  out.errors = ReadConfig(
      toml, out.config,
      [](GatewayConfig& config, ConfigFindings&) { config.wait.policy = config.host.wait; },
      ConfigFindings::UnknownKeys::kIgnored);
  return out;
}

ConfigTable DescribeGateway(const GatewayConfig& config) {
  GatewayConfig copy = config;  // Fields() takes structs that a reader could fill
  return DescribeConfig(copy);
}

std::string PrintConfig(const GatewayConfig& config) { return PrintToml(DescribeGateway(config)); }

EngineConfig MakeEngineConfig(const GatewayConfig& config) {
  EngineConfig engine;
  engine.instruments = config.instruments;
  engine.accounts = config.accounts;
  engine.desks = config.desks;
  engine.firm = config.firm.limits;
  engine.warn_at_percent = config.firm.warn_at_percent;
  engine.instrument_limits = config.instrument_limits;
  for (const ProfileConfig& profile : config.profiles) engine.profiles.push_back(profile.id);
  for (const GatewaySessionConfig& session : config.sessions)
    engine.sessions.push_back(session.engine);
  for (const GatewayVenueConfig& venue : config.venues) {
    engine.venues.push_back(venue.engine);
    engine.venues.back().features |= FeaturesOf(venue);
  }
  engine.routes = config.routes;
  engine.default_venue = config.routing.default_venue;
  engine.default_fallback = config.routing.default_fallback;
  engine.pools = config.pools;
  return engine;
}

VenueContext ContextOf(const GatewayConfig& config, const GatewayVenueConfig& venue) {
  return {.id = venue.engine.id,
          .instruments = config.instruments,
          .orders_max = config.pools.orders_max,
          .accounts = config.accounts,
          .profiles = config.profiles,
          .features = FeaturesOf(venue)};
}

}  // namespace ringway
