// Set-up and lookup of the limits of single instruments.
#include "gateway/risk/instrument_limits.h"

#include <algorithm>

#include "base/check.h"

namespace ringway {
namespace {

template <class Config>
uint32_t IndexOf(const std::vector<Config>& configured, uint32_t id) {
  const auto found = std::find_if(configured.begin(), configured.end(),
                                  [id](const Config& config) { return config.id == id; });
  RINGWAY_CHECK(found != configured.end(), "what a limit or an account names is configured");
  return static_cast<uint32_t>(found - configured.begin());
}

}  // namespace

std::vector<uint32_t> DesksOfAccounts(const EngineConfig& config) {
  std::vector<uint32_t> desks;
  for (const AccountConfig& account : config.accounts) {
    desks.push_back(account.desk == 0 ? kNoDesk : IndexOf(config.desks, account.desk));
  }
  return desks;
}

InstrumentLimitTable::InstrumentLimitTable(const EngineConfig& config)
    : firm_(config.instruments.size()), desk_of_account_(DesksOfAccounts(config)) {
  std::vector<bool> configured(firm_.size());  // for the firm
  for (const InstrumentLimitConfig& row : config.instrument_limits) {
    RINGWAY_CHECK(row.account == 0 || row.desk == 0, "a limit of an account or of a desk");
    const InstrumentIndex instrument{IndexOf(config.instruments, row.instrument)};
    const PairLimits limits{row.quantity_max, row.notional_max, row.position_max};
    any_ = true;
    if (row.account == 0 && row.desk == 0) {
      RINGWAY_CHECK(!configured[instrument], "one limit of an instrument for the firm");
      configured[instrument] = true;
      firm_[instrument] = limits;
      continue;
    }
    Rows& rows = row.account != 0 ? accounts_ : desks_;
    const uint64_t owner =
        row.account != 0 ? IndexOf(config.accounts, row.account) : IndexOf(config.desks, row.desk);
    rows.push_back({owner << 32 | instrument, limits});
  }
  for (Rows* rows : {&desks_, &accounts_}) {
    std::sort(rows->begin(), rows->end(), [](const Row& a, const Row& b) { return a.key < b.key; });
    RINGWAY_CHECK(std::adjacent_find(rows->begin(), rows->end(),
                                     [](const Row& a, const Row& b) { return a.key == b.key; }) ==
                      rows->end(),
                  "one limit of an instrument for each");
  }
}

PairLimits InstrumentLimitTable::Find(const Rows& rows, uint32_t owner,
                                      InstrumentIndex instrument) noexcept {
  const uint64_t key = uint64_t{owner} << 32 | instrument;
  const auto found = std::lower_bound(rows.begin(), rows.end(), key,
                                      [](const Row& row, uint64_t k) { return row.key < k; });
  return found != rows.end() && found->key == key ? found->limits : PairLimits{};
}

PairLimits InstrumentLimitTable::Of(AccountIndex account,
                                    InstrumentIndex instrument) const noexcept {
  PairLimits limits = Find(accounts_, account, instrument);
  const uint32_t desk = desk_of_account_[account];
  if (desk == kNoDesk) return limits;
  const PairLimits wider = Find(desks_, desk, instrument);
  limits.quantity_max = std::min(limits.quantity_max, wider.quantity_max);
  limits.notional_max = std::min(limits.notional_max, wider.notional_max);
  return limits;
}

bool InstrumentLimitTable::LimitsPositionOfDesk(uint32_t desk) const noexcept {
  return std::any_of(desks_.begin(), desks_.end(), [desk](const Row& row) {
    return row.key >> 32 == desk && row.limits.position_max != kNoLimit;
  });
}

bool InstrumentLimitTable::LimitsPositionOfFirm() const noexcept {
  return std::any_of(firm_.begin(), firm_.end(),
                     [](const PairLimits& limits) { return limits.position_max != kNoLimit; });
}

}  // namespace ringway
