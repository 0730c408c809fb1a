// Makes a snapshot from the journal alone.
//
// Replays what is complete on the disk, from the newest snapshot on, and saves the resulting state.
// The replay compares every effect with the recorded one, so a snapshot is made only if all of them
// are equal. It never reads a segment that a running gateway still writes.
//
// Thread rule: one thread, one process at a time for each journal.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/recovery/snapshot_file.h"

namespace ringway {

struct MakeSnapshotOptions {
  JournalPlace place;
  // The last segment to be read: it and all before it are complete on the disk.
  uint64_t last_segment = UINT64_MAX;
  ReplayOptions replay;
  std::function<void(std::string_view line)> report;  // which snapshots are skipped, and why
  FileOperations* operations = nullptr;               // null: the system's
};

struct MadeSnapshot {
  SnapshotHead head;
  uint64_t file_bytes = 0;
  uint64_t steps_applied =
      0;  // 0: nothing was recorded since the newest snapshot; `head` is that one's
};

// Afterwards the folder holds this one and the one that it was made from; others are removed.
// Errors: as Recover() and WriteSnapshot(); NotFound if nothing is recorded. After an error the
// existing snapshots are kept.
absl::StatusOr<MadeSnapshot> MakeSnapshot(const MakeSnapshotOptions& options);

}  // namespace ringway
