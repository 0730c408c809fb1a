// What the exchange reports to a member that speaks OUCH, as its messages.
#include "base/check.h"
#include "exchange/ouch/ouch_member.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/units.h"
#include "schema/codec.h"

namespace ringway::exchange {
namespace {

using EventKind = OuchEvent::Kind;

}  // namespace

bool OuchMember::Drain() noexcept {
  Outbound& reports = exchange_.reports(member_);
  bool drained = false;
  while (reports.Front() != nullptr && messages_.room() != 0) {
    const ResendStore::Slot& front = *reports.Front();
    drained = true;
    if (front.type == FrameType::kExecutionReport) {
      ExecutionReport report;
      RINGWAY_CHECK(Decode(front.bytes(), report) == DecodeStatus::kOk,
                    "the exchange's own report");
      ExecutionReport next;
      const uint64_t following = reports.next_on_link() + 1;
      const bool has_next =
          following < reports.store().next() &&
          reports.store().at(following).type == FrameType::kExecutionReport &&
          Decode(reports.store().at(following).bytes(), next) == DecodeStatus::kOk;
      if (On(report, has_next ? &next : nullptr)) reports.Pop();
    } else if (front.type == FrameType::kCancelReject) {
      CancelReject reject;
      RINGWAY_CHECK(Decode(front.bytes(), reject) == DecodeStatus::kOk,
                    "the exchange's own report");
      On(reject);
    }
    reports.Pop();
  }
  if (drained) reports.Acknowledge(reports.next_on_link());
  asking_ = Asking::kOther;
  return drained;
}

// Returns whether the next report is told with this one.
bool OuchMember::On(const ExecutionReport& report, const ExecutionReport* next) noexcept {
  const Slot slot = SlotOf(report.cl_ord_id);
  OpenOrder& order = orders_[slot];
  const auto now_ns = static_cast<int64_t>(report.transact_time);
  const bool immediate = order.terms.is_immediate();
  switch (report.exec_type) {
    case ExecType::kNew: {
      const bool dead = immediate && next != nullptr && next->exec_type == ExecType::kCanceled &&
                        next->cl_ord_id == report.cl_ord_id && next->cum_qty == 0 &&
                        OuchReason(*next, immediate) == ouch::CancelReason::kImmediateOrCancel;
      Tell(now_ns, {.kind = EventKind::kAccepted,
                    .state = dead ? ouch::OrderState::kDead : ouch::OrderState::kLive,
                    .quantity = order.open,
                    .reference = report.order_id,
                    .id = order.name,
                    .terms = &order.terms});
      if (dead) Free(slot);
      return dead;
    }
    case ExecType::kPartialFill:
    case ExecType::kFill:
      order.open -= static_cast<uint32_t>(report.last_qty);
      order.traded += static_cast<uint32_t>(report.last_qty);
      Tell(now_ns, {.kind = EventKind::kExecuted,
                    .added = report.liquidity == Liquidity::kAdded,
                    .quantity = static_cast<uint32_t>(report.last_qty),
                    .price = static_cast<uint64_t>(report.last_price / ouch::kNanosPerTick),
                    .match = report.match_id,
                    .id = order.name});
      if (report.exec_type == ExecType::kFill) Free(slot);
      return false;
    case ExecType::kCanceled:
    case ExecType::kExpired:
      Tell(now_ns,
           {.kind = EventKind::kCanceled,
            .reason = report.orig_cl_ord_id != 0 ? cancel_reason_ : OuchReason(report, immediate),
            .quantity = order.open,
            .id = order.name});
      Free(slot);
      return false;
    case ExecType::kReplaced:
      OnReplaced(report, slot);
      return false;
    case ExecType::kRejected:
      Tell(now_ns, {.kind = EventKind::kRejected,
                    .code = OuchCode(options_.version, report.reason),
                    .id = order.name,
                    .terms = &order.terms});
      Free(slot);
      return false;
    default:  // of stop orders, which OUCH does not have
      return false;
  }
}

void OuchMember::OnReplaced(const ExecutionReport& report, Slot slot) noexcept {
  OpenOrder& order = orders_[slot];
  const uint32_t open = static_cast<uint32_t>(report.leaves_qty);
  OuchEvent event{.kind = EventKind::kCanceled,
                  .reason = ouch::CancelReason::kUser,
                  .quantity = order.open - open,
                  .reference = report.order_id,
                  .id = order.name,
                  .terms = &order.terms};
  if (asking_ == Asking::kModify) {
    order.terms.side = request_.terms.side;
    event.kind = EventKind::kModified;
    event.quantity = open;
  } else if (asking_ == Asking::kReplace) {
    OuchTerms terms = request_.terms;
    // Those that a replace does not name stay.
    terms.side = order.terms.side;
    terms.symbol = order.terms.symbol;
    terms.capacity = order.terms.capacity;
    terms.firm = order.terms.firm;
    for (const ouch50::Tag tag : {ouch50::Tag::kFirm, ouch50::Tag::kGroupId}) {
      if (order.terms.appendage.Has(tag)) terms.appendage.Add(tag);
    }
    terms.appendage.firm = order.terms.appendage.firm;
    terms.appendage.group_id = order.terms.appendage.group_id;
    order.terms = terms;
    ids_.Close(order.name);
    UseId(request_.id, slot);
    event.kind = EventKind::kReplaced;
    event.quantity = open;
    event.previous = order.name;
    event.id = order.name = request_.id;
  }
  order.id = report.cl_ord_id;
  order.open = open;
  Tell(static_cast<int64_t>(report.transact_time), event);
}

void OuchMember::On(const CancelReject& reject) noexcept {
  const Slot slot = SlotOf(reject.cl_ord_id);
  const auto now_ns = static_cast<int64_t>(reject.transact_time);
  // It ended before the request was its turn: the request is ignored.
  if (orders_[slot].id == 0) {
    if (Is50() && asking_ == Asking::kReplace) last_number_ = request_.id.number;
    return;
  }
  if (asking_ != Asking::kReplace) {
    Tell(now_ns, {.kind = EventKind::kCancelReject, .id = orders_[slot].name});
    return;
  }
  Refuse(now_ns, request_, OuchCode(options_.version, reject.reason));
  if (!Is50()) due_cancel_ = slot;
}

void OuchMember::Free(Slot slot) noexcept {
  ids_.Close(orders_[slot].name);
  orders_[slot].id = 0;
  free_.push_back(slot);
  --open_orders_;
}

}  // namespace ringway::exchange
