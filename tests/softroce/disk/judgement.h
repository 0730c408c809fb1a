// Do a strategy and a journal tell the same story? Failures are those of the test that calls.
#pragma once

#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/strategy.h"

namespace ringway::disk {

// Every order is answered, once; those refused, because of the journal and nothing else.
void ExpectRefusedOnlyForTheJournal(const Strategy& strategy);

// What is in the journal was sent so; nothing in it is there twice, and its times never step back.
void ExpectSound(const Strategy& strategy, const JournalContents& journal);
// As ExpectSound(), and each of `ids` is there, as it was acknowledged.
void ExpectThere(const Strategy& strategy, const JournalContents& journal,
                 const std::vector<uint64_t>& ids);
// And every order that was acknowledged.
void ExpectAcknowledgedOf(const Strategy& strategy, const JournalContents& journal);
// And every order that was sent.
void ExpectAllOf(const Strategy& strategy, const JournalContents& journal);

// The gateway starts, the strategy is back with nothing lost and nothing told twice, both agree
// which orders are open, and orders are taken as `durable`.
void ExpectGoesOn(GatewayRun& run, Strategy& strategy);

}  // namespace ringway::disk
