// Records what a gateway's engine holds when all is quiet: open orders, positions and what it
// counted.
#pragma once

#include <span>

#include "gateway/engine/engine.h"
#include "schema/messages.h"
#include "tests/sim/events.h"

namespace ringway::sim {

// Orders are recorded session by session, in this order.
inline void RecordHoldings(const Engine& engine, std::span<const SessionId> sessions,
                           Recorder& recorder) {
  for (const SessionId session : sessions) {
    engine.ForEachOpenOrder(session, [&](const OrderView& view) {
      OpenOrder order;
      order.cl_ord_id = view.cl_ord_id;
      order.order_id = view.order_id;
      order.instrument = view.instrument;
      order.account = view.account;
      order.side = view.side;
      order.ord_status = view.status;
      order.venue = view.venue;
      order.price = view.price;
      order.leaves_qty = view.leaves_qty;
      order.cum_qty = view.cum_qty;
      recorder.Add(EventKind::kGatewayOrder, session, 0, order, view.venue_request_id);
    });
  }
  engine.ForEachPosition([&](const PositionView& view) {
    recorder.AddPlain(EventKind::kGatewayPosition, view.account,
                      Holding{.account = view.account,
                              .instrument = view.instrument,
                              .quantity = view.quantity,
                              .open_buy = view.open_buy,
                              .open_sell = view.open_sell},
                      view.instrument);
  });
  const EngineCounters& counters = engine.counters();
  recorder.AddPlain(EventKind::kGatewayCounts, 0,
                    Counts{.duplicate_reports = counters.duplicate_reports,
                           .unknown_reports = counters.unknown_reports,
                           .malformed_reports = counters.malformed_reports,
                           .overfills = counters.overfills,
                           .late_fills = counters.late_fills,
                           .busts = counters.busts});
}

}  // namespace ringway::sim
