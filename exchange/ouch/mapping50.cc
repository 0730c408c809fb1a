// OUCH 5.0: a member's messages as requests, and events as its messages.
#include <cstring>

#include "base/big_endian.h"
#include "exchange/ouch/mapping_versions.h"
#include "protocol/ouch/ouch50.h"

namespace ringway::exchange {
namespace {

using ouch::Fault;
using ouch50::Appendage;
using ouch50::RejectReason;
using ouch50::Tag;

constexpr uint16_t Code(RejectReason reason) noexcept { return static_cast<uint16_t>(reason); }
// "Invalid AIQ strategy".
constexpr uint16_t kInvalidAiqStrategy = 0x40;

// The code for a field that is malformed.
RejectReason ReasonOf(Fault fault) noexcept {
  switch (fault) {
    case Fault::kSide:
      return RejectReason::kInvalidSide;
    case Fault::kQuantity:
      return RejectReason::kInvalidQuantity;
    case Fault::kSymbol:
      return RejectReason::kInvalidSymbol;
    case Fault::kPrice:
      return RejectReason::kInvalidPrice;
    case Fault::kDisplay:
      return RejectReason::kInvalidDisplay;
    case Fault::kCrossType:
      return RejectReason::kInvalidCrossOrder;
    default:
      return RejectReason::kOther;
  }
}

// Drops a tag that says what holds anyway; returns whether it says anything else.
bool Asks(Appendage& appendage, Tag tag, bool is_default) noexcept {
  if (!appendage.Has(tag)) return false;
  if (is_default) appendage.present &= ~Bit(tag);
  return !is_default;
}

// Returns the code of what the exchange does not do. What is left in the appendage is returned to
// the member.
uint16_t ReadAppendage(OuchTerms& terms) noexcept {
  Appendage& a = terms.appendage;
  if (Asks(a, Tag::kPriceType, a.price_type == ouch50::PriceType::kLimit) ||
      Asks(a, Tag::kPegOffset, a.peg_offset == 0)) {
    return Code(RejectReason::kPeggingNotAllowed);
  }
  if (Asks(a, Tag::kDiscretionPrice, a.discretion_price == 0) ||
      Asks(a, Tag::kDiscretionPriceType, a.discretion_price_type == ouch50::PriceType::kLimit) ||
      Asks(a, Tag::kDiscretionPegOffset, a.discretion_peg_offset == 0) ||
      Asks(a, Tag::kTradeNow, a.trade_now != ouch50::TradeNow::kYes) ||
      Asks(a, Tag::kUserRefIndex, a.user_ref_index == 0) ||
      Asks(a, Tag::kRandomReserves, a.random_reserves == 0)) {
    return Code(RejectReason::kOther);
  }
  if (Asks(a, Tag::kRoute, a.route.blank())) return Code(RejectReason::kRoutingNotAllowed);
  if (Asks(a, Tag::kHandleInst, a.handle_inst == ouch50::HandleInst::kNone)) {
    return Code(RejectReason::kOther);
  }
  if (Asks(a, Tag::kAiqStrategy, a.aiq_strategy.blank()) ||
      Asks(a, Tag::kAiqGroupId, a.aiq_group_id.blank())) {
    return kInvalidAiqStrategy;
  }
  a.present &= ~Bit(Tag::kLocateBroker);
  terms.post_only = a.Has(Tag::kPostOnly) && a.post_only == ouch50::PostOnly::kPostOnly;
  if (a.Has(Tag::kMaxFloor)) {
    if (a.max_floor > terms.quantity) return Code(RejectReason::kInvalidMaxFloor);
    terms.shown = a.max_floor;
  }
  // An expiry belongs to one time in force, which needs it.
  if (a.Has(Tag::kExpireTime) != (terms.lasts == TimeInForce::kGoodTillDate)) {
    return Code(RejectReason::kOther);
  }
  if (a.Has(Tag::kExpireTime)) terms.seconds = a.expire_time;
  if (!Asks(a, Tag::kMinQuantity, a.min_quantity == 0)) return 0;
  // All of it at once is what the exchange can do.
  if (terms.lasts != TimeInForce::kImmediateOrCancel || a.min_quantity != terms.quantity) {
    return Code(RejectReason::kInvalidMinQuantity);
  }
  terms.lasts = TimeInForce::kFillOrKill;
  return 0;
}

// What an order and its replacement say alike.
template <class M>
uint16_t ReadTerms(const M& message, OuchTerms& terms) noexcept {
  terms.quantity = message.quantity;
  terms.price = message.price;
  terms.time_in_force = static_cast<uint8_t>(message.time_in_force);
  terms.display = static_cast<char>(message.display);
  terms.cl_ord_id = message.cl_ord_id;
  terms.appendage = message.appendage;
  if (message.intermarket_sweep == ouch::YesNo::kYes) return Code(RejectReason::kIsoNotAllowed);
  if (message.display == ouch50::Display::kHidden) return Code(RejectReason::kInvalidDisplay);
  switch (message.time_in_force) {
    case ouch50::TimeInForce::kDay:
    case ouch50::TimeInForce::kExtendedHours:
      break;
    case ouch50::TimeInForce::kImmediateOrCancel:
      terms.lasts = TimeInForce::kImmediateOrCancel;
      break;
    case ouch50::TimeInForce::kTillTime:
      terms.lasts = TimeInForce::kGoodTillDate;
      break;
    case ouch50::TimeInForce::kAfterHours:
      return Code(RejectReason::kDestinationClosed);
  }
  return ReadAppendage(terms);
}

struct Taker {
  OuchRequest& request;

  void On(const ouch50::EnterOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kEnter;
    request.id.number = message.user_ref_num;
    OuchTerms& terms = request.terms;
    terms.side = message.side;
    terms.symbol = message.symbol;
    terms.capacity = message.capacity;
    request.refusal = ReadTerms(message, terms);
    if (message.cross_type != ouch::CrossType::kNone) {
      request.refusal = Code(RejectReason::kInvalidCrossOrder);
    }
  }
  void On(const ouch50::ReplaceOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kReplace;
    request.original.number = message.orig_user_ref_num;
    request.id.number = message.user_ref_num;
    request.refusal = ReadTerms(message, request.terms);
    // The side is the order's.
    if (message.appendage.Has(Tag::kSide)) request.refusal = Code(RejectReason::kReplaceNotAllowed);
  }
  void On(const ouch50::CancelOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kCancel;
    request.id.number = message.user_ref_num;
    request.terms.quantity = message.quantity;
    Index(message.appendage);
  }
  void On(const ouch50::ModifyOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kModify;
    request.id.number = message.user_ref_num;
    request.terms.side = message.side;
    request.terms.quantity = message.quantity;
    Index(message.appendage);
  }
  void On(const ouch50::MassCancel& message) noexcept {
    request.kind = OuchRequest::Kind::kMassCancel;
    request.id.number = message.user_ref_num;
    request.terms.firm = message.firm;
    request.terms.symbol = message.symbol;
    request.terms.appendage = message.appendage;
    Index(message.appendage);
  }
  void On(const ouch50::DisableOrderEntry& message) noexcept {
    Entry(OuchRequest::Kind::kDisableEntry, message);
  }
  void On(const ouch50::EnableOrderEntry& message) noexcept {
    Entry(OuchRequest::Kind::kEnableEntry, message);
  }
  void On(const ouch50::AccountQuery& message) noexcept {
    request.kind = OuchRequest::Kind::kQuery;
    Index(message.appendage);
  }

 private:
  template <class M>
  void Entry(OuchRequest::Kind kind, const M& message) noexcept {
    request.kind = kind;
    request.id.number = message.user_ref_num;
    request.terms.firm = message.firm;
    Index(message.appendage);
  }
  // One range of numbers is all that a member has.
  void Index(const Appendage& appendage) noexcept {
    if (appendage.Has(Tag::kUserRefIndex) && appendage.user_ref_index != 0) {
      request.refusal = Code(RejectReason::kOther);
    }
  }
};

// Reads the numbers of a message that has its fixed part but a malformed field or appendage.
template <class M>
bool ReadNumbers(std::span<const std::byte> bytes, OuchRequest::Kind kind,
                 OuchRequest& request) noexcept {
  if (bytes[0] != static_cast<std::byte>(M::kType) || bytes.size() < ouch::kFixedBytes<M>) {
    return false;
  }
  request.kind = kind;
  request.id.number = LoadBig<uint32_t>(bytes.data() + 1);
  if (kind == OuchRequest::Kind::kReplace) {
    request.original = request.id;
    request.id.number = LoadBig<uint32_t>(bytes.data() + 5);
  }
  if (request.id.number == 0) return false;
  PaddedText<14>& text = request.terms.cl_ord_id;
  if (kind == OuchRequest::Kind::kEnter || kind == OuchRequest::Kind::kReplace) {
    std::memcpy(text.bytes.data(), bytes.data() + ouch::kFixedBytes<M> - text.kSize, text.kSize);
    if (!text.printable()) text = {};
  }
  return true;
}

template <class M>
M Order(uint64_t timestamp, const OuchEvent& event) noexcept {
  const OuchTerms& terms = *event.terms;
  M message;
  message.timestamp = timestamp;
  message.user_ref_num = event.id.number;
  message.side = terms.side;
  message.quantity = event.quantity;
  message.symbol = terms.symbol;
  message.price = terms.price;
  message.time_in_force = static_cast<ouch50::TimeInForce>(terms.time_in_force);
  message.display = static_cast<ouch50::Display>(terms.display);
  message.order_reference = event.reference;
  message.capacity = terms.capacity;
  message.state = event.state;
  message.cl_ord_id = terms.cl_ord_id;
  message.appendage = terms.appendage;
  message.appendage.present &= M::kTags;
  return message;
}

template <class M>
M EntryResponse(uint64_t timestamp, const OuchEvent& event) noexcept {
  M message;
  message.timestamp = timestamp;
  message.user_ref_num = event.id.number;
  message.firm = event.terms->firm;
  return message;
}

}  // namespace

Fault ReadOuch50(std::span<const std::byte> bytes, OuchRequest& request) noexcept {
  request = {};
  Taker taker{request};
  const Fault fault = ouch50::DecodeFromClient(bytes, taker);
  if (fault == Fault::kNone || bytes.empty()) return fault;
  using Kind = OuchRequest::Kind;
  if (!ReadNumbers<ouch50::EnterOrder>(bytes, Kind::kEnter, request) &&
      !ReadNumbers<ouch50::ReplaceOrder>(bytes, Kind::kReplace, request) &&
      !ReadNumbers<ouch50::CancelOrder>(bytes, Kind::kCancel, request) &&
      !ReadNumbers<ouch50::ModifyOrder>(bytes, Kind::kModify, request) &&
      !ReadNumbers<ouch50::MassCancel>(bytes, Kind::kMassCancel, request)) {
    return fault;
  }
  request.refusal = Code(ReasonOf(fault));
  return Fault::kNone;
}

ouch::Encoded WriteOuch50(uint64_t timestamp, const OuchEvent& event,
                          std::span<std::byte> to) noexcept {
  using Kind = OuchEvent::Kind;
  const uint32_t number = event.id.number;
  switch (event.kind) {
    case Kind::kSystem:
      return Encode(ouch50::SystemEvent{timestamp, event.system}, to);
    case Kind::kAccepted:
      return Encode(Order<ouch50::Accepted>(timestamp, event), to);
    case Kind::kReplaced: {
      auto message = Order<ouch50::Replaced>(timestamp, event);
      message.orig_user_ref_num = event.previous.number;
      return Encode(message, to);
    }
    case Kind::kCanceled:
      return Encode(ouch50::Canceled{timestamp, number, event.quantity, event.reason, {}}, to);
    case Kind::kExecuted:
      return Encode(ouch50::Executed{timestamp,
                                     number,
                                     event.quantity,
                                     event.price,
                                     event.added ? ouch::LiquidityFlag::kAdded
                                                 : ouch::LiquidityFlag::kRemoved,
                                     event.match,
                                     {}},
                    to);
    case Kind::kRejected: {
      ouch50::Rejected message{timestamp, number, static_cast<RejectReason>(event.code), {}, {}};
      if (event.terms != nullptr) message.cl_ord_id = event.terms->cl_ord_id;
      return Encode(message, to);
    }
    case Kind::kCancelReject:
      return Encode(ouch50::CancelReject{timestamp, number, {}}, to);
    case Kind::kModified:
      return Encode(ouch50::OrderModified{timestamp, number, event.terms->side, event.quantity, {}},
                    to);
    case Kind::kMassCancel: {
      auto message = EntryResponse<ouch50::MassCancelResponse>(timestamp, event);
      message.symbol = event.terms->symbol;
      message.appendage = event.terms->appendage;
      message.appendage.present &= Bits(Tag::kGroupId, Tag::kSide);
      return Encode(message, to);
    }
    case Kind::kDisabled:
      return Encode(EntryResponse<ouch50::DisableOrderEntryResponse>(timestamp, event), to);
    case Kind::kEnabled:
      return Encode(EntryResponse<ouch50::EnableOrderEntryResponse>(timestamp, event), to);
    case Kind::kNextNumber:
      return Encode(ouch50::AccountQueryResponse{timestamp, number, {}}, to);
  }
  return {0, Fault::kUnknownType};
}

}  // namespace ringway::exchange
