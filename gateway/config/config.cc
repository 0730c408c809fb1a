// Loads and prints a configuration file, and converts it to the options of the gateway's parts.
#include "gateway/config/config.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/config/config_checks.h"
#include "gateway/config/config_fields.h"
#include "gateway/config/config_printer.h"
#include "gateway/config/config_reader.h"

namespace ringway {

namespace {

template <class F>
LoadedConfig Load(std::string_view toml, F&& check,
                  ConfigFindings::UnknownKeys unknown_keys = ConfigFindings::UnknownKeys::kErrors) {
  LoadedConfig out;
  const ParsedDocument document = ParseConfigDocument(toml);
  if (!document.ok) {
    out.errors.push_back(document.error);
    return out;
  }
  ConfigFindings findings(unknown_keys);
  ConfigReader reader(document.root, "", findings);
  Fields(reader, out.config);
  reader.Finish();
  out.config.wait.policy = out.config.host.wait;
  check(out.config, findings);
  out.errors = findings.Sorted();
  return out;
}

}  // namespace

LoadedConfig LoadConfig(std::string_view toml) { return Load(toml, CheckConfig); }
LoadedConfig LoadKeptConfig(std::string_view toml) {
  return Load(
      toml, [](const GatewayConfig&, ConfigFindings&) {}, ConfigFindings::UnknownKeys::kIgnored);
}
LoadedConfig LoadInstruments(std::string_view toml) { return Load(toml, CheckInstruments); }

absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) {
    const std::string what = absl::StrCat(path, ": cannot be read: ", std::strerror(errno));
    if (errno == ENOENT)
      return absl::NotFoundError(what + "; deploy/gateway.toml is an example to start from");
    if (errno == EACCES)
      return absl::PermissionDeniedError(what + "; make it readable for the gateway's user");
    return absl::InternalError(what);
  }
  std::string text;
  char buffer[65536];
  std::size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof(buffer), file)) != 0) text.append(buffer, got);
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  std::fclose(file);
  if (failed)
    return absl::InternalError(absl::StrCat(path, ": cannot be read: ", std::strerror(error)));
  return text;
}

std::string PrintConfig(const GatewayConfig& config) {
  std::string text;
  ConfigPrinter printer(text);
  GatewayConfig copy = config;  // Fields() takes structs that a reader could fill
  Fields(printer, copy);
  return text;
}

std::vector<std::string> ConfigKeyNames() {
  std::vector<std::string> names;
  ConfigKeyLister lister(names);
  GatewayConfig config;
  Fields(lister, config);
  return names;
}

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
    for (const std::string& name : venue.instructions) {
      if (const auto feature = FeatureNamed(name)) engine.venues.back().features |= BitOf(*feature);
    }
  }
  engine.routes = config.routes;
  engine.default_venue = config.routing.default_venue;
  engine.default_fallback = config.routing.default_fallback;
  engine.pools = config.pools;
  return engine;
}

VenueContext ContextOf(const GatewayConfig& config, const GatewayVenueConfig& venue) {
  return {venue.engine.id, config.instruments};
}

}  // namespace ringway
