// May the account trade so much in one day?
//
// What was bought, what was sold and both together, in money, since the trading day began. An order
// counts with all that is open: no limit is passed if everything is filled. A day is the latest of
// any venue's (docs/adr/0026). What only reduces a position passes. A bust gives nothing back: it
// was traded. Limit and value: whole units of the risk currency, the value rounded up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/engine/archive.h"
#include "gateway/engine/flat_index.h"
#include "gateway/risk/request.h"

namespace ringway {

class DailyLimits {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kDailyTurnover;  // or one of the two beside it

  explicit DailyLimits(const EngineConfig& config) {
    for (const AccountConfig& account : config.accounts) {
      const AccountLimits& limits = account.limits;
      Traded traded{};
      traded.counted = limits.daily_bought_max != kNoLimit || limits.daily_sold_max != kNoLimit ||
                       limits.daily_turnover_max != kNoLimit;
      active_ |= traded.counted != 0;
      traded_.push_back(traded);
    }
  }

  Verdict Check(const RiskRequest& request) const noexcept {
    if (!active_ || traded_[request.account].counted == 0) [[likely]]
      return {};
    const Traded traded = Today(request.account);
    const AccountExposure& account = request.account_exposure;
    const AccountLimits& limits = request.account_limits;
    const bool buys = request.book_side == kBuySide;
    const Money added = request.notional_after - request.notional_before;
    const Money side =
        traded.value[request.book_side] + account.open_by_side[request.book_side] + added;
    const Money both =
        traded.value[kBuySide] + traded.value[kSellSide] + account.open_notional() + added;
    const int64_t side_max = buys ? limits.daily_bought_max : limits.daily_sold_max;
    const bool over_side = Exceeds(side, side_max);
    if ((!over_side && !Exceeds(both, limits.daily_turnover_max)) || added <= 0 ||
        request.Reduces(request.position.quantity, request.position.open)) [[likely]] {
      return {};
    }
    if (over_side) {
      return {RejectReason::kOrderExceedsLimit,
              buys ? RiskCheck::kDailyBought : RiskCheck::kDailySold, side_max,
              UnitsRoundedUp(side)};
    }
    return {RejectReason::kOrderExceedsLimit, kCheck, limits.daily_turnover_max,
            UnitsRoundedUp(both)};
  }

  // So much was bought or sold for the account.
  void Count(uint32_t account, BookSide side, Money value) noexcept {
    if (!active_ || traded_[account].counted == 0) [[likely]]
      return;
    Traded& traded = traded_[account];
    traded = Today(account);
    // What a venue reports has no bound of ours: beyond this no order passes anyway.
    traded.value[side] = std::min(traded.value[side] + value, kMost);
  }

  // A venue's trading day begins.
  void BeginDay(uint32_t day) noexcept { day_ = std::max(day_, day); }

  // What the engine saves (archive.h). Of an account that has no such limit any more it is
  // forgotten.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& accounts) {
    archive(self.day_);
    ArchiveTable(
        archive, accounts, self.traded_,
        [&archive](auto& traded) {
          archive(traded.value[kBuySide], traded.value[kSellSide], traded.day);
          for (const Money& value : traded.value) {
            archive.Require(value >= 0 && value <= kMost, "what was traded is beyond all bounds");
          }
          if constexpr (A::kLoads) {
            if (traded.counted == 0) traded = {};
          }
        },
        [](const Traded&) { return true; });
  }

  uint64_t StateHash() const noexcept {
    uint64_t hash = day_;
    for (const Traded& traded : traded_) {
      hash = MixHash(hash, traded.day);
      for (const Money& value : traded.value) {
        hash = MixHash(hash ^ static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64));
      }
    }
    return hash;
  }

 private:
  // Far beyond any limit, and twice that can be added up.
  static constexpr Money kMost = Money{1} << 124;

  struct Traded {
    Money value[2];    // by BookSide
    uint32_t day;      // on which that was
    uint32_t counted;  // configured: 1 where there is a limit
  };

  Traded Today(uint32_t account) const noexcept {
    Traded traded = traded_[account];
    if (traded.day != day_) {
      traded.value[kBuySide] = traded.value[kSellSide] = 0;
      traded.day = day_;
    }
    return traded;
  }

  std::vector<Traded> traded_;  // by account
  uint32_t day_ = 0;            // in days since 1970-01-01; 0: none has begun
  bool active_ = false;
};

}  // namespace ringway
