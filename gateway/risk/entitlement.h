// Pre-trade check: whether the session may trade this instrument for this account at this venue,
// under this profile.
//
// One bit each of a row built at start; the account's restricted list is a flag in its position.
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
      : instruments_at_(WordsFor(config.accounts.size())),
        venues_at_(instruments_at_ + WordsFor(config.instruments.size())),
        profiles_at_(venues_at_ + WordsFor(config.venues.size())),
        row_words_(profiles_at_ + WordsFor(kProfilesMax + 1)),
        words_(config.sessions.size() * row_words_) {
    for (size_t session = 0; session < config.sessions.size(); ++session) {
      const EngineSessionConfig& entitled = config.sessions[session];
      uint64_t* const row = &words_[session * row_words_];
      Permit(row, entitled.accounts, config.accounts, false);
      Permit(row + instruments_at_, entitled.instruments, config.instruments, true);
      Permit(row + venues_at_, entitled.venues, config.venues, true);
      for (const uint8_t profile :
           entitled.profiles.empty() ? config.profiles : entitled.profiles) {
        Set(row + profiles_at_, profile);
      }
    }
    for (const AccountConfig& account : config.accounts) short_sale_.push_back(account.short_sale);
  }

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) const noexcept {
    const uint64_t* const row = RowOf(request.session);
    if (!Has(row, request.account) || !Has(row + instruments_at_, request.instrument_index) ||
        !Has(row + venues_at_, request.venue) || request.position.restricted != 0 ||
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
    return Has(RowOf(session), account);
  }
  bool MayUseInstrument(SessionIndex session, InstrumentIndex instrument) const noexcept {
    return Has(RowOf(session) + instruments_at_, instrument);
  }
  bool MayUseProfile(SessionIndex session, uint8_t profile) const noexcept {
    return Has(RowOf(session) + profiles_at_, profile);
  }
  bool MayUseVenue(SessionIndex session, VenueIndex venue) const noexcept {
    return Has(RowOf(session) + venues_at_, venue);
  }

 private:
  static size_t WordsFor(size_t bits) { return (bits + 63) / 64; }

  const uint64_t* RowOf(SessionIndex session) const noexcept {
    return &words_[session * row_words_];
  }
  static bool Has(const uint64_t* words, size_t bit) noexcept {
    return (words[bit / 64] >> (bit % 64) & 1) != 0;
  }
  static void Set(uint64_t* words, size_t bit) { words[bit / 64] |= uint64_t{1} << (bit % 64); }

  // Sets the bits of the `configured` items whose id is listed, or of all when none is.
  template <class Id, class Config>
  static void Permit(uint64_t* words, const std::vector<Id>& ids,
                     const std::vector<Config>& configured, bool empty_is_all) {
    size_t permitted = 0;
    for (size_t at = 0; at < configured.size(); ++at) {
      const bool listed = std::find(ids.begin(), ids.end(), configured[at].id) != ids.end();
      if (!listed && !(empty_is_all && ids.empty())) continue;
      Set(words, at);
      permitted += listed;
    }
    RINGWAY_CHECK(permitted == ids.size(), "a session is entitled to what exists, named once");
  }

  // A row of bits for each session: by account, then from these words on by instrument, by venue
  // and by profile.
  size_t instruments_at_;
  size_t venues_at_;
  size_t profiles_at_;
  size_t row_words_;
  std::vector<uint64_t> words_;
  std::vector<uint8_t> short_sale_;  // by account
};

}  // namespace ringway
