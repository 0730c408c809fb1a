// Checks before a start that the journal's file systems last and have room.
#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gateway/journal/file_storage.h"

namespace ringway {

absl::Status FileStorage::CheckLasting() const {
  const std::string_view why = WhyVolatile(operations_.FileSystem(place_.folder->fd()));
  if (why.empty()) return absl::OkStatus();
  const std::string what = absl::StrCat(place_.directory, " lies on ", std::string(why),
                                        ", and the journal with it: what was "
                                        "acknowledged as durable would be lost");
  if (options_.allow_volatile) {
    Report(absl::StrCat("warning: ", what, " (allow_volatile)"));
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      what,
      ". Remedy: name a directory on a disk; for a container a volume (-v "
      "/var/lib/ringway:/var/lib/ringway). For demos and tests: journal.allow_volatile = true"));
}

// Checked now, because a lack of room would stop orders later.
absl::Status FileStorage::CheckRoom() {
  const uint64_t memory_needed =
      (options_.images_max - std::min<uint64_t>(image_numbers_.size(), options_.images_max)) *
      options_.segment_bytes;
  const uint64_t memory_free = operations_.FreeBytes(memory_.fd());
  if (memory_free < memory_needed) {
    return absl::ResourceExhaustedError(absl::StrCat(
        memory_.path(), " has room for ", memory_free >> 20, " MiB, and the journal needs ",
        memory_needed >> 20, " MiB there: ", options_.images_max, " segments of ",
        options_.segment_bytes >> 20,
        " MiB. Remedy: a larger file system (mount -o remount,size=...; for a container "
        "--shm-size=... or --ipc=host), another memory_directory, or a smaller segment_bytes"));
  }
  const uint64_t disk_needed = (options_.spare_segments + 1 -
                                std::min<uint64_t>(kept_.size(), options_.spare_segments + 1)) *
                               options_.segment_bytes;
  const uint64_t disk_free = operations_.FreeBytes(place_.folder->fd());
  if (disk_free < disk_needed) {
    return absl::ResourceExhaustedError(absl::StrCat(
        place_.directory, " has room for ", disk_free >> 20, " MiB, and the journal needs ",
        disk_needed >> 20, " MiB to begin with: ", options_.spare_segments + 1, " segments of ",
        options_.segment_bytes >> 20,
        " MiB. Remedy: make room there, name another directory, or allow old segments "
        "to be removed (keep_bytes)"));
  }
  return absl::OkStatus();
}

}  // namespace ringway
