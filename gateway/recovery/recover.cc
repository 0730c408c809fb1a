// Tries the snapshots, newest first, and applies the records behind one.
#include "gateway/recovery/recover.h"

#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "gateway/journal/ahead_reader.h"

namespace ringway {
namespace {

enum class Fault : uint8_t { kNone, kOfSnapshot, kOfJournal };

// Records between two calls of `stops`.
constexpr uint32_t kRecordsPerLook = 1'024;

// One attempt: `recovered.past` is the state at `from`. On failure says whose fault it is.
template <class Reader>
absl::Status ApplyWith(JournalSource& source, const std::optional<JournalCursor>& from,
                       const std::function<bool()>& stops, Recovered& recovered, Fault& fault) {
  Reader reader(source);
  fault = Fault::kOfJournal;
  if (absl::Status opened = reader.Open(from); !opened.ok()) {
    // The journal may end before the snapshot or begin behind it: that is no damage of the journal.
    if (from && (absl::IsFailedPrecondition(opened) || absl::IsNotFound(opened))) {
      fault = Fault::kOfSnapshot;
    }
    return opened;
  }
  const uint64_t steps_before = recovered.past.steps();
  JournalRecord record;
  for (uint32_t turn = 0;; ++turn) {
    if (turn % kRecordsPerLook == 0 && stops && stops()) {
      return absl::CancelledError("the replay was stopped before its end");
    }
    switch (reader.Next(record)) {
      case JournalReader::Result::kRecord:
        if (absl::Status applied = recovered.past.Apply(record); !applied.ok()) {
          // An older snapshot does not help: its records include this one of another release.
          fault = absl::IsFailedPrecondition(applied) ? Fault::kOfJournal : Fault::kOfSnapshot;
          return applied;
        }
        RINGWAY_PROBE(recovery_record_replayed);
        break;
      case JournalReader::Result::kFailed:
        return reader.status();
      case JournalReader::Result::kEnd:
        recovered.end = reader.end();
        // Where a snapshot ends the journal no record says which start it was.
        recovered.end.start = recovered.past.start();
        recovered.steps_applied = recovered.past.steps() - steps_before;
        fault = Fault::kNone;
        return absl::OkStatus();
    }
  }
}

absl::Status ApplyFrom(JournalSource& source, const std::optional<JournalCursor>& from,
                       const RecoverOptions& options, Recovered& recovered, Fault& fault) {
  return options.reads_ahead
             ? ApplyWith<AheadReader>(source, from, options.stops, recovered, fault)
             : ApplyWith<JournalReader>(source, from, options.stops, recovered, fault);
}

}  // namespace

absl::StatusOr<Recovered> Recover(JournalSource& source, const RecoverOptions& options) {
  const absl::StatusOr<std::vector<uint64_t>> positions = SnapshotsIn(options.directory);
  if (!positions.ok()) return positions.status();
  const auto pass_over = [&options](const std::string& path, const absl::Status& why) {
    if (!options.report) return;
    options.report(absl::StrCat(path, " is skipped: ", std::string(why.message())));
  };
  for (std::size_t i = positions->size(); i != 0; --i) {
    const std::string path = SnapshotPath(options.directory, (*positions)[i - 1]);
    const absl::StatusOr<Snapshot> snapshot =
        ReadSnapshotAt(options.directory, (*positions)[i - 1], options.journal_id);
    if (!snapshot.ok()) {
      pass_over(path, snapshot.status());
      continue;
    }
    absl::StatusOr<ReplayedGateway> past = LoadSnapshot(*snapshot, options.replay);
    if (!past.ok()) {
      pass_over(path, past.status());
      continue;
    }
    Recovered recovered{.past = *std::move(past),
                        .end = {},
                        .snapshot_position = snapshot->head.position,
                        .steps_applied = 0};
    Fault fault = Fault::kNone;
    absl::Status applied = ApplyFrom(source, snapshot->head.cursor(), options, recovered, fault);
    if (fault == Fault::kNone) return recovered;
    if (fault == Fault::kOfJournal) return applied;
    pass_over(path, applied);
  }
  if (!source.segments().empty() && source.segments().front().number != 1) {
    return absl::DataLossError(absl::StrCat(
        options.directory, ": the journal begins with ", source.segments().front().name,
        ", and there is no snapshot to begin from. Remedy: restore a .snapshot file, or the older "
        "segments, from a copy"));
  }
  Recovered recovered{.past = ReplayedGateway(options.replay),
                      .end = {},
                      .snapshot_position = 0,
                      .steps_applied = 0};
  Fault fault = Fault::kNone;
  if (absl::Status applied = ApplyFrom(source, std::nullopt, options, recovered, fault);
      !applied.ok()) {
    return applied;
  }
  return recovered;
}

}  // namespace ringway
