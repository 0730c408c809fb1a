// Makes a snapshot beside a gateway that trades.
//
// Runs in a process of its own, from the same program: it shares no memory, no page tables and no
// allocator with the engine's thread, yields the core to others that want it (nice 5, batches), is
// the first that a kernel short of memory ends, and dies with its gateway. docs/adr/0017.
//
// Thread rule: RunSnapshotProcess() on any thread that outlives it; SnapshotMain() is all of a
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace ringway {

// Starts the process and waits for its end, or ends it when `stops` returns true (Cancelled).
// Errors: the system's; Internal when it failed, having written the cause to stderr.
absl::Status RunSnapshotProcess(const std::string& directory, uint64_t last_segment,
                                const std::function<bool()>& stops);

// The main function of such a process: `--snapshot-journal DIRECTORY --snapshot-through NUMBER`.
// Returns its exit status. REQUIRES: a gateway holds the journal.
int SnapshotMain(const std::string& directory, uint64_t last_segment);

}  // namespace ringway
