// Implements halt_judge.h: follows halts and checks the answers to orders against them.
#include "tests/e2e/kills/halt_judge.h"

#include <span>

#include "absl/strings/str_cat.h"
#include "gateway/core/step.h"
#include "schema/codec.h"

namespace ringway::kills {
namespace {

constexpr size_t kFindingsMax = 10;

}  // namespace

void HaltJudge::OnStart() { venues_.clear(); }

void HaltJudge::On(const JournaledStep& step) {
  const Input& input = step.input;
  VenueStatus status;
  if (input.origin == Origin::kVenue && input.type == FrameType::kVenueStatus &&
      Decode(input.payload, status) == DecodeStatus::kOk) {
    return OnStatus(venues_[input.id], status);
  }
  const bool replaces = input.type == FrameType::kReplace;
  if (!IsRequest(input.origin) || (!replaces && input.type != FrameType::kNewOrder)) return;
  NewOrder order;
  Replace replace;
  const bool read = replaces ? Decode(input.payload, replace) == DecodeStatus::kOk
                             : Decode(input.payload, order) == DecodeStatus::kOk;
  if (!read) return;
  const uint64_t cl_ord_id = replaces ? replace.cl_ord_id : order.cl_ord_id;
  std::span<const std::byte> rest = step.effects;
  for (EffectView effect; NextEffect(rest, effect);) {
    if (effect.target != Target::kSession || effect.id != input.id) continue;
    OrderAck ack;
    OrderReject reject;
    if (effect.type == FrameType::kOrderAck && Decode(effect.payload, ack) == DecodeStatus::kOk &&
        ack.cl_ord_id == cl_ord_id) {
      if (!replaces) instruments_[ack.order_id] = order.instrument;
      OnAccepted(ack, instruments_[ack.order_id]);
    } else if (effect.type == FrameType::kOrderReject &&
               Decode(effect.payload, reject) == DecodeStatus::kOk &&
               reject.cl_ord_id == cl_ord_id) {
      OnRefused(reject, order.instrument);
    }
  }
}

void HaltJudge::OnStatus(Venue& venue, const VenueStatus& status) {
  halts_ += status.state == VenueState::kHalted;
  books_lost_ += status.state == VenueState::kBookLost;
  if (status.state == VenueState::kBookLost) return;
  if (status.instrument == 0) {
    venue.state = status.state;
    if (status.state == VenueState::kDown) venue.halted.clear();
  } else if (status.state == VenueState::kUp) {
    venue.halted.erase(status.instrument);
  } else {
    venue.halted.insert(status.instrument);
  }
}

void HaltJudge::OnAccepted(const OrderAck& ack, uint32_t instrument) {
  if (venues_[ack.venue].Open(instrument)) return;
  Find(ack.venue, instrument, "accepted though it is not open", ack.cl_ord_id);
}

void HaltJudge::OnRefused(const OrderReject& reject, uint32_t instrument) {
  if (reject.reason != RejectReason::kVenueUnavailable) return;
  const Venue& venue = venues_[reject.venue];
  if (venue.Open(instrument)) {
    return Find(reject.venue, instrument, "refused though it is open", reject.cl_ord_id);
  }
  refusals_ += venue.state != VenueState::kDown;
}

void HaltJudge::Find(uint32_t venue, uint32_t instrument, const char* what, uint64_t cl_ord_id) {
  if (findings_.size() == kFindingsMax) return;
  findings_.push_back(absl::StrCat("venue ", venue, " instrument ", instrument, ": ", what,
                                   ": clOrdId ", cl_ord_id));
}

}  // namespace ringway::kills
