// OUCH 5.0 (NASDAQ, "OUCH 5.0 Order Entry Specification"): its messages and their codec. OUCH.md
// draws the bytes; codec.h says what Encode() and Decode() promise.
#pragma once

#include <cstddef>
#include <span>

#include "protocol/ouch/appendage.h"
#include "protocol/ouch/codec.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"
#include "protocol/ouch/ouch50_client.h"
#include "protocol/ouch/ouch50_venue.h"

namespace ringway::ouch50 {

using ouch::Decode;
using ouch::Encode;

using FromClient = ouch::Messages<EnterOrder, CancelOrder, ReplaceOrder, ModifyOrder, MassCancel,
                                  DisableOrderEntry, EnableOrderEntry, AccountQuery>;
// Those that come most often are looked for first.
using FromVenue =
    ouch::Messages<Accepted, Executed, Canceled, Replaced, Rejected, SystemEvent, AiqCanceled,
                   BrokenTrade, TradeCorrection, CancelPending, CancelReject, OrderPriorityUpdate,
                   OrderModified, OrderRestated, MassCancelResponse, DisableOrderEntryResponse,
                   EnableOrderEntryResponse, AccountQueryResponse>;

inline constexpr std::size_t kMessageBytesMax = ouch::kFixedBytes<Replaced> + kAppendageBytesMax;

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

}  // namespace ringway::ouch50
