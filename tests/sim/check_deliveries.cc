// Judges whether every message arrived once, in order and unchanged.
//
// Requests of a session may be lost only with the process that sent them, and then from some number
// on. Reports may be missed by a process only where a gap was announced. Requests to a venue are
// never sent twice: one that the venue did not take was answered in its stead. Every word of a
// venue reaches the gateway's engine. A gateway that begins anew goes on where it was; only loss of
// power takes from it, and never what was durable.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

// The connector's or the gateway's own answers; gateway/connector/unseen_request.h.
constexpr uint64_t kConnectorsBits = 3;  // the two highest of execId
constexpr uint64_t kLieBits = 1;         // likewise, see venue.h

uint64_t RequestIdOf(const Event& event) {
  // Every request begins with its clOrdId.
  uint64_t id = 0;
  if (event.payload_bytes >= kRootBytes + kWordBytes) {
    std::memcpy(&id, event.payload.data() + kRootBytes, sizeof(id));
  }
  return id;
}

// What the strategy hears is what was said. Where durability was promised and cannot be kept, the
// ack says so.
bool IsHeardAs(const Event& said, const Event& heard) {
  if (said.SameMessage(heard)) return true;
  OrderAck ack;
  if (said.type != FrameType::kOrderAck || Decode(said.bytes(), ack) != DecodeStatus::kOk) {
    return false;
  }
  ack.durability = Durability::kMemory;
  OrderAck told;
  return heard.type == said.type && Decode(heard.bytes(), told) == DecodeStatus::kOk &&
         std::memcmp(&told, &ack, sizeof(ack)) == 0;
}

// Whether a venue may end such an order of its own accord.
bool MayEndUnasked(const NewOrder& order, const ExecutionReport& report, bool was_lost) {
  const bool dated =
      order.time_in_force == TimeInForce::kDay || order.time_in_force == TimeInForce::kGoodTillDate;
  const bool at_once = order.time_in_force == TimeInForce::kImmediateOrCancel ||
                       order.time_in_force == TimeInForce::kFillOrKill;
  if (report.exec_type == ExecType::kExpired) return dated;
  switch (report.reason) {
    case RejectReason::kNone:
      return at_once;
    case RejectReason::kNoLiquidity:
      return at_once || order.ord_type == OrdType::kMarket || order.ord_type == OrdType::kStop;
    case RejectReason::kUnknownOrder:
      return was_lost;
    case RejectReason::kVenueOption:  // no room for its reports, or for it
      return true;
    default:
      return false;
  }
}

std::string At(const Event& event) { return Text(event); }

}  // namespace

void Deliveries::On(uint32_t index) {
  const Event& event = events_[index];
  switch (event.kind) {
    case EventKind::kStrategyStart:
    case EventKind::kStrategyResumed:
    case EventKind::kStrategyBack:
      return OnLogon(event);
    case EventKind::kSendsWhenDurable:
      sent_when_durable_.insert(event.other);
      return;
    case EventKind::kStrategySent:
      return OnSent(index);
    case EventKind::kStrategyReceived:
      return OnReceived(event);
    case EventKind::kStrategyGap:
      sessions_[event.id].next_received = std::max(sessions_[event.id].next_received, event.seq);
      return;
    case EventKind::kStrategyDied:
      sessions_[event.id].alive = false;
      return;
    case EventKind::kGatewayTook:
      return OnTook(event);
    case EventKind::kGatewaySaid: {
      Session& session = sessions_[event.id];
      if (event.seq == 0) return;
      if (event.seq != session.said.size() + 1) {
        findings_.Add(Violation::kReportMisnumbered, At(event));
      }
      session.said.push_back(index);
      return;
    }
    case EventKind::kGatewayAsked:
      return OnAsked(index);
    case EventKind::kGatewayHeard:
      return OnHeard(event);
    case EventKind::kVenueLogon:
      return OnVenueLogon(event);
    case EventKind::kVenueTook:
      return OnVenueTook(event);
    case EventKind::kVenueSaid:
      return OnVenueSaid(index);
    case EventKind::kGatewayRestored:
      return OnRestored(index);
    case EventKind::kGatewayForeign:
      return OnForeign(event);
    case EventKind::kGatewaySafe:
      sessions_[event.id].safe = {event.seq, event.other};
      return;
    case EventKind::kGatewayDied:
      gave_up_ = event.other != 0;
      ever_gave_up_ |= gave_up_;
      return;
    case EventKind::kMemberHeld:
      venues_[event.id].held = true;
      return;
    case EventKind::kMemberFree:
      venues_[event.id].held = false;
      venues_[event.id].begins_anew = true;
      venues_[event.id].disowned = event.other;
      return;
    case EventKind::kPowerLost:
      power_lost_ = true;
      return;
    case EventKind::kRecoveredSession:
      sessions_[event.id].recovered = {event.seq, event.other};
      return;
    case EventKind::kRecoveredVenue:
      venues_[event.id].recovered = {event.seq, event.other};
      return;
    case EventKind::kGatewayRecovered:
      return OnRecovered();
    case EventKind::kVenueStart:
      return OnVenueStart(venues_[event.id]);
    default:
      return;
  }
}

// --- Between a strategy and the gateway ---

void Deliveries::OnLogon(const Event& event) {
  Session& session = sessions_[event.id];
  session.on_old_link = false;
  uint64_t durability = 0;
  std::memcpy(&durability, event.payload.data(), sizeof(durability));
  session.durable = durability != 0;
  if (event.kind == EventKind::kStrategyBack) {
    if (event.seq != session.next_received) {
      findings_.Add(
          Violation::kReportMisnumbered,
          absl::StrCat("a process that goes on expects ", session.next_received, ": ", At(event)));
    }
    return;
  }
  ++session.process;
  session.told_next = 1;
  session.alive = true;
  session.next_received = event.seq;
  if (event.seq > session.said.size() + 1) {
    findings_.Add(Violation::kReportMisnumbered,
                  absl::StrCat("a process starts beyond the last report: ", At(event)));
  }
  // From here on the numbers are this process's; what an earlier one sent under them is lost.
  while (session.sent.size() >= event.other) {
    if (session.sent.size() < session.next_took) {
      findings_.Add(Violation::kRequestMisnumbered,
                    absl::StrCat("a process starts below what was taken: ", At(event)));
    }
    session.sent.pop_back();
    session.sender.pop_back();
  }
  while (session.sent.size() + 1 < event.other) {
    session.sent.push_back(kNone);
    session.sender.push_back(0);
  }
}

void Deliveries::OnSent(uint32_t index) {
  const Event& event = events_[index];
  Session& session = sessions_[event.id];
  if (event.seq != session.sent.size() + 1) {
    findings_.Add(Violation::kRequestMisnumbered, At(event));
    return;
  }
  session.sent.push_back(index);
  session.sender.push_back(session.process);
}

void Deliveries::OnTook(const Event& event) {
  Session& session = sessions_[event.id];
  if (event.type == FrameType::kGapFill) {
    GapFill fill;
    const bool readable = Decode(event.bytes(), fill) == DecodeStatus::kOk;
    if (!readable || fill.new_seq <= session.next_took) {
      findings_.Add(Violation::kRequestMisnumbered, At(event));
      return;
    }
    for (; session.next_took != fill.new_seq; ++session.next_took) {
      const uint64_t place = session.next_took - 1;
      // Only a process that is dead may have lost what it sent; or the gateway, with its power,
      // what it had taken and promised no more for.
      const bool gone = place < session.may_be_gone.size() && session.may_be_gone[place];
      if (!gone && place < session.sent.size() && session.sent[place] != kNone && session.alive &&
          session.sender[place] == session.process) {
        findings_.Add(Violation::kRequestLost, At(events_[session.sent[place]]));
      }
    }
    return;
  }
  if (event.seq != session.next_took) {
    findings_.Add(Violation::kRequestMisnumbered,
                  absl::StrCat("expected ", session.next_took, ": ", At(event)));
  }
  session.next_took = event.seq + 1;
  const uint64_t place = event.seq - 1;
  if (place < session.may_be_gone.size()) session.may_be_gone[place] = false;
  if (place >= session.sent.size() || session.sent[place] == kNone ||
      !events_[session.sent[place]].SameMessage(event)) {
    findings_.Add(Violation::kRequestForeign, At(event));
  }
}

void Deliveries::OnReceived(const Event& event) {
  Session& session = sessions_[event.id];
  if (event.seq != session.next_received) {
    findings_.Add(Violation::kReportMisnumbered,
                  absl::StrCat("expected ", session.next_received, ": ", At(event)));
  }
  session.next_received = event.seq + 1;
  // What the ring of an earlier gateway still holds, this one has not told.
  if (!session.on_old_link) session.told_next = event.seq + 1;
  const std::vector<uint32_t>& said = session.on_old_link ? session.old_said : session.said;
  if (event.seq == 0 || event.seq > said.size() ||
      !IsHeardAs(events_[said[event.seq - 1]], event)) {
    findings_.Add(Violation::kReportForeign, At(event));
  }
  OrderAck ack;
  if (event.type == FrameType::kOrderAck && Decode(event.bytes(), ack) == DecodeStatus::kOk &&
      ack.durability != Durability::kMemory) {
    session.durable_next = std::max(session.durable_next, event.seq + 1);
    // Told late, by a gateway that is gone.
    if (session.on_old_link && event.seq >= session.recovered.first) {
      findings_.Add(Violation::kPromiseBroken, At(event));
    }
  }
}

// --- Between the gateway and a venue ---

void Deliveries::OnAsked(uint32_t index) {
  const Event& event = events_[index];
  Venue& venue = venues_[event.id];
  const auto place = static_cast<uint32_t>(venue.asked_order.size());
  if (!venue.asked.emplace(RequestIdOf(event), place).second) {
    findings_.Add(Violation::kVenueRequestTwice, At(event));
    return;
  }
  venue.asked_order.push_back(index);
  venue.was_taken.push_back(false);
  venue.was_answered.push_back(false);
  venue.is_foreign.push_back(false);
}

// A new process goes on with what its predecessor was about to send, or had sent.
void Deliveries::OnRestored(uint32_t index) {
  const Event& event = events_[index];
  const Venue& venue = venues_[event.id];
  const auto asked = venue.asked.find(RequestIdOf(event));
  if (asked == venue.asked.end()) return OnAsked(index);
  if (!events_[venue.asked_order[asked->second]].SameMessage(event)) {
    findings_.Add(Violation::kVenueRequestForeign, At(event));
  }
}

// The gateway sees that its venue has requests of which it knows nothing.
void Deliveries::OnForeign(const Event& event) {
  Venue& venue = venues_[event.id];
  uint64_t forgotten = 0;
  uint64_t uncounted = 0;
  for (const uint32_t place : venue.took) {
    if (!forgotten_.Has(venue.asked_order[place])) continue;
    ++forgotten;
    uncounted += !venue.is_foreign[place];
    venue.is_foreign[place] = true;
  }
  // A count that was lost itself is made again.
  if (event.seq < uncounted || event.seq > forgotten) {
    findings_.Add(Violation::kForeignUncounted,
                  absl::StrCat("there are ", uncounted, " to ", forgotten, ": ", At(event)));
  }
}

void Deliveries::OnVenueLogon(const Event& event) {
  Venue& venue = venues_[event.id];
  if (venue.held) findings_.Add(Violation::kMemberTaken, At(event));
  if (std::exchange(venue.begins_anew, false)) {
    venue.others_took = event.other - 1;
    venue.others_said = event.seq - 1;
  }
  // What waited at the end of the link before was read and never taken.
  while (venue.others_took + venue.took.size() >= event.other && !venue.took.empty()) {
    venue.was_taken[venue.took.back()] = false;
    venue.took.pop_back();
  }
  if (venue.others_took + venue.took.size() + 1 != event.other) {
    findings_.Add(Violation::kVenueRequestForeign,
                  absl::StrCat("the venue counts requests that it never took: ", At(event)));
  }
  if (event.seq > venue.others_said + venue.said.size() + 1) {
    findings_.Add(Violation::kVenueReportMisnumbered, At(event));
  }
}

// Its predecessor's reports that were under way are lost, and nobody can tell whether a request
// that was not answered had been taken. None may be sent twice for all that.
void Deliveries::OnVenueStart(Venue& venue) {
  venue.took.clear();
  venue.said.clear();
  venue.next_heard = 1;
  venue.in_doubt_before = static_cast<uint32_t>(venue.asked_order.size());
}

void Deliveries::OnVenueTook(const Event& event) {
  Venue& venue = venues_[event.id];
  const auto asked = venue.asked.find(RequestIdOf(event));
  if (asked == venue.asked.end() || !events_[venue.asked_order[asked->second]].SameMessage(event)) {
    findings_.Add(Violation::kVenueRequestForeign, At(event));
    return;
  }
  const uint32_t place = asked->second;
  if (venue.was_taken[place] || venue.was_answered[place]) {
    findings_.Add(Violation::kVenueRequestTwice, At(event));
  }
  if (event.seq != venue.others_took + venue.took.size() + 1 ||
      (!venue.took.empty() && venue.took.back() >= place)) {
    findings_.Add(Violation::kVenueRequestForeign, absl::StrCat("out of order: ", At(event)));
  }
  venue.was_taken[place] = true;
  venue.took.push_back(place);
}

void Deliveries::OnVenueSaid(uint32_t index) {
  const Event& event = events_[index];
  Venue& venue = venues_[event.id];
  const uint64_t place = event.seq - 1 - venue.others_said;
  if (place == venue.said.size()) {
    venue.said.push_back(index);
    if (event.type == FrameType::kExecutionReport) CheckReport(venue, event);
  } else if (place > venue.said.size() || !events_[venue.said[place]].SameMessage(event)) {
    findings_.Add(Violation::kVenueReportMisnumbered, At(event));
  }
}

// A venue tells a gateway of its own orders alone, and ends none because of what happens to another
// gateway.
void Deliveries::CheckReport(Venue& venue, const Event& event) {
  ExecutionReport report;
  if (Decode(event.bytes(), report) != DecodeStatus::kOk || report.exec_id >> 62 == kLieBits)
    return;
  const bool ends =
      report.exec_type == ExecType::kCanceled || report.exec_type == ExecType::kExpired;
  const auto asked = venue.asked.find(report.cl_ord_id);
  if (asked == venue.asked.end()) {
    if (venue.disowned != 0 && ends && report.reason == RejectReason::kUnknownOrder) {
      --venue.disowned;
    } else {
      findings_.Add(Violation::kReportOfAnother, At(event));
    }
    return;
  }
  NewOrder order;
  const uint32_t place = NewOrderOf(venue, asked->second);
  if (place == kNone ||
      Decode(events_[venue.asked_order[place]].bytes(), order) != DecodeStatus::kOk ||
      order.account != report.account || order.instrument != report.instrument ||
      order.side != report.side) {
    findings_.Add(Violation::kReportOfAnother, At(event));
  } else if (ends && report.orig_cl_ord_id == 0 &&
             !MayEndUnasked(order, report,
                            forgotten_.Has(venue.asked_order[place]) || ever_gave_up_)) {
    findings_.Add(Violation::kEndedUnasked, At(event));
  }
}

// The answer to a request that the venue never took.
bool Deliveries::OnStandIn(Venue& venue, uint64_t id, const Event& event) {
  const auto asked = venue.asked.find(id);
  if (asked == venue.asked.end()) return false;
  if (venue.was_taken[asked->second] || venue.was_answered[asked->second]) {
    findings_.Add(Violation::kVenueRequestTwice, At(event));
  }
  venue.was_answered[asked->second] = true;
  venue.own_words.back() = asked->second;
  return true;
}

void Deliveries::OnHeard(const Event& event) {
  Venue& venue = venues_[event.id];
  if (event.seq == 0) venue.own_words.push_back(kNone);
  ExecutionReport report;
  CancelReject reject;
  VenueStatus status;
  if (event.type == FrameType::kExecutionReport &&
      Decode(event.bytes(), report) == DecodeStatus::kOk &&
      report.exec_id >> 62 == kConnectorsBits) {
    if (!OnStandIn(venue, report.cl_ord_id, event)) {
      findings_.Add(Violation::kVenueReportForeign, At(event));
    }
    return;
  }
  if (event.type == FrameType::kCancelReject &&
      Decode(event.bytes(), reject) == DecodeStatus::kOk &&
      reject.reason == CancelRejectReason::kVenueUnavailable) {
    if (!OnStandIn(venue, reject.cl_ord_id, event)) {
      findings_.Add(Violation::kVenueReportForeign, At(event));
    }
    return;
  }
  if (event.type == FrameType::kVenueStatus && Decode(event.bytes(), status) == DecodeStatus::kOk &&
      (status.state == VenueState::kDown || status.state == VenueState::kBookLost)) {
    return;  // the connector's own: venues here never say so
  }
  const uint64_t place = venue.next_heard++ - 1;
  if (place >= venue.said.size() || !events_[venue.said[place]].SameMessage(event)) {
    findings_.Add(Violation::kVenueReportForeign,
                  absl::StrCat("report ", place + 1, " of the venue was to come: ", At(event)));
  }
}

// --- A gateway begins anew ---

void Deliveries::OnRecovered() {
  for (uint32_t id = 1; id != kPartiesMax; ++id) {
    Recover(sessions_[id], id);
    Recover(venues_[id], id);
    CheckSentWhenDurable(venues_[id]);
  }
  power_lost_ = gave_up_ = false;
}

void Deliveries::Recover(Session& session, uint32_t id) {
  const auto [next_report, next_request] = session.recovered;
  const auto add = [&](Violation violation, const char* what, uint64_t is, uint64_t was) {
    findings_.Add(violation,
                  absl::StrCat("session ", id, ": the next ", what, " is ", is, ", and was ", was));
  };
  if (next_report > session.said.size() + 1 ||
      (!power_lost_ && next_report <= session.said.size())) {
    add(Violation::kForgotten, "report", next_report, session.said.size() + 1);
  }
  if (next_request > session.next_took) {
    add(Violation::kForgotten, "request", next_request, session.next_took);
  }
  if (next_report < session.safe.first || next_report < session.durable_next) {
    add(Violation::kPromiseBroken, "report", next_report,
        std::max(session.safe.first, session.durable_next));
  }
  if (next_request < session.safe.second) {
    add(Violation::kPromiseBroken, "request", next_request, session.safe.second);
  }
  // A session that waits for what is durable was told nothing else.
  if (session.durable && !gave_up_ && next_report < session.told_next) {
    add(Violation::kPromiseBroken, "report to have been told", next_report, session.told_next);
  }
  if (session.alive && !std::exchange(session.on_old_link, true)) session.old_said = session.said;
  session.said.resize(std::min<size_t>(session.said.size(), next_report - 1));
  session.durable_next = std::min(session.durable_next, next_report);
  session.told_next = std::min(session.told_next, next_report);
  if (power_lost_ && (!session.durable || gave_up_)) {
    // What an earlier loss took stays taken.
    session.may_be_gone.resize(std::max<size_t>(session.may_be_gone.size(), session.next_took));
    for (uint64_t seq = next_request; seq < session.next_took; ++seq) {
      session.may_be_gone[seq - 1] = true;
    }
  }
  session.next_took = std::min(session.next_took, next_request);
}

void Deliveries::Recover(Venue& venue, uint32_t id) {
  const auto [all_received, own_words] = venue.recovered;
  const uint64_t received = all_received - std::min(all_received, venue.others_said);
  if (received + 1 > venue.next_heard || own_words > venue.own_words.size()) {
    findings_.Add(Violation::kForgotten, absl::StrCat("more of venue ", id, " than was heard"));
    return;
  }
  venue.next_heard = received + 1;
  for (; venue.own_words.size() != own_words; venue.own_words.pop_back()) {
    if (venue.own_words.back() != kNone) venue.was_answered[venue.own_words.back()] = false;
  }
}

// The place of the NewOrder that a request is about; kNone: nobody knows.
uint32_t Deliveries::NewOrderOf(const Venue& venue, uint32_t place) const {
  const Event* at = &events_[venue.asked_order[place]];
  while (at->type != FrameType::kNewOrder) {
    uint64_t orig = 0;  // of a cancel and a replace the second word
    std::memcpy(&orig, at->payload.data() + kRootBytes + kWordBytes, sizeof(orig));
    const auto asked = venue.asked.find(orig);
    if (asked == venue.asked.end() || asked->second >= place) return kNone;
    place = asked->second;
    at = &events_[venue.asked_order[place]];
  }
  return place;
}

// What has left for a venue of a session that is configured so was durable, whatever the machine
// and the disk did.
void Deliveries::CheckSentWhenDurable(const Venue& venue) {
  for (uint32_t place = 0; place != venue.asked_order.size(); ++place) {
    const uint32_t asked = venue.asked_order[place];
    const Event& event = events_[asked];
    if (!forgotten_.Has(asked) || event.kind != EventKind::kGatewayAsked ||
        (event.type != FrameType::kNewOrder && event.type != FrameType::kReplace)) {
      continue;
    }
    NewOrder order;
    const uint32_t of = NewOrderOf(venue, place);
    if (of != kNone && Decode(events_[venue.asked_order[of]].bytes(), order) == DecodeStatus::kOk &&
        sent_when_durable_.contains(order.account)) {
      findings_.Add(Violation::kPromiseBroken,
                    absl::StrCat("it left before it was durable: ", At(event)));
    }
  }
}

void Deliveries::End() {
  for (const Session& session : sessions_) {
    for (uint64_t place = session.next_took - 1; place < session.sent.size(); ++place) {
      if (session.sent[place] != kNone && session.alive &&
          session.sender[place] == session.process) {
        findings_.Add(Violation::kRequestLost, At(events_[session.sent[place]]));
      }
    }
    if (session.alive && session.next_received <= session.said.size()) {
      findings_.Add(Violation::kReportLost, At(events_[session.said[session.next_received - 1]]));
    }
  }
  for (const Venue& venue : venues_) {
    if (venue.disowned != 0) {
      findings_.Add(Violation::kMemberTaken,
                    absl::StrCat(venue.disowned, " orders of the gateway before live on"));
    }
    for (size_t place = 0; place != venue.asked_order.size(); ++place) {
      const Event& asked = events_[venue.asked_order[place]];
      if (forgotten_.Has(venue.asked_order[place])) {
        if (venue.was_taken[place] && !venue.is_foreign[place]) {
          findings_.Add(Violation::kForeignUncounted, At(asked));
        }
      } else if (place >= venue.in_doubt_before && !venue.was_taken[place] &&
                 !venue.was_answered[place]) {
        findings_.Add(Violation::kVenueRequestLost, At(asked));
      }
    }
    for (uint64_t place = venue.next_heard - 1; place < venue.said.size(); ++place) {
      // Prices go on for ever, so the last ones may be under way.
      const Event& said = events_[venue.said[place]];
      if (said.type != FrameType::kReferencePrice) {
        findings_.Add(Violation::kVenueReportLost, At(said));
      }
    }
  }
}

}  // namespace ringway::sim
