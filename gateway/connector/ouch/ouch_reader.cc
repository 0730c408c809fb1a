#include "gateway/connector/ouch/ouch_reader.h"

#include <optional>

#include "gateway/connector/ouch/ouch_codes.h"
#include "protocol/ouch/ouch42.h"
#include "protocol/ouch/ouch50.h"

namespace ringway {
namespace {

// Fields that both versions call the same.
template <class M>
void TakeOrder(const M& m, OuchEvent& event) noexcept {
  event.timestamp = m.timestamp;
  event.side = m.side;
  event.price = m.price;
  event.display = static_cast<char>(m.display);
  event.reference = m.order_reference;
  event.capacity = m.capacity;
  event.sweep = m.intermarket_sweep == ouch::YesNo::kYes;
  event.cross = m.cross_type;
  event.dead = m.state == ouch::OrderState::kDead;
  event.time_in_force = static_cast<uint32_t>(m.time_in_force);
}

OuchEventKind KindOf(ouch::SystemEventCode code) noexcept {
  return code == ouch::SystemEventCode::kStartOfDay ? OuchEventKind::kStartOfDay
                                                    : OuchEventKind::kEndOfDay;
}

struct Handler42 {
  const ouch42::Tokens& tokens;
  OuchEvent& event;

  void Name(OuchEventKind kind, const ouch42::Token& token, uint64_t timestamp) noexcept {
    event.kind = kind;
    event.timestamp = timestamp;
    event.id = IdOf(token);
    event.is_foreign = event.id == 0;
  }
  uint64_t IdOf(const ouch42::Token& token) const noexcept {
    return tokens.IdOf(token).value_or(0);
  }
  template <class M>
  void Terms(const M& m) noexcept {
    TakeOrder(m, event);
    event.shares = m.shares;
    event.symbol = m.stock;
    event.min_quantity = m.min_quantity;
    if (m.time_in_force < ouch42::kMarketHours) event.lives_s = m.time_in_force;
  }
  template <class M>
  void Trade(OuchEventKind kind, const M& m) noexcept {
    Name(kind, m.token, m.timestamp);
    event.shares = m.executed_shares;
    event.price = m.execution_price;
    event.liquidity = static_cast<char>(m.liquidity);
    event.match = m.match_number;
  }

  void On(const ouch42::SystemEvent& m) noexcept {
    event.kind = KindOf(m.event);
    event.timestamp = m.timestamp;
  }
  void On(const ouch42::Accepted& m) noexcept {
    Name(OuchEventKind::kAccepted, m.token, m.timestamp);
    Terms(m);
  }
  void On(const ouch42::Replaced& m) noexcept {
    Name(OuchEventKind::kReplaced, m.token, m.timestamp);
    Terms(m);
    event.previous_id = IdOf(m.previous_token);
  }
  void On(const ouch42::Canceled& m) noexcept {
    Name(OuchEventKind::kCanceled, m.token, m.timestamp);
    event.shares = m.decrement_shares;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch42::AiqCanceled& m) noexcept {
    Name(OuchEventKind::kCanceled, m.token, m.timestamp);
    event.shares = m.decrement_shares;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch42::Executed& m) noexcept { Trade(OuchEventKind::kExecuted, m); }
  void On(const ouch42::ExecutedWithReferencePrice& m) noexcept {
    Trade(OuchEventKind::kExecuted, m);
  }
  void On(const ouch42::BrokenTrade& m) noexcept {
    Name(OuchEventKind::kBroken, m.token, m.timestamp);
    event.match = m.match_number;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch42::TradeCorrection& m) noexcept {
    Trade(OuchEventKind::kCorrected, m);
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch42::PriceCorrection& m) noexcept {
    Name(OuchEventKind::kRepriced, m.token, m.timestamp);
    event.match = m.match_number;
    event.price = m.new_execution_price;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch42::Rejected& m) noexcept {
    Name(OuchEventKind::kRejected, m.token, m.timestamp);
    event.reason = static_cast<unsigned char>(m.reason);
    event.refusal = ReasonOf(m.reason);
    event.change_refusal = ChangeReasonOf(event.refusal);
  }
  void On(const ouch42::CancelPending& m) noexcept {
    Name(OuchEventKind::kNothing, m.token, m.timestamp);
  }
  void On(const ouch42::CancelReject& m) noexcept {
    Name(OuchEventKind::kCancelRejected, m.token, m.timestamp);
  }
  void On(const ouch42::OrderPriorityUpdate& m) noexcept {
    Name(OuchEventKind::kPriority, m.token, m.timestamp);
    event.reference = m.order_reference;
  }
  void On(const ouch42::OrderModified& m) noexcept {
    Name(OuchEventKind::kModified, m.token, m.timestamp);
    event.shares = m.shares;
    event.side = m.side;
  }
};

struct Handler50 {
  const ouch42::Tokens& tokens;
  std::vector<uint64_t>& ids;
  OuchEvent& event;

  uint64_t IdOf(uint32_t number) const noexcept { return number < ids.size() ? ids[number] : 0; }
  void Name(OuchEventKind kind, uint32_t number, uint64_t timestamp) noexcept {
    event.kind = kind;
    event.timestamp = timestamp;
    event.number = number;
    event.id = IdOf(number);
    event.is_beyond = number >= ids.size();
    event.is_foreign = event.id == 0;
  }
  // A message that has the ClOrdID.
  void NameFirst(OuchEventKind kind, uint32_t number, const ouch50::ClOrdId& cl_ord_id,
                 uint64_t timestamp) noexcept {
    Name(kind, number, timestamp);
    if (const std::optional<uint64_t> id = tokens.IdOf(cl_ord_id); id && *id != 0) event.id = *id;
    event.is_foreign = event.id == 0;
    if (number < ids.size()) ids[number] = event.id;
  }
  template <class M>
  void Terms(const M& m) noexcept {
    TakeOrder(m, event);
    event.shares = m.quantity;
    event.symbol = m.symbol;
    const ouch50::Appendage& more = m.appendage;
    event.lives_s = more.expire_time;
    event.min_quantity = more.min_quantity;
    event.max_floor = more.max_floor;
    event.peg_offset = more.peg_offset;
    event.price_type = static_cast<char>(more.price_type);
    event.post_only = more.post_only == ouch50::PostOnly::kPostOnly;
  }
  void Refuse(const ouch50::RejectReason& reason) noexcept {
    event.reason = static_cast<uint16_t>(reason);
    event.refusal = ReasonOf(reason);
    event.change_refusal = ChangeReasonOf(reason);
  }

  void On(const ouch50::SystemEvent& m) noexcept {
    event.kind = KindOf(m.event);
    event.timestamp = m.timestamp;
  }
  void On(const ouch50::Accepted& m) noexcept {
    NameFirst(OuchEventKind::kAccepted, m.user_ref_num, m.cl_ord_id, m.timestamp);
    Terms(m);
  }
  void On(const ouch50::Replaced& m) noexcept {
    NameFirst(OuchEventKind::kReplaced, m.user_ref_num, m.cl_ord_id, m.timestamp);
    Terms(m);
    event.previous_id = IdOf(m.orig_user_ref_num);
  }
  void On(const ouch50::Canceled& m) noexcept {
    Name(OuchEventKind::kCanceled, m.user_ref_num, m.timestamp);
    event.shares = m.quantity;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch50::AiqCanceled& m) noexcept {
    Name(OuchEventKind::kCanceled, m.user_ref_num, m.timestamp);
    event.shares = m.decrement_quantity;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch50::Executed& m) noexcept {
    Name(OuchEventKind::kExecuted, m.user_ref_num, m.timestamp);
    event.shares = m.quantity;
    event.price = m.price;
    event.liquidity = static_cast<char>(m.liquidity);
    event.match = m.match_number;
  }
  void On(const ouch50::BrokenTrade& m) noexcept {
    NameFirst(OuchEventKind::kBroken, m.user_ref_num, m.cl_ord_id, m.timestamp);
    event.match = m.match_number;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch50::TradeCorrection& m) noexcept {
    NameFirst(OuchEventKind::kCorrected, m.user_ref_num, m.cl_ord_id, m.timestamp);
    event.shares = m.quantity;
    event.price = m.price;
    event.liquidity = static_cast<char>(m.liquidity);
    event.match = m.match_number;
    event.reason = static_cast<unsigned char>(m.reason);
  }
  void On(const ouch50::Rejected& m) noexcept {
    NameFirst(OuchEventKind::kRejected, m.user_ref_num, m.cl_ord_id, m.timestamp);
    Refuse(m.reason);
  }
  void On(const ouch50::CancelPending& m) noexcept {
    Name(OuchEventKind::kNothing, m.user_ref_num, m.timestamp);
  }
  void On(const ouch50::CancelReject& m) noexcept {
    Name(OuchEventKind::kCancelRejected, m.user_ref_num, m.timestamp);
  }
  void On(const ouch50::OrderPriorityUpdate& m) noexcept {
    Name(OuchEventKind::kPriority, m.user_ref_num, m.timestamp);
    event.reference = m.order_reference;
  }
  void On(const ouch50::OrderModified& m) noexcept {
    Name(OuchEventKind::kModified, m.user_ref_num, m.timestamp);
    event.shares = m.quantity;
    event.side = m.side;
  }
  // What is open has not changed.
  void On(const ouch50::OrderRestated& m) noexcept {
    Name(OuchEventKind::kNothing, m.user_ref_num, m.timestamp);
  }
  // None of these is asked for.
  void On(const ouch50::MassCancelResponse&) noexcept {}
  void On(const ouch50::DisableOrderEntryResponse&) noexcept {}
  void On(const ouch50::EnableOrderEntryResponse&) noexcept {}
  void On(const ouch50::AccountQueryResponse& m) noexcept {
    event.kind = OuchEventKind::kAccountAnswer;
    event.timestamp = m.timestamp;
    event.next_number = m.next_user_ref_num;
  }
};

}  // namespace

ouch::Fault OuchReader::Read(std::span<const std::byte> message, OuchEvent& event) noexcept {
  event = {};
  if (version_ == OuchVersion::k42) {
    Handler42 handler{tokens_, event};
    return ouch42::DecodeFromVenue(message, handler, ouch::UnknownReasons::kTaken);
  }
  Handler50 handler{tokens_, ids_, event};
  return ouch50::DecodeFromVenue(message, handler, ouch::UnknownReasons::kTaken);
}

}  // namespace ringway
