// What happens when a session comes or goes, and when the gateway itself does?

//
// Cancel on disconnect: a session that was logged out on its own wish has its orders canceled at
// once or not at all; one that lost its link has a grace period to return in. Once the decision is
// taken it is carried out, also when the session returns in the middle; what stands at a venue that
// is down is canceled when that venue is back, unless the session is back before.

#include <algorithm>

#include "base/check.h"
#include "gateway/engine/engine.h"

namespace ringway {

void Engine::OnSessionUp(uint32_t session, const Input& input) noexcept {
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
  if (logon.next_seq_in == 0) {
    ++state.snapshot_round;
    state.snapshot.walk = StartWalk(session);
    state.snapshot.active = state.snapshot.walk.active();
    state.snapshot.count = exposure_.session_open_orders(session);
  }
  RecountWork();
}

void Engine::OnSessionDown(uint32_t session, const Input& input) noexcept {
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
    case LogoutReason::kSupersededByNewLogon:  // whose logon follows at once
      state.absence = policy == CancelOnDisconnect::kOff ? Absence::kNone : Absence::kPaused;
      break;
    case LogoutReason::kRequested:
      if (policy == CancelOnDisconnect::kLogout) CancelGone(session);
      break;
    default:
      if (policy != CancelOnDisconnect::kOff) BeginGrace(session);
  }
  RecountWork();
}

// --- Cancel on disconnect ---

CancelOnDisconnect Engine::PolicyOf(uint32_t session) const noexcept {
  return sessions_[session].cancel_on_disconnect ? CancelOnDisconnect::kLogout
                                                 : absence_limits_[session].policy;
}

void Engine::BeginGrace(uint32_t session) noexcept {
  SessionState& state = sessions_[session];
  state.absence = Absence::kGrace;
  state.grace_end_ns = now_ns_ + absence_limits_[session].grace_ns;
  next_grace_end_ns_ = std::min(next_grace_end_ns_, state.grace_end_ns);
}

void Engine::CancelGone(uint32_t session) noexcept {
  sessions_[session].absence = Absence::kGone;
  sessions_[session].disconnect = StartWalk(session);
}

void Engine::EndGraces() noexcept {
  next_grace_end_ns_ = kNever;
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    const SessionState& state = sessions_[session];
    if (state.absence != Absence::kGrace) continue;
    if (state.grace_end_ns <= now_ns_) {
      CancelGone(session);
    } else {
      next_grace_end_ns_ = std::min(next_grace_end_ns_, state.grace_end_ns);
    }
  }
  RecountWork();
}

// A venue can be reached again: what it kept of sessions that are gone is canceled now.
void Engine::CancelAllGone() noexcept {
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    if (sessions_[session].absence == Absence::kGone) CancelGone(session);
  }
}

// --- Starts and identifiers ---

// A new process goes on: as if every link had been lost and every venue gone down, in one step.
void Engine::OnStart(uint32_t number) noexcept {
  RINGWAY_CHECK(CanStart(number), "a start's number is above the last and leaves identifiers");
  orders_.SkipRequests((number - start_) * kRequestsPerStart);
  start_ = number;
  checks_.get<KillSwitch>().Set(GatewayFault::kJournal, false);
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    SessionState& state = sessions_[session];
    const bool returns =
        state.up ? PolicyOf(session) != CancelOnDisconnect::kOff
                 : state.absence == Absence::kPaused || state.absence == Absence::kGrace;
    state.up = false;
    state.snapshot = {};
    if (returns) BeginGrace(session);
  }
  for (uint32_t venue = 0; venue < venues_.size(); ++venue) {
    if (venues_.SetState(venue, VenueState::kDown)) doubtful_[venue] = 1;
  }
  WatchIdentifiers();
  RecountWork();
}

// At every start and once a millisecond, in which far fewer than the reserve can be used up.
void Engine::WatchIdentifiers() noexcept {
  if (orders_.requests() < kRequestsMax - kRequestsReserve) [[likely]]
    return;
  RINGWAY_CHECK(orders_.requests() < kRequestsMax - kRequestsReserve / 4,
                "venue requests are out of identifiers: open orders are canceled in vain for ever");
  checks_.get<KillSwitch>().Set(GatewayFault::kIdentifiers, true);
}

}  // namespace ringway
