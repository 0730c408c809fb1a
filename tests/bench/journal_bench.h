// Measures the cost of the journal: recording an order, reading a journal back, an ack that waits
// for the disk.
#pragma once

#include "tests/bench/report.h"

namespace ringway::bench {

// Writes some 500 MB to a folder in TMPDIR, or /var/tmp, and removes it.
void RunJournalBench(Report& report);

}  // namespace ringway::bench
