// How do sessions, engine and venues become one duty loop? One turn of it: DoWork(now).
//
//   sessions --Input--> engine --Effect--> sessions (gathered, one flush per burst)
//                         ^  \---Effect--> venue queue --burst--> connector
//                         \---- Input ---- connector
//
// Pure plumbing: no clock, no thread, no waiting. Everything a step produces leaves in the order in
// which the engine produced it, per session and per venue, and nothing is dropped:
//  - While any venue's queue is full, the engine is given nothing that sessions ask for, and no
//  work of its own.
//    Sessions are then polled with a budget of nothing, which keeps them logged on; their requests
//    stay in their rings, so the strategies are back-pressured. Venues' reports and operators'
//    commands always pass.
//  - When a venue goes down, what was never sent to it is first answered as rejected
//  (venueUnavailable): it must not
//    reach the market at some later time. Only what the connector had taken is in doubt.
//
// With a journal every step is recorded before anything of it leaves; reports to sessions that were
// promised durability, and confirmations to venues, wait until the record is on stable storage.
// When the journal can take no more, Failed(): the process has to end, as if it had been killed;
// nothing was acknowledged that is not recorded.
//
// `Sessions` is SessionLayer<L> for the link L in use; tests give something simpler.
// Thread rule: the engine's thread. Lifetime: everything in Parts outlives the gateway.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/admin_command.h"
#include "gateway/admin_mailbox.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/engine/engine.h"
#include "gateway/gateway_status.h"
#include "gateway/hold_queue.h"
#include "gateway/journal/format.h"
#include "gateway/journal/storage.h"
#include "gateway/journal/writer.h"
#include "gateway/session_tally.h"
#include "gateway/step.h"
#include "gateway/trade_tally.h"
#include "gateway/venue_queue.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

struct GatewayLimits {
  uint32_t session_budget = 16;  // requests taken from sessions in one turn
  int64_t tick_ns = kNsPerMs;    // between two timer inputs
};

template <class Sessions>
class Gateway {
 public:
  struct Venue {
    VenueId id;
    Connector* connector;
    uint32_t pending_max;
    // The venue lives in this process: it says nothing but in answer, or at times of its own, which
    // any sleep is short enough for. Of others nobody knows when they speak: sleeps are shorter.
    bool speaks_when_polled = false;
  };
  struct Parts {
    Engine& engine;
    Sessions& sessions;
    std::vector<Venue> venues;
    std::vector<SessionId> session_ids;
    uint32_t positions_max;  // pairs of account and instrument, as the engine's pools have it
    // Hands every link that has come since the last call to sessions.Accept(). Called once a tick.
    std::function<void(int64_t now_ns)> accept_links;
    AdminMailbox* mailbox = nullptr;   // null: no administration
    JournalWriter* journal = nullptr;  // null: nothing is recorded
    // Adds what is known of the journal's snapshots; may be empty.
    std::function<void(JournalStatus& status)> fill_snapshots = {};
    GatewayLimits limits = {};
  };

  explicit Gateway(Parts parts)
      : parts_(std::move(parts)), tally_(parts_.session_ids), trades_(parts_.positions_max) {
    VenueId highest = 0;
    for (const Venue& venue : parts_.venues) highest = std::max(highest, venue.id);
    venue_index_.assign(std::size_t{highest} + 1, kNoVenue);
    for (const Venue& venue : parts_.venues) {
      RINGWAY_CHECK(venue.id != 0 && venue_index_[venue.id] == kNoVenue,
                    "venues have numbers of their own");
      venue_index_[venue.id] = static_cast<uint32_t>(venues_.size());
      venues_.emplace_back(venue.id, *venue.connector, venue.pending_max);
    }
  }

  // Goes on with what an earlier process recorded, as the `number`-th process to do so. REQUIRES: a
  // journal; before the first turn; Engine::CanStart(number).
  void Start(int64_t now_ns, uint32_t number) {
    now_ns_ = now_ns;
    Step({Origin::kStart, number, FrameType{}, {}});
    parts_.sessions.Flush();
  }

  // One turn. True when there was anything to do: the caller waits only after a turn without.
  bool DoWork(int64_t now_ns) {
    now_ns_ = now_ns;
    if (parts_.journal != nullptr && !TendJournal()) return false;
    bool worked = parts_.mailbox != nullptr &&
                  parts_.mailbox->Serve([this](const AdminRequest& request, AdminReply& reply) {
                    Administer(request, reply);
                  });
    worked |= Tick();
    worked |= PollSessions();
    RINGWAY_PROBE(gateway_reports_waiting);
    // Acks first: publishing them takes a few stores, a venue in this process matches orders.
    parts_.sessions.Flush();
    RINGWAY_PROBE(gateway_reports_flushed);
    worked |= SendBursts();
    if (PollVenues()) {
      worked = true;
      SendBursts();
    }
    if (!worked && parts_.journal != nullptr) parts_.journal->Mark(now_ns_);
    return worked;
  }

  // For a Sleeper (transport/wait.h) whose turn is DoWork(). True: whatever may come next ends the
  // sleep, or has time until its longest end: timers, operators, signals.
  bool ArmWake() noexcept {
    bool certain = parts_.sessions.ArmWake();
    for (const Venue& venue : parts_.venues) certain &= venue.speaks_when_polled;
    // What is held back goes on as soon as its venue takes something, or the disk has it, which
    // wake nobody.
    for (const VenueQueue& venue : venues_) certain &= venue.waiting() == 0;
    return certain && held_.empty();
  }
  void DisarmWake() noexcept { parts_.sessions.DisarmWake(); }

  // Logs every session out and takes no more orders. DoWork() until Stopped().
  void Stop(int64_t now_ns) {
    stopping_ = true;
    parts_.sessions.Stop(now_ns);
  }
  bool stopping() const noexcept { return stopping_; }
  // Sessions are gone and everything that had to be sent is.
  bool Stopped() const noexcept {
    return stopping_ && parts_.sessions.stopped() && !parts_.engine.HasWork() &&
           std::all_of(venues_.begin(), venues_.end(),
                       [](const VenueQueue& v) { return v.waiting() == 0; });
  }
  // An operator asked for Stop().
  bool stop_requested() const noexcept { return stop_requested_; }

  // The journal has no room for another turn.
  bool Failed() const noexcept { return failed_; }

  // Whether sessions are held back because a venue takes nothing.
  bool BackPressured() const noexcept { return full_; }

  // `walk_orders`: whether all open orders may be looked at, which takes time, to count those in
  // doubt.
  void FillStatus(GatewayStatus& status, bool walk_orders) const {
    status.taken_at_ns = now_ns_;
    status.stopping = stopping_;
    status.back_pressured = full_;
    status.back_pressured_turns = back_pressured_turns_;
    status.engine_steps = engine_steps_;
    status.layer = parts_.sessions.counters();
    status.journal.reset();
    if (parts_.journal != nullptr) {
      JournalStatus& journal = status.journal.emplace();
      journal.position = parts_.journal->end().position;
      journal.durable_position = parts_.journal->storage().durable();
      journal.fault = parts_.journal->storage().fault();
      if (parts_.fill_snapshots) parts_.fill_snapshots(journal);
    }
    status.sessions.clear();
    for (std::size_t i = 0; i < tally_.ids().size(); ++i) {
      const SessionId id = tally_.ids()[i];
      status.sessions.push_back(
          {.id = id, .logged_on = parts_.sessions.session(id)->live(), .counts = tally_.counts(i)});
    }
    status.venues.clear();
    for (const VenueQueue& venue : venues_) {
      status.venues.push_back(
          {.id = venue.venue(), .waiting = venue.waiting(), .counters = venue.counters()});
    }
    FillEngineStatus(parts_.engine, trades_, walk_orders, status);
  }

 private:
  static constexpr uint32_t kNoVenue = UINT32_MAX;
  // More than the records of one turn.
  static constexpr std::size_t kTurnBytes = std::size_t{1} << 20;

  uint32_t IndexOf(uint32_t venue) const noexcept {
    RINGWAY_CHECK(venue < venue_index_.size() && venue_index_[venue] != kNoVenue,
                  "an effect or message names a venue that is not configured");
    return venue_index_[venue];
  }

  // `venue_cursor` is the venue's number of its report, 0 of anything else.
  void Step(const Input& input, uint64_t venue_cursor = 0) {
    effects_.Clear();
    // Most timer steps change nothing but the time, which the next step brings anyway.
    const bool recorded = parts_.journal != nullptr &&
                          (input.origin != Origin::kTimer || parts_.engine.TimerMatters(now_ns_));
    RINGWAY_PROBE(gateway_step_begins);
    parts_.engine.Step(now_ns_, input, effects_);
    RINGWAY_PROBE(gateway_step_made);
    ++engine_steps_;
    if (recorded) position_ = parts_.journal->Append(now_ns_, input, venue_cursor, effects_);
    for (const Effect& effect : effects_) {
      if (effect.target == Target::kSession) {
        tally_.CountReport(effect);
        trades_.Count(effect);
        parts_.sessions.Send(effect, Publish::kGather);
      } else {
        VenueQueue& venue = venues_[IndexOf(effect.id)];
        venue.Push(effect);
        full_ |= venue.full();
      }
    }
    RINGWAY_PROBE(gateway_effects_queued);
    if (recorded && parts_.sessions.holds_any()) [[unlikely]]
      HoldSessions(input);
  }

  // What this step means to sessions that were promised durability waits until it is durable.
  void HoldSessions(const Input& input) {
    const bool of_session = input.origin == Origin::kSession || input.origin == Origin::kSessionUp;
    if (of_session) HoldSession(input.id);
    for (const Effect& effect : effects_) {
      if (effect.target == Target::kSession) HoldSession(effect.id);
    }
  }
  void HoldSession(SessionId id) {
    if (!parts_.sessions.Holds(id)) return;
    held_.Push({position_, id, Target::kSession, parts_.engine.next_seq_out(id),
                parts_.engine.next_seq_in(id)});
    parts_.journal->storage().RequestSync();
  }

  // Once a turn. False: there may not be room for what a turn records.
  bool TendJournal() {
    JournalWriter& journal = *parts_.journal;
    const bool refuses = journal.State() != JournalState::kOk;
    failed_ = !journal.HasRoomFor(kTurnBytes);
    if (failed_) return false;
    if (refuses != parts_.engine.journal_failed()) {
      Step({Origin::kJournal, refuses ? 1u : 0u, FrameType{}, {}});
    }
    const JournalFault fault = journal.storage().fault();
    const bool hopeless = fault == JournalFault::kWriteError || fault == JournalFault::kSyncFailed;
    // Without hope of durability nobody is kept waiting for it: what was held says so.
    if (hopeless && !std::exchange(gave_up_, true)) parts_.sessions.GiveUpHolding();
    durable_ = hopeless ? UINT64_MAX : journal.storage().durable();
    held_.Release(durable_, [this](const HoldEntry& e) {
      RINGWAY_PROBE(gateway_held_released);
      if (e.target == Target::kSession) {
        parts_.sessions.Release(e.id, e.next_seq_out, e.next_seq_in);
      } else if (e.position <= parts_.journal->storage().durable()) {
        // Without hope of durability the venue keeps what nobody else may have.
        venues_[IndexOf(e.id)].connector().Confirm(e.next_seq_out);
      }
    });
    return true;
  }

  // Time passes for the engine, unless a venue is full; long work goes on every turn.
  bool Tick() {
    const bool due = now_ns_ - last_tick_ns_ >= parts_.limits.tick_ns;
    if (due) {
      last_tick_ns_ = now_ns_;
      if (parts_.accept_links) parts_.accept_links(now_ns_);
    }
    if ((!due && !parts_.engine.HasWork()) || full_) return false;
    Step({Origin::kTimer, 0, FrameType{}, {}});
    return effects_.count() != 0 || parts_.engine.HasWork();
  }

  bool PollSessions() {
    if (full_) ++back_pressured_turns_;
    const auto take = [this](const Input& input) {
      const bool always = input.origin != Origin::kSession || input.type == FrameType::kGapFill;
      if (full_ && !always) return false;
      tally_.CountInput(input);
      Step(input);
      return true;
    };
    return parts_.sessions.Poll(now_ns_, take, full_ ? 0 : parts_.limits.session_budget) != 0;
  }

  bool SendBursts() {
    bool worked = false;
    full_ = false;
    for (VenueQueue& venue : venues_) {
      if (venue.held_until() <= durable_) worked |= venue.SendBurst(now_ns_);
      full_ |= venue.full();
    }
    RINGWAY_PROBE(gateway_burst_sent);
    return worked;
  }

  // Never held back: a venue that cannot speak could not be relieved either.
  bool PollVenues() {
    bool worked = false;
    for (VenueQueue& venue : venues_) {
      messages_.Clear();
      venue.connector().Poll(now_ns_, messages_);
      venue.CountReceived(messages_.count());
      uint64_t received = 0;
      for (const Effect& message : messages_) {
        RINGWAY_PROBE(gateway_venue_heard);
        AnswerUnsentIfDown(venue, message);
        Step({Origin::kVenue, venue.venue(), message.type, message.bytes()}, message.seq);
        parts_.sessions.Flush();  // a fill does not wait for the reports behind it
        received = std::max(received, message.seq);
        worked = true;
      }
      if (received != 0) Confirm(venue, received);
      if (venue.SeesLogon() && parts_.journal != nullptr) RecordCursor(venue);
    }
    return worked;
  }

  // The venue may forget what it reported once it is as safe here as anything can be.
  void Confirm(VenueQueue& venue, uint64_t received) {
    if (parts_.journal == nullptr) return venue.connector().Confirm(received);
    held_.Push({position_, venue.venue(), Target::kVenue, received, 0});
  }

  // From here on the venue counts requests anew. Nothing is sent before this is durable, or a loss
  // of power could leave a count behind in which later requests pass for earlier ones; nor, which
  // this implies, before the start of this process is, whose number keeps identifiers apart.
  void RecordCursor(VenueQueue& venue) {
    const VenueCursor cursor = venue.connector().cursor();
    position_ = parts_.journal->Append(
        now_ns_,
        VenueCursorBody{.venue = venue.venue(),
                        .requests_waiting = static_cast<uint32_t>(cursor.lost + venue.waiting()),
                        .incarnation = cursor.incarnation,
                        .requests_sent = cursor.sent - cursor.lost,
                        .reports_received = cursor.received});
    RINGWAY_PROBE(gateway_cursor_recorded);
    HoldVenue(venue);
  }

  void AnswerUnsentIfDown(VenueQueue& venue, const Effect& message) {
    VenueStatus status;
    if (message.type != FrameType::kVenueStatus ||
        Decode(message.bytes(), status) != DecodeStatus::kOk || status.instrument != 0) {
      return;
    }
    AnswerUnsent(venue, Unseen::kVenueDown, [](const Effect&) { return true; });
  }

  // No new order or replace that waits for a venue reaches it after a kill; cancels pass, but for
  // those of orders that never left.
  void AnswerKilled(VenueQueue& venue) {
    AnswerUnsent(venue, Unseen::kKilled, [this](const Effect& request) {
      return request.type != FrameType::kCancel &&
             parts_.engine.RequestIsKilled(VenueRequestId(request));
    });
    if (unsent_.empty()) return;
    AnswerUnsent(venue, Unseen::kKilled, [this](const Effect& request) {
      return request.type == FrameType::kCancel &&
             parts_.engine.RequestIsVoid(VenueRequestId(request));
    });
    // What is behind them keeps its place in the venue's count only if that is never forgotten.
    if (parts_.journal != nullptr) HoldVenue(venue);
  }

  // Nothing goes to the venue before everything up to here is durable.
  void HoldVenue(VenueQueue& venue) {
    venue.HoldUntil(position_);
    parts_.journal->storage().RequestSync();
  }

  template <class F>
  void AnswerUnsent(VenueQueue& venue, Unseen why, F&& wanted) {
    venue.TakeUnsent(unsent_, wanted);
    for (const Effect& request : unsent_) {
      answers_.Clear();
      // Numbers of an earlier process were lower: the time goes into them.
      unsent_number_ = std::max(unsent_number_ + 1, static_cast<uint64_t>(now_ns_));
      AnswerUnseenRequest(request, venue.venue(), why, now_ns_, kGatewayExecIdBits | unsent_number_,
                          answers_);
      RINGWAY_PROBE(gateway_unsent_answered);
      for (const Effect& answer : answers_)
        Step({Origin::kVenue, venue.venue(), answer.type, answer.bytes()});
    }
  }

  void Administer(const AdminRequest& request, AdminReply& reply) {
    const AdminCommand& command = request.command;
    reply.ok = true;
    switch (command.verb) {
      case AdminVerb::kKill:
      case AdminVerb::kArm: {
        const bool killed = command.verb == AdminVerb::kKill;
        const RiskState state{.transact_time = static_cast<uint64_t>(now_ns_),
                              .id = command.id,
                              .scope = command.scope,
                              .killed = killed};
        alignas(8) std::array<std::byte, kMaxPayloadBytes<RiskState>> payload;
        const uint32_t bytes = Encode(state, payload.data());
        Step({Origin::kAdmin, request.operator_id, FrameType::kRiskState, {payload.data(), bytes}});
        if (killed) {
          for (VenueQueue& venue : venues_) AnswerKilled(venue);
        }
        break;
      }
      case AdminVerb::kCancel: {
        if (parts_.engine.operator_cancel().under_way) {
          reply.ok = false;
          reply.error = "an operator's cancel is still under way: wait for its end in `status`";
          break;
        }
        alignas(8) std::array<std::byte, kMaxPayloadBytes<MassCancel>> payload;
        const uint32_t bytes = Encode(command.filter, payload.data());
        Step(
            {Origin::kAdmin, request.operator_id, FrameType::kMassCancel, {payload.data(), bytes}});
        break;
      }
      case AdminVerb::kStatus:
      case AdminVerb::kSessions:
        FillStatus(reply.status, false);
        break;
      case AdminVerb::kOrders:
        FillOpenOrders(parts_.engine, command.id, reply.status);
        break;
      case AdminVerb::kStop:
        stop_requested_ = true;
        break;
      case AdminVerb::kConfig:
      case AdminVerb::kHelp:
        break;  // answered without the engine
    }
  }

  Parts parts_;
  std::vector<VenueQueue> venues_;
  std::vector<uint32_t> venue_index_;  // by venue number
  SessionTally tally_;
  TradeTally trades_;
  Effects effects_;
  Effects messages_;
  Effects answers_;  // to what was never sent
  std::vector<Effect> unsent_;
  uint64_t unsent_number_ = 0;
  HoldQueue held_;
  uint64_t position_ = 0;  // the journal's, behind the latest record
  uint64_t durable_ = 0;   // the journal's, as it is for whoever waits: all of it without hope
  int64_t now_ns_ = 0;
  int64_t last_tick_ns_ = INT64_MIN / 2;
  uint64_t engine_steps_ = 0;
  uint64_t back_pressured_turns_ = 0;
  bool full_ = false;  // of any venue; set as its queue fills, looked at again after each burst
  bool stopping_ = false;
  bool stop_requested_ = false;
  bool failed_ = false;
  bool gave_up_ = false;  // no session is promised durability any more
};

}  // namespace ringway
