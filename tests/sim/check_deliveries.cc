// Did every message arrive once, in order and unchanged?
//
// Requests of a session may be lost only with the process that sent them, and then from some number
// on. Reports may be missed by a process only where a gap was announced. Requests to a venue are
// never sent twice: one that the venue did not take was answered in its stead. Every word of a
// venue reaches the gateway's engine.
#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

// The connector's or the gateway's own answers; gateway/connector/unseen_request.h.
constexpr uint64_t kConnectorsBits = 3;  // the two highest of execId

uint64_t RequestIdOf(const Event& event) {
  // Every request begins with its clOrdId.
  uint64_t id = 0;
  if (event.payload_bytes >= kRootBytes + kWordBytes) {
    std::memcpy(&id, event.payload.data() + kRootBytes, sizeof(id));
  }
  return id;
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
    default:
      return;
  }
}

// --- Between a strategy and the gateway ---

void Deliveries::OnLogon(const Event& event) {
  Session& session = sessions_[event.id];
  if (event.kind == EventKind::kStrategyBack) {
    if (event.seq != session.next_received) {
      findings_.Add(
          Violation::kReportMisnumbered,
          absl::StrCat("a process that goes on expects ", session.next_received, ": ", At(event)));
    }
    return;
  }
  ++session.process;
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
      // Only a process that is dead may have lost what it sent.
      if (place < session.sent.size() && session.sent[place] != kNone && session.alive &&
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
  if (event.seq == 0 || event.seq > session.said.size() ||
      !events_[session.said[event.seq - 1]].SameMessage(event)) {
    findings_.Add(Violation::kReportForeign, At(event));
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
}

void Deliveries::OnVenueLogon(const Event& event) {
  Venue& venue = venues_[event.id];
  // What waited at the end of the link before was read and never taken.
  while (venue.took.size() >= event.other) {
    venue.was_taken[venue.took.back()] = false;
    venue.took.pop_back();
  }
  if (venue.took.size() + 1 != event.other) {
    findings_.Add(Violation::kVenueRequestForeign,
                  absl::StrCat("the venue counts requests that it never took: ", At(event)));
  }
  if (event.seq > venue.said.size() + 1) {
    findings_.Add(Violation::kVenueReportMisnumbered, At(event));
  }
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
  if (event.seq != venue.took.size() + 1 || (!venue.took.empty() && venue.took.back() >= place)) {
    findings_.Add(Violation::kVenueRequestForeign, absl::StrCat("out of order: ", At(event)));
  }
  venue.was_taken[place] = true;
  venue.took.push_back(place);
}

void Deliveries::OnVenueSaid(uint32_t index) {
  const Event& event = events_[index];
  Venue& venue = venues_[event.id];
  if (event.seq == venue.said.size() + 1) {
    venue.said.push_back(index);
  } else if (event.seq == 0 || event.seq > venue.said.size() ||
             !events_[venue.said[event.seq - 1]].SameMessage(event)) {
    findings_.Add(Violation::kVenueReportMisnumbered, At(event));
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
  return true;
}

void Deliveries::OnHeard(const Event& event) {
  Venue& venue = venues_[event.id];
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
      status.state == VenueState::kDown) {
    return;  // the connector's own: venues here never say so
  }
  const uint64_t place = venue.next_heard++ - 1;
  if (place >= venue.said.size() || !events_[venue.said[place]].SameMessage(event)) {
    findings_.Add(Violation::kVenueReportForeign,
                  absl::StrCat("report ", place + 1, " of the venue was to come: ", At(event)));
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
    for (size_t place = 0; place != venue.asked_order.size(); ++place) {
      if (!venue.was_taken[place] && !venue.was_answered[place]) {
        findings_.Add(Violation::kVenueRequestLost, At(events_[venue.asked_order[place]]));
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
