// Replays the journal for a snapshot, and removes older snapshots.
#include "gateway/recovery/make_snapshot.h"

#include <sys/stat.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/journal/file_source.h"
#include "gateway/recovery/recover.h"

namespace ringway {

absl::StatusOr<MadeSnapshot> MakeSnapshot(const MakeSnapshotOptions& options) {
  const std::string& directory = options.place.directory;
  absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::OpenCompleted(options.place, options.last_segment);
  if (!source.ok()) return source.status();
  absl::StatusOr<Recovered> recovered = Recover(**source, {.directory = directory,
                                                           .journal_id = options.place.journal_id,
                                                           .replay = options.replay,
                                                           .report = options.report});
  if (!recovered.ok()) return recovered.status();
  const JournalCursor& end = recovered->end.cursor;
  const uint64_t from = recovered->snapshot_position;
  if (recovered->past.start() == 0) {
    return absl::NotFoundError(absl::StrCat(directory, ": nothing is recorded yet"));
  }
  MadeSnapshot made;
  if (end.position == from) {
    const absl::StatusOr<Snapshot> newest =
        ReadSnapshotAt(directory, from, options.place.journal_id);
    if (!newest.ok()) return newest.status();
    made.head = newest->head;
    made.file_bytes = sizeof(SnapshotHead) + newest->state.size();
    return made;
  }
  SystemFileOperations system;
  absl::StatusOr<SnapshotHead> head =
      WriteSnapshot(directory, options.place.journal_id, end, recovered->past,
                    options.operations != nullptr ? *options.operations : system);
  if (!head.ok()) return head.status();
  made.head = *head;
  made.file_bytes = sizeof(SnapshotHead) + head->engine_bytes + head->surroundings_bytes;
  made.steps_applied = recovered->steps_applied;
  RemoveSnapshotsBut(directory, std::array{from, end.position});
  return made;
}

}  // namespace ringway
