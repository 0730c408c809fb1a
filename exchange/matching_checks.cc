// Validates a request against the instrument, the order and the time.
#include <algorithm>

#include "exchange/matching.h"
#include "schema/codec.h"
#include "schema/features.h"

namespace ringway::exchange {
namespace {

RejectReason CheckPrice(int64_t price, bool wanted, const InstrumentOptions& terms,
                        const Multiple& of_tick) noexcept {
  if (!wanted) return price == 0 ? RejectReason::kNone : RejectReason::kInvalidPrice;
  if (price <= 0) return RejectReason::kInvalidPrice;
  if (price > terms.price_max) return RejectReason::kPriceExceedsBand;
  if (!of_tick.Has(static_cast<uint64_t>(price))) return RejectReason::kInvalidPriceIncrement;
  return RejectReason::kNone;
}

CancelRejectReason AsCancelReject(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kPriceExceedsBand:
      return CancelRejectReason::kPriceExceedsBand;
    case RejectReason::kInvalidPriceIncrement:
      return CancelRejectReason::kInvalidPriceIncrement;
    default:
      return CancelRejectReason::kOther;
  }
}

}  // namespace

Slot Exchange::FindInstrument(uint32_t id) const noexcept {
  const auto found =
      std::lower_bound(instrument_by_id_.begin(), instrument_by_id_.end(), uint64_t{id} << 32);
  if (found == instrument_by_id_.end() || *found >> 32 != id) return kNoSlot;
  return static_cast<Slot>(*found & UINT32_MAX);
}

RejectReason Exchange::Check(const NewOrder& request, uint32_t member,
                             Slot instrument) const noexcept {
  if (request.cl_ord_id == 0 || !request.ReservedAreZero() || !EnumsAreKnown(request) ||
      request.side == Side::kUnset || request.ord_type == OrdType::kUnset ||
      request.post_only > 1) {
    return RejectReason::kInvalidField;
  }
  if (instrument == kNoSlot) return RejectReason::kUnknownSymbol;
  const Instrument& terms = instruments_[instrument];
  if (RejectReason reason = CheckPrices(request, terms); reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckTerms(request, terms); reason != RejectReason::kNone) {
    return reason;
  }
  if (IsUsedId(member, request.cl_ord_id) || index_.Find(member, request.cl_ord_id) != nullptr) {
    return RejectReason::kDuplicateOrder;
  }
  if (request.post_only != 0 &&
      WouldTrade(static_cast<uint16_t>(instrument), request.side, request.price)) {
    return RejectReason::kWouldTakeLiquidity;
  }
  return RejectReason::kNone;
}

RejectReason Exchange::CheckPrices(const NewOrder& request,
                                   const Instrument& terms) const noexcept {
  const RejectReason reason =
      CheckPrice(request.price, !IsMarket(request.ord_type), terms.options, terms.of_tick);
  if (reason != RejectReason::kNone) return reason;
  return CheckPrice(request.stop_price, IsStop(request.ord_type), terms.options, terms.of_tick);
}

RejectReason Exchange::CheckTerms(const NewOrder& request, const Instrument& terms) const noexcept {
  if (request.qty > terms.options.qty_max) return RejectReason::kOrderExceedsLimit;
  if (request.qty == 0 || !terms.of_lot.Has(request.qty) || request.display_qty > request.qty ||
      !terms.of_lot.Has(request.display_qty)) {
    return RejectReason::kIncorrectQuantity;
  }
  const bool immediate = request.time_in_force == TimeInForce::kImmediateOrCancel ||
                         request.time_in_force == TimeInForce::kFillOrKill;
  if (request.post_only != 0 && (immediate || request.ord_type != OrdType::kLimit)) {
    return RejectReason::kUnsupportedOrderCharacteristic;
  }
  if (request.display_qty != 0 && (immediate || IsMarket(request.ord_type))) {
    return RejectReason::kUnsupportedOrderCharacteristic;
  }
  if (WantedBy(request) != 0) return RejectReason::kUnsupportedOrderCharacteristic;
  const bool good_till_date = request.time_in_force == TimeInForce::kGoodTillDate;
  if (good_till_date != (request.expire_time != 0) || request.expire_time > INT64_MAX) {
    return RejectReason::kInvalidField;
  }
  if (good_till_date && static_cast<int64_t>(request.expire_time) <= now_ns_) {
    return RejectReason::kTooLateToEnter;
  }
  return RejectReason::kNone;
}

CancelRejectReason Exchange::Check(const Replace& request, uint32_t member,
                                   const Order& order) const noexcept {
  const Instrument& terms = instruments_[order.instrument];
  if (request.cl_ord_id == 0 || !request.ReservedAreZero()) return CancelRejectReason::kOther;
  if (IsUsedId(member, request.cl_ord_id) || index_.Find(member, request.cl_ord_id) != nullptr) {
    return CancelRejectReason::kDuplicateClOrdId;
  }
  if (request.qty == 0 || !terms.of_lot.Has(request.qty) || request.qty > terms.options.qty_max) {
    return CancelRejectReason::kOther;
  }
  if (request.qty <= order.cum) return CancelRejectReason::kTooLateToCancel;
  if (const CancelRejectReason error = CheckChanges(request, order);
      error != CancelRejectReason::kNone) {
    return error;
  }
  const bool moves_stop = order.waiting_stop && request.stop_price != 0;
  if (!IsStop(order.type) && request.stop_price != 0) return CancelRejectReason::kOther;
  RejectReason reason =
      CheckPrice(request.price, !IsMarket(order.type), terms.options, terms.of_tick);
  if (reason == RejectReason::kNone && moves_stop) {
    reason = CheckPrice(request.stop_price, true, terms.options, terms.of_tick);
  }
  if (reason != RejectReason::kNone) return AsCancelReject(reason);
  if (order.post_only && WouldTrade(order.instrument, order.side, request.price)) {
    return CancelRejectReason::kOther;
  }
  Order moved = order;
  moved.price = request.price;
  if (moves_stop) moved.stop_price = request.stop_price;
  // Its own level may be the one that it frees; considering that is not worth the code.
  return book_.HasRoomFor(moved) ? CancelRejectReason::kNone : CancelRejectReason::kVenueOption;
}

// Checks display quantity and expiry.
CancelRejectReason Exchange::CheckChanges(const Replace& request,
                                          const Order& order) const noexcept {
  if (request.changes_display == 0 && request.changes_expiry == 0) {
    return request.display_qty != 0 || NamesExpiry(request) ? CancelRejectReason::kOther
                                                            : CancelRejectReason::kNone;
  }
  const bool resting = !IsMarket(order.type) && MayRest(order);
  if (!resting || request.expire_date != 0 || request.display_qty > request.qty ||
      !instruments_[order.instrument].of_lot.Has(request.display_qty)) {
    return CancelRejectReason::kOther;
  }
  if (request.changes_expiry == 0) return CancelRejectReason::kNone;
  const bool good_till_date = request.time_in_force == TimeInForce::kGoodTillDate;
  if (!MayStay(request.time_in_force) || good_till_date != (request.expire_time != 0) ||
      request.expire_time > INT64_MAX) {
    return CancelRejectReason::kOther;
  }
  return good_till_date && static_cast<int64_t>(request.expire_time) <= now_ns_
             ? CancelRejectReason::kTooLateToCancel
             : CancelRejectReason::kNone;
}

int64_t Exchange::ExpiryOf(TimeInForce time_in_force, uint64_t expire_time) const noexcept {
  if (time_in_force == TimeInForce::kGoodTillDate) return static_cast<int64_t>(expire_time);
  if (time_in_force != TimeInForce::kDay || options_.day_end_ns < 0) return kNeverExpires;
  const int64_t today = now_ns_ - now_ns_ % kDayNs + options_.day_end_ns;
  return today > now_ns_ ? today : today + kDayNs;
}

bool Exchange::WouldTrade(uint16_t instrument, Side side, int64_t price) const noexcept {
  const int64_t best = book_.BestPrice(instrument, !IsBuy(side));
  return best != 0 && (IsBuy(side) ? price >= best : price <= best);
}

}  // namespace ringway::exchange
