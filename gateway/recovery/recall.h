// What sessions and connectors take over from the gateway's process before this one.
//
// In this order: RecallSession() and RetiredSession() before the session layer is made,
// RecallReports() before its first turn, RecallVenue() before the connector's. A session that
// cannot be continued is disabled, with a reason, and the gateway starts. Thread rule: set-up code
// of one thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/core/session_numbers.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/session/session_options.h"
#include "msg/auth.h"
#include "msg/session_protocol.h"

namespace ringway {

// `engine`: the replayed one, before its next start.
inline void RecallSession(const ReplayedGateway& past, const Engine& engine,
                          SessionConfig& session) {
  session.next_seq_in = engine.next_seq_in(session.id);
  session.next_seq_out = session.next_seq_out_recorded = engine.next_seq_out(session.id);
  if (session.next_seq_in > kSequenceEnd || session.next_seq_out > kSequenceEnd) {
    session.disabled =
        "its sequence numbers are used up: give its strategy a session of a new number";
  }
  const ReplayedSession* ended = past.session(session.id);
  if (ended == nullptr) return;
  session.incarnation = ended->incarnation;
  session.epoch = ended->epoch;
  session.next_seq_out_recorded =
      std::min(session.next_seq_out_recorded, ended->next_seq_out_at_start);
  if (ended->reports.count() != 0) session.next_seq_out = ended->reports.first();
}

// A session that is no longer configured but is part of the state: its orders stay, its reports are
// numbered, and no client can log on. `key`: any that no client has.
inline SessionConfig RetiredSession(const ReplayedGateway& past, const Engine& engine, SessionId id,
                                    const SessionKey& key) {
  SessionConfig session{.id = id, .key = key, .report_slots = kResendSlotsMin};
  RecallSession(past, engine, session);
  session.disabled = "it is not in the configuration any more, where the journal knows it";
  if (const uint32_t open = engine.open_orders(id); open != 0) {
    session.disabled += " with " + std::to_string(open) +
                        " open orders: cancel them, or configure the session again";
  }
  return session;
}

// `Sessions`: a SessionLayer made of what RecallSession() gave.
template <class Sessions>
void RecallReports(const ReplayedGateway& past, SessionId id, Sessions& sessions) {
  const ReplayedSession* ended = past.session(id);
  if (ended == nullptr) return;
  for (uint64_t seq = ended->reports.first(); seq != ended->reports.next(); ++seq) {
    const ResendStore::Slot& report = ended->reports.at(seq);
    sessions.Send(EffectView{Target::kSession, report.type, id, seq, report.bytes()});
  }
}

inline std::vector<VenueOrder> OpenOrdersAt(const Engine& engine, VenueId venue) {
  std::vector<VenueOrder> orders;
  const auto add = [&](const OrderView& order) {
    if (order.venue != venue) return;
    orders.push_back({.id = order.venue_request_id,
                      .first_id = order.order_id,
                      .cancel_id = order.cancel_id,
                      .replace_id = order.replace_id,
                      .price = order.price,
                      .stop_price = order.stop_price,
                      .qty = order.cum_qty + order.leaves_qty,
                      .cum_qty = order.cum_qty,
                      .replace_price = order.replace_price,
                      .replace_qty = order.replace_qty,
                      .instrument = order.instrument,
                      .account = order.account,
                      .side = order.side,
                      .ord_type = order.ord_type,
                      .time_in_force = order.time_in_force,
                      .confirmed = order.confirmed});
  };
  for (const SessionId session : engine.SessionIds()) engine.ForEachOpenOrder(session, add);
  return orders;
}

// `engine`: as in RecallSession().
inline void RecallVenue(const ReplayedGateway& past, const Engine& engine, VenueId id,
                        Connector& connector) {
  const ReplayedVenue* venue = past.venue(id);
  if (venue == nullptr) return;
  connector.RestoreOrders(OpenOrdersAt(engine, id));
  const std::vector<Effect> requests(venue->requests.begin(), venue->requests.end());
  connector.Restore(venue->cursor, requests);
}

}  // namespace ringway
