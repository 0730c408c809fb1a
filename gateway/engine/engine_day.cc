// The end of a venue's trading day, and the beginning of the next.
//
// The gateway reports when a day begins (Origin::kTradingDay), by the time of day and time zone
// that are configured for the venue. Only BeginTradingDay() changes the day, and from then on
//  - execution identifiers of the new day differ from equal ones of earlier days: venues may start
//    counting anew;
//  - orders for the day that are still open, and those till a date that is over, are overdue: their
//    venue is asked to cancel them until they have ended. Where the venue is configured to end them
//    without a report, those that it had confirmed have expired;
//  - positions that are flat, and whose orders are closed and older than the day before, are freed
//    for others. Such an order is forgotten but for its names. Likewise what sessions hold.
// All of this continues in later steps, some orders and positions in each.

#include <algorithm>

#include "gateway/engine/engine.h"

namespace ringway {

// False: it cannot be decoded, or is not about a later day.
bool Engine::OnTradingDay(const Input& input) noexcept {
  const VenueIndex venue = IndexOfVenue(input.id);
  TradingDay began;
  if (venue == kNone || input.type != FrameType::kTradingDay ||
      Decode(input.payload, began) != DecodeStatus::kOk || began.day <= days_[venue].day ||
      began.transact_time > static_cast<uint64_t>(now_ns_) ||
      began.transact_time < static_cast<uint64_t>(days_[venue].began_ns)) {
    return false;
  }
  BeginTradingDay(venue, began);
  return true;
}

void Engine::BeginTradingDay(VenueIndex venue, const TradingDay& began) noexcept {
  VenueDay& day = days_[venue];
  // At the first day of all it is unknown which open orders are older than it.
  const bool first = day.day == 0;
  day.Begin(began.day, static_cast<int64_t>(began.transact_time));
  day.first_before = day.first_order_id;
  day.first_order_id = first ? 0 : (orders_.requests() + 1) << kSlotBits;
  checks_.get<DailyLimits>().BeginDay(day.day);
  checks_.get<LossLimits>().BeginDay(day.day);
  overdue_.wanted[venue] = 1;
  idle_positions_ = {IdlePositionsJob::Phase::kClear, 0};
  RecountWork();
}

uint32_t Engine::trading_day(VenueId venue) const noexcept {
  const VenueIndex index = router_.IndexOf(venue);
  return index == kNone ? 0 : days_[index].day;
}

// The day that a report's execution identifier belongs to. A report that was made before the day
// began, and is late or repeated, belongs to an earlier day.
uint32_t Engine::DayOf(VenueIndex venue, uint64_t transact_time) const noexcept {
  const VenueDay& day = days_[venue];
  return transact_time == 0 ? day.day : day.At(transact_time);
}

// --- Orders ---

bool Engine::IsOverdue(const Order& order) const noexcept {
  const VenueDay& day = days_[order.venue];
  const OrderTerms terms = orders_.terms(order);
  if (std::max(order.order_id, terms.expiry_since) >= day.first_order_id) return false;
  // The venue's answer to the replace decides whether the order stays open: it is awaited for a day
  // at most.
  if (order.Has(kReplacePending) && terms.replace_changes_expiry != 0 &&
      order.outages_at_replace == venues_.outages(order.venue) &&
      order.replace_id >= day.first_before) {
    return false;
  }
  switch (order.time_in_force) {
    case TimeInForce::kGoodTillCancel:
      return false;
    case TimeInForce::kGoodTillDate: {
      return (terms.expiry & kExpiryIsDate) != 0
                 ? (terms.expiry ^ kExpiryIsDate) < day.day
                 : terms.expiry <= static_cast<uint64_t>(day.began_ns);
    }
    default:
      return true;
  }
}

// An unanswered order may reach its venue in the new day: it is canceled in any case.
void Engine::EndOverdue(Order& order, Effects& effects) noexcept {
  SessionState& session = sessions_[order.session];
  counters_.overdue += !order.Has(kCancelWanted);
  // An order that may have been replaced by one that stays open is canceled too.
  const bool certain =
      !order.Has(kReplacePending) || orders_.terms(order).replace_changes_expiry == 0;
  if (IsConfirmed(order.state) && certain &&
      overdue_orders_[order.venue] == OverdueOrders::kEnded) {
    ++counters_.overdue_ended;
    ShowFirst(session, order, effects);
    return EndHere(order, OrderState::kExpired, ExecType::kExpired, RejectReason::kNone, effects);
  }
  WantCancel(order, kCancelWanted);
  (void)CancelWalked(order, session, 0, effects);
}

// --- Positions ---

void Engine::ReferToPosition(Order& order) noexcept {
  if (order.position == kNoPosition) return;
  const bool old = IsClosed(order.state) && order.order_id < days_[order.venue].first_before;
  if (old && exposure_.IsIdle(order.position)) {
    order.position = kNoPosition;
  } else {
    exposure_.Refer(order.position);
    exposure_.groups().Refer(order.session, exposure_.position(order.position).instrument);
  }
}

void Engine::FreeIfIdle(uint32_t place) noexcept {
  const InstrumentIndex instrument = exposure_.position(place).instrument;
  if (!exposure_.FreeIfIdle(place)) return;
  ++counters_.positions_freed;
  checks_.get<LossLimits>().Forget(place, instrument);
}

// Visits the next item; false: this phase has no more.
bool Engine::VisitIdle(IdlePositionsJob& job) noexcept {
  using enum IdlePositionsJob::Phase;
  GroupExposure& groups = exposure_.groups();
  switch (job.phase) {
    case kClear:
      if (job.at >= exposure_.positions()) return false;
      exposure_.ClearReferred(job.at++);
      return true;
    case kClearHoldings:
      if (job.at >= groups.holdings()) return false;
      groups.ClearReferred(job.at++);
      return true;
    case kRefer:
      if (job.at >= orders_.used_slots()) return false;
      ReferToPosition(orders_[job.at++]);
      return true;
    case kFree:
      if (job.at >= exposure_.positions()) return false;
      FreeIfIdle(job.at++);
      return true;
    case kFreeHoldings:
      if (job.at >= groups.holdings()) return false;
      if (!groups.FreeIfIdle(job.at)) ++job.at;
      return true;
    case kNone:
      break;
  }
  return false;
}

// Orders that are entered meanwhile refer to their positions themselves.
void Engine::FreeIdlePositions(Effects& effects) noexcept {
  using Phase = IdlePositionsJob::Phase;
  IdlePositionsJob& job = idle_positions_;
  while (job.phase != Phase::kNone) {
    if (!TakeVisit(effects)) return;
    if (VisitIdle(job)) continue;
    job.phase = job.phase == Phase::kFreeHoldings
                    ? Phase::kNone
                    : static_cast<Phase>(static_cast<uint8_t>(job.phase) + 1);
    job.at = 0;
  }
}

}  // namespace ringway
