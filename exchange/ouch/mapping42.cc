// OUCH 4.2: a member's messages as requests, and events as its messages.
#include <cstring>

#include "exchange/ouch/mapping_versions.h"
#include "protocol/ouch/ouch42.h"

namespace ringway::exchange {
namespace {

using ouch::Fault;
using ouch42::RejectReason;

constexpr uint16_t Code(RejectReason reason) noexcept { return static_cast<uint16_t>(reason); }

// The code for a field that is malformed.
RejectReason ReasonOf(Fault fault) noexcept {
  switch (fault) {
    case Fault::kSymbol:
      return RejectReason::kInvalidStock;
    case Fault::kDisplay:
      return RejectReason::kInvalidDisplay;
    case Fault::kPrice:
      return RejectReason::kInvalidPrice;
    case Fault::kMinQuantity:
      return RejectReason::kInvalidMinQuantity;
    case Fault::kCrossType:
      return RejectReason::kNotInThisCross;
    default:
      return RejectReason::kOther;
  }
}

// What an order and its replacement say alike. Returns the code of what the exchange does not do.
template <class M>
uint16_t ReadTerms(const M& message, OuchTerms& terms) noexcept {
  terms.quantity = message.shares;
  terms.price = message.price;
  terms.time_in_force = message.time_in_force;
  terms.min_quantity = message.min_quantity;
  terms.display = static_cast<char>(message.display);
  if (message.time_in_force == ouch42::kImmediateOrCancel) {
    terms.lasts = TimeInForce::kImmediateOrCancel;
  } else if (message.time_in_force < ouch42::kMarketHours) {
    terms.lasts = TimeInForce::kGoodTillDate;
    terms.seconds = message.time_in_force;
  }
  if (message.intermarket_sweep == ouch::YesNo::kYes) return Code(RejectReason::kOther);
  switch (message.display) {
    case ouch42::Display::kAttributable:
    case ouch42::Display::kAnonymous:
      break;
    case ouch42::Display::kPostOnly:
    case ouch42::Display::kPostOnlyAttributable:
      terms.post_only = true;
      break;
    default:
      return Code(RejectReason::kInvalidDisplay);
  }
  if (terms.min_quantity == 0) return 0;
  // All of it at once is what the exchange can do.
  if (terms.lasts != TimeInForce::kImmediateOrCancel || terms.min_quantity != terms.quantity) {
    return Code(RejectReason::kInvalidMinQuantity);
  }
  terms.lasts = TimeInForce::kFillOrKill;
  return 0;
}

struct Taker {
  OuchRequest& request;

  void On(const ouch42::EnterOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kEnter;
    request.id.token = message.token;
    OuchTerms& terms = request.terms;
    terms.side = message.side;
    terms.symbol = message.stock;
    terms.firm = message.firm;
    terms.capacity = message.capacity;
    request.refusal = ReadTerms(message, terms);
    if (message.cross_type != ouch::CrossType::kNone) {
      request.refusal = Code(RejectReason::kNotInThisCross);
    }
  }
  void On(const ouch42::ReplaceOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kReplace;
    request.original.token = message.existing_token;
    request.id.token = message.replacement_token;
    request.refusal = ReadTerms(message, request.terms);
  }
  void On(const ouch42::CancelOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kCancel;
    request.id.token = message.token;
    request.terms.quantity = message.shares;
  }
  void On(const ouch42::ModifyOrder& message) noexcept {
    request.kind = OuchRequest::Kind::kModify;
    request.id.token = message.token;
    request.terms.side = message.side;
    request.terms.quantity = message.shares;
  }
};

// Reads the tokens of a message that has its whole length but a malformed field.
template <class M>
bool ReadTokens(std::span<const std::byte> bytes, OuchRequest::Kind kind,
                OuchRequest& request) noexcept {
  if (bytes[0] != static_cast<std::byte>(M::kType) || bytes.size() != ouch::kFixedBytes<M>) {
    return false;
  }
  const auto token_at = [bytes](std::size_t at, ouch42::Token& token) {
    std::memcpy(token.bytes.data(), bytes.data() + at, ouch42::Token::kSize);
    return token.printable() && token.bytes[0] != ' ';
  };
  request.kind = kind;
  if (!token_at(1, request.id.token)) return false;
  if (kind != OuchRequest::Kind::kReplace) return true;
  request.original = request.id;
  return token_at(1 + ouch42::Token::kSize, request.id.token);
}

// What an order and its replacement are answered with alike.
template <class M>
M Order(uint64_t timestamp, const OuchEvent& event) noexcept {
  const OuchTerms& terms = *event.terms;
  M message;
  message.timestamp = timestamp;
  message.token = event.id.token;
  message.side = terms.side;
  message.shares = event.quantity;
  message.stock = terms.symbol;
  message.price = static_cast<uint32_t>(terms.price);
  message.time_in_force = terms.time_in_force;
  message.firm = terms.firm;
  message.display = static_cast<ouch42::Display>(terms.display);
  message.order_reference = event.reference;
  message.capacity = terms.capacity;
  message.min_quantity = terms.min_quantity;
  message.state = event.state;
  return message;
}

}  // namespace

Fault ReadOuch42(std::span<const std::byte> bytes, OuchRequest& request) noexcept {
  request = {};
  Taker taker{request};
  const Fault fault = ouch42::DecodeFromClient(bytes, taker);
  if (fault == Fault::kNone || bytes.empty()) return fault;
  using Kind = OuchRequest::Kind;
  if (!ReadTokens<ouch42::EnterOrder>(bytes, Kind::kEnter, request) &&
      !ReadTokens<ouch42::ReplaceOrder>(bytes, Kind::kReplace, request) &&
      !ReadTokens<ouch42::CancelOrder>(bytes, Kind::kCancel, request) &&
      !ReadTokens<ouch42::ModifyOrder>(bytes, Kind::kModify, request)) {
    return fault;
  }
  request.refusal = Code(ReasonOf(fault));
  return Fault::kNone;
}

ouch::Encoded WriteOuch42(uint64_t timestamp, const OuchEvent& event,
                          std::span<std::byte> to) noexcept {
  using Kind = OuchEvent::Kind;
  switch (event.kind) {
    case Kind::kSystem:
      return Encode(ouch42::SystemEvent{timestamp, event.system}, to);
    case Kind::kAccepted:
      return Encode(Order<ouch42::Accepted>(timestamp, event), to);
    case Kind::kReplaced: {
      auto message = Order<ouch42::Replaced>(timestamp, event);
      message.previous_token = event.previous.token;
      return Encode(message, to);
    }
    case Kind::kCanceled:
      return Encode(ouch42::Canceled{timestamp, event.id.token, event.quantity, event.reason}, to);
    case Kind::kExecuted:
      return Encode(
          ouch42::Executed{
              timestamp, event.id.token, event.quantity, static_cast<uint32_t>(event.price),
              event.added ? ouch::LiquidityFlag::kAdded : ouch::LiquidityFlag::kRemoved,
              event.match},
          to);
    case Kind::kRejected:
      return Encode(
          ouch42::Rejected{timestamp, event.id.token, static_cast<RejectReason>(event.code)}, to);
    case Kind::kCancelReject:
      return Encode(ouch42::CancelReject{timestamp, event.id.token}, to);
    case Kind::kModified:
      return Encode(
          ouch42::OrderModified{timestamp, event.id.token, event.terms->side, event.quantity}, to);
    case Kind::kMassCancel:
    case Kind::kDisabled:
    case Kind::kEnabled:
    case Kind::kNextNumber:
      break;
  }
  return {0, Fault::kUnknownType};
}

}  // namespace ringway::exchange
