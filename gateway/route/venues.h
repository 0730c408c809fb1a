// Venues: which venues are up, and which instruments are halted there.
//
// Every venue is down until it reports that it is up. Its outages are counted, so that requests
// from before the latest that were never answered are known to be in doubt. Engine thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "schema/messages.h"

namespace ringway {

class Venues {
 public:
  explicit Venues(const EngineConfig& config)
      : venues_(config.venues.size()), halt_words_((config.instruments.size() + 63) / 64) {
    RINGWAY_CHECK(config.venues.size() <= kVenuesMax, "at most kVenuesMax venues");
    for (size_t index = 0; index < venues_.size(); ++index)
      venues_[index].id = config.venues[index].id;
    halts_.resize(venues_.size() * halt_words_);
  }

  VenueId id(VenueIndex venue) const noexcept { return venues_[venue].id; }
  VenueState state(VenueIndex venue) const noexcept { return venues_[venue].state; }
  uint32_t outages(VenueIndex venue) const noexcept { return venues_[venue].outages; }
  size_t size() const noexcept { return venues_.size(); }

  // Whether requests can be sent there at all: cancels even while trading is halted.
  bool Reachable(VenueIndex venue) const noexcept {
    return venues_[venue].state != VenueState::kDown;
  }
  bool Halted(VenueIndex venue, InstrumentIndex instrument) const noexcept {
    return (halts_[venue * halt_words_ + instrument / 64] >> (instrument % 64) & 1) != 0;
  }
  // Whether the venue takes orders in the instrument.
  bool Open(VenueIndex venue, InstrumentIndex instrument) const noexcept {
    return venues_[venue].state == VenueState::kUp && !Halted(venue, instrument);
  }

  // Returns whether the state changed. Going down clears the halts, including those that the venue
  // reported before it was up: it reports them again.
  bool SetState(VenueIndex venue, VenueState state) noexcept {
    if (state == VenueState::kDown) {
      for (size_t word = 0; word < halt_words_; ++word) halts_[venue * halt_words_ + word] = 0;
    }
    Venue& changed = venues_[venue];
    if (changed.state == state) return false;
    changed.state = state;
    changed.outages += state == VenueState::kDown;
    return true;
  }
  bool SetHalt(VenueIndex venue, InstrumentIndex instrument, bool halted) noexcept {
    if (Halted(venue, instrument) == halted) return false;
    halts_[venue * halt_words_ + instrument / 64] ^= uint64_t{1} << (instrument % 64);
    return true;
  }

  // State that the engine saves (archive.h).
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& venues, const Numbers& instruments) {
    ArchiveTable(
        archive, venues, self.venues_,
        [&archive](auto& venue) {
          archive(venue.state, venue.outages);
          archive.Require(venue.state != VenueState::kUnset, "a venue is in no state");
        },
        [](const Venue&) { return true; });
    for (size_t at = 0; at < venues.saved.size() && archive.ok(); ++at) {
      std::vector<uint32_t> halted;
      for (InstrumentIndex instrument{0}; !A::kLoads && instrument < instruments.saved.size();
           ++instrument) {
        if (self.Halted(VenueIndex{static_cast<uint32_t>(at)}, instrument))
          halted.push_back(instrument);
      }
      halted.resize(archive.Count(halted.size(), instruments.saved.size(), "halts of a venue"));
      archive.Records(halted);
      if constexpr (A::kLoads) {
        for (const uint32_t saved : halted) {
          archive.Require(saved < instruments.saved.size(), "a halt of no instrument");
          if (!archive.ok()) return;
          const InstrumentIndex instrument{instruments.now[saved]};
          if (venues.now[at] == Numbers::kGone || instrument == Numbers::kGone) continue;
          self.SetHalt(VenueIndex{venues.now[at]}, instrument, true);
        }
      }
    }
  }

 private:
  struct Venue {
    VenueId id = 0;
    VenueState state = VenueState::kDown;
    uint32_t outages = 0;
  };
  std::vector<Venue> venues_;
  size_t halt_words_;
  std::vector<uint64_t> halts_;  // a bit for every venue and instrument
};

}  // namespace ringway
