// Judges whether everything that must come at last comes within its bound.
//
// Each promise has a bound that follows from the world's own times: how long a disk syncs, a write
// travels, a dead link stays unnoticed. Its clock begins when the last of its preconditions comes
// to hold and begins anew when one of them failed meanwhile; what is late is found when it comes,
// or when a precondition fails, or at the end. A GapFill is held against what was really lost.
#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

constexpr int64_t kReportBytes = 192;  // of a ring, what a report takes at most
constexpr int64_t kRequestBytes = 64;  // likewise a request to a venue
// Turns in which a party may be busy with what came before.
constexpr int64_t kSlackTurns = 4;
// There and back over a link, for each of a few things that wait for one another.
constexpr int64_t kSlackTrips = 8;

uint64_t Word(const Event& event, size_t index) {
  uint64_t word = 0;
  std::memcpy(&word, event.payload.data() + kRootBytes + index * kWordBytes, sizeof(word));
  return word;
}
// Of every request and answer.
uint64_t FirstWord(const Event& event) { return Word(event, 0); }

template <class... Times>
bool IsLate(int64_t now_ns, int64_t bound_ns, Times... since_ns) {
  const int64_t since = std::max({since_ns...});
  return since != INT64_MAX && now_ns - since > bound_ns;
}

}  // namespace

void Liveness::On(uint32_t index) {
  const Event& event = events_[index];
  if (event.kind == EventKind::kBounds) return SetBounds(event);
  if (!bounded_ || event.kind >= EventKind::kProbe) return;
  Session& session = sessions_[event.id];
  Venue& venue = venues_[event.id];
  switch (event.kind) {
    case EventKind::kSendsWhenDurable:
      session.sends_when_durable = true;
      return;
    case EventKind::kStrategyStart:
    case EventKind::kStrategyResumed:
    case EventKind::kStrategyBack:
      return OnLogon(event);
    case EventKind::kStrategySent:
      if (event.type == FrameType::kCancel) {
        session.cancels[FirstWord(event)] = {.sent_ns = event.time_ns};
      }
      return;
    case EventKind::kStrategyReceived:
      return OnReceived(event);
    case EventKind::kStrategyGap:
      return OnGap(event);
    case EventKind::kStrategyDied:
      return OnDisturbed(event, session);
    case EventKind::kGatewayTook:
      if (event.type == FrameType::kCancel) OnTookCancel(event);
      return;
    case EventKind::kGatewaySaid:
      return OnSaid(event);
    case EventKind::kGatewayAsked:
      if (event.type == FrameType::kNewOrder) Leave(event, event.id, FirstWord(event));
      return;
    case EventKind::kGatewayHeard:
      if (event.type == FrameType::kVenueStatus) OnVenueStatus(event);
      return;
    case EventKind::kVenueLogon:
      venue.tells += venue.lost_requests;
      if (const int64_t free_ns = std::exchange(venue.free_ns, kNever);
          free_ns != kNever && event.time_ns - free_ns < anew_ns_) {
        findings_.Add(Violation::kMemberTaken, absl::StrCat("too early: ", Text(event)));
      }
      return;
    case EventKind::kVenueTook:
      if (event.type == FrameType::kCancel) OnVenueTookCancel(event);
      return;
    case EventKind::kVenueSaid:
      return OnVenueSaid(event);
    case EventKind::kGatewayDied:
      SettleAll(event.time_ns);
      return EndGateway();
    case EventKind::kPowerLost:
      power_lost_ = true;
      return;
    case EventKind::kRecoveredSession:
      session.said = event.seq - 1;
      while (!session.reports.empty() && session.reports.back().seq >= event.seq) {
        session.reports.pop_back();
      }
      for (Report& report : session.reports) report.durable_ns = event.time_ns;
      session.durable = session.reports.size();
      return;
    case EventKind::kRecoveredVenue:
      venue.anew |= venue.dialled && event.seq == 0;
      return;
    case EventKind::kGatewayRecovered:
      return OnRecovered(index);
    case EventKind::kSessionDialled:
      session.way.broken = false;
      return;
    case EventKind::kSessionDisturbed:
      return OnDisturbed(event, session);
    case EventKind::kMemberHeld:
      venue.held = true;
      return;
    case EventKind::kMemberFree:
      venue.held = false;
      venue.anew = venue.lost_requests = true;
      venue.down_ns = venue.free_ns = event.time_ns;
      return;
    case EventKind::kVenueDialled:
      venue.dialled = true;
      venue.way.broken = false;
      return;
    case EventKind::kVenueDisturbed:
      return OnDisturbed(event, venue);
    case EventKind::kGatewayDisk:
      SettleAll(event.time_ns);
      disk_since_ns_ = event.other == 0 ? event.time_ns : kNever;
      return;
    case EventKind::kGatewayDurable:
      return OnDurable(event);
    case EventKind::kTradingDay:
      return OnTradingDay(index);
    case EventKind::kGatewayHeldBack:
      for (uint32_t id = 1; id != kPartiesMax; ++id) Settle(sessions_[id], id, event.time_ns);
      takes_since_ns_ = event.other == 0 ? event.time_ns : kNever;
      return;
    default:
      return;
  }
}

void Liveness::SetBounds(const Event& event) {
  Bounds bounds;
  std::memcpy(&bounds, event.payload.data(), sizeof(bounds));
  const auto turn = static_cast<int64_t>(bounds.turn);
  const auto wire = static_cast<int64_t>(bounds.wire);
  const auto ring = static_cast<int64_t>(bounds.ring);
  const int64_t trip = 2 * wire + kSlackTurns * turn;
  const int64_t backlog_trips = static_cast<int64_t>(bounds.reports) * kReportBytes / ring + 1;
  reports_kept_ = bounds.reports;
  for (uint32_t id = 0; id != kPartiesMax; ++id) {
    sessions_[id].holds = (bounds.durable_sessions >> id & 1) != 0;
  }
  // The sync that is under way, and the next one.
  durable_ns_ = 2 * static_cast<int64_t>(bounds.sync) + kSlackTurns * turn;
  // Behind everything that the gateway keeps for the session.
  told_ns_ = (kSlackTrips + backlog_trips) * trip;
  // Behind what another session's order waits for, and what its venue's place in the journal does.
  // Each time that cancels overtake what the link has no room for costs a sync.
  const int64_t rings = static_cast<int64_t>(bounds.queue) * kRequestBytes / ring;
  leaves_ns_ = (2 + rings) * durable_ns_ + kSlackTrips * trip;
  // The end is noticed, one attempt may be refused because of it, the next one is not.
  up_ns_ = static_cast<int64_t>(bounds.link_dead) + 2 * static_cast<int64_t>(bounds.retry) +
           2 * static_cast<int64_t>(bounds.logon) + durable_ns_ + told_ns_;
  anew_ns_ = static_cast<int64_t>(bounds.anew);
  bounded_ = true;
}

void Liveness::End() { SettleAll(events_.empty() ? 0 : events_.back().time_ns); }

void Liveness::Add(Violation violation, int64_t now_ns, const std::string& what) {
  findings_.Add(violation,
                absl::StrCat(what, ": not by ", (now_ns - events_.front().time_ns) / kNsPerUs,
                             " us of the record"));
}

// --- What has to work ---

void Liveness::OnDisturbed(const Event& event, Session& session) {
  Settle(session, event.id, event.time_ns);
  session.way.Disturb(event);
  session.cancels.clear();
}

void Liveness::OnDisturbed(const Event& event, Venue& venue) {
  Settle(venue, event.id, event.time_ns);
  for (uint32_t id = 1; id != kPartiesMax; ++id) Settle(sessions_[id], id, event.time_ns);
  venue.way.Disturb(event);
  venue.down_ns = event.time_ns;
}

void Liveness::OnLogon(const Event& event) {
  Session& session = sessions_[event.id];
  session.resumed |= event.kind == EventKind::kStrategyResumed;
  session.way.Begin(event.time_ns);
  if (session.holds && session.held_since_ns == kNever) session.held_since_ns = event.time_ns;
  session.next_received = event.seq;
  DropReports(session, event.seq);
}

void Liveness::EndGateway() {
  gateway_since_ns_ = kNever;
  for (Session& session : sessions_) {
    session.way.since_ns = session.held_since_ns = kNever;
    session.cancels.clear();
  }
  for (Venue& venue : venues_) {
    venue.way.since_ns = kNever;
    venue.up = false;
    venue.orders.clear();
  }
}

void Liveness::OnRecovered(uint32_t index) {
  EndGateway();
  const int64_t now_ns = events_[index].time_ns;
  gateway_since_ns_ = disk_since_ns_ = takes_since_ns_ = now_ns;
  std::array<uint64_t, kPartiesMax> forgotten{};
  for (uint32_t at = 0; at != index; ++at) {
    forgotten[events_[at].id % kPartiesMax] +=
        events_[at].kind == EventKind::kGatewayAsked && forgotten_.Has(at);
  }
  for (uint32_t id = 1; id != kPartiesMax; ++id) {
    Venue& venue = venues_[id];
    venue.down_ns = now_ns;
    // What tells of an earlier loss may have been lost with it.
    venue.lost_requests |= power_lost_ && forgotten[id] != 0;
  }
  power_lost_ = false;
}

void Liveness::OnVenueStatus(const Event& event) {
  VenueStatus status;
  if (Decode(event.bytes(), status) != DecodeStatus::kOk || status.instrument != 0) return;
  Venue& venue = venues_[event.id];
  Settle(venue, event.id, event.time_ns);
  for (uint32_t id = 1; id != kPartiesMax; ++id) Settle(sessions_[id], id, event.time_ns);
  venue.way.since_ns = kNever;
  if (status.state == VenueState::kUp) {
    venue.up = true;
    venue.anew = venue.lost_requests = false;
    venue.way.Begin(event.time_ns);
  } else if (status.state == VenueState::kDown) {
    venue.up = false;
    venue.down_ns = event.time_ns;
  }
}

int64_t Liveness::VenuesSince() const {
  int64_t since_ns = 0;
  for (const Venue& venue : venues_) {
    if (venue.dialled) since_ns = std::max(since_ns, venue.way.since_ns);
  }
  return since_ns;
}

// --- Reports ---

void Liveness::OnSaid(const Event& event) {
  Session& session = sessions_[event.id];
  if (event.seq != 0) {
    session.said = event.seq;
    session.reports.push_back({event.seq, event.time_ns, session.holds ? kNever : event.time_ns});
  }
  OrderAck ack;
  switch (event.type) {
    case FrameType::kOrderAck:
      if (Decode(event.bytes(), ack) != DecodeStatus::kOk) return;
      if (ack.request_type == RequestType::kNewOrder && ack.venue < kPartiesMax) {
        // A request that came again is acknowledged again.
        const TrackedOrder* order = orders_.Find(ack.order_id);
        if (order == nullptr || order->asked || Ended(order->life)) return;
        const int64_t since_ns = session.sends_when_durable ? kNever : event.time_ns;
        venues_[ack.venue].orders.emplace(ack.order_id, Waiting{event.seq, event.id, since_ns});
      } else if (const auto cancel = session.cancels.find(ack.cl_ord_id);
                 cancel != session.cancels.end()) {
        cancel->second.order_id = ack.order_id;
      }
      return;
    case FrameType::kExecutionReport:
      for (uint32_t id = 1; id != kPartiesMax; ++id) {
        if (!venues_[id].orders.empty()) Leave(event, id, Word(event, 1));  // its orderId
        if (!venues_[id].overdue.empty()) EndOverdue(id, Word(event, 1), event.time_ns);
      }
      if (session.cancels.empty()) return;
      return AnswerCancel(event, FirstWord(event));
    case FrameType::kCancelReject:
    case FrameType::kOrderReject:
      return AnswerCancel(event, FirstWord(event));
    default:
      return;
  }
}

void Liveness::OnDurable(const Event& event) {
  Session& session = sessions_[event.id];
  const int64_t now_ns = event.time_ns;
  for (; session.durable < session.reports.size(); ++session.durable) {
    Report& report = session.reports[session.durable];
    if (report.seq >= event.seq) break;
    if (report.durable_ns != kNever) continue;
    JudgeDurable(session, event.id, report, now_ns);
    report.durable_ns = now_ns;
  }
  if (!session.sends_when_durable) return;
  for (Venue& venue : venues_) {
    for (auto& [order_id, waiting] : venue.orders) {
      if (waiting.session == event.id && waiting.seq < event.seq && waiting.since_ns == kNever) {
        waiting.since_ns = now_ns;
      }
    }
  }
}

void Liveness::OnReceived(const Event& event) {
  Session& session = sessions_[event.id];
  session.next_received = event.seq + 1;
  session.resumed = false;
  // What the ring of an earlier gateway still holds is not what this one owes.
  if (session.way.since_ns == kNever) return;
  if (session.reports.empty() || session.reports.front().seq > event.seq) return;
  SettleReports(session, event.id, event.time_ns);
  DropReports(session, event.seq + 1);
}

void Liveness::DropReports(Session& session, uint64_t next) {
  while (!session.reports.empty() && session.reports.front().seq < next) {
    session.reports.pop_front();
    session.durable -= session.durable != 0;
  }
}

// The gateway says that reports will not come: it keeps no more than so many.
void Liveness::OnGap(const Event& event) {
  Session& session = sessions_[event.id];
  const uint64_t lacking = session.said + 1 - std::min(session.said + 1, session.next_received);
  if (event.seq > session.next_received && lacking <= reports_kept_ && !session.resumed) {
    findings_.Add(
        Violation::kGapUnneeded,
        absl::StrCat(lacking, " reports are missing, all of which it keeps: ", Text(event)));
  }
  session.resumed = false;
  session.next_received = std::max(session.next_received, event.seq);
  DropReports(session, event.seq);
}

// --- Requests ---

void Liveness::Leave(const Event& event, uint32_t id, uint64_t order_id) {
  Venue& venue = venues_[id];
  const auto found = venue.orders.find(order_id);
  if (found == venue.orders.end()) return;
  if (IsLate(event.time_ns, leaves_ns_, found->second.since_ns, venue.way.since_ns, disk_since_ns_,
             gateway_since_ns_)) {
    Add(Violation::kOrderLate, event.time_ns, absl::StrCat("order ", order_id, " left"));
  }
  venue.orders.erase(found);
}

void Liveness::AnswerCancel(const Event& event, uint64_t cl_ord_id) {
  Session& session = sessions_[event.id];
  const auto found = session.cancels.find(cl_ord_id);
  if (found == session.cancels.end()) return;
  JudgeCancel(session, cl_ord_id, found->second, event.time_ns);
  session.cancels.erase(found);
}

void Liveness::OnVenueTookCancel(const Event& event) {
  Cancel cancel;
  if (Decode(event.bytes(), cancel) != DecodeStatus::kOk) return;
  const TrackedOrder* order = orders_.FindByVenueName(event.id, cancel.orig_cl_ord_id);
  if (order == nullptr || order->session >= kPartiesMax) return;
  if (venues_[event.id].overdue.contains(order->order_id)) {
    EndOverdue(event.id, order->order_id, event.time_ns);
    venues_[event.id].overdue.erase(order->order_id);
  }
  Session& session = sessions_[order->session];
  for (auto at = session.cancels.begin(); at != session.cancels.end();) {
    const auto sent = at++;
    if (sent->second.order_id != order->order_id) continue;
    JudgeCancel(session, sent->first, sent->second, event.time_ns);
    session.cancels.erase(sent);
  }
}

void Liveness::OnTookCancel(const Event& event) {
  Session& session = sessions_[event.id];
  const auto found = session.cancels.find(FirstWord(event));
  if (found == session.cancels.end()) return;
  JudgeCancel(session, found->first, found->second, event.time_ns);
  found->second.took_ns = event.time_ns;
}

void Liveness::JudgeCancel(const Session& session, uint64_t cl_ord_id, const SentCancel& cancel,
                           int64_t now_ns) {
  // While half of what is kept for a session waits for the disk, its requests wait as well.
  const int64_t taken_ns = told_ns_ + (session.holds ? durable_ns_ : 0);
  const bool late = cancel.took_ns == kNever
                        ? IsLate(now_ns, taken_ns, cancel.sent_ns, session.way.since_ns,
                                 gateway_since_ns_, disk_since_ns_, takes_since_ns_)
                        : IsLate(now_ns, leaves_ns_, cancel.took_ns, gateway_since_ns_,
                                 disk_since_ns_, VenuesSince());
  if (!late) return;
  Add(Violation::kCancelLate, now_ns,
      absl::StrCat("cancel ", cl_ord_id,
                   cancel.took_ns == kNever ? " at the gateway" : " at its venue"));
}

// Identifiers are told to a member whose count is lower than the venue's, and to no other.
void Liveness::OnVenueSaid(const Event& event) {
  Venue& venue = venues_[event.id];
  if (event.seq <= venue.said) return;  // once more
  venue.said = event.seq;
  if (event.type != FrameType::kGapFill) return;
  if (venue.tells != 0) {
    --venue.tells;
  } else {
    findings_.Add(Violation::kGapUnneeded,
                  absl::StrCat("the gateway has lost no request: ", Text(event)));
  }
}

// --- Days ---

// Orders for the day that are open now have to end, or their venue is asked to end them.
void Liveness::OnTradingDay(uint32_t index) {
  Venue& venue = venues_[events_[index].id];
  venue.overdue.clear();
  for (const TrackedOrder& order : orders_.orders()) {
    NewOrder asked;
    if (order.venue == events_[index].id && !Ended(order.life) && order.asked &&
        Decode(events_[order.request].bytes(), asked) == DecodeStatus::kOk &&
        asked.time_in_force == TimeInForce::kDay) {
      venue.overdue.emplace(order.order_id, events_[index].time_ns);
    }
  }
}

void Liveness::EndOverdue(uint32_t id, uint64_t order_id, int64_t now_ns) {
  Venue& venue = venues_[id];
  const auto found = venue.overdue.find(order_id);
  if (found == venue.overdue.end()) return;
  if (IsLate(now_ns, leaves_ns_, found->second, venue.way.since_ns, disk_since_ns_,
             gateway_since_ns_)) {
    Add(Violation::kOutlivesDay, now_ns, absl::StrCat("order ", order_id, " asked to end"));
    venue.overdue.erase(found);
    return;
  }
  const TrackedOrder* order = orders_.Find(order_id);
  if (order == nullptr || Ended(order->life)) venue.overdue.erase(found);
}

// --- What has not come ---

// A gateway asks its disk only for those who logged on at it: whatever it reports to others is as
// durable as they were promised once the record of their logon is.
void Liveness::JudgeDurable(const Session& session, uint32_t id, const Report& report,
                            int64_t now_ns) {
  if (IsLate(now_ns, durable_ns_, report.said_ns, session.held_since_ns, disk_since_ns_,
             gateway_since_ns_)) {
    Add(Violation::kDurableLate, now_ns,
        absl::StrCat("session ", id, ": report ", report.seq, " durable"));
  }
}

void Liveness::SettleReports(const Session& session, uint32_t id, int64_t now_ns) {
  if (session.reports.empty()) return;
  const Report& first = session.reports.front();
  int64_t since_ns = std::max(session.way.since_ns, gateway_since_ns_);
  if (session.holds && since_ns != kNever) {  // its logon has to be durable first
    since_ns = disk_since_ns_ == kNever ? kNever : std::max(since_ns, disk_since_ns_) + durable_ns_;
  }
  if (IsLate(now_ns, told_ns_, first.durable_ns, since_ns)) {
    Add(Violation::kReportLate, now_ns,
        absl::StrCat("session ", id, ": report ", first.seq, " told"));
  }
}

void Liveness::Settle(const Session& session, uint32_t id, int64_t now_ns) {
  SettleReports(session, id, now_ns);
  if (session.holds && session.durable < session.reports.size()) {
    const Report& first = session.reports[session.durable];
    if (first.durable_ns == kNever) JudgeDurable(session, id, first, now_ns);
  }
  for (const auto& [cl_ord_id, cancel] : session.cancels) {
    JudgeCancel(session, cl_ord_id, cancel, now_ns);
  }
}

void Liveness::Settle(const Venue& venue, uint32_t id, int64_t now_ns) {
  if (!venue.dialled) return;
  if (!venue.up && !venue.held &&
      IsLate(now_ns, up_ns_ + (venue.anew ? anew_ns_ : 0), venue.down_ns,
             venue.way.disturbed_until_ns, gateway_since_ns_, disk_since_ns_)) {
    Add(Violation::kVenueLate, now_ns, absl::StrCat("venue ", id, " up"));
  }
  for (const auto& [order_id, waiting] : venue.orders) {
    if (IsLate(now_ns, leaves_ns_, waiting.since_ns, venue.way.since_ns, disk_since_ns_,
               gateway_since_ns_)) {
      Add(Violation::kOrderLate, now_ns, absl::StrCat("order ", order_id, " left"));
    }
  }
}

void Liveness::SettleAll(int64_t now_ns) {
  for (uint32_t id = 1; id != kPartiesMax; ++id) {
    Settle(sessions_[id], id, now_ns);
    Settle(venues_[id], id, now_ns);
  }
}

}  // namespace ringway::sim
