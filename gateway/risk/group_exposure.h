// GroupExposure: what the firm, each desk and each session have at risk as a whole.
//
// An order counts in its account (exposure.h) and in up to three groups: its session, its account's
// desk and the firm. A group without a limit is not counted. Desks and the firm hold what their
// accounts hold together: their gross notional is the sum of the accounts', their position in an
// instrument the net of the accounts'. A session holds what it traded itself, for whichever
// account. Like Exposure, every sum changes with the orders and can be recomputed from them; what a
// session traded cannot be, so it is saved.
//
// What a group has in one instrument is a Holding. A desk or the firm has one as long as one of its
// accounts has a position there, so that there is room for it whenever there is room for the
// position. A session's begins with its first order there; it is freed when it is flat, without
// open orders, and not referred to since ClearReferred(). Holdings are dense: the last one takes
// the place of one that is freed. Engine thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/huge_array.h"
#include "base/prefetch.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/flat_index.h"
#include "gateway/risk/book_side.h"
#include "gateway/risk/instrument_limits.h"
#include "gateway/risk/instruments.h"
#include "gateway/risk/money.h"
#include "gateway/risk/pair_key.h"
#include "gateway/risk/soft_limit.h"
#include "schema/messages.h"

namespace ringway {

enum class GroupLevel : uint8_t { kSession, kDesk, kFirm };
constexpr bool IsKnown(GroupLevel level) noexcept { return level <= GroupLevel::kFirm; }

// Sums and limits of one group: one cache line.
struct alignas(64) Group {
  Money open_notional;      // of open orders
  Money position_notional;  // at the last fills' prices
  int64_t position_max;     // in each instrument; kNoLimit: off
  int64_t gross_notional_max;
  uint32_t open_orders;
  uint32_t open_orders_max;
  GroupLevel level;
  uint8_t holds;  // 1: its positions are counted instrument by instrument
  uint8_t marks;  // soft_limit.h
  uint8_t spare[5];
};
static_assert(sizeof(Group) == 64);

// One group in one instrument: one cache line.
struct alignas(64) Holding {
  int64_t quantity;      // bought minus sold, smallest units
  uint64_t open[2];      // by BookSide: open quantity, pending replacements at their larger size
  int64_t last_price;    // of the last fill; sessions only
  int64_t position_max;  // in this instrument, in addition to the group's; kNoLimit: off
  uint32_t group;
  InstrumentIndex instrument;
  uint32_t positions;  // of the group's accounts there, at least 1; 0: a session's
  uint8_t marks;       // soft_limit.h
  uint8_t referred;    // see Refer(); sessions only
  uint8_t spare[10];
};
static_assert(sizeof(Holding) == 64);

// Something that has come near a limit.
struct SoftCrossing {
  AlertOwner owner;
  uint8_t bit;  // its bit in the mark
  RiskCheck check;
  int64_t limit;
  int64_t value;
};

// The names of a group's limits in refusals and alerts.
struct GroupLimitNames {
  RiskCheck open_orders;
  RiskCheck position;
  RiskCheck gross_notional;
  RiskCheck daily_turnover;
  AlertOwner owner;
};
inline constexpr GroupLimitNames kGroupLimitNames[] = {
    {RiskCheck::kOpenOrders, RiskCheck::kSessionPosition, RiskCheck::kSessionGrossNotional,
     RiskCheck::kSessionDailyTurnover, AlertOwner::kSession},
    {RiskCheck::kDeskOpenOrders, RiskCheck::kDeskPosition, RiskCheck::kDeskGrossNotional,
     RiskCheck::kDeskDailyTurnover, AlertOwner::kDesk},
    {RiskCheck::kFirmOpenOrders, RiskCheck::kFirmPosition, RiskCheck::kFirmGrossNotional,
     RiskCheck::kFirmDailyTurnover, AlertOwner::kFirm},
};

// A session's limits as those of a group. The number of its open orders is limited elsewhere.
inline GroupLimits LimitsOfGroup(const SessionLimits& limits) noexcept {
  return {.position_max = limits.position_max,
          .gross_notional_max = limits.gross_notional_max,
          .daily_turnover_max = limits.daily_turnover_max};
}

// The larger position, without its sign, if all open orders of one side were filled.
inline Money WorstOf(int64_t held, const uint64_t (&open)[2]) noexcept {
  return std::max(Money{held} + static_cast<Money>(open[kBuySide]),
                  static_cast<Money>(open[kSellSide]) - Money{held});
}

// What an open order adds to its groups' sums.
struct GroupShare {
  SessionIndex session;  // indices
  AccountIndex account;
  InstrumentIndex instrument;
  BookSide side;
  uint64_t quantity;
  Money notional;
};

class GroupExposure {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  GroupExposure(const EngineConfig& config, const std::vector<Instrument>& instruments,
                const InstrumentLimitTable& limits, const TableSecret& secret);

  // Whether any group is counted. If not, none of the functions below need be called.
  bool active() const noexcept { return active_; }

  // visit(const Group&, number of the group) for the groups in which the order counts, the
  // narrowest first, while it returns true.
  template <class F>
  void ForEachGroup(SessionIndex session, AccountIndex account, F&& visit) const noexcept {
    for (const uint32_t group : GroupsOf(session, account)) {
      if (group != kNone && !visit(groups_[group], group)) return;
    }
  }
  // Null if the group holds nothing in the instrument.
  const Holding* Find(uint32_t group, InstrumentIndex instrument) const noexcept {
    const PairKey* found = holding_index_.Find(PairKey::Of(group, instrument));
    return found == nullptr ? nullptr : &holdings_[found->index];
  }
  // A group's position limit in one instrument, whether or not it ever held anything in it.
  int64_t PositionMax(uint32_t group, InstrumentIndex instrument,
                      const Holding* held) const noexcept {
    const int64_t own =
        held == nullptr ? InstrumentPositionMax(group, instrument) : held->position_max;
    return std::min(groups_[group].position_max, own);
  }
  // The number of the group of a session, a desk (by their index) or the firm.
  uint32_t NumberOf(GroupLevel level, uint32_t owner) const noexcept {
    return Begin(level) + owner;
  }
  // Takes effect now. A group that is not counted stays so.
  void SetLimits(uint32_t group, const GroupLimits& limits) noexcept {
    groups_[group].position_max = limits.position_max;
    groups_[group].gross_notional_max = limits.gross_notional_max;
    groups_[group].open_orders_max = limits.open_orders_max;
  }
  // The firm's position limit in the instrument has changed.
  void PositionMaxOfFirmChanged(InstrumentIndex instrument) noexcept {
    if (firm_ == kNone) return;
    if (Holding* held = FindMutable(firm_, instrument)) {
      held->position_max = InstrumentPositionMax(firm_, instrument);
    }
  }
  void Prefetch(SessionIndex session, AccountIndex account,
                InstrumentIndex instrument) const noexcept {
    for (const uint32_t group : GroupsOf(session, account)) {
      if (group == kNone) continue;
      ringway::Prefetch(&groups_[group]);
      if (groups_[group].holds != 0) holding_index_.Prefetch(PairKey::Of(group, instrument));
    }
  }

  // A position of the account in the instrument begins to exist, or ends, flat and without orders.
  void BeginPosition(AccountIndex account, InstrumentIndex instrument) noexcept;
  void EndPosition(AccountIndex account, InstrumentIndex instrument) noexcept;

  // Makes room for what the session trades in the instrument. False: there is none, nothing
  // changed. REQUIRES: called before an order of the session is added.
  [[nodiscard]] bool Join(SessionIndex session, InstrumentIndex instrument) noexcept;

  // Reuse of what sessions hold and nobody needs, as of Exposure's positions. Holdings are visited
  // by their place. FreeIfIdle() moves the last holding to the place of the one that it frees.
  uint32_t holdings() const noexcept { return holdings_count_; }
  void ClearReferred(uint32_t place) noexcept { holdings_[place].referred = 0; }
  void Refer(SessionIndex session, InstrumentIndex instrument) noexcept {
    if (Holding* held = OfSession(session, instrument)) held->referred = 1;
  }
  // Also where the session holds nothing.
  bool IsReferred(SessionIndex session, InstrumentIndex instrument) const noexcept {
    const Holding* held = OfSession(session, instrument);
    return held == nullptr || held->referred != 0;
  }
  bool FreeIfIdle(uint32_t place) noexcept;

  void Add(const GroupShare& order) noexcept { Move(order, +1); }
  void Remove(const GroupShare& order) noexcept { Move(order, -1); }
  void Change(const GroupShare& before, const GroupShare& after) noexcept {
    Move(before, -1);
    Move(after, +1);
  }
  // A fill by the session (kNone: it is no longer known), which changed the value of its account's
  // position by `value_change`; the position is valued at `valued_at` now.
  void Fill(SessionIndex session, AccountIndex account, InstrumentIndex instrument,
            int64_t quantity, int64_t price, int64_t valued_at, Money value_change) noexcept;

  // What the session traded is `quantity` (or, unless it `sets`, changes by it), valued at `price`;
  // at 0 as before, or at `otherwise` if it traded nothing. False: that is not counted, or there is
  // no room.
  [[nodiscard]] bool Adjust(SessionIndex session, InstrumentIndex instrument, bool sets,
                            int64_t quantity, int64_t price, int64_t otherwise) noexcept;

  // Adds what is saved of an account's position, after BeginPosition(). False: out of bounds.
  [[nodiscard]] bool AddPosition(AccountIndex account, InstrumentIndex instrument, int64_t quantity,
                                 Money value) noexcept;

  // State that the engine saves (archive.h), after positions: what sessions traded, and the marks
  // and the places of all holdings. Groups that no longer have such a limit are dropped.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& sessions, const Numbers& desks,
                      const Numbers& instruments) {
    const size_t count =
        archive.Count(self.holdings_count_, UINT32_MAX, "pairs of a group and an instrument");
    [[maybe_unused]] uint32_t place = 0;
    for (uint32_t at = 0; at < count && archive.ok(); ++at) {
      Holding holding{};
      GroupLevel level{};
      uint32_t owner = 0;  // index within its level
      if constexpr (!A::kLoads) {
        holding = self.holdings_[at];
        level = self.groups_[holding.group].level;
        owner = holding.group - self.Begin(level);
      }
      archive(level, owner, holding.instrument, holding.marks);
      // Those of the others are sums of positions.
      if (level == GroupLevel::kSession) {
        archive(holding.quantity, holding.last_price, holding.referred);
      }
      if constexpr (A::kLoads) {
        const Numbers& owners = level == GroupLevel::kSession ? sessions : desks;
        self.LoadHolding(archive, owners, instruments, level, owner, holding, place);
      }
    }
    const auto marks_of = [&archive](auto& group) { ArchiveMark(archive, group.marks); };
    const auto may_go = [](const Group&) { return true; };
    auto of_desks = std::span(self.groups_).subspan(self.desks_begin_);
    ArchiveTable(archive, sessions, self.groups_, marks_of, may_go);
    ArchiveTable(archive, desks, of_desks, marks_of, may_go);
    marks_of(self.groups_.back());
  }

  // Recomputes the sums from all open orders and all positions (account, instrument, quantity,
  // value) and names the first that differs; empty: none. Allocates.
  struct HeldByAccount {
    AccountIndex account;
    InstrumentIndex instrument;
    int64_t quantity;
    Money value;
  };
  std::string_view FindError(std::span<const GroupShare> orders,
                             std::span<const HeldByAccount> positions) const;

  // The index of an account's desk. REQUIRES: the desk is counted.
  uint32_t DeskOf(AccountIndex account) const noexcept {
    return desk_of_account_[account] - desks_begin_;
  }

  // As Exposure::MarkSoftLimits().
  template <class F>
  void MarkSoftLimits(const SoftLimit& soft, SessionIndex session, AccountIndex account,
                      InstrumentIndex instrument, F&& crossed) {
    for (const uint32_t number : GroupsOf(session, account)) {
      if (number == kNone) continue;
      Group& group = groups_[number];
      const GroupLimitNames& names = kGroupLimitNames[static_cast<size_t>(group.level)];
      const Money gross = group.open_notional + group.position_notional;
      if (soft.CrossesMoney(group.marks, kMarkGrossNotional, gross, group.gross_notional_max)) {
        crossed(SoftCrossing{names.owner, kMarkGrossNotional, names.gross_notional,
                             group.gross_notional_max, UnitsRoundedUp(gross)});
      }
      if (group.open_orders_max != kNoOrderLimit &&
          soft.Crosses(group.marks, kMarkOpenOrders, group.open_orders, group.open_orders_max)) {
        crossed(SoftCrossing{names.owner, kMarkOpenOrders, names.open_orders, group.open_orders_max,
                             group.open_orders});
      }
      Holding* held = group.holds == 0 ? nullptr : FindMutable(number, instrument);
      if (held == nullptr) continue;
      const Money worst = WorstOf(held->quantity, held->open);
      const int64_t position_max = PositionMax(number, instrument, held);
      if (soft.Crosses(held->marks, kMarkPosition, worst, position_max)) {
        crossed(SoftCrossing{names.owner, kMarkPosition, names.position, position_max,
                             SaturatedUnits(worst)});
      }
    }
  }

 private:
  std::array<uint32_t, 3> GroupsOf(SessionIndex session, AccountIndex account) const noexcept {
    return {session == kNone ? kNone : sessions_[session], desk_of_account_[account], firm_};
  }
  Holding* FindMutable(uint32_t group, InstrumentIndex instrument) noexcept {
    return const_cast<Holding*>(Find(group, instrument));
  }
  bool OfSession(const Holding& holding) const noexcept {
    return groups_[holding.group].level == GroupLevel::kSession;
  }
  // Null: nothing, or it is not counted.
  const Holding* OfSession(SessionIndex session, InstrumentIndex instrument) const noexcept {
    return active_ && groups_[session].holds != 0 ? Find(session, instrument) : nullptr;
  }
  Holding* OfSession(SessionIndex session, InstrumentIndex instrument) noexcept {
    return const_cast<Holding*>(std::as_const(*this).OfSession(session, instrument));
  }
  int64_t InstrumentPositionMax(uint32_t group, InstrumentIndex instrument) const noexcept;
  Holding& Make(uint32_t group, InstrumentIndex instrument) noexcept;
  void Free(uint32_t place) noexcept;
  // Exchanges the places of two holdings.
  void Exchange(uint32_t place, uint32_t other) noexcept;
  bool HasRoomForSession() const noexcept {
    return session_holdings_count_ != session_holdings_max_;
  }
  void Move(const GroupShare& order, int sign) noexcept;
  // A session traded `quantity` more. A price of 0 is not stated.
  void Trade(Holding& held, int64_t quantity, int64_t price, int64_t otherwise) noexcept;

  // The number of the first group of a level.
  uint32_t Begin(GroupLevel level) const noexcept {
    return level == GroupLevel::kSession ? 0
           : level == GroupLevel::kDesk  ? desks_begin_
                                         : static_cast<uint32_t>(groups_.size()) - 1;
  }
  // As Archive() read it; indices as saved. Takes the next `place` if it is kept.
  template <class A>
  void LoadHolding(A& archive, const Numbers& owners, const Numbers& instruments, GroupLevel level,
                   uint32_t owner, const Holding& saved, uint32_t& place) {
    const auto gone = [](const Numbers& numbers, uint32_t index) {
      return index < numbers.now.size() && numbers.now[index] == Numbers::kGone;
    };
    const bool of_session = level == GroupLevel::kSession;
    // No account holds anything in an instrument that may be removed; this also drops what a
    // session once traded in one that was closed otherwise.
    if ((level != GroupLevel::kFirm && gone(owners, owner)) || gone(instruments, saved.instrument))
      return;
    const uint32_t group =
        Begin(level) + (level == GroupLevel::kFirm ? 0 : archive.IndexOf(owners, owner));
    archive.Require(saved.quantity >= -std::numeric_limits<int64_t>::max() && saved.referred <= 1,
                    "what a group holds cannot be");
    if (!archive.ok() || groups_[group].holds == 0) return;
    const InstrumentIndex instrument{archive.IndexOf(instruments, saved.instrument)};
    if (!archive.ok()) return;
    Holding* held = FindMutable(group, instrument);
    if (of_session && held == nullptr) {
      archive.Require(HasRoomForSession(),
                      "pairs of session and instrument: raise pools.positions_max");
      if (!archive.ok()) return;
      held = &Make(group, instrument);
    }
    if (held == nullptr) return;  // its accounts have moved to another desk
    const auto at = static_cast<uint32_t>(held - &holdings_[0]);
    archive.Require(at >= place, "what a group holds is there twice");
    if (!archive.ok()) return;
    Exchange(at, place);
    Holding& kept = holdings_[place++];
    kept.marks = saved.marks;
    if (!of_session) return;  // the rest follows from its accounts' positions
    kept.referred = saved.referred;
    kept.quantity = saved.quantity;
    kept.last_price = saved.last_price;
    Money& worth = groups_[group].position_notional;
    const Money value = PositionValue(instruments_[instrument], kept.quantity, kept.last_price);
    archive.Require(!__builtin_add_overflow(worth, value, &worth),
                    "what a session traded is beyond all bounds");
  }

  const std::vector<Instrument>& instruments_;
  const InstrumentLimitTable& limits_;
  bool active_ = false;
  std::vector<Group> groups_;  // of sessions, then of desks, then the firm
  // Number of the group where it is counted, otherwise kNone.
  std::vector<uint32_t> sessions_;         // by session
  std::vector<uint32_t> desk_of_account_;  // by account
  uint32_t firm_ = kNone;
  uint32_t desks_begin_ = 0;  // number of the first desk's group
  HugeArray<Holding> holdings_;
  uint32_t holdings_count_ = 0;
  FlatIndex<PairKey> holding_index_;
  uint32_t session_holdings_count_ = 0;
  uint32_t session_holdings_max_ = 0;
};

}  // namespace ringway
