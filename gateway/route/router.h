// Router: chooses the venue of an order.
//
// Its explicit route; else the first configured rule that matches; else the default. A venue that
// is down or halted is replaced by the rule's fallback, but never when the client named it. Rules
// are sorted by instrument at start, so an order examines only rules that can match it.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/engine_config.h"
#include "gateway/route/venues.h"
#include "schema/messages.h"

namespace ringway {

class Router {
 public:
  explicit Router(const EngineConfig& config);

  struct [[nodiscard]] Choice {
    RejectReason reason;  // kNone: `venue` takes the order
    VenueIndex venue;     // kNoVenue: none was found
  };
  static constexpr VenueIndex kNoVenue{UINT32_MAX};

  // `route` is the order's explicit venue number or 0; the rest are indices.
  [[gnu::always_inline]] Choice Route(const Venues& venues, VenueId route, SessionIndex session,
                                      AccountIndex account,
                                      InstrumentIndex instrument) const noexcept {
    if (route != 0) [[unlikely]] {
      const VenueIndex venue = IndexOf(route);
      if (venue == kNoVenue) return {RejectReason::kNoRoute, kNoVenue};
      return {
          venues.Open(venue, instrument) ? RejectReason::kNone : RejectReason::kVenueUnavailable,
          venue};
    }
    for (uint32_t at = first_rule_[instrument]; at != first_rule_[instrument + 1]; ++at) {
      const Rule& rule = rules_[at];
      if (rule.account != account && rule.account != kAny) continue;
      if (rule.session != session && rule.session != kAny) continue;
      if (venues.Open(rule.venue, instrument)) [[likely]]
        return {RejectReason::kNone, rule.venue};
      if (rule.fallback != kNoVenue && venues.Open(rule.fallback, instrument)) {
        return {RejectReason::kNone, rule.fallback};
      }
      return {RejectReason::kVenueUnavailable, rule.venue};
    }
    return {RejectReason::kNoRoute, kNoVenue};
  }

  // The index of a venue number; kNoVenue: not configured.
  VenueIndex IndexOf(VenueId id) const noexcept { return index_[id]; }

 private:
  static constexpr uint32_t kAny = UINT32_MAX;
  struct Rule {
    AccountIndex account;
    SessionIndex session;
    VenueIndex venue;
    VenueIndex fallback;
  };

  std::vector<VenueIndex> index_;     // by VenueId
  std::vector<Rule> rules_;           // those of instrument 0, then those of instrument 1 ...
  std::vector<uint32_t> first_rule_;  // by instrument, one more at the end
};

}  // namespace ringway
