// The file of a snapshot: its layout, and how it is created whole or not at all.
//
//   DIRECTORY/000000000067108864.snapshot   everything before that position of the journal
//   DIRECTORY/snapshot.unfinished           one that is being made; left by a crash: meaningless
//
// A SnapshotHead, then the engine's state, then what is kept of sessions and venues; each ends with
// its own CRC-32C (gateway/engine/archive.h). JOURNAL.md draws it. A file is valid if every
// checksum holds and it belongs to this journal; its name does not matter.
//
// Thread rule: free functions; one process at a time makes snapshots of a journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/format.h"
#include "gateway/recovery/replayed_gateway.h"

namespace ringway {

inline constexpr uint64_t kSnapshotMagic = 0x5359'4157'474E'4952;  // "RINGWAYS"
inline constexpr uint32_t kSnapshotVersion = 1;

struct SnapshotHead {
  uint64_t magic;
  uint32_t version;
  uint32_t head_bytes;  // 104: where the engine's state begins
  uint64_t journal_id;
  uint64_t position;       // of the JournalCursor behind the last record that is in it
  uint64_t next_sequence;  // of the same
  uint32_t previous_crc;   // of the same
  uint32_t start;          // of that record
  uint64_t config_hash;    // of the configuration that the state is of
  uint64_t steps;          // from the journal's beginning
  uint64_t state_hash;     // Engine::StateHash()
  int64_t time_ns;         // of the last step, since the Unix epoch
  uint64_t engine_bytes;
  uint64_t surroundings_bytes;
  uint32_t engine_release;  // of the records that led to the state; 0: from before it was counted
  uint32_t crc;             // CRC-32C of the bytes before it

  JournalCursor cursor() const noexcept { return {position, next_sequence, previous_crc}; }
};
static_assert(std::is_trivially_copyable_v<SnapshotHead> && sizeof(SnapshotHead) == 104);
static_assert(offsetof(SnapshotHead, journal_id) == 16 && offsetof(SnapshotHead, position) == 24);
static_assert(offsetof(SnapshotHead, previous_crc) == 40 && offsetof(SnapshotHead, start) == 44);
static_assert(offsetof(SnapshotHead, config_hash) == 48 && offsetof(SnapshotHead, steps) == 56);
static_assert(offsetof(SnapshotHead, state_hash) == 64 && offsetof(SnapshotHead, time_ns) == 72);
static_assert(offsetof(SnapshotHead, engine_bytes) == 80 && offsetof(SnapshotHead, crc) == 100);

// A file whose checksums hold.
struct Snapshot {
  SnapshotHead head;
  std::vector<std::byte> state;  // what follows the head

  SavedGateway saved() const noexcept {
    const std::span<const std::byte> all(state);
    return {.config_hash = head.config_hash,
            .steps = head.steps,
            .start = head.start,
            .engine_release = head.engine_release,
            .engine = all.first(static_cast<std::size_t>(head.engine_bytes)),
            .surroundings = all.subspan(static_cast<std::size_t>(head.engine_bytes))};
  }
};

std::string SnapshotPath(const std::string& directory, uint64_t position);

// The positions that files are named after, ascending. Errors: the system's.
absl::StatusOr<std::vector<uint64_t>> SnapshotsIn(const std::string& directory);

// Errors: DataLoss (damaged, cut short, of another journal), Unimplemented (of another version),
// and what the system says; each begins with the path.
absl::StatusOr<Snapshot> ReadSnapshot(const std::string& path, uint64_t journal_id);
// The one that is named after this position. Errors: as above; DataLoss where it is of another.
absl::StatusOr<Snapshot> ReadSnapshotAt(const std::string& directory, uint64_t position,
                                        uint64_t journal_id);

// The heads of this journal's valid snapshots that end behind this position, ascending.
absl::StatusOr<std::vector<SnapshotHead>> SnapshotsBehind(const std::string& directory,
                                                          uint64_t journal_id, uint64_t position);
// Renames the snapshot that is named after this position to *.snapshot.lost.
absl::Status SetSnapshotAside(const std::string& directory, uint64_t position);

// The gateway that it holds. Errors: as ReplayedGateway::Load(); DataLoss if the state's hash
// differs from the recorded one.
absl::StatusOr<ReplayedGateway> LoadSnapshot(const Snapshot& snapshot,
                                             const ReplayOptions& options);

// Writes `past`, which ends at `end`, to stable storage under its name. Errors: the system's; then
// there is no such file, or a whole one whose name a loss of power may remove.
absl::StatusOr<SnapshotHead> WriteSnapshot(const std::string& directory, uint64_t journal_id,
                                           const JournalCursor& end, ReplayedGateway& past,
                                           FileOperations& operations);

// Removes every snapshot of the folder but these. One that cannot be removed stays.
void RemoveSnapshotsBut(const std::string& directory, std::span<const uint64_t> positions);

}  // namespace ringway
