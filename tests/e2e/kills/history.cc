// How are the parties' records laid one into the other?
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

// The request that a connector answered in the venue's stead; 0: this is no such answer.
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
         std::span<const Event> exchange)
      : strategies_(strategies), gateway_(gateway.events), exchange_(exchange) {
    sessions_.resize(strategies.size() + 1);
    std::set<uint64_t> starts;
    for (const Event& event : exchange_) {
      if (event.kind == EventKind::kVenueStart) starts.insert(event.other);
    }
    for (GatewayEvent& event : gateway_) {
      // Each time a member's numbers begin anew within one process, their incarnation is one
      // higher.
      const auto later = starts.upper_bound(event.incarnation);
      if (later != starts.begin()) event.incarnation = *std::prev(later);
      if (event.event.kind == EventKind::kVenueStart) known_.insert(event.incarnation);
    }
  }

  std::vector<Event> Weave() {
    for (bool progress = true; progress;) {
      progress = DrainGateway();
      progress |= DrainExchange();
      for (size_t i = 0; i != strategies_.size(); ++i) progress |= DrainStrategy(i);
      // A cause is missing: the checker is to see where.
      if (!progress) progress = Force();
    }
    return std::move(out_);
  }

  // What the gateway heard of venue processes that have died, by account and instrument.
  const std::map<std::pair<uint32_t, uint32_t>, int64_t>& past() const { return past_; }

 private:
  struct Session {
    size_t at = 0;            // in its strategy's record
    std::vector<Event> sent;  // by number - 1
    uint64_t said = 0;
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
      // A logon comes behind the reports that it counts.
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
        return of_gateway.incarnation == incarnation_;
      case EventKind::kGatewayHeard: {
        if (of_gateway.incarnation != 0) {
          return of_gateway.incarnation == incarnation_ && event.seq <= venue_said_;
        }
        // Only what the venue, at its last logon, had not taken is answered in its stead.
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
    if (event.kind == EventKind::kVenueStart) return;  // the venue says so itself
    if (event.kind == EventKind::kGatewaySaid && event.seq != 0 && event.id < sessions_.size()) {
      sessions_[event.id].said = event.seq;
    } else if (event.kind == EventKind::kGatewayAsked) {
      asked_.emplace(RequestIdOf(event), Asked{event});
    } else if (event.kind == EventKind::kGatewayHeard && of_gateway.incarnation != 0) {
      Count(event);
    }
    out_.push_back(event);
  }

  // Positions as the venue's process knows them, until it dies.
  void Count(const Event& heard) {
    ExecutionReport report;
    if (heard.type != FrameType::kExecutionReport ||
        Decode(heard.bytes(), report) != DecodeStatus::kOk || report.last_qty == 0) {
      return;
    }
    const auto quantity = static_cast<int64_t>(report.last_qty);
    present_[{report.account, report.instrument}] +=
        report.side == Side::kBuy ? quantity : -quantity;
  }

  // --- The exchange ---

  bool DrainExchange() {
    const size_t before = exchange_at_;
    while (exchange_at_ != exchange_.size() && ExchangeMay(exchange_[exchange_at_])) {
      TakeExchange(exchange_[exchange_at_]);
    }
    return exchange_at_ != before;
  }

  bool ExchangeMay(const Event& event) const {
    switch (event.kind) {
      case EventKind::kVenueStart: {
        // The former process is over when the gateway knows another, or when nobody ever heard of
        // it again.
        const bool waited_for = gateway_at_ != gateway_.size() &&
                                gateway_[gateway_at_].event.kind == EventKind::kVenueStart &&
                                gateway_[gateway_at_].incarnation == event.other;
        return waited_for || (known_.count(event.other) == 0 && !HeardLater());
      }
      case EventKind::kVenueTook: {
        const auto asked = asked_.find(RequestIdOf(event));
        return asked != asked_.end() && asked->second.event.SameMessage(event);
      }
      default:
        return true;
    }
  }

  // Whether the gateway goes on hearing the present process.
  bool HeardLater() const {
    if (known_.count(incarnation_) == 0) return false;
    for (size_t i = gateway_at_; i != gateway_.size(); ++i) {
      if (gateway_[i].event.kind == EventKind::kVenueStart) {
        return gateway_[i].incarnation == incarnation_;
      }
      if (gateway_[i].incarnation == incarnation_) return true;
    }
    return false;
  }

  void TakeExchange(const Event& event) {
    ++exchange_at_;
    switch (event.kind) {
      case EventKind::kVenueStart:
        incarnation_ = event.other;
        venue_said_ = 0;
        venue_took_.clear();
        for (const auto& [key, quantity] : present_) past_[key] += quantity;
        present_.clear();
        break;
      case EventKind::kVenueSaid:
        venue_said_ = std::max(venue_said_, event.seq);
        break;
      case EventKind::kVenueTook:
        venue_took_.push_back(RequestIdOf(event));
        if (const auto asked = asked_.find(venue_took_.back()); asked != asked_.end()) {
          asked->second.taken = true;
        }
        break;
      case EventKind::kVenueLogon:
        // What waited at the end of the link before was read and never taken.
        while (venue_took_.size() >= event.other && !venue_took_.empty()) {
          const auto asked = asked_.find(venue_took_.back());
          if (asked != asked_.end()) asked->second.taken = false;
          venue_took_.pop_back();
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
    if (exchange_at_ != exchange_.size()) {
      TakeExchange(exchange_[exchange_at_]);
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
  std::span<const Event> exchange_;
  std::set<uint64_t> known_;  // venue processes that the gateway has logged on to
  std::vector<Session> sessions_;
  size_t gateway_at_ = 0;
  size_t exchange_at_ = 0;
  uint64_t incarnation_ = 0;  // the venue process's that is alive
  uint64_t venue_said_ = 0;
  std::vector<uint64_t> venue_took_;
  absl::flat_hash_map<uint64_t, Asked> asked_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> present_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> past_;
  std::vector<Event> out_;
};

}  // namespace

std::vector<Event> MakeHistory(std::span<const std::span<const Event>> strategies,
                               const GatewayRecord& gateway, std::span<const Event> exchange) {
  // The last thing that the exchange does is to say what it holds.
  const auto holds =
      std::ranges::find_if(exchange, [](const Event& e) { return IsHolding(e.kind); });
  const auto told = static_cast<size_t>(holds - exchange.begin());
  Weaver weaver(strategies, gateway, exchange.first(told));
  std::vector<Event> history = weaver.Weave();
  Event probe;
  probe.kind = EventKind::kProbe;
  history.push_back(probe);
  history.insert(history.end(), gateway.holdings.begin(), gateway.holdings.end());
  history.insert(history.end(), holds, exchange.end());
  for (const auto& [key, quantity] : weaver.past()) {
    Event& position = history.emplace_back();
    position.kind = EventKind::kVenuePosition;
    position.id = kVenue;
    const sim::Holding holding{
        .account = key.first, .instrument = key.second, .quantity = quantity};
    position.payload_bytes = sizeof(holding);
    std::memcpy(position.payload.data(), &holding, sizeof(holding));
  }
  return history;
}

}  // namespace ringway::kills
