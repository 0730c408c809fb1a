// What becomes of orders and executions by each message.
#include "gateway/connector/ouch/ouch_reports.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "gateway/connector/ouch/ouch_codes.h"
#include "protocol/ouch/units.h"

namespace ringway {
namespace {

int64_t NanosOf(uint64_t price) noexcept { return ouch::NanosOf(price).value_or(0); }

}  // namespace

std::span<const Effect> OuchReports::Apply(const OuchEvent& event, uint64_t number) noexcept {
  count_ = 0;
  number_ = number;
  counters_.messages_foreign += event.is_foreign;
  if (event.is_foreign) return {};
  OuchOrder* const order = orders_.Find(event.id);
  switch (event.kind) {
    case OuchEventKind::kAccepted:
      OnAccepted(event);
      break;
    case OuchEventKind::kReplaced:
      OnReplaced(event);
      break;
    case OuchEventKind::kCanceled:
      OnCanceled(event, order);
      break;
    case OuchEventKind::kExecuted:
      OnExecuted(event, order);
      break;
    case OuchEventKind::kBroken:
    case OuchEventKind::kCorrected:
    case OuchEventKind::kRepriced:
      OnAdjusted(event, order);
      break;
    case OuchEventKind::kRejected:
      OnRejected(event, order);
      break;
    case OuchEventKind::kCancelRejected:
      OnCancelRejected(event, order, CancelRejectReason::kTooLateToCancel);
      break;
    case OuchEventKind::kModified:
      OnModified(event, order);
      break;
    case OuchEventKind::kPriority:
      if (order != nullptr) order->reference = event.reference;
      break;
    case OuchEventKind::kNothing:
    case OuchEventKind::kStartOfDay:
    case OuchEventKind::kEndOfDay:
    case OuchEventKind::kAccountAnswer:
      break;
  }
  return std::span(effects_).first(count_);
}

void OuchReports::TakeTerms(const OuchEvent& event, OuchOrder& order) const noexcept {
  order.state = event.dead ? OuchOrderState::kDead : OuchOrderState::kLive;
  order.shares = event.dead ? 0 : event.shares;
  order.price = static_cast<uint32_t>(std::min<uint64_t>(event.price, UINT32_MAX));
  order.reference = event.reference;
  order.side = event.side;
  if (event.number != 0) order.number = event.number;
  order.answered_id = std::max(order.answered_id, event.id);
  // What it was sent with, the gateway knows better than the venue's repetition says.
  if (order.instrument != 0) return;
  order.instrument = writer_.InstrumentOf(event.symbol);
  order.capacity = event.capacity;
  order.cross = event.cross;
  order.display = event.display == 'Z' ? 'Y' : event.display;
  order.sweep = event.sweep;
  order.post_only = event.post_only;
  order.price_type = event.price_type;
  order.peg_offset = event.peg_offset;
  order.min_quantity = event.min_quantity;
  order.max_floor = event.max_floor;
  order.time_in_force = event.time_in_force;
  if (event.lives_s != 0) {
    order.expires_ns = static_cast<int64_t>(TimeOf(event)) + int64_t{event.lives_s} * kNsPerS;
  }
}

void OuchReports::OnAccepted(const OuchEvent& event) noexcept {
  if (event.id > highest_id_) {
    // Of a process that left no records: its identifiers are never used again (docs/adr/0023).
    highest_id_ = event.id;
    Add(GapFill{.new_seq = event.id + 1});
  }
  OuchOrder* order = orders_.Find(event.id);
  if (order == nullptr) {
    order = orders_.At(event.id);
    if (order != nullptr && order->id < event.id) {
      order = &orders_.Enter(event.id);
    } else {
      order = nullptr;  // a later order has its slot
    }
  }
  if (order != nullptr) {
    barrier_ |= order->state == OuchOrderState::kSent && order->connection == connection_ &&
                !order->may_be_second;
    order->may_be_second = false;
    TakeTerms(event, *order);
  }
  ExecutionReport report = About(event, order);
  report.exec_type = event.dead ? ExecType::kCanceled : ExecType::kNew;
  report.ord_status = event.dead ? OrdStatus::kCanceled : OrdStatus::kNew;
  report.reason = event.dead ? RejectReason::kVenueOption : RejectReason::kNone;
  report.side = SideOf(event.side);
  report.leaves_qty = event.dead ? 0 : event.shares;
  report.price = NanosOf(event.price);
  Say(report, event, event.reference);
  Settle(event.dead, order);
}

void OuchReports::OnReplaced(const OuchEvent& event) noexcept {
  OuchOrder* order = orders_.Find(event.id);
  if (order == nullptr) order = orders_.Find(event.previous_id);
  if (order != nullptr) {
    barrier_ |= order->replace_id == event.id && order->replace_connection == connection_ &&
                !order->replace_may_be_second;
    order->may_be_second = order->replace_may_be_second = false;
    order->id = event.id;
    order->replace_id = 0;
    TakeTerms(event, *order);
  }
  ExecutionReport report = About(event, order);
  report.orig_cl_ord_id = event.previous_id;
  report.exec_type = ExecType::kReplaced;
  if (event.dead) report.ord_status = OrdStatus::kCanceled;
  report.side = SideOf(event.side);
  report.leaves_qty = event.dead ? 0 : event.shares;
  report.price = NanosOf(event.price);
  Say(report, event, event.reference);
  Settle(event.dead, order);
}

void OuchReports::OnCanceled(const OuchEvent& event, OuchOrder* order) noexcept {
  const auto code = static_cast<ouch::CancelReason>(event.reason);
  if (order != nullptr) {
    order->shares -= std::min(order->shares, event.shares);
    if (order->state == OuchOrderState::kSent) order->state = OuchOrderState::kLive;
    order->answered_id = std::max(order->answered_id, order->id);
  }
  const bool ends = order == nullptr || order->shares == 0;
  ExecutionReport report = About(event, order);
  report.reason = ReasonOf(code);
  if (!ends) {
    report.exec_type = ExecType::kRestated;
  } else if (IsExpiry(code)) {
    report.exec_type = ExecType::kExpired;
    report.ord_status = OrdStatus::kExpired;
  } else {
    report.exec_type = ExecType::kCanceled;
    report.ord_status = OrdStatus::kCanceled;
  }
  Say(report, event, order != nullptr ? order->reference : 0);
  Settle(ends, order);
}

void OuchReports::OnExecuted(const OuchEvent& event, OuchOrder* order) noexcept {
  if (order != nullptr) {
    order->traded += event.shares;
    order->shares -= std::min(order->shares, event.shares);
    if (order->state == OuchOrderState::kSent) order->state = OuchOrderState::kLive;
    order->answered_id = std::max(order->answered_id, order->id);
  }
  const bool sells = order != nullptr && order->side != ouch::Side::kBuy;
  const OuchExecutions::Execution execution{event.match, event.id, NanosOf(event.price),
                                            event.shares, sells};
  if (!executions_.Remember(execution)) full_ |= counters_.executions_forgotten++ == 0;
  ExecutionReport report = About(event, order);
  const bool filled = order != nullptr && order->shares == 0;
  report.exec_id = TradeId(event.match, sells);
  report.match_id = event.match;
  report.exec_type = filled ? ExecType::kFill : ExecType::kPartialFill;
  if (order != nullptr) {
    report.ord_status = filled ? OrdStatus::kFilled : OrdStatus::kPartiallyFilled;
  }
  report.last_qty = event.shares;
  report.last_price = execution.price;
  report.liquidity = LiquidityOf(event.liquidity);
  // Under a replace that asks for more the order may live on; here it ends, because the venue
  // ignores that replace.
  Say(report, event, order != nullptr ? order->reference : 0);
  Settle(filled, order);
}

void OuchReports::OnAdjusted(const OuchEvent& event, OuchOrder* order) noexcept {
  OuchExecutions::Execution* const execution = executions_.Find(event.match, event.id);
  if (execution == nullptr) {
    // How much it was, the venue does not repeat: people have to look it up.
    ++counters_.executions_unknown;
    unknown_match_ = event.match;
    return;
  }
  if (execution->shares == 0) return;    // broken before
  order = orders_.Owner(execution->id);  // it may be called otherwise since, by a replace
  ExecutionReport report = About(event, order);
  report.match_id = event.match;
  report.last_qty = execution->shares;
  report.last_price = execution->price;
  if (event.kind == OuchEventKind::kBroken) {
    report.exec_type = ExecType::kBusted;
    if (order != nullptr) order->traded -= std::min(order->traded, execution->shares);
    execution->shares = 0;
  } else {
    report.exec_type = ExecType::kCorrected;
    const uint32_t shares =
        event.kind == OuchEventKind::kCorrected ? event.shares : execution->shares;
    if (order != nullptr) {
      order->traded = order->traded - std::min(order->traded, execution->shares) + shares;
    }
    execution->shares = shares;
    execution->price = NanosOf(event.price);
    report.last_qty = shares;
    report.last_price = execution->price;
  }
  report.ord_status = OrdStatus::kUnset;
  report.cum_qty = order != nullptr ? order->traded : 0;
  Say(report, event, order != nullptr ? order->reference : 0,
      TradeId(event.match, execution->sells));
}

void OuchReports::OnRejected(const OuchEvent& event, OuchOrder* order) noexcept {
  if (order != nullptr && order->replace_id == event.id) {
    barrier_ |= order->replace_connection == connection_ && !order->replace_may_be_second;
    order->replace_id = 0;
    order->answered_id = std::max(order->answered_id, event.id);
    Refuse(event.id, order->id, RequestType::kReplace, event.change_refusal, &event);
    return orders_.Relist(*order);
  }
  if (order != nullptr && order->state == OuchOrderState::kLive) {
    return OnCancelRejected(event, order, event.change_refusal);
  }
  if (order == nullptr) {
    order = orders_.At(event.id);
    if (order != nullptr && order->open() && order->id < event.id) {
      // A replace that an earlier process sent: the order lives on under its own name.
      order->answered_id = std::max(order->answered_id, event.id);
      return Refuse(event.id, order->id, RequestType::kReplace, event.change_refusal, &event);
    }
    if (order != nullptr) {
      order = order->id < event.id ? &orders_.Enter(event.id) : nullptr;
    }
  }
  if (order != nullptr) {
    barrier_ |= order->state == OuchOrderState::kSent && order->connection == connection_ &&
                !order->may_be_second;
    order->answered_id = std::max(order->answered_id, event.id);
    order->shares = 0;
  }
  ExecutionReport report = About(event, order);
  report.exec_type = ExecType::kRejected;
  report.ord_status = OrdStatus::kRejected;
  report.reason = event.refusal;
  Say(report, event, 0);
  Settle(true, order);
}

void OuchReports::OnCancelRejected(const OuchEvent& event, OuchOrder* order,
                                   CancelRejectReason reason) noexcept {
  if (order == nullptr) return;
  order->cancel_refused = true;
  if (order->cancel_id == 0) return;
  const uint64_t cancel_id = std::exchange(order->cancel_id, 0);
  Refuse(cancel_id, order->id, RequestType::kCancel, reason, &event);
  orders_.Relist(*order);
}

void OuchReports::OnModified(const OuchEvent& event, OuchOrder* order) noexcept {
  if (order == nullptr) return;
  order->side = event.side;
  if (order->shares == event.shares) return;
  order->shares = event.shares;
  ExecutionReport report = About(event, order);
  report.exec_type = ExecType::kRestated;
  if (event.shares == 0) report.ord_status = OrdStatus::kCanceled;
  Say(report, event, order->reference);
  Settle(event.shares == 0, order);
}

// After the report about it.
void OuchReports::Settle(bool ended, OuchOrder* order) noexcept {
  if (order == nullptr) return;
  if (ended) {
    order->state = OuchOrderState::kDead;
    order->cancel_id = 0;  // the order's end is its answer
    const uint64_t replace_id = std::exchange(order->replace_id, 0);
    if (replace_id != 0) {
      Refuse(replace_id, order->id, RequestType::kReplace, CancelRejectReason::kTooLateToCancel);
    }
  }
  orders_.Relist(*order);
}

}  // namespace ringway
