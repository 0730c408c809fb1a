// Implements history.h: merges the parties' records.
#include "tests/e2e/kills/history.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/strategy_memory.h"

namespace ringway::kills {
namespace {

using sim::Event;
using sim::EventKind;

// The gateway's, its connector's or a venue's own: the two highest bits of an execId.
constexpr uint64_t kConnectorsBits = 3;

bool IsHolding(EventKind kind) { return kind > EventKind::kProbe; }

// The request that a connector answered on behalf of the venue; 0: not such an answer.
uint64_t StoodInFor(const Event& heard) {
  ExecutionReport report;
  CancelReject reject;
  if (heard.type == FrameType::kExecutionReport &&
      Decode(heard.bytes(), report) == DecodeStatus::kOk) {
    return report.exec_id >> 62 == kConnectorsBits ? report.cl_ord_id : 0;
  }
  if (heard.type == FrameType::kCancelReject &&
      Decode(heard.bytes(), reject) == DecodeStatus::kOk) {
    return reject.reason == CancelRejectReason::kVenueUnavailable ? reject.cl_ord_id : 0;
  }
  return 0;
}

class Weaver {
 public:
  Weaver(std::span<const std::span<const Event>> strategies, const GatewayRecord& gateway,
         std::span<const std::span<const Event>> exchanges)
      : strategies_(strategies), gateway_(gateway.events) {
    sessions_.resize(strategies.size() + 1);
    venues_.resize(exchanges.size() + 1);
    std::vector<std::set<uint64_t>> starts(venues_.size());
    for (size_t id = 1; id != venues_.size(); ++id) {
      venues_[id].record = exchanges[id - 1];
      for (const Event& event : venues_[id].record) {
        if (event.kind == EventKind::kVenueStart) starts[id].insert(event.other);
      }
    }
    for (GatewayEvent& event : gateway_) {
      if (event.incarnation == 0) continue;
      // Each time a member's numbers restart within one process, their incarnation is one higher.
      const std::set<uint64_t>& started = starts[event.event.id];
      const auto later = started.upper_bound(event.incarnation);
      if (later != started.begin()) event.incarnation = *std::prev(later);
      if (event.event.kind == EventKind::kVenueStart) {
        venues_[event.event.id].known.insert(event.incarnation);
      }
    }
  }

  std::vector<Event> Weave() {
    for (bool progress = true; progress;) {
      progress = DrainGateway();
      for (size_t id = 1; id != venues_.size(); ++id) progress |= DrainExchange(venues_[id]);
      for (size_t i = 0; i != strategies_.size(); ++i) progress |= DrainStrategy(i);
      // A cause is missing: the checker must see where.
      if (!progress) progress = Force();
    }
    return std::move(out_);
  }

  // Positions that the gateway heard from the venue's dead processes, by account and instrument.
  const std::map<std::pair<uint32_t, uint32_t>, int64_t>& past(size_t venue) const {
    return venues_[venue].past;
  }

 private:
  struct Session {
    size_t at = 0;            // in its strategy's record
    std::vector<Event> sent;  // by number - 1
    uint64_t said = 0;
  };
  struct Venue {
    std::span<const Event> record;
    size_t at = 0;             // in it
    std::set<uint64_t> known;  // its processes to which the gateway has logged on
    uint64_t incarnation = 0;  // of the living process
    uint64_t said = 0;
    std::vector<uint64_t> took;
    // What the gateway heard from the living process, and from those before.
    std::map<std::pair<uint32_t, uint32_t>, int64_t> present;
    std::map<std::pair<uint32_t, uint32_t>, int64_t> past;
  };
  struct Asked {
    Event event;
    bool taken = false;
  };

  // --- Strategies ---

  bool DrainStrategy(size_t index) {
    Session& session = sessions_[index + 1];
    const size_t before = session.at;
    while (session.at != strategies_[index].size()) {
      const Event& event = strategies_[index][session.at];
      const bool logs_on = event.kind == EventKind::kStrategyStart ||
                           event.kind == EventKind::kStrategyResumed ||
                           event.kind == EventKind::kStrategyBack;
      // A logon comes after the reports that it counts.
      if (logs_on && event.seq > session.said + 1) break;
      if (event.kind == EventKind::kStrategyReceived && event.seq > session.said) break;
      TakeStrategy(session, event);
    }
    return session.at != before;
  }

  void TakeStrategy(Session& session, const Event& event) {
    ++session.at;
    if (event.kind == EventKind::kStrategyStart || event.kind == EventKind::kStrategyResumed) {
      if (event.other != 0) session.sent.resize(event.other - 1);
    } else if (event.kind == EventKind::kStrategySent && event.seq != 0) {
      session.sent.resize(event.seq - 1);
      session.sent.push_back(event);
    }
    out_.push_back(event);
  }

  // --- The gateway ---

  bool DrainGateway() {
    const size_t before = gateway_at_;
    while (gateway_at_ != gateway_.size() && GatewayMay(gateway_[gateway_at_])) {
      TakeGateway(gateway_[gateway_at_]);
    }
    return gateway_at_ != before;
  }

  bool GatewayMay(const GatewayEvent& of_gateway) const {
    const Event& event = of_gateway.event;
    switch (event.kind) {
      case EventKind::kGatewayTook: {
        if (event.type == FrameType::kGapFill || event.id >= sessions_.size()) return true;
        const std::vector<Event>& sent = sessions_[event.id].sent;
        return event.seq <= sent.size() && sent[event.seq - 1].SameMessage(event);
      }
      case EventKind::kVenueStart:
        return of_gateway.incarnation == venues_[event.id].incarnation;
      case EventKind::kGatewayHeard: {
        if (of_gateway.incarnation != 0) {
          const Venue& venue = venues_[event.id];
          return of_gateway.incarnation == venue.incarnation && event.seq <= venue.said;
        }
        // Only what the venue had not taken by its last logon is answered on its behalf.
        const auto asked = asked_.find(StoodInFor(event));
        return asked == asked_.end() || !asked->second.taken;
      }
      default:
        return true;
    }
  }

  void TakeGateway(const GatewayEvent& of_gateway) {
    ++gateway_at_;
    const Event& event = of_gateway.event;
    if (event.kind == EventKind::kVenueStart) return;  // the venue's own record says so
    if (event.kind == EventKind::kGatewaySaid && event.seq != 0 && event.id < sessions_.size()) {
      sessions_[event.id].said = event.seq;
    } else if (event.kind == EventKind::kGatewayAsked) {
      asked_.emplace(RequestIdOf(event), Asked{event});
    } else if (event.kind == EventKind::kGatewayHeard && of_gateway.incarnation != 0) {
      Count(event);
    }
    out_.push_back(event);
  }

  // Counts positions as the venue's process knows them, until it dies.
  void Count(const Event& heard) {
    ExecutionReport report;
    if (heard.type != FrameType::kExecutionReport ||
        Decode(heard.bytes(), report) != DecodeStatus::kOk || report.last_qty == 0) {
      return;
    }
    const auto quantity = static_cast<int64_t>(report.last_qty);
    venues_[heard.id].present[{report.account, report.instrument}] +=
        report.side == Side::kBuy ? quantity : -quantity;
  }

  // --- The exchanges ---

  bool DrainExchange(Venue& venue) {
    const size_t before = venue.at;
    while (venue.at != venue.record.size() && ExchangeMay(venue, venue.record[venue.at])) {
      TakeExchange(venue, venue.record[venue.at]);
    }
    return venue.at != before;
  }

  bool ExchangeMay(const Venue& venue, const Event& event) const {
    switch (event.kind) {
      case EventKind::kVenueStart: {
        // The former process has ended once the gateway knows another, or if nobody heard from it
        // again.
        const bool waited_for = gateway_at_ != gateway_.size() &&
                                gateway_[gateway_at_].event.kind == EventKind::kVenueStart &&
                                gateway_[gateway_at_].event.id == event.id &&
                                gateway_[gateway_at_].incarnation == event.other;
        return waited_for || (venue.known.count(event.other) == 0 && !HeardLater(venue, event.id));
      }
      case EventKind::kVenueTook: {
        const auto asked = asked_.find(RequestIdOf(event));
        return asked != asked_.end() && asked->second.event.SameMessage(event);
      }
      default:
        return true;
    }
  }

  // Whether the gateway later hears from the venue's current process.
  bool HeardLater(const Venue& venue, uint32_t id) const {
    if (venue.known.count(venue.incarnation) == 0) return false;
    for (size_t i = gateway_at_; i != gateway_.size(); ++i) {
      if (gateway_[i].incarnation == 0 || gateway_[i].event.id != id) continue;
      return gateway_[i].incarnation == venue.incarnation;
    }
    return false;
  }

  void TakeExchange(Venue& venue, const Event& event) {
    ++venue.at;
    switch (event.kind) {
      case EventKind::kVenueStart:
        venue.incarnation = event.other;
        venue.said = 0;
        venue.took.clear();
        for (const auto& [key, quantity] : venue.present) venue.past[key] += quantity;
        venue.present.clear();
        break;
      case EventKind::kVenueSaid:
        venue.said = std::max(venue.said, event.seq);
        break;
      case EventKind::kVenueTook:
        venue.took.push_back(RequestIdOf(event));
        if (const auto asked = asked_.find(venue.took.back()); asked != asked_.end()) {
          asked->second.taken = true;
        }
        break;
      case EventKind::kVenueLogon:
        // What was left at the end of the previous link was read and never taken.
        while (venue.took.size() >= event.other && !venue.took.empty()) {
          const auto asked = asked_.find(venue.took.back());
          if (asked != asked_.end()) asked->second.taken = false;
          venue.took.pop_back();
        }
        break;
      default:
        break;
    }
    out_.push_back(event);
  }

  bool Force() {
    if (gateway_at_ != gateway_.size()) {
      TakeGateway(gateway_[gateway_at_]);
      return true;
    }
    for (Venue& venue : venues_) {
      if (venue.at == venue.record.size()) continue;
      TakeExchange(venue, venue.record[venue.at]);
      return true;
    }
    for (size_t i = 0; i != strategies_.size(); ++i) {
      if (sessions_[i + 1].at == strategies_[i].size()) continue;
      TakeStrategy(sessions_[i + 1], strategies_[i][sessions_[i + 1].at]);
      return true;
    }
    return false;
  }

  std::span<const std::span<const Event>> strategies_;
  std::vector<GatewayEvent> gateway_;
  std::vector<Session> sessions_;  // by number; 0 is unused
  std::vector<Venue> venues_;      // likewise
  size_t gateway_at_ = 0;
  absl::flat_hash_map<uint64_t, Asked> asked_;
  std::vector<Event> out_;
};

}  // namespace

std::vector<Event> MakeHistory(std::span<const std::span<const Event>> strategies,
                               const GatewayRecord& gateway,
                               std::span<const std::span<const Event>> exchanges) {
  // The last thing that an exchange does is to report what it holds.
  std::vector<std::span<const Event>> told;
  for (const std::span<const Event> exchange : exchanges) {
    const auto holds =
        std::ranges::find_if(exchange, [](const Event& e) { return IsHolding(e.kind); });
    told.push_back(exchange.first(static_cast<size_t>(holds - exchange.begin())));
  }
  Weaver weaver(strategies, gateway, told);
  std::vector<Event> history = weaver.Weave();
  Event probe;
  probe.kind = EventKind::kProbe;
  history.push_back(probe);
  history.insert(history.end(), gateway.holdings.begin(), gateway.holdings.end());
  for (size_t i = 0; i != exchanges.size(); ++i) {
    const std::span<const Event> holds = exchanges[i].subspan(told[i].size());
    history.insert(history.end(), holds.begin(), holds.end());
    for (const auto& [key, quantity] : weaver.past(i + 1)) {
      Event& position = history.emplace_back();
      position.kind = EventKind::kVenuePosition;
      position.id = static_cast<uint32_t>(i + 1);
      const sim::Holding holding{
          .account = key.first, .instrument = key.second, .quantity = quantity};
      position.payload_bytes = sizeof(holding);
      std::memcpy(position.payload.data(), &holding, sizeof(holding));
    }
  }
  return history;
}

}  // namespace ringway::kills
