// Pre-trade check: whether the session may trade this instrument for this account at this venue,
// under this profile.
//
// One bit each from tables built at start; the account's restricted list is a flag in its position.
// Short sales need the account's permission. Limit and value are not used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/core/indices.h"
#include "gateway/risk/request.h"

namespace ringway {

class Entitlement {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kEntitlement;
  static constexpr bool kKeepsState = false;

  explicit Entitlement(const EngineConfig& config)
      : accounts_(config.sessions.size(), config.accounts.size()),
        instruments_(config.sessions.size(), config.instruments.size()),
        venues_(config.sessions.size(), config.venues.size()),
        profiles_(config.sessions.size(), kProfilesMax + 1) {
    for (size_t session = 0; session < config.sessions.size(); ++session) {
      const EngineSessionConfig& entitled = config.sessions[session];
      accounts_.Permit(session, entitled.accounts, config.accounts, false);
      instruments_.Permit(session, entitled.instruments, config.instruments, true);
      venues_.Permit(session, entitled.venues, config.venues, true);
      for (const uint8_t profile :
           entitled.profiles.empty() ? config.profiles : entitled.profiles) {
        profiles_.Set(session, profile);
      }
    }
    for (const AccountConfig& account : config.accounts) short_sale_.push_back(account.short_sale);
  }

  Verdict Check(const RiskRequest& request) const noexcept {
    if (!accounts_.Has(request.session, request.account) ||
        !instruments_.Has(request.session, request.instrument_index) ||
        !venues_.Has(request.session, request.venue) || request.position.restricted != 0 ||
        (request.profile != 0 && !MayUseProfile(request.session, request.profile))) [[unlikely]] {
      return {RejectReason::kMissingEntitlement, kCheck};
    }
    if ((request.side == Side::kSellShort || request.side == Side::kSellShortExempt) &&
        short_sale_[request.account] == 0) {
      return {RejectReason::kShortSellNotPermitted, kCheck};
    }
    return {};
  }

  bool MayUseAccount(SessionIndex session, AccountIndex account) const noexcept {
    return accounts_.Has(session, account);
  }
  bool MayUseInstrument(SessionIndex session, InstrumentIndex instrument) const noexcept {
    return instruments_.Has(session, instrument);
  }
  bool MayUseProfile(SessionIndex session, uint8_t profile) const noexcept {
    return profiles_.Has(session, profile);
  }
  bool MayUseVenue(SessionIndex session, VenueIndex venue) const noexcept {
    return venues_.Has(session, venue);
  }

 private:
  // One bit for every pair.
  class BitTable {
   public:
    BitTable(size_t rows, size_t columns)
        : row_words_((columns + 63) / 64), words_(rows * row_words_) {}

    bool Has(size_t row, size_t column) const noexcept {
      return (words_[row * row_words_ + column / 64] >> (column % 64) & 1) != 0;
    }

    void Set(size_t row, size_t column) {
      words_[row * row_words_ + column / 64] |= uint64_t{1} << (column % 64);
    }

    // Sets the bits of the `configured` items whose id is listed, or of all when none is.
    template <class Id, class Config>
    void Permit(size_t row, const std::vector<Id>& ids, const std::vector<Config>& configured,
                bool empty_is_all) {
      size_t permitted = 0;
      for (size_t column = 0; column < configured.size(); ++column) {
        const bool listed = std::find(ids.begin(), ids.end(), configured[column].id) != ids.end();
        if (!listed && !(empty_is_all && ids.empty())) continue;
        Set(row, column);
        permitted += listed;
      }
      RINGWAY_CHECK(permitted == ids.size(), "a session is entitled to what exists, named once");
    }

   private:
    size_t row_words_;
    std::vector<uint64_t> words_;
  };

  BitTable accounts_;
  BitTable instruments_;
  BitTable venues_;
  BitTable profiles_;                // by number
  std::vector<uint8_t> short_sale_;  // by account
};

}  // namespace ringway
