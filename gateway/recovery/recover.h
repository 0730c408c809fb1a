// Rebuilds the gateway that a journal recorded, by the shortest way.
//
// Begins with the newest snapshot that can be believed and applies the records behind it. A
// snapshot that is damaged, of another journal or version, or that the journal does not go on from
// is passed over with a word; then the next older one, at last the whole journal. Damage of the
// journal itself is always an error.
//
// Thread rule: one thread. Reads only.
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
  std::function<void(std::string_view line)> report;  // what is passed over, and why
  // Asked every so often; true ends the replay with Cancelled. May be empty.
  std::function<bool()> stops = {};
};

struct Recovered {
  ReplayedGateway past;
  JournalEnd end;
  uint64_t snapshot_position = 0;  // where the records that were applied begin; 0: the first
  uint64_t steps_applied = 0;
};

// Errors: what the reader says of the journal; DataLoss where the replay is not what was recorded,
// or where the journal's oldest segments are gone and no snapshot can be used; FailedPrecondition
// where another release's steps would have to be replayed; Cancelled where `stops` said so.
absl::StatusOr<Recovered> Recover(JournalSource& source, const RecoverOptions& options);

}  // namespace ringway
