// The slow path of RestrictedList: reads the configured list and stores operators' changes.
#include "gateway/risk/restricted_list.h"

#include "base/check.h"

namespace ringway {

RestrictedList::RestrictedList(const EngineConfig& config,
                               const std::vector<Instrument>& instruments)
    : configured_(config.accounts.size()) {
  for (size_t account = 0; account < config.accounts.size(); ++account) {
    for (const uint32_t id : config.accounts[account].restricted) {
      const auto found = std::find_if(instruments.begin(), instruments.end(),
                                      [id](const Instrument& made) { return made.id == id; });
      RINGWAY_CHECK(found != instruments.end(), "an account's restricted instrument exists");
      configured_[account].push_back(static_cast<uint32_t>(found - instruments.begin()));
    }
    std::sort(configured_[account].begin(), configured_[account].end());
  }
  said_.reserve(kSaidMax);
}

bool RestrictedList::Say(AccountIndex account, InstrumentIndex instrument,
                         bool restricted) noexcept {
  const Said said{account, instrument, restricted};
  const auto at = std::lower_bound(said_.begin(), said_.end(), said);
  const bool known = at != said_.end() && at->SamePair(said);
  if (!restricted && !IsConfigured(account, instrument)) {
    if (known) said_.erase(at);
  } else if (known) {
    *at = said;
  } else if (said_.size() == kSaidMax) {
    return false;
  } else {
    said_.insert(at, said);
  }
  return true;
}

}  // namespace ringway
