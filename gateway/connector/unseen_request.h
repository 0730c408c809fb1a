// The answer to a request that certainly never reached its venue: the venue went down, an operator
// killed it or its owner canceled it before it was sent, or the venue's own count proves that it
// did not arrive.
//
// Answers in the venue's stead: the request can never trade, and gets its definite outcome at once
// instead of being in doubt. Thread rule: a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/connector/connector.h"
#include "gateway/core/step.h"

namespace ringway {

// Bits of the execId of a connector's own answers, which no venue uses. The gateway's are in
// gateway/core/step.h.
inline constexpr uint64_t kConnectorExecIdBits = uint64_t{3} << 62;

enum class Unseen : uint8_t {
  kVenueDown,  // venueUnavailable
  kJournal,    // its record can never be durable: journalUnavailable; for others, venueUnavailable
  kKilled,     // killSwitch; for a replace, riskLimit
  kWithdrawn,  // a cancel of an order that had not left: canceled
};

// Whether a report is the gateway's answer to the cancel of an order that had not left.
inline bool IsWithdrawal(const ExecutionReport& report) noexcept {
  return report.exec_id >> 62 == kGatewayExecIdBits >> 62 &&
         report.exec_type == ExecType::kCanceled;
}

// Replaces an order that was canceled before it left, where the venue counts requests: a cancel of
// the order by its own identifier, which the venue does not know.
Effect CancelInPlaceOf(uint64_t id, const Effect& order) noexcept;
inline bool IsInPlaceOfOrder(const EffectView& request) noexcept {
  return request.type == FrameType::kCancel && VenueRequestId(request) == OrigRequestId(request);
}

// The answer, as a message of the venue. `exec_id` is different for every answer. REQUIRES:
// `request` is the payload of a NewOrder, Cancel or Replace towards a venue.
Effect AnswerUnseenRequest(FrameType type, std::span<const std::byte> request, VenueId venue,
                           Unseen why, int64_t now_ns, uint64_t exec_id) noexcept;

}  // namespace ringway
