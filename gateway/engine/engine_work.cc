// Work that concerns many orders or many sessions, in bounded steps.
//
// A step visits at most kVisitsPerStepMax items and continues in the next: cancels for a mass
// cancel, an operator or a lost session, and cancels that are retried; snapshots, broadcasts, and
// the search for orders in doubt after a venue went down. No kind of work can starve another.

#include <algorithm>

#include "base/check.h"
#include "gateway/engine/engine.h"
#include "schema/fields.h"

namespace ringway {

void Engine::OnMassCancel(SessionIndex session, const MassCancel& request,
                          Effects& effects) noexcept {
  ++counters_.mass_cancels;
  SessionState& state = sessions_[session];
  MassCancelReport report;
  report.cl_ord_id = request.cl_ord_id;
  report.transact_time = static_cast<uint64_t>(now_ns_);
  const auto rate = message_rate_.Check(now_ns_, session, true);
  if (!rate.verdict.passed() || request.cl_ord_id == 0 || !IsKnown(request.side)) {
    report.reason = CancelRejectReason::kOther;
  } else if (state.mass_cancel.active) {
    report.reason = CancelRejectReason::kAlreadyPending;
  } else if (orders_.InUse(session, request.cl_ord_id)) {
    report.reason = CancelRejectReason::kDuplicateClOrdId;
  }
  if (report.reason != CancelRejectReason::kNone) {
    ToSession(state, report, effects);
    return NoticeThrottling(state, session, rate, effects);
  }
  state.mass_cancel = {};
  state.mass_cancel.active = true;
  state.mass_cancel.request = request;
  state.mass_cancel.walk = StartWalk(session);
  RINGWAY_CHECK(orders_.NameCancel(session, request.cl_ord_id), "the clOrdId is not in use");
  visits_left_ = kVisitsPerStepMax;
  WorkForSession(session, effects);
  RecountWork();
}

// --- Walks ---

Walk Engine::StartWalk(SessionIndex session) const noexcept {
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
  for (Walk* walk :
       {&session.disconnect, &session.retry.walk, &session.mass_cancel.walk, &session.snapshot.walk,
        &operator_.walk, &doubtful_.walk, &lost_.walk, &overdue_.walk}) {
    if (walk->at == slot) StepWalk(*walk);
  }
}

bool Engine::TakeVisit(const Effects& effects) noexcept {
  if (visits_left_ == 0 || effects.room() < kEffectsPerVisitMax) return false;
  --visits_left_;
  return true;
}

void Engine::RecountWork() noexcept {
  work_ = notices_.count() + busy_.count();
  for (const VenueSweep* sweep : Sweeps()) work_ += sweep->unfinished();
  work_ += idle_positions_.phase != IdlePositionsJob::Phase::kNone;
  work_ += next_retry_ != kNone;
  work_ += operator_.active;
  work_ += checks_.get<LossLimits>().HasWork();
}

void Engine::NoteBusy(SessionIndex index) noexcept {
  const SessionState& session = sessions_[index];
  busy_.Set(index, session.disconnect.active() || session.retry.walk.active() ||
                       session.mass_cancel.active || session.snapshot.active);
}

// Each kind of work first gets its part, then those with more to do share the rest.
void Engine::DoWork(Effects& effects) noexcept {
  if (work_ == 0 && timers_.next_due_ns() > now_ns_) return;
  uint32_t left = kVisitsPerStepMax;
  for (const uint32_t part : {kVisitsOfAKindMax, kVisitsPerStepMax}) {
    const auto spend = [&](void (Engine::*work)(Effects&) noexcept) {
      const uint32_t mine = visits_left_ = std::min(part, left);
      (this->*work)(effects);
      left -= mine - visits_left_;
    };
    spend(&Engine::WorkForSessions);
    spend(&Engine::WorkForOperator);
    spend(&Engine::SendNotices);
    spend(&Engine::SweepLost);
    spend(&Engine::SweepDoubt);
    spend(&Engine::SweepOverdue);
    spend(&Engine::FreeIdlePositions);
    spend(&Engine::MarkPositions);
  }
  RecountWork();
}

// Books what a new price makes of the holdings (loss_limits.h).
void Engine::MarkPositions(Effects& effects) noexcept {
  LossLimits& losses = checks_.get<LossLimits>();
  while (losses.HasWork() && TakeVisit(effects)) {
    losses.MarkNext(exposure_, instruments_,
                    [this](const LossCrossing& crossing) { TellLoss(crossing); });
  }
}

void Engine::WorkForSessions(Effects& effects) noexcept {
  EndWaits(effects);
  StartRetries(effects);
  for (uint32_t turn = busy_.count(); turn != 0 && effects.room() >= kEffectsPerVisitMax; --turn) {
    if (visits_left_ == 0) return;
    uint32_t next = busy_.NextFrom(next_busy_session_);
    if (next == IndexSet::kNone) next = busy_.NextFrom(0);
    const SessionIndex session{next};
    WorkForSession(session, effects);
    next_busy_session_ = session + 1;
  }
}

void Engine::WorkForSession(SessionIndex index, Effects& effects) noexcept {
  SessionState& session = sessions_[index];
  while (session.disconnect.active() && TakeVisit(effects)) {
    Order& order = orders_[session.disconnect.at];
    StepWalk(session.disconnect);
    (void)CancelWalked(order, session, 0, effects);
  }
  RetryForSession(index, effects);
  MassCancelJob& mass = session.mass_cancel;
  CancelFor(mass, session, effects);
  if (mass.active && !mass.walk.active() && effects.room() != 0) {
    mass.active = false;
    orders_.EndCancelName(index, mass.request.cl_ord_id);
    MassCancelReport report;
    report.cl_ord_id = mass.request.cl_ord_id;
    report.transact_time = static_cast<uint64_t>(now_ns_);
    report.affected = mass.affected;
    report.not_sent = mass.not_sent;
    ToSession(session, report, effects);
  }
  while (session.snapshot.active && TakeVisit(effects)) StepSnapshot(index, effects);
  NoteBusy(index);
}

// Sends the cancels that are owed and not pending.
void Engine::RetryForSession(SessionIndex index, Effects& effects) noexcept {
  SessionState& session = sessions_[index];
  RetryJob& retry = session.retry;
  if (!retry.walk.active()) return;
  while (retry.walk.active() && TakeVisit(effects)) {
    Order& order = orders_[retry.walk.at];
    StepWalk(retry.walk);
    retry.met |= order.Has(kCancelWanted | kAskedFor);
    if (IsOwed(order)) (void)CancelWalked(order, session, 0, effects);
  }
  if (retry.walk.active()) return;
  retry.wanted = retry.met;
  NoteOwed(index);
}

// Continues a session's mass cancel, as far as this step allows.
void Engine::CancelFor(MassCancelJob& job, SessionState& session, Effects& effects) noexcept {
  while (job.active && job.walk.active() && TakeVisit(effects)) {
    Order& order = orders_[job.walk.at];
    StepWalk(job.walk);
    if (!Fits(order, job.request)) continue;
    const Walked walked = CancelWalked(order, session, job.request.cl_ord_id, effects);
    job.affected += walked == Walked::kSent;
    job.not_sent += walked == Walked::kUnreachable;
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
  SendCancel(order, cl_ord_id, 0, effects);
  ++counters_.gateway_cancels;
  return Walked::kSent;
}

// --- Snapshots ---

void Engine::SendOpenOrder(SessionState& session, Order& order, Effects& effects) noexcept {
  if (order.snapshot_round == session.snapshot_round) return;  // shown already
  order.snapshot_round = session.snapshot_round;
  const Position& position = exposure_.position(order.position);
  static_assert(FieldsOf<OpenOrder>() == 15, "a field was added: copy it here");
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

// Sends the next part.
void Engine::StepSnapshot(SessionIndex index, Effects& effects) noexcept {
  SessionState& session = sessions_[index];
  SnapshotJob& snapshot = session.snapshot;
  if (snapshot.walk.active()) {
    Order& order = orders_[snapshot.walk.at];
    StepWalk(snapshot.walk);
    return SendOpenOrder(session, order, effects);
  }
  constexpr uint32_t kLooks = 16;
  for (uint32_t look = 0; look < kLooks && snapshot.position < exposure_.positions(); ++look) {
    const uint32_t at = snapshot.position++;
    if (!exposure_.InUse(at) || exposure_.IsIdle(at)) continue;
    const Position& position = exposure_.position(at);
    if (!MaySee(index, position.account, position.instrument)) continue;
    ++snapshot.positions;
    return ToSession(session, ReportOf(position), effects);
  }
  if (snapshot.position < exposure_.positions()) return;
  snapshot.active = false;
  SnapshotEnd end;
  end.transact_time = static_cast<uint64_t>(now_ns_);
  end.orders = snapshot.index;
  end.positions = snapshot.positions;
  ToSession(session, end, effects);
}

bool Engine::MaySee(SessionIndex session, AccountIndex account,
                    InstrumentIndex instrument) const noexcept {
  const auto& entitlement = checks_.get<Entitlement>();
  return entitlement.MayUseAccount(session, account) &&
         entitlement.MayUseInstrument(session, instrument);
}

PositionReport Engine::ReportOf(const Position& position) const noexcept {
  static_assert(FieldsOf<PositionReport>() == 6, "a field was added: copy it here");
  PositionReport report;
  report.transact_time = static_cast<uint64_t>(now_ns_);
  report.quantity = position.quantity;
  report.open_buy = position.open[kBuySide];
  report.open_sell = position.open[kSellSide];
  report.instrument = instruments_[position.instrument].id;
  report.account = account_ids_[position.account];
  return report;
}

// --- Broadcasts ---

// All sessions that may trade for the account get what it holds by then. A notice that waits covers
// this change too, and a venue with many such reports leaves room for more urgent notices.
void Engine::TellPosition(AccountIndex account, InstrumentIndex instrument) noexcept {
  Notice notice{.type = FrameType::kPositionReport};
  notice.position.account = account_ids_[account];
  notice.position.instrument = instruments_[instrument].id;
  for (uint32_t place = 1; place < notices_.count(); ++place) {
    const Notice& waiting = notices_.at(place);
    if (waiting.type == notice.type && waiting.position.account == notice.position.account &&
        waiting.position.instrument == notice.position.instrument) {
      return;
    }
  }
  if (notices_.count() >= Notices::kNoticesMax / 2 || !notices_.Push(notice)) {
    ++counters_.notices_dropped;
  }
}

bool Engine::Concerns(const Notice& notice, SessionIndex session) const noexcept {
  const auto& entitlement = checks_.get<Entitlement>();
  if (notice.type == FrameType::kPositionReport) {
    return MaySee(session, IndexOfAccount(notice.position.account),
                  IndexOfInstrument(notice.position.instrument));
  }
  if (notice.type == FrameType::kVenueStatus) {
    return entitlement.MayUseVenue(session, router_.IndexOf(notice.venue.venue));
  }
  switch (notice.risk.scope) {
    case KillScope::kSession:
      return sessions_[session].id == notice.risk.id;
    case KillScope::kAccount:
      return entitlement.MayUseAccount(session, IndexOfAccount(notice.risk.id));
    case KillScope::kVenue:
      return entitlement.MayUseVenue(session, IndexOfVenue(notice.risk.id));
    case KillScope::kInstrument:
      return entitlement.MayUseInstrument(session, IndexOfInstrument(notice.risk.id));
    default:
      return true;
  }
}

// Sessions that are down are skipped: they learn the state from their next reject.
void Engine::SendNotices(Effects& effects) noexcept {
  while (!notices_.empty()) {
    for (; notices_.next_session() < sessions_.size(); notices_.Told()) {
      if (!TakeVisit(effects)) return;
      SessionState& session = sessions_[notices_.next_session()];
      if (!session.up || !Concerns(notices_.front(), notices_.next_session())) continue;
      const Notice& notice = notices_.front();
      if (notice.type == FrameType::kRiskState) {
        ToSession(session, notice.risk, effects);
      } else if (notice.type == FrameType::kVenueStatus) {
        ToSession(session, notice.venue, effects);
      } else if (const Position* position =
                     exposure_.Find(IndexOfAccount(notice.position.account),
                                    IndexOfInstrument(notice.position.instrument))) {
        ToSession(session, ReportOf(*position), effects);
      }
    }
    notices_.Pop();
  }
}

// --- Orders of a venue: in doubt, lost, overdue ---

// Goes through the open orders of all sessions, venue by venue, and visits those of the venue.
template <class F>
void Engine::Sweep(VenueSweep& sweep, const Effects& effects, F&& visit) noexcept {
  while (true) {
    if (sweep.venue == VenueSweep::kNone) {
      const auto wanted = std::ranges::find(sweep.wanted, 1);
      if (wanted == sweep.wanted.end()) return;
      *wanted = 0;
      sweep.venue = VenueIndex{static_cast<uint32_t>(wanted - sweep.wanted.begin())};
      sweep.session = SessionIndex{0};
      sweep.walk = sessions_.empty() ? Walk{} : StartWalk(sweep.session);
    }
    while (sweep.session < sessions_.size()) {
      while (sweep.walk.active()) {
        if (!TakeVisit(effects)) return;
        Order& order = orders_[sweep.walk.at];
        StepWalk(sweep.walk);
        if (order.venue == sweep.venue) visit(order);
      }
      if (!TakeVisit(effects)) return;
      if (++sweep.session < sessions_.size()) sweep.walk = StartWalk(sweep.session);
    }
    sweep.venue = VenueIndex{VenueSweep::kNone};
  }
}

// An order that the venue reports before the search reaches it was never in doubt for anybody.
void Engine::SweepDoubt(Effects& effects) noexcept {
  Sweep(doubtful_, effects, [this, &effects](Order& order) {
    if (order.state == OrderState::kSent && order.outages_at_send != venues_.outages(order.venue)) {
      BeginDoubt(order, effects);
    }
  });
}

void Engine::SweepLost(Effects& effects) noexcept {
  Sweep(lost_, effects, [this, &effects](Order& order) {
    if (order.order_id >= lost_before_[order.venue]) return;
    ShowFirst(sessions_[order.session], order, effects);
    EndHere(order, OrderState::kCanceled, ExecType::kCanceled, RejectReason::kVenueLostBook,
            effects);
  });
}

void Engine::SweepOverdue(Effects& effects) noexcept {
  Sweep(overdue_, effects, [this, &effects](Order& order) {
    if (IsOverdue(order)) EndOverdue(order, effects);
  });
}

}  // namespace ringway
