// Merges the records of all parties into one possible order of events.
//
// Each record is ordered; between records only causality counts: a message is taken after it was
// sent, a report is received after it was sent. Any order that respects this is possible, and the
// checker (tests/sim/checker.h) judges one of them. An event without a cause is inserted all the
// same, for the checker to find.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/e2e/kills/gateway_record.h"
#include "tests/sim/events.h"

namespace ringway::kills {

// `strategies` by session - 1, `exchanges` by venue - 1. The holdings at the end of an exchange's
// record come last, together with what its former processes had bought and sold as far as the
// gateway heard. REQUIRES: every process has ended in order.
std::vector<sim::Event> MakeHistory(std::span<const std::span<const sim::Event>> strategies,
                                    const GatewayRecord& gateway,
                                    std::span<const std::span<const sim::Event>> exchanges);

}  // namespace ringway::kills
