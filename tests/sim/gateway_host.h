// The gateway's process in the simulated world: how it begins and ends, and what is recorded of it.
//
// Engine, session layer, duty loop, journal, recovery and link connectors as shipped, put together
// by the shipped phases of a start (gateway/host/gateway_start.h). Between them stand two recorders
// that change nothing: around the session layer (requests into the engine, reports out of it) and
// around each connector (requests taken, messages heard). Each use of them is a place at which the
// process can end: from then on nothing leaves it, and what it does until the turn is over never
// happened. The engine's own inspection is what the probe reads at the end. Thread rule: one
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/link/dialer.h"
#include "gateway/connector/link/link_connector.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/engine/engine.h"
#include "gateway/host/gateway_start.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/session_options.h"
#include "tests/sim/disk.h"
#include "tests/sim/events.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"

namespace ringway::sim {

inline constexpr uint32_t kReportSlots = 512;  // of each session
// Of each venue: requests that may wait for it.
inline uint32_t QueueOf(const Plan& plan) noexcept {
  return plan.has(Fault::kSmallQueues) ? 2 : 256;
}
// Of connectors.
inline constexpr int64_t kVenueRetryMaxNs = 16 * kNsPerMs;
inline constexpr int64_t kVenueLogonNs = 20 * kNsPerMs;

// Counts what the process does, up to its end.
class Lifeline {
 public:
  explicit Lifeline(std::function<void()> on_end) : on_end_(std::move(on_end)) {}

  // The process ends at the use after so many.
  void EndAfter(uint64_t uses) noexcept { uses_left_ = uses; }
  // False: the process has ended.
  bool Use() {
    if (!ended_ && uses_left_ != kForever && uses_left_-- == 0) End();
    return !ended_;
  }
  void End() {
    if (std::exchange(ended_, true)) return;
    written_ = begun();
    on_end_();
  }
  bool ended() const noexcept { return ended_; }

  // The journal's end, once there is a writer.
  void Follow(uint64_t end, const JournalWriter* writer) noexcept {
    end_ = end;
    writer_ = writer;
  }
  uint64_t begun() const noexcept { return writer_ == nullptr ? end_ : writer_->end().position; }
  uint64_t written() const noexcept { return written_; }
  // Whether the latest step was recorded before the process ended.
  bool recorded() const noexcept { return !ended_ || begun() == written_; }

 private:
  static constexpr uint64_t kForever = UINT64_MAX;

  std::function<void()> on_end_;
  const JournalWriter* writer_ = nullptr;
  uint64_t end_ = 0;
  uint64_t uses_left_ = kForever;
  uint64_t written_ = 0;
  bool ended_ = false;
};

// A SessionLayer that says what passes through it.
class RecordedSessions {
 public:
  RecordedSessions(SessionLayer<SimLink>& layer, Recorder& recorder, Lifeline& life)
      : layer_(layer), recorder_(recorder), life_(life) {}

  template <class Sink>
  uint32_t Poll(int64_t now_ns, Sink&& sink, uint32_t budget) {
    if (!life_.Use()) return 0;
    return layer_.Poll(
        now_ns,
        [&](const Input& input) {
          if (!life_.Use()) return true;
          if (input.origin == Origin::kSession) {
            // A GapFill's number is that of the next request.
            const uint64_t seq = layer_.session(input.id)->next_seq_in() - 1;
            const Recorder::Mark before = recorder_.Here();
            recorder_.Add(EventKind::kGatewayTook, input.id, seq, input.type, input.payload);
            const bool taken = Offer(sink, input);
            if (!taken) recorder_.Rewind(before);
            return taken;
          }
          return Offer(sink, input);
        },
        budget);
  }
  void Send(const EffectView& effect, Publish publish) {
    const bool alive = life_.Use();
    // What the last step said is in the journal, so the next process says it.
    if (!life_.recorded()) return;
    recorder_.Add(EventKind::kGatewaySaid, effect.id, effect.seq, effect.type, effect.bytes());
    if (alive) layer_.Send(effect, publish);
  }
  Record Ahead() const noexcept { return layer_.Ahead(); }
  bool SeesInput() noexcept { return layer_.SeesInput(); }
  void Flush() {
    if (life_.Use()) layer_.Flush();
  }
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
  Lifeline& life_;
};

// What connectors did, over all processes.
struct ConnectorHistory {
  std::vector<uint32_t> own_words;      // events in which they spoke for themselves, if the journal
                                        // has it
  absl::flat_hash_set<uint64_t> asked;  // numbers of the requests that any took
};

// A connector that says what passes through it.
class RecordedConnector final : public Connector {
 public:
  RecordedConnector(VenueId venue, uint32_t member, std::unique_ptr<Dialer<SimLink>> dialer,
                    Recorder& recorder, Lifeline& life, ConnectorHistory& history);
  uint32_t Send(int64_t now_ns, std::span<const Effect> requests) override;
  void Poll(int64_t now_ns, VenueSink& sink) override;
  bool counts_requests() const noexcept override { return connector_.counts_requests(); }
  uint64_t logons() const noexcept override { return connector_.logons(); }
  VenueCursor cursor() const noexcept override { return connector_.cursor(); }
  void Restore(const VenueCursor& cursor, std::span<const Effect> requests) override;
  void Confirm(uint64_t received) noexcept override { connector_.Confirm(received); }
  bool up() const noexcept { return connector_.up(); }
  std::string_view reason() const noexcept override { return connector_.reason(); }

 private:
  bool Pass(const EffectView& message, VenueSink& sink);

  VenueId venue_;
  BasicLinkConnector<SimLink> connector_;
  Recorder& recorder_;
  Lifeline& life_;
  ConnectorHistory& history_;
  uint64_t foreign_ = 0;
};

// How a process ended.
struct LifeEnd {
  uint64_t written = 0;  // the journal's end
  uint64_t begun = 0;    // of what the process did in its last turn
  int64_t now_ns = 0;    // of the engine's last step
  uint64_t state_hash = 0;
  bool gave_up = false;  // no durability was promised any more
  // By session - 1: numbers of the next report and request as far as the journal was synced.
  std::vector<std::pair<uint64_t, uint64_t>> safe;
};

class GatewayHost {
 public:
  using Link = SimLink;
  using Sessions = RecordedSessions;

  // What is around the process, and outlives it.
  struct Surroundings {
    const Plan& plan;
    uint32_t site;
    Recorder& recorder;
    SimDisk& disk;
    std::vector<ConnectorHistory>& history;  // by venue - 1
    std::function<std::unique_ptr<Dialer<SimLink>>(VenueId venue)> make_dialer;
    // True when the session may use a link of this epoch: the listener's answer.
    SessionLayer<SimLink>::Admit admit;
    std::function<void()> on_end;  // from now on nothing leaves the process
  };

  explicit GatewayHost(const Surroundings& around);

  // Goes on where the journal ends. Empty, or what is wrong: with the journal, or with the state,
  // which is not the one in which the process before ended (null: nobody knows it).
  std::string Start(int64_t now_ns, const DiskFaults& faults, uint64_t seed, const LifeEnd* before);

  // The process ends after so many uses of sessions and connectors, or now.
  void EndAfter(uint64_t uses) noexcept { life_.EndAfter(uses); }
  void End() { life_.End(); }
  bool ended() const noexcept { return life_.ended(); }
  // REQUIRES: ended(), and the turn is over.
  const LifeEnd& end() noexcept;

  // A strategy's link has arrived.
  void Accept(std::unique_ptr<SimLink> link, int64_t now_ns) {
    start_.layer().Accept(std::move(link), now_ns);
  }
  void Turn(int64_t now_ns);
  // It has no turns for a while: nothing becomes durable either.
  void NoteStop();
  void HealDisk() noexcept { storage_->Heal(); }
  bool disk_is_hopeless() const noexcept { return storage_->hopeless(); }

  // An operator's command, which the next turn serves. False: one waits already.
  bool Operate(const AdminCommand& command);
  // Latches or re-arms a kill switch.
  bool SetKill(KillScope scope, uint32_t id, bool killed);
  bool killed(KillScope scope, uint32_t id) const noexcept { return engine().killed(scope, id); }

  bool venues_up() const noexcept;
  // Whether all refuse it, and it says why: another gateway is this member.
  bool venues_refuse() const noexcept;
  // Whether nothing waits anywhere inside.
  bool idle() const noexcept { return !engine().HasWork() && !start_.loop().BackPressured(); }
  // Everything that the gateway holds, as events.
  void Probe(Recorder& recorder) const;
  // Empty, or what is wrong inside: the engine's own audit.
  std::string_view FindError() const { return engine().FindExposureError(); }
  uint64_t StateHash() const { return engine().StateHash(); }

 private:
  friend class GatewayStart<GatewayHost>;
  using Loop = DutyLoop<RecordedSessions>;
  struct Past {
    ReplayedGateway past;
    JournalEnd end;
    uint32_t start;
    uint64_t config_hash;
  };

  // How far the sessions had come at a position of the journal.
  struct Numbers {
    uint64_t position;
    std::vector<std::pair<uint64_t, uint64_t>> next;  // as LifeEnd::safe
  };

  // The world's part of each stage, see gateway_start.h. A process that has ended goes no further.
  absl::StatusOr<std::vector<SessionConfig>> ReadSessions() const;
  absl::StatusOr<std::unique_ptr<Past>> Replay();
  std::unique_ptr<Engine> NewEngine() const;
  absl::StatusOr<int64_t> ChooseTime(const Engine&, int64_t) const noexcept { return start_ns_; }
  absl::StatusOr<std::vector<Loop::Venue>> MakeVenues(const Engine& engine);
  SessionLayerOptions LayerOptions(const Engine& engine) const;
  bool Admit(SessionId session, uint32_t epoch) { return around_.admit(session, epoch); }
  RecordedSessions& Around(SessionLayer<SimLink>& layer);
  absl::Status Open(const std::vector<SessionConfig>& sessions);
  absl::StatusOr<JournalStorage*> OpenJournal(const Past& past);
  Loop::Parts Parts(Engine& engine, RecordedSessions& sessions);
  void Say(const std::string&) const noexcept {}

  Engine& engine() const noexcept { return start_.engine(); }
  void Follow(const JournalRecord& record, std::vector<size_t>& own, uint64_t& last_request);
  Numbers NumbersOf(const Engine& engine, uint64_t position) const;
  void NoteEnd();
  // Gives the operator's command to the gateway, and takes the answer.
  void Post();
  void TakeAnswer();
  // What bounds on time depend on, where it has changed.
  void NoteDisk();
  void NoteDurable();
  void NoteDays(int64_t now_ns);

  Surroundings around_;
  Lifeline life_;
  LifeEnd end_;
  std::vector<uint32_t> session_ids_;
  int64_t start_ns_ = 0;
  DiskFaults disk_faults_;
  uint64_t disk_seed_ = 0;
  const LifeEnd* before_ = nullptr;
  std::unique_ptr<SimStorage> storage_;
  std::vector<std::unique_ptr<RecordedConnector>> connectors_;
  std::optional<RecordedSessions> recorded_;
  AdminMailbox mailbox_;
  std::optional<AdminCommand> command_;  // of the next turn
  uint64_t commands_ = 0;                // in the journal, and of this process
  std::optional<TradingCalendar> days_;  // of every venue
  int64_t next_day_ns_ = 0;
  static constexpr uint64_t kStopped = UINT64_MAX;
  uint64_t disk_fault_ = 0;  // or kStopped
  bool held_back_ = false;
  GatewayStart<GatewayHost> start_{*this};
  std::deque<Numbers> numbers_;  // the first is synced
};

}  // namespace ringway::sim
