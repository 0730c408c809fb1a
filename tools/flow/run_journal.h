// Chooses the folder of a run's journal and how much memory it may use.
//
// A run leaves its journal behind, for `ringway journal verify`, `dump` and `replay`; the next run
// replaces it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringway::flow {

// Longer runs are journaled only on request: 10^6 orders leave about a gigabyte.
inline constexpr uint64_t kJournaledOrdersMax = 1'000'000;

struct RunJournal {
  std::string directory;  // "": none
  uint64_t segment_bytes = 0;
  std::string why_none;  // if there is none, a sentence
};

// The folder of a tool's own journal, behind $HOME.
std::string OwnJournal(std::string_view tool);

// `choice` "auto": the tool's own, emptied, if the run is known not to be longer than above
// (`orders`; 0: not known) and /dev/shm has room; "none"; or a folder, created if missing, which
// must be empty.
// Errors: another run is using the folder; it is not empty; /dev/shm has no room; the system's.
absl::StatusOr<RunJournal> PrepareJournal(const std::string& choice, std::string_view tool,
                                          uint64_t orders);

// The largest segment, 4 to 32 MiB, whose images take at most half of the free memory; 0: even the
// smallest does not fit.
uint64_t SegmentBytesFor(uint64_t free_bytes) noexcept;

}  // namespace ringway::flow
