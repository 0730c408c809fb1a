// Sends requests, and refuses those that the protocol cannot carry.
#include "gateway/connector/ouch/ouch_codes.h"
#include "gateway/connector/ouch/ouch_connector.h"

namespace ringway {
uint32_t OuchConnector::Send(int64_t now_ns, std::span<const Effect> requests) {
  if (state_ != State::kUp || up_to_report_ || walks_ || stream_ended_ || !broken_.empty())
    return 0;
  now_ns_ = now_ns;
  uint32_t taken = 0;
  while (taken != requests.size() && SendOne(now_ns, requests[taken])) ++taken;
  counters_.requests_sent += taken;
  sent_ += taken;
  if (taken != 0) Flush();
  return taken;
}

bool OuchConnector::SendOne(int64_t now_ns, const Effect& request) {
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

std::optional<uint32_t> OuchConnector::NextNumber() const noexcept {
  if (!is_50()) return 0;
  if (numbers_.next() > setup_.ouch.requests_max) return std::nullopt;
  return static_cast<uint32_t>(numbers_.next());
}

bool OuchConnector::SendNew(int64_t now_ns, const NewOrder& request) {
  const auto refuse = [&](RejectReason why) {
    refusals_.Order(now_ns, request, why);
    ++counters_.requests_refused;
    return true;
  };
  if (acceleration_.stops_orders()) return refuse(RejectReason::kVenueUnavailable);
  const std::optional<uint32_t> number = NextNumber();
  if (!number || orders_.At(request.cl_ord_id) == nullptr) {
    return refuse(RejectReason::kGatewayFull);
  }
  OuchOrder order;
  const RejectReason why = writer_.TermsOf(request, now_ns, order);
  if (why != RejectReason::kNone) return refuse(why);
  order.first_id = order.id = request.cl_ord_id;
  order.number = *number;
  bool sent;
  const ouch::Fault fault = Write([&](auto to) { return writer_.Enter(order, to); }, sent);
  if (fault != ouch::Fault::kNone) return refuse(ReasonOf(fault));
  if (!sent) return false;
  if (is_50()) (void)numbers_.Take();
  order.state = OuchOrderState::kSent;
  order.sent_ns = now_ns;
  order.connection = connection_;
  OuchOrder& place = orders_.Enter(order.id);
  order.answered_id = place.answered_id;
  place = order;
  orders_.Relist(place);
  reports_.KnowId(order.id);
  return true;
}

bool OuchConnector::SendCancel(int64_t now_ns, const Cancel& request) {
  OuchOrder* const order = orders_.Find(request.orig_cl_ord_id);
  if (order == nullptr || !order->open()) {
    refusals_.Change(
        now_ns, request,
        order == nullptr ? CancelRejectReason::kOther : CancelRejectReason::kTooLateToCancel);
    ++counters_.requests_refused;
    return true;
  }
  if (!WriteCancel(*order)) return false;
  order->cancel_id = request.cl_ord_id;
  orders_.Relist(*order);
  return true;
}

// Under both names where a replace is not answered: the venue ignores the one that it does not
// have. False: there is no room; what was written may be written again.
bool OuchConnector::WriteCancel(const OuchOrder& order) noexcept {
  const auto cancel = [&](uint64_t id, uint32_t number) {
    bool sent;
    const ouch::Fault fault =
        Write([&](auto to) { return writer_.CancelOf(id, number, to); }, sent);
    return sent || fault != ouch::Fault::kNone;  // what has no number is not there either
  };
  if (!cancel(order.id, order.number)) return false;
  return order.replace_id == 0 || cancel(order.replace_id, order.replace_number);
}

bool OuchConnector::SendReplace(int64_t now_ns, const Replace& request) {
  const auto refuse = [&](CancelRejectReason why) {
    refusals_.Change(now_ns, request, why);
    ++counters_.requests_refused;
    return true;
  };
  OuchOrder* const order = orders_.Find(request.orig_cl_ord_id);
  if (order == nullptr) return refuse(CancelRejectReason::kOther);
  if (!order->open()) return refuse(CancelRejectReason::kTooLateToCancel);
  if (order->replace_id != 0) return refuse(CancelRejectReason::kAlreadyPending);
  const std::optional<uint32_t> number = NextNumber();
  if (acceleration_.stops_orders() || !number) return refuse(CancelRejectReason::kVenueUnavailable);
  OuchOrder changed = *order;
  const CancelRejectReason why = writer_.TermsOf(request, now_ns, changed);
  if (why != CancelRejectReason::kNone) return refuse(why);
  changed.replace_id = request.cl_ord_id;
  changed.replace_number = *number;
  bool sent;
  const ouch::Fault fault = Write([&](auto to) { return writer_.ReplaceOf(changed, to); }, sent);
  if (fault != ouch::Fault::kNone) return refuse(ChangeReasonOf(ReasonOf(fault)));
  if (!sent) return false;
  if (is_50()) (void)numbers_.Take();
  changed.replace_sent_ns = now_ns;
  changed.replace_connection = connection_;
  changed.replace_may_be_second = false;
  *order = changed;
  orders_.Relist(*order);
  return true;
}

}  // namespace ringway
