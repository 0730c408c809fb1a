// RestrictedList: the instruments that an account must not trade, by configuration or by an
// operator's command.
//
// An operator's command holds until another replaces it, across restarts and regardless of the
// configuration at that time; commands for an account or instrument that a start does not know are
// dropped. Time: a binary search. Nothing allocates after construction. Engine thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/risk/instruments.h"

namespace ringway {

class RestrictedList {
 public:
  // The most operator commands that are kept at a time.
  static constexpr size_t kSaidMax = 4'096;
  struct Said {
    AccountIndex account;  // indices
    InstrumentIndex instrument;
    uint32_t restricted;

    bool operator<(const Said& other) const noexcept {
      return account != other.account ? account < other.account : instrument < other.instrument;
    }
    bool SamePair(const Said& other) const noexcept {
      return account == other.account && instrument == other.instrument;
    }
  };

  RestrictedList(const EngineConfig& config, const std::vector<Instrument>& instruments);

  bool Has(AccountIndex account, InstrumentIndex instrument) const noexcept {
    const Said* said = Find(account, instrument);
    return said != nullptr ? said->restricted != 0 : IsConfigured(account, instrument);
  }

  // False, and nothing changes: the list is full.
  [[nodiscard]] bool Say(AccountIndex account, InstrumentIndex instrument,
                         bool restricted) noexcept;

  const std::vector<Said>& said() const noexcept { return said_; }

  // State that the engine saves (archive.h).
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& accounts, const Numbers& instruments) {
    const size_t count = archive.Count(self.said_.size(), kSaidMax, "operators' restrictions");
    for (size_t at = 0; at < count && archive.ok(); ++at) {
      Said said{};
      if constexpr (!A::kLoads) said = self.said_[at];
      archive(said.account, said.instrument, said.restricted);
      archive.Require(said.account < accounts.saved.size() &&
                          said.instrument < instruments.saved.size() && said.restricted <= 1,
                      "an operator's restriction that cannot be");
      if constexpr (A::kLoads) {
        if (!archive.ok()) return;
        const AccountIndex account{accounts.now[said.account]};
        const InstrumentIndex instrument{instruments.now[said.instrument]};
        if (account == Numbers::kGone || instrument == Numbers::kGone) continue;
        static_cast<void>(self.Say(account, instrument, said.restricted != 0));
      }
    }
  }

 private:
  bool IsConfigured(AccountIndex account, InstrumentIndex instrument) const noexcept {
    return std::binary_search(configured_[account].begin(), configured_[account].end(), instrument);
  }
  const Said* Find(AccountIndex account, InstrumentIndex instrument) const noexcept {
    const Said wanted{account, instrument, 0};
    const auto found = std::lower_bound(said_.begin(), said_.end(), wanted);
    return found != said_.end() && found->SamePair(wanted) ? &*found : nullptr;
  }

  std::vector<std::vector<uint32_t>> configured_;  // by account: instrument indices, sorted
  // Sorted. Permissions only for what is configured as restricted.
  std::vector<Said> said_;
};

}  // namespace ringway
