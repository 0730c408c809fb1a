// What happens when a session comes or goes, and when the gateway itself does?

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
  LeaveSession(session, logout.reason);
  RecountWork();
}

void Engine::LeaveSession(uint32_t session, LogoutReason reason) noexcept {
  SessionState& state = sessions_[session];
  state.up = false;
  state.snapshot = {};
  if (state.cancel_on_disconnect && reason != LogoutReason::kGatewayStopping) {
    state.disconnect = StartWalk(session);
  }
}

// A new process goes on: as if every link had been lost and every venue gone down, in one step.
void Engine::OnStart(uint32_t number) noexcept {
  RINGWAY_CHECK(CanStart(number), "a start's number is above the last and leaves identifiers");
  orders_.SkipRequests((number - start_) * kRequestsPerStart);
  start_ = number;
  checks_.get<KillSwitch>().Set(GatewayFault::kJournal, false);
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    if (sessions_[session].up) LeaveSession(session, LogoutReason::kUnset);
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
