// Processing of orders inside the exchange: sweeps, trades, stops, expiries, and the report of
// each.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "exchange/matching.h"
#include "schema/fields.h"

namespace ringway::exchange {

// Does the work that must precede the next request. False when a sweep has to pause first, or when
// there are more expiries than one call may do.
bool Exchange::Settle() noexcept {
  // Each round closes an order or has it swept, and only kExpiriesPerCallMax may come from expiry.
  for (uint32_t expired = 0;;) {
    if (active_ != kNoSlot) {
      if (!Sweep()) return false;
    } else if (elected_head_ != kNoSlot) {
      const Slot slot = elected_head_;
      const Order& order = book_.order(slot);
      const bool room = HasRoom(order.member);
      if (!room && Pauses(order.member)) return false;
      elected_head_ = order.next;
      if (elected_head_ == kNoSlot) elected_tail_ = kNoSlot;
      if (!room) {
        CancelUnasked(slot, RejectReason::kVenueOption);
        continue;
      }
      Trigger(slot);
      Enter(slot);
    } else if (now_ns_ >= expiries_.next_ns()) [[unlikely]] {
      const Slot slot = expiries_.next();
      if (expired++ == kExpiriesPerCallMax) return false;
      Expire(slot);
    } else {
      EndPause();
      return true;
    }
  }
}

// Whether all members wait until this member has taken reports, so that its sweep can continue.
bool Exchange::Pauses(uint32_t member) noexcept {
  if (paused_ns_ == 0) {
    if (now_ns_ < members_[member].no_pause_until_ns) return false;
    paused_ns_ = now_ns_;
    paused_member_ = member;
  }
  return now_ns_ - paused_ns_ <= options_.pause_max_ns;
}

// Everything is settled: ends the pause, and bars the member's next one for a time in proportion.
void Exchange::EndPause() noexcept {
  if (paused_ns_ == 0) [[likely]]
    return;
  constexpr int64_t kPauseRestFactor = 20;
  members_[paused_member_].no_pause_until_ns = now_ns_ + kPauseRestFactor * (now_ns_ - paused_ns_);
  paused_ns_ = 0;
}

// Cancels orders that their members do not know, a bounded number per call. REQUIRES: everything is
// settled.
void Exchange::CancelDisowned() noexcept {
  constexpr uint32_t kSlotsPerCallMax = 4096;
  constexpr uint32_t kCancelsPerCallMax = 256;
  uint32_t slots = 0;
  uint32_t cancels = 0;
  for (uint32_t index = 0; index != members_.size(); ++index) {
    Member& member = members_[index];
    while (member.disown_slot != kNoSlot) {
      if (slots++ == kSlotsPerCallMax || cancels == kCancelsPerCallMax) return;
      const Slot slot = member.disown_slot++;
      const Order& order = book_.order(slot);
      if (order.active && order.member == index && order.request > member.known &&
          order.request <= member.disowned) {
        CancelUnasked(slot, RejectReason::kUnknownOrder);
        ++cancels;
      }
      if (member.disown_slot == book_.capacity()) {
        member.disown_slot = kNoSlot;
        --disowning_;
      }
    }
  }
}

// Enters an order that is in no queue into the market. Sweep() does the rest.
void Exchange::Enter(Slot slot) noexcept {
  const Order& order = book_.order(slot);
  if (order.time_in_force == TimeInForce::kFillOrKill &&
      !book_.CanFill({.instrument = order.instrument,
                      .side = order.side,
                      .at_market = IsMarket(order.type),
                      .limit = order.price,
                      .qty = order.leaves,
                      .skip_own = options_.self_trade == SelfTrade::kCancelResting,
                      .stop_at_own = options_.self_trade == SelfTrade::kCancelAggressor,
                      .own_account = order.account,
                      .own_member = order.member})) {
    CancelUnasked(slot, RejectReason::kNoLiquidity);
    return;
  }
  active_ = slot;
}

// Trades the active order until it is done. False when it has to pause for room.
bool Exchange::Sweep() noexcept {
  const Slot slot = active_;
  const Order& taker = book_.order(slot);
  const uint16_t instrument = taker.instrument;
  while (taker.leaves != 0) {
    const Slot maker_slot = book_.BestAgainst(instrument, taker.side);
    if (maker_slot == kNoSlot) break;
    const Order& maker = book_.order(maker_slot);
    if (!IsMarket(taker.type) &&
        (IsBuy(taker.side) ? maker.price > taker.price : maker.price < taker.price)) {
      break;
    }
    if (!HasRoom(taker.member)) {
      if (Pauses(taker.member)) return false;
      active_ = kNoSlot;
      CancelUnasked(slot, RejectReason::kVenueOption);
      ElectStops(instrument);
      return true;
    }
    if (!HasRoom(maker.member)) [[unlikely]] {
      // No other member waits for one that does not take its reports.
      CancelUnasked(maker_slot, RejectReason::kVenueOption);
      continue;
    }
    // Account numbers are per member.
    const bool own = maker.account == taker.account && maker.member == taker.member;
    if (options_.self_trade == SelfTrade::kOff || !own) {
      Trade(slot, maker_slot);
    } else if (options_.self_trade == SelfTrade::kCancelResting) {
      CancelUnasked(maker_slot, RejectReason::kSelfMatch);
    } else {
      active_ = kNoSlot;
      CancelUnasked(slot, RejectReason::kSelfMatch);
      ElectStops(instrument);
      return true;
    }
  }
  active_ = kNoSlot;
  Finish(slot);
  ElectStops(instrument);
  return true;
}

void Exchange::Trade(Slot taker_slot, Slot maker_slot) noexcept {
  Order& taker = book_.order(taker_slot);
  Order& maker = book_.order(maker_slot);
  const uint64_t qty = std::min(taker.leaves, maker.shown);
  const int64_t price = maker.price;
  book_.Reduce(maker_slot, qty);
  maker.cum += qty;
  taker.leaves -= qty;
  taker.cum += qty;
  ++last_match_id_;
  const bool taker_buys = IsBuy(taker.side);
  ledger_.AddTrade(taker_buys ? taker.position : maker.position,
                   taker_buys ? maker.position : taker.position, qty);
  Instrument& traded = instruments_[taker.instrument];
  traded.last_trade = price;
  traded.low_trade = traded.low_trade == 0 ? price : std::min(traded.low_trade, price);
  traded.high_trade = std::max(traded.high_trade, price);
  for (const Order* order : {&maker, &taker}) {
    const bool filled = order->leaves == 0;
    Report(*order, {.exec_type = filled ? ExecType::kFill : ExecType::kPartialFill,
                    .status = filled ? OrdStatus::kFilled : OrdStatus::kPartiallyFilled,
                    .liquidity = order == &maker ? Liquidity::kAdded : Liquidity::kRemoved,
                    .qty = qty,
                    .price = price});
  }
  if (maker.leaves == 0) {
    Close(maker_slot, OrdStatus::kFilled);
  } else if (maker.shown == 0) {
    book_.Replenish(maker_slot);
  }
}

// Decides the fate of an order that finds nothing more to trade with.
void Exchange::Finish(Slot slot) noexcept {
  Order& order = book_.order(slot);
  if (order.leaves == 0) {
    Close(slot, OrdStatus::kFilled);
  } else if (!MayRest(order)) {
    const bool asked_for =
        order.time_in_force == TimeInForce::kImmediateOrCancel && !IsMarket(order.type);
    CancelUnasked(slot, asked_for ? RejectReason::kNone : RejectReason::kNoLiquidity);
  } else if (!book_.HasRoomFor(order)) {
    CancelUnasked(slot, RejectReason::kVenueOption);
  } else {
    order.shown = order.display == 0 ? order.leaves : std::min(order.display, order.leaves);
    book_.Enqueue(slot);
  }
}

// Takes out every stop that the trades since the last call trigger, in the order in which they
// enter. A sweep trades through prices: they all trigger stops, not only the last.
void Exchange::ElectStops(uint16_t instrument) noexcept {
  Instrument& traded = instruments_[instrument];
  const int64_t low = std::exchange(traded.low_trade, 0);
  const int64_t high = std::exchange(traded.high_trade, 0);
  if (high == 0) return;
  for (const Side side : {Side::kBuy, Side::kSell}) {
    for (;;) {
      const Slot slot = book_.NextStop(instrument, IsBuy(side));
      if (slot == kNoSlot) break;
      Order& order = book_.order(slot);
      if (IsBuy(side) ? high < order.stop_price : low > order.stop_price) break;
      book_.Dequeue(slot);
      order.next = kNoSlot;
      if (elected_tail_ == kNoSlot) {
        elected_head_ = slot;
      } else {
        book_.order(elected_tail_).next = slot;
      }
      elected_tail_ = slot;
    }
  }
}

// A stop order becomes a limit or a market order. REQUIRES: it is in no queue.
void Exchange::Trigger(Slot slot) noexcept {
  Order& order = book_.order(slot);
  order.waiting_stop = false;
  ++ledger_.counters.stops_triggered;
  Report(order, {.exec_type = ExecType::kTriggered, .status = OpenStatus(order)});
}

bool Exchange::IsTriggered(uint16_t instrument, Side side, int64_t stop_price) const noexcept {
  const int64_t last = instruments_[instrument].last_trade;
  if (last == 0) return false;
  return IsBuy(side) ? last >= stop_price : last <= stop_price;
}

void Exchange::Close(Slot slot, OrdStatus status) noexcept {
  Order& order = book_.order(slot);
  if (order.level != kNoSlot) book_.Dequeue(slot);
  if (order.heap_index != kNoSlot) expiries_.Remove(slot);
  index_.Close(order.member, order.cl_ord_id, status);
  --members_[order.member].open_orders;
  Counters& counters = ledger_.counters;
  ++(status == OrdStatus::kFilled    ? counters.orders_filled
     : status == OrdStatus::kExpired ? counters.orders_expired
                                     : counters.orders_canceled);
  book_.Free(slot);
}

void Exchange::CancelUnasked(Slot slot, RejectReason reason) noexcept {
  Report(book_.order(slot),
         {.exec_type = ExecType::kCanceled, .status = OrdStatus::kCanceled, .reason = reason});
  Close(slot, OrdStatus::kCanceled);
}

void Exchange::Expire(Slot slot) noexcept {
  Report(book_.order(slot), {.exec_type = ExecType::kExpired, .status = OrdStatus::kExpired});
  Close(slot, OrdStatus::kExpired);
}

// Every member is named, so that nothing is zeroed first. leavesQty is 0 once the order has ended.
void Exchange::Report(const Order& order, const Event& event) noexcept {
  const bool open = event.status == OrdStatus::kNew || event.status == OrdStatus::kPartiallyFilled;
  static_assert(FieldsOf<ExecutionReport>() == 19, "a field was added: fill it in here");
  const ExecutionReport report{
      .cl_ord_id = event.request_id != 0 ? event.request_id : order.cl_ord_id,
      .order_id = order.order_id,
      .exec_id = ++last_exec_id_,
      .transact_time = static_cast<uint64_t>(now_ns_),
      .instrument = instruments_[order.instrument].options.id,
      .account = order.account,
      .exec_type = event.exec_type,
      .ord_status = event.status,
      .side = order.side,
      .reason = event.reason,
      .venue = options_.venue,
      .liquidity = event.liquidity,
      .spare = 0,
      .leaves_qty = open ? order.leaves : 0,
      .cum_qty = order.cum,
      .last_qty = event.qty,
      .last_price = event.price,
      .price = order.price,
      .orig_cl_ord_id = event.orig_id,
      .match_id = event.qty != 0 ? last_match_id_ : 0};
  Tell(members_[order.member], report);
  ++ledger_.counters.reports;
}

}  // namespace ringway::exchange
