// Applies a venue's reports to orders, and reports them to sessions.
//
// lifecycle.h defines which reports are legal; this file carries them out. Quantities are our own
// arithmetic over fills, unless the venue states more: what it has filled beyond our count is
// booked, and sent as a Restated of its own before the report itself; the terms that it states are
// taken, and an order that it calls ended has ended. Disagreements are counted. Exposure changes
// only through Contribution before and after.

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/printable.h"
#include "gateway/engine/engine.h"
#include "schema/fields.h"

namespace ringway {
namespace {

// Whether this many words from here on are printable text, padded with zeros.
template <size_t kWords>
bool IsText(const uint64_t* words) noexcept {
  std::array<char, kWords * sizeof(uint64_t)> bytes;
  std::memcpy(bytes.data(), words, bytes.size());
  const std::string_view all(bytes.data(), bytes.size());
  const std::string_view text = all.substr(0, all.find('\0'));
  return IsPrintable(text) && all.find_first_not_of('\0', text.size()) == std::string_view::npos;
}

}  // namespace

// Orders are found by any identifier that a request about them ever had; a venue cannot name
// another's.
Order* Engine::FindReported(VenueIndex venue, uint64_t id, uint64_t orig_id) noexcept {
  Order* order = orders_.FindByVenueRequest(id);
  if (order == nullptr) order = orders_.FindByVenueRequest(orig_id);
  const bool known = order != nullptr && order->venue == venue && order->position != kNoPosition;
  return known ? order : nullptr;
}

// Counts the outcomes of a session's requests.
void Engine::CountExecution(const Order& order) noexcept {
  checks_.get<OrderToTrade>().CountTrade(now_ns_, order.session);
  const InstrumentIndex instrument = exposure_.position(order.position).instrument;
  if (checks_.get<ExecutionThrottle>().CountExecution(now_ns_, order.session, instrument,
                                                      BookSideOf(order.side))) [[unlikely]] {
    ++counters_.execution_throttles;
    const int64_t executions = session_limits_[order.session].executions_max;
    Alert(AlertKind::kExecutionThrottle, {.limit = executions,
                                          .value = executions,
                                          .owner = sessions_[order.session].id,
                                          .instrument = instruments_[instrument].id,
                                          .owner_kind = AlertOwner::kSession});
  }
}

// Adds `quantity` (negative: removes) to the position with this index, at `paid` each; 0: the price
// is unknown.
void Engine::ChangePosition(uint32_t place, SessionIndex session, int64_t quantity, int64_t price,
                            int64_t paid) noexcept {
  exposure_.Fill(place, session, quantity, price);
  LossLimits& losses = checks_.get<LossLimits>();
  if (!losses.active()) [[likely]]
    return;
  const Position& position = exposure_.position(place);
  losses.Fill(place, position, instruments_[position.instrument], quantity, paid,
              [this](const LossCrossing& crossing) { TellLoss(crossing); });
}

void Engine::TellLoss(const LossCrossing& crossing) noexcept {
  counters_.soft_limits += crossing.soft;
  Alert(crossing.soft ? AlertKind::kSoftLimit : AlertKind::kLossLimit,
        {.limit = crossing.limit,
         .value = crossing.value,
         .owner = crossing.owner,
         .owner_kind = crossing.owner_kind,
         .check = crossing.check});
}

// Books a fill, or with a negative `quantity` the reduction of one, and counts it in the order.
void Engine::AddFill(Order& order, int64_t quantity, int64_t price) noexcept {
  ChangePosition(order.position, order.session,
                 BookSideOf(order.side) == kBuySide ? quantity : -quantity, price,
                 FillPrice(order, price));
  checks_.get<LossLimits>().Pay(orders_.SlotOfOrder(order), order.cum_qty, quantity,
                                FillPrice(order, price));
  order.cum_qty += static_cast<uint64_t>(quantity);
  if (quantity <= 0) [[unlikely]]
    return;
  CountExecution(order);
  const Position& position = exposure_.position(order.position);
  checks_.get<DailyLimits>().Count(
      exposure_.groups(), order.session, position.account, BookSideOf(order.side),
      PositionValue(InstrumentOf(order), quantity, FillPrice(order, price)));
}

void Engine::Report(const Order& order, const ExecutionReport& from_venue, uint64_t cl_ord_id,
                    uint64_t orig_cl_ord_id, Effects& effects) noexcept {
  const Position& position = exposure_.position(order.position);
  static_assert(FieldsOf<ExecutionReport>() == 19, "a field was added: fill it in here");
  BuildForSession<ExecutionReport>(sessions_[order.session], effects, [&](ExecutionReport& report) {
    report.cl_ord_id = cl_ord_id;
    report.order_id = order.order_id;
    report.exec_id = from_venue.exec_id;
    report.transact_time =
        from_venue.transact_time != 0 ? from_venue.transact_time : static_cast<uint64_t>(now_ns_);
    report.instrument = instruments_[position.instrument].id;
    report.account = account_ids_[position.account];
    report.exec_type = from_venue.exec_type;
    report.ord_status = StatusOf(order.state, order.flags);
    report.side = order.side;
    report.reason = from_venue.reason;
    report.venue = venues_.id(order.venue);
    report.liquidity = from_venue.liquidity;
    report.leaves_qty = order.leaves_qty;
    report.cum_qty = order.cum_qty;
    report.last_qty = from_venue.last_qty;
    report.last_price = from_venue.last_price;
    report.price = order.price;
    report.orig_cl_ord_id = orig_cl_ord_id;
    report.match_id = from_venue.match_id;
  });
  // A report that the gateway makes in the venue's stead names no request.
  if (from_venue.cl_ord_id != 0) {
    NoteTold(order, from_venue.cl_ord_id, from_venue.exec_id, cl_ord_id);
  }
}

// Answers requests that are still pending when an order closes; the venue's later answers to them
// are only counted.
void Engine::RejectPending(Order& order, Effects& effects) noexcept {
  SessionState& session = sessions_[order.session];
  const uint8_t pending = order.flags;
  EndCancel(order);
  order.flags &= static_cast<uint8_t>(~kReplacePending);
  if ((pending & kReplacePending) != 0) {
    orders_.Retire(order, order.replace_cl_ord_id);
    RejectChange(session, &order, RequestType::kReplace, order.replace_cl_ord_id, order.cl_ord_id,
                 CancelRejectReason::kTooLateToCancel, RiskCheck::kNone, effects);
  }
  if ((pending & kCancelPending) != 0 && order.cancel_cl_ord_id != 0) {
    RejectChange(session, &order, RequestType::kCancel, order.cancel_cl_ord_id, order.cl_ord_id,
                 CancelRejectReason::kTooLateToCancel, RiskCheck::kNone, effects);
  }
}

// REQUIRES: the order is open, and its contribution is already taken out of exposure.
void Engine::Close(Order& order, OrderState state) noexcept {
  order.state = state;
  order.leaves_qty = 0;
  SkipClosing(order);
  orders_.Close(order);
  switch (state) {
    case OrderState::kFilled:
      ++totals_.filled;
      break;
    case OrderState::kExpired:
      ++totals_.expired;
      break;
    case OrderState::kVenueRejected:
      ++totals_.venue_rejected;
      break;
    default:
      ++totals_.canceled;
      break;
  }
}

// Whether a venue can have reached these quantities with the requests it got. A faulty venue must
// not move money beyond all bounds.
bool Engine::CanBe(const Order& order, const ExecutionReport& report) const noexcept {
  uint64_t asked = std::max(InstrumentOf(order).quantity_max, order.leaves_qty);
  if (order.Has(kReplacePending)) asked = std::max(asked, order.replace_qty);
  return report.leaves_qty <= asked && report.last_qty <= std::max(asked, order.cum_qty) &&
         report.cum_qty <= order.cum_qty + asked;
}

// The price of a fill: a venue need not state it.
int64_t Engine::FillPrice(const Order& order, int64_t said) const noexcept {
  return InstrumentOf(order).IsStated(said) ? said
         : HasLimit(order.ord_type)         ? order.price
                                            : order.risk_price;
}

// Books fills whose reports were lost, up to this total, which is more than is booked. Returns how
// much they were.
uint64_t Engine::AddMissing(Order& order, uint64_t cum_qty, int64_t price) noexcept {
  const uint64_t missing = cum_qty - order.cum_qty;
  order.flags |= kBookedAhead;
  ++counters_.fills;
  counters_.filled_quantity += missing;
  AddFill(order, static_cast<int64_t>(missing), price);
  return missing;
}

// The venue has filled `cum_qty` of the order before what it reports now: fills whose reports were
// lost are booked, at the price that it states or the order's own, and reported. REQUIRES: the
// order's contribution is taken out, or corrected by the caller.
void Engine::BookMissing(Order& order, uint64_t cum_qty, const ExecutionReport& report,
                         Effects& effects) noexcept {
  if (cum_qty <= order.cum_qty) return;
  ExecutionReport missing;
  missing.transact_time = report.transact_time;
  missing.exec_type = ExecType::kRestated;
  missing.last_price = FillPrice(order, report.last_price);
  missing.last_qty = AddMissing(order, cum_qty, missing.last_price);
  ++counters_.quantity_mismatches;
  order.leaves_qty -= std::min(order.leaves_qty, missing.last_qty);
  if (order.state == OrderState::kSent || order.state == OrderState::kLive) {
    order.state = OpenStateOf(order.cum_qty);
  }
  Report(order, missing, order.cl_ord_id, 0, effects);
}

// Takes the price that the venue states, where the order has one and it is valid.
void Engine::TakePrice(Order& order, int64_t price) noexcept {
  const Instrument& instrument = InstrumentOf(order);
  // A report that does not state the price contains 0.
  if (HasLimit(order.ord_type) && price != 0 && instrument.IsPrice(price) &&
      instrument.IsOnTick(price)) {
    order.price = price;
    order.risk_price = RiskPrice(instrument, BookSideOf(order.side), order.ord_type, price, 0, 0);
  }
}

// Notes which session got this report. The order's record may be reused when the detail arrives.
void Engine::NoteTold(const Order& order, uint64_t request, uint64_t exec_id,
                      uint64_t cl_ord_id) noexcept {
  told_[order.venue] = {.request = request,
                        .exec_id = exec_id,
                        .order_id = order.order_id,
                        .cl_ord_id = cl_ord_id,
                        .session = order.session};
}

// Goes to the session that got the preceding report or reject.
void Engine::OnDetail(VenueIndex venue, const ExecutionDetail& detail, Effects& effects) noexcept {
  const ToldReport told = std::exchange(told_[venue], {});
  if (!IsText<3>(&detail.venue_order_id0) || !IsText<3>(&detail.venue_exec_id0) ||
      !IsText<1>(&detail.venue_code)) {
    ++counters_.malformed_reports;
    return;
  }
  if (told.request == 0 || detail.cl_ord_id != told.request ||
      (told.exec_id != 0 && detail.exec_id != told.exec_id)) {
    ++counters_.stray_details;
    return;
  }
  ExecutionDetail passed_on = detail;
  passed_on.cl_ord_id = told.cl_ord_id;
  passed_on.order_id = told.order_id;
  passed_on.exec_id = told.exec_id;
  ToSession(sessions_[told.session], passed_on, effects);
}

void Engine::OnExecution(VenueIndex venue, const ExecutionReport& report,
                         Effects& effects) noexcept {
  orders_.PrefetchReported(report.cl_ord_id);
  const uint32_t day = DayOf(venue, report.transact_time);
  execution_ids_.Prefetch(venue, day, report.exec_id);
  ++counters_.reports;
  told_[venue] = {};
  const ReportKind kind = KindOf(report.exec_type);
  if (kind == ReportKind::kUnknown || !EnumsAreKnown(report) || report.last_qty >= kQuantityBound ||
      report.cum_qty >= kQuantityBound || report.leaves_qty >= kQuantityBound ||
      (kind == ReportKind::kTrade && report.last_qty == 0)) [[unlikely]] {
    ++counters_.malformed_reports;
    return;
  }
  Order* found = FindReported(venue, report.cl_ord_id, report.orig_cl_ord_id);
  if (found == nullptr) [[unlikely]]
    return OnForgotten(venue, report);
  if (!CanBe(*found, report)) [[unlikely]] {
    ++counters_.malformed_reports;
    return;
  }
  if (report.exec_id != 0 && !execution_ids_.Remember(venue, day, report.exec_id)) [[unlikely]] {
    ++counters_.duplicate_reports;
    return;
  }
  Order& order = *found;
  if (kind == ReportKind::kAdjustment) [[unlikely]]
    return OnAdjustment(order, report, effects);
  // Some venues reject a cancel or replace by an execution report. An order is rejected under its
  // first identifier only.
  if (kind == ReportKind::kRejected && IsOpen(order.state) && report.cl_ord_id != order.order_id) {
    return OnRefused(order, report.cl_ord_id, CancelRejectReason::kVenueOption, effects);
  }
  const Transition transition = TransitionOf(order.state, kind);
  if (transition == Transition::kIgnore) {
    // An order that ended stays ended, but more may have been filled than was reported.
    if (IsClosed(order.state) && report.cum_qty > order.cum_qty) {
      ShowFirst(sessions_[order.session], order, effects);
      return BookMissing(order, report.cum_qty, report, effects);
    }
    const bool denies = kind == ReportKind::kRestated && report.leaves_qty != 0;
    ++(denies ? counters_.conflicting_reports : counters_.ignored_reports);
    return;
  }
  if (transition == Transition::kConflict) {
    ++counters_.conflicting_reports;
    return;
  }
  ShowFirst(sessions_[order.session], order, effects);
  order.flags &= static_cast<uint8_t>(~kAskedFor);  // the venue knows it
  switch (transition) {
    case Transition::kAccept:
      order.state = OpenStateOf(order.cum_qty);
      return Report(order, report, order.cl_ord_id, 0, effects);
    case Transition::kFill:
      return OnTrade(order, report, false, effects);
    case Transition::kLateFill:
      return OnTrade(order, report, true, effects);
    case Transition::kReplace:
      return OnReplaced(order, report, effects);
    case Transition::kRestate:
      return OnRestated(order, report, effects);
    case Transition::kTrigger:
    case Transition::kPause:
      return OnStanding(order, report, transition, effects);
    case Transition::kClose: {
      exposure_.Remove(ContributionOf(order));
      BookMissing(order, report.cum_qty, report, effects);
      uint64_t request = 0;
      if (kind == ReportKind::kCanceled && order.Has(kCancelPending)) {
        request = order.cancel_cl_ord_id;
        EndCancel(order);
      }
      Close(order, ClosedBy(kind));
      // Whoever asked for the cancel gets the answer; otherwise the report is about the order
      // alone.
      Report(order, report, request != 0 ? request : order.cl_ord_id,
             request != 0 ? order.cl_ord_id : 0, effects);
      return RejectPending(order, effects);
    }
    case Transition::kIgnore:
    case Transition::kConflict:
      return;
  }
}

void Engine::OnTrade(Order& order, const ExecutionReport& report, bool late,
                     Effects& effects) noexcept {
  if (order.Has(kBookedAhead) && report.cum_qty != 0 && report.cum_qty <= order.cum_qty) {
    ++counters_.duplicate_reports;  // late, and included in what its venue reported meanwhile
    return;
  }
  ++counters_.fills;
  counters_.filled_quantity += report.last_qty;
  counters_.late_fills += late;
  if (late) {
    if (report.cum_qty > order.cum_qty + report.last_qty) [[unlikely]]
      BookMissing(order, report.cum_qty - report.last_qty, report, effects);
    counters_.overfills += order.state == OrderState::kFilled;
    AddFill(order, static_cast<int64_t>(report.last_qty), FillPrice(order, report.last_price));
  } else {
    const Contribution before = ContributionOf(order);
    if (report.cum_qty > order.cum_qty + report.last_qty) [[unlikely]]
      BookMissing(order, report.cum_qty - report.last_qty, report, effects);
    counters_.overfills += report.last_qty > order.leaves_qty;
    order.leaves_qty -= std::min(order.leaves_qty, report.last_qty);
    AddFill(order, static_cast<int64_t>(report.last_qty), FillPrice(order, report.last_price));
    if (report.ord_status == OrdStatus::kFilled && order.leaves_qty != 0) [[unlikely]] {
      ++counters_.quantity_mismatches;
      order.leaves_qty = 0;
    }
    if ((order.leaves_qty == 0 && !MayStillGrow(order)) || HasEnded(order, report.ord_status)) {
      exposure_.Remove(before);
      Close(order, EndStateOf(report.ord_status, OrderState::kFilled));
    } else {
      order.state = OrderState::kPartFilled;
      exposure_.Change(before, ContributionOf(order));
    }
  }
  counters_.quantity_mismatches += report.cum_qty != 0 && report.cum_qty != order.cum_qty;
  Report(order, report, order.cl_ord_id, 0, effects);
  if (IsClosed(order.state)) RejectPending(order, effects);
}

// Price, quantity and names become those of the pending replace, which the venue took on this day.
// REQUIRES: kReplacePending; the caller takes the contribution out before and puts it back after.
void Engine::TakeReplacement(Order& order, uint32_t day) noexcept {
  orders_.Retire(order, order.cl_ord_id);
  order.cl_ord_id = order.replace_cl_ord_id;
  order.live_id = order.replace_id;
  order.price = order.replace_price;
  order.stop_price = order.replace_stop_price;
  order.risk_price = order.replace_risk_price;
  order.leaves_qty = order.replace_qty - std::min(order.replace_qty, order.cum_qty);
  order.flags = static_cast<uint8_t>((order.flags & ~kReplacePending) | kHadReplace);
  if (order.Has(kCancelPending)) order.flags |= kCancelOutdated;
  OrderTerms terms = orders_.terms(order);
  if (terms.replace_changes_expiry != 0) [[unlikely]] {
    order.time_in_force = terms.replace_time_in_force;
    terms.expiry = terms.replace_expiry;
    const VenueDay& today = days_[order.venue];
    terms.expiry_since = std::max(order.live_id, day == today.day ? today.first_order_id : 0);
    orders_.SetTerms(order, terms);
  }
}

void Engine::OnReplaced(Order& order, const ExecutionReport& report, Effects& effects) noexcept {
  if (!order.Has(kReplacePending) || report.cl_ord_id != order.replace_id) {
    // A request that was sent, and whose record was lost with the machine's power: the venue's
    // state of the order is authoritative.
    if (report.orig_cl_ord_id == order.live_id && report.cl_ord_id > order.live_id &&
        SlotOf(report.cl_ord_id) == orders_.SlotOfOrder(order)) {
      order.live_id = report.cl_ord_id;
      order.newest_id = std::max(order.newest_id, report.cl_ord_id);
      ExecutionReport restated = report;
      restated.exec_type = ExecType::kRestated;
      return OnRestated(order, restated, effects);
    }
    ++(order.Has(kHadReplace) ? counters_.ignored_reports : counters_.conflicting_reports);
    return;
  }
  const uint64_t old_cl_ord_id = order.cl_ord_id;
  const Contribution before = ContributionOf(order);
  TakeReplacement(order, DayOf(order.venue, report.transact_time));
  BookMissing(order, report.cum_qty, report, effects);
  counters_.quantity_mismatches += report.leaves_qty != order.leaves_qty;
  if (report.leaves_qty != 0) order.leaves_qty = report.leaves_qty;
  TakePrice(order, report.price);
  if (order.leaves_qty == 0 || IsFinal(report.ord_status)) {
    // FIX: a total below what is filled means "no more"; the order is filled.
    exposure_.Remove(before);
    Close(order, EndStateOf(report.ord_status, OrderState::kFilled));
  } else {
    order.state = OpenStateOf(order.cum_qty, report.ord_status);
    exposure_.Change(before, ContributionOf(order));
  }
  Report(order, report, order.cl_ord_id, old_cl_ord_id, effects);
  if (IsClosed(order.state)) return RejectPending(order, effects);
  // Taken on a day that is over by now: whether the order stays open depends on the replace.
  if (orders_.terms(order).replace_changes_expiry != 0 &&
      DayOf(order.venue, report.transact_time) < days_[order.venue].day && IsOverdue(order))
      [[unlikely]] {
    EndOverdue(order, effects);
  }
}

// The venue states where the order stands: unasked, or to synchronise after it was away. This
// settles requests that were in flight when it went down.
void Engine::OnRestated(Order& order, const ExecutionReport& report, Effects& effects) noexcept {
  const Contribution before = ContributionOf(order);
  const uint64_t old_cl_ord_id = order.cl_ord_id;
  const uint32_t outages = venues_.outages(order.venue);
  const bool replaced = order.Has(kReplacePending) && report.cl_ord_id == order.replace_id;
  const bool replace_lost =
      !replaced && order.Has(kReplacePending) && order.outages_at_replace != outages;
  const bool cancel_lost = order.Has(kCancelPending) && order.outages_at_cancel != outages;
  if (replaced) TakeReplacement(order, DayOf(order.venue, report.transact_time));

  ExecutionReport restated = report;
  restated.last_qty = 0;
  if (report.cum_qty > order.cum_qty) {
    restated.last_price = FillPrice(order, report.last_price);
    restated.last_qty = AddMissing(order, report.cum_qty, restated.last_price);
  } else {
    counters_.quantity_mismatches += report.cum_qty != order.cum_qty;
  }
  order.leaves_qty = report.leaves_qty;
  TakePrice(order, report.price);

  const bool grows =
      report.ord_status == OrdStatus::kFilled && MayStillGrow(order) && !replace_lost;
  if (report.leaves_qty == 0 && !grows) {
    exposure_.Remove(before);
    Close(order, EndStateOf(report.ord_status, OrderState::kCanceled));
  } else {
    order.state = OpenStateOf(order.cum_qty, report.ord_status);
    SessionState& session = sessions_[order.session];
    if (replace_lost) {
      order.flags &= static_cast<uint8_t>(~kReplacePending);
      orders_.Retire(order, order.replace_cl_ord_id);
      RejectChange(session, &order, RequestType::kReplace, order.replace_cl_ord_id, order.cl_ord_id,
                   CancelRejectReason::kVenueUnavailable, RiskCheck::kNone, effects);
    }
    if (cancel_lost) {
      EndCancel(order);
      if (order.cancel_cl_ord_id != 0) {
        RejectChange(session, &order, RequestType::kCancel, order.cancel_cl_ord_id, order.cl_ord_id,
                     CancelRejectReason::kVenueUnavailable, RiskCheck::kNone, effects);
        order.cancel_cl_ord_id = 0;
      }
      if (IsOwed(order)) RetryLater(order.session);
    }
    exposure_.Change(before, ContributionOf(order));
  }
  Report(order, restated, order.cl_ord_id, replaced ? old_cl_ord_id : 0, effects);
  if (IsClosed(order.state)) RejectPending(order, effects);
}

// The venue reports how it treats the order from now on: a stop is triggered, or it is not matched
// for a while.
void Engine::OnStanding(Order& order, const ExecutionReport& report, Transition transition,
                        Effects& effects) noexcept {
  const Contribution before = ContributionOf(order);
  BookMissing(order, report.cum_qty, report, effects);
  if (transition == Transition::kPause) {
    order.state =
        report.exec_type == ExecType::kSuspended ? OrderState::kSuspended : OrderState::kDoneForDay;
  } else {
    order.state = OpenStateOf(order.cum_qty);
    order.ord_type = TriggeredType(order.ord_type);
  }
  if ((order.leaves_qty == 0 && !MayStillGrow(order)) || HasEnded(order, report.ord_status)) {
    exposure_.Remove(before);
    Close(order, EndStateOf(report.ord_status, OrderState::kFilled));
  } else {
    exposure_.Change(before, ContributionOf(order));
  }
  Report(order, report, order.cl_ord_id, 0, effects);
  if (IsClosed(order.state)) RejectPending(order, effects);
}

// Books a correction: `last_qty` at `last_price` is the trade as it is now (0: not stated),
// `cum_qty` the order's total (0: only the price changed). How much the trade was follows from the
// total; it was made at what the order paid on average. What the other price makes of it belongs to
// the day of the correction.
void Engine::CorrectTrade(Order& order, const ExecutionReport& report) noexcept {
  ++counters_.corrections;
  LossLimits& losses = checks_.get<LossLimits>();
  const uint32_t slot = orders_.SlotOfOrder(order);
  const uint64_t total = report.cum_qty != 0 ? report.cum_qty : order.cum_qty;
  const auto change = static_cast<int64_t>(total - order.cum_qty);
  const int64_t traded = static_cast<int64_t>(report.last_qty) - change;
  const Instrument& instrument = InstrumentOf(order);
  const int64_t paid = losses.AveragePaid(slot, order.cum_qty);
  const bool reprices = report.last_qty != 0 && traded > 0 &&
                        static_cast<uint64_t>(traded) <= order.cum_qty &&
                        instrument.IsStated(report.last_price) && instrument.IsStated(paid);
  if (change > 0) order.flags |= kBookedAhead;
  if (change == 0 && reprices) {
    exposure_.Fill(order.position, order.session, 0, report.last_price);
  } else {
    AddFill(order, change, report.last_price);
  }
  if (!reprices) return;
  losses.Reprice(order.position, exposure_.position(order.position), instrument,
                 BookSideOf(order.side) == kBuySide ? traded : -traded, paid, report.last_price,
                 [this](const LossCrossing& crossing) { TellLoss(crossing); });
  losses.Pay(slot, order.cum_qty, traded, report.last_price);
  losses.Pay(slot, order.cum_qty, -traded, paid);
}

// A trade is busted or corrected. `last_qty` of a bust is what is taken back; `cum_qty` of a
// correction is the order's total as it is now (0: only the price changed). The venue's leaves and
// status determine what stays open: an order that was filled may be open again, an open one filled.
void Engine::OnAdjustment(Order& order, const ExecutionReport& report, Effects& effects) noexcept {
  ShowFirst(sessions_[order.session], order, effects);
  const bool open = IsOpen(order.state);
  const std::optional<Contribution> before =
      open ? std::optional(ContributionOf(order)) : std::nullopt;
  if (report.exec_type == ExecType::kBusted) {
    ++counters_.busts;
    const uint64_t taken_back = std::min(report.last_qty, order.cum_qty);
    counters_.quantity_mismatches += taken_back != report.last_qty;
    const auto quantity = static_cast<int64_t>(taken_back);
    LossLimits& losses = checks_.get<LossLimits>();
    const uint32_t slot = orders_.SlotOfOrder(order);
    // Where the venue does not say what the trade was paid with, it was the order's average.
    const int64_t average = losses.AveragePaid(slot, order.cum_qty);
    const Instrument& instrument = InstrumentOf(order);
    const bool averages = !instrument.IsStated(report.last_price) && instrument.IsStated(average);
    const int64_t paid = averages ? average : FillPrice(order, report.last_price);
    losses.Pay(slot, order.cum_qty, -quantity, paid);
    order.cum_qty -= taken_back;
    ChangePosition(order.position, order.session,
                   BookSideOf(order.side) == kBuySide ? -quantity : quantity, 0, paid);
  } else {
    CorrectTrade(order, report);
  }
  const bool ends = IsFinal(report.ord_status);
  if (open && report.leaves_qty == 0 && HasEnded(order, report.ord_status)) {
    exposure_.Remove(*before);
    Close(order, EndStateOf(report.ord_status, OrderState::kFilled));
  } else if (open) {
    if (report.leaves_qty != 0 || ends) order.leaves_qty = report.leaves_qty;
    if (order.state == OrderState::kLive || order.state == OrderState::kPartFilled) {
      order.state = OpenStateOf(order.cum_qty);
    }
    exposure_.Change(*before, ContributionOf(order));
  } else if (order.state == OrderState::kFilled && report.leaves_qty != 0 && !ends) {
    counters_.conflicting_reports += !Reopen(order, report.leaves_qty);
  }
  Report(order, report, order.cl_ord_id, 0, effects);
  if (open && IsClosed(order.state)) RejectPending(order, effects);
}

// The venue has a filled order open again. False: its price is invalid under the present
// configuration, or a new limit has no room for it.
bool Engine::Reopen(Order& order, uint64_t leaves_qty) noexcept {
  const Instrument& instrument = InstrumentOf(order);
  if (!instrument.CanValue(order.price) || !instrument.CanValue(order.risk_price) ||
      (HasLimit(order.ord_type) && !instrument.IsOnTick(order.price))) {
    return false;
  }
  const InstrumentIndex instrument_index = exposure_.position(order.position).instrument;
  if (!exposure_.groups().Join(order.session, instrument_index)) return false;
  orders_.Reopen(order);
  order.cancel_cl_ord_id = 0;  // the same request again is a new attempt
  order.state = OpenStateOf(order.cum_qty);
  order.leaves_qty = leaves_qty;
  order.outages_at_send = venues_.outages(order.venue);
  exposure_.Add(ContributionOf(order));
  ++totals_.reopened;
  if (order.Has(kCancelWanted)) WantCancel(order, kCancelWanted);
  if (IsOwed(order)) RetryLater(order.session);
  return true;
}

// From here on only evidence from the venue determines the order's fate.
void Engine::BeginDoubt(Order& order, Effects& effects) noexcept {
  order.state = OrderState::kInDoubt;
  order.doubt_after = static_cast<uint32_t>(order.newest_id >> kSlotBits);
  ++counters_.became_in_doubt;
  ShowFirst(sessions_[order.session], order, effects);
  ExecutionReport doubt;
  doubt.exec_type = ExecType::kRestated;
  Report(order, doubt, order.cl_ord_id, 0, effects);
}

void Engine::OnCancelReject(VenueIndex venue, const CancelReject& report,
                            Effects& effects) noexcept {
  ++counters_.reports;
  told_[venue] = {};
  if (!EnumsAreKnown(report)) {
    ++counters_.malformed_reports;
    return;
  }
  Order* order = FindReported(venue, report.cl_ord_id, 0);
  if (order == nullptr) {
    ExecutionReport unknown;
    unknown.cl_ord_id = report.cl_ord_id;
    return RememberUnknown(venue, unknown, false);
  }
  if (report.cl_ord_id == order->order_id && report.request_type == RequestType::kCancel) {
    return OnNeverSent(*order, effects);
  }
  OnRefused(*order, report.cl_ord_id, report.reason, effects);
}

// The venue got a cancel of the order under the order's own identifier. That is what leaves when an
// order was canceled before it left. The order ended then, unless a power loss took the record of
// that.
void Engine::OnNeverSent(Order& order, Effects& effects) noexcept {
  if (order.state != OrderState::kSent && order.state != OrderState::kInDoubt) {
    ++counters_.ignored_reports;
    return;
  }
  ShowFirst(sessions_[order.session], order, effects);
  EndUnknown(order, effects);
}

// Ends an order that its venue does not have.
void Engine::EndUnknown(Order& order, Effects& effects) noexcept {
  EndHere(order, OrderState::kCanceled, ExecType::kCanceled, RejectReason::kNone, effects);
}

// Ends an order on the gateway's own behalf.
void Engine::EndHere(Order& order, OrderState state, ExecType type, RejectReason why,
                     Effects& effects) noexcept {
  exposure_.Remove(ContributionOf(order));
  Close(order, state);
  ExecutionReport ended;
  ended.exec_id = kGatewayExecIdBits | order.order_id;
  ended.exec_type = type;
  ended.reason = why;
  Report(order, ended, order.cl_ord_id, 0, effects);
  RejectPending(order, effects);
}

// The venue does not know the order that a cancel or replace named. That puts the order in doubt,
// because a report may be lost. The same answer to a cancel that was sent since ends it, unless the
// order may live under another name: that of a replace which is pending, or which an earlier
// process sent and a power loss took from the journal.
void Engine::OnUnknownAtVenue(Order& order, uint64_t request_id, Effects& effects) noexcept {
  if (order.state == OrderState::kInDoubt) {
    const auto number = static_cast<uint32_t>(request_id >> kSlotBits);
    const bool asked_since = static_cast<int32_t>(number - order.doubt_after) > 0;
    const bool ours = order.order_id >> kSlotBits > start_requests_;
    if (asked_since && ours && !order.Has(kReplacePending)) {
      return EndUnknown(order, effects);
    }
  } else {
    BeginDoubt(order, effects);
  }
  WantCancel(order, kAskedFor);
  RetryLater(order.session);
}

// The venue does not carry out a cancel or replace.
void Engine::OnRefused(Order& order, uint64_t request_id, CancelRejectReason reason,
                       Effects& effects) noexcept {
  SessionState& session = sessions_[order.session];
  if (order.Has(kCancelPending) && request_id == order.cancel_id) {
    if (order.Has(kCancelOutdated) && venues_.Reachable(order.venue)) {
      // It named the order as it was before a replace that the venue took first.
      return SendCancel(order, order.cancel_cl_ord_id, 0, effects);
    }
    ShowFirst(session, order, effects);
    const uint64_t cl_ord_id = order.cancel_cl_ord_id;
    // then the answer does not concern the present order
    const bool outdated = order.Has(kCancelOutdated);
    EndCancel(order);
    order.cancel_cl_ord_id = 0;  // the same request again is a new attempt
    if (IsOwed(order)) RetryLater(order.session);
    if (cl_ord_id != 0) {
      RejectChange(session, &order, RequestType::kCancel, cl_ord_id, order.cl_ord_id, reason,
                   RiskCheck::kNone, effects);
      NoteTold(order, request_id, 0, cl_ord_id);
    }
    if (reason == CancelRejectReason::kUnknownOrder && !outdated) {
      OnUnknownAtVenue(order, request_id, effects);
    }
  } else if (order.Has(kReplacePending) && request_id == order.replace_id) {
    ShowFirst(session, order, effects);
    const Contribution before = ContributionOf(order);
    order.flags &= static_cast<uint8_t>(~kReplacePending);
    if (order.leaves_qty == 0) {
      // It was filled, and stayed open for the quantity that the replace would have added.
      exposure_.Remove(before);
      Close(order, OrderState::kFilled);
      ExecutionReport filled;
      filled.exec_type = ExecType::kRestated;
      Report(order, filled, order.cl_ord_id, 0, effects);
    } else {
      exposure_.Change(before, ContributionOf(order));
    }
    orders_.Retire(order, order.replace_cl_ord_id);
    RejectChange(session, &order, RequestType::kReplace, order.replace_cl_ord_id, order.cl_ord_id,
                 reason, RiskCheck::kNone, effects);
    NoteTold(order, request_id, 0, order.replace_cl_ord_id);
    if (IsClosed(order.state)) {
      RejectPending(order, effects);
    } else if (orders_.terms(order).replace_changes_expiry != 0 && IsOverdue(order)) {
      EndOverdue(order, effects);  // as it would have without the replace
    } else if (reason == CancelRejectReason::kUnknownOrder) {
      OnUnknownAtVenue(order, request_id, effects);
    }
  } else {
    // Answered when the order closed, or never asked.
    ++(request_id == order.live_id ? counters_.conflicting_reports : counters_.ignored_reports);
  }
}

}  // namespace ringway
