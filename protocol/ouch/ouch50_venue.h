// The messages of OUCH 5.0 that the venue sends (NASDAQ, "OUCH 5.0 Order Entry Specification" §3),
// as structs. OUCH.md draws the bytes.
#pragma once

#include <cstdint>

#include "base/padded_text.h"
#include "protocol/ouch/appendage.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch50_client.h"

namespace ringway::ouch50 {

using ouch::BreakReason;
using ouch::CancelReason;
using ouch::CorrectionReason;
using ouch::LiquidityFlag;
using ouch::OrderState;
using ouch::SystemEventCode;

struct SystemEvent {
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

struct Accepted {
  static constexpr char kType = 'A';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags =
      Bits(Tag::kFirm, Tag::kMinQuantity, Tag::kCustomerType, Tag::kMaxFloor, Tag::kPriceType,
           Tag::kPegOffset, Tag::kDiscretionPrice, Tag::kDiscretionPriceType,
           Tag::kDiscretionPegOffset, Tag::kPostOnly, Tag::kRandomReserves, Tag::kRoute,
           Tag::kExpireTime, Tag::kTradeNow, Tag::kHandleInst, Tag::kGroupId, Tag::kSharesLocated,
           Tag::kUserRefIndex, Tag::kAiqStrategy, Tag::kAiqGroupId, Tag::kBboWeight);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Side side = Side::kBuy;
  uint32_t quantity = 0;
  Symbol symbol{};
  uint64_t price = 0;
  TimeInForce time_in_force = TimeInForce::kDay;
  Display display = Display::kVisible;
  uint64_t order_reference = 0;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  CrossType cross_type = CrossType::kNone;
  OrderState state = OrderState::kLive;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const Accepted&, const Accepted&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Code(m.side, ouch::kSides, Fault::kSide) && fields::Quantity(v, m.quantity, 0) &&
           v.Text(m.symbol, Blank::kRefused, Fault::kSymbol) && fields::Price(v, m.price) &&
           v.Code(m.time_in_force, kTimesInForce, Fault::kTimeInForce) &&
           v.Code(m.display, kDisplaysFromVenue, Fault::kDisplay) &&
           fields::Number(v, m.order_reference) &&
           v.Code(m.capacity, ouch::kCapacities, Fault::kCapacity) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Code(m.cross_type, ouch::kCrossTypes, Fault::kCrossType) &&
           v.Code(m.state, ouch::kOrderStates, Fault::kOrderState) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<Accepted> == 62);

// `quantity` is what is open now. No Canceled for the previous order follows.
struct Replaced {
  static constexpr char kType = 'U';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags =
      Bits(Tag::kFirm, Tag::kMinQuantity, Tag::kMaxFloor, Tag::kPriceType, Tag::kPostOnly,
           Tag::kExpireTime, Tag::kTradeNow, Tag::kHandleInst, Tag::kBboWeight, Tag::kUserRefIndex,
           Tag::kAiqStrategy, Tag::kAiqGroupId);
  uint64_t timestamp = 0;
  uint32_t orig_user_ref_num = 0;
  uint32_t user_ref_num = 0;
  Side side = Side::kBuy;
  uint32_t quantity = 0;
  Symbol symbol{};
  uint64_t price = 0;
  TimeInForce time_in_force = TimeInForce::kDay;
  Display display = Display::kVisible;
  uint64_t order_reference = 0;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  CrossType cross_type = CrossType::kNone;
  OrderState state = OrderState::kLive;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const Replaced&, const Replaced&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.orig_user_ref_num, 0) &&
           fields::UserRefNum(v, m.user_ref_num, 0) && v.Code(m.side, ouch::kSides, Fault::kSide) &&
           fields::Quantity(v, m.quantity, 0) &&
           v.Text(m.symbol, Blank::kRefused, Fault::kSymbol) && fields::Price(v, m.price) &&
           v.Code(m.time_in_force, kTimesInForce, Fault::kTimeInForce) &&
           v.Code(m.display, kDisplaysFromVenue, Fault::kDisplay) &&
           fields::Number(v, m.order_reference) &&
           v.Code(m.capacity, ouch::kCapacities, Fault::kCapacity) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Code(m.cross_type, ouch::kCrossTypes, Fault::kCrossType) &&
           v.Code(m.state, ouch::kOrderStates, Fault::kOrderState) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<Replaced> == 66);

// `quantity` was taken off the order; it may live on.
struct Canceled {
  static constexpr char kType = 'C';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint32_t quantity = 0;
  CancelReason reason = CancelReason::kUser;
  Appendage appendage{};

  friend bool operator==(const Canceled&, const Canceled&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Quantity(v, m.quantity, 0) &&
           v.Reason(m.reason, ouch::kCancelReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<Canceled> == 18);

// Taken off because it would have traded with the firm's own order.
struct AiqCanceled {
  static constexpr char kType = 'D';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint32_t decrement_quantity = 0;
  CancelReason reason = CancelReason::kSelfMatch;
  uint32_t prevented_quantity = 0;
  uint64_t execution_price = 0;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  PaddedText<1> aiq_strategy{};  // AiqStrategy, or another of the venue's
  Appendage appendage{};

  friend bool operator==(const AiqCanceled&, const AiqCanceled&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Quantity(v, m.decrement_quantity, 0) &&
           v.Reason(m.reason, ouch::kAiqReasons, Fault::kReason) &&
           fields::Quantity(v, m.prevented_quantity, 0) && fields::Price(v, m.execution_price) &&
           v.Reason(m.liquidity, ouch::kLiquidityFlags, Fault::kLiquidity) &&
           v.Text(m.aiq_strategy, Blank::kAllowed, Fault::kAiqStrategy);
  }
};
static_assert(ouch::kFixedBytes<AiqCanceled> == 32);

struct Executed {
  static constexpr char kType = 'E';
  static constexpr AppendageRule kAppendage = AppendageRule::kReadLeniently;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags =
      Bits(Tag::kReferencePrice, Tag::kReferencePriceType, Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint32_t quantity = 1;
  uint64_t price = 0;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  uint64_t match_number = 0;
  Appendage appendage{};

  friend bool operator==(const Executed&, const Executed&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Quantity(v, m.quantity, 1) && fields::Price(v, m.price) &&
           v.Reason(m.liquidity, ouch::kLiquidityFlags, Fault::kLiquidity) &&
           fields::Number(v, m.match_number);
  }
};
static_assert(ouch::kFixedBytes<Executed> == 34);

// The execution with that number did not happen; the order does not come back.
struct BrokenTrade {
  static constexpr char kType = 'B';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint64_t match_number = 0;
  BreakReason reason = BreakReason::kErroneous;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const BrokenTrade&, const BrokenTrade&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Number(v, m.match_number) &&
           v.Reason(m.reason, ouch::kBreakReasons, Fault::kReason) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<BrokenTrade> == 36);

// The execution with that number happened at this price. Early revisions have it.
struct TradeCorrection {
  static constexpr char kType = 'F';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint32_t quantity = 1;
  uint64_t price = 0;
  LiquidityFlag liquidity = LiquidityFlag::kAdded;
  uint64_t match_number = 0;
  CorrectionReason reason = CorrectionReason::kAdjustedToNav;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const TradeCorrection&, const TradeCorrection&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Quantity(v, m.quantity, 1) && fields::Price(v, m.price) &&
           v.Reason(m.liquidity, ouch::kLiquidityFlags, Fault::kLiquidity) &&
           fields::Number(v, m.match_number) &&
           v.Reason(m.reason, ouch::kCorrectionReasons, Fault::kReason) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<TradeCorrection> == 49);

struct Rejected {
  static constexpr char kType = 'J';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  RejectReason reason = RejectReason::kOther;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const Rejected&, const Rejected&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Reason(m.reason, kRejectReasons, Fault::kReason) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<Rejected> == 29);

// The cancel waits until the order's cross is over.
struct CancelPending {
  static constexpr char kType = 'P';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Appendage appendage{};

  friend bool operator==(const CancelPending&, const CancelPending&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0);
  }
};
static_assert(ouch::kFixedBytes<CancelPending> == 13);

struct CancelReject {
  static constexpr char kType = 'I';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Appendage appendage{};

  friend bool operator==(const CancelReject&, const CancelReject&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0);
  }
};
static_assert(ouch::kFixedBytes<CancelReject> == 13);

struct OrderPriorityUpdate {
  static constexpr char kType = 'T';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  uint64_t price = 0;
  Display display = Display::kVisible;
  uint64_t order_reference = 0;
  Appendage appendage{};

  friend bool operator==(const OrderPriorityUpdate&, const OrderPriorityUpdate&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           fields::Price(v, m.price) && v.Code(m.display, kDisplaysFromVenue, Fault::kDisplay) &&
           fields::Number(v, m.order_reference);
  }
};
static_assert(ouch::kFixedBytes<OrderPriorityUpdate> == 30);

// `quantity` is what is open now.
struct OrderModified {
  static constexpr char kType = 'M';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags =
      Bits(Tag::kSharesLocated, Tag::kLocateBroker, Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Side side = Side::kSell;
  uint32_t quantity = 0;
  Appendage appendage{};

  friend bool operator==(const OrderModified&, const OrderModified&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Code(m.side, ouch::kSides, Fault::kSide) && fields::Quantity(v, m.quantity, 0);
  }
};
static_assert(ouch::kFixedBytes<OrderModified> == 18);

// What is displayed of the order has changed; what is open has not.
struct OrderRestated {
  static constexpr char kType = 'R';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kSecondaryOrderReference, Tag::kDisplayQuantity,
                                         Tag::kDisplayPrice, Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  RestateReason reason = RestateReason::kDisplayRefreshed;
  Appendage appendage{};

  friend bool operator==(const OrderRestated&, const OrderRestated&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Reason(m.reason, kRestateReasons, Fault::kReason);
  }
};
static_assert(ouch::kFixedBytes<OrderRestated> == 14);

// Taken; a Canceled for each order follows.
struct MassCancelResponse {
  static constexpr char kType = 'X';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kGroupId, Tag::kSide, Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Firm firm{};
  Symbol symbol{};
  Appendage appendage{};

  friend bool operator==(const MassCancelResponse&, const MassCancelResponse&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm) &&
           v.Text(m.symbol, Blank::kAllowed, Fault::kSymbol);
  }
};
static_assert(ouch::kFixedBytes<MassCancelResponse> == 25);

struct DisableOrderEntryResponse {
  static constexpr char kType = 'G';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Firm firm{};
  Appendage appendage{};

  friend bool operator==(const DisableOrderEntryResponse&,
                         const DisableOrderEntryResponse&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm);
  }
};
static_assert(ouch::kFixedBytes<DisableOrderEntryResponse> == 17);

struct EnableOrderEntryResponse {
  static constexpr char kType = 'K';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t user_ref_num = 0;
  Firm firm{};
  Appendage appendage{};

  friend bool operator==(const EnableOrderEntryResponse&,
                         const EnableOrderEntryResponse&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.user_ref_num, 0) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm);
  }
};
static_assert(ouch::kFixedBytes<EnableOrderEntryResponse> == 17);

// The lowest number that the venue takes: where a client resumes.
struct AccountQueryResponse {
  static constexpr char kType = 'Q';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kSkipped;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint64_t timestamp = 0;
  uint32_t next_user_ref_num = 1;
  Appendage appendage{};

  friend bool operator==(const AccountQueryResponse&, const AccountQueryResponse&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::Timestamp(v, m.timestamp) && fields::UserRefNum(v, m.next_user_ref_num, 1);
  }
};
static_assert(ouch::kFixedBytes<AccountQueryResponse> == 13);

}  // namespace ringway::ouch50
