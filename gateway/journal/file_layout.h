// The files of a journal: their names, places and notes.
//
//   DIRECTORY/journal                   24 bytes: which journal this is (JOURNAL.md)
//   DIRECTORY/lock                      locked by the process that writes the journal
//   DIRECTORY/running                   RunningNote: while a gateway runs, and after it was killed
//   DIRECTORY/progress                  ProgressNote: how far the journal had come at least
//   DIRECTORY/000000000001.segment ...  the segments, on the disk
//   MEMORY/ringway-journal-ID-RANDOM/   while a gateway runs, and after it was killed:
//     owner                             whose images these are (image_folder.h)
//     000000000007.image ...            segments whose newest bytes may not be on the disk yet
//     idle                              the image of one that is, for the next segment
//
// MEMORY is a RAM file system, so an image outlives the process but not the machine's power. ID is
// the journal's random number, RANDOM one of each process, so that no other process can make the
// folder first. DIRECTORY/running names the folder of images that is valid, and that folder names
// the DIRECTORY it belongs to: a copy of a journal finds no images. Thread rule: free functions,
// any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/folder.h"

namespace ringway {

// Written by the process that writes the journal, removed at its orderly end; after a kill the next
// one puts its own in place of it.
struct RunningNote {
  std::string boot_id;          // of the machine's boot; empty: the kernel did not say
  std::string image_directory;  // absolute
  uint64_t first_number = 1;    // of the segments that the process writes
};

// How much of the journal was certainly on stable storage, stated outside of its segments: if they
// end before, records are lost. Replaced at every start, whenever a segment is complete on the
// disk, and at an orderly end.
struct ProgressNote {
  uint32_t start = 0;     // number of the latest start; it may have left no record
  uint64_t position = 0;  // the journal was on stable storage up to here
  int64_t time_ns = 0;    // when that was noted, since the Unix epoch
  bool closed = false;    // the process ended with everything on stable storage
  uint64_t inode = 0;     // of DIRECTORY: a copy has another
};

struct JournalPlace {
  std::string directory;
  std::string image_directory;  // empty: no process left images
  uint64_t journal_id = 0;
  std::shared_ptr<const Folder> folder;  // of `directory`
  std::shared_ptr<const Folder> images;  // null: there are none, or they are out of reach

  static std::string SegmentName(uint64_t number);
  static std::string ImageName(uint64_t number);
  std::string SegmentPath(uint64_t number) const;
  std::string ImagePath(uint64_t number) const;
};

// Finds the journal in `directory`. With `create` makes an empty one if there is none; the
// directory must then belong to this user, and no other may write to it. Images are searched where
// DIRECTORY/running says, or under the same name in `memory_directory`. Errors: NotFound; DataLoss
// if a file is damaged; PermissionDenied; the system's.
absl::StatusOr<JournalPlace> FindJournal(const std::string& directory,
                                         const std::string& memory_directory, bool create);

// None: the journal was closed in order. Errors: DataLoss where it is damaged.
absl::StatusOr<std::optional<RunningNote>> ReadRunningNote(const Folder& folder);
// On stable storage when it returns.
absl::Status WriteRunningNote(const Folder& folder, const RunningNote& note);
absl::Status RemoveRunningNote(const Folder& folder);

// None: there is no note. Errors: DataLoss where it is damaged.
absl::StatusOr<std::optional<ProgressNote>> ReadProgressNote(const Folder& folder);
// On stable storage when it returns.
absl::Status WriteProgressNote(const Folder& folder, const ProgressNote& note);

// Makes `file` the only one that writes the journal in `directory`, as long as it is open. Errors:
// Unavailable when another process does; what the system says, as where this user may not write.
absl::StatusOr<JournalFile> LockJournal(const std::string& directory);
absl::StatusOr<JournalFile> LockJournal(const Folder& folder);

// Identifies the machine's boot, as the kernel says it; empty if it does not.
std::string BootId();

}  // namespace ringway
