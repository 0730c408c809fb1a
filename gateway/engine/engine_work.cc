// How is work that concerns many orders or many sessions done without ever holding up one step?
//
// A step looks at kVisitsPerStepMax orders at most and goes on in the next: cancels for a mass
// cancel or a lost session, snapshots, broadcasts, and the search for orders in doubt after a venue
// went down.

#include <algorithm>

#include "gateway/engine/engine.h"

namespace ringway {

void Engine::OnMassCancel(uint32_t session, const MassCancel& request, Effects& effects) noexcept {
  ++counters_.mass_cancels;
  SessionState& state = sessions_[session];
  MassCancelReport report;
  report.cl_ord_id = request.cl_ord_id;
  report.transact_time = static_cast<uint64_t>(now_ns_);
  const auto rate = message_rate_.Check(now_ns_, session, true);
  if (!rate.verdict.passed() || request.cl_ord_id == 0 || !IsKnown(request.side)) {
    report.reason = CancelRejectReason::kOther;
  } else if (orders_.Find(session, request.cl_ord_id) != kNoSlot) {
    report.reason = CancelRejectReason::kDuplicateClOrdId;
  } else if (state.mass_cancel.active) {
    report.reason = CancelRejectReason::kAlreadyPending;
  }
  if (report.reason != CancelRejectReason::kNone) {
    ToSession(state, report, effects);
    return NoticeThrottling(state, session, rate, effects);
  }
  state.mass_cancel = {};
  state.mass_cancel.active = true;
  state.mass_cancel.request = request;
  state.mass_cancel.walk = StartWalk(session);
  RecountWork();
  visits_left_ = kVisitsPerStepMax;
  WorkForSession(state, effects);
  RecountWork();
}

void Engine::OnAdmin(const Input& input) noexcept {
  if (input.type == FrameType::kMassCancel) return OnOperatorCancel(input);
  RiskState request;
  uint32_t index = 0;
  if (input.type != FrameType::kRiskState || Decode(input.payload, request) != DecodeStatus::kOk ||
      request.killed > 1) {
    ++counters_.unknown_sources;
    return;
  }
  switch (request.scope) {
    case KillScope::kAll:
      request.id = 0;
      break;
    case KillScope::kSession:
      index = SessionIndex(request.id);
      break;
    case KillScope::kAccount:
      index = AccountIndex(request.id);
      break;
    case KillScope::kVenue:
      index = request.id <= UINT16_MAX ? router_.IndexOf(static_cast<VenueId>(request.id)) : kNone;
      break;
    default:
      index = kNone;
  }
  if (index == kNone) {
    ++counters_.unknown_sources;
    return;
  }
  KillSwitch& kill_switch = checks_.get<KillSwitch>();
  if (kill_switch.killed(request.scope, index) == (request.killed != 0)) return;
  kill_switch.Set(request.scope, index, request.killed != 0);
  Notice notice{FrameType::kRiskState, request, {}};
  notice.risk.transact_time = static_cast<uint64_t>(now_ns_);
  notice.risk.spare = 0;
  if (!notices_.Push(notice)) ++counters_.notices_dropped;
  RecountWork();
}

// In place of the one before, which has ended: see operator_cancel().
void Engine::OnOperatorCancel(const Input& input) noexcept {
  MassCancel request;
  const bool readable =
      Decode(input.payload, request) == DecodeStatus::kOk && IsKnown(request.side);
  const uint32_t only = readable ? SessionIndex(static_cast<uint32_t>(request.cl_ord_id)) : kNone;
  if (!readable || (request.cl_ord_id != 0 && only == kNone)) {
    ++counters_.unknown_sources;
    return;
  }
  for (uint32_t session = 0; session < sessions_.size(); ++session) {
    MassCancelJob& job = sessions_[session].operator_cancel;
    job = {};
    if (request.cl_ord_id != 0 && session != only) continue;
    job.walk = StartWalk(session);
    job.active = job.walk.active();
    job.request = request;
  }
  RecountWork();
}

OperatorCancelView Engine::operator_cancel() const noexcept {
  OperatorCancelView view;
  for (const SessionState& session : sessions_) {
    view.under_way |= session.operator_cancel.active;
    view.affected += session.operator_cancel.affected;
    view.not_sent += session.operator_cancel.not_sent;
  }
  return view;
}

// --- Walks ---

Walk Engine::StartWalk(uint32_t session) const noexcept {
  return {orders_.first_open(session), (orders_.requests() + 1) << kSlotBits};
}

void Engine::StepWalk(Walk& walk) noexcept {
  walk.at = orders_[walk.at].next;
  if (walk.at != kNoSlot && orders_[walk.at].order_id >= walk.end_order_id) walk.at = kNoSlot;
}

// No walk may stand on an order that leaves its list.
void Engine::SkipClosing(const Order& order) noexcept {
  if (work_ == 0) [[likely]]
    return;
  const Slot slot = orders_.SlotOfOrder(order);
  SessionState& session = sessions_[order.session];
  for (Walk* walk : {&session.disconnect, &session.mass_cancel.walk, &session.operator_cancel.walk,
                     &session.snapshot.walk, &sweep_}) {
    if (walk->at == slot) StepWalk(*walk);
  }
}

bool Engine::TakeVisit(const Effects& effects) noexcept {
  if (visits_left_ == 0 || effects.room() < kEffectsPerVisitMax) return false;
  --visits_left_;
  return true;
}

void Engine::RecountWork() noexcept {
  work_ = notices_.count();
  for (SessionState& session : sessions_) {
    session.busy = session.disconnect.active() || session.mass_cancel.active ||
                   session.operator_cancel.active || session.snapshot.active;
    work_ += session.busy;
  }
  for (const uint8_t doubtful : doubtful_) work_ += doubtful;
  work_ += sweep_venue_ != kNone;
}

void Engine::DoWork(Effects& effects) noexcept {
  if (now_ns_ >= next_grace_end_ns_) EndGraces();
  if (work_ == 0) return;
  visits_left_ = kVisitsPerStepMax;
  SendNotices(effects);
  const auto sessions = static_cast<uint32_t>(sessions_.size());
  for (uint32_t turn = 0; turn < sessions && visits_left_ != 0; ++turn) {
    if (next_busy_session_ >= sessions) next_busy_session_ = 0;
    SessionState& session = sessions_[next_busy_session_];
    if (session.busy) WorkForSession(session, effects);
    ++next_busy_session_;
  }
  SweepDoubt(effects);
  RecountWork();
}

void Engine::WorkForSession(SessionState& session, Effects& effects) noexcept {
  while (session.disconnect.active() && TakeVisit(effects)) {
    Order& order = orders_[session.disconnect.at];
    StepWalk(session.disconnect);
    (void)CancelWalked(order, session, 0, effects);
  }
  CancelFor(session.operator_cancel, session, effects);
  if (!session.operator_cancel.walk.active()) session.operator_cancel.active = false;
  MassCancelJob& mass = session.mass_cancel;
  CancelFor(mass, session, effects);
  if (mass.active && !mass.walk.active() && effects.room() != 0) {
    mass.active = false;
    MassCancelReport report;
    report.cl_ord_id = mass.request.cl_ord_id;
    report.transact_time = static_cast<uint64_t>(now_ns_);
    report.affected = mass.affected;
    report.not_sent = mass.not_sent;
    ToSession(session, report, effects);
  }
  SnapshotJob& snapshot = session.snapshot;
  while (snapshot.active && snapshot.walk.active() && TakeVisit(effects)) {
    Order& order = orders_[snapshot.walk.at];
    StepWalk(snapshot.walk);
    SendOpenOrder(session, order, effects);
  }
  if (!snapshot.walk.active()) snapshot.active = false;
}

// Goes on with a mass cancel, as far as this step may.
void Engine::CancelFor(MassCancelJob& job, SessionState& session, Effects& effects) noexcept {
  const MassCancel& filter = job.request;
  const uint64_t cl_ord_id = &job == &session.mass_cancel ? filter.cl_ord_id : 0;
  while (job.active && job.walk.active() && TakeVisit(effects)) {
    Order& order = orders_[job.walk.at];
    StepWalk(job.walk);
    const Position& position = exposure_.position(order.position);
    const bool fits =
        (filter.instrument == 0 || filter.instrument == instruments_[position.instrument].id) &&
        (filter.account == 0 || filter.account == account_ids_[position.account]) &&
        (filter.venue == 0 || filter.venue == venues_.id(order.venue)) &&
        (filter.side == Side::kUnset || filter.side == order.side);
    if (!fits) continue;
    switch (CancelWalked(order, session, cl_ord_id, effects)) {
      case Walked::kSent:
        ++job.affected;
        break;
      case Walked::kUnreachable:
        ++job.not_sent;
        break;
      case Walked::kAskedBefore:
        break;
    }
  }
}

// Cancels an order for a mass cancel or for a session that is gone; the latter, and an operator's,
// have no clOrdId.
Engine::Walked Engine::CancelWalked(Order& order, SessionState& session, uint64_t cl_ord_id,
                                    Effects& effects) noexcept {
  if (!venues_.Reachable(order.venue)) return Walked::kUnreachable;
  if (CancelIsUnanswered(order)) return Walked::kAskedBefore;
  ShowFirst(session, order, effects);
  if (order.Has(kCancelPending) && order.cancel_cl_ord_id != 0) {
    RejectChange(session, &order, RequestType::kCancel, order.cancel_cl_ord_id, order.cl_ord_id,
                 CancelRejectReason::kVenueUnavailable, RiskCheck::kNone, effects);
  }
  SendCancel(order, cl_ord_id, effects);
  ++counters_.gateway_cancels;
  return Walked::kSent;
}

// --- Snapshots ---

void Engine::SendOpenOrder(SessionState& session, Order& order, Effects& effects) noexcept {
  if (order.snapshot_round == session.snapshot_round) return;  // shown already
  order.snapshot_round = session.snapshot_round;
  const Position& position = exposure_.position(order.position);
  OpenOrder shown;
  shown.cl_ord_id = order.cl_ord_id;
  shown.order_id = order.order_id;
  shown.index = session.snapshot.index++;
  shown.count = session.snapshot.count;
  shown.instrument = instruments_[position.instrument].id;
  shown.account = account_ids_[position.account];
  shown.side = order.side;
  shown.ord_type = order.ord_type;
  shown.time_in_force = order.time_in_force;
  shown.ord_status = StatusOf(order.state, order.flags);
  shown.venue = venues_.id(order.venue);
  shown.price = order.price;
  shown.leaves_qty = order.leaves_qty;
  shown.cum_qty = order.cum_qty;
  shown.stop_price = order.stop_price;
  ToSession(session, shown, effects);
}

// --- Broadcasts ---

bool Engine::Concerns(const Notice& notice, uint32_t session) const noexcept {
  const auto& entitlement = checks_.get<Entitlement>();
  if (notice.type == FrameType::kVenueStatus) {
    return entitlement.MayUseVenue(session, router_.IndexOf(notice.venue.venue));
  }
  switch (notice.risk.scope) {
    case KillScope::kSession:
      return sessions_[session].id == notice.risk.id;
    case KillScope::kAccount:
      return entitlement.MayUseAccount(session, AccountIndex(notice.risk.id));
    case KillScope::kVenue:
      return entitlement.MayUseVenue(session,
                                     router_.IndexOf(static_cast<VenueId>(notice.risk.id)));
    default:
      return true;
  }
}

// Sessions that are down are left out: they learn the state at their next reject.
void Engine::SendNotices(Effects& effects) noexcept {
  while (!notices_.empty()) {
    for (; notices_.next_session() < sessions_.size(); notices_.Told()) {
      if (!TakeVisit(effects)) return;
      SessionState& session = sessions_[notices_.next_session()];
      if (!session.up || !Concerns(notices_.front(), notices_.next_session())) continue;
      if (notices_.front().type == FrameType::kRiskState) {
        ToSession(session, notices_.front().risk, effects);
      } else {
        ToSession(session, notices_.front().venue, effects);
      }
    }
    notices_.Pop();
  }
}

// --- Orders in doubt ---

// Looks through the open orders of all sessions, venue by venue. An order that the venue answers
// before the search comes to it never was in doubt for anybody.
void Engine::SweepDoubt(Effects& effects) noexcept {
  while (true) {
    if (sweep_venue_ == kNone) {
      const auto doubtful = std::find(doubtful_.begin(), doubtful_.end(), 1);
      if (doubtful == doubtful_.end()) return;
      *doubtful = 0;
      sweep_venue_ = static_cast<uint32_t>(doubtful - doubtful_.begin());
      sweep_session_ = 0;
      sweep_ = sessions_.empty() ? Walk{} : StartWalk(0);
    }
    for (; sweep_session_ < sessions_.size();) {
      while (sweep_.active()) {
        if (!TakeVisit(effects)) return;
        Order& order = orders_[sweep_.at];
        StepWalk(sweep_);
        if (order.venue != sweep_venue_ || order.state != OrderState::kSent ||
            order.venue_epoch == venues_.epoch(order.venue)) {
          continue;
        }
        order.state = OrderState::kInDoubt;
        ++counters_.in_doubt;
        ShowFirst(sessions_[order.session], order, effects);
        ExecutionReport doubt;
        doubt.exec_type = ExecType::kRestated;
        Report(order, doubt, order.cl_ord_id, 0, effects);
      }
      if (!TakeVisit(effects)) return;
      if (++sweep_session_ < sessions_.size()) sweep_ = StartWalk(sweep_session_);
    }
    sweep_venue_ = kNone;
  }
}

}  // namespace ringway
