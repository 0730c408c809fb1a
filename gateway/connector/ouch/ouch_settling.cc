// Settles the requests of earlier connections and processes: what the venue ignores if it has it is
// sent again, and what certainly never arrived gets its outcome (docs/adr/0043).
#include <algorithm>

#include "gateway/connector/ouch/ouch_codes.h"
#include "gateway/connector/ouch/ouch_connector.h"
#include "gateway/connector/unseen_request.h"

namespace ringway {
// What an earlier process may have sent, as far as the venue's messages do not answer it.
void OuchConnector::TakeRestored() {
  uint32_t unanswered = 0;  // new orders and replaces
  for (const Effect& request : restored_) {
    const uint64_t id = VenueRequestId(request);
    if (request.type == FrameType::kNewOrder) {
      OuchOrder* const place = orders_.At(id);
      if (place == nullptr || place->id >= id || place->answered_id >= id) continue;
      OuchOrder& order = orders_.Enter(id);
      const auto message = DecodedRequest<NewOrder>(request.bytes());
      (void)writer_.TermsOf(message, now_ns_, order);  // as far as it goes: it is not sent again
      order.instrument = message.instrument;
      order.account = message.account;
      order.state = OuchOrderState::kSent;
      orders_.Relist(order);
      ++unanswered;
      continue;
    }
    OuchOrder* const order = orders_.Find(OrigRequestId(request));
    if (order == nullptr || IsInPlaceOfOrder(request)) continue;
    if (request.type == FrameType::kCancel) {
      if (order->open() && !order->cancel_refused) order->cancel_id = id;
    } else if (id > order->answered_id) {
      (void)writer_.TermsOf(DecodedRequest<Replace>(request.bytes()), now_ns_, *order);
      order->replace_id = id;
      order->replace_connection = 0;
      order->replace_sent_ns = 0;
      ++unanswered;
    }
    orders_.Relist(*order);
  }
  // Each may have used a UserRefNum that the venue has not named.
  if (is_50()) {
    const uint64_t next = std::min<uint64_t>(numbers_.next() + unanswered, UINT32_MAX);
    (void)numbers_.Resume(static_cast<uint32_t>(next));
  }
  restored_.clear();
  restored_.shrink_to_fit();
}

void OuchConnector::BeginWalk(bool resends, bool answers) noexcept {
  walks_ = true;
  walk_begun_ = false;
  walk_resends_ = resends;
  walk_answers_ = answers;
}

void OuchConnector::Walk(int64_t now_ns, VenueSink& sink) {
  if (!walk_begun_) walk_at_ = orders_.first();
  walk_begun_ = true;
  for (uint32_t visited = 0; walk_at_ != OuchOrders::kNobody; ++visited) {
    if (visited == kWalkPerTurn) return;
    OuchOrder& order = orders_[walk_at_];
    const uint32_t next = order.next;
    if (!AnswerOrder(now_ns, order, sink)) return;
    if (walk_resends_ && !ResendOrder(now_ns, order)) return;
    orders_.Relist(order);
    walk_at_ = next;
  }
  walks_ = false;
}

// What certainly never arrived, or was ignored, gets its outcome. What was sent again over this
// connection came before the barrier: if the venue had taken either, its answer would have come
// first. False: the sink takes no more.
bool OuchConnector::AnswerOrder(int64_t now_ns, OuchOrder& order, VenueSink& sink) {
  const auto is_lost = [this](uint32_t connection, bool sent_again) {
    return walk_answers_ && (connection != connection_ || (sent_again && !walk_resends_));
  };
  if (order.state == OuchOrderState::kSent && is_lost(order.connection, order.may_be_second)) {
    ExecutionReport report;
    report.cl_ord_id = order.id;
    report.exec_id = refusals_.NextId(now_ns);
    report.transact_time = static_cast<uint64_t>(now_ns);
    report.instrument = order.instrument;
    report.account = order.account;
    report.exec_type = ExecType::kRejected;
    report.ord_status = OrdStatus::kRejected;
    report.side = SideOf(order.side);
    report.reason = RejectReason::kVenueUnavailable;
    report.venue = setup_.venue;
    if (!sink.Take(Effect(Target::kVenue, setup_.venue, 0, report))) return false;
    ++counters_.requests_lost;
    order.state = OuchOrderState::kDead;  // which answers its cancel and its replace too
    order.cancel_id = order.replace_id = 0;
  }
  const bool ignored = order.replace_id != 0 && !order.open();
  const bool lost =
      order.replace_id != 0 && is_lost(order.replace_connection, order.replace_may_be_second);
  if (ignored || lost) {
    CancelReject reject;
    reject.cl_ord_id = order.replace_id;
    reject.orig_cl_ord_id = order.id;
    reject.transact_time = static_cast<uint64_t>(now_ns);
    reject.reason =
        ignored ? CancelRejectReason::kTooLateToCancel : CancelRejectReason::kVenueUnavailable;
    reject.request_type = RequestType::kReplace;
    reject.venue = setup_.venue;
    if (!sink.Take(Effect(Target::kVenue, setup_.venue, 0, reject))) return false;
    counters_.requests_lost += lost;
    order.replace_id = 0;
  }
  if (!order.open()) order.cancel_id = 0;
  return true;
}

// Sends again what the venue ignores if it has it: cancels always, new orders and replaces while
// they are young, under the same token or UserRefNum. An older order is canceled instead. False:
// there is no room.
bool OuchConnector::ResendOrder(int64_t now_ns, OuchOrder& order) {
  bool sent = true;
  bool cancels = order.cancel_id != 0;
  if (order.state == OuchOrderState::kSent && order.connection != connection_) {
    if (IsYoung(now_ns, order.sent_ns)) {
      (void)Write([&](auto to) { return writer_.Enter(order, to); }, sent);
      if (!sent) return false;
      ++counters_.requests_resent;
      barrier_seen_ = false;  // what the venue ignores of it, the next one tells
      order.connection = connection_;
      order.may_be_second = true;
    } else {
      cancels = true;
    }
  }
  if (order.replace_id != 0 && order.replace_connection != connection_ &&
      IsYoung(now_ns, order.replace_sent_ns)) {
    (void)Write([&](auto to) { return writer_.ReplaceOf(order, to); }, sent);
    if (!sent) return false;
    ++counters_.requests_resent;
    barrier_seen_ = false;
    order.replace_connection = connection_;
    order.replace_may_be_second = true;
  }
  return !cancels || WriteCancel(order);
}

}  // namespace ringway
