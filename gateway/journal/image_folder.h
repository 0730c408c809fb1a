// The folders in memory that hold a journal's newest bytes: made, found, and removed when their
// journal is gone.
//
// MEMORY may be shared with other users, as /dev/shm is. A folder of images there is made under a
// random name, belongs to the journal's user and is closed to all others; its file `owner` says
// which DIRECTORY it belongs to. Any other folder is never used and never removed.
// Thread rule: free functions of set-up code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/folder.h"

namespace ringway {

// The RAM file system's folder. Errors: InvalidArgument: it is not in memory; PermissionDenied:
// other users could remove its contents.
absl::StatusOr<Folder> OpenMemory(const std::string& memory_directory);

// A new one, with a lock that lasts as long as it is open. Errors: the system's.
absl::StatusOr<Folder> MakeImages(const Folder& memory, uint64_t journal_id, const Folder& journal);

// The one at `path`, or of the same name in `memory_directory`. Errors: NotFound: it is gone, or
// belongs to another journal; PermissionDenied: others could have changed it.
absl::StatusOr<Folder> OpenImages(const std::string& path, const std::string& memory_directory,
                                  const Folder& journal);

// Whether the first record of this image is whole. Images of a process that recorded nothing do not
// prove that memory survived since the process before.
bool ImageHoldsRecord(const Folder& images, const std::string& name);

// Removes it with its files. What cannot be removed stays.
void RemoveImages(const Folder& images);

// Removes this user's images that are no longer needed: those of journals that no longer exist, and
// those of `journal`, whose lock the caller holds and whose images are copied to their segments.
// Reports each in a line.
void SweepImages(const Folder& memory, const Folder& journal,
                 const std::function<void(std::string_view line)>& report);

}  // namespace ringway
