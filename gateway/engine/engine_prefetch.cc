// Looks ahead: prefetches what a step with an input would wait for.
//
// Reads single fields where they lie and believes none of them: an index is used only where it was
// looked up, a price only within its instrument's bounds. The records that a request leads to are
// looked for here and now: several inputs looked ahead at wait for memory together, their steps one
// after the other.

#include <cstddef>
#include <span>

#include "gateway/engine/engine.h"
#include "schema/codec.h"

namespace ringway {
namespace {

// FieldAt(), read once: the memory may be a peer's, which writes to it meanwhile.
template <class T>
[[gnu::always_inline]] inline T PeekAt(std::span<const std::byte> payload, size_t offset) noexcept {
  T field = FieldAt<T>(payload, offset);
  asm volatile("" : "+r"(field));
  return field;
}

}  // namespace

void Engine::Prefetch(const Input& input) const noexcept {
  switch (input.origin) {
    case Origin::kSession:
      return PrefetchRequest(input);
    case Origin::kVenue:
      return PrefetchReport(input);
    default:
      return;
  }
}

void Engine::PrefetchRequest(const Input& input) const noexcept {
  const SessionIndex session = IndexOfSession(input.id);
  if (session == kNone) return;
  // Every request begins with its clOrdId; cancel and replace go on with that of the order.
  static_assert(offsetof(NewOrder, cl_ord_id) == 0 && offsetof(Cancel, cl_ord_id) == 0 &&
                offsetof(Replace, cl_ord_id) == 0);
  static_assert(offsetof(Cancel, orig_cl_ord_id) == offsetof(Replace, orig_cl_ord_id));
  switch (input.type) {
    case FrameType::kNewOrder:
      orders_.Prefetch(session, PeekAt<uint64_t>(input.payload, 0));
      return PrefetchBook(input.payload);
    case FrameType::kCancel:
    case FrameType::kReplace:
      orders_.Prefetch(session, PeekAt<uint64_t>(input.payload, 0));
      return orders_.PrefetchNamed(
          session, PeekAt<uint64_t>(input.payload, offsetof(Cancel, orig_cl_ord_id)));
    default:
      return;
  }
}

// The position of a new order, and where it will rest.
void Engine::PrefetchBook(std::span<const std::byte> new_order) const noexcept {
  const auto instrument =
      IndexOfInstrument(PeekAt<uint32_t>(new_order, offsetof(NewOrder, instrument)));
  const auto account = IndexOfAccount(PeekAt<uint32_t>(new_order, offsetof(NewOrder, account)));
  if (instrument == kNone || account == kNone) return;
  const Position* position = exposure_.Find(account, instrument);
  const auto price = PeekAt<int64_t>(new_order, offsetof(NewOrder, price));
  const Instrument& traded = instruments_[instrument];
  if (position == nullptr || !traded.IsPrice(price) || !traded.IsOnTick(price)) return;
  const BookSide side = BookSideOf(PeekAt<Side>(new_order, offsetof(NewOrder, side)));
  exposure_.Prefetch(exposure_.IndexOf(*position), side,
                     Exposure::OrientedTick(side, traded.TickOf(price)));
}

void Engine::PrefetchReport(const Input& input) const noexcept {
  const VenueIndex venue = IndexOfVenue(input.id);
  if (venue == Router::kNoVenue) return;
  // Every report begins with the identifier of the request.
  static_assert(offsetof(ExecutionReport, cl_ord_id) == 0 &&
                offsetof(CancelReject, cl_ord_id) == 0);
  switch (input.type) {
    case FrameType::kExecutionReport:
      orders_.PrefetchReported(PeekAt<uint64_t>(input.payload, 0));
      return execution_ids_.Prefetch(
          venue,
          DayOf(venue, PeekAt<uint64_t>(input.payload, offsetof(ExecutionReport, transact_time))),
          PeekAt<uint64_t>(input.payload, offsetof(ExecutionReport, exec_id)));
    case FrameType::kCancelReject:
      return orders_.PrefetchReported(PeekAt<uint64_t>(input.payload, 0));
    default:
      return;
  }
}

}  // namespace ringway
