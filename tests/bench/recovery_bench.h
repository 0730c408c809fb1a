// Measures how long until a gateway serves again, by the size of its journal, with and without a
// snapshot.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Journals that the gateway's program writes, up to a million records (300 MB in TMPDIR, or
// /var/tmp), replayed; and the program itself, killed with such a journal.
void RunRecoveryBench(Report& report);

// The same with ten million records, which need 3 GB there.
void RunLargeRecoveryBench(Report& report);

}  // namespace ringway::bench
