// What do sessions and connectors take over from the gateway's process before this one?
//
// In this order: RecallSession() before the session layer is made, RecallReports() before its first
// turn, RecallVenue() before the connector's. Thread rule: set-up code of one thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/engine/engine.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/session/session_options.h"
#include "gateway/step.h"

namespace ringway {

// `engine`: the replayed one, before its next start.
inline void RecallSession(const ReplayedGateway& past, const Engine& engine,
                          SessionConfig& session) {
  session.next_seq_in = engine.next_seq_in(session.id);
  session.next_seq_out = session.next_seq_out_recorded = engine.next_seq_out(session.id);
  const ReplayedSession* ended = past.session(session.id);
  if (ended == nullptr) return;
  session.incarnation = ended->incarnation;
  session.epoch = ended->epoch;
  session.next_seq_out_recorded =
      std::min(session.next_seq_out_recorded, ended->next_seq_out_at_start);
  if (ended->reports.count() != 0) session.next_seq_out = ended->reports.first();
}

// `Sessions`: a SessionLayer made of what RecallSession() gave.
template <class Sessions>
void RecallReports(const ReplayedGateway& past, SessionId id, Sessions& sessions) {
  const ReplayedSession* ended = past.session(id);
  if (ended == nullptr) return;
  Effect report;
  report.target = Target::kSession;
  report.id = id;
  for (report.seq = ended->reports.first(); report.seq != ended->reports.next(); ++report.seq) {
    const ResendStore::Slot& slot = ended->reports.at(report.seq);
    report.type = slot.type;
    report.payload_bytes = slot.payload_bytes;
    std::memcpy(report.payload.data(), slot.payload.data(), slot.payload_bytes);
    sessions.Send(report);
  }
}

inline void RecallVenue(const ReplayedGateway& past, VenueId id, Connector& connector) {
  const ReplayedVenue* venue = past.venue(id);
  if (venue == nullptr) return;
  const std::vector<Effect> requests(venue->requests.begin(), venue->requests.end());
  connector.Restore(venue->cursor, requests);
}

}  // namespace ringway
