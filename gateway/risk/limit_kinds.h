// The limits of the firm, desks, accounts, sessions and instruments that operators can change.
#pragma once

#include <array>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gateway/engine/engine_config.h"
#include "schema/messages.h"

namespace ringway {

// Names as in the configuration.
inline constexpr std::array<std::pair<std::string_view, LimitKind>, 9> kLimitNames{{
    {"quantity_max", LimitKind::kQuantityMax},
    {"notional_max", LimitKind::kNotionalMax},
    {"open_orders_max", LimitKind::kOpenOrdersMax},
    {"position_max", LimitKind::kPositionMax},
    {"gross_notional_max", LimitKind::kGrossNotionalMax},
    {"daily_bought_max", LimitKind::kDailyBoughtMax},
    {"daily_sold_max", LimitKind::kDailySoldMax},
    {"daily_turnover_max", LimitKind::kDailyTurnoverMax},
    {"daily_loss_max", LimitKind::kDailyLossMax},
}};

constexpr std::string_view ConfigName(LimitKind kind) noexcept {
  for (const auto& [name, named] : kLimitNames) {
    if (named == kind) return name;
  }
  return "";
}

// Calls use(limit, only where one is configured) with a reference to int64_t or uint32_t. False:
// the owner has no such limit.
template <class Limits, class F>
bool WithLimit(Limits& limits, LimitKind kind, F&& use) {
  using Owner = std::remove_const_t<Limits>;
  constexpr bool kOfAccount = std::is_same_v<Owner, AccountLimits>;
  constexpr bool kOfSession = std::is_same_v<Owner, SessionLimits>;
  constexpr bool kOfGroup = std::is_same_v<Owner, GroupLimits>;
  constexpr bool kOfInstrument = std::is_same_v<Owner, PairLimits>;
  static_assert(kOfAccount || kOfSession || kOfGroup || kOfInstrument);
  constexpr bool kOfAll = !kOfInstrument;
  switch (kind) {
    case LimitKind::kQuantityMax:
      if constexpr (!kOfGroup) use(limits.quantity_max, false);
      return !kOfGroup;
    case LimitKind::kNotionalMax:
      if constexpr (!kOfGroup) use(limits.notional_max, false);
      return !kOfGroup;
    case LimitKind::kOpenOrdersMax:
      if constexpr (kOfAll) use(limits.open_orders_max, kOfGroup);
      return kOfAll;
    case LimitKind::kPositionMax:
      use(limits.position_max, !kOfAccount);
      return true;
    case LimitKind::kGrossNotionalMax:
      if constexpr (kOfAll) use(limits.gross_notional_max, !kOfAccount);
      return kOfAll;
    case LimitKind::kDailyBoughtMax:
      if constexpr (kOfAccount) use(limits.daily_bought_max, true);
      return kOfAccount;
    case LimitKind::kDailySoldMax:
      if constexpr (kOfAccount) use(limits.daily_sold_max, true);
      return kOfAccount;
    case LimitKind::kDailyTurnoverMax:
      if constexpr (kOfAll) use(limits.daily_turnover_max, true);
      return kOfAll;
    case LimitKind::kDailyLossMax:
      if constexpr (kOfAll && !kOfSession) use(limits.daily_loss_max, true);
      return kOfAll && !kOfSession;
    case LimitKind::kUnset:
      break;
  }
  return false;
}

// Whether the limit cannot be set because its quantity is not counted: it is counted only where the
// configuration has a limit.
template <class Limits>
bool IsUncounted(const Limits& configured, LimitKind kind) {
  bool uncounted = false;
  WithLimit(configured, kind, [&]<class T>(const T& limit, bool only_where_configured) {
    uncounted = only_where_configured && limit == std::numeric_limits<T>::max();
  });
  return uncounted;
}

}  // namespace ringway
