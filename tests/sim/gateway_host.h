// What is the gateway's process in the simulated world, and what is recorded of it?
//
// Engine, session layer, duty loop and link connectors as shipped, put together as
// gateway/assembly.cc does. Between them stand two recorders that change nothing: around the
// session layer (requests into the engine, reports out of it) and around each connector (requests
// taken, messages heard). The engine's own inspection is what the probe reads at the end.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/admin_mailbox.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/exchange/dialer.h"
#include "gateway/connector/exchange/link_connector.h"
#include "gateway/engine/engine.h"
#include "gateway/gateway.h"
#include "gateway/session/session_layer.h"
#include "tests/sim/events.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"

namespace ringway::sim {

// A SessionLayer that says what passes through it.
class RecordedSessions {
 public:
  RecordedSessions(SessionLayer<SimLink>& layer, Recorder& recorder)
      : layer_(layer), recorder_(recorder) {}

  template <class Sink>
  uint32_t Poll(int64_t now_ns, Sink&& sink, uint32_t budget) {
    return layer_.Poll(
        now_ns,
        [&](const Input& input) {
          if (input.origin == Origin::kSession) {
            // A GapFill's number is that of the next request.
            const uint64_t seq = layer_.session(input.id)->next_seq_in() - 1;
            recorder_.Add(EventKind::kGatewayTook, input.id, seq, input.type, input.payload);
          }
          sink(input);
        },
        budget);
  }
  void Send(const Effect& effect, Publish publish) {
    recorder_.Add(EventKind::kGatewaySaid, effect.id, effect.seq, effect.type, effect.bytes());
    layer_.Send(effect, publish);
  }
  void Flush() { layer_.Flush(); }
  void Stop(int64_t now_ns) { layer_.Stop(now_ns); }
  bool stopped() const { return layer_.stopped(); }
  const SessionLayerCounters& counters() const { return layer_.counters(); }
  const GatewaySession<SimLink>* session(SessionId id) const { return layer_.session(id); }
  bool ArmWake() noexcept { return layer_.ArmWake(); }
  void DisarmWake() noexcept { layer_.DisarmWake(); }
  bool Holds(SessionId id) const noexcept { return layer_.Holds(id); }
  bool holds_any() const noexcept { return layer_.holds_any(); }
  void Release(SessionId id, uint64_t next_seq_out, uint64_t next_seq_in) noexcept {
    layer_.Release(id, next_seq_out, next_seq_in);
  }
  void GiveUpHolding() noexcept { layer_.GiveUpHolding(); }

 private:
  SessionLayer<SimLink>& layer_;
  Recorder& recorder_;
};

// A connector that says what passes through it.
class RecordedConnector final : public Connector {
 public:
  RecordedConnector(VenueId venue, std::unique_ptr<Dialer<SimLink>> dialer, Recorder& recorder);
  uint32_t Send(int64_t now_ns, std::span<const Effect> requests) override;
  void Poll(int64_t now_ns, Effects& messages) override;
  uint64_t logons() const noexcept override { return connector_.logons(); }
  VenueCursor cursor() const noexcept override { return connector_.cursor(); }
  void Restore(const VenueCursor& cursor, std::span<const Effect> requests) override {
    connector_.Restore(cursor, requests);
  }
  void Confirm(uint64_t received) noexcept override { connector_.Confirm(received); }
  bool up() const noexcept { return connector_.up(); }

 private:
  VenueId venue_;
  BasicLinkConnector<SimLink> connector_;
  Recorder& recorder_;
};

class GatewayHost {
 public:
  using MakeDialer = std::function<std::unique_ptr<Dialer<SimLink>>(VenueId venue)>;
  // True when the session may use a link of this epoch: the listener's answer.
  using Admit = SessionLayer<SimLink>::Admit;

  GatewayHost(const Plan& plan, Recorder& recorder, const MakeDialer& make_dialer, Admit admit);

  // A strategy's link has arrived.
  void Accept(std::unique_ptr<SimLink> link, int64_t now_ns) {
    sessions_->Accept(std::move(link), now_ns);
  }
  void Turn(int64_t now_ns) { gateway_->DoWork(now_ns); }

  // Latches or re-arms a kill switch, as an operator does. False: one is still under way.
  bool SetKill(KillScope scope, uint32_t id, bool killed);
  bool killed(KillScope scope, uint32_t id) const noexcept { return engine_->killed(scope, id); }

  bool venues_up() const noexcept;
  // Whether nothing waits anywhere inside.
  bool idle() const noexcept { return !engine_->HasWork() && !gateway_->BackPressured(); }
  // Everything that the gateway holds, as events.
  void Probe(Recorder& recorder) const;
  // Empty, or what is wrong inside: the engine's own audit.
  std::string_view FindError() const { return engine_->FindExposureError(); }
  uint64_t StateHash() const { return engine_->StateHash(); }

 private:
  std::vector<uint32_t> session_ids_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<RecordedConnector>> connectors_;
  std::unique_ptr<SessionLayer<SimLink>> sessions_;
  std::unique_ptr<RecordedSessions> recorded_;
  AdminMailbox mailbox_;
  bool asked_ = false;
  std::unique_ptr<Gateway<RecordedSessions>> gateway_;
};

}  // namespace ringway::sim
