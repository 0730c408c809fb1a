// A venue's state changes and reference prices.

#include <algorithm>

#include "gateway/engine/engine.h"

namespace ringway {

void Engine::OnVenueStatus(VenueIndex venue, const VenueStatus& status) noexcept {
  if (!IsKnown(status.state) || status.state == VenueState::kUnset) {
    ++counters_.malformed_reports;
    return;
  }
  if (status.state == VenueState::kBookLost) {
    // A book is lost as a whole.
    if (status.instrument == 0) return OnBookLost(venue);
    ++counters_.malformed_reports;
    return;
  }
  bool news = false;
  bool was_down = false;
  if (status.instrument == 0) {
    was_down = !venues_.Reachable(venue);
    news = venues_.SetState(venue, status.state);
    if (news && status.state == VenueState::kDown) doubtful_.wanted[venue] = 1;
  } else {
    const InstrumentIndex instrument = IndexOfInstrument(status.instrument);
    if (instrument == kNone) {
      ++counters_.malformed_reports;
      return;
    }
    news = venues_.SetHalt(venue, instrument, status.state != VenueState::kUp);
  }
  if (!news) return;
  // Back, or trading again: what it did not get or refused is due now.
  if (status.state == VenueState::kUp || was_down) RetryAll();
  Notice notice{.type = FrameType::kVenueStatus, .venue = status};
  notice.venue.venue = venues_.id(venue);
  notice.venue.transact_time = static_cast<uint64_t>(now_ns_);
  if (!notices_.Push(notice)) ++counters_.notices_dropped;
  RecountWork();
}

// The venue restarted and has none of the orders that were sent to it: they end. Orders that are
// sent from now on are in its new book.
void Engine::OnBookLost(VenueIndex venue) noexcept {
  ++counters_.books_lost;
  lost_before_[venue] = (orders_.requests() + 1) << kSlotBits;
  lost_.wanted[venue] = 1;
  RecountWork();
}

// A GapFill about our own requests: identifiers below newSeq may be in use. False, and nothing
// changes, when it cannot be decoded or skips more than an unverified report may.
bool Engine::LeaveOutRequests(const Input& input) noexcept {
  GapFill fill;
  if (Decode(input.payload, fill) != DecodeStatus::kOk || fill.new_seq == 0) return false;
  if (fill.new_seq - 1 > kRequestIdHearsayMax) return false;
  const uint64_t used = (fill.new_seq - 1) >> kSlotBits;
  if (used > orders_.requests()) {
    orders_.SkipRequests(used - orders_.requests());
    earlier_requests_ = used;
  }
  return true;
}

void Engine::OnReferencePrice(const ReferencePrice& reference) noexcept {
  const InstrumentIndex index = IndexOfInstrument(reference.instrument);
  const auto is_price = [&reference](const Instrument& instrument) {
    return reference.price <= instrument.price_max &&
           (instrument.any_sign ? reference.price >= instrument.price_min : reference.price > 0);
  };
  if (index == kNone || !is_price(instruments_[index])) {
    ++counters_.malformed_reports;
    return;
  }
  // As old as its sender states, but never from the future.
  const auto now = static_cast<uint64_t>(now_ns_);
  const uint64_t time = reference.transact_time == 0 ? now : std::min(reference.transact_time, now);
  Instrument& instrument = instruments_[index];
  if (instrument.has_reference && static_cast<int64_t>(time) < instrument.reference_time_ns) {
    return;  // overtaken by a newer one
  }
  const int64_t before = instrument.reference_price;
  const auto answer =
      reference_guard_.Offer(index, instrument.has_reference ? std::optional(before) : std::nullopt,
                             reference.price, static_cast<int64_t>(time));
  const RiskAlert alert{.limit = before, .value = reference.price, .instrument = instrument.id};
  if (answer == ReferenceGuard::Answer::kHeld || answer == ReferenceGuard::Answer::kBegins)
      [[unlikely]] {
    ++counters_.references_held;
    if (answer == ReferenceGuard::Answer::kBegins) Alert(AlertKind::kReferenceHeld, alert);
    return;
  }
  if (answer == ReferenceGuard::Answer::kConfirmed) [[unlikely]]
    Alert(AlertKind::kReferenceTaken, alert);
  const bool changes = !instrument.has_reference || reference.price != before;
  instrument.reference_price = reference.price;
  instrument.has_reference = true;
  instrument.reference_time_ns = static_cast<int64_t>(time);
  if (LossLimits& losses = checks_.get<LossLimits>(); losses.active() && changes) [[unlikely]] {
    losses.ChangePrice(index);
    RecountWork();
  }
}

}  // namespace ringway
