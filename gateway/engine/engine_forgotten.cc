// Reports about orders that are not, or no longer, known.
//
// Orders are forgotten when their room is needed, when their position is freed (engine_day.cc), or
// when a power loss takes their records. Their later trades and busts belong to an account all the
// same: the report names instrument, account and side, so the position follows it. Its session is
// not known any more: all sessions that may trade for the account get the position, and operators
// see the report (unknown_reports()). What the report leaves open is not guessed, above all a
// correction, whose former quantity only the order knew.

#include <algorithm>

#include "gateway/engine/engine.h"

namespace ringway {

void Engine::RememberUnknown(VenueIndex venue, const ExecutionReport& report,
                             bool booked) noexcept {
  counters_.forgotten_booked += booked;
  ++counters_.unknown_reports;
  unknown_.Add({.time_ns = now_ns_,
                .venue_request_id = report.cl_ord_id,
                .exec_id = report.exec_id,
                .last_qty = report.last_qty,
                .account = report.account,
                .instrument = report.instrument,
                .venue = venues_.id(venue),
                .exec_type = report.exec_type,
                .side = report.side,
                .booked = booked});
}

// Whether this gateway, in this process or an earlier one, can have assigned the identifier to a
// request about an order that is forgotten. An identifier of this process is in its table, or a
// later order has taken its place; for earlier processes it cannot be known which are missing.
bool Engine::MayHaveGiven(VenueIndex venue, uint64_t request_id) const noexcept {
  const uint64_t number = request_id >> kSlotBits;
  const Slot slot = SlotOf(request_id);
  if (number == 0 || number > orders_.requests() || slot >= orders_.orders_max()) return false;
  if (const Order* known = orders_.FindByVenueRequest(request_id); known != nullptr) {
    return known->venue == venue && known->position == kNoPosition;  // freed (engine_day.cc)
  }
  if (number <= earlier_requests_) return true;
  return slot < orders_.used_slots() && orders_[slot].order_id > request_id;
}

// Whether the report contains all that a position needs, and nothing impossible.
bool Engine::CanBook(VenueIndex venue, const ExecutionReport& report) const noexcept {
  const bool moves =
      KindOf(report.exec_type) == ReportKind::kTrade || report.exec_type == ExecType::kBusted;
  const InstrumentIndex instrument = IndexOfInstrument(report.instrument);
  return moves && instrument != kNone && IndexOfAccount(report.account) != kNone &&
         report.side != Side::kUnset && report.last_qty != 0 &&
         report.last_qty <= instruments_[instrument].quantity_max &&
         (MayHaveGiven(venue, report.cl_ord_id) || MayHaveGiven(venue, report.orig_cl_ord_id));
}

// What is booked of the order, if some of it was before its own report came; otherwise null.
uint64_t* Engine::BookedAheadOf(VenueIndex venue, const ExecutionReport& report) noexcept {
  for (const uint64_t request_id : {report.cl_ord_id, report.orig_cl_ord_id}) {
    if (Order* known = orders_.FindByVenueRequest(request_id); known != nullptr) {
      if (known->venue == venue && known->position == kNoPosition && known->Has(kBookedAhead)) {
        return &known->cum_qty;
      }
    } else if (uint64_t* booked = booked_ahead_.Find(venue, request_id); booked != nullptr) {
      return booked;
    }
  }
  return nullptr;
}

// REQUIRES: its enums are known and its quantities bounded.
void Engine::OnForgotten(VenueIndex venue, const ExecutionReport& report) noexcept {
  if (!CanBook(venue, report)) return RememberUnknown(venue, report, false);
  const bool bust = report.exec_type == ExecType::kBusted;
  const auto remember = [&] {
    return report.exec_id == 0 ||
           execution_ids_.Remember(venue, DayOf(venue, report.transact_time), report.exec_id);
  };
  uint64_t* ahead = BookedAheadOf(venue, report);
  if (ahead != nullptr && !bust && report.cum_qty != 0 && report.cum_qty <= *ahead) {
    static_cast<void>(remember());
    ++counters_.duplicate_reports;
    return;
  }
  const InstrumentIndex instrument = IndexOfInstrument(report.instrument);
  const AccountIndex account = IndexOfAccount(report.account);
  const Position* position = exposure_.FindOrMake(account, instrument);
  if (position == nullptr) return RememberUnknown(venue, report, false);
  if (!remember()) {
    ++counters_.duplicate_reports;
    return;
  }
  if (ahead != nullptr) {
    *ahead = bust ? *ahead - std::min(*ahead, report.last_qty) : std::max(*ahead, report.cum_qty);
  }
  ++(bust ? counters_.busts : counters_.fills);
  if (!bust) counters_.filled_quantity += report.last_qty;
  const auto quantity = static_cast<int64_t>(report.last_qty);
  int64_t price = bust ? 0 : report.last_price;
  if (!instruments_[instrument].IsStated(price) && position->last_price == 0) {
    price = instruments_[instrument].reference_price;
  }
  ChangePosition(exposure_.IndexOf(*position), kNoSession,
                 (BookSideOf(report.side) == kBuySide) != bust ? quantity : -quantity, price,
                 report.last_price);
  if (!bust) {
    checks_.get<DailyLimits>().Count(
        exposure_.groups(), kNoSession, account, BookSideOf(report.side),
        PositionValue(instruments_[instrument], quantity,
                      instruments_[instrument].IsStated(price) ? price : position->last_price));
  }
  RememberUnknown(venue, report, true);
  TellPosition(account, instrument);
  RecountWork();
}

}  // namespace ringway
