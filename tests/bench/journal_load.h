// A load for the journal in memory: the recording of new orders.
#pragma once

#include <cstdint>

#include "gateway/core/step.h"
#include "gateway/journal/writer.h"

namespace ringway::bench {

// Appends the step of a new order (232 bytes) `count` times, in rounds of 512; returns the median
// of nanoseconds per order.
double AppendOrders(uint64_t count);

}  // namespace ringway::bench

// What a gateway does for each step, under a name that callgrind can count. False if there was no
// room.
extern "C" bool ringway_journal_append(ringway::JournalWriter& writer, int64_t now_ns,
                                       const ringway::Input& input,
                                       const ringway::Effects& effects) noexcept;
