// Fakes of the sessions and of a venue for tests of the duty loop.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/connector/connector.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_config.h"
#include "gateway/session/session_options.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

inline constexpr SessionId kSession = 7;
inline constexpr VenueId kVenue = 3;
inline constexpr int64_t kStartNs = 1'700'000'000 * kNsPerS;

struct OwnedMessage {
  Origin origin;
  uint32_t id;
  FrameType type;
  alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  uint32_t bytes;
};

template <Message M>
OwnedMessage Own(Origin origin, uint32_t id, const M& message) {
  OwnedMessage out{origin, id, M::kType, {}, 0};
  out.bytes = Encode(message, out.payload.data());
  return out;
}

template <Message M>
M As(const EffectView& effect) {
  M message;
  EXPECT_EQ(effect.type, M::kType);
  EXPECT_EQ(Decode(effect.bytes(), message), DecodeStatus::kOk);
  return message;
}

// Stands in for SessionLayer: the test queues requests and reads the reports that are kept here.
class FakeSessions {
 public:
  struct View {
    bool is_live = true;
    struct Reports {
      uint64_t from = 1;
      uint64_t first() const { return from; }
      uint64_t next() const { return from; }
    };
    uint64_t acknowledged = 1;
    Reports kept;
    LinkCounters counters{.frames_received = 5};
    bool live() const { return is_live; }
    std::string disabled() const { return {}; }
    const LinkCounters* link_counters() const { return is_live ? &counters : nullptr; }
    uint64_t first_unacknowledged() const { return acknowledged; }
    const Reports& reports() const { return kept; }
  };

  template <class Sink>
  uint32_t Poll(int64_t, Sink&& sink, uint32_t budget) {
    budgets.push_back(budget);
    uint32_t count = 0;
    // Logons and logoffs are outside the budget, as in the real one.
    while (!requests.empty() && (count < budget || requests.front().origin != Origin::kSession)) {
      const OwnedMessage request = requests.front();
      if (!Offer(sink, Input{request.origin,
                             request.id,
                             request.type,
                             {request.payload.data(), request.bytes}})) {
        break;
      }
      requests.pop_front();
      if (request.origin == Origin::kSession) ++count;
    }
    return count;
  }
  Record Ahead() const {
    if (requests.size() < 2) return {};
    const OwnedMessage& next = requests[1];
    return {static_cast<uint8_t>(next.type), {next.payload.data(), next.bytes}};
  }
  bool SeesInput() const { return !requests.empty(); }
  void Send(const EffectView& effect, Publish publish) {
    if (effect.type == FrameType::kSessionReject) {
      EXPECT_EQ(effect.seq, 0u) << "session messages have no number";
    } else {
      EXPECT_EQ(effect.seq, ++last_seq[effect.id]) << "reports leave in order";
    }
    gathered.emplace_back(effect);
    if (publish == Publish::kNow) Flush();
  }
  bool holds_any() const { return holds; }
  bool Holds(SessionId) const { return holds; }
  void Release(SessionId, uint64_t next_seq_out, uint64_t) { released_out = next_seq_out; }
  void GiveUpHolding() { gave_up = true; }
  void Flush() {
    if (on_flush) on_flush(gathered);
    reports.insert(reports.end(), gathered.begin(), gathered.end());
    gathered.clear();
  }
  void Stop(int64_t) { is_stopped = true; }
  bool stopped() const { return is_stopped; }
  const View* session(SessionId) const { return &view; }
  const SessionLayerCounters& counters() const { return layer_counters; }

  std::deque<OwnedMessage> requests;
  std::vector<Effect> gathered;
  std::vector<Effect> reports;
  std::vector<uint32_t> budgets;
  std::map<uint32_t, uint64_t> last_seq;
  bool is_stopped = false;
  bool holds = false;         // holds every session's reports
  uint64_t released_out = 0;  // the last next_seq_out
  bool gave_up = false;
  std::function<void(const std::vector<Effect>&)> on_flush;
  View view;
  SessionLayerCounters layer_counters;
};

class FakeConnector : public Connector {
 public:
  uint32_t Send(int64_t, std::span<const Effect> requests) override {
    if (on_send) on_send(requests);
    ++bursts;
    const auto taken = static_cast<uint32_t>(std::min<std::size_t>(requests.size(), takes));
    sent.insert(sent.end(), requests.begin(), requests.begin() + taken);
    return taken;
  }
  void Poll(int64_t, VenueSink& sink) override {
    while (!says.empty()) {
      const OwnedMessage& word = says.front();
      if (!sink.Take({Target::kVenue,
                      word.type,
                      kVenue,
                      numbers ? said + 1 : 0,
                      {word.payload.data(), word.bytes}}))
        return;
      said += numbers;
      says.pop_front();
    }
  }
  template <Message M>
  void Say(const M& message) {
    says.push_back(Own(Origin::kVenue, kVenue, message));
  }

  bool counts_requests() const noexcept override { return counts; }
  uint64_t logons() const noexcept override { return logon_count; }
  VenueCursor cursor() const noexcept override {
    return {.incarnation = logon_count, .sent = sent.size(), .received = said};
  }
  void Confirm(uint64_t received) noexcept override { confirmed = received; }

  uint32_t takes = UINT32_MAX;
  bool numbers = false;      // whether it numbers its reports
  bool counts = false;       // whether it counts requests; fixed when the gateway is made
  uint64_t said = 0;         // number of reports sent
  uint64_t logon_count = 0;  // logons at the venue
  uint64_t confirmed = 0;
  std::function<void(std::span<const Effect>)> on_send;
  uint32_t bursts = 0;
  std::vector<Effect> sent;
  std::deque<OwnedMessage> says;
};

inline EngineConfig MakeConfig() {
  EngineConfig config;
  InstrumentConfig instrument;
  instrument.id = 1;
  instrument.symbol = "TEST";
  instrument.reference_price = 100 * kNsPerS;
  instrument.reference_age_max_ns = 0;
  config.instruments = {instrument};
  AccountConfig account;
  account.id = 1;
  config.accounts = {account};
  EngineSessionConfig session;
  session.id = kSession;
  session.accounts = {1};
  session.limits.duplicate_orders_max = 0;
  config.sessions = {session};
  VenueConfig venue;
  venue.id = kVenue;
  config.venues = {venue};
  config.default_venue = kVenue;
  config.pools.orders_max = 10'000;
  config.pools.positions_max = 100;
  config.pools.executions_remembered = 1'000;
  return config;
}

}  // namespace ringway
