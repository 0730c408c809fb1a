// SessionLayer: turns many clients' links into one ordered stream of engine inputs, and sends the
// engine's effects as reports.
//
// The layer owns every accepted link. A link's first message must be a Logon with the session's
// proof within a time limit; then its requests reach the sink, each once and in order, from
// whatever link the session currently has. It knows nothing of orders and risk: the content of a
// request, and whether it can be decoded at all, is the engine's business; that it came from this
// session is this layer's.
//
// One turn of a duty loop:
//
//   while ((link = listener.TryAccept())) layer.Accept(std::move(link), now);
//   layer.Poll(now, [&](const Input& input) { engine.Step(now, input, effects); ... }, 256);
//   for each effect towards a session: layer.Send(effect);
//
// One session cannot hurt another: its records per turn are limited, its reports wait in room of
// its own, its violations end it alone. Thread rule: the engine's thread. The sink may call Send()
// and Flush(). After Create(), memory is allocated only for a logon's proof and by links
// themselves.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/core/step.h"
#include "gateway/session/gateway_session.h"
#include "gateway/session/guest_room.h"
#include "gateway/session/session_options.h"
#include "gateway/session/session_roster.h"
#include "msg/auth.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/wait.h"

namespace ringway {

template <SessionLink L>
class SessionLayer {
 public:
  // Called when a session proved itself on a link of this epoch, so that the listener can refuse
  // older ones from then on (AnyListener::Admit, with the session as peer key). False: a newer
  // epoch was admitted before, the logon is refused. May be empty.
  using Admit = std::function<bool(SessionId session, uint32_t epoch)>;

  // Errors: InvalidArgument naming everything that is wrong.
  static absl::StatusOr<std::unique_ptr<SessionLayer>> Create(
      const SessionLayerOptions& options, const std::vector<SessionConfig>& sessions,
      Admit admit = nullptr) {
    absl::Status status = Validate(options, sessions);
    if (!status.ok()) return status;
    return std::unique_ptr<SessionLayer>(new SessionLayer(options, sessions, std::move(admit)));
  }

  // From now on a message on any link ends this waiter's sleep. REQUIRES: no link was accepted
  // before; the waiter outlives the layer's use.
  void WakeWith(Waiter& waiter) noexcept { waiter_ = &waiter; }

  // For a Sleeper: arms every link; true when the wake-up of each is certain. The next turn, and
  // the first after DisarmWake(), visit every session: a sleep must not hide a cold one's message.
  bool ArmWake() noexcept {
    roster_.LookEverywhere();
    bool certain = watches_all_ && successors_.empty() && guests_.sees_all();
    guests_.ForEach([&](L& link) { certain &= link.ArmWake(); });
    for (GatewaySession<L>* session : roster_.all()) {
      if (session->live()) certain &= session->ArmWake();
    }
    return certain;
  }
  void DisarmWake() noexcept {
    roster_.LookEverywhere();
    guests_.ForEach([](L& link) { link.DisarmWake(); });
    for (GatewaySession<L>* session : roster_.all()) {
      if (session->live()) session->DisarmWake();
    }
  }

  // A look that is cheaper than a turn, for between turns that found nothing: whether a session may
  // have sent something. Looks at some of many.
  bool SeesInput() noexcept { return !guests_.empty() || roster_.SeesInput(); }

  // In the sink of Poll(): what the session whose request it is given has sent next, as
  // Link::Peek() says it.
  Record Ahead() const noexcept {
    return polled_ != nullptr && polled_->live() ? polled_->Peek() : Record{};
  }

  // Takes a new link. If it has no place, or takes that of another link, the link without a place
  // is refused: gatewayFull.
  void Accept(std::unique_ptr<L> link, int64_t now_ns) {
    if (stopping_) {
      ++counters_.links_refused;
      return Refuse(std::move(link), 0, LogonRejectReason::kGatewayFull, now_ns);
    }
    ++counters_.links_accepted;
    Watch(*link);
    RINGWAY_PROBE(gateway_link_accepted);
    std::unique_ptr<L> evicted =
        guests_.Add(std::move(link), now_ns, now_ns + options_.logon_timeout_ns);
    if (evicted == nullptr) return;
    ++counters_.links_refused;
    Refuse(std::move(evicted), 0, LogonRejectReason::kGatewayFull, now_ns);
  }

  // Prepares the memory that this session's first logon needs; does nothing for other sessions. Any
  // thread, while the layer lives.
  void Prepare(SessionId id) noexcept {
    if (GatewaySession<L>* session = Find(id)) session->TouchMemory();
  }

  // One turn: passes at most `budget` requests to sink(const Input&), and in addition kSessionUp
  // (payload Logon; next_seq_in 0: send a snapshot) and kSessionDown (payload Logout; reason unset:
  // the link was lost), in the order in which they happened per session. Returns the number of
  // records taken. The sink returns whether it took the input. A request that it did not take is
  // offered again next turn, and that session's later ones wait behind it; so is a kSessionDown. It
  // always takes a kSessionUp and a GapFill. A budget of 0 holds the sessions back and keeps them
  // logged on: reports and heartbeats are sent, silence is not timed. No session logs on then.
  template <class Sink>
  uint32_t Poll(int64_t now_ns, Sink&& sink, uint32_t budget) {
    const bool maintain = now_ns - last_maintain_ns_ >= kNsPerMs;
    if (maintain) last_maintain_ns_ = now_ns;
    // One logon a turn: its proof and its snapshot delay all sessions.
    const bool logged_on =
        budget != 0 && (EnterSuccessor(now_ns, sink) || PollGuests(now_ns, sink));
    const uint32_t count = PollSessions(sink, budget) + (logged_on ? 1 : 0);
    if (maintain) {
      MaintainSuccessors(now_ns);
      DropClosed(now_ns);
    }
    MaintainSessions(now_ns);
    if (!ended_.empty()) [[unlikely]]
      FinishEnded(now_ns, sink);
    return count;
  }

  // Numbers, keeps and sends a report; a session without a link gets it when it returns. A
  // SessionReject is neither numbered nor kept: see GatewaySession::Refuse(). REQUIRES: a
  // configured session; effect.seq is its next report's number, 0 for a SessionReject.
  void Send(const EffectView& effect, Publish publish = Publish::kNow) noexcept {
    GatewaySession<L>* session = Find(effect.id);
    RINGWAY_CHECK(effect.target == Target::kSession && session != nullptr,
                  "a report for a session that is not configured");
    if (!IsNumbered(static_cast<uint8_t>(effect.type))) [[unlikely]] {
      Refuse(*session, effect);
      return See(*session);
    }
    RINGWAY_CHECK(effect.seq == session->next_seq_out(),
                  "the engine and the session disagree about the next report's number");
    Gather(*session, [&] { session->Send(effect.type, effect.bytes(), publish); });
  }

  // For sessions whose reports wait until they are as safe as promised, see
  // GatewaySession::Release(). REQUIRES: a configured session.
  bool Holds(SessionId id) const noexcept { return session(id)->holds(); }
  void Release(SessionId id, uint64_t next_seq_out, uint64_t next_seq_in) noexcept {
    GatewaySession<L>* session = Find(id);
    Gather(*session, [&] { session->Release(next_seq_out, next_seq_in, Publish::kGather); });
  }
  // Whether any session ever held.
  bool holds_any() const noexcept { return holds_any_; }
  // From now on no session, including those logged on, is promised more than Durability::kMemory.
  void GiveUpHolding() noexcept {
    for (const auto& session : sessions_) session->GiveUpHolding();
  }

  // Publishes what was sent with kGather.
  void Flush() noexcept {
    for (GatewaySession<L>* session : gathered_) session->Flush();
    gathered_.clear();
  }

  // Logs every session out (gatewayStopping) and accepts no more. Poll() until stopped().
  void Stop(int64_t now_ns) {
    stopping_ = true;
    for (GatewaySession<L>* session : roster_.all()) {
      if (!session->live()) continue;
      session->Logout(LogoutReason::kGatewayStopping);
      See(*session);
    }
    while (!guests_.empty()) {
      Refuse(guests_.TakeAny(), 0, LogonRejectReason::kGatewayFull, now_ns);
    }
    for (Successor& successor : successors_) {
      Refuse(std::move(successor.link), successor.logon.session, LogonRejectReason::kGatewayFull,
             now_ns);
    }
    successors_.clear();
  }
  bool stopped() const noexcept { return stopping_ && roster_.all().empty() && closed_.empty(); }

  // Null when there is no such session.
  const GatewaySession<L>* session(SessionId id) const noexcept {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  uint32_t live_count() const noexcept { return static_cast<uint32_t>(roster_.all().size()); }
  const SessionLayerCounters& counters() const noexcept { return counters_; }

 private:
  // How long messages of a superseded link are still passed on; the client sends the rest again.
  // Clients wait longer than this for an answer to their logon.
  static constexpr int64_t kDrainNs = kNsPerS;
  // Sessions whose end is reported in one turn.
  static constexpr uint32_t kEndsPerTurnMax = 64;
  // Where the peer does not read its own memory a closed link is kept for this long, so that the
  // peer can take what was sent last.
  static constexpr int64_t kLingerNs = kNsPerS;
  static constexpr uint32_t kClosedMax = 1024;

  // A logon that waits until the session's previous link is over.
  struct Successor {
    GatewaySession<L>* session;
    std::unique_ptr<L> link;
    Logon logon;
  };
  struct ClosedLink {
    std::unique_ptr<L> link;
    int64_t until_ns;
  };

  SessionLayer(const SessionLayerOptions& options, const std::vector<SessionConfig>& sessions,
               Admit admit)
      : options_(options),
        admit_(std::move(admit)),
        stranger_key_(*SessionKey::FromBytes(kNoKey)),
        guests_(options.links_before_logon_max, sessions.size()),
        roster_({.hot_max = options.hot_sessions_max,
                 .cold_after_turns = options.cold_after_turns,
                 .cold_looks = options.cold_looks},
                sessions.size()) {
    for (const SessionConfig& config : sessions) {
      sessions_.push_back(std::make_unique<GatewaySession<L>>(config, options_, counters_));
      by_id_.emplace(config.id, sessions_.back().get());
    }
    ended_.reserve(sessions.size());
    gathered_.reserve(sessions.size());
    successors_.reserve(sessions.size());
    closed_.reserve(kClosedMax);
  }

  // Flush() publishes what send() gathers.
  template <class F>
  void Gather(GatewaySession<L>& session, F&& send) noexcept {
    const bool gathered = session.gathered();
    send();
    if (session.gathered() && !gathered) gathered_.push_back(&session);
    See(session);
  }

  // After whatever a session did or was done to: it may have ended, or want a visit every turn.
  void See(GatewaySession<L>& session) noexcept {
    if (session.phase() == LinkPhase::kNone) return;
    if (session.ended()) [[unlikely]] {
      if (!std::exchange(session.end_seen, true)) ended_.push_back(&session);
    } else if (session.place.cold && !session.quiet()) [[unlikely]] {
      roster_.Warm(session);
    }
  }

  void Refuse(GatewaySession<L>& session, const EffectView& effect) noexcept {
    SessionReject reject;
    RINGWAY_CHECK(effect.type == FrameType::kSessionReject && effect.seq == 0 &&
                      Decode(effect.bytes(), reject) == DecodeStatus::kOk,
                  "of the session's own messages the engine sends SessionReject alone");
    session.Refuse(reject);
  }

  GatewaySession<L>* Find(SessionId id) noexcept {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }

  template <class Sink>
  uint32_t PollSessions(Sink& sink, uint32_t budget) noexcept {
    if (budget == 0) {
      for (GatewaySession<L>* session : roster_.all()) {
        if (session->live()) session->Hold();
        See(*session);
      }
      return 0;
    }
    uint32_t count = 0;
    const auto visit = [&](GatewaySession<L>& session) {
      if (!session.live()) return false;
      if (session.crowded()) [[unlikely]] {
        session.Hold();
        See(session);
        return true;
      }
      polled_ = &session;
      const uint32_t taken =
          session.Poll(sink, std::min(options_.records_per_turn, budget - count));
      polled_ = nullptr;
      count += taken;
      See(session);
      if (taken == 0) return !session.quiet();
      Flush();  // this session's acks do not wait for the others' requests
      return true;
    };
    roster_.Visit(visit, [&] { return count != budget; });
    return count;
  }

  // Upkeep, once a millisecond for each session, of a few in a turn: no turn waits for all.
  void MaintainSessions(int64_t now_ns) noexcept {
    roster_.ForDue(now_ns, [&](GatewaySession<L>& session) {
      if (session.live()) session.Maintain(now_ns);
      See(session);
    });
  }

  // Reports the ends of some sessions. One whose end the sink does not take keeps its place.
  template <class Sink>
  void FinishEnded(int64_t now_ns, Sink& sink) {
    uint32_t ends = 0;
    size_t kept = 0;
    for (size_t i = 0; i != ended_.size(); ++i) {
      if (ends != kEndsPerTurnMax && Finish(*ended_[i], now_ns, sink)) {
        ++ends;
      } else {
        ended_[kept++] = ended_[i];
      }
    }
    ended_.resize(kept);
  }

  // True when a guest had a message.
  template <class Sink>
  bool PollGuests(int64_t now_ns, Sink& sink) {
    if (guests_.empty()) return false;
    return guests_.Poll(
        now_ns,
        [&](std::unique_ptr<L> link, const Logon& logon, LogonRejectReason reason) {
          LogOn(std::move(link), logon, reason, now_ns, sink);
        },
        [&](std::unique_ptr<L> link, bool late) {
          if (late) ++counters_.logons_timed_out;
          Discard(std::move(link), now_ns);
        });
  }

  template <class Sink>
  void LogOn(std::unique_ptr<L> link, const Logon& logon, LogonRejectReason reason, int64_t now_ns,
             Sink& sink) {
    GatewaySession<L>* session = Find(logon.session);
    if (reason == LogonRejectReason::kUnset && logon.version != kSessionProtocolVersion) {
      reason = LogonRejectReason::kVersionNotSupported;
    }
    if (reason == LogonRejectReason::kUnset) {
      // An unknown session takes the same time as a wrong key.
      const SessionKey& key = session == nullptr ? stranger_key_ : session->key();
      const bool proved = Verify(key, BindingOf(*link), logon);
      if (!proved || session == nullptr) reason = LogonRejectReason::kAuthenticationFailed;
    }
    if (reason == LogonRejectReason::kUnset) reason = session->Check(logon);
    if (reason == LogonRejectReason::kUnset && admit_ && !admit_(logon.session, link->epoch())) {
      reason = LogonRejectReason::kStaleEpoch;
    }
    if (reason != LogonRejectReason::kUnset) {
      ++counters_.logons_rejected;
      Refuse(std::move(link), logon.session, reason, now_ns);
      return;
    }
    // What the old link delivered before is still valid, and so comes first; the new link's ack
    // covers it.
    if (session->live()) {
      session->Supersede(now_ns + kDrainNs);
      See(*session);
    }
    if (session->ended() || session->live()) {
      Await(*session, std::move(link), logon, now_ns);
    } else {
      Begin(*session, std::move(link), logon, now_ns, sink);
    }
  }

  template <class Sink>
  void Begin(GatewaySession<L>& session, std::unique_ptr<L> link, const Logon& logon,
             int64_t now_ns, Sink& sink) {
    ++counters_.logons;
    RINGWAY_PROBE(gateway_logon_checked);
    const Logon seen = session.Begin(std::move(link), logon, options_.open_orders, now_ns);
    roster_.Add(session);
    holds_any_ |= session.holds();
    // The engine's step is recorded before its reports leave, and so before the answer: an epoch
    // that a client knows to be admitted is not lost with the process.
    (void)Hand(sink, Origin::kSessionUp, session.id(), seen);
    session.AnswerLogon();
    See(session);
    RINGWAY_PROBE(gateway_logon_answered);
  }

  // Of several logons that wait for one session the latest counts.
  void Await(GatewaySession<L>& session, std::unique_ptr<L> link, const Logon& logon,
             int64_t now_ns) {
    for (Successor& successor : successors_) {
      if (successor.session != &session) continue;
      Refuse(std::exchange(successor.link, std::move(link)), session.id(),
             LogonRejectReason::kStaleEpoch, now_ns);
      successor.logon = logon;
      return;
    }
    successors_.push_back({&session, std::move(link), logon});
  }

  // Continues with the first whose session has no link any more. True when there was one.
  template <class Sink>
  bool EnterSuccessor(int64_t now_ns, Sink& sink) {
    for (size_t i = 0; i != successors_.size(); ++i) {
      Successor& successor = successors_[i];
      if (successor.session->live() || successor.session->ended()) continue;
      Begin(*successor.session, std::move(successor.link), successor.logon, now_ns, sink);
      successors_.erase(successors_.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  }
  void MaintainSuccessors(int64_t now_ns) {
    for (size_t i = 0; i != successors_.size();) {
      const LinkState state = successors_[i].link->Maintain(now_ns);
      if (state != LinkState::kClosed) {
        ++i;
        continue;
      }
      ++counters_.links_lost;
      Discard(std::move(successors_[i].link), now_ns);
      successors_.erase(successors_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // The session is over: the engine is told, the link waits to be dropped. False: the sink does not
  // take it now.
  template <class Sink>
  bool Finish(GatewaySession<L>& session, int64_t now_ns, Sink& sink) {
    RINGWAY_PROBE(gateway_session_over);
    if (!Hand(sink, Origin::kSessionDown, session.id(),
              Logout{.next_seq_out = session.next_seq_out(), .reason = session.end_reason()})) {
      return false;
    }
    roster_.Remove(session);
    Discard(session.TakeLink(), now_ns);
    return true;
  }

  template <class Sink, Message M>
  bool Hand(Sink& sink, Origin origin, SessionId id, const M& message) {
    alignas(8) std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    return Offer(sink, Input{origin, id, M::kType, {payload.data(), bytes}});
  }

  void Refuse(std::unique_ptr<L> link, SessionId id, LogonRejectReason reason, int64_t now_ns) {
    (void)SendUnnumbered(
        *link, LogonReject{.session = id, .reason = reason, .version = kSessionProtocolVersion});
    Discard(std::move(link), now_ns);
  }

  void Watch(const L& link) {
    // A link that cannot be watched makes sleeps short for good, rather than costing the client.
    if (waiter_ != nullptr && !waiter_->Watch(link.wake_fd()).ok()) watches_all_ = false;
  }
  void Unwatch(const L& link) noexcept {
    if (waiter_ != nullptr) waiter_->Unwatch(link.wake_fd());
  }

  void Discard(std::unique_ptr<L> link, int64_t now_ns) {
    Unwatch(*link);  // the peer's end hangs up: readable from then on
    link->Close();
    // Shared memory stays as long as the peer maps it; the rest is torn down elsewhere.
    if (link->caps().ordered_stores || closed_.size() == kClosedMax) return;
    closed_.push_back({std::move(link), now_ns + kLingerNs});
  }
  void DropClosed(int64_t now_ns) {
    for (ClosedLink& closed : closed_) (void)closed.link->Maintain(now_ns);
    std::erase_if(closed_, [now_ns](const ClosedLink& link) { return now_ns >= link.until_ns; });
  }

  static constexpr std::array<std::byte, SessionKey::kBytesMin> kNoKey{};

  const SessionLayerOptions options_;
  Admit admit_;
  const SessionKey stranger_key_;  // for logons of sessions that do not exist
  SessionLayerCounters counters_;
  std::vector<std::unique_ptr<GatewaySession<L>>> sessions_;
  absl::flat_hash_map<SessionId, GatewaySession<L>*> by_id_;
  std::vector<GatewaySession<L>*> gathered_;  // with reports that wait for Flush()
  std::vector<GatewaySession<L>*> ended_;     // not yet reported
  GuestRoom<L> guests_;                       // before their logon
  SessionRoster<GatewaySession<L>> roster_;   // logged on, or ended and not yet reported
  GatewaySession<L>* polled_ = nullptr;       // the one whose requests the sink is given
  std::vector<Successor> successors_;         // at most one a session
  std::vector<ClosedLink> closed_;
  Waiter* waiter_ = nullptr;
  bool watches_all_ = true;  // every link so far ends the waiter's sleep
  bool holds_any_ = false;
  bool stopping_ = false;
  int64_t last_maintain_ns_ = INT64_MIN / 2;
};

}  // namespace ringway
