// Checks that a strategy and a journal agree. Failures are reported to the calling test.
#pragma once

#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/strategy.h"

namespace ringway::disk {

// Every order is answered exactly once, and refused ones only because of the journal.
void ExpectRefusedOnlyForTheJournal(const Strategy& strategy);

// Everything in the journal was sent so, nothing is in it twice, and its times never step back.
void ExpectSound(const Strategy& strategy, const JournalContents& journal);
// As ExpectSound(), and each of `ids` is in it, as acknowledged.
void ExpectThere(const Strategy& strategy, const JournalContents& journal,
                 const std::vector<uint64_t>& ids);
// As ExpectThere(), for every order that was acknowledged.
void ExpectAcknowledgedOf(const Strategy& strategy, const JournalContents& journal);
// As ExpectThere(), for every order that was sent.
void ExpectAllOf(const Strategy& strategy, const JournalContents& journal);

// The gateway starts, the strategy is back with nothing lost and nothing repeated, both agree on
// which orders are open, and orders are accepted as `durable`.
void ExpectGoesOn(GatewayRun& run, Strategy& strategy);

}  // namespace ringway::disk
