// Pre-trade check: the kill switches. One latched word is read per order; cancels skip the check.
//
// Latched and re-armed by name (all, session, account, venue, instrument) through RiskState
// messages, and by the gateway itself when it could not keep its promises; latching twice is
// latching once. Limit and value are not used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/risk/request.h"

namespace ringway {

// Faults for which the gateway itself refuses orders.
enum class GatewayFault : uint8_t {
  kJournal,      // it cannot record them
  kIdentifiers,  // no identifiers are left for venue requests (order_table.h)
};

class KillSwitch {
  // Defined above its users, because its type is deduced.
  template <class Self>
  static auto& WordOf(Self& self, KillScope scope, uint32_t index) noexcept {
    switch (scope) {
      case KillScope::kSession:
        return self.sessions_[index];
      case KillScope::kAccount:
        return self.accounts_[index];
      case KillScope::kVenue:
        return self.venues_[index];
      case KillScope::kInstrument:
        return self.instruments_[index];
      case KillScope::kAll:
      case KillScope::kUnset:
        break;
    }
    return self.all_;
  }

 public:
  static constexpr RiskCheck kCheck = RiskCheck::kKillSwitch;

  explicit KillSwitch(const EngineConfig& config)
      : sessions_(config.sessions.size()),
        accounts_(config.accounts.size()),
        venues_(config.venues.size()),
        instruments_(config.instruments.size()) {}

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    if (latched_ == 0) [[likely]]
      return {};
    if (!Latched(request.session, request.account, request.venue, request.instrument_index)) {
      if (Has(GatewayFault::kJournal)) return {RejectReason::kJournalUnavailable};
      if (Has(GatewayFault::kIdentifiers)) return {RejectReason::kGatewayFull};
      return {};
    }
    return {RejectReason::kKillSwitch, kCheck};
  }

  // Whether an operator has latched it for any of them, or for all. Takes indices.
  bool Latched(SessionIndex session, AccountIndex account, VenueIndex venue,
               InstrumentIndex instrument) const noexcept {
    return (all_ | sessions_[session] | accounts_[account] | venues_[venue] |
            instruments_[instrument]) != 0;
  }

  // `index` is that of the session, account, venue or instrument; ignored for kAll.
  void Set(KillScope scope, uint32_t index, bool killed) noexcept {
    uint8_t& word = WordOf(*this, scope, index);
    latched_ += uint32_t{killed} - word;
    latched_of_[static_cast<size_t>(scope)] += uint32_t{killed} - word;
    word = killed;
  }
  // The number of latched switches of a kind.
  uint32_t latched(KillScope scope) const noexcept {
    return latched_of_[static_cast<size_t>(scope)];
  }

  bool killed(KillScope scope, uint32_t index) const noexcept {
    return WordOf(*this, scope, index) != 0;
  }
  void Set(GatewayFault fault, bool latched) noexcept {
    uint8_t& word = faults_[static_cast<size_t>(fault)];
    latched_ += uint32_t{latched} - word;
    word = latched;
  }
  // State that the engine saves (archive.h); `latched_` is derived from the rest.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    const auto each = [&archive](auto& word) {
      archive(word);
      archive.Require(word <= 1, "a kill switch is neither latched nor armed");
    };
    const auto armed = [](uint8_t word) { return word == 0; };
    each(self.all_);
    for (auto& word : self.faults_) each(word);
    ArchiveTable(archive, around.sessions, self.sessions_, each, armed);
    ArchiveTable(archive, around.accounts, self.accounts_, each, armed);
    ArchiveTable(archive, around.venues, self.venues_, each, armed);
    ArchiveTable(archive, around.instruments, self.instruments_, each, armed);
    if constexpr (A::kLoads) self.Recount();
  }

  bool Has(GatewayFault fault) const noexcept { return faults_[static_cast<size_t>(fault)] != 0; }

 private:
  void Recount() noexcept {
    const auto count = [](const auto& words) {
      uint32_t latched = 0;
      for (const uint8_t word : words) latched += word;
      return latched;
    };
    latched_of_ = {
        0, all_, count(sessions_), count(accounts_), count(venues_), count(instruments_)};
    latched_ = count(faults_);
    for (const uint32_t latched : latched_of_) latched_ += latched;
  }

  static constexpr size_t kScopes = static_cast<size_t>(KillScope::kInstrument) + 1;

  uint32_t latched_ = 0;                           // number of latched switches, of all kinds
  std::array<uint32_t, kScopes> latched_of_ = {};  // by KillScope
  uint8_t all_ = 0;
  std::array<uint8_t, 2> faults_ = {};  // by GatewayFault
  std::vector<uint8_t> sessions_;
  std::vector<uint8_t> accounts_;
  std::vector<uint8_t> venues_;
  std::vector<uint8_t> instruments_;
};

}  // namespace ringway
