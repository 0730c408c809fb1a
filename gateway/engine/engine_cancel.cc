// Cancels and replaces requested by clients.
//
// One cancel and one replace can be pending at a time. A cancel may follow a replace that is not
// answered; if the venue takes the replace first and therefore does not know the order that the
// cancel names, the cancel is sent once more under the new name. A replace after a cancel is
// refused (alreadyPending). Cancels pass every check but the message rate, where tokens are
// reserved for them.

#include <algorithm>

#include "base/check.h"
#include "gateway/engine/engine.h"
#include "schema/fields.h"

namespace ringway {
namespace {

CancelRejectReason ReasonOf(const Verdict& verdict) noexcept {
  switch (verdict.reason) {
    case RejectReason::kPriceExceedsBand:
      return CancelRejectReason::kPriceExceedsBand;
    case RejectReason::kInvalidPriceIncrement:
      return CancelRejectReason::kInvalidPriceIncrement;
    case RejectReason::kJournalUnavailable:
      return CancelRejectReason::kJournalUnavailable;
    case RejectReason::kUnsupportedOrderCharacteristic:
      return CancelRejectReason::kVenueOption;
    case RejectReason::kGatewayFull:
      return CancelRejectReason::kOther;
    default:
      return CancelRejectReason::kRiskLimit;
  }
}

}  // namespace

// Finds the order that the client means: by its current clOrdId, its first, or that of a replace
// that is still pending. Older clOrdIds no longer find it, but still detect duplicates.
Order* Engine::FindForChange(SessionIndex session, uint64_t orig_cl_ord_id) noexcept {
  const Slot slot = orders_.Find(session, orig_cl_ord_id);
  if (slot == kNoSlot) return nullptr;
  Order& order = orders_[slot];
  if (order.session != session) return nullptr;
  const bool named = order.cl_ord_id == orig_cl_ord_id || order.first_cl_ord_id == orig_cl_ord_id ||
                     (order.Has(kReplacePending) && order.replace_cl_ord_id == orig_cl_ord_id);
  return named ? &order : nullptr;
}

void Engine::RejectChange(SessionState& session, const Order* order, RequestType type,
                          uint64_t cl_ord_id, uint64_t orig_cl_ord_id, CancelRejectReason reason,
                          RiskCheck check, Effects& effects) noexcept {
  ++counters_.cancel_rejects;
  CancelReject reject;
  reject.cl_ord_id = cl_ord_id;
  reject.orig_cl_ord_id = orig_cl_ord_id;
  reject.transact_time = static_cast<uint64_t>(now_ns_);
  reject.reason = reason;
  reject.request_type = type;
  reject.check = check;
  if (order != nullptr) {
    reject.order_id = order->order_id;
    reject.ord_status = StatusOf(order->state, order->flags);
    reject.venue = venues_.id(order->venue);
  } else {
    reject.ord_status = OrdStatus::kRejected;  // as FIX requires for an unknown order
  }
  ToSession(session, reject, effects);
}

// The cancel is no longer pending, whatever its outcome. Without a pending cancel nothing changes.
void Engine::EndCancel(Order& order) noexcept {
  if (!order.Has(kCancelPending)) return;
  order.flags &= static_cast<uint8_t>(~(kCancelPending | kCancelOutdated));
  orders_.EndCancelName(order.session, order.cancel_cl_ord_id);
}

// `profile`: that of the request to cancel; 0: that of the order.
void Engine::SendCancel(Order& order, uint64_t cl_ord_id, uint8_t profile,
                        Effects& effects) noexcept {
  EndCancel(order);
  RINGWAY_CHECK(orders_.NameCancel(order.session, cl_ord_id), "a cancel's clOrdId is no order's");
  order.flags |= kCancelPending;
  order.cancel_cl_ord_id = cl_ord_id;
  order.cancel_id = orders_.NextRequestId(order);
  order.outages_at_cancel = venues_.outages(order.venue);
  Cancel outgoing;
  outgoing.cl_ord_id = order.cancel_id;
  outgoing.orig_cl_ord_id = order.live_id;
  outgoing.profile = profile != 0 ? profile : orders_.terms(order).profile;
  ToVenue(order.venue, outgoing, effects);
}

void Engine::OnCancel(SessionIndex session, const Cancel& request, Effects& effects) noexcept {
  ++counters_.cancels;
  SessionState& state = sessions_[session];
  Order* order = FindForChange(session, request.orig_cl_ord_id);
  const auto reject = [&](CancelRejectReason reason, RiskCheck check = RiskCheck::kNone) {
    RejectChange(state, order, RequestType::kCancel, request.cl_ord_id, request.orig_cl_ord_id,
                 reason, check, effects);
  };
  if (order != nullptr && order->cancel_id != 0 && request.cl_ord_id != 0 &&
      order->cancel_cl_ord_id == request.cl_ord_id) [[unlikely]] {
    return AcknowledgeAgain(*order, RequestType::kCancel, request.cl_ord_id, request.orig_cl_ord_id,
                            effects);
  }
  if (const auto rate = message_rate_.Check(now_ns_, session, true); !rate.verdict.passed())
      [[unlikely]] {
    reject(CancelRejectReason::kOther, RiskCheck::kMessageRate);
    return NoticeThrottling(state, session, rate, effects);
  }
  if (request.cl_ord_id == 0) return reject(CancelRejectReason::kOther);
  if (order == nullptr) return reject(CancelRejectReason::kUnknownOrder);
  if (orders_.InUse(session, request.cl_ord_id)) {
    return reject(CancelRejectReason::kDuplicateClOrdId);
  }
  if (IsClosed(order->state)) return reject(CancelRejectReason::kTooLateToCancel);
  if (CancelIsUnanswered(*order)) return reject(CancelRejectReason::kAlreadyPending);
  if (!venues_.Reachable(order->venue)) return reject(CancelRejectReason::kVenueUnavailable);
  if (order->Has(kCancelPending) && order->cancel_cl_ord_id != 0) {
    // An earlier cancel has been in doubt since the venue went down; this one replaces it.
    RejectChange(state, order, RequestType::kCancel, order->cancel_cl_ord_id, order->cl_ord_id,
                 CancelRejectReason::kVenueUnavailable, RiskCheck::kNone, effects);
  }
  checks_.get<OrderToTrade>().CountRequest(now_ns_, session);
  // A profile that the session must not use is no reason to leave an order open: the cancel is sent
  // under the order's profile.
  const bool permitted = checks_.get<Entitlement>().MayUseProfile(session, request.profile);
  SendCancel(*order, request.cl_ord_id, permitted ? request.profile : uint8_t{0}, effects);
  Acknowledge(state, *order, RequestType::kCancel, request.cl_ord_id, request.orig_cl_ord_id,
              effects);
}

// Checks of a replace that do not depend on limits. FIX has few reasons for it.
CancelRejectReason Engine::ReplaceError(const Order& order, const Replace& request) const noexcept {
  const Instrument& instrument = InstrumentOf(order);
  const auto price_is_sane = [&instrument](bool wanted, int64_t price) {
    return wanted ? instrument.IsPrice(price) : price == 0;
  };
  // A client may not know yet that its stop was triggered.
  const bool knows_trigger =
      price_is_sane(HasTrigger(order.ord_type), request.stop_price) ||
      (!HasTrigger(order.ord_type) && request.stop_price == order.stop_price);
  if (!price_is_sane(HasLimit(order.ord_type), request.price) || !knows_trigger ||
      request.qty == 0 || request.qty > instrument.quantity_max) {
    return CancelRejectReason::kOther;
  }
  const bool changes_display = request.changes_display != 0;
  const bool changes_expiry = request.changes_expiry != 0;
  if (request.changes_display > 1 || request.changes_expiry > 1 ||
      (!changes_display && request.display_qty != 0) || request.display_qty > request.qty ||
      (request.display_qty != 0 && (orders_.terms(order).wanted & BitOf(Feature::kHidden)) != 0) ||
      !IsKnown(request.time_in_force)) {
    return CancelRejectReason::kOther;
  }
  if (!changes_expiry) {
    return NamesExpiry(request) ? CancelRejectReason::kOther : CancelRejectReason::kNone;
  }
  // An order that rests must keep resting.
  if (!MayStay(order.time_in_force) || !MayStay(request.time_in_force) ||
      ExpiryError(request.time_in_force, request.expire_time, request.expire_date) !=
          RejectReason::kNone) {
    return CancelRejectReason::kOther;
  }
  return CancelRejectReason::kNone;
}

// Whether this is the order's present or latest replace.
bool Engine::IsReplaceOf(const Order& order, const Replace& request) const noexcept {
  if (!order.Has(kReplacePending | kHadReplace) || order.replace_cl_ord_id != request.cl_ord_id ||
      order.replace_qty != request.qty || order.replace_price != request.price ||
      order.replace_stop_price != request.stop_price || request.expire_time >= kExpiryIsDate ||
      (request.expire_time != 0 && request.expire_date != 0)) {
    return false;
  }
  static_assert(FieldsOf<Replace>() == 12, "a field was added: compare it here, and keep it below");
  const OrderTerms terms = orders_.terms(order);
  return terms.replace_changes_display == request.changes_display &&
         terms.replace_changes_expiry == request.changes_expiry &&
         terms.replace_display_qty == request.display_qty &&
         terms.replace_time_in_force == request.time_in_force &&
         terms.replace_expiry == ExpiryOf(request.expire_time, request.expire_date);
}

void Engine::OnReplace(SessionIndex session, const Replace& request, Effects& effects) noexcept {
  ++counters_.replaces;
  SessionState& state = sessions_[session];
  Order* order = FindForChange(session, request.orig_cl_ord_id);
  const auto reject = [&](CancelRejectReason reason, RiskCheck check = RiskCheck::kNone) {
    RejectChange(state, order, RequestType::kReplace, request.cl_ord_id, request.orig_cl_ord_id,
                 reason, check, effects);
  };
  if (const Slot known = orders_.Find(session, request.cl_ord_id); known != kNoSlot) [[unlikely]] {
    const Order& replaced = orders_[known];
    if (replaced.session == session && IsReplaceOf(replaced, request)) {
      return AcknowledgeAgain(replaced, RequestType::kReplace, request.cl_ord_id,
                              request.orig_cl_ord_id, effects);
    }
  }
  if (const auto rate = message_rate_.Check(now_ns_, session, false); !rate.verdict.passed())
      [[unlikely]] {
    reject(CancelRejectReason::kRiskLimit, RiskCheck::kMessageRate);
    return NoticeThrottling(state, session, rate, effects);
  }
  // Not the request that had this name then, so it draws a token as every request does.
  if (orders_.InUse(session, request.cl_ord_id)) [[unlikely]]
    return reject(CancelRejectReason::kDuplicateClOrdId);
  if (request.cl_ord_id == 0) return reject(CancelRejectReason::kOther);
  if (order == nullptr) return reject(CancelRejectReason::kUnknownOrder);
  if (IsClosed(order->state)) return reject(CancelRejectReason::kTooLateToCancel);
  if (order->Has(kCancelPending | kReplacePending)) {
    return reject(CancelRejectReason::kAlreadyPending);
  }
  const Position& position = exposure_.position(order->position);
  const bool in_doubt = order->state == OrderState::kInDoubt ||
                        (order->state == OrderState::kSent &&
                         order->outages_at_send != venues_.outages(order->venue));
  if (in_doubt || !venues_.Open(order->venue, position.instrument)) {
    return reject(CancelRejectReason::kVenueUnavailable);
  }
  if (refused_for_ != RejectReason::kNone) [[unlikely]]
    return reject(refused_for_ == RejectReason::kVenueBusy
                      ? CancelRejectReason::kVenueBusy
                      : CancelRejectReason::kJournalUnavailable);
  if (const CancelRejectReason error = ReplaceError(*order, request);
      error != CancelRejectReason::kNone) {
    return reject(error);
  }

  const Instrument& instrument = instruments_[position.instrument];
  const Contribution before = ContributionOf(*order);
  Order changed = *order;
  changed.flags = static_cast<uint8_t>((changed.flags | kReplacePending) & ~kHadReplace);
  changed.replace_cl_ord_id = request.cl_ord_id;
  changed.replace_price = request.price;
  changed.replace_qty = request.qty;
  changed.replace_stop_price = request.stop_price;
  changed.replace_risk_price = RiskPrice(instrument, before.side, order->ord_type, request.price,
                                         request.stop_price, order->risk_price);
  const Contribution after = ContributionOf(changed);
  OrderTerms terms = orders_.terms(*order);
  const uint8_t profile = request.profile != 0 ? request.profile : terms.profile;
  const RiskRequest risk = RiskRequestOf(request, order, terms.wanted, profile, order->venue,
                                         position, changed.replace_risk_price, before, after);
  if (const Verdict verdict = checks_.Check(risk); !verdict.passed()) {
    reject(ReasonOf(verdict), verdict.check);
    return OnBreach(session, verdict);
  }
  if (!orders_.HasRoomForId()) return reject(CancelRejectReason::kOther);

  *order = changed;
  if (order->Has(kHasTerms) || (request.changes_display | request.changes_expiry) != 0) {
    terms.replace_expiry = ExpiryOf(request.expire_time, request.expire_date);
    terms.replace_display_qty = request.display_qty;
    terms.replace_time_in_force = request.time_in_force;
    terms.replace_changes_display = request.changes_display;
    terms.replace_changes_expiry = request.changes_expiry;
    orders_.SetTerms(*order, terms);
  }
  order->replace_id = orders_.NextRequestId(*order);
  order->outages_at_replace = venues_.outages(order->venue);
  orders_.Reserve(*order, request.cl_ord_id);
  exposure_.Change(before, after);
  checks_.get<OrderToTrade>().CountRequest(now_ns_, session);
  if (warn_at_percent_ != 0) [[unlikely]]
    LookAtSoftLimits(session, order->position);
  Replace outgoing = request;
  outgoing.cl_ord_id = order->replace_id;
  outgoing.orig_cl_ord_id = order->live_id;
  outgoing.profile = profile;
  ToVenue(order->venue, outgoing, effects);
  Acknowledge(state, *order, RequestType::kReplace, request.cl_ord_id, request.orig_cl_ord_id,
              effects);
}

}  // namespace ringway
