// How Exposure creates, frees and values positions.

#include "gateway/risk/exposure.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace ringway {

namespace {

uint64_t TicksMax(const EngineConfig& config) {
  uint64_t ticks = 1;
  for (const InstrumentConfig& instrument : config.instruments) {
    if (instrument.tick <= 0) continue;  // MakeInstrument() reports it
    ticks = std::max(ticks, static_cast<uint64_t>((instrument.price_max -
                                                   std::min<int64_t>(instrument.price_min, 0)) /
                                                  instrument.tick) +
                                1);
  }
  return ticks;
}

// A sixteenth is kept for fills of forgotten orders, unless there is a place for every pair.
uint32_t PlacesOfOrders(const EngineConfig& config) {
  const uint32_t places = config.pools.positions_max;
  if (uint64_t{config.accounts.size()} * config.instruments.size() <= places) return places;
  return std::max(places - (places + 15) / 16, 1u);
}

}  // namespace

Exposure::Exposure(const EngineConfig& config, const std::vector<Instrument>& instruments,
                   const TableSecret& secret)
    : instruments_(instruments),
      positions_(config.pools.positions_max),
      places_of_orders_(PlacesOfOrders(config)),
      position_index_(config.accounts.size(), config.instruments.size(), config.pools.positions_max,
                      secret),
      instrument_limits_(config),
      pair_limits_(instrument_limits_.has_pairs() ? config.pools.positions_max : 0),
      groups_(config, instruments, instrument_limits_, secret),
      accounts_(config.accounts.size()),
      session_open_orders_(config.sessions.size()),
      account_marks_(config.accounts.size()),
      session_marks_(config.sessions.size()),
      restricted_(config, instruments),
      book_levels_(TickBook::LevelsFor(TicksMax(config))),
      book_(TickBook::NodesFor(config.pools.orders_max, book_levels_), secret) {
  RINGWAY_CHECK(config.pools.positions_max > 0 && config.pools.positions_max <= kPositionsMax,
                "positions_max");
}

bool Exposure::Restrict(AccountIndex account, InstrumentIndex instrument,
                        bool restricted) noexcept {
  if (!restricted_.Say(account, instrument, restricted)) return false;
  if (Position* position = Find(account, instrument)) position->restricted = restricted;
  return true;
}

Position* Exposure::FindOrMake(AccountIndex account, InstrumentIndex instrument) noexcept {
  if (Position* found = Find(account, instrument); found != nullptr) [[likely]]
    return found;
  uint32_t at = positions_count_;
  if (first_free_ != kLast) {
    at = first_free_;
    first_free_ = positions_[at].instrument;
    --empty_;
  } else if (positions_count_ == positions_.size()) {
    return nullptr;
  } else {
    ++positions_count_;
  }
  position_index_.Insert(NameOf(account, instrument), at);
  Position& made = positions_[at];
  made = Blank(account, instrument);
  if (instrument_limits_.has_pairs()) {
    pair_limits_[at] = instrument_limits_.Of(account, instrument);
  }
  groups_.BeginPosition(account, instrument);
  return &made;
}

void Exposure::MakeEmpty(uint32_t index, uint32_t next) noexcept {
  Position& position = positions_[index];
  position = {};
  position.best_resting[kBuySide] = position.best_resting[kSellSide] = kNoTick;
  position.account = AccountIndex{kEmpty};
  position.instrument = InstrumentIndex{next};
  ++empty_;
}

bool Exposure::FreeIfIdle(uint32_t index) noexcept {
  const Position& position = positions_[index];
  if (!InUse(index) || position.referred != 0 || !IsIdle(index)) return false;
  position_index_.Erase(NameOf(position.account, position.instrument));
  groups_.EndPosition(position.account, position.instrument);
  MakeEmpty(index, first_free_);
  first_free_ = index;
  return true;
}

Position Exposure::Blank(AccountIndex account, InstrumentIndex instrument) const noexcept {
  Position blank{};
  blank.best_resting[kBuySide] = blank.best_resting[kSellSide] = kNoTick;
  blank.account = account;
  blank.instrument = instrument;
  blank.restricted = restricted_.Has(account, instrument);
  return blank;
}

bool Exposure::RaiseBooks(const BookLevels& levels) noexcept {
  for (uint32_t at = 0; at < levels.size(); ++at) {
    Position& position = positions_[at];
    for (const BookSide side : {kBuySide, kSellSide}) {
      // There may be fewer ticks than when the tree grew, in another configuration.
      const auto level = static_cast<uint8_t>(std::min<uint32_t>(levels[at][side], book_levels_));
      if (position.best_resting[side] == kNoTick) {
        if (level != 0) return false;
        continue;
      }
      if (levels[at][side] > TickBook::kLevels) return false;
      if (!book_.Raise(at * 2 + side, {position.best_resting[side], position.book_level[side]},
                       level)) {
        return false;
      }
    }
  }
  return true;
}

void Exposure::Fill(uint32_t position, SessionIndex session, int64_t quantity,
                    int64_t price) noexcept {
  Position& changed = positions_[position];
  AccountExposure& account = accounts_[changed.account];
  const Money before = ValueOf(changed);
  changed.quantity = SaturatedSum(changed.quantity, quantity);
  if (instruments_[changed.instrument].IsStated(price)) changed.last_price = price;
  const Money change = ValueOf(changed) - before;
  account.position_notional += change;
  if (groups_.active()) [[unlikely]]
    groups_.Fill(session, changed.account, changed.instrument, quantity, price, changed.last_price,
                 change);
}

std::string_view Exposure::FindGroupError(const std::vector<Contribution>& orders) const {
  std::vector<GroupShare> shares;
  for (const Contribution& order : orders) shares.push_back(ShareOf(order));
  std::vector<GroupExposure::HeldByAccount> held;
  for (uint32_t at = 0; at < positions_count_; ++at) {
    if (!InUse(at)) continue;
    const Position& position = positions_[at];
    held.push_back({position.account, position.instrument, position.quantity, ValueOf(at)});
  }
  return groups_.FindError(shares, held);
}

}  // namespace ringway
