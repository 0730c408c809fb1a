// The messages of OUCH 5.0 that a client sends (NASDAQ, "OUCH 5.0 Order Entry Specification" §2),
// as structs, and the fields that messages of both sides have. OUCH.md draws the bytes.
#pragma once

#include <cstdint>

#include "base/padded_text.h"
#include "protocol/ouch/appendage.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/units.h"

namespace ringway::ouch50 {

using ouch::AppendageRule;
using ouch::Capacity;
using ouch::CrossType;
using ouch::OtherTags;

using Symbol = PaddedText<8>;
using Firm = PaddedText<4>;      // blank: the account's own
using ClOrdId = PaddedText<14>;  // the client's, returned as it is; not checked for uniqueness

inline constexpr uint32_t kQuantityMax = 999'999;

namespace fields {

template <class V, class T>
constexpr bool Timestamp(V& v, T& timestamp) {
  return v.Number(timestamp, uint64_t{0}, ouch::kTimestampMax, Fault::kTimestamp);
}
template <class V, class T>
constexpr bool UserRefNum(V& v, T& number, uint32_t min) {
  return v.Number(number, min, UINT32_MAX, Fault::kUserRefNum);
}
template <class V, class T>
constexpr bool Quantity(V& v, T& quantity, uint32_t min) {
  return v.Number(quantity, min, kQuantityMax, Fault::kQuantity);
}
// A limit, or one of the two prices of a market order.
template <class V, class T>
constexpr bool OrderPrice(V& v, T& price) {
  return v.Price(price, Fault::kPrice);
}
template <class V, class T>
constexpr bool Price(V& v, T& price) {
  return v.Number(price, uint64_t{0}, ouch::kPriceMax, Fault::kPrice);
}
template <class V, class T>
constexpr bool Number(V& v, T& number) {
  return v.Number(number, uint64_t{0}, UINT64_MAX, Fault::kNone);
}

}  // namespace fields

struct EnterOrder {
  static constexpr char kType = 'O';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags =
      Bits(Tag::kFirm, Tag::kMinQuantity, Tag::kCustomerType, Tag::kMaxFloor, Tag::kPriceType,
           Tag::kPegOffset, Tag::kDiscretionPrice, Tag::kDiscretionPriceType,
           Tag::kDiscretionPegOffset, Tag::kPostOnly, Tag::kRandomReserves, Tag::kRoute,
           Tag::kExpireTime, Tag::kTradeNow, Tag::kHandleInst, Tag::kGroupId, Tag::kSharesLocated,
           Tag::kUserRefIndex, Tag::kAiqStrategy, Tag::kAiqGroupId, Tag::kLocateBroker);
  uint32_t user_ref_num = 1;
  Side side = Side::kBuy;
  uint32_t quantity = 1;
  Symbol symbol{};
  uint64_t price = 1;
  TimeInForce time_in_force = TimeInForce::kDay;
  Display display = Display::kVisible;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  CrossType cross_type = CrossType::kNone;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const EnterOrder&, const EnterOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) && v.Code(m.side, ouch::kSides, Fault::kSide) &&
           fields::Quantity(v, m.quantity, 1) &&
           v.Text(m.symbol, Blank::kRefused, Fault::kSymbol) && fields::OrderPrice(v, m.price) &&
           v.Code(m.time_in_force, kTimesInForce, Fault::kTimeInForce) &&
           v.Code(m.display, kDisplays, Fault::kDisplay) &&
           v.Code(m.capacity, ouch::kCapacities, Fault::kCapacity) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Code(m.cross_type, ouch::kCrossTypes, Fault::kCrossType) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<EnterOrder> == 45);

// The replacement has the side and the symbol of the order; `quantity` counts what the order and
// its predecessors have traded. Ignored if the order no longer lives.
struct ReplaceOrder {
  static constexpr char kType = 'U';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(
      Tag::kMinQuantity, Tag::kMaxFloor, Tag::kPriceType, Tag::kPegOffset, Tag::kDiscretionPrice,
      Tag::kDiscretionPriceType, Tag::kDiscretionPegOffset, Tag::kPostOnly, Tag::kRandomReserves,
      Tag::kExpireTime, Tag::kTradeNow, Tag::kHandleInst, Tag::kSharesLocated, Tag::kLocateBroker,
      Tag::kSide, Tag::kUserRefIndex, Tag::kAiqStrategy, Tag::kAiqGroupId);
  uint32_t orig_user_ref_num = 1;
  uint32_t user_ref_num = 1;
  uint32_t quantity = 1;
  uint64_t price = 1;
  TimeInForce time_in_force = TimeInForce::kDay;
  Display display = Display::kVisible;
  YesNo intermarket_sweep = YesNo::kNo;
  ClOrdId cl_ord_id{};
  Appendage appendage{};

  friend bool operator==(const ReplaceOrder&, const ReplaceOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.orig_user_ref_num, 1) &&
           fields::UserRefNum(v, m.user_ref_num, 1) && fields::Quantity(v, m.quantity, 1) &&
           fields::OrderPrice(v, m.price) &&
           v.Code(m.time_in_force, kTimesInForce, Fault::kTimeInForce) &&
           v.Code(m.display, kDisplays, Fault::kDisplay) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Text(m.cl_ord_id, Blank::kAllowed, Fault::kClOrdId);
  }
};
static_assert(ouch::kFixedBytes<ReplaceOrder> == 38);

// `quantity` is what the order is to have in all, what it traded included; 0 cancels it.
struct CancelOrder {
  static constexpr char kType = 'X';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint32_t user_ref_num = 1;
  uint32_t quantity = 0;
  Appendage appendage{};

  friend bool operator==(const CancelOrder&, const CancelOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) && fields::Quantity(v, m.quantity, 0);
  }
};
static_assert(ouch::kFixedBytes<CancelOrder> == 9);

// Changes a sale's marking, and lowers the quantity as CancelOrder does.
struct ModifyOrder {
  static constexpr char kType = 'M';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags =
      Bits(Tag::kSharesLocated, Tag::kLocateBroker, Tag::kUserRefIndex);
  uint32_t user_ref_num = 1;
  Side side = Side::kSell;
  uint32_t quantity = 0;
  Appendage appendage{};

  friend bool operator==(const ModifyOrder&, const ModifyOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) && v.Code(m.side, ouch::kSides, Fault::kSide) &&
           fields::Quantity(v, m.quantity, 0);
  }
};
static_assert(ouch::kFixedBytes<ModifyOrder> == 10);

// Cancels the firm's orders: all, or those of a symbol, a side or a group. It has a number of its
// own.
struct MassCancel {
  static constexpr char kType = 'C';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(Tag::kGroupId, Tag::kSide, Tag::kUserRefIndex);
  uint32_t user_ref_num = 1;
  Firm firm{};
  Symbol symbol{};
  Appendage appendage{};

  friend bool operator==(const MassCancel&, const MassCancel&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm) &&
           v.Text(m.symbol, Blank::kAllowed, Fault::kSymbol);
  }
};
static_assert(ouch::kFixedBytes<MassCancel> == 17);

// No more orders of the firm are taken, until it is enabled again.
struct DisableOrderEntry {
  static constexpr char kType = 'D';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint32_t user_ref_num = 1;
  Firm firm{};
  Appendage appendage{};

  friend bool operator==(const DisableOrderEntry&, const DisableOrderEntry&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm);
  }
};
static_assert(ouch::kFixedBytes<DisableOrderEntry> == 9);

struct EnableOrderEntry {
  static constexpr char kType = 'E';
  static constexpr AppendageRule kAppendage = AppendageRule::kRequired;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  uint32_t user_ref_num = 1;
  Firm firm{};
  Appendage appendage{};

  friend bool operator==(const EnableOrderEntry&, const EnableOrderEntry&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::UserRefNum(v, m.user_ref_num, 1) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm);
  }
};
static_assert(ouch::kFixedBytes<EnableOrderEntry> == 9);

struct AccountQuery {
  static constexpr char kType = 'Q';
  static constexpr AppendageRule kAppendage = AppendageRule::kOptional;
  static constexpr OtherTags kOtherTags = OtherTags::kRefused;
  static constexpr uint32_t kTags = Bits(Tag::kUserRefIndex);
  Appendage appendage{};

  friend bool operator==(const AccountQuery&, const AccountQuery&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return (void)m, (void)v, true;
  }
};
static_assert(ouch::kFixedBytes<AccountQuery> == 1);

}  // namespace ringway::ouch50
