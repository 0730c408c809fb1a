// Judges whether every request was answered, and whether every order lived a legal life.
//
// From what the gateway took, said, asked and heard. An order lives from its OrderAck on; it ends
// once, and after its end there is nothing but trades that come late, busts and corrections. Its
// quantities are what its reports add up to. Every report about an order repeats, once, a word of
// its venue, or is the gateway's own: about an order that its venue was never asked for, or that
// the venue does not know.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

constexpr uint64_t kGatewaysBits = 2;           // the two highest of execId
constexpr uint64_t kLieBits = 1;                // likewise, see venue.h
constexpr uint64_t kBound = uint64_t{1} << 40;  // no quantity here is near

bool IsTrade(ExecType type) noexcept {
  return type == ExecType::kFill || type == ExecType::kPartialFill;
}
// Of an order that has ended; else unset.
OrdStatus StatusOf(Life life) {
  switch (life) {
    case Life::kFilled:
      return OrdStatus::kFilled;
    case Life::kCanceled:
      return OrdStatus::kCanceled;
    case Life::kExpired:
      return OrdStatus::kExpired;
    case Life::kRejected:
      return OrdStatus::kRejected;
    default:
      return OrdStatus::kUnset;
  }
}
// REQUIRES: it says that the order has ended.
Life LifeOf(OrdStatus status) {
  return status == OrdStatus::kFilled     ? Life::kFilled
         : status == OrdStatus::kCanceled ? Life::kCanceled
         : status == OrdStatus::kExpired  ? Life::kExpired
                                          : Life::kRejected;
}
bool IsAdjustment(ExecType type) noexcept {
  return type == ExecType::kBusted || type == ExecType::kCorrected;
}
bool SaysEnded(OrdStatus status) noexcept {
  return status == OrdStatus::kFilled || status == OrdStatus::kCanceled ||
         status == OrdStatus::kExpired || status == OrdStatus::kRejected;
}

}  // namespace

const TrackedOrder* Orders::Find(uint64_t order_id) const {
  const auto found = by_id_.find(order_id);
  return found == by_id_.end() ? nullptr : &orders_[found->second];
}

const TrackedOrder* Orders::FindByVenueName(uint32_t venue, uint64_t request_id) const {
  const auto found = venues_[venue].names.find(request_id);
  return found == venues_[venue].names.end() ? nullptr : &orders_[found->second];
}

void Orders::On(uint32_t index) {
  const Event& event = events_[index];
  switch (event.kind) {
    case EventKind::kGatewayTook:
      return OnTook(index);
    case EventKind::kGatewaySaid:
      return OnSaid(event);
    case EventKind::kGatewayAsked:
      return OnAsked(event);
    case EventKind::kGatewayRestored:
      // One that no connector had taken is answered as if it had.
      if (!IsNamed(event)) OnAsked(event);
      return;
    case EventKind::kGatewayHeard:
      return OnHeard(event);
    case EventKind::kVenueStart:
      return OnVenueStart(event.id);
    default:
      return;
  }
}

void Orders::OnTook(uint32_t index) {
  const Event& event = events_[index];
  if (event.type == FrameType::kGapFill) return;
  uint64_t cl_ord_id = 0;  // every request begins with it
  std::memcpy(&cl_ord_id, event.payload.data() + kRootBytes, sizeof(cl_ord_id));
  const auto [place, is_new] =
      by_cl_ord_id_.emplace(KeyOf(event.id, cl_ord_id), static_cast<uint32_t>(requests_.size()));
  if (is_new) requests_.push_back({});
  Request& request = requests_[place->second];
  if (request.acked + request.ended == request.asked) {
    request.event = index;
  } else {
    waiting_[place->second].push_back(index);
  }
  ++request.asked;
}

// A clOrdId may be used again as long as its order was refused: the next one has its turn.
void Orders::Answered(uint32_t request) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;
  requests_[request].event = found->second.front();
  found->second.erase(found->second.begin());
  if (found->second.empty()) waiting_.erase(found);
}

void Orders::EndRequest(const Event& event, uint64_t cl_ord_id) {
  const auto found = by_cl_ord_id_.find(KeyOf(event.id, cl_ord_id));
  if (found == by_cl_ord_id_.end()) {
    findings_->Add(Violation::kAnsweredTwice, absl::StrCat("nobody asked: ", Text(event)));
    return;
  }
  ++requests_[found->second].ended;
  Answered(found->second);
}

void Orders::OnSaid(const Event& event) {
  OrderAck ack;
  OrderReject reject;
  CancelReject cancel_reject;
  MassCancelReport mass;
  PositionReport position;
  ExecutionReport report;
  switch (event.type) {
    case FrameType::kOrderAck:
      if (Decode(event.bytes(), ack) == DecodeStatus::kOk) OnAck(event, ack);
      return;
    case FrameType::kOrderReject:
      if (Decode(event.bytes(), reject) == DecodeStatus::kOk) EndRequest(event, reject.cl_ord_id);
      return;
    case FrameType::kCancelReject:
      if (Decode(event.bytes(), cancel_reject) == DecodeStatus::kOk) {
        EndRequest(event, cancel_reject.cl_ord_id);
      }
      return;
    case FrameType::kMassCancelReport:
      if (Decode(event.bytes(), mass) == DecodeStatus::kOk) EndRequest(event, mass.cl_ord_id);
      return;
    case FrameType::kExecutionReport:
      if (Decode(event.bytes(), report) == DecodeStatus::kOk) OnReport(event, report);
      return;
    case FrameType::kPositionReport:
      if (Decode(event.bytes(), position) == DecodeStatus::kOk) OnPosition(event, position);
      return;
    case FrameType::kSessionReject:  // nobody here sends what cannot be read
      findings_->Add(Violation::kUnanswered, Text(event));
      return;
    default:
      return;
  }
}

void Orders::OnAck(const Event& event, const OrderAck& ack) {
  const auto found = by_cl_ord_id_.find(KeyOf(event.id, ack.cl_ord_id));
  if (found == by_cl_ord_id_.end()) {
    findings_->Add(Violation::kAnsweredTwice, absl::StrCat("nobody asked: ", Text(event)));
    return;
  }
  Request& request = requests_[found->second];
  ++request.acked;
  if (ack.request_type != RequestType::kNewOrder) return;
  const uint32_t asked_by = request.event;
  Answered(found->second);
  if (request.order != kNone) {  // the same order, sent again
    if (orders_[request.order].order_id != ack.order_id) {
      findings_->Add(Violation::kAnsweredTwice, absl::StrCat("two orders of one: ", Text(event)));
    }
    return;
  }
  NewOrder asked;
  if (Decode(events_[asked_by].bytes(), asked) != DecodeStatus::kOk) return;
  request.order = static_cast<uint32_t>(orders_.size());
  if (!by_id_.emplace(ack.order_id, request.order).second) {
    findings_->Add(Violation::kAnsweredTwice, absl::StrCat("one order of two: ", Text(event)));
  }
  orders_.push_back({.order_id = ack.order_id,
                     .session = event.id,
                     .account = asked.account,
                     .instrument = asked.instrument,
                     .venue = ack.venue,
                     .side = asked.side,
                     .request = asked_by,
                     .leaves = asked.qty});
}

// What a session is told that an account holds is what all reports so far add up to. Trades of
// forgotten orders have no report that says when they were booked.
void Orders::OnPosition(const Event& event, const PositionReport& report) {
  const std::pair key{report.account, report.instrument};
  if (booked_.contains(key)) return;
  const auto known = positions_.find(key);
  const int64_t adjusted = operators_->adjusted(report.account, report.instrument);
  if (report.quantity != (known == positions_.end() ? 0 : known->second) + adjusted) {
    findings_->Add(Violation::kPositionsDiffer, absl::StrCat("told otherwise: ", Text(event)));
  }
}

// --- Reports ---

// Whose word this report repeats. False: nobody's.
bool Orders::Origin(const Event& event, TrackedOrder& order, const ExecutionReport& report) {
  if (report.exec_id >> 62 == kGatewaysBits) {
    // The venue was down before it could be asked, the order was canceled before, the venue does
    // not know it, or lost its book.
    const bool unknown =
        order.disowned && order.life == Life::kInDoubt && report.exec_type == ExecType::kCanceled;
    const bool unasked = !order.asked && (report.exec_type == ExecType::kRejected ||
                                          report.exec_type == ExecType::kCanceled);
    const bool lost = order.orphaned && report.exec_type == ExecType::kCanceled &&
                      report.reason == RejectReason::kVenueLostBook;
    if (!unknown && !unasked && !lost) findings_->Add(Violation::kExecutionForeign, Text(event));
    return true;
  }
  Venue& venue = venues_[order.venue];
  for (; venue.next != venue.heard.size(); ++venue.next) {
    const Heard& heard = venue.heard[venue.next];
    if (heard.exec_id == report.exec_id) {
      const ExecType type = heard.restates ? ExecType::kRestated : heard.type;
      if (orders_[heard.order].order_id != order.order_id || type != report.exec_type) {
        findings_->Add(Violation::kExecutionForeign, Text(event));
      }
      ++venue.next;
      return true;
    }
    Judge(heard);
  }
  findings_->Add(Violation::kExecutionForeign, Text(event));
  return false;
}

// A venue's word that was not passed on: only about what has ended may it be ignored.
void Orders::Judge(const Heard& heard) {
  const TrackedOrder& order = orders_[heard.order];
  if (Ended(order.life) && !IsTrade(heard.type) && !IsAdjustment(heard.type)) return;
  findings_->Add(Violation::kExecutionDropped,
                 absl::StrCat("execution ", heard.exec_id, " of order ", order.order_id));
}

void Orders::OnReport(const Event& event, const ExecutionReport& report) {
  const auto found = by_id_.find(report.order_id);
  if (found == by_id_.end() || orders_[found->second].session != event.id) {
    findings_->Add(Violation::kExecutionForeign, absl::StrCat("no such order: ", Text(event)));
    return;
  }
  TrackedOrder& order = orders_[found->second];
  const bool doubt = report.exec_type == ExecType::kRestated && report.exec_id == 0;
  if (!doubt && !Origin(event, order, report)) return;
  const auto illegal = [&] { findings_->Add(Violation::kIllegalTransition, Text(event)); };
  // How it ended, for a client that sent its request again.
  if (doubt && report.ord_status == StatusOf(order.life)) return;
  if (Ended(order.life) && !IsTrade(report.exec_type) && !IsAdjustment(report.exec_type)) {
    return illegal();
  }
  switch (report.exec_type) {
    case ExecType::kNew:
      if (order.life == Life::kOpen) return illegal();
      order.life = Life::kOpen;
      break;
    case ExecType::kTriggered:
    case ExecType::kSuspended:
    case ExecType::kDoneForDay:
      order.life = Life::kOpen;
      break;
    case ExecType::kPartialFill:
    case ExecType::kFill:
      OnTrade(order, report);
      break;
    case ExecType::kCanceled:
    case ExecType::kExpired:
    case ExecType::kRejected:
      order.life = report.exec_type == ExecType::kCanceled  ? Life::kCanceled
                   : report.exec_type == ExecType::kExpired ? Life::kExpired
                                                            : Life::kRejected;
      order.leaves = 0;
      if (report.orig_cl_ord_id != 0) {
        CheckScope(event, order, report.cl_ord_id);
        EndRequest(event, report.cl_ord_id);
      }
      break;
    case ExecType::kReplaced:
      OnReplaced(event, order, report);
      break;
    case ExecType::kRestated:
      if (!doubt) {  // a forgotten replace: what is open is what its venue said
        order.leaves = venues_[order.venue].heard[venues_[order.venue].next - 1].leaves;
        order.life = order.leaves == 0 ? Life::kFilled : Life::kOpen;
        break;
      }
      if (order.life == Life::kOpen && order.leaves == 0 &&
          report.ord_status == OrdStatus::kFilled) {
        order.life = Life::kFilled;  // it was open for a replace that was refused
        break;
      }
      if ((order.life != Life::kSent && !(order.life == Life::kOpen && order.disowned)) ||
          report.ord_status != OrdStatus::kInDoubt) {
        return illegal();
      }
      order.life = Life::kInDoubt;
      break;
    case ExecType::kBusted: {
      const uint64_t back = std::min(report.last_qty, order.cum);
      order.cum -= back;
      positions_[{order.account, order.instrument}] +=
          order.side == Side::kBuy ? -static_cast<int64_t>(back) : static_cast<int64_t>(back);
      const Heard& said = venues_[order.venue].heard[venues_[order.venue].next - 1];
      if (!Ended(order.life) && said.leaves == 0 && SaysEnded(said.status)) {
        // Its venue says that it has ended; but a filled one may wait for a larger replace.
        order.leaves = 0;
        if (SaysEnded(report.ord_status)) order.life = LifeOf(said.status);
      }
      break;
    }
    default:
      return illegal();
  }
  if (report.cum_qty != order.cum || report.leaves_qty != order.leaves) {
    findings_->Add(Violation::kWrongQuantity,
                   absl::StrCat("filled ", order.cum, " and open ", order.leaves,
                                " are right: ", Text(event)));
  }
  if (SaysEnded(report.ord_status) != Ended(order.life)) illegal();
}

void Orders::OnTrade(TrackedOrder& order, const ExecutionReport& report) {
  order.cum += report.last_qty;
  const auto quantity = static_cast<int64_t>(report.last_qty);
  positions_[{order.account, order.instrument}] += order.side == Side::kBuy ? quantity : -quantity;
  if (Ended(order.life)) {
    ++counts_.late_fills;
    // A canceled order's fill may have been under way; a filled one has nothing left to fill.
    counts_.overfills += order.life == Life::kFilled;
    return;
  }
  counts_.overfills += report.last_qty > order.leaves;
  order.leaves -= std::min(order.leaves, report.last_qty);
  // A replace that is pending may add to it.
  const bool waits = report.ord_status == OrdStatus::kPendingReplace ||
                     report.ord_status == OrdStatus::kPendingCancel;
  order.life = order.leaves == 0 && !waits ? Life::kFilled : Life::kOpen;
}

// A mass cancel ends only what it names.
void Orders::CheckScope(const Event& event, const TrackedOrder& order, uint64_t cl_ord_id) {
  const auto found = by_cl_ord_id_.find(KeyOf(event.id, cl_ord_id));
  if (found == by_cl_ord_id_.end()) return;
  const Event& request = events_[requests_[found->second].event];
  MassCancel mass;
  if (request.type != FrameType::kMassCancel ||
      Decode(request.bytes(), mass) != DecodeStatus::kOk) {
    return;
  }
  if ((mass.instrument != 0 && mass.instrument != order.instrument) ||
      (mass.account != 0 && mass.account != order.account) ||
      (mass.venue != 0 && mass.venue != order.venue) ||
      (mass.side != Side::kUnset && mass.side != order.side)) {
    findings_->Add(Violation::kNotAsAsked, absl::StrCat("not in its mass cancel: ", Text(event)));
  }
}

void Orders::OnReplaced(const Event& event, TrackedOrder& order, const ExecutionReport& report) {
  EndRequest(event, report.cl_ord_id);
  const auto found = by_cl_ord_id_.find(KeyOf(event.id, report.cl_ord_id));
  Replace asked;
  if (found == by_cl_ord_id_.end() ||
      events_[requests_[found->second].event].type != FrameType::kReplace ||
      Decode(events_[requests_[found->second].event].bytes(), asked) != DecodeStatus::kOk) {
    findings_->Add(Violation::kIllegalTransition, absl::StrCat("not asked for: ", Text(event)));
    return;
  }
  if (report.price != asked.price) findings_->Add(Violation::kWrongQuantity, Text(event));
  // Of an order with a false fill it is the venue that knows what is open.
  const Venue& venue = venues_[order.venue];
  order.leaves = order.lied_about && venue.heard[venue.next - 1].leaves != 0
                     ? venue.heard[venue.next - 1].leaves
                     : asked.qty - std::min(asked.qty, order.cum);
  order.life = order.leaves == 0 ? Life::kFilled : Life::kOpen;
}

// --- Venues ---

bool Orders::IsNamed(const Event& event) const {
  uint64_t id = 0;
  std::memcpy(&id, event.payload.data() + kRootBytes, sizeof(id));
  return venues_[event.id].names.contains(id);
}

void Orders::OnAsked(const Event& event) {
  Venue& venue = venues_[event.id];
  uint64_t ids[2] = {};  // clOrdId, and of a cancel or replace origClOrdId
  const bool is_new = event.type == FrameType::kNewOrder;
  const size_t bytes = std::min<size_t>(event.payload_bytes - kRootBytes, sizeof(ids));
  std::memcpy(ids, event.payload.data() + kRootBytes, bytes);
  if (!is_new) {
    const auto orig = venue.names.find(ids[1]);
    const auto unsent = by_id_.find(ids[1]);
    if (orig != venue.names.end()) {
      const uint32_t order = orig->second;
      venue.names.emplace(ids[0], order);
    } else if (unsent != by_id_.end() && !orders_[unsent->second].asked) {
      // Canceled before it left: its cancel, and what leaves in its place, mean nothing.
      venue.names.emplace(ids[0], unsent->second);
    } else {
      findings_->Add(Violation::kNotAsAsked, absl::StrCat("of no order: ", Text(event)));
    }
    return;
  }
  const auto found = by_id_.find(ids[0]);
  NewOrder sent;
  NewOrder wanted;
  if (found == by_id_.end() || Decode(event.bytes(), sent) != DecodeStatus::kOk) {
    findings_->Add(Violation::kNotAsAsked, absl::StrCat("never accepted: ", Text(event)));
    return;
  }
  TrackedOrder& order = orders_[found->second];
  const DecodeStatus status = Decode(events_[order.request].bytes(), wanted);
  wanted.cl_ord_id = sent.cl_ord_id;
  wanted.route = sent.route;
  if (status != DecodeStatus::kOk || order.asked || order.venue != event.id ||
      std::memcmp(&wanted, &sent, sizeof(sent)) != 0) {
    findings_->Add(Violation::kNotAsAsked, Text(event));
  }
  order.asked = true;
  venue.names.emplace(ids[0], found->second);
}

void Orders::OnHeard(const Event& event) {
  Venue& venue = venues_[event.id];
  CancelReject reject;
  if (event.type == FrameType::kCancelReject &&
      Decode(event.bytes(), reject) == DecodeStatus::kOk) {
    const auto named = venue.names.find(reject.cl_ord_id);
    if (named == venue.names.end()) return CountUnknown(event.id, reject.cl_ord_id);
    orders_[named->second].disowned |= reject.reason == CancelRejectReason::kUnknownOrder;
  }
  if (event.type != FrameType::kExecutionReport) return;
  ExecutionReport report;
  if (Decode(event.bytes(), report) != DecodeStatus::kOk || !EnumsAreKnown(report) ||
      report.exec_type == ExecType::kUnset || report.last_qty > kBound ||
      (IsTrade(report.exec_type) && report.last_qty == 0)) {
    ++counts_.malformed_reports;
    return;
  }
  auto name = venue.names.find(report.cl_ord_id);
  if (name == venue.names.end()) name = venue.names.find(report.orig_cl_ord_id);
  if (name == venue.names.end() || venue.unlearned.contains(report.cl_ord_id)) {
    return OnForgotten(event.id, report);
  }
  bool restates = report.exec_type == ExecType::kReplaced &&
                  forgotten_->HasRequest(event.id, report.cl_ord_id) &&
                  !venue.names.contains(report.cl_ord_id);
  if (restates && orders_[name->second].lied_about) {  // a false fill has ended it before
    restates = false;
    venue.unlearned.insert(report.cl_ord_id);
    const uint32_t order = name->second;  // the map may move when it grows
    name = venue.names.emplace(report.cl_ord_id, order).first;
  }
  if (!venue.executions.emplace(report.exec_id, true).second) {
    ++counts_.duplicate_reports;
    return;
  }
  counts_.busts += report.exec_type == ExecType::kBusted;
  const uint32_t order = name->second;
  orders_[order].lied_about |= report.exec_id >> 62 == kLieBits;
  venue.heard.push_back(
      {report.exec_id, order, report.exec_type, report.leaves_qty, report.ord_status, restates});
  // From now on it goes under that name.
  if (restates) venue.names.emplace(report.cl_ord_id, order);
}

// A trade of an order that a loss of power took from the gateway counts once, for the account that
// the venue names. What a venue makes up names none.
void Orders::OnForgotten(uint32_t venue, const ExecutionReport& report) {
  const NewOrder* order = forgotten_->FindOrder(venue, report.cl_ord_id);
  const bool lost = order != nullptr || forgotten_->HasRequest(venue, report.cl_ord_id);
  const bool books = lost && report.account != 0 && report.last_qty != 0 &&
                     (IsTrade(report.exec_type) || report.exec_type == ExecType::kBusted);
  if (!books) return CountUnknown(venue, report.cl_ord_id);
  if (order != nullptr && (report.account != order->account ||
                           report.instrument != order->instrument || report.side != order->side)) {
    findings_->Add(Violation::kExecutionForeign,
                   absl::StrCat("of another account than its order: execution ", report.exec_id));
  }
  if (!venues_[venue].executions.emplace(report.exec_id, true).second) {
    ++counts_.duplicate_reports;
    return;
  }
  const bool bust = report.exec_type == ExecType::kBusted;
  counts_.busts += bust;
  ++counts_.unknown_reports;
  const auto quantity = static_cast<int64_t>(report.last_qty);
  booked_[{report.account, report.instrument}] +=
      (report.side == Side::kBuy) != bust ? quantity : -quantity;
}

void Orders::CountUnknown(uint32_t venue, uint64_t request_id) {
  ++counts_.unknown_reports;
  reports_of_forgotten_ += forgotten_->HasRequest(venue, request_id) &&
                           forgotten_->FindOrder(venue, request_id) == nullptr;
}

// The orders that the venue's former process held, or was sent, are gone with it.
void Orders::OnVenueStart(uint32_t venue) {
  for (TrackedOrder& order : orders_) {
    if (order.venue == venue && order.asked && !Ended(order.life)) order.orphaned = true;
  }
}

void Orders::End() {
  for (Venue& venue : venues_) {
    for (; venue.next != venue.heard.size(); ++venue.next) Judge(venue.heard[venue.next]);
  }
  for (const Request& request : requests_) {
    const Event& event = events_[request.event];
    switch (event.type) {
      case FrameType::kNewOrder:
        // One answer each: OrderAck or OrderReject.
        if (request.acked + request.ended < request.asked) {
          findings_->Add(Violation::kUnanswered, Text(event));
        } else if (request.acked + request.ended > request.asked) {
          findings_->Add(Violation::kAnsweredTwice, Text(event));
        }
        break;
      case FrameType::kMassCancel:
        // Its name stands in the answers of every order that it canceled.
        if (request.ended == 0) findings_->Add(Violation::kUnanswered, Text(event));
        break;
      default:
        // Refused at once, or acknowledged and then carried out or refused.
        if (request.acked == 0 && request.ended == 0) {
          findings_->Add(Violation::kUnanswered, Text(event));
        } else if (request.ended == 0) {
          findings_->Add(Violation::kStillPending, Text(event));
        } else if (request.ended > 1 || request.acked > 1) {
          findings_->Add(Violation::kAnsweredTwice, Text(event));
        }
    }
  }
}

}  // namespace ringway::sim
