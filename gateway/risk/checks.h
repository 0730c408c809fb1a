// The risk checks that an order passes, in order.
//
// To add one: a header beside this one with a class that has kCheck, a constructor from
// EngineConfig and
//
//   Verdict Check(const RiskRequest&) noexcept
//
// and one line in OrderChecks; a check that has members has also
//
//   template <class Self, class A>
//   static void Archive(Self& self, A& archive, const StateAround& around)
//
// which saves, loads and hashes its state, or kKeepsState = false. Its parameters go into
// SessionLimits or AccountLimits (engine_config.h), its name into the schema's RiskCheck. Cheap
// checks and those that most often refuse come first.
//
// A check of limits that few have may say so:
//
//   bool Applies(const SessionLimits&, const Exposure&) const noexcept
//
// and do its work in a function of its own. Where none of these applies (OnlyCommonApply) an order
// is checked without them, inlined, by a request that is never in memory: CheckCommon().
//
// MessageRate is not in the list: it applies to every request, including cancels and requests that
// cannot be decoded into an order, so the engine runs it first.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "gateway/risk/daily_limits.h"
#include "gateway/risk/duplicate_burst.h"
#include "gateway/risk/entitlement.h"
#include "gateway/risk/execution_throttle.h"
#include "gateway/risk/gross_notional.h"
#include "gateway/risk/group_limits.h"
#include "gateway/risk/instructions.h"
#include "gateway/risk/instrument_limit.h"
#include "gateway/risk/kill_switch.h"
#include "gateway/risk/loss_limits.h"
#include "gateway/risk/max_notional.h"
#include "gateway/risk/max_quantity.h"
#include "gateway/risk/open_orders.h"
#include "gateway/risk/order_to_trade.h"
#include "gateway/risk/position_limit.h"
#include "gateway/risk/price_collar.h"
#include "gateway/risk/reduce_only.h"
#include "gateway/risk/request.h"
#include "gateway/risk/self_match.h"
#include "gateway/risk/tick_and_lot.h"

namespace ringway {

using OrderChecks = std::tuple<KillSwitch,            //
                               Entitlement,           //
                               Instructions,          //
                               TickAndLot,            // the checks below rely on whole ticks
                               MaxQuantity,           //
                               PriceCollar,           // a market order has a value from here on
                               MaxNotional,           //
                               OpenOrders,            //
                               OrderToTrade,          //
                               ExecutionThrottle,     //
                               ReduceOnly,            //
                               PositionLimit,         //
                               GrossNotional,         //
                               InstrumentLimitCheck,  //
                               GroupLimitCheck,       //
                               DailyLimits,           //
                               LossLimits,            //
                               SelfMatch,             //
                               DuplicateBurst>;       // counts orders, so it comes last

class RiskChecks {
 public:
  explicit RiskChecks(const EngineConfig& config)
      : RiskChecks(config, static_cast<OrderChecks*>(nullptr)) {}

  // The first refusal, or a verdict that passes the order.
  [[gnu::noinline]] Verdict Check(const RiskRequest& request) noexcept {
    return CheckAll<true>(request, kAll);
  }
  // As above. REQUIRES: OnlyCommonApply().
  [[gnu::always_inline]] Verdict CheckCommon(const RiskRequest& request) noexcept {
    return CheckAll<false>(request, kAll);
  }
  bool OnlyCommonApply(const SessionLimits& limits, const Exposure& exposure) const noexcept {
    return std::apply([&](auto&... checks) { return !(Applies(checks, limits, exposure) || ...); },
                      checks_);
  }

  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    std::apply([&](auto&... checks) { (ArchiveOne(checks, archive, around), ...); }, self.checks_);
  }

  template <class C>
  C& get() noexcept {
    return std::get<C>(checks_);
  }
  template <class C>
  const C& get() const noexcept {
    return std::get<C>(checks_);
  }

 private:
  static constexpr std::make_index_sequence<std::tuple_size_v<OrderChecks>> kAll{};
  template <class C>
  static constexpr bool kIsRare = requires(const C& check, const SessionLimits& limits,
                                           const Exposure& exposure) {
    check.Applies(limits, exposure);
  };

  template <class C>
  [[gnu::always_inline]] static bool Applies(const C& check, const SessionLimits& limits,
                                             const Exposure& exposure) noexcept {
    if constexpr (kIsRare<C>) return check.Applies(limits, exposure);
    return false;
  }
  template <bool kRare, size_t... kAt>
  [[gnu::always_inline]] Verdict CheckAll(const RiskRequest& request,
                                          std::index_sequence<kAt...>) noexcept {
    Verdict verdict;
    (Passes<kRare>(std::get<kAt>(checks_), request, verdict) && ...);
    return verdict;
  }
  // Writes the verdict only of an order that does not pass: those that do need not be in memory.
  template <bool kRare, class C>
  [[gnu::always_inline]] static bool Passes(C& check, const RiskRequest& request,
                                            Verdict& verdict) noexcept {
    if constexpr (!kRare && kIsRare<C>) return true;
    const Verdict answer = check.Check(request);
    if (answer.passed()) [[likely]]
      return true;
    verdict = answer;
    return false;
  }
  template <class C, class A>
  static void ArchiveOne(C& check, A& archive, const StateAround& around) {
    if constexpr (requires { C::kKeepsState; }) {
      static_assert(!C::kKeepsState, "a check that keeps state says nothing and has an Archive()");
    } else if constexpr (!std::is_empty_v<C>) {
      C::Archive(check, archive, around);
    }
  }
  template <class... Cs>
  RiskChecks(const EngineConfig& config, std::tuple<Cs...>*) : checks_(Cs(config)...) {}

  OrderChecks checks_;
};

}  // namespace ringway
