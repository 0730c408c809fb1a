// What the client of a member that speaks OUCH asks for, and what goes on by itself.
#include "exchange/ouch/ouch_member.h"

#include <algorithm>

#include "protocol/ouch/codes42.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/units.h"

namespace ringway::exchange {
namespace {

using Kind = OuchRequest::Kind;
using EventKind = OuchEvent::Kind;

bool IsBuyer(ouch::Side side) noexcept { return side == ouch::Side::kBuy; }

}  // namespace

OuchMember::OuchMember(Exchange& exchange, uint32_t member, const OuchMemberOptions& options,
                       int64_t now_ns)
    : exchange_(exchange),
      member_(member),
      options_(options),
      room_for_end_(std::clamp<uint64_t>(options.messages_max / 16, 16, 4096)),
      messages_(options.messages_max),
      ids_(options.messages_max, options.hash_seed),
      // One more than the exchange lets it have open: that is refused.
      orders_(exchange.options().member_queue_reports / 4 * 3 + 1) {
  for (Slot slot = static_cast<Slot>(orders_.size()); slot-- != 0;) free_.push_back(slot);
  Tell(now_ns, {.kind = EventKind::kSystem, .system = ouch::SystemEventCode::kStartOfDay});
}

// --- What its client asks for ---

OuchMember::Answer OuchMember::OnMessage(int64_t now_ns,
                                         std::span<const std::byte> bytes) noexcept {
  DoWork(now_ns);
  if (phase_ != Phase::kOpen) return Answer::kTaken;  // the client is told the end of the day
  if (mass_cancel_.active || due_cancel_ != kNoSlot) return Answer::kWait;
  OuchRequest request;
  fault_ = ReadOuch(options_.version, bytes, request);
  if (fault_ != ouch::Fault::kNone) return Answer::kGarbage;
  const Answer answer = Carry(now_ns, request);
  if (answer == Answer::kTaken) DoWork(now_ns);
  return answer;
}

OuchMember::Answer OuchMember::Carry(int64_t now_ns, const OuchRequest& request) noexcept {
  switch (request.kind) {
    case Kind::kEnter:
      return Enter(now_ns, request);
    case Kind::kReplace:
      return Replace(now_ns, request);
    case Kind::kCancel:
    case Kind::kModify:
      return Lower(now_ns, request);
    case Kind::kQuery:
      if (request.refusal != 0) {
        Tell(now_ns, {.kind = EventKind::kRejected, .code = request.refusal});
        return Answer::kTaken;
      }
      Tell(now_ns, {.kind = EventKind::kNextNumber,
                    .id = {.token = {}, .number = std::max(last_number_, last_number_ + 1)}});
      return Answer::kTaken;
    case Kind::kMassCancel:
    case Kind::kDisableEntry:
    case Kind::kEnableEntry:
      break;
  }
  if (IsRepeated(request.id)) return Answer::kTaken;
  if (request.refusal != 0) {
    Refuse(now_ns, request, request.refusal);
    return Answer::kTaken;
  }
  UseId(request.id, kNoSlot);
  OuchEvent event{.id = request.id, .terms = &request.terms};
  if (request.kind == Kind::kMassCancel) {
    event.kind = EventKind::kMassCancel;
    mass_cancel_ = {.active = true, .filter = request.terms};
  } else {
    entry_disabled_ = request.kind == Kind::kDisableEntry;
    event.kind = entry_disabled_ ? EventKind::kDisabled : EventKind::kEnabled;
  }
  Tell(now_ns, event);
  return Answer::kTaken;
}

uint32_t OuchMember::AccountOf(const OuchTerms& terms) const noexcept {
  const PaddedText<4>& firm = Is50() ? terms.appendage.firm : terms.firm;
  const auto found = std::ranges::find(options_.account_of, firm, &OuchAccount::firm);
  return found == options_.account_of.end() ? options_.account : found->account;
}

OuchMember::Answer OuchMember::Enter(int64_t now_ns, const OuchRequest& request) noexcept {
  if (IsRepeated(request.id)) return Answer::kTaken;
  const auto instrument =
      std::ranges::find(options_.instruments, request.terms.symbol, &OuchInstrument::symbol);
  uint16_t refusal = request.refusal;
  if (refusal == 0 && instrument == options_.instruments.end()) {
    refusal = OuchCode(options_.version, RejectReason::kUnknownSymbol);
  }
  if (refusal == 0 && entry_disabled_) {
    refusal = static_cast<uint16_t>(ouch50::RejectReason::kFirmNotAuthorized);
  }
  if (refusal != 0) {
    Refuse(now_ns, request, refusal);
    return Answer::kTaken;
  }
  const Slot slot = free_.back();
  NewOrder order = OuchOrder(request.terms, now_ns, instrument->id, AccountOf(request.terms));
  order.cl_ord_id = NextId(slot);
  if (exchange_.OnRequest(now_ns, member_, order) == exchange::Answer::kWait) return Answer::kWait;
  free_.pop_back();
  UseId(request.id, slot);
  ++open_orders_;
  orders_[slot] = {.id = order.cl_ord_id,
                   .open = request.terms.quantity,
                   .traded = 0,
                   .name = request.id,
                   .terms = request.terms};
  return Answer::kTaken;
}

OuchMember::Answer OuchMember::Replace(int64_t now_ns, const OuchRequest& request) noexcept {
  const Slot slot = ids_.Find(request.original);
  // Of an order that no longer lives it is ignored; of 5.0 its number is used.
  if (slot == kNoSlot) {
    if (Is50() && !IsRepeated(request.id)) last_number_ = request.id.number;
    return Answer::kTaken;
  }
  if (IsRepeated(request.id)) return Answer::kTaken;
  OpenOrder& order = orders_[slot];
  if (const uint16_t refusal = RefusalOf(request, order); refusal != 0) {
    Refuse(now_ns, request, refusal);
    if (!Is50()) due_cancel_ = slot;
    return Answer::kTaken;
  }
  const OuchTerms& terms = request.terms;
  ringway::Replace replace;
  replace.cl_ord_id = NextId(slot);
  replace.orig_cl_ord_id = order.id;
  replace.price = ouch::NanosOf(terms.price).value_or(0);
  replace.qty = terms.quantity;
  if (terms.shown != order.terms.shown) {
    replace.changes_display = 1;
    replace.display_qty = terms.shown;
  }
  if (terms.lasts != order.terms.lasts || terms.lasts == TimeInForce::kGoodTillDate) {
    replace.changes_expiry = 1;
    replace.time_in_force = terms.lasts;
    replace.expire_time = OuchExpiry(terms, now_ns);
  }
  if (exchange_.OnRequest(now_ns, member_, replace) == exchange::Answer::kWait) {
    return Answer::kWait;
  }
  asking_ = Asking::kReplace;
  request_ = request;
  return Answer::kTaken;
}

// The code of what the exchange cannot change in an order; 0: it can.
uint16_t OuchMember::RefusalOf(const OuchRequest& request, const OpenOrder& order) const noexcept {
  if (request.refusal != 0) return request.refusal;
  if (!request.terms.is_immediate() && request.terms.post_only == order.terms.post_only) return 0;
  return Is50() ? static_cast<uint16_t>(ouch50::RejectReason::kReplaceNotAllowed)
                : static_cast<uint16_t>(ouch42::RejectReason::kOther);
}

// A cancel, or a modification: of the sale's marking, the quantity, or both.
OuchMember::Answer OuchMember::Lower(int64_t now_ns, const OuchRequest& request) noexcept {
  const Slot slot = ids_.Find(request.id);
  if (slot == kNoSlot) return Answer::kTaken;
  OpenOrder& order = orders_[slot];
  const bool modifies = request.kind == Kind::kModify;
  if (request.refusal != 0 ||
      (modifies && (IsBuyer(request.terms.side) || IsBuyer(order.terms.side)))) {
    Tell(now_ns, {.kind = EventKind::kCancelReject, .id = order.name});
    return Answer::kTaken;
  }
  if (request.terms.quantity <= order.traded) {
    return CancelWhole(now_ns, slot, ouch::CancelReason::kUser);
  }
  if (request.terms.quantity >= order.traded + order.open) {
    if (modifies) {
      order.terms.side = request.terms.side;
      Tell(now_ns, {.kind = EventKind::kModified,
                    .quantity = order.open,
                    .id = order.name,
                    .terms = &order.terms});
    }
    return Answer::kTaken;
  }
  ringway::Replace replace;
  replace.cl_ord_id = NextId(slot);
  replace.orig_cl_ord_id = order.id;
  replace.price = ouch::NanosOf(order.terms.price).value_or(0);
  replace.qty = request.terms.quantity;
  if (exchange_.OnRequest(now_ns, member_, replace) == exchange::Answer::kWait) {
    return Answer::kWait;
  }
  if (modifies) {
    asking_ = Asking::kModify;
    request_ = request;
  }
  return Answer::kTaken;
}

OuchMember::Answer OuchMember::CancelWhole(int64_t now_ns, Slot slot,
                                           ouch::CancelReason reason) noexcept {
  Cancel cancel;
  cancel.cl_ord_id = NextId(slot);
  cancel.orig_cl_ord_id = orders_[slot].id;
  if (exchange_.OnRequest(now_ns, member_, cancel) == exchange::Answer::kWait) {
    return Answer::kWait;
  }
  cancel_reason_ = reason;
  return Answer::kTaken;
}

bool OuchMember::IsRepeated(const OuchId& id) const noexcept {
  return Is50() ? id.number <= last_number_ : ids_.IsUsed(id);
}

void OuchMember::UseId(const OuchId& id, Slot slot) noexcept {
  ids_.Use(id, slot);
  last_number_ = id.number;
}

// --- What goes on by itself ---

bool OuchMember::DoWork(int64_t now_ns) noexcept {
  bool worked = Drain();
  if (due_cancel_ != kNoSlot) {
    // It may have ended meanwhile.
    const bool open = orders_[due_cancel_].id != 0;
    if (!open || CancelWhole(now_ns, due_cancel_, ouch::CancelReason::kUser) == Answer::kTaken) {
      due_cancel_ = kNoSlot;
      worked = true;
      Drain();
    }
  }
  if (phase_ == Phase::kOpen && IsNearlyFull()) {
    filled_up_ = true;
    EndSession();
  }
  if (mass_cancel_.active) {
    // At its end all at once, so that fewer trades are made that have no room.
    worked |= CancelSome(now_ns, phase_ == Phase::kEnding ? UINT32_MAX : kCancelsPerTurnMax);
  }
  if (phase_ == Phase::kEnding && !mass_cancel_.active) {
    if (messages_.room() != 0) {
      Tell(now_ns, {.kind = EventKind::kSystem, .system = ouch::SystemEventCode::kEndOfDay});
    }
    phase_ = Phase::kEnded;
    worked = true;
  }
  return worked;
}

void OuchMember::CancelAll(ouch::CancelReason reason) noexcept {
  mass_cancel_ = {.active = true, .reason = reason};
}

void OuchMember::EndSession() noexcept {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kEnding;
  CancelAll(ouch::CancelReason::kSupervisory);
}

bool OuchMember::CancelSome(int64_t now_ns, uint32_t cancels_max) noexcept {
  uint32_t cancels = 0;
  const Slot stop = cancels_max == UINT32_MAX ? static_cast<Slot>(orders_.size())
                                              : std::min(static_cast<Slot>(orders_.size()),
                                                         mass_cancel_.next + kSlotsPerTurnMax);
  while (open_orders_ != 0 && mass_cancel_.next != stop && cancels != cancels_max) {
    const Slot slot = mass_cancel_.next;
    if (orders_[slot].id != 0 && Matches(orders_[slot])) {
      if (CancelWhole(now_ns, slot, mass_cancel_.reason) == Answer::kWait) return cancels != 0;
      Drain();
      ++cancels;
    }
    ++mass_cancel_.next;
  }
  if (open_orders_ == 0 || mass_cancel_.next == orders_.size()) mass_cancel_ = {};
  return true;
}

bool OuchMember::Matches(const OpenOrder& order) const noexcept {
  const OuchTerms& filter = mass_cancel_.filter;
  const ouch50::Appendage& by = filter.appendage;
  const ouch50::Appendage& of = order.terms.appendage;
  using ouch50::Tag;
  return (filter.symbol.blank() || filter.symbol == order.terms.symbol) &&
         (filter.firm.blank() || (of.Has(Tag::kFirm) && of.firm == filter.firm)) &&
         (!by.Has(Tag::kSide) || IsBuyer(by.side) == IsBuyer(order.terms.side)) &&
         (!by.Has(Tag::kGroupId) || (of.Has(Tag::kGroupId) && of.group_id == by.group_id));
}

void OuchMember::Refuse(int64_t now_ns, const OuchRequest& request, uint16_t code) noexcept {
  const bool names_new = request.kind != Kind::kCancel && request.kind != Kind::kModify;
  if (names_new) UseId(request.id, kNoSlot);
  Tell(now_ns,
       {.kind = EventKind::kRejected, .code = code, .id = request.id, .terms = &request.terms});
}

void OuchMember::Tell(int64_t now_ns, const OuchEvent& event) noexcept {
  messages_.Commit(WriteOuch(options_.version, now_ns, event, messages_.Claim()));
}

}  // namespace ringway::exchange
