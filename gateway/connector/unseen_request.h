// What is said about a request that certainly never reached its venue: it was not sent before the
// venue went down or an operator killed it, or the venue's own count proves that it did not arrive?
//
// Answers in the venue's stead: the request can never trade, and gets its named outcome at once
// instead of being in doubt.
// Thread rule: a pure function.
#pragma once

#include <cstdint>

#include "gateway/step.h"

namespace ringway {

// Bits of the execId of such answers, which no venue uses: the gateway's and a connector's own.
inline constexpr uint64_t kGatewayExecIdBits = uint64_t{1} << 63;
inline constexpr uint64_t kConnectorExecIdBits = uint64_t{3} << 62;

enum class Unseen : uint8_t {
  kVenueDown,  // venueUnavailable
  kKilled,     // killSwitch; of a replace, riskLimit
};

// `exec_id` is different for every answer. REQUIRES: `request` is a NewOrder, Cancel or Replace
// towards a venue; room in `messages`.
void AnswerUnseenRequest(const Effect& request, VenueId venue, Unseen why, int64_t now_ns,
                         uint64_t exec_id, Effects& messages) noexcept;

}  // namespace ringway
