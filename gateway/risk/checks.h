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
// MessageRate is not in the list: it applies to every request, including cancels and requests that
// cannot be decoded into an order, so the engine runs it first.
#pragma once

#include <tuple>
#include <type_traits>

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
  Verdict Check(const RiskRequest& request) noexcept {
    Verdict verdict;
    std::apply([&](auto&... checks) { (((verdict = checks.Check(request)).passed()) && ...); },
               checks_);
    return verdict;
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
