// Pre-trade check: limits on what an account, a session, a desk and the firm trade in one day.
//
// Counts what was bought, what was sold and both together, in money, since the trading day began;
// for sessions, desks and the firm only both together. An order counts with everything that is
// open: no limit is exceeded even if everything is filled. A day is the latest of any venue's
// (docs/adr/0026). Orders that only reduce the account's position pass. A bust gives nothing back:
// the quantity was traded. Limit and value: whole units of the risk currency, the value rounded up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/risk/group_exposure.h"
#include "gateway/risk/request.h"

namespace ringway {

class DailyLimits {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kDailyTurnover;  // or one of the others

  explicit DailyLimits(const EngineConfig& config)
      : desks_begin_(static_cast<uint32_t>(config.sessions.size())) {
    for (const AccountConfig& account : config.accounts) {
      const AccountLimits& limits = account.limits;
      traded_.push_back({.counted = limits.daily_bought_max != kNoLimit ||
                                    limits.daily_sold_max != kNoLimit ||
                                    limits.daily_turnover_max != kNoLimit});
      active_ |= traded_.back().counted != 0;
    }
    const auto add_group = [this](int64_t turnover_max) {
      group_traded_.push_back({.counted = turnover_max != kNoLimit});
      turnover_max_.push_back(turnover_max);
      groups_active_ |= turnover_max != kNoLimit;
    };
    for (const EngineSessionConfig& session : config.sessions)
      add_group(session.limits.daily_turnover_max);
    for (const DeskConfig& desk : config.desks) add_group(desk.limits.daily_turnover_max);
    add_group(config.firm.daily_turnover_max);
    active_ |= groups_active_;
  }

  // Whether anybody has such a limit. Otherwise every order passes.
  bool Applies(const SessionLimits&, const Exposure&) const noexcept { return active_; }
  Verdict Check(const RiskRequest& request) const noexcept {
    return active_ ? CheckTraded(request) : Verdict{};
  }

  // Counts what a session's order bought or sold for the account (GroupExposure::kNone: the session
  // is not known).
  void Count(const GroupExposure& groups, SessionIndex session, AccountIndex account, BookSide side,
             Money value) noexcept {
    if (!active_) [[likely]]
      return;
    Add(traded_[account], side, value);
    if (!groups_active_) return;
    groups.ForEachGroup(session, account, [&](const Group&, uint32_t number) {
      Add(group_traded_[number], side, value);
      return true;
    });
  }

  // Takes effect now; `group` as GroupExposure numbers it. A group that is not counted stays so.
  void SetTurnoverMax(uint32_t group, int64_t turnover_max) noexcept {
    turnover_max_[group] = turnover_max;
  }

  // A venue's trading day begins.
  void BeginDay(uint32_t day) noexcept { day_ = std::max(day_, day); }

  // State that the engine saves (archive.h). Owners that no longer have such a limit are dropped.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    archive(self.day_);
    const auto save = [&archive](auto& traded) {
      archive(traded.value[kBuySide], traded.value[kSellSide], traded.day);
      for (const Money& value : traded.value) {
        archive.Require(value >= 0 && value <= kMost, "what was traded is beyond all bounds");
      }
      if constexpr (A::kLoads) {
        if (traded.counted == 0) traded = {};
      }
    };
    const auto may_go = [](const Traded&) { return true; };
    auto of_desks = std::span(self.group_traded_).subspan(self.desks_begin_);
    ArchiveTable(archive, around.accounts, self.traded_, save, may_go);
    ArchiveTable(archive, around.sessions, self.group_traded_, save, may_go);
    ArchiveTable(archive, around.desks, of_desks, save, may_go);
    save(self.group_traded_.back());
  }

 private:
  // Far beyond any limit, and its double does not overflow.
  static constexpr Money kMost = Money{1} << 124;

  struct Traded {
    Money value[2] = {};   // by BookSide
    uint32_t day = 0;      // the day that `value` is for
    uint32_t counted = 0;  // 1 where a limit is configured
  };

  [[gnu::noinline]] Verdict CheckTraded(const RiskRequest& request) const noexcept {
    const Money added = request.notional_after - request.notional_before;
    if (added <= 0) return {};
    Verdict verdict = OfAccount(request, added);
    if (!verdict.passed() || !groups_active_) return verdict;
    request.exposure.groups().ForEachGroup(request.session, request.account,
                                           [&](const Group& group, uint32_t number) {
                                             verdict = OfGroup(request, group, number, added);
                                             return verdict.passed();
                                           });
    return verdict;
  }

  Verdict OfAccount(const RiskRequest& request, Money added) const noexcept {
    if (traded_[request.account].counted == 0) [[likely]]
      return {};
    const Traded traded = Today(traded_[request.account]);
    const AccountExposure& account = request.account_exposure;
    const AccountLimits& limits = request.account_limits;
    const bool buys = request.book_side == kBuySide;
    const Money side =
        traded.value[request.book_side] + account.open_by_side[request.book_side] + added;
    const Money both =
        traded.value[kBuySide] + traded.value[kSellSide] + account.open_notional() + added;
    const int64_t side_max = buys ? limits.daily_bought_max : limits.daily_sold_max;
    if (Exceeds(side, side_max)) {
      return Refusal(request, buys ? RiskCheck::kDailyBought : RiskCheck::kDailySold, side_max,
                     side);
    }
    if (!Exceeds(both, limits.daily_turnover_max)) [[likely]]
      return {};
    return Refusal(request, kCheck, limits.daily_turnover_max, both);
  }

  Verdict OfGroup(const RiskRequest& request, const Group& group, uint32_t number,
                  Money added) const noexcept {
    if (group_traded_[number].counted == 0) return {};
    const Traded traded = Today(group_traded_[number]);
    const Money both =
        traded.value[kBuySide] + traded.value[kSellSide] + group.open_notional + added;
    if (!Exceeds(both, turnover_max_[number])) [[likely]]
      return {};
    return Refusal(request, kGroupLimitNames[static_cast<size_t>(group.level)].daily_turnover,
                   turnover_max_[number], both);
  }

  static Verdict Refusal(const RiskRequest& request, RiskCheck check, int64_t limit,
                         Money value) noexcept {
    if (request.Reduces(request.position.quantity, request.position.open)) return {};
    return {RejectReason::kOrderExceedsLimit, check, limit, UnitsRoundedUp(value)};
  }

  void Add(Traded& traded, BookSide side, Money value) const noexcept {
    if (traded.counted == 0) return;
    traded = Today(traded);
    // Fills reported by a venue are unbounded: saturates at a value beyond which no order passes.
    traded.value[side] = std::min(traded.value[side] + value, kMost);
  }

  Traded Today(Traded traded) const noexcept {
    if (traded.day != day_) {
      traded.value[kBuySide] = traded.value[kSellSide] = 0;
      traded.day = day_;
    }
    return traded;
  }

  std::vector<Traded> traded_;         // by account
  std::vector<Traded> group_traded_;   // as GroupExposure numbers groups
  std::vector<int64_t> turnover_max_;  // likewise
  uint32_t desks_begin_;               // number of the first desk's group
  uint32_t day_ = 0;                   // in days since 1970-01-01; 0: none has begun
  bool active_ = false;
  bool groups_active_ = false;
};

}  // namespace ringway
