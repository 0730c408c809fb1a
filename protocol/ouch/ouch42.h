// OUCH 4.2 (NASDAQ, "O*U*C*H Version 4.2"): its messages and their codec. Every message has one
// length. OUCH.md draws the bytes; codec.h says what Encode() and Decode() promise.
#pragma once

#include <cstddef>
#include <span>

#include "protocol/ouch/codec.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch42_client.h"
#include "protocol/ouch/ouch42_venue.h"

namespace ringway::ouch42 {

using ouch::Decode;
using ouch::Encode;

using FromClient = ouch::Messages<EnterOrder, CancelOrder, ReplaceOrder, ModifyOrder>;
// Those that come most often are looked for first.
using FromVenue =
    ouch::Messages<Accepted, Executed, Canceled, Replaced, Rejected, SystemEvent, AiqCanceled,
                   ExecutedWithReferencePrice, BrokenTrade, TradeCorrection, PriceCorrection,
                   CancelPending, CancelReject, OrderPriorityUpdate, OrderModified>;

inline constexpr std::size_t kMessageBytesMax = ouch::kFixedBytes<Replaced>;

// Call handler.On() with the message, unless it is refused.
template <class Handler>
[[nodiscard]] Fault DecodeFromClient(std::span<const std::byte> bytes, Handler& handler) noexcept {
  return ouch::DecodeAny(bytes, handler, ouch::UnknownReasons::kRefused, FromClient{});
}
template <class Handler>
[[nodiscard]] Fault DecodeFromVenue(std::span<const std::byte> bytes, Handler& handler,
                                    ouch::UnknownReasons unknown) noexcept {
  return ouch::DecodeAny(bytes, handler, unknown, FromVenue{});
}

}  // namespace ringway::ouch42
