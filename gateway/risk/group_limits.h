// Pre-trade check: limits of the order's session, of its account's desk and of the firm.
//
// Runs after the account's own limits, the narrowest group first; the check in the answer names
// whose limit it is. As for accounts, orders that only reduce pass: they reduce the group's
// position for a position limit, for gross notional that of the account (of the session, for a
// session's). Limit and value: orders, smallest units of quantity, whole units of the risk currency
// rounded up.
#pragma once

#include "gateway/risk/request.h"

namespace ringway {

class GroupLimitCheck {
 public:
  static constexpr RiskCheck kCheck =
      RiskCheck::kFirmGrossNotional;  // or another of kGroupLimitNames

  explicit GroupLimitCheck(const EngineConfig&) {}

  // Whether anybody has such a limit. Otherwise every order passes.
  bool Applies(const SessionLimits&, const Exposure& exposure) const noexcept {
    return exposure.groups().active();
  }
  Verdict Check(const RiskRequest& request) const noexcept {
    return request.exposure.groups().active() ? CheckGroups(request) : Verdict{};
  }

 private:
  [[gnu::noinline]] static Verdict CheckGroups(const RiskRequest& request) noexcept {
    const GroupExposure& groups = request.exposure.groups();
    Verdict verdict;
    groups.ForEachGroup(request.session, request.account, [&](const Group& group, uint32_t number) {
      verdict = Against(groups, group, number, request);
      return verdict.passed();
    });
    return verdict;
  }
  static Verdict Against(const GroupExposure& groups, const Group& group, uint32_t number,
                         const RiskRequest& request) noexcept {
    const GroupLimitNames& names = kGroupLimitNames[static_cast<size_t>(group.level)];
    if (group.open_orders >= group.open_orders_max && !request.is_replace) [[unlikely]] {
      return {RejectReason::kOpenOrderLimit, names.open_orders, group.open_orders_max,
              int64_t{group.open_orders} + 1};
    }
    const Holding none{};
    const Holding* held = &none;
    if (group.holds != 0) {
      const Holding* found = groups.Find(number, request.instrument_index);
      const int64_t position_max = groups.PositionMax(number, request.instrument_index, found);
      if (found != nullptr) [[likely]]
        held = found;
      const Money worst = request.WorstPosition(held->quantity, held->open);
      if (worst > position_max && position_max != kNoLimit &&
          request.open_after > request.open_before) [[unlikely]] {
        return {RejectReason::kPositionLimit, names.position, position_max, SaturatedUnits(worst)};
      }
    }
    const Money gross = group.open_notional + group.position_notional - request.notional_before +
                        request.notional_after;
    if (!Exceeds(gross, group.gross_notional_max) ||
        request.notional_after <= request.notional_before) [[likely]] {
      return {};
    }
    const bool reduces = group.level == GroupLevel::kSession
                             ? request.Reduces(held->quantity, held->open)
                             : request.Reduces(request.position.quantity, request.position.open);
    if (reduces) return {};
    return {RejectReason::kInsufficientCredit, names.gross_notional, group.gross_notional_max,
            UnitsRoundedUp(gross)};
  }
};

}  // namespace ringway
