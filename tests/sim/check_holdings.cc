// Judges whether all three parties hold the same orders and positions when all is quiet.
//
// A strategy holds what its reports and snapshots told it, nothing else; the gateway and the venues
// say in a probe what they hold. What a venue lied about is left out where the lie itself makes the
// difference: the order of an overfill has ended for the gateway and still rests at its venue.
// Positions have no such exception: every false fill is taken back before the probe.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "schema/codec.h"
#include "tests/sim/checker_parts.h"

namespace ringway::sim {
namespace {

bool IsQuiet(OrdStatus status) noexcept {
  return status == OrdStatus::kNew || status == OrdStatus::kPartiallyFilled;
}
bool IsOpen(const ExecutionReport& report) noexcept {
  switch (report.ord_status) {
    case OrdStatus::kFilled:
    case OrdStatus::kCanceled:
    case OrdStatus::kExpired:
    case OrdStatus::kRejected:
      return false;
    default:
      return true;
  }
}

Holding HoldingOf(const Event& event) {
  Holding holding;
  std::memcpy(&holding, event.payload.data(), sizeof(holding));
  return holding;
}

// REQUIRES: the event is a probe's order.
OpenOrder OrderOf(const Event& event) {
  OpenOrder order;
  return Decode(event.bytes(), order) == DecodeStatus::kOk ? order : OpenOrder{};
}

}  // namespace

void Holdings::On(uint32_t index) {
  const Event& event = events_[index];
  // A probe says what is held now: it is judged before anything else happens.
  if (event.kind < EventKind::kProbe && probe_.any) Compare();
  switch (event.kind) {
    case EventKind::kStrategySent:
      if (NewOrder order;
          event.type == FrameType::kNewOrder && Decode(event.bytes(), order) == DecodeStatus::kOk) {
        strategies_[event.id].quantities.emplace(order.cl_ord_id, order.qty);
      }
      return;
    case EventKind::kStrategyStart:
    case EventKind::kStrategyResumed:
    case EventKind::kStrategyBack:
      return OnLogon(event);
    case EventKind::kStrategyGap:
      return Forget(strategies_[event.id], event.seq);
    case EventKind::kRecoveredSession: {
      Strategy& strategy = strategies_[event.id];
      strategy.stale = true;
      strategy.next_report = event.seq;
      if (strategy.counted >= event.seq) strategy.complete = false;
      strategy.told.erase(strategy.told.lower_bound(event.seq), strategy.told.end());
      return;
    }
    case EventKind::kStrategyReceived:
      return OnReceived(index);
    case EventKind::kTradingDay:
      days_[event.id] = index;
      return;
    case EventKind::kProbe:
      Compare();
      probe_ = {};
      probe_.any = true;
      return;
    case EventKind::kGatewayOrder:
      probe_.gateway_orders.push_back(index);
      return;
    case EventKind::kVenueOrder:
      probe_.venue_orders.push_back(index);
      return;
    case EventKind::kGatewayPosition:
      probe_.gateway_positions.push_back(HoldingOf(event));
      return;
    case EventKind::kVenuePosition: {
      const Holding held = HoldingOf(event);
      probe_.venue_positions[{static_cast<uint32_t>(held.account),
                              static_cast<uint32_t>(held.instrument)}] += held.quantity;
      return;
    }
    case EventKind::kGatewayCounts:
      std::memcpy(&probe_.counts, event.payload.data(), sizeof(probe_.counts));
      return;
    default:
      return;
  }
}

void Holdings::End() {
  Compare();
  if (probes_ == 0) findings_.Add(Violation::kNoNamedOutcome, "the run has no probe");
}

// --- What a strategy believes ---

void Holdings::OnLogon(const Event& event) {
  Strategy& strategy = strategies_[event.id];
  strategy.stale = false;
  if (event.kind == EventKind::kStrategyStart) {
    Forget(strategy, event.seq);
    if (event.seq <= strategy.counted) strategy.complete = false;
  } else if (event.kind == EventKind::kStrategyResumed) {
    // It knows what it was told up to its number, and no later gateway has taken back.
    strategy.orders.clear();
    for (const auto& [seq, index] : strategy.told) {
      if (seq < event.seq) Learn(events_[index], strategy, false);
    }
  }
}

// A process that lost its memory, or reports that are gone: a snapshot tells the orders again.
void Holdings::Forget(Strategy& strategy, uint64_t next_report) {
  for (auto& [id, belief] : strategy.orders) belief.open = false;
  strategy.told.clear();
  if (next_report > strategy.counted + 1) strategy.complete = false;
  strategy.counted = std::max(strategy.counted, next_report - 1);
}

void Holdings::OnReceived(uint32_t index) {
  const Event& event = events_[index];
  Strategy& strategy = strategies_[event.id];
  Learn(event, strategy, event.seq > strategy.counted);
  strategy.counted = std::max(strategy.counted, event.seq);
  if (strategy.stale && event.seq >= strategy.next_report) {
    strategy.complete = false;  // the old gateway's, which the new one tells otherwise
  } else {
    strategy.told[event.seq] = index;
  }
}

// `trades`: it has not counted this report's.
void Holdings::Learn(const Event& event, Strategy& strategy, bool trades) {
  OrderAck ack;
  OpenOrder shown;
  ExecutionReport report;
  if (event.type == FrameType::kOrderAck && Decode(event.bytes(), ack) == DecodeStatus::kOk) {
    if (ack.request_type != RequestType::kNewOrder) return;
    // One that is known already was sent twice.
    strategy.orders.emplace(ack.order_id, Belief{true, strategy.quantities[ack.cl_ord_id], 0});
  } else if (event.type == FrameType::kOpenOrder &&
             Decode(event.bytes(), shown) == DecodeStatus::kOk) {
    strategy.orders[shown.order_id] = {true, shown.leaves_qty, shown.cum_qty};
  } else if (event.type == FrameType::kExecutionReport &&
             Decode(event.bytes(), report) == DecodeStatus::kOk) {
    strategy.orders[report.order_id] = {IsOpen(report), report.leaves_qty, report.cum_qty};
    if (!trades) return;  // told to a process before
    const auto quantity = static_cast<int64_t>(report.last_qty);
    const bool adds = (report.side == Side::kBuy) != (report.exec_type == ExecType::kBusted);
    strategy.positions[{report.account, report.instrument}] += adds ? quantity : -quantity;
  }
}

// --- Comparing ---

void Holdings::Compare() {
  if (!probe_.any) return;
  probe_.any = false;
  ++probes_;
  CompareOrders();
  CompareWithVenues();
  ComparePositions();
  const Counts& expected = orders_.counts();
  const Counts& counted = probe_.counts;
  const auto compare = [&](uint64_t is, uint64_t should_be, const char* what) {
    if (is == should_be) return;
    findings_.Add(Violation::kCountsDiffer,
                  absl::StrCat("the gateway counts ", is, " ", what, ", there were ", should_be));
  };
  compare(counted.duplicate_reports, expected.duplicate_reports, "duplicate reports");
  const uint64_t unknown_min = expected.unknown_reports - orders_.reports_of_forgotten();
  if (counted.unknown_reports < unknown_min) {
    compare(counted.unknown_reports, unknown_min, "reports of unknown orders");
  } else if (counted.unknown_reports > expected.unknown_reports) {
    compare(counted.unknown_reports, expected.unknown_reports, "reports of unknown orders");
  }
  compare(counted.malformed_reports, expected.malformed_reports, "malformed reports");
  compare(counted.overfills, expected.overfills, "overfills");
  compare(counted.late_fills, expected.late_fills, "late fills");
  compare(counted.busts, expected.busts, "busts");
}

// The gateway's open orders: the record's, the strategies'.
void Holdings::CompareOrders() {
  std::array<size_t, kPartiesMax> open_at_gateway{};
  for (const uint32_t index : probe_.gateway_orders) {
    const Event& event = events_[index];
    const OpenOrder order = OrderOf(event);
    ++open_at_gateway[event.id];
    const TrackedOrder* tracked = orders_.Find(order.order_id);
    const bool orphaned = tracked != nullptr && tracked->orphaned;
    if (!IsQuiet(order.ord_status) || orphaned) {
      findings_.Add(Violation::kNoNamedOutcome, Text(event));
    }
    if (tracked == nullptr || Ended(tracked->life) || tracked->leaves != order.leaves_qty ||
        tracked->cum != order.cum_qty) {
      findings_.Add(Violation::kOpenOrdersDiffer,
                    absl::StrCat("the gateway holds what its reports do not tell: ", Text(event)));
    }
    NewOrder asked;
    if (tracked != nullptr && order.venue < kPartiesMax && tracked->request < days_[order.venue] &&
        Decode(events_[tracked->request].bytes(), asked) == DecodeStatus::kOk &&
        asked.time_in_force == TimeInForce::kDay) {
      findings_.Add(Violation::kOutlivesDay, Text(event));
    }
    const auto& orders = strategies_[event.id].orders;
    const auto belief = orders.find(order.order_id);
    if (belief == orders.end() || !belief->second.open ||
        belief->second.leaves != order.leaves_qty || belief->second.cum != order.cum_qty) {
      findings_.Add(Violation::kOpenOrdersDiffer,
                    absl::StrCat("its strategy does not know of: ", Text(event)));
    }
  }
  std::array<size_t, kPartiesMax> open_in_record{};
  for (const TrackedOrder& order : orders_.orders()) {
    open_in_record[order.session] += !Ended(order.life);
  }
  for (uint32_t session = 0; session != kPartiesMax; ++session) {
    const auto& orders = strategies_[session].orders;
    const auto believed =
        std::count_if(orders.begin(), orders.end(), [](const auto& o) { return o.second.open; });
    if (open_in_record[session] != open_at_gateway[session] ||
        static_cast<size_t>(believed) != open_at_gateway[session]) {
      findings_.Add(Violation::kOpenOrdersDiffer,
                    absl::StrCat("session ", session, ": open at the gateway ",
                                 open_at_gateway[session], ", by its reports ",
                                 open_in_record[session], ", for the strategy ", believed));
    }
  }
}

void Holdings::CompareWithVenues() {
  std::map<std::pair<uint32_t, uint64_t>, OpenOrder> at_venue;  // by venue and its name
  for (const uint32_t index : probe_.venue_orders) {
    const OpenOrder order = OrderOf(events_[index]);
    at_venue[{events_[index].id, order.cl_ord_id}] = order;
  }
  for (const uint32_t index : probe_.gateway_orders) {
    const Event& event = events_[index];
    const OpenOrder order = OrderOf(event);
    const TrackedOrder* tracked = orders_.Find(order.order_id);
    const bool excused = tracked != nullptr && tracked->lied_about;
    const auto found = at_venue.find({order.venue, event.other});
    const bool same = found != at_venue.end() && found->second.leaves_qty == order.leaves_qty &&
                      found->second.cum_qty == order.cum_qty &&
                      found->second.price == order.price && found->second.side == order.side;
    if (!same && !excused) {
      findings_.Add(Violation::kOpenOrdersDiffer,
                    absl::StrCat("its venue does not hold: ", Text(event)));
    }
    if (found != at_venue.end()) at_venue.erase(found);
  }
  for (const auto& [name, order] : at_venue) {
    const TrackedOrder* tracked = orders_.FindByVenueName(name.first, name.second);
    const bool forgotten = forgotten_.FindOrder(name.first, name.second) != nullptr;
    if (!forgotten && (tracked == nullptr || !tracked->lied_about)) {
      findings_.Add(Violation::kOpenOrdersDiffer,
                    absl::StrCat("venue ", name.first, " holds order ", name.second,
                                 ", the gateway does not"));
    }
  }
}

void Holdings::ComparePositions() {
  std::map<std::pair<uint32_t, uint32_t>, std::array<uint64_t, 2>> open;
  for (const TrackedOrder& order : orders_.orders()) {
    if (!Ended(order.life)) {
      open[{order.account, order.instrument}][order.side == Side::kBuy ? 0 : 1] += order.leaves;
    }
  }
  const auto differs = [&](const Holding& held, const char* from, int64_t other) {
    findings_.Add(Violation::kPositionsDiffer,
                  absl::StrCat("account ", held.account, " instrument ", held.instrument,
                               ": the gateway holds ", held.quantity, ", ", from, " ", other));
  };
  const auto value_at = [](const auto& positions, const auto& key) -> int64_t {
    const auto found = positions.find(key);
    return found == positions.end() ? 0 : found->second;
  };
  for (const Holding& held : probe_.gateway_positions) {
    const std::pair key{static_cast<uint32_t>(held.account),
                        static_cast<uint32_t>(held.instrument)};
    // Neither venues nor reports know what operators have added.
    const int64_t adjusted = operators_.adjusted(key.first, key.second);
    const int64_t booked = value_at(orders_.booked(), key) + adjusted;
    const int64_t reported = value_at(orders_.positions(), key) + booked;
    if (reported != held.quantity) differs(held, "its reports say", reported);
    const int64_t at_venues = value_at(probe_.venue_positions, key) + adjusted;
    if (at_venues != held.quantity) differs(held, "its venues", at_venues);
    const uint32_t session = 1 + static_cast<uint32_t>(held.account % 100);
    if (session < kPartiesMax && strategies_[session].complete) {
      const int64_t believed = value_at(strategies_[session].positions, key) + booked;
      if (believed != held.quantity) differs(held, "its strategy", believed);
    }
    if (open[key][0] != held.open_buy || open[key][1] != held.open_sell) {
      findings_.Add(Violation::kPositionsDiffer,
                    absl::StrCat("account ", held.account, " instrument ", held.instrument,
                                 ": exposure ", held.open_buy, " bought and ", held.open_sell,
                                 " sold, by its reports ", open[key][0], " and ", open[key][1]));
    }
  }
}

}  // namespace ringway::sim
