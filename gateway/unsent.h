// What is said about a request that was never sent, because its venue went down while it waited
// here?
//
// The gateway knows for certain that no venue saw it. So it answers in the venue's stead, with
// venueUnavailable, and the request gets its named outcome at once instead of being in doubt.
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/step.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// Execution identifiers of these answers have the top bit set, which no venue's have.
inline constexpr uint64_t kOwnExecIdBit = uint64_t{1} << 63;

struct UnsentAnswer {
  FrameType type{};
  uint32_t payload_bytes = 0;
  alignas(8) std::array<std::byte, kPayloadBytesMax> payload;
  std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
};

// `number` is different for every answer. REQUIRES: `request` is a NewOrder, Cancel or Replace
// towards a venue.
UnsentAnswer AnswerUnsent(const Effect& request, int64_t now_ns, uint64_t number) noexcept;

}  // namespace ringway
