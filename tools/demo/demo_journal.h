// Chooses the folder of a run's journal and how much memory it may use.
//
// A run leaves its journal behind, for `ringway journal verify`, `dump` and `replay`; the next run
// replaces it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/demo/options.h"

namespace ringway::demo {

// Longer runs are journaled only on request: 10^6 orders leave about a gigabyte.
inline constexpr uint64_t kJournaledOrdersMax = 1'000'000;

struct DemoJournal {
  std::string directory;  // "": none
  uint64_t segment_bytes = 0;
  std::string why_none;  // if there is none, a sentence
};

// `journal_option` "auto": $HOME/.cache/ringway/demo-journal, emptied, if the run is not longer
// than above and /dev/shm has room; "none"; or a folder, created if missing, which must be empty.
// Errors: another run is using the folder; it is not empty; /dev/shm has no room; the system's.
absl::StatusOr<DemoJournal> PrepareJournal(const DemoOptions& options);

// The largest segment, 4 to 32 MiB, whose images take at most half of the free memory; 0: even the
// smallest does not fit.
uint64_t SegmentBytesFor(uint64_t free_bytes) noexcept;

}  // namespace ringway::demo
