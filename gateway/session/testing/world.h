// World: the surroundings of session tests. Clients, the session layer and an engine that answers
// every order with an OrderAck, anything else with a SessionReject, and every snapshot request with
// two OpenOrders, under a virtual clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/session/session_layer.h"
#include "msg/auth.h"
#include "msg/session_core.h"
#include "msg/session_protocol.h"
#include "msg/testing/loop_link.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

// A distinct key for each number.
inline SessionKey TestKey(uint8_t number) {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  bytes.fill(static_cast<std::byte>(number));
  return *SessionKey::FromBytes(bytes);
}

inline constexpr uint64_t kSnapshotOrders = 2;
inline constexpr uint32_t kTestSlots = 512;

// A strategy that remembers every report.
struct TestClient {
  SessionCore<LoopLink> core;
  LoopLink* link = nullptr;
  std::vector<uint64_t> acked;  // clOrdIds, in order
  std::vector<OpenOrder> snapshot;
  std::vector<GapFill> gaps;
  std::vector<SessionReject> rejects;
  std::vector<Logout> logouts;

  void On(const OrderAck& ack) { acked.push_back(ack.cl_ord_id); }
  void On(const OpenOrder& order) { snapshot.push_back(order); }
  void On(const GapFill& fill) { gaps.push_back(fill); }
  void On(const SessionReject& reject) { rejects.push_back(reject); }
  void On(const Logout& logout) { logouts.push_back(logout); }

  explicit TestClient(SessionId session, uint8_t key = 0, ResumeState resume = {})
      : core({.session = session,
              .key = TestKey(key != 0 ? key : static_cast<uint8_t>(session)),
              .heartbeat_ns = kNsPerS,
              .resend_slots = kTestSlots,
              .resume = resume.incarnation != 0
                            ? resume
                            : ResumeState{.incarnation = RandomIncarnation()}}) {
    for (auto* v : {&acked}) v->reserve(1 << 16);
  }
};

class World {
 public:
  int64_t now_ns = 1'000 * kNsPerS;
  uint32_t room = 256;  // of new links
  // inputs that the engine does not take now; may be empty
  std::function<bool(const Input&)> refuse;
  LinkIdentity identity;  // of new links: the client's identity at the listener
  std::unique_ptr<SessionLayer<LoopLink>> layer;
  std::map<SessionId, std::vector<uint64_t>> requests;  // clOrdIds the engine saw
  std::map<SessionId, uint64_t> next_report;
  std::map<SessionId, uint64_t> next_request;
  std::vector<std::pair<SessionId, Logon>> ups;
  std::vector<std::pair<SessionId, LogoutReason>> downs;

  explicit World(const std::vector<SessionId>& sessions, SessionLayerOptions options = {},
                 uint32_t report_slots = kTestSlots) {
    std::vector<SessionConfig> configs;
    for (const SessionId id : sessions) {
      configs.push_back(
          {.id = id, .key = TestKey(static_cast<uint8_t>(id)), .report_slots = report_slots});
      next_report[id] = next_request[id] = 1;
      requests[id].reserve(1 << 16);
    }
    options.open_orders = [](SessionId) { return kSnapshotOrders; };
    auto made = SessionLayer<LoopLink>::Create(options, configs);
    RINGWAY_CHECK(made.ok(), "the test's options are wrong");
    layer = std::move(*made);
  }

  // A new link to the layer; the layer's end stays reachable for Cut() through the client's.
  std::unique_ptr<LoopLink> NewLink() {
    ++links_;
    LoopPair pair = MakeLoopPair(links_, links_, room, identity);
    layer->Accept(std::move(pair.listener), now_ns);
    return std::move(pair.client);
  }
  void Connect(TestClient& client) {
    std::unique_ptr<LoopLink> link = NewLink();
    client.link = link.get();
    client.core.Attach(std::move(link), now_ns);
  }

  void Report(SessionId id, const auto& message) {
    Effect effect;
    effect.target = Target::kSession;
    effect.type = std::remove_cvref_t<decltype(message)>::kType;
    effect.id = id;
    effect.seq = IsNumbered(static_cast<uint8_t>(effect.type)) ? next_report[id]++ : 0;
    effect.payload_bytes = static_cast<uint16_t>(Encode(message, effect.payload.data()));
    layer->Send(effect);
  }

  void GatewayTurn(uint32_t budget = 256) {
    layer->Poll(
        now_ns,
        [this](const Input& input) {
          if (refuse && refuse(input)) return false;
          Step(input);
          return true;
        },
        budget);
  }
  void ClientTurn(TestClient& client, uint32_t budget = 256) {
    client.core.Poll(client, budget);
    client.core.Maintain(now_ns);
  }
  // Runs everybody's turn several times; 2 ms each.
  void Run(const std::vector<TestClient*>& clients, uint32_t turns = 8) {
    for (uint32_t turn = 0; turn != turns; ++turn) {
      now_ns += 2 * kNsPerMs;
      for (TestClient* client : clients) ClientTurn(*client);
      GatewayTurn();
    }
  }
  // Runs until the client is logged on.
  bool LogOn(TestClient& client) {
    Connect(client);
    Run({&client});
    return client.core.state() == SessionState::kLive;
  }

  SendStatus Order(TestClient& client, uint64_t cl_ord_id) {
    return client.core.Send(NewOrder{.cl_ord_id = cl_ord_id, .qty = 1}, Publish::kNow);
  }

 private:
  void Step(const Input& input) {
    if (input.origin == Origin::kSession) {
      StepRequest(input);
    } else if (input.origin == Origin::kSessionUp) {
      Logon logon;
      RINGWAY_CHECK(Decode(input.payload, logon) == DecodeStatus::kOk, "the layer encoded it");
      ups.emplace_back(input.id, logon);
      for (uint32_t i = 0; logon.next_seq_in == 0 && i != kSnapshotOrders; ++i) {
        Report(input.id, OpenOrder{.index = i, .count = kSnapshotOrders});
      }
    } else {
      Logout logout;
      RINGWAY_CHECK(Decode(input.payload, logout) == DecodeStatus::kOk, "the layer encoded it");
      downs.emplace_back(input.id, logout.reason);
    }
  }

  void StepRequest(const Input& input) {
    using Reason = SessionRejectReason;
    NewOrder order;
    GapFill fill;
    uint64_t& next = next_request[input.id];
    if (input.type == FrameType::kGapFill) {
      RINGWAY_CHECK(Decode(input.payload, fill) == DecodeStatus::kOk && fill.new_seq > next,
                    "the layer hands on what skips numbers");
      next = fill.new_seq;
      return;
    }
    const uint64_t seq = next++;
    if (input.type == FrameType::kNewOrder && Decode(input.payload, order) == DecodeStatus::kOk) {
      requests[input.id].push_back(order.cl_ord_id);
      Report(input.id, OrderAck{.cl_ord_id = order.cl_ord_id});
      return;
    }
    const Reason reason = !IsKnown(input.type)                 ? Reason::kUnknownMessageType
                          : input.type == FrameType::kNewOrder ? Reason::kMalformedMessage
                                                               : Reason::kMessageNotAllowed;
    Report(input.id,
           SessionReject{
               .ref_seq = seq, .ref_type = static_cast<uint8_t>(input.type), .reason = reason});
  }

  uint32_t links_ = 0;
};

// first, first + 1, ... last.
inline std::vector<uint64_t> Range(uint64_t first, uint64_t last) {
  std::vector<uint64_t> range;
  for (uint64_t i = first; i <= last; ++i) range.push_back(i);
  return range;
}

// One end of a link as a test drives it by hand: raw records out, and what came in.
struct RawPeer {
  struct Received {
    FrameType type;
    std::vector<std::byte> payload;
  };
  std::unique_ptr<LoopLink> link;
  std::vector<Received> received;

  template <Message M>
  void Send(const M& message) {
    RINGWAY_CHECK(SendUnnumbered(*link, message) == SendStatus::kOk, "a raw peer's link has room");
  }
  void SendBytes(uint8_t type, std::span<const std::byte> payload) {
    const Claim claim = link->TryClaim(static_cast<uint32_t>(payload.size()));
    RINGWAY_CHECK(claim.status == SendStatus::kOk, "a raw peer's link has room");
    if (!payload.empty()) std::memcpy(claim.data, payload.data(), payload.size());
    (void)link->Commit(type, Publish::kNow);
  }
  void Poll() {
    auto take = [this](const Record& record) {
      received.push_back(
          {static_cast<FrameType>(record.type), {record.payload.begin(), record.payload.end()}});
    };
    (void)link->Poll(take, 1'000'000);
  }
  // The last message received, which must be an M.
  template <Message M>
  M Last() const {
    M message;
    RINGWAY_CHECK(!received.empty() && received.back().type == M::kType &&
                      Decode(received.back().payload, message) == DecodeStatus::kOk,
                  "another message was expected");
    return message;
  }
  // A signed logon.
  void LogOn(SessionId session, uint64_t incarnation, uint64_t next_seq_out = 0,
             uint64_t next_seq_in = 0, Durability durability = Durability::kMemory) {
    Logon logon{.session = session,
                .version = kSessionProtocolVersion,
                .durability = durability,
                .incarnation = incarnation,
                .next_seq_out = next_seq_out,
                .next_seq_in = next_seq_in,
                .heartbeat_ns = kNsPerS};
    Sign(TestKey(static_cast<uint8_t>(session)), {link->nonces(), link->epoch()}, logon);
    Send(logon);
  }
};

}  // namespace ringway
