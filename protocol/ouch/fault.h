// Why a message of OUCH is refused, when it is read or written.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringway::ouch {

enum class Fault : uint8_t {
  kNone,
  // Of the message.
  kEmpty,
  kUnknownType,
  kTooShort,
  kTooLong,
  kNoRoom,  // writing: the buffer is shorter than the message
  // Of a field: not one of its codes, out of its range, or text that is not printable.
  kTimestamp,
  kToken,
  kUserRefNum,
  kSide,
  kQuantity,
  kSymbol,
  kPrice,
  kTimeInForce,
  kFirm,
  kDisplay,
  kCapacity,
  kIso,
  kMinQuantity,
  kCrossType,
  kCustomerType,
  kEvent,
  kOrderState,
  kBboWeight,
  kReason,
  kLiquidity,
  kAiqStrategy,
  kReferencePriceType,
  kClOrdId,
  // Of the appendage (5.0).
  kAppendageLength,  // does not fit the message
  kTagLength,        // of a value, or beyond the appendage
  kTagTwice,
  kTagNotHere,  // a known tag that this message does not take
  kTagValue,
};
std::string_view Name(Fault fault) noexcept;

}  // namespace ringway::ouch
