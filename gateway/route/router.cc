// Builds the rules of each instrument from the configured routes.

#include "gateway/route/router.h"

#include "base/check.h"

namespace ringway {
namespace {

// The index of the item numbered `id`, or `any` for 0.
template <class I, class Config>
I IndexIn(const std::vector<Config>& configured, uint32_t id, uint32_t any) {
  if (id == 0) return I{any};
  for (uint32_t index = 0; index < configured.size(); ++index) {
    if (configured[index].id == id) return I{index};
  }
  RINGWAY_CHECK(false, "a route names what is not configured");
  return I{any};
}

}  // namespace

Router::Router(const EngineConfig& config) : index_(size_t{UINT16_MAX} + 1, kNoVenue) {
  for (VenueIndex venue{0}; venue < config.venues.size(); ++venue) {
    const VenueId id = config.venues[venue].id;
    RINGWAY_CHECK(id != 0 && index_[id] == kNoVenue, "venues have their own numbers, not 0");
    index_[id] = venue;
  }
  for (const InstrumentConfig& instrument : config.instruments) {
    first_rule_.push_back(static_cast<uint32_t>(rules_.size()));
    for (const RouteConfig& route : config.routes) {
      RINGWAY_CHECK(route.venue != 0, "a route leads to a venue");
      if (route.instrument != 0 && route.instrument != instrument.id) continue;
      rules_.push_back({IndexIn<AccountIndex>(config.accounts, route.account, kAny),
                        IndexIn<SessionIndex>(config.sessions, route.session, kAny),
                        IndexIn<VenueIndex>(config.venues, route.venue, kNoVenue),
                        IndexIn<VenueIndex>(config.venues, route.fallback, kNoVenue)});
    }
    if (config.default_venue == 0) continue;
    rules_.push_back({AccountIndex{kAny}, SessionIndex{kAny},
                      IndexIn<VenueIndex>(config.venues, config.default_venue, kNoVenue),
                      IndexIn<VenueIndex>(config.venues, config.default_fallback, kNoVenue)});
  }
  first_rule_.push_back(static_cast<uint32_t>(rules_.size()));
}

}  // namespace ringway
