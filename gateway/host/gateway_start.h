// GatewayStart: the phases in which a process becomes the gateway, over the world that it runs in.
//
//   Recover()   the state at the end of what former processes recorded
//   Promote()   sessions, venues and the journal continue from that state
//   Serve()     the duty loop, whose first record is the start
//
// Nobody can connect before Promote(); the journal is this process's from Replay() on. The world is
// the process itself (assembly.h) or a simulated one (tests/sim/gateway_host.h). It provides
//
//   Link, Sessions               the links of strategies; what the duty loop is given: a
//                                SessionLayer<Link>, or what records around one
//   Past                         what Replay() found: `past` (a ReplayedGateway under the present
//                                configuration), `end` (JournalEnd), `start` (this start's number)
//                                and `config_hash`
//   ReadSessions()               a SessionConfig for each configured session, without its past
//   Replay()                     the journal's content; null where there is no journal
//   NewEngine()                  ... and what begins then
//   ChooseTime(engine, end_ns)   when the duty loop's time begins: not before either
//   MakeVenues(engine)           the venues, with their connectors
//   LayerOptions(engine), Admit  for the session layer
//   Around(layer)                the Sessions
//   Open(sessions)               from here on strategies can connect
//   OpenJournal(past)            the storage, for the writer
//   Parts(engine, sessions)      what else the duty loop is given
//   Say(line)                    the log
//
// and may end the start with an error at those that return a status. Thread rule: one thread, the
// engine's. Lifetime: the world outlives it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/kernel_random.h"
#include "base/probe.h"
#include "gateway/core/duty_loop.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/order.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/recall.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/session_options.h"
#include "msg/auth.h"

namespace ringway {

// The time in milliseconds since 2020, as the counter of a venue request's identifier (ADR 0006).
inline uint64_t FirstRequestAt(int64_t now_ns) noexcept {
  constexpr int64_t kUnixNs2020 = 1'577'836'800 * kNsPerS;
  constexpr int64_t kMsMax = kRequestIdHearsayMax >> kSlotBits;
  return static_cast<uint64_t>(std::clamp((now_ns - kUnixNs2020) / kNsPerMs, int64_t{0}, kMsMax))
         << kSlotBits;
}

// A key for a session that nobody can log on to. Errors: the kernel gives no random numbers.
inline absl::StatusOr<SessionKey> NobodysKey() {
  std::array<std::byte, SessionKey::kBytesMin> bytes;
  if (absl::Status filled = FillFromKernel(bytes); !filled.ok()) return filled;
  return SessionKey::FromBytes(bytes);
}

template <class World>
class GatewayStart {
 public:
  using Layer = SessionLayer<typename World::Link>;
  using Loop = DutyLoop<typename World::Sessions>;

  explicit GatewayStart(World& world) noexcept : world_(world) {}

  absl::Status Recover() {
    absl::StatusOr<std::vector<SessionConfig>> sessions = world_.ReadSessions();
    if (!sessions.ok()) return sessions.status();
    configs_ = *std::move(sessions);
    absl::StatusOr<std::unique_ptr<typename World::Past>> past = world_.Replay();
    if (!past.ok()) return past.status();
    past_ = *std::move(past);
    engine_ = past_ == nullptr ? world_.NewEngine() : past_->past.TakeEngine();
    return past_ == nullptr ? absl::OkStatus() : RecallSessions();
  }

  absl::Status Promote() {
    const absl::StatusOr<int64_t> now_ns =
        world_.ChooseTime(*engine_, past_ == nullptr ? 0 : past_->end.time_ns);
    if (!now_ns.ok()) return now_ns.status();
    now_ns_ = *now_ns;
    absl::StatusOr<std::vector<typename Loop::Venue>> venues = world_.MakeVenues(*engine_);
    if (!venues.ok()) return venues.status();
    venues_ = *std::move(venues);
    auto layer = Layer::Create(
        world_.LayerOptions(*engine_), configs_,
        [this](SessionId session, uint32_t epoch) { return world_.Admit(session, epoch); });
    if (!layer.ok()) return layer.status();
    layer_ = *std::move(layer);
    if (past_ != nullptr) {
      for (const SessionId id : engine_->SessionIds()) RecallReports(past_->past, id, *layer_);
      for (const auto& venue : venues_)
        RecallVenue(past_->past, *engine_, venue.id, *venue.connector);
    }
    RINGWAY_PROBE(recovery_recalled);
    // Last of what can fail because of the configuration, so that nobody can connect to a gateway
    // whose start then fails.
    if (absl::Status opened = world_.Open(configs_); !opened.ok()) return opened;
    if (past_ == nullptr) return absl::OkStatus();
    const absl::StatusOr<JournalStorage*> storage = world_.OpenJournal(*past_);
    if (!storage.ok()) return storage.status();
    journal_ = std::make_unique<JournalWriter>(**storage, past_->end.cursor, past_->start, now_ns_,
                                               past_->config_hash);
    return absl::OkStatus();
  }

  // REQUIRES: Promote() was ok; called once.
  void Serve() {
    typename Loop::Parts parts = world_.Parts(*engine_, world_.Around(*layer_));
    parts.venues = std::move(venues_);
    parts.session_ids = engine_->SessionIds();
    parts.journal = journal_.get();
    loop_ = std::make_unique<Loop>(std::move(parts));
    RINGWAY_PROBE(recovery_start_due);
    // A gateway without records does not know which identifiers a former process used. The time
    // puts its own above them: one for each millisecond since then. Exchanges may raise them
    // further (ADR 0023).
    const uint32_t start = past_ == nullptr ? 1 : past_->start;
    loop_->Start(now_ns_, start, start == 1 ? FirstRequestAt(now_ns_) : 0);
    RINGWAY_PROBE(recovery_start_recorded);
    past_.reset();
    configs_.clear();
  }

  // After Recover().
  Engine& engine() const noexcept { return *engine_; }
  // After Promote().
  Layer& layer() const noexcept { return *layer_; }
  JournalWriter* journal() const noexcept { return journal_.get(); }  // null: there is none
  // After Serve().
  Loop& loop() const noexcept { return *loop_; }

 private:
  absl::Status RecallSessions() {
    for (SessionConfig& session : configs_) RecallSession(past_->past, *engine_, session);
    for (const SessionId id : engine_->SessionIds()) {
      if (!engine_->retired(id)) continue;
      absl::StatusOr<SessionKey> key = NobodysKey();
      if (!key.ok()) return key.status();
      configs_.push_back(RetiredSession(past_->past, *engine_, id, *key));
    }
    for (const SessionConfig& session : configs_) {
      if (session.disabled.empty()) continue;
      world_.Say("session " + std::to_string(session.id) + " is disabled: " + session.disabled);
    }
    return absl::OkStatus();
  }

  World& world_;
  std::vector<SessionConfig> configs_;
  std::unique_ptr<typename World::Past> past_;  // null: there is no journal
  int64_t now_ns_ = 0;
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<Engine> engine_;
  std::vector<typename Loop::Venue> venues_;
  std::unique_ptr<Layer> layer_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ringway
