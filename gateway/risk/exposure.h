// Exposure: what every account holds and has at risk right now.
//
// The single place that adds and removes what an order contributes: whoever changes an open order
// removes its contribution, changes it, and adds the new one (Change), so exposure is released
// exactly once on every path by construction, and can be recomputed from the orders at any time.
// Engine thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/huge_array.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/risk/book_side.h"
#include "gateway/risk/group_exposure.h"
#include "gateway/risk/instrument_limits.h"
#include "gateway/risk/instruments.h"
#include "gateway/risk/money.h"
#include "gateway/risk/pair_index.h"
#include "gateway/risk/restricted_list.h"
#include "gateway/risk/tick_book.h"

namespace ringway {

// One account in one instrument: one cache line.
struct alignas(64) Position {
  int64_t quantity;  // bought minus sold, smallest units
  uint64_t open[2];  // by BookSide: open quantity, pending replacements at their larger size
  uint64_t best_resting[2];  // by BookSide: best own tick in TickBook's order (buys inverted)
  int64_t last_price;        // of the last fill: the position is valued at it
  AccountIndex account;
  InstrumentIndex instrument;
  uint8_t book_level[2];  // by BookSide: height of the tree in TickBook
  uint8_t restricted;     // 1: the account must not trade the instrument
  uint8_t referred;       // see Refer()
  uint8_t marks;          // soft_limit.h
  uint8_t spare[3];
};
static_assert(sizeof(Position) == 64);

struct AccountExposure {
  Money open_by_side[2];    // value of open orders, by BookSide
  Money position_notional;  // |position| at the last fill's price, all instruments
  uint32_t open_orders;
  uint32_t spare[3];

  Money open_notional() const noexcept { return open_by_side[kBuySide] + open_by_side[kSellSide]; }
};

// What one open order adds to the sums.
struct Contribution {
  uint32_t position;
  SessionIndex16 session;
  BookSide side;
  uint64_t quantity;
  Money notional;
  uint64_t tick;  // where it rests, in TickBook's order; kNoTick: it cannot rest
};

class Exposure {
 public:
  Exposure(const EngineConfig& config, const std::vector<Instrument>& instruments,
           const TableSecret& secret);

  // The position of an account in an instrument, by indices; null if it never traded there.
  Position* Find(AccountIndex account, InstrumentIndex instrument) noexcept {
    return Find(NameOf(account, instrument));
  }
  const Position* Find(AccountIndex account, InstrumentIndex instrument) const noexcept {
    return const_cast<Exposure*>(this)->Find(account, instrument);
  }
  // The pair, and its place in the index.
  using Name = PairIndex::Name;
  Name NameOf(AccountIndex account, InstrumentIndex instrument) const noexcept {
    return position_index_.NameOf(account, instrument);
  }
  Position* Find(const Name& name) noexcept {
    const uint32_t found = position_index_.Find(name);
    return found == PairIndex::kNone ? nullptr : &positions_[found];
  }
  // An operator forbids the account the instrument, or permits it. False, and nothing changes: the
  // list of operators' restrictions is full.
  [[nodiscard]] bool Restrict(AccountIndex account, InstrumentIndex instrument,
                              bool restricted) noexcept;
  const RestrictedList& restricted_list() const noexcept { return restricted_; }
  // Reuse of positions that nobody needs: FreeIfIdle() frees those that are flat, have no open
  // order, and were not referred to since ClearReferred(). A free place stays empty until it is
  // used again. REQUIRES: whoever keeps the index of a position refers to it.
  bool InUse(uint32_t index) const noexcept { return positions_[index].account != kEmpty; }
  bool IsIdle(uint32_t index) const noexcept {
    const Position& position = positions_[index];
    return position.quantity == 0 && (position.open[kBuySide] | position.open[kSellSide]) == 0;
  }
  void ClearReferred(uint32_t index) noexcept { positions_[index].referred = 0; }
  void Refer(uint32_t index) noexcept { positions_[index].referred = 1; }
  bool FreeIfIdle(uint32_t index) noexcept;

  // What position `index` contributes to gross notional.
  Money ValueOf(uint32_t index) const noexcept { return ValueOf(positions_[index]); }
  // What desks, sessions and the firm have at risk.
  const GroupExposure& groups() const noexcept { return groups_; }
  GroupExposure& groups() noexcept { return groups_; }
  // Limits of single instruments. `position` need not be one of ours (Blank()).
  bool has_instrument_limits() const noexcept { return !instrument_limits_.empty(); }
  PairLimits InstrumentLimitsOf(const Position& position) const noexcept {
    if (!has_instrument_limits()) return {};
    const PairLimits& of_firm = instrument_limits_.OfFirm(position.instrument);
    PairLimits limits;
    if (instrument_limits_.has_pairs()) {
      const auto begin = reinterpret_cast<uintptr_t>(&positions_[0]);
      const auto at = (reinterpret_cast<uintptr_t>(&position) - begin) / sizeof(Position);
      limits = at < positions_count_ ? pair_limits_[at]
                                     : instrument_limits_.Of(position.account, position.instrument);
    }
    limits.quantity_max = std::min(limits.quantity_max, of_firm.quantity_max);
    limits.notional_max = std::min(limits.notional_max, of_firm.notional_max);
    return limits;
  }
  // The firm's. Whoever changes them calls LimitsOfFirmChanged().
  PairLimits& LimitsOfFirm(InstrumentIndex instrument) noexcept {
    return instrument_limits_.OfFirm(instrument);
  }
  void LimitsOfFirmChanged(InstrumentIndex instrument) noexcept {
    instrument_limits_.OfFirmChanged();
    groups_.PositionMaxOfFirmChanged(instrument);
  }
  // As Find, but creates the position; null when the pool is used up.
  Position* FindOrMake(AccountIndex account, InstrumentIndex instrument) noexcept;
  // Whether an order must not take another place. FindOrMake() has the places that are kept for
  // fills of forgotten orders.
  bool full() const noexcept { return positions_count_ - empty_ >= places_of_orders_; }
  // What FindOrMake() would create. An order that is refused must not use up the pool.
  Position Blank(AccountIndex account, InstrumentIndex instrument) const noexcept;

  // The tick of a price in TickBook's order: smaller is better on either side.
  static uint64_t OrientedTick(BookSide side, uint64_t tick) noexcept {
    return side == kBuySide ? kTicksMax - 1 - tick : tick;
  }

  void Prefetch(const Name& name) const noexcept { position_index_.Prefetch(name); }
  void PrefetchGroups(SessionIndex session, AccountIndex account,
                      InstrumentIndex instrument) const noexcept {
    if (groups_.active()) [[unlikely]]
      groups_.Prefetch(session, account, instrument);
  }
  void Prefetch(uint32_t position, BookSide side, uint64_t tick) const noexcept {
    book_.Prefetch(position * 2 + side, tick);
  }
  // Where an order would rest; prefetched.
  size_t PrefetchRest(uint32_t position, BookSide side, uint64_t tick) const noexcept {
    const size_t home = book_.Home(position * 2 + side, tick);
    book_.Prefetch(home);
    return home;
  }

  // An order opens, closes, or changes what it contributes.
  void Add(const Contribution& order) noexcept {
    Add(order, order.tick == kNoTick ? 0 : RestOf(order));
  }
  // As above; `rest` as of PrefetchRest(), of an order that can rest.
  void Add(const Contribution& order, size_t rest) noexcept {
    Apply(order);
    ++accounts_[positions_[order.position].account].open_orders;
    ++session_open_orders_[order.session];
    if (groups_.active()) [[unlikely]]
      groups_.Add(ShareOf(order));
    if (order.tick != kNoTick) AddTick(order, rest);
  }
  void Remove(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    position.open[order.side] -= order.quantity;
    AccountExposure& account = accounts_[position.account];
    account.open_by_side[order.side] -= order.notional;
    --account.open_orders;
    --session_open_orders_[order.session];
    if (groups_.active()) [[unlikely]]
      groups_.Remove(ShareOf(order));
    if (order.tick != kNoTick) RemoveTick(order);
  }
  void Change(const Contribution& before, const Contribution& after) noexcept {
    positions_[before.position].open[before.side] -= before.quantity;
    accounts_[positions_[before.position].account].open_by_side[before.side] -= before.notional;
    Apply(after);
    if (groups_.active()) [[unlikely]]
      groups_.Change(ShareOf(before), ShareOf(after));
    if (before.tick == after.tick) return;
    if (after.tick != kNoTick) AddTick(after, RestOf(after));
    if (before.tick != kNoTick) RemoveTick(before);
  }

  // State that the engine saves (archive.h): positions. All sums and the tick book are derived from
  // the open orders, which the engine adds; then it calls RaiseBooks() with the output of
  // Archive(). A flat position in an instrument or account that is no longer configured becomes a
  // free place, unless `needed[index]`.
  using BookLevels = std::vector<std::array<uint8_t, 2>>;  // by position and BookSide
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& sessions, const Numbers& accounts,
                      const Numbers& desks, const Numbers& instruments, BookLevels& levels,
                      [[maybe_unused]] const std::vector<bool>& needed) {
    RestrictedList::Archive(self.restricted_, archive, accounts, instruments);
    ArchiveMarks(archive, accounts, self.account_marks_);
    ArchiveMarks(archive, sessions, self.session_marks_);
    [[maybe_unused]] std::vector<uint32_t> given_up;
    const size_t count = archive.Count(self.positions_count_, self.positions_.size(),
                                       "pairs of account and instrument (pools.positions_max)");
    for (uint32_t at = 0; at < count && archive.ok(); ++at) {
      Position position = self.positions_[at];
      bool used = true;
      if constexpr (!A::kLoads) used = self.InUse(at);
      archive(used);
      if (!used) {
        if constexpr (A::kLoads) {
          self.MakeEmpty(self.positions_count_++, kUnlisted);
          levels.push_back({});
        }
        continue;
      }
      archive(position.quantity, position.last_price, position.account, position.instrument,
              position.referred, position.marks, position.book_level[kBuySide],
              position.book_level[kSellSide]);
      if constexpr (A::kLoads) {
        const auto gone = [](const Numbers& numbers, uint32_t saved) {
          return saved < numbers.now.size() && numbers.now[saved] == Numbers::kGone;
        };
        if (position.quantity == 0 && !(at < needed.size() && needed[at]) &&
            (gone(accounts, position.account) || gone(instruments, position.instrument))) {
          given_up.push_back(self.positions_count_++);
          levels.push_back({});
          continue;
        }
        archive.Require(position.quantity >= -std::numeric_limits<int64_t>::max(),
                        "a position that cannot be");
        const AccountIndex account{archive.IndexOf(accounts, position.account)};
        const InstrumentIndex instrument{archive.IndexOf(instruments, position.instrument)};
        archive.Require(archive.ok() && self.Find(account, instrument) == nullptr,
                        "a position is there twice");
        if (!archive.ok()) return;
        Position& made = *self.FindOrMake(account, instrument);
        made.quantity = position.quantity;
        made.last_price = position.last_price;
        made.referred = position.referred;
        made.marks = position.marks;
        archive.Require(
            !self.groups_.active() ||
                self.groups_.AddPosition(account, instrument, made.quantity, self.ValueOf(made)),
            "the positions of a desk or the firm are beyond all bounds");
        levels.push_back(std::to_array(position.book_level));
        Money& worth = self.accounts_[account].position_notional;
        archive.Require(!__builtin_add_overflow(worth, self.ValueOf(made), &worth),
                        "an account's positions are beyond all bounds");
      }
    }
    ArchiveEmpty(self, archive);
    GroupExposure::Archive(self.groups_, archive, sessions, desks, instruments);
    if constexpr (A::kLoads) {
      for (const uint32_t at : given_up) {
        self.MakeEmpty(at, self.first_free_);
        self.first_free_ = at;
      }
    }
  }
  [[nodiscard]] bool RaiseBooks(const BookLevels& levels) noexcept;

  // A session's order bought `quantity` (negative: sold) at `price`. A bust is reversed with the
  // opposite sign.
  void Fill(uint32_t position, SessionIndex session, int64_t quantity, int64_t price) noexcept;

  // Marks what is near its limit, and calls crossed(const SoftCrossing&) for whatever was not
  // marked before.
  template <class F>
  void MarkSoftLimits(const SoftLimit& soft, SessionIndex session, uint32_t index,
                      const AccountLimits& limits, uint32_t session_open_orders_max, F&& crossed) {
    Position& position = positions_[index];
    const AccountExposure& account = accounts_[position.account];
    const Money worst = WorstOf(position.quantity, position.open);
    const int64_t position_max =
        std::min(limits.position_max, InstrumentLimitsOf(position).position_max);
    if (soft.Crosses(position.marks, kMarkPosition, worst, position_max)) {
      crossed(SoftCrossing{AlertOwner::kAccount, kMarkPosition, RiskCheck::kPositionLimit,
                           position_max, SaturatedUnits(worst)});
    }
    uint8_t& marks = account_marks_[position.account];
    const Money gross = account.open_notional() + account.position_notional;
    if (soft.CrossesMoney(marks, kMarkGrossNotional, gross, limits.gross_notional_max)) {
      crossed(SoftCrossing{AlertOwner::kAccount, kMarkGrossNotional, RiskCheck::kGrossNotional,
                           limits.gross_notional_max, UnitsRoundedUp(gross)});
    }
    if (soft.Crosses(marks, kMarkOpenOrders, account.open_orders, limits.open_orders_max)) {
      crossed(SoftCrossing{AlertOwner::kAccount, kMarkOpenOrders, RiskCheck::kOpenOrders,
                           limits.open_orders_max, account.open_orders});
    }
    const uint32_t orders = session_open_orders_[session];
    if (soft.Crosses(session_marks_[session], kMarkOpenOrders, orders, session_open_orders_max)) {
      crossed(SoftCrossing{AlertOwner::kSession, kMarkOpenOrders, RiskCheck::kOpenOrders,
                           session_open_orders_max, orders});
    }
    if (groups_.active()) {
      groups_.MarkSoftLimits(soft, session, position.account, position.instrument, crossed);
    }
  }

  // As GroupExposure::FindError(), from all open orders.
  std::string_view FindGroupError(const std::vector<Contribution>& orders) const;

  uint32_t IndexOf(const Position& position) const noexcept {
    return static_cast<uint32_t>(&position - &positions_[0]);
  }
  const Position& position(uint32_t index) const noexcept { return positions_[index]; }
  uint32_t positions() const noexcept { return positions_count_; }
  uint32_t capacity() const noexcept { return static_cast<uint32_t>(positions_.size()); }
  const AccountExposure& account(AccountIndex index) const noexcept { return accounts_[index]; }
  uint32_t session_open_orders(SessionIndex index) const noexcept {
    return session_open_orders_[index];
  }
  const TickBook& book() const noexcept { return book_; }

 private:
  // A free place has this in Position::account, and the next free place in Position::instrument.
  static constexpr uint32_t kEmpty = UINT32_MAX;
  static constexpr uint32_t kLast = UINT32_MAX;
  static constexpr uint32_t kUnlisted = UINT32_MAX - 1;
  void MakeEmpty(uint32_t index, uint32_t next) noexcept;

  // The list of free places, in the order in which they are used again.
  template <class Self, class A>
  static void ArchiveEmpty(Self& self, A& archive) {
    if constexpr (A::kLoads) self.first_free_ = kLast;
    [[maybe_unused]] uint32_t before = kLast;  // the place before it in the list
    uint32_t at = self.first_free_;
    size_t left = archive.Count(self.empty_, self.positions_count_, "empty places of positions");
    if constexpr (A::kLoads) {
      archive.Require(left == self.empty_, "an empty place of a position is in no list");
    }
    for (; left != 0 && archive.ok(); --left) {
      archive(at);
      if constexpr (A::kLoads) {
        const bool listable = at < self.positions_count_ && !self.InUse(at) &&
                              self.positions_[at].instrument == kUnlisted;
        archive.Require(listable, "a list of empty places has one that is none");
        if (!listable) return;
        if (before == kLast) {
          self.first_free_ = at;
        } else {
          self.positions_[before].instrument = InstrumentIndex{at};
        }
        self.positions_[at].instrument = InstrumentIndex{kLast};
        before = at;
      } else {
        at = self.positions_[at].instrument;
      }
    }
  }

  GroupShare ShareOf(const Contribution& order) const noexcept {
    const Position& position = positions_[order.position];
    return {order.session, position.account, position.instrument,
            order.side,    order.quantity,   order.notional};
  }
  void Apply(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    position.open[order.side] += order.quantity;
    accounts_[position.account].open_by_side[order.side] += order.notional;
  }
  TickBook::Top TopOf(const Contribution& order) noexcept {
    Position& position = positions_[order.position];
    return {position.best_resting[order.side], position.book_level[order.side]};
  }
  size_t RestOf(const Contribution& order) const noexcept {
    return book_.Home(order.position * 2 + order.side, order.tick);
  }
  void AddTick(const Contribution& order, size_t rest) noexcept {
    book_.Add(order.position * 2 + order.side, order.tick, rest, TopOf(order));
  }
  void RemoveTick(const Contribution& order) noexcept {
    book_.Remove(order.position * 2 + order.side, order.tick, TopOf(order));
  }
  Money ValueOf(const Position& position) const noexcept {
    return PositionValue(instruments_[position.instrument], position.quantity, position.last_price);
  }

  const std::vector<Instrument>& instruments_;
  HugeArray<Position> positions_;
  uint32_t places_of_orders_;     // the most that are in use before an order is refused another
  uint32_t positions_count_ = 0;  // places that were ever used
  uint32_t empty_ = 0;            // of these, those that are free
  uint32_t first_free_ = kLast;
  PairIndex position_index_;
  InstrumentLimitTable instrument_limits_;
  HugeArray<PairLimits>
      pair_limits_;  // by position; empty where there are none of accounts or desks
  GroupExposure groups_;
  std::vector<AccountExposure> accounts_;
  std::vector<uint32_t> session_open_orders_;
  std::vector<uint8_t> account_marks_;  // soft_limit.h
  std::vector<uint8_t> session_marks_;
  RestrictedList restricted_;
  uint32_t book_levels_;  // the most levels that trees have
  TickBook book_;
};

}  // namespace ringway
