// DutyLoop: the gateway's loop that joins sessions, engine and venues. One turn of it: DoWork(now).
//
//   sessions --Input--> engine --Effect--> sessions (gathered, one flush per burst)
//                         ^  \---Effect--> venue queue --burst--> connector
//                         \---- Input <-------------------------- connector
//
// Pure plumbing: no clock, no thread, no waiting. Effects leave in the order in which the engine
// produced them, per session and per venue (cancels overtake, see venue_queue.h), and none is
// dropped. Backpressure from a session, a venue or the disk falls on those who cause it:
//
//  - When a session has used up its share of a venue's queue, its next order for that venue waits,
//    and so does everything it sent after it. After venue_wait_ns such orders are refused
//    (venueBusy), so that cancels and orders for other venues proceed. Other sessions, reports,
//    timers and operators do not wait.
//  - While the disk is behind, those who record most wait first (journal_shares.h). On a full disk
//    an order that has waited journal_wait_ns for its session's share is refused
//    (journalUnavailable). When there has been no room for any order for that long, all orders are
//    refused; cancels, reports and operators use the remaining room.
//  - When a venue goes down, requests that were never sent to it are first answered as rejected
//    (venueUnavailable): they must not reach the market later. Only requests that the connector had
//    taken are in doubt. Requests for a venue that is merely halted keep waiting.
//
// With a journal, every step is recorded before any of its effects leaves. Until the record is on
// stable storage, these wait: reports to sessions that were promised durability, confirmations to
// venues, and orders of sessions that are configured so. Everything a process sends also waits
// until the record of its own start is durable: identifiers contain the number of the start, and
// after a power loss the next process must not reuse it.
//
// When the disk fails for good, orders are refused. Requests whose order a venue counts continue
// only where the records that tell its counts apart are durable. A venue that logged on since, or
// for which an order waited for the disk, gets nothing any more; the gateway answers what is queued
// for it in its stead. Failed() becomes true when the disk failed before the start was durable, or
// when no room is left for venue reports. The process must then end as if it had been killed;
// nothing was acknowledged that is not recorded.
//
// The work of one turn is bounded: at most session_budget requests, kAnswersPerTurn answers for
// each venue, one burst from each venue, one timer step.
//
// `Sessions` is SessionLayer<L> for the link L in use; tests use a simpler stand-in. Thread rule:
// the engine's thread. Lifetime: everything in Parts outlives the gateway.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/admin/admin_command.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/core/chunked_fifo.h"
#include "gateway/core/engine_watch.h"
#include "gateway/core/gateway_status.h"
#include "gateway/core/hold_queue.h"
#include "gateway/core/journal_shares.h"
#include "gateway/core/kept_prices.h"
#include "gateway/core/retention_watch.h"
#include "gateway/core/session_tally.h"
#include "gateway/core/step.h"
#include "gateway/core/trade_tally.h"
#include "gateway/core/trading_calendar.h"
#include "gateway/core/venue_queue.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/format.h"
#include "gateway/journal/storage.h"
#include "gateway/journal/writer.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

struct DutyLoopLimits {
  uint32_t session_budget = 16;  // requests taken from sessions in one turn
  int64_t tick_ns = kNsPerMs;    // between two timer inputs
  // How long an order waits for its session's share of its venue's queue before it is refused.
  int64_t venue_wait_ns = 100 * kNsPerMs;
  // How long orders wait for a disk that is behind before they are refused.
  int64_t journal_wait_ns = kNsPerS;
};

template <class Sessions>
class DutyLoop {
 public:
  struct Venue {
    VenueId id;
    Connector* connector;
    uint32_t pending_max;
    // The venue lives in this process: it sends only in answer, or at times of its own for which
    // any sleep is short enough. Other venues may send at any time, so sleeps are shorter.
    bool speaks_when_polled = false;
    // When its trading days begin; none: the venue has no trading days.
    std::optional<TradingCalendar> trading_days = {};
  };
  struct Parts {
    Engine& engine;
    Sessions& sessions;
    std::vector<Venue> venues;
    std::vector<SessionId> session_ids;
    // Of these, sessions whose orders and replaces leave only once their record is durable.
    std::vector<SessionId> send_when_durable = {};
    uint32_t positions_max;  // pairs of account and instrument, as in the engine's pools
    // Hands links that arrived since the last call to sessions.Accept(), and says whether there
    // was one. Called once a tick.
    std::function<bool(int64_t now_ns)> accept_links;
    AdminMailbox* mailbox = nullptr;   // null: no administration
    JournalWriter* journal = nullptr;  // null: nothing is recorded
    // Fills in the state of the journal's snapshots; may be empty.
    std::function<void(JournalStatus& status)> fill_snapshots = {};
    // Receives lines that need an operator's attention at once; may be empty. Must not block.
    std::function<void(std::string_view line)> report = {};
    DutyLoopLimits limits = {};
  };

  explicit DutyLoop(Parts parts)
      : parts_(std::move(parts)),
        tally_(parts_.session_ids),
        trades_(parts_.positions_max),
        watch_(parts_.engine),
        retention_(parts_.session_ids.size()),
        shares_(static_cast<uint32_t>(parts_.session_ids.size() + parts_.venues.size())),
        breach_kills_(parts_.engine.counters().breach_kills) {
    if (!parts_.send_when_durable.empty()) sends_when_durable_.resize(SessionCount());
    for (const SessionId id : parts_.send_when_durable) {
      sends_when_durable_[tally_.IndexOf(id)] = true;
    }
    VenueId highest = 0;
    for (const Venue& venue : parts_.venues) highest = std::max(highest, venue.id);
    venue_index_.assign(std::size_t{highest} + 1, kNoVenue);
    for (const Venue& venue : parts_.venues) {
      RINGWAY_CHECK(venue.id != 0 && venue_index_[venue.id] == kNoVenue,
                    "venues have numbers of their own");
      venue_index_[venue.id] = static_cast<uint32_t>(venues_.size());
      venues_.push_back(std::make_unique<VenueSide>(venue, SessionCount()));
      venues_.back()->source = SessionCount() + venue_index_[venue.id];
      venues_.back()->trading_days = venue.trading_days;
    }
  }

  // Continues from what earlier processes recorded, as start number `number`. Without such records
  // `first_request`, if not 0, is where identifiers of venue requests begin. REQUIRES: before the
  // first turn; Engine::CanStart(number).
  void Start(int64_t now_ns, uint32_t number, uint64_t first_request = 0) {
    now_ns_ = now_ns;
    if (first_request == 0) {
      Step({Origin::kStart, number, FrameType{}, {}});
    } else {
      StepWith(Origin::kStart, number, GapFill{.new_seq = first_request});
    }
    parts_.sessions.Flush();
    if (parts_.journal == nullptr) return;
    started_at_ = position_;
    parts_.journal->storage().BeginSync();
  }

  // One turn. True when it did any work: the caller waits only after an idle turn.
  bool DoWork(int64_t now_ns) {
    now_ns_ = now_ns;
    if (parts_.journal != nullptr && !TendJournal()) return false;
    AnswerWithdrawn();
    bool worked = parts_.mailbox != nullptr && ServeOperators();
    if (!started()) [[unlikely]]
      return worked;
    worked |= Tick();
    worked |= PollSessions();
    RINGWAY_PROBE(gateway_reports_waiting);
    // Acks first: publishing them takes a few stores, whereas a venue in this process matches
    // orders.
    parts_.sessions.Flush();
    RINGWAY_PROBE(gateway_reports_flushed);
    worked |= SendBursts();
    if (PollVenues()) {
      worked = true;
      SendBursts();
    }
    if (!worked && parts_.journal != nullptr) parts_.journal->Mark(now_ns_);
    if (parts_.journal != nullptr) parts_.journal->storage().WakeSync();
    return worked || (parts_.engine.HasWork() && HasRoomFor(JournalUse::kWork));
  }

  // Between turns that found nothing, cheaper than a turn: whether something may have come.
  bool SeesInput() noexcept {
    if (parts_.sessions.SeesInput()) return true;
    for (const auto& venue : venues_) {
      if (venue->queue.connector().SeesInput()) return true;
    }
    return false;
  }

  // For a Sleeper (transport/wait.h) whose turn is DoWork(). True: the next event either ends the
  // sleep or can wait until its longest end (timers, operators, signals).
  bool ArmWake() noexcept {
    bool certain = parts_.sessions.ArmWake();
    for (const Venue& venue : parts_.venues) certain &= venue.speaks_when_polled;
    // What is held back proceeds when its venue has room or the disk has the record; neither wakes
    // a sleeper.
    for (const auto& venue : venues_) {
      certain &= venue->queue.waiting() == 0 && !venue->refused && venue->prices.empty();
    }
    return certain && held_.empty() && started() && HasRoomFor(JournalUse::kOrder);
  }
  void DisarmWake() noexcept { parts_.sessions.DisarmWake(); }

  // Logs every session out and takes no more orders. DoWork() until Stopped().
  void Stop(int64_t now_ns) {
    stopping_ = true;
    parts_.sessions.Stop(now_ns);
  }
  bool stopping() const noexcept { return stopping_; }
  // Sessions are gone and everything that had to be sent was sent.
  bool Stopped() const noexcept {
    if (!stopping_ || !started()) return stopping_;
    return parts_.sessions.stopped() && !parts_.engine.HasWork() &&
           std::ranges::all_of(venues_, [](const auto& v) { return v->queue.waiting() == 0; });
  }
  // The last record: the process ends in order, in this state. No turn comes after it.
  void RecordStop() {
    // With work left over this is not an orderly end but that of a killed process.
    if (parts_.journal == nullptr || failed_ || !CanStep() || parts_.engine.HasWork()) return;
    parts_.journal->Append(parts_.engine.now_ns(),
                           GatewayStopBody{.state_hash = parts_.engine.StateHash()});
  }

  // An operator asked for Stop().
  bool stop_requested() const noexcept { return stop_requested_; }

  // The disk failed for good: before the start was durable, or later and no room is left for venue
  // reports.
  bool Failed() const noexcept { return failed_; }
  // Whether this process's start is durable; until then nothing is taken from sessions or venues.
  bool started() const noexcept { return safe_ >= started_at_; }

  // Whether requests of sessions wait for a venue or the journal.
  bool BackPressured() const noexcept { return back_pressured_; }

  // Visits all orders, which takes time, to count those in doubt.
  void FillStatus(GatewayStatus& status) const {
    FillTotals(status);
    status.sessions.clear();
    for (std::size_t i = 0; i < tally_.ids().size(); ++i) AddSession(i, status);
    FillEngineStatus(parts_.engine, trades_, status);
  }

  // The same in slices of bounded work, by turns counted from 0: totals, sessions, and, unless
  // `sessions_alone`, orders in doubt and as many positions as `status` has room for. Allocates
  // nothing where it has room for the sessions. True: complete.
  bool FillStatusSlice(GatewayStatus& status, uint32_t turn, bool sessions_alone) const {
    constexpr std::size_t kLinesPerTurn = 16;
    if (turn == 0) {
      FillTotals(status);
      status.sessions.clear();
      status.positions.clear();
      return false;
    }
    const std::size_t sessions = tally_.ids().size();
    const std::size_t positions =
        sessions_alone
            ? 0
            : std::min<std::size_t>(parts_.engine.positions(), status.positions.capacity());
    for (std::size_t line = 0; line != kLinesPerTurn; ++line) {
      if (status.sessions.size() < sessions) {
        AddSession(status.sessions.size(), status);
      } else if (!FillKilled(parts_.engine, status) ||
                 (!sessions_alone && !CountInDoubt(parts_.engine, status))) {
        continue;
      } else if (status.positions.size() < positions) {
        const auto next = static_cast<uint32_t>(status.positions.size());
        status.positions.push_back(MakePositionLine(parts_.engine.position_at(next), trades_));
      } else {
        status.positions_total = parts_.engine.positions();
        return true;
      }
    }
    return false;
  }

  JournalFault journal_fault() const noexcept {
    return parts_.journal == nullptr ? JournalFault::kNone : parts_.journal->storage().fault();
  }

 private:
  static constexpr uint32_t kNoVenue = UINT32_MAX;
  // Limit per venue and turn of gateway-made answers to requests that were never sent.
  static constexpr uint32_t kAnswersPerTurn = 64;

  void FillTotals(GatewayStatus& status) const {
    status.taken_at_ns = now_ns_;
    status.stopping = stopping_;
    status.back_pressured = back_pressured_;
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
    status.venues.clear();
    for (const auto& venue : venues_) {
      VenueQueue& queue = venue->queue;
      status.venues.push_back({.id = queue.venue(),
                               .waiting = queue.waiting(),
                               .reason = std::string(queue.connector().reason()),
                               .counters = queue.counters()});
    }
    FillEngineTotals(parts_.engine, status);
  }
  void AddSession(std::size_t index, GatewayStatus& status) const {
    const SessionId id = tally_.ids()[index];
    SessionStatus& session = status.sessions.emplace_back();
    session.id = id;
    session.logged_on = parts_.sessions.session(id)->live();
    session.disabled = parts_.sessions.session(id)->disabled();
    if (const LinkCounters* counters = parts_.sessions.session(id)->link_counters()) {
      session.link = *counters;
    }
    session.counts = tally_.counts(index);
    FillEngineSession(parts_.engine, session);
  }

  // Serves operators' commands and queries: commands whole, queries in slices.
  bool ServeOperators() {
    AdminMailbox& mailbox = *parts_.mailbox;
    const bool commanded = mailbox.Serve(
        AdminLane::kControl, [this](const AdminRequest& request, AdminReply& reply, uint32_t) {
          Administer(request, reply);
          return true;
        });
    const bool watched =
        mailbox.Serve(AdminLane::kMonitoring,
                      [this](const AdminRequest& request, AdminReply& reply, uint32_t turn) {
                        return Show(request.command, reply.status, turn);
                      });
    return commanded || watched;
  }

  // True: complete.
  bool Show(const AdminCommand& command, GatewayStatus& status, uint32_t turn) const {
    switch (command.verb) {
      case AdminVerb::kStatus:
        return FillStatusSlice(status, turn, false);
      case AdminVerb::kSessions:
        return FillStatusSlice(status, turn, true);
      case AdminVerb::kOrders:
        FillOpenOrders(parts_.engine, command.id, status);
        return true;
      default:
        FillTotals(status);
        return true;
    }
  }

  struct VenueSide {
    VenueSide(const Venue& venue, uint32_t sessions)
        : queue(venue.id, *venue.connector, venue.pending_max, sessions) {}

    VenueQueue queue;
    KeptPrices prices;
    bool refused = false;  // the last Poll() ended with a message that was not taken
    uint32_t source = 0;   // index in shares_
    std::optional<TradingCalendar> trading_days;
    bool cursor_due = false;          // its connector logged on; that is not recorded yet
    int64_t next_day_ns = INT64_MIN;  // when its next trading day begins; before: not computed yet
  };

  uint32_t SessionCount() const noexcept {
    return static_cast<uint32_t>(parts_.session_ids.size());
  }
  VenueSide& SideOf(uint32_t venue) noexcept {
    RINGWAY_CHECK(venue < venue_index_.size() && venue_index_[venue] != kNoVenue,
                  "an effect or message names a venue that is not configured");
    return *venues_[venue_index_[venue]];
  }

  // --- Steps ---

  // Whether there is room for one more record of any kind.
  bool CanStep() const noexcept {
    return parts_.journal == nullptr || parts_.journal->State() != JournalState::kFull;
  }
  bool HasRoomFor(JournalUse use) const noexcept {
    return parts_.journal == nullptr || shares_.HasRoomFor(use);
  }

  // `venue_report_seq` is the venue's sequence number of its report, 0 for anything else. With
  // kGather, what it tells sessions is published by their Flush(). REQUIRES: CanStep().
  void Step(const Input& input, uint64_t venue_report_seq = 0, Publish publish = Publish::kGather) {
    // Most timer steps change only the time, which the next recorded step sets anyway.
    const bool recorded = parts_.journal != nullptr &&
                          (input.origin != Origin::kTimer || parts_.engine.TimerMatters(now_ns_));
    const uint64_t begin = recorded ? parts_.journal->end().position : 0;
    if (recorded) {
      effects_.Clear(parts_.journal->BeginStep(input, venue_report_seq));
    } else {
      effects_.Clear();
    }
    RINGWAY_PROBE(gateway_step_begins);
    parts_.engine.Step(now_ns_, input, effects_);
    RINGWAY_PROBE(gateway_step_made);
    ++engine_steps_;
    if (recorded) {
      position_ = parts_.journal->EndStep(now_ns_, effects_);
      // A record that begins a new segment moves the position by more than its own length.
      Charge(input, std::min(position_ - begin, kRecordBytesMax));
    }
    const bool of_session = IsRequest(input.origin);
    for (const EffectView& effect : effects_) {
      if (effect.target == Target::kSession) {
        tally_.CountReport(effect);
        trades_.Count(effect);
        parts_.sessions.Send(effect, publish);
      } else {
        VenueQueue& queue = SideOf(effect.id).queue;
        const uint32_t owner = of_session ? tally_.IndexOf(input.id) : VenueQueue::kNoOwner;
        const bool enters = of_session && effect.type != FrameType::kCancel;
        if (queue.Push(effect, owner, enters ? SendsAt(input.id) : 0)) [[unlikely]]
          withdrawn_.Push(Effect(effect));
        tight_ |= queue.tight();
      }
    }
    RINGWAY_PROBE(gateway_effects_queued);
    if (recorded && parts_.sessions.holds_any()) [[unlikely]]
      HoldSessions(input);
  }

  // Journal position that must be durable before an order or replace of the session leaves.
  uint64_t SendsAt(SessionId id) {
    if (sends_when_durable_.empty() || !sends_when_durable_[tally_.IndexOf(id)]) [[likely]]
      return 0;
    parts_.journal->storage().RequestSync();
    return position_;
  }

  // A step with a message that the gateway itself makes.
  template <Message M>
  void StepWith(Origin origin, uint32_t id, const M& message) {
    alignas(8) std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    Step({origin, id, M::kType, {payload.data(), bytes}});
  }

  void Charge(const Input& input, uint64_t bytes) noexcept {
    const uint32_t source = SourceOf(input);
    if (source != kNoSource) shares_.Charge(source, bytes, IsRequest(input.origin));
  }

  // The source that a step's record is charged to: the session that sent the request or that a
  // venue's report is for; for other reports the venue; none when the gateway or an operator acts.
  uint32_t SourceOf(const Input& input) const noexcept {
    if (IsRequest(input.origin)) return tally_.IndexOf(input.id);
    if (input.origin != Origin::kVenue) return kNoSource;
    for (const EffectView& effect : effects_) {
      if (effect.target == Target::kSession) return tally_.IndexOf(effect.id);
    }
    return SessionCount() + venue_index_[input.id];
  }

  // Holds this step's messages to sessions that were promised durability until it is durable.
  void HoldSessions(const Input& input) {
    if (IsRequest(input.origin) || input.origin == Origin::kSessionUp) HoldSession(input.id);
    for (const EffectView& effect : effects_) {
      if (effect.target == Target::kSession) HoldSession(effect.id);
    }
  }
  void HoldSession(SessionId id) {
    if (!parts_.sessions.Holds(id)) return;
    held_.Push({position_, id, Target::kSession, parts_.engine.next_seq_out(id),
                parts_.engine.next_seq_in(id)});
    parts_.journal->storage().RequestSync();
  }

  // Runs once a turn. False: Failed().
  bool TendJournal() {
    JournalWriter& journal = *parts_.journal;
    journal.MakeRoom();
    const JournalFault fault = journal.storage().fault();
    const bool hopeless = fault == JournalFault::kWriteError || fault == JournalFault::kSyncFailed;
    // After a final failure the disk does not count as behind: no share would ever be returned.
    shares_.Update(journal.RoomBytes(), journal.segment_bytes(),
                   journal.storage().behind() && !hopeless);
    safe_ = journal.storage().durable();
    failed_ = hopeless && (!started() || !HasRoomFor(JournalUse::kReport));
    if (failed_) return false;

    if (HasRoomFor(JournalUse::kOrder)) orders_had_room_ns_ = now_ns_;
    const bool refuses = hopeless || now_ns_ - orders_had_room_ns_ >= parts_.limits.journal_wait_ns;
    if (refuses != parts_.engine.journal_failed() && CanStep()) {
      Step({Origin::kJournal, refuses ? 1u : 0u, FrameType{}, {}});
    }
    // If durability is lost for good, release everything held; sessions are notified.
    if (hopeless && !std::exchange(gave_up_, true)) parts_.sessions.GiveUpHolding();
    held_.Release(hopeless ? UINT64_MAX : safe_, [this](const HoldEntry& e) {
      RINGWAY_PROBE(gateway_held_released);
      if (e.target == Target::kSession) {
        parts_.sessions.Release(e.id, e.next_seq_out, e.next_seq_in);
      } else if (e.position <= safe_) {
        // If durability is lost for good, reports are not confirmed: the venue has the only safe
        // copy. A venue that logged on anew since then numbers its reports anew.
        Connector& connector = SideOf(e.id).queue.connector();
        if (connector.cursor().incarnation == e.next_seq_in) connector.Confirm(e.next_seq_out);
      }
    });
    return true;
  }

  // Advances the engine's time; long work continues every turn.
  bool Tick() {
    if (now_ns_ >= next_day_ns_) [[unlikely]]
      BeginTradingDays();
    const bool due = now_ns_ - last_tick_ns_ >= parts_.limits.tick_ns;
    // A new link is work: it was not there when the caller armed the others for its sleep.
    bool worked = false;
    if (due) {
      last_tick_ns_ = now_ns_;
      if (parts_.accept_links) worked = parts_.accept_links(now_ns_);
      if (parts_.report) watch_.Look(now_ns_, parts_.engine, parts_.report);
      if (parts_.report && parts_.journal != nullptr) LookAtRetention();
    }
    if ((!due && !parts_.engine.HasWork()) || !HasRoomFor(JournalUse::kWork)) return worked;
    Step({Origin::kTimer, 0, FrameType{}, {}});
    AnswerWithdrawn();
    return worked || effects_.count() != 0 || parts_.engine.HasWork();
  }

  // Checks some sessions a tick, round robin.
  void LookAtRetention() {
    constexpr std::size_t kLooksPerTick = 16;
    const RetentionWatch::Journal journal{parts_.journal->end().position,
                                          parts_.journal->storage().oldest()};
    const std::span<const SessionId> ids = tally_.ids();
    for (std::size_t i = 0; i != std::min(kLooksPerTick, ids.size()); ++i) {
      next_retained_ = next_retained_ + 1 < ids.size() ? next_retained_ + 1 : 0;
      const auto* session = parts_.sessions.session(ids[next_retained_]);
      if (!session->disabled().empty()) continue;
      const RetentionWatch::Reports reports{session->first_unacknowledged(),
                                            session->reports().first(), session->reports().next()};
      if (retention_.Look(next_retained_, reports, journal)) [[unlikely]]
        parts_.report(RetentionWatch::Line(ids[next_retained_], reports));
    }
  }

  // Tells the engine which trading days have begun, including while no process ran, before it takes
  // any session input of this process. Input taken in the same turn belongs to the new day.
  void BeginTradingDays() {
    int64_t next_ns = INT64_MAX;
    for (const auto& venue : venues_) {
      if (!venue->trading_days) continue;
      if (now_ns_ >= venue->next_day_ns) {
        if (!HasRoomFor(JournalUse::kWork)) return;  // the next turn looks again
        BeginTradingDay(*venue);
      }
      next_ns = std::min(next_ns, venue->next_day_ns);
    }
    next_day_ns_ = next_ns;
  }

  void BeginTradingDay(VenueSide& venue) {
    const TradingCalendar::Day day = venue.trading_days->DayAt(now_ns_);
    venue.next_day_ns = day.ends_ns;
    const VenueId id = venue.queue.venue();
    if (day.number <= parts_.engine.trading_day(id)) return;
    StepWith(
        Origin::kTradingDay, id,
        TradingDay{
            .transact_time = static_cast<uint64_t>(day.began_ns), .day = day.number, .venue = id});
    AnswerWithdrawn();
    if (parts_.report) parts_.report(EngineWatch::TradingDayLine(id, day.number));
  }

  // --- Sessions ---

  bool PollSessions() {
    back_pressured_ = false;
    const auto take = [this](const Input& input) {
      if (Take(input)) [[likely]]
        return true;
      back_pressured_ = true;
      return false;
    };
    // Without room for logon and logoff records, sessions are only kept alive.
    const bool held = !HasRoomFor(JournalUse::kReport);
    back_pressured_ = held;
    const uint32_t taken =
        parts_.sessions.Poll(now_ns_, take, held ? 0 : parts_.limits.session_budget);
    if (back_pressured_) ++back_pressured_turns_;
    return taken != 0;
  }

  bool Take(const Input& input) {
    Origin origin = input.origin;
    if (!CanStep() && origin != Origin::kSessionUp) return false;
    if (origin == Origin::kSession && input.type != FrameType::kGapFill) {
      const uint32_t owner = tally_.IndexOf(input.id);
      const bool order = input.type == FrameType::kNewOrder || input.type == FrameType::kReplace;
      if (parts_.journal != nullptr) {
        if (!shares_.MayRecord(owner, order ? JournalUse::kOrder : JournalUse::kRequest))
            [[unlikely]] {
          if (!order || !MayRefuse(owner)) return false;
          origin = Origin::kSessionUnrecorded;
        } else if (order && shares_.behind()) [[unlikely]] {
          shares_.OrderWaitsNot(owner);
        }
      }
      if (order && tight_ && origin == Origin::kSession) [[unlikely]] {
        const VenueId venue = parts_.engine.VenueOf(input);
        if (venue != 0 && !SideOf(venue).queue.MayTake(owner)) {
          const int64_t since = SideOf(venue).queue.SpentSince(owner, now_ns_);
          if (now_ns_ - since < parts_.limits.venue_wait_ns) return false;
          origin = Origin::kSessionBusy;
        }
      }
    }
    tally_.CountInput(input);
    // Alone, its answer is published with the bytes still in this core's cache.
    const Record next = parts_.sessions.Ahead();
    const Publish publish = next.payload.data() == nullptr ? Publish::kNow : Publish::kGather;
    if (publish == Publish::kGather) {
      parts_.engine.Prefetch(
          {Origin::kSession, input.id, static_cast<FrameType>(next.type), next.payload});
    }
    Step({origin, input.id, input.type, input.payload}, 0, publish);
    if (!withdrawn_.empty()) [[unlikely]]
      AnswerWithdrawn();
    if (parts_.engine.counters().breach_kills != breach_kills_) [[unlikely]]
      CondemnAllKilled();
    return true;
  }

  // Whether to refuse an order that has no share of the journal's room: a refusal needs little
  // room, and unblocks what is behind the order. While the disk is only slow the order waits
  // instead; on a full disk no share comes back until somebody frees space.
  bool MayRefuse(uint32_t owner) noexcept {
    const int64_t waited_ns = shares_.OrderWaits(owner, now_ns_);
    const bool full = parts_.journal->storage().fault() == JournalFault::kNoSpace &&
                      waited_ns >= parts_.limits.journal_wait_ns;
    return (full || parts_.engine.journal_failed()) &&
           shares_.MayRecord(owner, JournalUse::kRefusal);
  }

  // --- Venues ---

  bool SendBursts() {
    bool worked = false;
    tight_ = false;
    for (const auto& venue : venues_) {
      VenueQueue& queue = venue->queue;
      const bool held = venue->cursor_due || queue.held_until() > safe_;
      if (!held && !queue.has_condemned()) {
        worked |= queue.SendBurst(now_ns_, safe_);
        if (queue.has_staged()) PlaceCancels(queue);
      }
      const bool waits_in_vain = held || (!queue.has_condemned() && queue.awaits_disk());
      if (gave_up_ && waits_in_vain) CondemnAll(queue);
      tight_ |= queue.tight();
    }
    RINGWAY_PROBE(gateway_burst_sent);
    return worked;
  }

  // Cancels overtake the orders that the venue did not take. Where the venue counts requests, the
  // new order is recorded and nothing leaves before that record is durable: after a power loss the
  // order in the journal must match the order on the wire. The cancels leave with the next burst.
  void PlaceCancels(VenueQueue& queue) {
    const bool counts = Counts(queue);
    // After a final disk failure they keep their places, which needs no record.
    if (counts && (gave_up_ || !CanStep())) return;
    const uint32_t moved = queue.PlaceCancels();
    if (!counts) {
      queue.SendBurst(now_ns_, safe_);
      return;
    }
    position_ = parts_.journal->Append(
        now_ns_, CancelsFirstBody{.venue = queue.venue(), .requests_moved = moved});
    RINGWAY_PROBE(gateway_cancels_placed);
    HoldVenue(queue);
  }

  bool PollVenues() {
    bool worked = false;
    for (const auto& venue : venues_) worked |= PollVenue(*venue);
    return worked;
  }

  // One burst of a venue's messages.
  struct VenueBurst final : VenueSink {
    VenueBurst(DutyLoop& to, VenueSide& from) : loop(to), venue(from) {}
    bool Take(const EffectView& message) noexcept override {
      if (!loop.TakeReport(message, *this)) {
        venue.refused = true;
        return false;
      }
      ++taken;
      return true;
    }

    DutyLoop& loop;
    VenueSide& venue;
    bool answered = false;  // the connector answered a request itself
    uint32_t taken = 0;
    uint64_t received = 0;  // the highest number that is recorded
  };

  bool PollVenue(VenueSide& venue) {
    VenueQueue& queue = venue.queue;
    VenueBurst burst(*this, venue);
    uint32_t answers = kAnswersPerTurn;
    if (queue.has_condemned()) AnswerCondemned(queue, answers);
    venue.refused = false;
    queue.connector().Poll(now_ns_, burst);
    if (queue.has_condemned() && answers != 0) {
      AnswerCondemned(queue, answers);
      if (!queue.has_condemned()) {
        venue.refused = false;
        queue.connector().Poll(now_ns_, burst);
      }
    }
    queue.CountReceived(burst.taken);
    while (!venue.prices.empty() && MayRecord(venue, JournalUse::kOrder)) {
      const Effect price = venue.prices.Take();
      Step({Origin::kVenue, queue.venue(), price.type, price.bytes()}, 0, Publish::kNow);
    }
    if (burst.received != 0) Confirm(queue, burst.received);
    venue.cursor_due |= parts_.journal != nullptr && queue.SeesLogon();
    if (venue.cursor_due && CanStep()) {
      RINGWAY_PROBE(gateway_cursor_due);
      venue.cursor_due = false;
      RecordCursor(queue);
    }
    // An answer by the connector frees the request's place in the venue's count for a later
    // request.
    if (burst.answered && Counts(queue)) HoldVenue(queue);
    return answers != kAnswersPerTurn || burst.taken != 0;
  }

  // False: there is no room for it now.
  bool TakeReport(const EffectView& message, VenueBurst& burst) {
    VenueQueue& queue = burst.venue.queue;
    if (burst.taken == Connector::kBurstMax || !MayRecord(burst.venue, JournalUse::kReport)) {
      return false;
    }
    RINGWAY_PROBE(gateway_venue_heard);
    // The engine learns of it once what was never sent is answered.
    if (IsDown(message) && queue.waiting() != 0) {
      queue.Condemn(Unseen::kVenueDown, [](const Effect&) { return true; });
      return false;
    }
    if (message.type == FrameType::kReferencePrice && !MayRecord(burst.venue, JournalUse::kOrder)) {
      KeepPrice(burst.venue, message);  // in no record yet: not confirmed
      return true;
    }
    burst.received = std::max(burst.received, message.seq);
    burst.answered |= message.seq == 0 && message.type != FrameType::kVenueStatus;
    // A fill does not wait for the reports behind it.
    Step({Origin::kVenue, queue.venue(), message.type, message.bytes()}, message.seq,
         Publish::kNow);
    if (!withdrawn_.empty()) [[unlikely]] {
      AnswerWithdrawn();
      parts_.sessions.Flush();
    }
    return true;
  }

  bool MayRecord(const VenueSide& venue, JournalUse use) const noexcept {
    return parts_.journal == nullptr || (CanStep() && shares_.MayRecord(venue.source, use));
  }

  void KeepPrice(VenueSide& venue, const EffectView& message) {
    ReferencePrice price;
    if (Decode(message.bytes(), price) == DecodeStatus::kOk) {
      venue.prices.Keep(price.instrument, message);
    }
  }

  static bool IsDown(const EffectView& message) noexcept {
    VenueStatus status;
    return message.type == FrameType::kVenueStatus &&
           Decode(message.bytes(), status) == DecodeStatus::kOk && status.instrument == 0 &&
           status.state == VenueState::kDown;
  }

  // Lets the venue forget its reports once they are as safe here as they can be. Its connector does
  // not redial before everything it reported has been taken, so it knows whose numbers these are.
  void Confirm(VenueQueue& queue, uint64_t received) {
    if (parts_.journal == nullptr) return queue.connector().Confirm(received);
    held_.Push({position_, queue.venue(), Target::kVenue, received,
                queue.connector().cursor().incarnation});
  }

  // From here on the venue counts requests anew. Nothing is sent before this record is durable:
  // after a power loss a stale count could make later requests pass for earlier ones. This implies
  // that nothing is sent before the record of this process's start is durable, whose number keeps
  // identifiers apart.
  void RecordCursor(VenueQueue& queue) {
    const VenueCursor cursor = queue.connector().cursor();
    position_ = parts_.journal->Append(
        now_ns_,
        VenueCursorBody{.venue = queue.venue(),
                        .requests_waiting = static_cast<uint32_t>(cursor.lost + queue.waiting()),
                        .incarnation = cursor.incarnation,
                        .requests_sent = cursor.sent - cursor.lost,
                        .reports_received = cursor.received});
    RINGWAY_PROBE(gateway_cursor_recorded);
    HoldVenue(queue);
  }

  bool Counts(const VenueQueue& queue) const noexcept {
    return parts_.journal != nullptr && queue.connector().counts_requests();
  }
  // Nothing goes to the venue until everything up to here is durable.
  void HoldVenue(VenueQueue& queue) {
    queue.HoldUntil(position_);
    parts_.journal->storage().RequestSync();
  }

  // --- What was never sent ---

  // Answers at most `limit` requests that must not leave any more, and subtracts them from it.
  void AnswerCondemned(VenueQueue& queue, uint32_t& limit) {
    for (; limit != 0 && queue.has_condemned() && CanStep(); --limit) {
      const VenueQueue::Condemned condemned = queue.TakeCondemned();
      Answer(condemned.request, condemned.why);
    }
    parts_.sessions.Flush();
    // The requests behind them keep their places in the venue's count only if this is never
    // forgotten.
    if (Counts(queue) && !queue.has_condemned()) HoldVenue(queue);
  }

  void AnswerCondemned(VenueQueue& queue) {
    uint32_t limit = kAnswersPerTurn;
    AnswerCondemned(queue, limit);
  }

  // Condemns the requests for a venue whose count will never be durable: they can never leave.
  void CondemnAll(VenueQueue& queue) {
    if (queue.waiting() == 0) return;
    queue.Condemn(Unseen::kJournal, [](const Effect&) { return true; });
    AnswerCondemned(queue);
  }

  // Ends at once the orders that were canceled before they left.
  void AnswerWithdrawn() {
    while (!withdrawn_.empty() && CanStep()) {
      const Effect cancel = withdrawn_.front();
      withdrawn_.Pop(1);
      Answer(cancel, Unseen::kWithdrawn);
    }
  }

  // Answers a request in its venue's stead.
  void Answer(const Effect& request, Unseen why) {
    // An earlier process used lower numbers: the time is part of them.
    answer_number_ = std::max(answer_number_ + 1, static_cast<uint64_t>(now_ns_));
    const Effect answer =
        AnswerUnseenRequest(request.type, request.bytes(), static_cast<VenueId>(request.id), why,
                            now_ns_, kGatewayExecIdBits | answer_number_);
    RINGWAY_PROBE(gateway_unsent_answered);
    Step({Origin::kVenue, request.id, answer.type, answer.bytes()});
  }

  // After a kill, no new order or replace that waits for a venue reaches it; cancels pass.
  void CondemnAllKilled() {
    breach_kills_ = parts_.engine.counters().breach_kills;
    for (const auto& venue : venues_) CondemnKilled(venue->queue);
  }
  void CondemnKilled(VenueQueue& queue) {
    queue.Condemn(Unseen::kKilled, [this](const Effect& request) {
      return request.type != FrameType::kCancel &&
             parts_.engine.RequestIsKilled(VenueRequestId(request));
    });
    if (queue.has_condemned()) AnswerCondemned(queue);
  }

  void Administer(const AdminRequest& request, AdminReply& reply) {
    const AdminCommand& command = request.command;
    reply.ok = true;
    const bool steps = command.verb == AdminVerb::kKill ||
                       command.verb == AdminVerb::kKillAndCancel ||
                       command.verb == AdminVerb::kArm || command.verb == AdminVerb::kReference ||
                       command.verb == AdminVerb::kPosition ||
                       command.verb == AdminVerb::kRestrict || command.verb == AdminVerb::kPermit ||
                       command.verb == AdminVerb::kLimit || command.verb == AdminVerb::kCancel;
    if (steps && !CanStep()) {
      reply.ok = false;
      reply.error = "the journal has no room for another record: make room on its disk";
      return;
    }
    switch (command.verb) {
      case AdminVerb::kKill:
      case AdminVerb::kKillAndCancel:
      case AdminVerb::kArm: {
        const bool killed = command.verb != AdminVerb::kArm;
        const bool cancels = command.verb == AdminVerb::kKillAndCancel;
        if (cancels && parts_.engine.operator_cancel().waiting == OperatorCancelJob::kWaitingMax) {
          reply.ok = false;
          reply.error =
              "too many operators' cancels wait for one another: `kill`, and `cancel` when "
              "`status` shows fewer";
          break;
        }
        StepWith(Origin::kAdmin, request.operator_id,
                 RiskState{.transact_time = static_cast<uint64_t>(now_ns_),
                           .id = command.id,
                           .scope = command.scope,
                           .killed = killed,
                           .cancel = cancels});
        if (killed) CondemnAllKilled();
        break;
      }
      case AdminVerb::kReference: {
        StepWith(Origin::kAdmin, request.operator_id,
                 ReferencePrice{.transact_time = static_cast<uint64_t>(now_ns_),
                                .price = command.price,
                                .instrument = command.id});
        break;
      }
      case AdminVerb::kPosition:
        Change(request, command.position, &EngineCounters::position_adjustments, reply,
               "the quantity is beyond what a position can be, pools.positions_max is used up, or "
               "the session has neither position_max nor gross_notional_max: nothing was changed");
        break;
      case AdminVerb::kRestrict:
      case AdminVerb::kPermit:
        Change(request, command.restriction, &EngineCounters::restrictions, reply,
               "operators have forbidden or permitted as much as there is room for: write the rest "
               "into `restricted` of the configuration");
        break;
      case AdminVerb::kLimit:
        Change(
            request, command.limit, &EngineCounters::limit_changes, reply,
            "operators have changed as many limits as there is room for: write the rest into the "
            "configuration");
        break;
      case AdminVerb::kCancel: {
        if (parts_.engine.operator_cancel().under_way) {
          reply.ok = false;
          reply.error = "an operator's cancel is still under way: wait for its end in `status`";
          break;
        }
        OperatorCancel cancel = command.filter;
        cancel.transact_time = static_cast<uint64_t>(now_ns_);
        StepWith(Origin::kAdmin, request.operator_id, cancel);
        break;
      }
      case AdminVerb::kResync:
        reply.ok = SideOf(command.id).queue.connector().Resync();
        if (!reply.ok) {
          reply.error =
              "nothing is in dispute with the venue: 'status' has the reason why it is down";
        }
        break;
      case AdminVerb::kStop:
        stop_requested_ = true;
        break;
      default:
        break;  // shown, or answered without the engine
    }
    if (steps && reply.ok && command.verb != AdminVerb::kPosition) Note(request);
  }

  // The engine counts the commands that succeed; `refusal` says why one did not.
  template <Message M>
  void Change(const AdminRequest& request, M change, uint64_t EngineCounters::*done,
              AdminReply& reply, const char* refusal) {
    change.transact_time = static_cast<uint64_t>(now_ns_);
    const uint64_t before = parts_.engine.counters().*done;
    StepWith(Origin::kAdmin, request.operator_id, change);
    if (parts_.engine.counters().*done != before) return;
    reply.ok = false;
    reply.error = refusal;
  }

  // Records who gave the command and why, after the record of its effect. Without room in the
  // journal only the log has it.
  void Note(const AdminRequest& request) {
    const std::string& text = request.command.text;
    for (size_t from = 0; from < text.size() && CanStep(); from += kNoteBytes) {
      OperatorNote note = NoteOf(text, from);
      note.transact_time = static_cast<uint64_t>(now_ns_);
      StepWith(Origin::kAdmin, request.operator_id, note);
    }
  }

  static constexpr uint32_t kNoSource = UINT32_MAX;

  Parts parts_;
  std::vector<std::unique_ptr<VenueSide>> venues_;
  std::vector<uint32_t> venue_index_;  // by venue number
  SessionTally tally_;
  TradeTally trades_;
  EngineWatch watch_;
  RetentionWatch retention_;
  std::size_t next_retained_ = 0;         // next session to check, by session as in tally_
  JournalShares shares_;                  // by session as in tally_, then by venue
  std::vector<bool> sends_when_durable_;  // by session as in tally_; empty: none does
  Effects effects_;
  ChunkedFifo<Effect> withdrawn_;  // canceled orders that had not left, to be answered
  uint64_t answer_number_ = 0;
  HoldQueue held_;
  uint64_t position_ = 0;    // the journal's, behind the latest record
  uint64_t safe_ = 0;        // up to here the journal is durable
  uint64_t started_at_ = 0;  // the journal's position behind this process's start
  int64_t now_ns_ = 0;
  int64_t last_tick_ns_ = INT64_MIN / 2;
  int64_t next_day_ns_ = INT64_MIN;  // the earliest next trading day of any venue
  int64_t orders_had_room_ns_ = 0;   // the last turn in which the journal had room for an order
  uint64_t engine_steps_ = 0;
  uint64_t breach_kills_ = 0;  // the engine's count, as of the last check of waiting requests
  uint64_t back_pressured_turns_ = 0;
  bool tight_ = false;           // some venue's queue is so full that a share may be used up
  bool back_pressured_ = false;  // some request was not taken in the latest turn
  bool stopping_ = false;
  bool stop_requested_ = false;
  bool failed_ = false;
  bool gave_up_ = false;  // no session is promised durability any more
};

}  // namespace ringway
