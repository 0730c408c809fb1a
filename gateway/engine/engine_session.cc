// Sessions that log on, log out or lose their link; and starts of the gateway itself.
//
// Cancel on disconnect: a session that logged out on its own request has its orders canceled at
// once or not at all; one that lost its link has a grace period to return in. Once the decision is
// taken it is carried out, even if the session returns meanwhile. A cancel that a venue refuses or
// does not get is retried until the order ends, unless the session is back before.

#include <algorithm>

#include "base/check.h"
#include "gateway/engine/engine.h"

namespace ringway {

void Engine::OnSessionUp(SessionIndex session, const Input& input) noexcept {
  Logon logon;
  if (Decode(input.payload, logon) != DecodeStatus::kOk) {
    ++counters_.unknown_sources;
    return;
  }
  SessionState& state = sessions_[session];
  state.up = true;
  state.incarnation = logon.incarnation;
  state.cancel_on_disconnect = logon.cancel_on_disconnect != 0;
  state.durability = IsKnown(logon.durability) ? logon.durability : Durability::kMemory;
  state.absence = Absence::kNone;
  state.snapshot = {};
  if (!state.retry.wanted) state.retry = {};  // from now on the strategy decides
  SetTimer(session);
  NoteOwed(session);
  if (logon.next_seq_in == 0) {
    ++state.snapshot_round;
    state.snapshot.walk = StartWalk(session);
    state.snapshot.active = true;
    state.snapshot.count = exposure_.session_open_orders(session);
  }
  NoteBusy(session);
  RecountWork();
}

void Engine::OnSessionDown(SessionIndex session, const Input& input) noexcept {
  Logout logout;
  if (Decode(input.payload, logout) != DecodeStatus::kOk) {
    ++counters_.unknown_sources;
    return;
  }
  SessionState& state = sessions_[session];
  state.up = false;
  state.snapshot = {};
  const CancelOnDisconnect policy = PolicyOf(session);
  switch (logout.reason) {
    case LogoutReason::kGatewayStopping:
    case LogoutReason::kSupersededByNewLogon:  // the new logon follows at once
      state.absence = policy == CancelOnDisconnect::kOff ? Absence::kNone : Absence::kPaused;
      break;
    case LogoutReason::kRequested:
      if (policy == CancelOnDisconnect::kLogout) CancelGone(session);
      break;
    default:
      if (policy != CancelOnDisconnect::kOff) BeginGrace(session);
  }
  NoteBusy(session);
  NoteOwed(session);
  RecountWork();
}

// --- Cancel on disconnect ---

CancelOnDisconnect Engine::PolicyOf(SessionIndex session) const noexcept {
  return sessions_[session].cancel_on_disconnect ? CancelOnDisconnect::kLogout
                                                 : absence_limits_[session].policy;
}

void Engine::BeginGrace(SessionIndex session) noexcept {
  SessionState& state = sessions_[session];
  state.absence = Absence::kGrace;
  state.grace_end_ns = now_ns_ + absence_limits_[session].grace_ns;
  SetTimer(session);
}

void Engine::CancelGone(SessionIndex session) noexcept {
  SessionState& state = sessions_[session];
  state.absence = Absence::kGone;
  state.disconnect = StartWalk(session);
  state.retry.delay_ns = kRetryFirstNs;
  NoteBusy(session);
  NoteOwed(session);
}

// --- Waits ---

void Engine::SetTimer(SessionIndex session) noexcept {
  const SessionState& state = sessions_[session];
  int64_t due_ns = state.retry.due_ns != 0 ? state.retry.due_ns : SessionTimers::kNever;
  if (state.absence == Absence::kGrace) due_ns = std::min(due_ns, state.grace_end_ns);
  timers_.Set(session, due_ns);
}

// Handles what is due now; the rest is due in the next step.
void Engine::EndWaits(const Effects& effects) noexcept {
  while (timers_.next_due_ns() <= now_ns_ && TakeVisit(effects)) {
    const SessionIndex session = timers_.first();
    SessionState& state = sessions_[session];
    if (state.absence == Absence::kGrace && state.grace_end_ns <= now_ns_) CancelGone(session);
    if (state.retry.due_ns != 0 && state.retry.due_ns <= now_ns_) {
      state.retry.due_ns = 0;
      // Never before the last walk has finished.
      state.retry.walk.active() ? RetryLater(session) : StartRetry(session);
    }
    SetTimer(session);
  }
}

// --- Cancels that are owed ---

void Engine::NoteOwed(SessionIndex session) noexcept {
  const SessionState& state = sessions_[session];
  owed_.Set(session, state.absence == Absence::kGone || state.retry.wanted);
}

// The gateway cancels the order until it has ended (kCancelWanted), or until its venue knows it
// (kAskedFor).
void Engine::WantCancel(Order& order, uint8_t why) noexcept {
  SessionState& session = sessions_[order.session];
  order.flags |= why;
  if (!session.retry.wanted) session.retry.delay_ns = kRetryFirstNs;
  session.retry.wanted = session.retry.met = true;
  NoteOwed(order.session);
}

// A cancel that is owed was refused.
void Engine::RetryLater(SessionIndex session) noexcept {
  RetryJob& retry = sessions_[session].retry;
  if (retry.due_ns != 0) return;
  retry.due_ns = now_ns_ + retry.delay_ns;
  retry.delay_ns = std::min(retry.delay_ns * 2, kRetryLongestNs);
  SetTimer(session);
}

void Engine::StartRetry(SessionIndex session) noexcept {
  RetryJob& retry = sessions_[session].retry;
  retry.walk = StartWalk(session);
  retry.met = false;
  NoteBusy(session);
}

// Retries every session's owed cancels at once, as far as one step allows.
void Engine::RetryAll() noexcept {
  if (owed_.count() != 0) next_retry_ = 0;
}

void Engine::StartRetries(const Effects& effects) noexcept {
  while (next_retry_ != kNone) {
    const SessionIndex session{owed_.NextFrom(next_retry_)};
    if (session == IndexSet::kNone) {
      next_retry_ = kNone;
      return;
    }
    if (!TakeVisit(effects)) return;
    sessions_[session].retry.delay_ns = kRetryFirstNs;
    StartRetry(session);
    next_retry_ = session + 1;
  }
}

// --- Starts and identifiers ---

// A new process takes over: as if every link had been lost and every venue gone down, in one step.
void Engine::OnStart(const Input& input) noexcept {
  const uint32_t number = input.id;
  RINGWAY_CHECK(CanStart(number), "a start's number is above the last and leaves identifiers");
  orders_.SkipRequests((number - start_) * kRequestsPerStart);
  start_ = number;
  if (input.type == FrameType::kGapFill) static_cast<void>(LeaveOutRequests(input));
  checks_.get<KillSwitch>().Set(GatewayFault::kJournal, false);
  for (SessionIndex session{0}; session < sessions_.size(); ++session) {
    SessionState& state = sessions_[session];
    const bool returns =
        state.up ? PolicyOf(session) != CancelOnDisconnect::kOff
                 : state.absence == Absence::kPaused || state.absence == Absence::kGrace;
    state.up = false;
    state.snapshot = {};
    if (returns) BeginGrace(session);
    NoteBusy(session);
    NoteOwed(session);
  }
  for (VenueIndex venue{0}; venue < venues_.size(); ++venue) {
    if (venues_.SetState(venue, VenueState::kDown)) doubtful_.wanted[venue] = 1;
  }
  start_requests_ = earlier_requests_ = orders_.requests();
  WatchIdentifiers();
  RecountWork();
}

// At every start and once a millisecond, in which far less than the reserve can be used up.
void Engine::WatchIdentifiers() noexcept {
  if (orders_.requests() < kRequestsMax - kRequestsReserve) [[likely]]
    return;
  RINGWAY_CHECK(orders_.requests() < kRequestsMax - kRequestsReserve / 4,
                "venue requests are out of identifiers: open orders are canceled in vain for ever");
  checks_.get<KillSwitch>().Set(GatewayFault::kIdentifiers, true);
}

}  // namespace ringway
