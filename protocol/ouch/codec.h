// The codec of OUCH messages, of both versions.
//
// Decode() copies a message into a struct and validates it: what it accepts has only known codes
// and values within their ranges, and no byte is left over. Encode() writes nothing that Decode()
// would refuse. Pure functions of bytes that a peer sent; nothing allocates or throws.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "protocol/ouch/appendage.h"
#include "protocol/ouch/fault.h"
#include "protocol/ouch/fields.h"

namespace ringway::ouch {

// A message that may have an appendage says which tags it takes, whether the appendage's length is
// always there, and which side sends it.
template <class M>
concept HasAppendage = requires(M& message) {
  { M::kAppendage } -> std::convertible_to<AppendageRule>;
  { M::kTags } -> std::convertible_to<uint32_t>;
  message.appendage;
};

// Writes the message to the beginning of `to`; what is there after a fault is unspecified.
template <class M>
[[nodiscard]] Encoded Encode(const M& message, std::span<std::byte> to) noexcept {
  constexpr std::size_t kBytes = kFixedBytes<M>;
  if (to.size() < kBytes) return {0, Fault::kNoRoom};
  to[0] = static_cast<std::byte>(M::kType);
  Writer writer(to.data() + 1);
  if (!M::Walk(message, writer)) [[unlikely]]
    return {0, writer.fault()};
  if constexpr (HasAppendage<M>) {
    if (M::kAppendage == AppendageRule::kOptional && message.appendage.present == 0)
      return {kBytes, Fault::kNone};
    const Encoded appendage = EncodeAppendage(message.appendage, M::kTags, to.subspan(kBytes));
    if (appendage.fault != Fault::kNone) return appendage;
    return {kBytes + appendage.bytes, Fault::kNone};
  }
  return {kBytes, Fault::kNone};
}

// After a fault the message's content is unspecified.
template <class M>
[[nodiscard]] Fault Decode(std::span<const std::byte> bytes, M& message,
                           UnknownReasons unknown = UnknownReasons::kRefused) noexcept {
  constexpr std::size_t kBytes = kFixedBytes<M>;
  if (bytes.empty()) return Fault::kEmpty;
  if (bytes[0] != static_cast<std::byte>(M::kType)) return Fault::kUnknownType;
  if (bytes.size() < kBytes) return Fault::kTooShort;
  if constexpr (!HasAppendage<M>) {
    if (bytes.size() > kBytes) return Fault::kTooLong;
  }
  Reader reader(bytes.data() + 1, unknown);
  if (!M::Walk(message, reader)) [[unlikely]]
    return reader.fault();
  if constexpr (HasAppendage<M>) {
    if (message.appendage.present != 0) message.appendage = {};
    if (bytes.size() == kBytes) {
      return M::kAppendage == AppendageRule::kRequired ? Fault::kTooShort : Fault::kNone;
    }
    return DecodeAppendage(bytes.subspan(kBytes), M::kTags, M::kOtherTags, unknown,
                           message.appendage);
  }
  return Fault::kNone;
}

// Calls handler.On() with the message, unless it is refused.
template <class Handler, class... Ms>
[[nodiscard]] Fault DecodeAny(std::span<const std::byte> bytes, Handler& handler,
                              UnknownReasons unknown, Messages<Ms...>) noexcept {
  if (bytes.empty()) return Fault::kEmpty;
  Fault fault = Fault::kUnknownType;
  const auto tries = [&]<class M>(std::type_identity<M>) noexcept {
    if (bytes[0] != static_cast<std::byte>(M::kType)) return false;
    M message;
    fault = Decode(bytes, message, unknown);
    if (fault == Fault::kNone) handler.On(message);
    return true;
  };
  (void)(tries(std::type_identity<Ms>{}) || ...);
  return fault;
}

}  // namespace ringway::ouch
