// What becomes of orders by each message.
#include "gateway/connector/fix/fix_reports.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "gateway/connector/fix/fix_codes.h"

namespace ringway {
namespace {

constexpr uint64_t kUnsupportedMessageType = 3;  // BusinessRejectReason (380)

bool IsFinal(OrdStatus status) noexcept {
  return status == OrdStatus::kFilled || status == OrdStatus::kCanceled ||
         status == OrdStatus::kRejected || status == OrdStatus::kExpired;
}

// Settles what the order's end, or its standing as the venue tells it, answers.
void End(FixOrder& order) noexcept {
  order.state = FixOrderState::kDead;
  order.cancel_id = order.replace_id = 0;
  order.unsure = false;
}

// A status answer is named after its message: venues give it the ExecID of an execution, which the
// engine has had.
FixEvent AnswerOf(const FixEvent& event) noexcept {
  FixEvent answer = event;
  answer.exec_id = {};
  return answer;
}

void NoteVenueId(std::string_view id, FixOrder& order) noexcept {
  if (id.empty() || id == order.venue_order_id()) return;
  const bool fits = id.size() <= order.venue_id.size();
  order.venue_id_bytes = fits ? static_cast<uint8_t>(id.size()) : 0;
  if (fits) std::memcpy(order.venue_id.data(), id.data(), id.size());
}

}  // namespace

std::string_view Name(FixComplaint complaint) noexcept {
  switch (complaint) {
    case FixComplaint::kNone:
      return "nothing";
    case FixComplaint::kForeign:
      return "it names no order of this gateway";
    case FixComplaint::kDenied:
      return "the venue does not know an order that it had confirmed: ask it";
    case FixComplaint::kStale:
      return "it rejects what was answered: the order is asked for";
    case FixComplaint::kBustUnknown:
      return "a trade is canceled, and how much it was is not said: correct the position by hand";
    case FixComplaint::kRejectUnknown:
      return "it rejects a message that is not known here (any more)";
    case FixComplaint::kStatusRefused:
      return "the venue does not answer status requests: correct `status` of its dialect";
  }
  return "";
}

FixReports::FixReports(VenueId venue, bool details, const FixDialect& dialect, FixOrders& orders,
                       FixCounters& counters)
    : venue_(venue),
      details_(details),
      asks_(dialect.status),
      orders_(orders),
      counters_(counters) {
  for (const FixReason& reason : dialect.reasons) {
    reasons_.push_back(
        {reason.code, reason.text,
         FixNamed<RejectReason>(reason.reason).value_or(RejectReason::kVenueOption),
         FixNamed<CancelRejectReason>(reason.reason).value_or(CancelRejectReason::kVenueOption),
         reason.tag});
  }
}

std::span<const Effect> FixReports::Apply(const FixEvent& event, const FixSent& refers,
                                          uint64_t sequence) noexcept {
  count_ = 0;
  sequence_ = sequence;
  switch (event.kind) {
    case FixEventKind::kNothing:
      ++counters_.messages_ignored;
      break;
    case FixEventKind::kExecution:
      OnExecution(event);
      break;
    case FixEventKind::kCancelReject:
      OnCancelReject(event);
      break;
    case FixEventKind::kBusinessReject:
      OnBusinessReject(event, refers);
      break;
  }
  return std::span(effects_).first(count_);
}

void FixReports::OnExecution(const FixEvent& event) noexcept {
  FixOrder* order = orders_.Named(event.id);
  if (order == nullptr) order = orders_.Named(event.orig_id);
  if (order == nullptr) order = orders_.Named(event.status_id);
  if (order == nullptr && event.id == 0 && event.orig_id == 0) {
    ++counters_.messages_foreign;
    complaint_ = FixComplaint::kForeign;
    return;
  }
  if (event.id > highest_id_) {
    // Of a process that left no records: its identifiers are never used again (docs/adr/0023).
    highest_id_ = event.id;
    Add(GapFill{.new_seq = event.id + 1}, 0);
  }
  std::optional<FixOrder> before;
  if (order != nullptr) {
    if (event.may_be_second && asks_ && event.exec != FixExec::kStatus) before = *order;
    // A request of a process that left no records of it.
    if (FixOrders::SlotOf(event.id) == FixOrders::SlotOf(order->id)) {
      order->newest_id = std::max(order->newest_id, event.id);
    }
    NoteVenueId(event.order_id, *order);
    order->answered_id = std::max(order->answered_id, event.id);
  }
  switch (event.exec) {
    case FixExec::kUnknown:
    case FixExec::kPending:
      return;
    case FixExec::kTrade:
      OnTrade(event, order);
      break;
    case FixExec::kCanceled:
      OnEnd(event, order, ExecType::kCanceled);
      break;
    case FixExec::kExpired:
      OnEnd(event, order, ExecType::kExpired);
      break;
    case FixExec::kRejected:
      OnRejected(event, order);
      break;
    case FixExec::kReplaced:
      OnReplaced(event, order);
      break;
    case FixExec::kRestated:
      OnRestated(event, order);
      break;
    case FixExec::kStatus:
      if (order == nullptr) return;  // it ended long ago
      OnStatus(AnswerOf(event), *order);
      break;
    case FixExec::kBusted:
    case FixExec::kCorrected:
      OnAdjusted(event, order);
      break;
    case FixExec::kNew:
    case FixExec::kTriggered:
    case FixExec::kSuspended:
    case FixExec::kDoneForDay: {
      ExecutionReport report = About(event, order);
      report.exec_type = event.exec == FixExec::kNew         ? ExecType::kNew
                         : event.exec == FixExec::kTriggered ? ExecType::kTriggered
                         : event.exec == FixExec::kSuspended ? ExecType::kSuspended
                                                             : ExecType::kDoneForDay;
      if (order != nullptr && order->state == FixOrderState::kSent) {
        order->state = FixOrderState::kLive;
      }
      Say(report, event, order);
      break;
    }
  }
  if (order == nullptr) return;
  if (before &&
      (event.id == 0 || (event.id != before->replace_id && event.id != before->cancel_id))) {
    // The engine knows whether it had the report. The table does not: the venue will say.
    before->listed = order->listed;
    before->next = order->next;
    before->previous = order->previous;
    *order = *before;
    if (order->open()) Doubt(*order);
  }
  orders_.Relist(*order);
}

void FixReports::Doubt(FixOrder& order) noexcept {
  // One that is asked for already is not asked for again before its round.
  if (!order.unsure) order.asked = 0;
  order.unsure = doubts_ = true;
  orders_.Relist(order);
}

void FixReports::Doubt(uint64_t id) noexcept {
  FixOrder* const order = orders_.Named(id);
  if (order != nullptr && order->open()) Doubt(*order);
}

void FixReports::OnTrade(const FixEvent& event, FixOrder* order) noexcept {
  if (order != nullptr) {
    order->cum_qty = event.has_cum ? event.cum_qty : order->cum_qty + event.last_qty;
    if (event.has_leaves && (event.leaves_qty != 0 || order->replace_id == 0)) {
      order->qty = order->cum_qty + event.leaves_qty;
    }
    if (order->state == FixOrderState::kSent) order->state = FixOrderState::kLive;
  }
  ExecutionReport report = About(event, order);
  const bool filled = report.leaves_qty == 0;
  report.exec_type = filled ? ExecType::kFill : ExecType::kPartialFill;
  if (!IsFinal(report.ord_status)) {
    report.ord_status = filled ? OrdStatus::kFilled : OrdStatus::kPartiallyFilled;
  }
  report.last_qty = event.last_qty;
  report.last_price = event.last_price;
  if (!event.has_cum) report.cum_qty = 0;  // it is this table's, not the venue's word
  Say(report, event, order);
  // A replace that is on its way may add to what was filled: its answer tells.
  if (order != nullptr && filled && order->replace_id == 0) End(*order);
}

void FixReports::OnEnd(const FixEvent& event, FixOrder* order, ExecType type) noexcept {
  ExecutionReport report = About(event, order);
  report.exec_type = type;
  report.ord_status = type == ExecType::kExpired ? OrdStatus::kExpired : OrdStatus::kCanceled;
  report.leaves_qty = 0;
  const bool asked_for = order != nullptr && order->cancel_id != 0;
  report.reason = asked_for ? RejectReason::kNone : OrderReason(event, RejectReason::kNone);
  if (order != nullptr) {
    if (event.has_cum) order->cum_qty = event.cum_qty;
    End(*order);
  }
  if (!event.has_cum) report.cum_qty = 0;
  Say(report, event, order);
}

void FixReports::OnRejected(const FixEvent& event, FixOrder* order) noexcept {
  if (order == nullptr) {
    ExecutionReport report = About(event, order);
    report.exec_type = ExecType::kRejected;
    report.ord_status = OrdStatus::kRejected;
    report.leaves_qty = 0;
    report.reason = OrderReason(event, RejectReason::kVenueOption);
    return Say(report, event, order);
  }
  if (event.id != 0 && (event.id == order->replace_id || event.id == order->cancel_id)) {
    // Some venues reject a cancel or replace by an execution report.
    return RefuseChange(event, *order, event.id,
                        FixChangeReasonOf(OrderReason(event, RejectReason::kVenueOption)));
  }
  const bool was_asked = order->asked == connection_ && order->asked != 0;
  const bool is_sent = order->state == FixOrderState::kSent;
  if (was_asked && (SaysUnknown(event) || !is_sent)) {
    return OnUnknown(AnswerOf(event), *order, event.id);
  }
  if ((event.id != order->id && event.id != 0) || (!is_sent && SaysUnknown(event))) {
    // Of a request that has its answer: the venue has to say how the order stands.
    if (order->open()) Doubt(*order);
    return Complain(FixComplaint::kStale);
  }
  if (is_sent) return RejectOrder(event, *order, OrderReason(event, RejectReason::kVenueOption));
  // One that the venue had confirmed ends so.
  OnEnd(event, order, ExecType::kCanceled);
}

void FixReports::RejectOrder(const FixEvent& event, FixOrder& order, RejectReason reason) noexcept {
  ExecutionReport report = About(event, &order);
  report.exec_type = ExecType::kRejected;
  report.ord_status = OrdStatus::kRejected;
  report.leaves_qty = 0;
  report.reason = reason;
  Say(report, event, &order);
  End(order);
  orders_.Relist(order);
}

void FixReports::OnReplaced(const FixEvent& event, FixOrder* order) noexcept {
  uint64_t old_id = event.orig_id;
  if (order != nullptr) {
    old_id = order->id;
    // Some venues report it under the order's earlier name.
    if (order->replace_id != 0 &&
        (event.id == order->replace_id || event.orig_id == 0 || event.orig_id == order->id)) {
      order->TakeReplace();
    } else if (event.id > order->id) {
      order->id = event.id;
      order->terms_unknown = true;
    }
    if (event.has_cum) order->cum_qty = event.cum_qty;
    order->price = event.price != 0 ? event.price : order->replace_price;
    order->qty = event.has_leaves ? order->cum_qty + event.leaves_qty : order->replace_qty;
    order->state = FixOrderState::kLive;
  }
  ExecutionReport report = About(event, order);
  report.orig_cl_ord_id = old_id;
  report.exec_type = ExecType::kReplaced;
  Say(report, event, order);
  if (order != nullptr && (IsFinal(report.ord_status) || report.leaves_qty == 0)) End(*order);
}

// The venue says how the order stands.
void FixReports::OnRestated(const FixEvent& event, FixOrder* order) noexcept {
  uint64_t old_id = 0;
  bool renamed = false;
  if (order != nullptr) {
    const bool changes = order->replace_id != 0 && order->replace_connection != connection_;
    const bool cancels = order->cancel_id != 0 && order->cancel_connection != connection_;
    if (event.exec == FixExec::kRestated && event.id != order->replace_id && (changes || cancels)) {
      // It may be older than what was asked for and is not answered yet.
      return Doubt(*order);
    }
    const bool ended = IsFinal(event.status) || event.leaves_qty == 0;
    if (order->replace_id != 0 && event.id == order->replace_id) {
      old_id = order->TakeReplace();
    } else if (event.id > order->id && event.id != order->cancel_id) {
      // A replace that was taken for lost.
      old_id = std::exchange(order->id, event.id);
      renamed = order->terms_unknown = true;
    } else if (order->replace_connection != connection_) {
      order->replace_id = 0;  // the gateway takes it for lost, too
    }
    if (order->cancel_connection != connection_) order->cancel_id = 0;
    order->cum_qty = event.cum_qty;
    order->qty = event.cum_qty + event.leaves_qty;
    if (event.price != 0) order->price = event.price;
    order->unsure = false;
    order->asked = 0;
    order->state = FixOrderState::kLive;
    // A replace that is on its way may add to what was filled.
    const bool grows = event.status == OrdStatus::kFilled && order->replace_id != 0;
    if (ended && !grows) End(*order);
  }
  ExecutionReport report = About(event, order);
  report.orig_cl_ord_id = old_id;
  report.exec_type = renamed ? ExecType::kReplaced : ExecType::kRestated;
  report.ord_status = Standing(event.status, event.cum_qty);
  report.reason = OrderReason(event, RejectReason::kNone);
  if (IsFinal(event.status)) report.leaves_qty = 0;
  Say(report, event, order);
}

// The answer to a status request.
void FixReports::OnStatus(const FixEvent& event, FixOrder& order) noexcept {
  // One that was asked for over an earlier connection knows nothing of what was sent since.
  if (order.asked != connection_) return;
  const uint64_t asked = event.status_id != 0 ? event.status_id : event.id;
  if (event.status == OrdStatus::kRejected) {
    const bool refused_then = Listed(event) != nullptr
                                  ? !SaysUnknown(event)
                                  : event.has_reason_code && !SaysUnknown(event) &&
                                        event.reason_code != 0 && event.reason_code != 99;
    if (refused_then && order.state == FixOrderState::kSent && asked == order.id) {
      return RejectOrder(event, order, OrderReason(event, RejectReason::kVenueOption));
    }
    return OnUnknown(event, order, asked);
  }
  // It does not know yet; it is asked again.
  if (event.status == OrdStatus::kPendingCancel || event.status == OrdStatus::kPendingReplace ||
      event.status == OrdStatus::kPendingNew) {
    return;
  }
  // Of a name that it had before, or after its end, it is no news.
  if (!order.open() || std::max(asked, event.id) < order.id) return;
  OnRestated(event, &order);
}

// The venue does not know the order `id` that it was asked for.
void FixReports::OnUnknown(const FixEvent& event, FixOrder& order, uint64_t id) noexcept {
  if (id == order.replace_id && id != 0) {
    ++counters_.requests_lost;
    RefuseChange(event, order, id, CancelRejectReason::kVenueUnavailable);
  } else if (id != order.id || !order.open()) {
    return;
  } else if (order.state == FixOrderState::kSent && order.cum_qty == 0) {
    ++counters_.requests_lost;
    RejectOrder(event, order, RejectReason::kVenueUnavailable);
  } else {
    Complain(FixComplaint::kDenied);
    order.unsure = false;
  }
  orders_.Relist(order);
}

void FixReports::OnAdjusted(const FixEvent& event, FixOrder* order) noexcept {
  ExecutionReport report = About(event, order);
  report.exec_type = event.exec == FixExec::kBusted ? ExecType::kBusted : ExecType::kCorrected;
  report.ord_status = event.status;
  report.last_qty = event.last_qty;
  report.last_price = event.last_price;
  if (event.exec == FixExec::kBusted && event.last_qty == 0) {
    const bool known = order != nullptr && event.has_cum && event.cum_qty < order->cum_qty;
    if (!known) {
      if (!event.may_be_second) Complain(FixComplaint::kBustUnknown);
      return;
    }
    report.last_qty = order->cum_qty - event.cum_qty;
  }
  if (order != nullptr) {
    if (event.has_cum) {
      order->cum_qty = event.cum_qty;
    } else if (event.exec == FixExec::kBusted) {
      order->cum_qty -= std::min(order->cum_qty, report.last_qty);
    }
    if (event.has_leaves) order->qty = order->cum_qty + event.leaves_qty;
    if (IsFinal(event.status)) {
      End(*order);
    } else if (event.has_leaves && event.leaves_qty != 0) {
      order->state = FixOrderState::kLive;
    }
  }
  Say(report, event, order);
}

void FixReports::OnCancelReject(const FixEvent& event) noexcept {
  FixOrder* order = orders_.Named(event.id);
  if (order == nullptr) order = orders_.Named(event.orig_id);
  if (event.id == 0) {
    ++counters_.messages_foreign;
    complaint_ = FixComplaint::kForeign;
    return;
  }
  if (order != nullptr) return RefuseChange(event, *order, event.id, ChangeReason(event));
  Refuse(event, event.id, event.orig_id, event.response_to, ChangeReason(event));
}

// REQUIRES: `id` is the order's.
void FixReports::RefuseChange(const FixEvent& event, FixOrder& order, uint64_t id,
                              CancelRejectReason reason) noexcept {
  RequestType type = event.response_to;
  if (id == order.cancel_id) {
    type = RequestType::kCancel;
    order.cancel_id = 0;
  } else if (id == order.replace_id) {
    type = RequestType::kReplace;
    order.replace_id = 0;
    // It had stayed open for what the replace would have added.
    if (order.state == FixOrderState::kLive && order.cum_qty >= order.qty) {
      End(order);
    }
  }
  Refuse(event, id, order.id, type, reason);
  orders_.Relist(order);
}

void FixReports::OnBusinessReject(const FixEvent& event, const FixSent& refers) noexcept {
  const uint64_t id = refers.id != 0 ? refers.id : event.id;
  const char type = refers.type != 0             ? refers.type
                    : event.ref_type.size() == 1 ? event.ref_type[0]
                                                 : '\0';
  FixOrder* const order = orders_.Named(id);
  if (order == nullptr) return Complain(FixComplaint::kRejectUnknown);
  const Reason* const listed = Listed(event);
  const RejectReason reason = listed != nullptr       ? listed->reason
                              : event.has_reason_code ? BusinessReasonOfFix(event.reason_code)
                                                      : RejectReason::kInvalidField;
  switch (type) {
    case 'D':
      if (order->state != FixOrderState::kSent || id != order->id) break;
      return RejectOrder(event, *order, reason);
    case 'F':
    case 'G':
      if (id != order->cancel_id && id != order->replace_id) break;
      return RefuseChange(event, *order, id, FixChangeReasonOf(reason));
    case 'H':
      if (reason == RejectReason::kUnknownOrder) return OnUnknown(event, *order, id);
      // For the moment, otherwise: it is asked again.
      if (event.reason_code == kUnsupportedMessageType) Complain(FixComplaint::kStatusRefused);
      return;
    default:
      break;
  }
  Complain(FixComplaint::kRejectUnknown);
}

}  // namespace ringway
