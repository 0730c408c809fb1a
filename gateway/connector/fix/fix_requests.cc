// Sends requests, and refuses those that the protocol cannot carry.
#include <algorithm>

#include "gateway/connector/fix/fix_connector.h"

namespace ringway {
uint32_t FixConnector::Send(int64_t now_ns, std::span<const Effect> requests) {
  if (state_ != State::kUp || up_to_report_ || stream_ended_) return 0;
  now_ns_ = now_ns;
  uint32_t taken = 0;
  // What the stream does not take at once stays with the gateway, where cancels overtake orders.
  while (taken != requests.size() && session_.output().size() < kOutputMax &&
         SendOne(now_ns, requests[taken])) {
    ++taken;
  }
  if (taken != 0) Flush();
  return taken;
}

bool FixConnector::SendOne(int64_t now_ns, const Effect& request) {
  if (refusals_.full()) return false;
  switch (request.type) {
    case FrameType::kNewOrder:
      return SendNew(now_ns, DecodedRequest<NewOrder>(request.bytes()));
    case FrameType::kCancel:
      return SendCancel(now_ns, DecodedRequest<Cancel>(request.bytes()));
    default:
      return SendReplace(now_ns, DecodedRequest<Replace>(request.bytes()));
  }
}

bool FixConnector::SendNew(int64_t now_ns, const NewOrder& request) {
  const auto refuse = [&](RejectReason why) {
    refusals_.Order(now_ns, request, why);
    ++counters_.requests_refused;
    return true;
  };
  if (acceleration_.stops_orders()) return refuse(RejectReason::kVenueUnavailable);
  if (orders_.At(request.cl_ord_id) == nullptr) return refuse(RejectReason::kGatewayFull);
  FixOrder order;
  if (const RejectReason why = writer_.TermsOf(request, order); why != RejectReason::kNone) {
    return refuse(why);
  }
  order.first_id = order.id = order.newest_id = request.cl_ord_id;
  switch (Write(now_ns, 'D', order.id,
                [&](fix::Writer& to) { writer_.Enter(order, request.profile, now_ns, to); })) {
    case Try::kNoRoom:
      return false;
    case Try::kRefused:
      return refuse(RejectReason::kUnsupportedOrderCharacteristic);
    case Try::kSent:
      break;
  }
  order.state = FixOrderState::kSent;
  order.connection = connection_;
  FixOrder& place = orders_.Enter(order.id);
  order.answered_id = place.answered_id;
  place = order;
  orders_.Relist(place);
  reports_.KnowId(order.id);
  ++counters_.requests_sent;
  return true;
}

bool FixConnector::SendCancel(int64_t now_ns, const Cancel& request) {
  const auto refuse = [&](CancelRejectReason why) {
    refusals_.Change(now_ns, request, why);
    ++counters_.requests_refused;
    return true;
  };
  FixOrder* const order = orders_.Named(request.orig_cl_ord_id);
  // It cannot be described; or it ended, and the gateway is about to hear of it.
  if (order == nullptr || !order->open()) {
    return refuse(order == nullptr ? CancelRejectReason::kOther
                                   : CancelRejectReason::kTooLateToCancel);
  }
  switch (Write(now_ns, 'F', request.cl_ord_id, [&](fix::Writer& to) {
    writer_.Cancel(*order, request.cl_ord_id, request.profile, now_ns, to);
  })) {
    case Try::kNoRoom:
      return false;
    case Try::kRefused:
      return refuse(CancelRejectReason::kOther);
    case Try::kSent:
      break;
  }
  order->cancel_id = request.cl_ord_id;
  order->cancel_connection = connection_;
  order->newest_id = std::max(order->newest_id, request.cl_ord_id);
  orders_.Relist(*order);
  reports_.KnowId(request.cl_ord_id);
  ++counters_.requests_sent;
  return true;
}

bool FixConnector::SendReplace(int64_t now_ns, const Replace& request) {
  const auto refuse = [&](CancelRejectReason why) {
    refusals_.Change(now_ns, request, why);
    ++counters_.requests_refused;
    return true;
  };
  FixOrder* const order = orders_.Named(request.orig_cl_ord_id);
  if (order == nullptr) return refuse(CancelRejectReason::kOther);
  if (!order->open()) return refuse(CancelRejectReason::kTooLateToCancel);
  if (!setup_.dialect.replace) return refuse(CancelRejectReason::kVenueOption);
  if (order->replace_id != 0) return refuse(CancelRejectReason::kAlreadyPending);
  if (acceleration_.stops_orders()) return refuse(CancelRejectReason::kVenueUnavailable);
  // Not what the order would lose by it, silently.
  if (order->terms_unknown) return refuse(CancelRejectReason::kVenueOption);
  FixOrder changed = *order;  // as the venue will have it
  if (const CancelRejectReason why = writer_.TermsOf(request, changed);
      why != CancelRejectReason::kNone) {
    return refuse(why);
  }
  changed.replace_id = request.cl_ord_id;
  switch (Write(now_ns, 'G', request.cl_ord_id,
                [&](fix::Writer& to) { writer_.Replace(changed, request.profile, now_ns, to); })) {
    case Try::kNoRoom:
      return false;
    case Try::kRefused:
      return refuse(CancelRejectReason::kOther);
    case Try::kSent:
      break;
  }
  order->NoteReplace(changed);
  order->replace_connection = connection_;
  order->newest_id = std::max(order->newest_id, request.cl_ord_id);
  orders_.Relist(*order);
  reports_.KnowId(request.cl_ord_id);
  ++counters_.requests_sent;
  return true;
}

}  // namespace ringway
