// In which order did it all happen, when each party tells only its own part?
//
// Every record is in order by itself; between two of them only causes count: a message is taken
// after it was sent, a report received after it was said. Any order that respects those is one that
// could have been, and the checker (tests/sim/checker.h) judges one of them. Where an event's cause
// is nowhere, the event is put in all the same, for the checker to find.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/e2e/kills/gateway_record.h"
#include "tests/sim/events.h"

namespace ringway::kills {

// `strategies` by session - 1, `exchanges` by venue - 1. The holdings that an exchange's record
// ends with are put behind everything, with what its former processes had bought and sold as far as
// the gateway has heard. REQUIRES: everybody has ended, in good order.
std::vector<sim::Event> MakeHistory(std::span<const std::span<const sim::Event>> strategies,
                                    const GatewayRecord& gateway,
                                    std::span<const std::span<const sim::Event>> exchanges);

}  // namespace ringway::kills
