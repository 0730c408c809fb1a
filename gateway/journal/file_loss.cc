// Checks at a start that the journal has not lost its end.
//
// DIRECTORY/progress says up to where the journal was certainly on stable storage. A kill or a loss
// of power leaves at least that much. A journal that ends before that position was restored from an
// older copy, or has lost segments.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/utc.h"
#include "gateway/journal/file_storage.h"

namespace ringway {
namespace {

constexpr const char* kBringBack =
    "bring the missing files back if they are elsewhere; else compare orders and executions with "
    "the venues, then start once with --accept-loss";

}  // namespace

absl::Status FileStorage::LookForLoss(const JournalEnd& end) {
  const absl::StatusOr<std::optional<ProgressNote>> read = ReadProgressNote(*place_.folder);
  const std::string path = place_.folder->PathOf("progress");
  if (!read.ok() && !absl::IsDataLoss(read.status())) return read.status();
  const std::optional<ProgressNote> note = read.ok() ? *read : std::nullopt;
  start_number_ = std::max(end.start, note.has_value() ? note->start : 0) + 1;
  if (!note.has_value()) {
    // Journals of earlier versions have no note, and neither has a new one.
    if (read.ok() && end.version < kJournalVersionNoted) return absl::OkStatus();
    return Lost(absl::StrCat(path, read.ok() ? " is missing" : " is damaged",
                             ": whether the journal has lost its end is not known"),
                absl::StrCat("put ", path, " back from a copy; else ", kBringBack));
  }
  // A start in between has left no record: what it accepted is not known.
  if (note->start != end.start) intact_ = false;
  const std::string where =
      absl::StrCat("it ends at position ", end.cursor.position, " (start ", end.start,
                   ", last record of ", FormatUtc(end.time_ns), ")");
  if (end.cursor.position < note->position) {
    return Lost(absl::StrCat("the journal was on stable storage up to position ", note->position,
                             " (start ", note->start, ", ", FormatUtc(note->time_ns), "), and ",
                             where, ". Records from number ", end.cursor.next_sequence,
                             " on are gone: an older copy was restored, or the "
                             "last segments were removed"),
                kBringBack);
  }
  if (note->inode == place_.folder->inode()) return absl::OkStatus();
  intact_ = false;
  if (note->closed && end.cursor.position == note->position) {
    Report(absl::StrCat("warning: ", place_.directory,
                        " is a copy of a journal that was closed in "
                        "order at ",
                        FormatUtc(note->time_ns),
                        ". Whatever the original has recorded "
                        "since is not in it"));
    return absl::OkStatus();
  }
  return Lost(absl::StrCat("this is a copy of a journal that was made while a gateway wrote it: ",
                           where, ", and what was recorded later is not in it"),
              kBringBack);
}

absl::Status FileStorage::Lost(const std::string& what, const std::string& remedy) {
  const std::string alarm = absl::StrCat("ALARM: ", place_.directory, ": ", what);
  intact_ = false;
  if (options_.accept_loss) {
    Report(absl::StrCat(alarm, ". This is accepted (--accept-loss)"));
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(alarm, ". Remedy: ", remedy));
}

}  // namespace ringway
