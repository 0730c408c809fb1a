// LossLimits' choice of the owners that are counted, and its rings of holders.
#include "gateway/risk/loss_limits.h"

#include <algorithm>

namespace ringway {

namespace {

bool AnyConfigured(const EngineConfig& config) {
  const auto limited = [](const auto& owner) { return owner.limits.daily_loss_max != kNoLimit; };
  return config.firm.daily_loss_max != kNoLimit ||
         std::any_of(config.accounts.begin(), config.accounts.end(), limited) ||
         std::any_of(config.desks.begin(), config.desks.end(), limited);
}

}  // namespace

LossLimits::LossLimits(const EngineConfig& config)
    : warn_at_percent_(config.warn_at_percent),
      owners_(config.accounts.size() + config.desks.size() + 1),
      desks_begin_(static_cast<uint32_t>(config.accounts.size())),
      marks_(AnyConfigured(config) ? config.pools.positions_max : 0),
      paid_(AnyConfigured(config) ? config.pools.orders_max : 0),
      holders_(config.instruments.size()),
      changed_(config.instruments.size()) {
  const auto limit = [this](uint32_t owner, int64_t loss_max) {
    owners_[owner].loss_max = loss_max;
    owners_[owner].counted = loss_max != kNoLimit;
  };
  for (const DeskConfig& desk : config.desks) {
    limit(desks_begin_ + static_cast<uint32_t>(desk_ids_.size()), desk.limits.daily_loss_max);
    desk_ids_.push_back(desk.id);
  }
  const auto firm = static_cast<uint32_t>(owners_.size()) - 1;
  limit(firm, config.firm.daily_loss_max);
  if (owners_[firm].counted) firm_ = firm;
  for (const AccountConfig& account : config.accounts) {
    const AccountIndex at{static_cast<uint32_t>(account_ids_.size())};
    limit(at, account.limits.daily_loss_max);
    account_ids_.push_back(account.id);
    const auto desk = std::find(desk_ids_.begin(), desk_ids_.end(), account.desk);
    const uint32_t desk_at = desks_begin_ + static_cast<uint32_t>(desk - desk_ids_.begin());
    const bool limited = desk != desk_ids_.end() && owners_[desk_at].counted;
    desk_of_account_.push_back(limited ? desk_at : kNone);
    const std::array<uint32_t, 3> owners = OwnersOf(at);
    owners_[at].counted = std::any_of(owners.begin(), owners.end(), [this](uint32_t owner) {
      return owner != kNone && owners_[owner].counted;
    });
    active_ |= owners_[at].counted;
  }
  for (size_t at = 0; at != marks_.size(); ++at) marks_[at].next = kNone;
}

LossCrossing LossLimits::CrossingOf(uint32_t number, bool soft) const noexcept {
  const Owner& owner = owners_[number];
  LossCrossing crossing{
      AlertOwner::kFirm, 0, CheckOf(number), owner.loss_max, UnitsRoundedUp(-owner.result), soft};
  if (number < desks_begin_) {
    crossing.owner_kind = AlertOwner::kAccount;
    crossing.owner = account_ids_[number];
  } else if (number + 1 != owners_.size()) {
    crossing.owner_kind = AlertOwner::kDesk;
    crossing.owner = desk_ids_[number - desks_begin_];
  }
  return crossing;
}

// Inserts at the end of the ring: it is marked last.
void LossLimits::Link(uint32_t at, InstrumentIndex instrument) noexcept {
  Holders& holders = holders_[instrument];
  Mark& mark = marks_[at];
  mark = {};
  if (holders.count++ == 0) {
    holders.first = mark.next = mark.before = at;
  } else {
    Mark& first = marks_[holders.first];
    mark.next = holders.first;
    mark.before = first.before;
    marks_[first.before].next = at;
    first.before = at;
  }
  ++linked_;
}

void LossLimits::Unlink(uint32_t at, InstrumentIndex instrument) noexcept {
  Holders& holders = holders_[instrument];
  Mark& mark = marks_[at];
  marks_[mark.before].next = mark.next;
  marks_[mark.next].before = mark.before;
  if (holders.first == at) holders.first = mark.next;
  if (--holders.count == 0) holders.first = kNone;
  holders.left = std::min(holders.left, holders.count);
  if (holders.left == 0) changed_.Set(instrument, false);
  mark = {};
  mark.next = kNone;
  --linked_;
}

// Whether every holder that is not queued for marking is at the present price: another
// configuration may have another price.
bool LossLimits::IsMarked(const Exposure& exposure, const Instrument& instrument,
                          const Holders& holders) const noexcept {
  uint32_t at = holders.first;
  for (uint32_t i = 0; i != holders.count; ++i, at = marks_[at].next) {
    int64_t price = 0;
    if (i < holders.left || !PriceOf(exposure.position(at), instrument, price)) continue;
    if (!marks_[at].known || marks_[at].price != price) return false;
  }
  return true;
}

// Runs after loading.
void LossLimits::Complete(const Exposure& exposure,
                          const std::vector<Instrument>& instruments) noexcept {
  for (uint32_t at = 0; active_ && at != exposure.positions(); ++at) {
    if (!exposure.InUse(at) || exposure.IsIdle(at) || marks_[at].next != kNone) continue;
    const Position& position = exposure.position(at);
    if (position.quantity == 0 || !IsCounted(position.account)) continue;
    Link(at, position.instrument);
    marks_[at].known = PriceOf(position, instruments[position.instrument], marks_[at].price);
  }
  for (InstrumentIndex instrument{0}; instrument != holders_.size(); ++instrument) {
    Holders& holders = holders_[instrument];
    holders.left = std::min(holders.left, holders.count);
    if (!IsMarked(exposure, instruments[instrument], holders)) holders.left = holders.count;
    changed_.Set(instrument, holders.left != 0);
  }
  for (Owner& owner : owners_) {
    if (!owner.counted) owner = {.loss_max = owner.loss_max};
  }
}

}  // namespace ringway
