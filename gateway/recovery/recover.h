// Rebuilds the gateway that a journal recorded, by the shortest way.
//
// Loads the newest valid snapshot and applies the records behind it. A snapshot that is damaged, of
// another journal or version, or that does not end where a record of the journal ends is skipped
// and reported; then the next older one is tried, and finally the whole journal is replayed. Damage
// of the journal itself is always an error.
//
// Thread rule: one thread; one more while it runs, if asked to read ahead. Reads only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/source.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/recovery/snapshot_file.h"

namespace ringway {

struct RecoverOptions {
  std::string directory;  // of the snapshots
  uint64_t journal_id = 0;
  ReplayOptions replay;
  std::function<void(std::string_view line)> report;  // which snapshots are skipped, and why
  // A thread of its own reads and checks the records meanwhile (AheadReader).
  bool reads_ahead = false;
  // Asked every so often; true ends the replay with Cancelled. May be empty.
  std::function<bool()> stops = {};
};

struct Recovered {
  ReplayedGateway past;
  JournalEnd end;
  uint64_t snapshot_position = 0;  // where the records that were applied begin; 0: the first
  uint64_t steps_applied = 0;
};

// Errors: the reader's; DataLoss if the replay differs from what was recorded, or if the journal's
// oldest segments are gone and no snapshot is valid; FailedPrecondition if another release's steps
// would have to be replayed; Cancelled if `stops` returned true.
absl::StatusOr<Recovered> Recover(JournalSource& source, const RecoverOptions& options);

}  // namespace ringway
