// Has somebody pulled the plug for this order? One latched word is read per order; cancels never
// ask.
//
// Latched and re-armed by name (all, session, account, venue) through RiskState messages; latching
// twice is latching once. Limit and value are not used.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/risk/request.h"

namespace ringway {

class KillSwitch {
  // Above its users, because its type is deduced.
  template <class Self>
  static auto& WordOf(Self& self, KillScope scope, uint32_t index) noexcept {
    switch (scope) {
      case KillScope::kSession:
        return self.sessions_[index];
      case KillScope::kAccount:
        return self.accounts_[index];
      case KillScope::kVenue:
        return self.venues_[index];
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
        venues_(config.venues.size()) {}

  Verdict Check(const RiskRequest& request) const noexcept {
    if (latched_ == 0) [[likely]]
      return {};
    if (all_ == 0 && sessions_[request.session] == 0 && accounts_[request.account] == 0 &&
        venues_[request.venue] == 0) {
      return {};
    }
    return {RejectReason::kKillSwitch, kCheck};
  }

  // `index` is that of the session, account or venue; ignored for kAll.
  void Set(KillScope scope, uint32_t index, bool killed) noexcept {
    uint8_t& word = WordOf(*this, scope, index);
    latched_ += uint32_t{killed} - word;
    word = killed;
  }

  bool killed(KillScope scope, uint32_t index) const noexcept {
    return WordOf(*this, scope, index) != 0;
  }
  uint32_t latched() const noexcept { return latched_; }

 private:
  uint32_t latched_ = 0;  // switches that are latched, of all kinds
  uint8_t all_ = 0;
  std::vector<uint8_t> sessions_;
  std::vector<uint8_t> accounts_;
  std::vector<uint8_t> venues_;
};

}  // namespace ringway
