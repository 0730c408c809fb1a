// The messages of OUCH 4.2 that the venue sends (NASDAQ, "O*U*C*H Version 4.2" §3), as structs.
// OUCH.md draws the bytes.
#pragma once

#include <cstdint>

#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes42.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch42_client.h"

namespace ringway::ouch42 {

using ouch::BboWeight;
using ouch::BreakReason;
using ouch::CancelReason;
using ouch::CorrectionReason;
using ouch::LiquidityFlag;
using ouch::OrderState;
using ouch::SystemEventCode;

struct SystemEvent {  // §3.1
  static constexpr char kType = 'S';
  uint64_t timestamp = 0;
  SystemEventCode event = SystemEventCode::kStartOfDay;

  friend bool operator==(const SystemEvent&, const SystemEvent&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && v.Code(m.event, ouch::kSystemEvents, Fault::kEvent);
  }
};
static_assert(ouch::kFixedBytes<SystemEvent> == 10);

struct Accepted {  // §3.3
  static constexpr char kType = 'A';
  uint64_t timestamp = 0;
  Token token{};
  Side side = Side::kBuy;
  uint32_t shares = 1;
  Symbol stock{};
  uint32_t price = 1;
  uint32_t time_in_force = kMarketHours;
  Firm firm{};
  Display display = Display::kAnonymous;
  uint64_t order_reference = 0;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  uint32_t min_quantity = 0;
  CrossType cross_type = CrossType::kNone;
  OrderState state = OrderState::kLive;
  BboWeight bbo_weight = BboWeight::kUnspecified;

  friend bool operator==(const Accepted&, const Accepted&) = default;
  // The fields that Replaced has as well.
  template <class Self, class V>
  static constexpr bool WalkOrder(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           v.Code(m.side, ouch::kSides, Fault::kSide) && fields::Shares(v, m.shares, 0) &&
           v.Text(m.stock, Blank::kRefused, Fault::kSymbol) && fields::Price(v, m.price) &&
           fields::TimeInForce(v, m.time_in_force) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm) &&
           v.Code(m.display, kDisplays, Fault::kDisplay) && fields::Number(v, m.order_reference) &&
           v.Code(m.capacity, ouch::kCapacities, Fault::kCapacity) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Number(m.min_quantity, uint32_t{0}, kSharesMax, Fault::kMinQuantity) &&
           v.Code(m.cross_type, ouch::kCrossTypes, Fault::kCrossType) &&
           v.Code(m.state, ouch::kOrderStates, Fault::kOrderState);
  }
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return WalkOrder(m, v) && v.Reason(m.bbo_weight, ouch::kBboWeights, Fault::kBboWeight);
  }
};
static_assert(ouch::kFixedBytes<Accepted> == 66);

// `shares` is what is open now. No Canceled for the previous order follows.
struct Replaced {
  static constexpr char kType = 'U';
  uint64_t timestamp = 0;
  Token token{};  // of the replacement
  Side side = Side::kBuy;
  uint32_t shares = 1;
  Symbol stock{};
  uint32_t price = 1;
  uint32_t time_in_force = kMarketHours;
  Firm firm{};
  Display display = Display::kAnonymous;
  uint64_t order_reference = 0;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  uint32_t min_quantity = 0;
  CrossType cross_type = CrossType::kNone;
  OrderState state = OrderState::kLive;
  Token previous_token{};
  BboWeight bbo_weight = BboWeight::kUnspecified;

  friend bool operator==(const Replaced&, const Replaced&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return Accepted::WalkOrder(m, v) && fields::OrderToken(v, m.previous_token) &&
           v.Reason(m.bbo_weight, ouch::kBboWeights, Fault::kBboWeight);
  }
};
static_assert(ouch::kFixedBytes<Replaced> == 80);

struct Canceled {
  static constexpr char kType = 'C';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t decrement_shares = 1;  // taken off the order; it may live on
  CancelReason reason = CancelReason::kUser;

  friend bool operator==(const Canceled&, const Canceled&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Shares(v, m.decrement_shares, 0) &&
           v.Reason(m.reason, ouch::kCancelReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<Canceled> == 28);

// Shares taken off because they would have traded with the firm's own.
struct AiqCanceled {
  static constexpr char kType = 'D';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t decrement_shares = 1;
  CancelReason reason = CancelReason::kSelfMatch;
  uint32_t prevented_shares = 0;
  uint32_t execution_price = 0;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;

  friend bool operator==(const AiqCanceled&, const AiqCanceled&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Shares(v, m.decrement_shares, 0) &&
           v.Reason(m.reason, ouch::kAiqReasons, Fault::kReason) &&
           fields::Shares(v, m.prevented_shares, 0) && fields::Price(v, m.execution_price) &&
           v.Reason(m.liquidity, ouch::kLiquidityFlags, Fault::kLiquidity);
  }
};
static_assert(ouch::kFixedBytes<AiqCanceled> == 37);

struct Executed {
  static constexpr char kType = 'E';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t executed_shares = 1;
  uint32_t execution_price = 1;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  uint64_t match_number = 0;

  friend bool operator==(const Executed&, const Executed&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Shares(v, m.executed_shares, 1) && fields::Price(v, m.execution_price) &&
           v.Reason(m.liquidity, ouch::kLiquidityFlags, Fault::kLiquidity) &&
           fields::Number(v, m.match_number);
  }
};
static_assert(ouch::kFixedBytes<Executed> == 40);

struct ExecutedWithReferencePrice {
  static constexpr char kType = 'G';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t executed_shares = 1;
  uint32_t execution_price = 1;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  uint64_t match_number = 0;
  uint32_t reference_price = 0;
  ReferencePriceType reference_price_type = ReferencePriceType::kIntradayIndicativeValue;

  friend bool operator==(const ExecutedWithReferencePrice&,
                         const ExecutedWithReferencePrice&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return Executed::Walk(m, v) && fields::Price(v, m.reference_price) &&
           v.Reason(m.reference_price_type, kReferencePriceTypes, Fault::kReferencePriceType);
  }
};
static_assert(ouch::kFixedBytes<ExecutedWithReferencePrice> == 45);

// The execution with that number did not happen; the order does not come back.
struct BrokenTrade {
  static constexpr char kType = 'B';
  uint64_t timestamp = 0;
  Token token{};
  uint64_t match_number = 0;
  BreakReason reason = BreakReason::kErroneous;

  friend bool operator==(const BrokenTrade&, const BrokenTrade&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Number(v, m.match_number) &&
           v.Reason(m.reason, ouch::kBreakReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<BrokenTrade> == 32);

// The execution with that number happened at this price.
struct TradeCorrection {
  static constexpr char kType = 'F';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t executed_shares = 1;
  uint32_t execution_price = 1;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  uint64_t match_number = 0;
  CorrectionReason reason = CorrectionReason::kAdjustedToNav;

  friend bool operator==(const TradeCorrection&, const TradeCorrection&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return Executed::Walk(m, v) && v.Reason(m.reason, ouch::kCorrectionReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<TradeCorrection> == 41);

struct PriceCorrection {
  static constexpr char kType = 'K';
  uint64_t timestamp = 0;
  Token token{};
  uint64_t match_number = 0;
  uint32_t new_execution_price = 1;
  BreakReason reason = BreakReason::kErroneous;

  friend bool operator==(const PriceCorrection&, const PriceCorrection&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Number(v, m.match_number) && fields::Price(v, m.new_execution_price) &&
           v.Reason(m.reason, ouch::kBreakReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<PriceCorrection> == 36);

struct Rejected {
  static constexpr char kType = 'J';
  uint64_t timestamp = 0;
  Token token{};
  RejectReason reason = RejectReason::kOther;

  friend bool operator==(const Rejected&, const Rejected&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           v.Reason(m.reason, kRejectReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<Rejected> == 24);

// The cancel waits until the order's cross is over.
struct CancelPending {
  static constexpr char kType = 'P';
  uint64_t timestamp = 0;
  Token token{};

  friend bool operator==(const CancelPending&, const CancelPending&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token);
  }
};
static_assert(ouch::kFixedBytes<CancelPending> == 23);

struct CancelReject {
  static constexpr char kType = 'I';
  uint64_t timestamp = 0;
  Token token{};

  friend bool operator==(const CancelReject&, const CancelReject&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return CancelPending::Walk(m, v);
  }
};
static_assert(ouch::kFixedBytes<CancelReject> == 23);

struct OrderPriorityUpdate {
  static constexpr char kType = 'T';
  uint64_t timestamp = 0;
  Token token{};
  uint32_t price = 0;
  Display display = Display::kAnonymous;
  uint64_t order_reference = 0;

  friend bool operator==(const OrderPriorityUpdate&, const OrderPriorityUpdate&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           fields::Price(v, m.price) && v.Code(m.display, kDisplays, Fault::kDisplay) &&
           fields::Number(v, m.order_reference);
  }
};
static_assert(ouch::kFixedBytes<OrderPriorityUpdate> == 36);

struct OrderModified {
  static constexpr char kType = 'M';
  uint64_t timestamp = 0;
  Token token{};
  Side side = Side::kSell;
  uint32_t shares = 0;  // open now

  friend bool operator==(const OrderModified&, const OrderModified&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::OrderToken(v, m.token) &&
           v.Code(m.side, ouch::kSides, Fault::kSide) && fields::Shares(v, m.shares, 0);
  }
};
static_assert(ouch::kFixedBytes<OrderModified> == 28);

}  // namespace ringway::ouch42
