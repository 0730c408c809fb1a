// Makes a snapshot from what the journal holds.
//
// From the journal alone: what is recorded on the disk is replayed, from the newest snapshot on,
// and saved. The replay compares every effect with what was recorded, so only what replays to the
// last byte becomes a snapshot. It never reads what a running gateway still writes.
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
  // The last segment to be read: it and all before it are whole on the disk and change no more.
  uint64_t last_segment = UINT64_MAX;
  ReplayOptions replay;
  std::function<void(std::string_view line)> report;  // what is passed over, and why
  FileOperations* operations = nullptr;               // null: the system's
};

struct MadeSnapshot {
  SnapshotHead head;
  uint64_t file_bytes = 0;
  uint64_t steps_applied = 0;  // 0: nothing was recorded since the newest, which `head` is then
};

// Afterwards the folder holds this one and the one that it was made from; others are removed.
// Errors: as Recover() and WriteSnapshot(); NotFound where nothing is recorded. Snapshots that are
// there stay.
absl::StatusOr<MadeSnapshot> MakeSnapshot(const MakeSnapshotOptions& options);

}  // namespace ringway
