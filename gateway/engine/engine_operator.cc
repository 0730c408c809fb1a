// Operators' commands: kill switches, cancels, positions, restrictions and limits.
//
// Every command is one input, so that it is done whole or not at all, and replays identically.
// Orders are canceled in batches in later steps, session by session.

#include <algorithm>

#include "gateway/engine/engine.h"

namespace ringway {
namespace {

// The open orders for which a kill switch is latched.
OperatorCancel OrdersIn(KillScope scope, uint32_t id) noexcept {
  OperatorCancel filter;
  switch (scope) {
    case KillScope::kSession:
      filter.session = id;
      break;
    case KillScope::kAccount:
      filter.account = id;
      break;
    case KillScope::kVenue:
      filter.venue = static_cast<VenueId>(id);
      break;
    case KillScope::kInstrument:
      filter.instrument = id;
      break;
    case KillScope::kAll:
    case KillScope::kUnset:
      break;
  }
  return filter;
}

// Whether a refusal means that a session asks for more than anybody intended it to, rather than
// that an order is malformed or comes at a bad time.
constexpr bool IsBreach(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kExceedsClipSize:
    case RejectReason::kNotionalExceedsThreshold:
    case RejectReason::kPriceExceedsBand:
    case RejectReason::kPositionLimit:
    case RejectReason::kInsufficientCredit:
    case RejectReason::kOpenOrderLimit:
    case RejectReason::kOrderExceedsLimit:
    case RejectReason::kOrderToTrade:
    case RejectReason::kDuplicateBurst:
      return true;
    default:
      return false;
  }
}

}  // namespace

uint32_t Engine::KillIndex(KillScope scope, uint32_t id) const noexcept {
  switch (scope) {
    case KillScope::kAll:
      return 0;
    case KillScope::kSession:
      return IndexOfSession(id);
    case KillScope::kAccount:
      return IndexOfAccount(id);
    case KillScope::kVenue:
      return IndexOfVenue(id);
    case KillScope::kInstrument:
      return IndexOfInstrument(id);
    case KillScope::kUnset:
      break;
  }
  return kNone;
}

void Engine::OnAdmin(const Input& input) noexcept {
  const auto done = [&]<class M>(M message, auto&& carry_out) {
    return Decode(input.payload, message) == DecodeStatus::kOk && carry_out(message);
  };
  const auto take = [&] {
    switch (input.type) {
      case FrameType::kOperatorCancel:
        return done(OperatorCancel{}, [this](const auto& m) { return OnOperatorCancel(m); });
      case FrameType::kRiskState:
        return done(RiskState{}, [this](const auto& m) { return OnKill(m); });
      case FrameType::kReferencePrice:
        return done(ReferencePrice{}, [this](const auto& m) { return OnSetReference(m); });
      case FrameType::kPositionAdjustment:
        return done(PositionAdjustment{}, [this](const auto& m) { return OnAdjustPosition(m); });
      case FrameType::kRestriction:
        return done(Restriction{}, [this](const auto& m) { return OnRestrict(m); });
      case FrameType::kLimitChange:
        return done(LimitChange{}, [this](const auto& m) { return OnChangeLimit(m); });
      case FrameType::kOperatorNote:  // for readers of the journal
        return done(OperatorNote{}, [](const auto&) { return true; });
      default:
        return false;
    }
  };
  counters_.unknown_sources += !take();
  RecountWork();
}

// False, and nothing changes: the command is meaningless here.
bool Engine::OnKill(RiskState request) noexcept {
  if (request.killed > 1 || request.cancel > request.killed || !IsKnown(request.scope)) {
    return false;
  }
  if (request.scope == KillScope::kAll) request.id = 0;
  const uint32_t index = KillIndex(request.scope, request.id);
  if (index == kNone) return false;
  if (request.cancel != 0 && !OnOperatorCancel(OrdersIn(request.scope, request.id))) return false;
  if (request.scope == KillScope::kSession && request.killed == 0) {
    checks_.get<ExecutionThrottle>().Arm(SessionIndex{index});
  }
  SetKill(request, index);
  return true;
}

// Latches or arms, and notifies the sessions concerned; nothing if it was so already.
void Engine::SetKill(const RiskState& request, uint32_t index) noexcept {
  KillSwitch& kill_switch = checks_.get<KillSwitch>();
  if (kill_switch.killed(request.scope, index) == (request.killed != 0)) return;
  kill_switch.Set(request.scope, index, request.killed != 0);
  Notice notice{.type = FrameType::kRiskState, .risk = request};
  notice.risk.transact_time = static_cast<uint64_t>(now_ns_);
  notice.risk.spare = 0;
  if (!notices_.Push(notice)) ++counters_.notices_dropped;
}

// A check refused an order or replace of the session. If it would have broken a limit, and the
// session is configured so, the session is killed.
void Engine::OnBreach(SessionIndex session, const Verdict& verdict) noexcept {
  if (session_limits_[session].on_breach == BreachPolicy::kRefuse || !IsBreach(verdict.reason) ||
      verdict.check == RiskCheck::kReduceOnly) {
    return;  // the last is the order's own instruction, and no limit
  }
  ++counters_.breach_kills;
  Alert(AlertKind::kBreach, {.limit = verdict.limit,
                             .value = verdict.value,
                             .owner = sessions_[session].id,
                             .owner_kind = AlertOwner::kSession,
                             .check = verdict.check});
  SetKill({.id = sessions_[session].id, .scope = KillScope::kSession, .killed = 1}, session);
  RecountWork();
}

// Takes it however far it is from the last one. False: it cannot be a price there.
bool Engine::OnSetReference(const ReferencePrice& reference) noexcept {
  const InstrumentIndex index = IndexOfInstrument(reference.instrument);
  if (index == kNone || reference.price < instruments_[index].price_min ||
      reference.price > instruments_[index].price_max) {
    return false;
  }
  reference_guard_.Forget(index);
  instruments_[index].reference_price = reference.price;
  instruments_[index].has_reference = true;
  instruments_[index].reference_time_ns = now_ns_;
  checks_.get<LossLimits>().ChangePrice(index);
  return true;
}

// What an account holds, or a session traded, as the operator knows it. False: it is impossible, or
// there is no room for it.
bool Engine::OnAdjustPosition(const PositionAdjustment& adjustment) noexcept {
  const InstrumentIndex index = IndexOfInstrument(adjustment.instrument);
  if (index == kNone || adjustment.sets > 1) return false;
  const auto most = static_cast<int64_t>(kQuantityBound);
  if (adjustment.quantity <= -most || adjustment.quantity >= most ||
      !instruments_[index].CanValue(adjustment.price)) {
    return false;
  }
  const bool done =
      adjustment.session != 0 ? AdjustSession(adjustment, index) : AdjustAccount(adjustment, index);
  counters_.position_adjustments += done;
  return done;
}

// It counts in the account's desk and the firm; no session traded it.
bool Engine::AdjustAccount(const PositionAdjustment& adjustment, InstrumentIndex index) noexcept {
  const AccountIndex account = IndexOfAccount(adjustment.account);
  const Position* position = account == kNone ? nullptr : exposure_.FindOrMake(account, index);
  if (position == nullptr) return false;
  const int64_t change = adjustment.sets != 0
                             ? SaturatedSum(adjustment.quantity, -position->quantity)
                             : adjustment.quantity;
  // A position that was never traded is valued at the market.
  const int64_t price = adjustment.price != 0       ? adjustment.price
                        : position->last_price == 0 ? instruments_[index].reference_price
                                                    : 0;
  ChangePosition(exposure_.IndexOf(*position), kNoSession, change, price, adjustment.price);
  TellPosition(account, index);
  return true;
}

// It counts in the session's limits alone: no account holds more or less for it.
bool Engine::AdjustSession(const PositionAdjustment& adjustment, InstrumentIndex index) noexcept {
  const SessionIndex session = IndexOfSession(adjustment.session);
  return adjustment.account == 0 && session != kNone &&
         exposure_.groups().Adjust(session, index, adjustment.sets != 0, adjustment.quantity,
                                   adjustment.price, instruments_[index].reference_price);
}

// False: it is meaningless here, or there is no room.
bool Engine::OnRestrict(const Restriction& restriction) noexcept {
  const AccountIndex account = IndexOfAccount(restriction.account);
  const InstrumentIndex instrument = IndexOfInstrument(restriction.instrument);
  if (account == kNone || instrument == kNone || restriction.restricted > 1 ||
      !exposure_.Restrict(account, instrument, restriction.restricted != 0)) {
    return false;
  }
  ++counters_.restrictions;
  return true;
}

// --- Limits ---

// False: it is meaningless here, or there is no room.
bool Engine::OnChangeLimit(const LimitChange& change) noexcept {
  const uint32_t index = LimitOwnerIndex(change.owner, change.id);
  if (index == kNone || !SayLimit(change.owner, index, change.limit, change.value)) return false;
  ++counters_.limit_changes;
  return true;
}

uint32_t Engine::LimitOwnerIndex(LimitOwner owner, uint32_t id) const noexcept {
  switch (owner) {
    case LimitOwner::kFirm:
      return id == 0 ? 0 : kNone;
    case LimitOwner::kSession:
      return IndexOfSession(id);
    case LimitOwner::kAccount:
      return IndexOfAccount(id);
    case LimitOwner::kDesk:
      return IndexIn<uint32_t>(desk_index_, id);
    case LimitOwner::kInstrument:
      return IndexOfInstrument(id);
    case LimitOwner::kUnset:
      break;
  }
  return kNone;
}

bool Engine::SayLimit(LimitOwner owner, uint32_t index, LimitKind kind, int64_t value) noexcept {
  if (!WithLimitsOf(owner, index, [&](auto& limits) {
        return said_limits_.Say(limits, owner, index, kind, value);
      })) {
    return false;
  }
  const auto set_group = [this](GroupLevel level, uint32_t at, const GroupLimits& limits) {
    const uint32_t group = exposure_.groups().NumberOf(level, at);
    exposure_.groups().SetLimits(group, limits);
    checks_.get<DailyLimits>().SetTurnoverMax(group, limits.daily_turnover_max);
  };
  LossLimits& losses = checks_.get<LossLimits>();
  switch (owner) {
    case LimitOwner::kFirm:
      set_group(GroupLevel::kFirm, 0, firm_limits_);
      losses.SetMaxOfFirm(firm_limits_.daily_loss_max);
      break;
    case LimitOwner::kDesk:
      set_group(GroupLevel::kDesk, index, desk_limits_[index]);
      losses.SetMaxOfDesk(index, desk_limits_[index].daily_loss_max);
      break;
    case LimitOwner::kAccount:
      losses.SetMaxOfAccount(AccountIndex{index}, account_limits_[index].daily_loss_max);
      break;
    case LimitOwner::kSession:
      set_group(GroupLevel::kSession, index, LimitsOfGroup(session_limits_[index]));
      break;
    case LimitOwner::kInstrument:
      exposure_.LimitsOfFirmChanged(InstrumentIndex{index});
      break;
    case LimitOwner::kUnset:
      break;
  }
  return true;
}

void Engine::RestoreLimit(const SaidLimits::Said& said) noexcept {
  const bool as_then = WithLimitsOf(said.owner, said.index, [&said](const auto& limits) {
    return IsConfiguredAsThen(limits, said);
  });
  if (as_then) static_cast<void>(SayLimit(said.owner, said.index, said.kind, said.value));
}

ChangedLimit Engine::limit_changed(size_t at) const noexcept {
  const SaidLimits::Said& said = said_limits_.all()[at];
  const uint32_t id = said.owner == LimitOwner::kAccount      ? account_ids_[said.index]
                      : said.owner == LimitOwner::kSession    ? sessions_[said.index].id
                      : said.owner == LimitOwner::kDesk       ? desk_ids_[said.index]
                      : said.owner == LimitOwner::kInstrument ? instruments_[said.index].id
                                                              : 0;
  return {said.owner, id, said.kind, said.configured, said.value};
}

// --- Cancels ---

// False: it is meaningless here, or too many wait already.
bool Engine::OnOperatorCancel(const OperatorCancel& request) noexcept {
  if (!IsKnown(request.side) ||
      (request.session != 0 && IndexOfSession(request.session) == kNone)) {
    return false;
  }
  const CancelCommand cancel{request, (orders_.requests() + 1) << kSlotBits};
  if (operator_.active) {
    if (operator_.waiting_count == OperatorCancelJob::kWaitingMax) return false;
    operator_.waiting[operator_.waiting_count++] = cancel;
    return true;
  }
  operator_.affected = operator_.not_sent = 0;
  BeginOperatorCancel(cancel);
  return true;
}

void Engine::BeginOperatorCancel(const CancelCommand& cancel) noexcept {
  const auto sessions = static_cast<uint32_t>(sessions_.size());
  // A session that is gone by now has no orders.
  const SessionIndex only = IndexOfSession(cancel.request.session);
  const bool all = cancel.request.session == 0;
  operator_.active = true;
  operator_.cancel = cancel;
  operator_.walk = {};
  operator_.next_session = all || only == kNone ? 0u : only;
  operator_.end_session = all ? sessions : only == kNone ? 0 : only + 1;
}

OperatorCancelView Engine::operator_cancel() const noexcept {
  return {operator_.active, operator_.waiting_count, operator_.affected, operator_.not_sent};
}

// Continues an operator's cancel, session by session.
void Engine::WorkForOperator(Effects& effects) noexcept {
  OperatorCancelJob& job = operator_;
  while (job.active) {
    while (job.walk.active()) {
      if (!TakeVisit(effects)) return;
      Order& order = orders_[job.walk.at];
      StepWalk(job.walk);
      if (!Fits(order, job.cancel.request)) continue;
      SessionState& session = sessions_[order.session];
      WantCancel(order, kCancelWanted);
      const Walked walked = CancelWalked(order, session, 0, effects);
      job.affected += walked == Walked::kSent;
      job.not_sent += walked == Walked::kUnreachable;
    }
    if (!TakeVisit(effects)) return;
    if (job.next_session != job.end_session) {
      const Slot first = orders_.first_open(SessionIndex{job.next_session++});
      if (first != kNoSlot && orders_[first].order_id < job.cancel.end_order_id) {
        job.walk = {first, job.cancel.end_order_id};
      }
    } else if (job.waiting_count != 0) {
      const CancelCommand next = job.waiting[0];
      std::copy(job.waiting.begin() + 1, job.waiting.begin() + job.waiting_count,
                job.waiting.begin());
      job.waiting[--job.waiting_count] = {};
      BeginOperatorCancel(next);
    } else {
      job.active = false;
    }
  }
}

}  // namespace ringway
