// Handles requests to the exchange, and their immediate consequences.
#include <algorithm>

#include "exchange/matching.h"
#include "schema/codec.h"
#include "schema/fields.h"

namespace ringway::exchange {

Answer Exchange::OnRequest(int64_t now_ns, uint32_t member, FrameType type,
                           std::span<const std::byte> payload) noexcept {
  Answer answer = Answer::kTaken;
  DecodeStatus status = DecodeStatus::kOk;
  const auto decode = [&]<class M>(M request) {
    status = Decode(payload, request);
    if (status == DecodeStatus::kOk) answer = OnRequest(now_ns, member, request);
  };
  SessionRejectReason reason = SessionRejectReason::kMalformedMessage;
  switch (type) {
    case FrameType::kNewOrder:
      decode(NewOrder{});
      break;
    case FrameType::kCancel:
      decode(Cancel{});
      break;
    case FrameType::kReplace:
      decode(Replace{});
      break;
    default:
      status = DecodeStatus::kUnknownType;
      reason = IsKnown(type) ? SessionRejectReason::kMessageNotAllowed
                             : SessionRejectReason::kUnknownMessageType;
  }
  if (status == DecodeStatus::kOk) return answer;
  if (!Begin(now_ns, member, 0)) return Answer::kWait;
  ++ledger_.counters.malformed;
  SessionReject reject;
  reject.ref_seq = members_[member].requests;
  reject.ref_type = static_cast<uint8_t>(type);
  reject.reason = reason;
  Tell(members_[member], reject);
  return Answer::kTaken;
}

Answer Exchange::OnRequest(int64_t now_ns, uint32_t member, const NewOrder& request) noexcept {
  if (!Begin(now_ns, member, request.cl_ord_id)) return Answer::kWait;
  ++ledger_.counters.orders_received;
  const Slot instrument = FindInstrument(request.instrument);
  RejectReason reason = Check(request, member, instrument);
  Slot position = kNoSlot;
  if (reason == RejectReason::kNone) {
    position = ledger_.Find(request.account, request.instrument);
    if (position == kNoSlot || !HasRoomForOrder(member)) reason = RejectReason::kVenueOption;
  }
  const Slot slot = reason == RejectReason::kNone ? book_.Allocate() : kNoSlot;
  if (slot == kNoSlot) {
    Refuse(member, request, reason == RejectReason::kNone ? RejectReason::kVenueOption : reason);
    return Answer::kTaken;
  }
  static_assert(FieldsOf<NewOrder>() == 21, "a field was added: copy it here");
  Order& order = book_.order(slot);
  order.cl_ord_id = request.cl_ord_id;
  order.price = request.price;
  order.leaves = request.qty;
  order.position = position;
  order.account = request.account;
  order.instrument = static_cast<uint16_t>(instrument);
  order.member = static_cast<uint8_t>(member);
  order.side = request.side;
  order.display = request.display_qty;
  order.stop_price = request.stop_price;
  order.expires_ns = ExpiryOf(request.time_in_force, request.expire_time);
  order.request = members_[member].requests;
  order.type = request.ord_type;
  order.time_in_force = request.time_in_force;
  order.post_only = request.post_only != 0;
  order.waiting_stop =
      IsStop(order.type) && !IsTriggered(order.instrument, order.side, order.stop_price);
  if (!book_.HasRoomFor(order) && (order.waiting_stop || MayRest(order))) {
    book_.Free(slot);
    Refuse(member, request, RejectReason::kVenueOption);
    return Answer::kTaken;
  }
  order.order_id = ++last_order_id_;
  index_.Insert(member, order.cl_ord_id, slot);
  ++members_[member].open_orders;
  if (order.expires_ns != kNeverExpires) expiries_.Add(slot);
  ++ledger_.counters.orders_accepted;
  Report(order, {.exec_type = ExecType::kNew, .status = OrdStatus::kNew});
  if (order.waiting_stop) {
    book_.Enqueue(slot);
  } else {
    if (IsStop(order.type)) Trigger(slot);
    Enter(slot);
    static_cast<void>(Settle());  // a sweep that pauses continues at the next call
  }
  MaybePublishReference(static_cast<uint16_t>(instrument));
  return Answer::kTaken;
}

Answer Exchange::OnRequest(int64_t now_ns, uint32_t member, const Cancel& request) noexcept {
  if (!Begin(now_ns, member, request.cl_ord_id)) return Answer::kWait;
  ++ledger_.counters.cancels_received;
  const Slot slot = FindOpen(member, request, RequestType::kCancel);
  if (slot == kNoSlot) return Answer::kTaken;
  const Order& order = book_.order(slot);
  if (request.cl_ord_id == 0 || !request.ReservedAreZero() || IsUsedId(member, request.cl_ord_id)) {
    Refuse(member, request, RequestType::kCancel, &order, OpenStatus(order),
           IsUsedId(member, request.cl_ord_id) ? CancelRejectReason::kDuplicateClOrdId
                                               : CancelRejectReason::kOther);
    return Answer::kTaken;
  }
  const uint16_t instrument = order.instrument;
  Report(order, {.exec_type = ExecType::kCanceled,
                 .status = OrdStatus::kCanceled,
                 .request_id = request.cl_ord_id,
                 .orig_id = order.cl_ord_id});
  Close(slot, OrdStatus::kCanceled);
  MaybePublishReference(instrument);
  return Answer::kTaken;
}

Answer Exchange::OnRequest(int64_t now_ns, uint32_t member, const Replace& request) noexcept {
  if (!Begin(now_ns, member, request.cl_ord_id)) return Answer::kWait;
  ++ledger_.counters.replaces_received;
  const Slot slot = FindOpen(member, request, RequestType::kReplace);
  if (slot == kNoSlot) return Answer::kTaken;
  const Order& order = book_.order(slot);
  const CancelRejectReason reason = Check(request, member, order);
  if (reason != CancelRejectReason::kNone) {
    Refuse(member, request, RequestType::kReplace, &order, OpenStatus(order), reason);
    return Answer::kTaken;
  }
  const uint16_t instrument = order.instrument;
  CarryOut(request, slot);
  MaybePublishReference(instrument);
  return Answer::kTaken;
}

// Whether all earlier work is done and there is room for what the request itself needs.
bool Exchange::Begin(int64_t now_ns, uint32_t member, uint64_t id) noexcept {
  now_ns_ = now_ns;
  // An order takes three places, for its own report, its trigger and its end, and must not pause at
  // once.
  if (!Settle() || spare(member) < kReportsPerStepMax + 3) {
    ++ledger_.counters.waits;
    return false;
  }
  Member& asking = members_[member];
  ++asking.requests;
  asking.last_id = std::max(asking.last_id, id);
  return true;
}

// Open orders reserve at most three quarters of the queue.
bool Exchange::HasRoomForOrder(uint32_t member) const noexcept {
  const Member& m = members_[member];
  return m.open_orders < m.queue.store().capacity() / 4 * 3;
}

// REQUIRES: Check() accepted it.
void Exchange::CarryOut(const Replace& request, Slot slot) noexcept {
  static_assert(FieldsOf<Replace>() == 12, "a field was added: copy it here");
  Order& order = book_.order(slot);
  const uint64_t orig_cl_ord_id = order.cl_ord_id;
  const uint64_t leaves = request.qty - order.cum;
  const int64_t stop_price =
      order.waiting_stop && request.stop_price != 0 ? request.stop_price : order.stop_price;
  const bool keeps_place = request.price == order.price && stop_price == order.stop_price &&
                           leaves <= order.leaves && request.changes_display == 0;
  index_.Insert(order.member, request.cl_ord_id, slot);
  index_.Close(order.member, orig_cl_ord_id, OrdStatus::kUnset);
  order.cl_ord_id = request.cl_ord_id;
  if (request.changes_display != 0) order.display = request.display_qty;
  if (request.changes_expiry != 0) {
    if (order.heap_index != kNoSlot) expiries_.Remove(slot);
    order.time_in_force = request.time_in_force;
    order.expires_ns = ExpiryOf(request.time_in_force, request.expire_time);
    if (order.expires_ns != kNeverExpires) expiries_.Add(slot);
  }
  if (keeps_place) {
    book_.Shrink(slot, leaves);
  } else {
    book_.Dequeue(slot);
    order.price = request.price;
    order.stop_price = stop_price;
    order.leaves = leaves;
    order.shown = leaves;
  }
  ++ledger_.counters.replaces_done;
  Report(order, {.exec_type = ExecType::kReplaced,
                 .status = OpenStatus(order),
                 .request_id = request.cl_ord_id,
                 .orig_id = orig_cl_ord_id});
  if (keeps_place) return;
  if (order.waiting_stop && !IsTriggered(order.instrument, order.side, order.stop_price)) {
    book_.Enqueue(slot);
    return;
  }
  if (order.waiting_stop) Trigger(slot);
  Enter(slot);
  static_cast<void>(Settle());  // a sweep that pauses continues at the next call
}

void Exchange::Refuse(uint32_t member, const NewOrder& request, RejectReason reason) noexcept {
  ExecutionReport report;
  report.cl_ord_id = request.cl_ord_id;
  report.exec_id = ++last_exec_id_;
  report.transact_time = static_cast<uint64_t>(now_ns_);
  report.instrument = request.instrument;
  report.account = request.account;
  report.exec_type = ExecType::kRejected;
  report.ord_status = OrdStatus::kRejected;
  report.side = request.side;
  report.reason = reason;
  report.venue = options_.venue;
  report.price = request.price;
  Tell(members_[member], report);
  ++ledger_.counters.reports;
  ++ledger_.counters.orders_rejected;
}

template <class Request>
Slot Exchange::FindOpen(uint32_t member, const Request& request, RequestType type) noexcept {
  const OrderIndex::Entry* entry = index_.Find(member, request.orig_cl_ord_id);
  if (entry != nullptr && entry->open()) return entry->slot;
  const bool ended = entry != nullptr && entry->closed_as != OrdStatus::kUnset;
  Refuse(member, request, type, nullptr, ended ? entry->closed_as : OrdStatus::kUnset,
         ended ? CancelRejectReason::kTooLateToCancel : CancelRejectReason::kUnknownOrder);
  return kNoSlot;
}

template <class Request>
void Exchange::Refuse(uint32_t member, const Request& request, RequestType type, const Order* order,
                      OrdStatus status, CancelRejectReason reason) noexcept {
  CancelReject reject;
  reject.cl_ord_id = request.cl_ord_id;
  reject.orig_cl_ord_id = request.orig_cl_ord_id;
  reject.order_id = order == nullptr ? 0 : order->order_id;
  reject.transact_time = static_cast<uint64_t>(now_ns_);
  reject.reason = reason;
  reject.request_type = type;
  reject.ord_status = status;
  reject.venue = options_.venue;
  Tell(members_[member], reject);
  ++ledger_.counters.reports;
  ++ledger_.counters.cancel_rejects;
}

}  // namespace ringway::exchange
