// What the client of a member that speaks FIX asks for.
#include <algorithm>

#include "exchange/fix/fix_member.h"

namespace ringway::exchange {
namespace {

using Kind = FixRequest::Kind;

FixOrder OrderOf(const FixRequest& request) noexcept {
  FixOrder order{};
  order.price = request.price;
  order.qty = request.qty;
  order.shown = request.shown;
  order.expire_time = request.expire_time;
  order.name = request.id;
  order.account = request.account;
  order.symbol = request.symbol;
  order.side = request.side;
  order.type = request.type;
  order.lasts = request.lasts;
  order.post_only = request.post_only;
  order.status = OrdStatus::kNew;
  return order;
}

// As it is when it is refused.
FixOrder Rejected(FixOrder order, RejectReason reason) noexcept {
  order.status = OrdStatus::kRejected;
  order.reason = reason;
  order.leaves = 0;
  return order;
}

}  // namespace

bool FixMember::Carry(const FixRequest& request) noexcept {
  switch (request.kind) {
    case Kind::kEnter:
      return Enter(request);
    case Kind::kReplace:
    case Kind::kCancel:
      return Change(request);
    case Kind::kStatus:
      TellStatus(request, orders_.Find(request.id.view()).order);
      return true;
    case Kind::kMassStatus:
      MassStatus(request);
      return true;
    case Kind::kMassCancel:
      MassCancel(request);
      return true;
  }
  return true;
}

const FixInstrument* FixMember::InstrumentOf(const FixName& symbol) const noexcept {
  const auto found = std::ranges::find(options_.instruments, symbol.view(), &FixInstrument::symbol);
  return found == options_.instruments.end() ? nullptr : &*found;
}

bool FixMember::Enter(const FixRequest& request) noexcept {
  FixOrder order = OrderOf(request);
  const FixOrders::Found found = orders_.Find(request.id.view());
  if (found.used && request.poss_resend) {
    TellStatus(request, found.order);
    return true;
  }
  RejectReason refusal = request.refusal;
  const FixInstrument* const instrument = InstrumentOf(request.symbol);
  if (instrument == nullptr) refusal = RejectReason::kUnknownSymbol;
  uint32_t account = options_.account;
  if (!options_.account_of.empty() && !request.account.empty()) {
    const auto own =
        std::ranges::find(options_.account_of, request.account.view(), &FixAccount::name);
    if (own == options_.account_of.end()) {
      refusal = RejectReason::kUnknownAccount;
    } else {
      account = own->account;
    }
  }
  if (found.used) refusal = RejectReason::kDuplicateOrder;
  if (refusal != RejectReason::kNone) {
    order = Rejected(order, refusal);
    if (!found.used) orders_.End(orders_.Add(order));
    Tell(order, {.kind = FixExecution::Kind::kRejected,
                 .time_ns = now_ns_,
                 .exec_id = OwnExecId(),
                 .reason = refusal});
    return true;
  }
  NewOrder entered;
  entered.cl_ord_id = NextId(orders_.Next());
  entered.price = request.price;
  entered.qty = request.qty;
  entered.instrument = instrument->id;
  entered.account = account;
  entered.side = request.side;
  entered.ord_type = request.type;
  entered.time_in_force = request.lasts;
  entered.post_only = request.post_only ? 1 : 0;
  entered.display_qty = request.shown;
  entered.expire_time = request.expire_time;
  if (exchange_.OnRequest(now_ns_, member_, entered) == Answer::kWait) return false;
  order.id = entered.cl_ord_id;
  order.leaves = request.qty;
  orders_.Add(order);
  Drain();
  return true;
}

// Cancels and replaces.
bool FixMember::Change(const FixRequest& request) noexcept {
  const FixOrders::Found used = orders_.Find(request.id.view());
  if (used.used) {
    if (request.poss_resend && used.order != kNoSlot) {
      TellStatus(request, used.order);
    } else {
      const FixOrders::Found found = orders_.Find(request.original.view());
      RefuseChange(request, found.order, CancelRejectReason::kDuplicateClOrdId);
    }
    return true;
  }
  const FixOrders::Found found = orders_.Find(request.original.view());
  const CancelRejectReason refusal = RefusalOf(request, found);
  if (refusal == CancelRejectReason::kNone) return AskFor(request, found.order);
  orders_.Note(request.id, found.order);
  RefuseChange(request, found.order, refusal,
               refusal == CancelRejectReason::kOther ? "it says something else of the order" : "");
  return true;
}

CancelRejectReason FixMember::RefusalOf(const FixRequest& request,
                                        const FixOrders::Found& found) noexcept {
  if (found.order == kNoSlot) return CancelRejectReason::kUnknownOrder;
  const FixOrder& order = orders_[found.order];
  if (!order.open()) return CancelRejectReason::kTooLateToCancel;
  if (!found.is_name) return CancelRejectReason::kUnknownOrder;  // it has another one now
  const bool replaces = request.kind == Kind::kReplace;
  if (request.symbol.view() != order.symbol.view() || request.side != order.side ||
      request.refusal != RejectReason::kNone || (replaces && request.type != order.type) ||
      (replaces && !request.account.empty() && request.account.view() != order.account.view()) ||
      (replaces && request.says_instructions && request.post_only != order.post_only)) {
    return CancelRejectReason::kOther;
  }
  return CancelRejectReason::kNone;
}

bool FixMember::AskFor(const FixRequest& request, Slot slot) noexcept {
  const FixOrder& order = orders_[slot];
  const uint64_t id = NextId(slot);
  if (request.kind == Kind::kReplace) {
    ringway::Replace replace;
    replace.cl_ord_id = id;
    replace.orig_cl_ord_id = order.id;
    replace.price = request.price;
    replace.qty = request.qty;
    if (request.shown != order.shown) {
      replace.changes_display = 1;
      replace.display_qty = request.shown;
    }
    if (request.says_lasts &&
        (request.lasts != order.lasts || request.expire_time != order.expire_time)) {
      replace.changes_expiry = 1;
      replace.time_in_force = request.lasts;
      replace.expire_time = request.expire_time;
    }
    if (exchange_.OnRequest(now_ns_, member_, replace) == Answer::kWait) return false;
  } else if (!CancelOrder(slot, id)) {
    return false;
  }
  request_ = request;
  asked_ = id;
  Drain();
  return true;
}

void FixMember::RefuseChange(const FixRequest& request, Slot order, CancelRejectReason reason,
                             std::string_view text) noexcept {
  Tell({.time_ns = now_ns_,
        .id = request.id.view(),
        .original = request.original.view(),
        .order = order == kNoSlot ? nullptr : &orders_[order],
        .of_replace = request.kind == Kind::kReplace,
        .reason = reason,
        .text = text});
}

// Answers a status request, and a request that may have come before.
void FixMember::TellStatus(const FixRequest& request, Slot order) noexcept {
  FixExecution status{.kind = FixExecution::Kind::kStatus,
                      .time_ns = now_ns_,
                      .exec_id = "0",
                      .status_id = request.status_id.view()};
  if (order != kNoSlot) {
    status.reason = orders_[order].reason;
    return Tell(orders_[order], status);
  }
  status.reason = RejectReason::kUnknownOrder;
  FixOrder nothing{};
  nothing.name = request.id;
  nothing.account = request.account;
  nothing.symbol = request.symbol;
  nothing.side = request.side;
  Tell(Rejected(nothing, status.reason), status);
}

RejectReason FixMember::RefusalOfScope(const FixRequest& request) const noexcept {
  const bool unknown = request.scope == '1' && InstrumentOf(request.symbol) == nullptr;
  return unknown ? RejectReason::kUnknownSymbol : request.refusal;
}

// Lists the open orders that a mass request is about.
void FixMember::List(const FixRequest& request) noexcept {
  listed_.clear();
  for (Slot slot = orders_.first_open(); slot != kNoSlot; slot = orders_[slot].next) {
    const FixOrder& order = orders_[slot];
    const bool of_symbol = request.scope != '1' || request.symbol.view() == order.symbol.view();
    const bool of_side = request.side == Side::kUnset || request.side == order.side;
    if (of_symbol && of_side) listed_.push_back(slot);
  }
}

void FixMember::MassStatus(const FixRequest& request) noexcept {
  const RejectReason refusal = RefusalOfScope(request);
  listed_.clear();
  if (refusal == RejectReason::kNone) List(request);
  if (!listed_.empty()) {
    sweep_ = {.kind = Sweep::Kind::kStatus, .id = request.id};
    GoOn();
    return;
  }
  FixOrder nothing{};
  nothing.symbol = request.symbol;
  nothing.side = request.side;
  const RejectReason reason =
      refusal == RejectReason::kNone ? RejectReason::kUnknownOrder : refusal;
  Tell(Rejected(nothing, reason), {.kind = FixExecution::Kind::kStatus,
                                   .time_ns = now_ns_,
                                   .exec_id = "0",
                                   .reason = reason,
                                   .mass_id = request.id.view(),
                                   .reports = 0,
                                   .last = true});
}

void FixMember::MassCancel(const FixRequest& request) noexcept {
  RejectReason refusal = RefusalOfScope(request);
  const FixOrders::Found used = orders_.Find(request.id.view());
  if (used.used) refusal = RejectReason::kDuplicateOrder;
  if (!used.used) orders_.Note(request.id, kNoSlot);
  listed_.clear();
  if (refusal == RejectReason::kNone) List(request);
  TellBy('r', [&](fix::Writer& to) {
    writer_.Write({.time_ns = now_ns_,
                   .report_id = OwnExecId(),
                   .request = &request,
                   .refusal = refusal,
                   .affected = static_cast<uint32_t>(listed_.size())},
                  to);
  });
  if (listed_.empty()) return;
  sweep_ = {.kind = Sweep::Kind::kCancel};
  cancel_text_ = "by an OrderMassCancelRequest";
  GoOn();
}

}  // namespace ringway::exchange
