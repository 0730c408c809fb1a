// How is a snapshot made beside a gateway that trades?
//
// In a process of its own, from the same program: it shares no memory, no page tables and no
// allocator with the engine's thread, runs behind others that want the core (nice 5, batches), is
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

// Starts the process and waits for its end, or ends it when `stops` says true (Cancelled). Errors:
// what the system says; Internal when it failed, having said why on stderr.
absl::Status RunSnapshotProcess(const std::string& directory, uint64_t last_segment,
                                const std::function<bool()>& stops);

// `--snapshot-journal DIRECTORY --snapshot-through NUMBER`: what such a process does. Answers its
// exit status. REQUIRES: a gateway holds the journal.
int SnapshotMain(const std::string& directory, uint64_t last_segment);

}  // namespace ringway
