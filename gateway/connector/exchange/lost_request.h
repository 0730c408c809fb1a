// What is said about a request that was sent but, as the exchange's count proves, never arrived?
#pragma once

#include <cstdint>

#include "gateway/step.h"

namespace ringway {

// Answers in the exchange's stead, venueUnavailable: the exchange knows nothing of the request, so
// it can never trade. `number` (below 2^62) is different for every answer; with the two top bits
// set it becomes the execId, which no venue uses. REQUIRES: `request` is a NewOrder, Cancel or
// Replace towards a venue; room in `messages`.
void AnswerLostRequest(const Effect& request, VenueId venue, int64_t now_ns, uint64_t number,
                       Effects& messages) noexcept;

}  // namespace ringway
