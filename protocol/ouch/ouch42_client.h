// The messages of OUCH 4.2 that a client sends (NASDAQ, "O*U*C*H Version 4.2" §2), as structs, and
// the fields that messages of both sides have. OUCH.md draws the bytes.
#pragma once

#include <cstdint>

#include "base/padded_text.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/codes42.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/units.h"

namespace ringway::ouch42 {

using ouch::Blank;
using ouch::Capacity;
using ouch::CrossType;
using ouch::CustomerType;
using ouch::Fault;
using ouch::Side;
using ouch::YesNo;

using Token = PaddedText<14>;  // day-unique, chosen by the client
using Symbol = PaddedText<8>;
using Firm = PaddedText<4>;  // blank: the account's own

inline constexpr uint32_t kSharesMax = 999'999;
inline constexpr uint32_t kAnyU32 = UINT32_MAX;
inline constexpr uint64_t kAnyU64 = UINT64_MAX;
inline constexpr uint32_t kTimeInForceMax = 99'999;

// Fields that several messages have.
namespace fields {

template <class V, class T>
constexpr bool Timestamp(V& v, T& timestamp) {
  return v.Number(timestamp, uint64_t{0}, ouch::kTimestampMax, Fault::kTimestamp);
}
template <class V, class T>
constexpr bool OrderToken(V& v, T& token) {
  return v.Text(token, Blank::kRefused, Fault::kToken);
}
template <class V, class T>
constexpr bool Shares(V& v, T& shares, uint32_t min) {
  return v.Number(shares, min, kSharesMax, Fault::kQuantity);
}
// A limit or a market price.
template <class V, class T>
constexpr bool OrderPrice(V& v, T& price) {
  return v.Price(price, Fault::kPrice);
}
template <class V, class T>
constexpr bool Price(V& v, T& price) {
  return v.Number(price, uint32_t{0}, ouch::kMarketCrossPrice, Fault::kPrice);
}
template <class V, class T>
constexpr bool TimeInForce(V& v, T& seconds) {
  return v.Number(seconds, uint32_t{0}, kTimeInForceMax, Fault::kTimeInForce);
}
template <class V, class T>
constexpr bool Number(V& v, T& number) {
  return v.Number(number, uint64_t{0}, kAnyU64, Fault::kNone);
}

}  // namespace fields

struct EnterOrder {  // §2.1
  static constexpr char kType = 'O';
  Token token{};
  Side side = Side::kBuy;
  uint32_t shares = 1;
  Symbol stock{};
  uint32_t price = 1;
  uint32_t time_in_force = kMarketHours;
  Firm firm{};
  Display display = Display::kAnonymous;
  Capacity capacity = Capacity::kAgency;
  YesNo intermarket_sweep = YesNo::kNo;
  uint32_t min_quantity = 0;
  CrossType cross_type = CrossType::kNone;
  CustomerType customer_type = CustomerType::kDefault;

  friend bool operator==(const EnterOrder&, const EnterOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::OrderToken(v, m.token) && v.Code(m.side, ouch::kSides, Fault::kSide) &&
           fields::Shares(v, m.shares, 1) && v.Text(m.stock, Blank::kRefused, Fault::kSymbol) &&
           fields::OrderPrice(v, m.price) && fields::TimeInForce(v, m.time_in_force) &&
           v.Text(m.firm, Blank::kAllowed, Fault::kFirm) &&
           v.Code(m.display, kDisplays, Fault::kDisplay) &&
           v.Code(m.capacity, ouch::kCapacities, Fault::kCapacity) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Number(m.min_quantity, uint32_t{0}, kSharesMax, Fault::kMinQuantity) &&
           v.Code(m.cross_type, ouch::kCrossTypes, Fault::kCrossType) &&
           v.Code(m.customer_type, ouch::kCustomerTypes, Fault::kCustomerType);
  }
};
static_assert(ouch::kFixedBytes<EnterOrder> == 49);

// The replacement has the side and the stock of the order, and `shares` counts what the order and
// its predecessors have traded. Ignored if the order no longer lives; cancels it without a
// successor if the replacement is invalid.
struct ReplaceOrder {  // §2.2
  static constexpr char kType = 'U';
  Token existing_token{};
  Token replacement_token{};
  uint32_t shares = 1;
  uint32_t price = 1;
  uint32_t time_in_force = kMarketHours;
  Display display = Display::kAnonymous;
  YesNo intermarket_sweep = YesNo::kNo;
  uint32_t min_quantity = 0;

  friend bool operator==(const ReplaceOrder&, const ReplaceOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::OrderToken(v, m.existing_token) && fields::OrderToken(v, m.replacement_token) &&
           fields::Shares(v, m.shares, 1) && fields::OrderPrice(v, m.price) &&
           fields::TimeInForce(v, m.time_in_force) &&
           v.Code(m.display, kDisplays, Fault::kDisplay) &&
           v.Code(m.intermarket_sweep, ouch::kYesNo, Fault::kIso) &&
           v.Number(m.min_quantity, uint32_t{0}, kSharesMax, Fault::kMinQuantity);
  }
};
static_assert(ouch::kFixedBytes<ReplaceOrder> == 47);

// `shares` is what the order is to have in all, what it traded included; 0 cancels it.
struct CancelOrder {  // §2.3
  static constexpr char kType = 'X';
  Token token{};
  uint32_t shares = 0;

  friend bool operator==(const CancelOrder&, const CancelOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::OrderToken(v, m.token) && fields::Shares(v, m.shares, 0);
  }
};
static_assert(ouch::kFixedBytes<CancelOrder> == 19);

// Changes a sale's marking, and lowers the shares as CancelOrder does.
struct ModifyOrder {  // §2.4
  static constexpr char kType = 'M';
  Token token{};
  Side side = Side::kSell;
  uint32_t shares = 0;

  friend bool operator==(const ModifyOrder&, const ModifyOrder&) = default;
  template <class Self, class V>
  static constexpr bool Walk(Self& m, V& v) {
    return fields::OrderToken(v, m.token) && v.Code(m.side, ouch::kSides, Fault::kSide) &&
           fields::Shares(v, m.shares, 0);
  }
};
static_assert(ouch::kFixedBytes<ModifyOrder> == 20);

}  // namespace ringway::ouch42
