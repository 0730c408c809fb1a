// GroupExposure's layout of the groups, its updates by orders and fills, and its recomputation.
#include "gateway/risk/group_exposure.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"

namespace ringway {
namespace {

bool Limits(const GroupLimits& limits) {
  return limits.position_max != kNoLimit || limits.gross_notional_max != kNoLimit ||
         limits.open_orders_max != kNoOrderLimit || limits.daily_turnover_max != kNoLimit;
}

Group MakeGroup(GroupLevel level, const GroupLimits& limits, bool holds) {
  Group group{};
  group.position_max = limits.position_max;
  group.gross_notional_max = limits.gross_notional_max;
  group.open_orders_max = limits.open_orders_max;
  group.level = level;
  group.holds = holds;
  return group;
}

// Every pair of a group with holdings and an instrument, as far as there can be positions: those of
// desks are at most as many as positions, and so are the firm's.
size_t HoldingsMax(const EngineConfig& config, const std::vector<Group>& groups) {
  std::array<size_t, 3> holders{};
  for (const Group& group : groups) holders[static_cast<size_t>(group.level)] += group.holds;
  size_t most = 0;
  for (const size_t count : holders) {
    most += std::min<size_t>(count * config.instruments.size(), config.pools.positions_max);
  }
  return most;
}

}  // namespace

GroupExposure::GroupExposure(const EngineConfig& config, const std::vector<Instrument>& instruments,
                             const InstrumentLimitTable& limits, const TableSecret& secret)
    : instruments_(instruments),
      limits_(limits),
      groups_([&] {
        std::vector<Group> groups;
        for (const EngineSessionConfig& session : config.sessions) {
          const GroupLimits own = LimitsOfGroup(session.limits);
          groups.push_back(
              MakeGroup(GroupLevel::kSession, own,
                        own.position_max != kNoLimit || own.gross_notional_max != kNoLimit));
        }
        for (uint32_t desk = 0; desk < config.desks.size(); ++desk) {
          const GroupLimits& own = config.desks[desk].limits;
          groups.push_back(
              MakeGroup(GroupLevel::kDesk, own,
                        own.position_max != kNoLimit || limits.LimitsPositionOfDesk(desk)));
        }
        groups.push_back(
            MakeGroup(GroupLevel::kFirm, config.firm,
                      config.firm.position_max != kNoLimit || limits.LimitsPositionOfFirm()));
        return groups;
      }()),
      sessions_(config.sessions.size(), kNone),
      desk_of_account_(config.accounts.size(), kNone),
      desks_begin_(static_cast<uint32_t>(config.sessions.size())),
      holdings_(HoldingsMax(config, groups_)),
      holding_index_(holdings_.size() * 2 + 8, secret) {
  const auto counted = [this](uint32_t group, const GroupLimits& own) {
    if (!Limits(own) && groups_[group].holds == 0) return kNone;
    active_ = true;
    return group;
  };
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    sessions_[session] = counted(session, LimitsOfGroup(config.sessions[session].limits));
  }
  const std::vector<uint32_t> desks = DesksOfAccounts(config);
  for (AccountIndex account{0}; account < desks.size(); ++account) {
    if (desks[account] == kNoDesk) continue;
    desk_of_account_[account] =
        counted(desks_begin_ + desks[account], config.desks[desks[account]].limits);
  }
  firm_ = counted(static_cast<uint32_t>(groups_.size()) - 1, config.firm);
  size_t sessions_hold = 0;
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    sessions_hold += groups_[session].holds;
  }
  session_holdings_max_ = static_cast<uint32_t>(
      std::min<size_t>(sessions_hold * instruments.size(), config.pools.positions_max));
}

int64_t GroupExposure::InstrumentPositionMax(uint32_t group,
                                             InstrumentIndex instrument) const noexcept {
  switch (groups_[group].level) {
    case GroupLevel::kSession:
      return kNoLimit;
    case GroupLevel::kDesk:
      return limits_.DeskPositionMax(group - desks_begin_, instrument);
    case GroupLevel::kFirm:
      break;
  }
  return limits_.FirmPositionMax(instrument);
}

Holding& GroupExposure::Make(uint32_t group, InstrumentIndex instrument) noexcept {
  holding_index_.FindOrInsert(PairKey::Of(group, instrument))->index = holdings_count_;
  Holding& made = holdings_[holdings_count_++];
  made = {};
  made.position_max = InstrumentPositionMax(group, instrument);
  made.group = group;
  made.instrument = instrument;
  made.referred = OfSession(made);
  session_holdings_count_ += made.referred;
  return made;
}

void GroupExposure::Free(uint32_t place) noexcept {
  Exchange(place, --holdings_count_);
  Holding& freed = holdings_[holdings_count_];
  session_holdings_count_ -= OfSession(freed);
  holding_index_.Erase(holding_index_.Find(PairKey::Of(freed.group, freed.instrument)));
  freed = {};
}

void GroupExposure::Exchange(uint32_t place, uint32_t other) noexcept {
  if (place == other) return;
  std::swap(holdings_[place], holdings_[other]);
  for (const uint32_t at : {place, other}) {
    const Holding& moved = holdings_[at];
    holding_index_.Find(PairKey::Of(moved.group, moved.instrument))->index = at;
  }
}

void GroupExposure::BeginPosition(AccountIndex account, InstrumentIndex instrument) noexcept {
  if (!active_) return;
  for (const uint32_t group : {desk_of_account_[account], firm_}) {
    if (group == kNone || groups_[group].holds == 0) continue;
    Holding* held = FindMutable(group, instrument);
    if (held == nullptr) held = &Make(group, instrument);
    ++held->positions;
  }
}

void GroupExposure::EndPosition(AccountIndex account, InstrumentIndex instrument) noexcept {
  if (!active_) return;
  for (const uint32_t group : {desk_of_account_[account], firm_}) {
    if (group == kNone || groups_[group].holds == 0) continue;
    Holding* held = FindMutable(group, instrument);
    if (--held->positions == 0) Free(static_cast<uint32_t>(held - &holdings_[0]));
  }
}

bool GroupExposure::Join(SessionIndex session, InstrumentIndex instrument) noexcept {
  if (!active_ || groups_[session].holds == 0 || Find(session, instrument) != nullptr) [[likely]]
    return true;
  if (!HasRoomForSession()) return false;
  Make(session, instrument);
  return true;
}

bool GroupExposure::FreeIfIdle(uint32_t place) noexcept {
  const Holding& held = holdings_[place];
  if (!OfSession(held) || held.referred != 0 || held.quantity != 0 ||
      (held.open[kBuySide] | held.open[kSellSide]) != 0) {
    return false;
  }
  Free(place);
  return true;
}

// `sign` is +1 for an order that starts to count, -1 for one that stops.
void GroupExposure::Move(const GroupShare& order, int sign) noexcept {
  const auto quantity = sign > 0 ? order.quantity : 0 - order.quantity;
  for (const uint32_t number : GroupsOf(order.session, order.account)) {
    if (number == kNone) continue;
    Group& group = groups_[number];
    group.open_notional += sign > 0 ? order.notional : -order.notional;
    group.open_orders += static_cast<uint32_t>(sign);
    if (group.holds == 0) continue;
    Holding* held = FindMutable(number, order.instrument);
    RINGWAY_CHECK(held != nullptr, "an order's groups have a holding for it");
    held->open[order.side] += quantity;
  }
}

void GroupExposure::Fill(SessionIndex session, AccountIndex account, InstrumentIndex instrument,
                         int64_t quantity, int64_t price, int64_t valued_at,
                         Money value_change) noexcept {
  for (const uint32_t number : GroupsOf(session, account)) {
    if (number == kNone) continue;
    Group& group = groups_[number];
    const bool of_session = group.level == GroupLevel::kSession;
    if (!of_session) group.position_notional += value_change;
    if (group.holds == 0) continue;
    Holding* held = FindMutable(number, instrument);
    // A late fill of an order that ended before its session had this limit.
    if (held == nullptr) continue;
    if (of_session) {
      Trade(*held, quantity, price, valued_at);
    } else {
      held->quantity = SaturatedSum(held->quantity, quantity);
    }
  }
}

void GroupExposure::Trade(Holding& held, int64_t quantity, int64_t price,
                          int64_t otherwise) noexcept {
  const Instrument& traded = instruments_[held.instrument];
  Group& session = groups_[held.group];
  session.position_notional -= PositionValue(traded, held.quantity, held.last_price);
  held.quantity = SaturatedSum(held.quantity, quantity);
  if (traded.IsStated(price)) {
    held.last_price = price;
  } else if (!traded.IsStated(held.last_price)) {
    held.last_price = otherwise;
  }
  session.position_notional += PositionValue(traded, held.quantity, held.last_price);
}

bool GroupExposure::Adjust(SessionIndex session, InstrumentIndex instrument, bool sets,
                           int64_t quantity, int64_t price, int64_t otherwise) noexcept {
  if (!active_ || groups_[session].holds == 0 || !Join(session, instrument)) return false;
  Holding& held = *OfSession(session, instrument);
  Trade(held, sets ? SaturatedSum(quantity, -held.quantity) : quantity, price, otherwise);
  return true;
}

bool GroupExposure::AddPosition(AccountIndex account, InstrumentIndex instrument, int64_t quantity,
                                Money value) noexcept {
  for (const uint32_t number : {desk_of_account_[account], firm_}) {
    if (number == kNone) continue;
    Group& group = groups_[number];
    if (__builtin_add_overflow(group.position_notional, value, &group.position_notional)) {
      return false;
    }
    if (group.holds == 0) continue;
    Holding* held = FindMutable(number, instrument);
    held->quantity = SaturatedSum(held->quantity, quantity);
  }
  return true;
}

std::string_view GroupExposure::FindError(std::span<const GroupShare> orders,
                                          std::span<const HeldByAccount> positions) const {
  if (!active_) return {};
  struct Sums {
    Money open_notional = 0;
    Money position_notional = 0;
    uint32_t open_orders = 0;
  };
  struct Held {
    int64_t quantity = 0;
    uint64_t open[2] = {};
    uint32_t positions = 0;
  };
  std::vector<Sums> sums(groups_.size());
  std::map<std::pair<uint32_t, uint32_t>, Held> held;
  for (const GroupShare& order : orders) {
    for (const uint32_t group : GroupsOf(order.session, order.account)) {
      if (group == kNone) continue;
      sums[group].open_notional += order.notional;
      ++sums[group].open_orders;
      if (groups_[group].holds != 0) {
        held[{group, order.instrument}].open[order.side] += order.quantity;
      }
    }
  }
  for (const HeldByAccount& position : positions) {
    for (const uint32_t group : {desk_of_account_[position.account], firm_}) {
      if (group == kNone) continue;
      sums[group].position_notional += position.value;
      if (groups_[group].holds == 0) continue;
      Held& all = held[{group, position.instrument}];
      all.quantity = SaturatedSum(all.quantity, position.quantity);
      ++all.positions;
    }
  }
  for (uint32_t at = 0; at < holdings_count_; ++at) {
    const Holding& holding = holdings_[at];
    const Held& must = held[{holding.group, holding.instrument}];
    if (holding.open[0] != must.open[0] || holding.open[1] != must.open[1]) {
      return "open quantity of a group";
    }
    if (holding.positions != must.positions || (holding.positions == 0) != OfSession(holding)) {
      return "positions of a group's accounts";
    }
    if (groups_[holding.group].level == GroupLevel::kSession) {
      sums[holding.group].position_notional +=
          PositionValue(instruments_[holding.instrument], holding.quantity, holding.last_price);
    } else if (holding.quantity != must.quantity) {
      return "position of a group";
    }
  }
  if (held.size() > holdings_count_) return "a group holds more than it counts";
  for (uint32_t group = 0; group < groups_.size(); ++group) {
    if (sums[group].open_notional != groups_[group].open_notional)
      return "open notional of a group";
    if (sums[group].position_notional != groups_[group].position_notional) {
      return "position notional of a group";
    }
    if (sums[group].open_orders != groups_[group].open_orders) return "open orders of a group";
  }
  return {};
}

}  // namespace ringway
