// Implements run_journal.h: chooses and clears the folder of a journal.
#include "tools/flow/run_journal.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"

namespace ringway::flow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMemory = "/dev/shm";
constexpr uint64_t kMiB = uint64_t{1} << 20;

RunJournal None(std::string why) { return {.directory = {}, .why_none = std::move(why)}; }

absl::Status SystemSays(const std::error_code& error, const std::string& what) {
  return absl::ErrnoToStatus(error.value(), what);
}

// Removes an earlier run's journal, including its images in memory.
absl::Status Clear(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  const absl::StatusOr<JournalFile> lock = LockJournal(directory);
  if (!lock.ok()) {
    return absl::IsUnavailable(lock.status())
               ? absl::UnavailableError(
                     absl::StrCat(directory,
                                  " is in use by another run: wait for its end, or name a folder "
                                  "for this one, --journal DIR"))
               : lock.status();
  }
  if (const auto place = FindJournal(directory, kMemory, false); place.ok()) {
    fs::remove_all(place->image_directory, error);
  }
  fs::remove_all(directory, error);
  return error ? SystemSays(error, absl::StrCat("cannot remove ", directory)) : absl::OkStatus();
}

// Errors: it is not empty.
absl::Status RequireEmpty(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  const bool empty = fs::is_empty(directory, error);
  if (error) return SystemSays(error, absl::StrCat("--journal ", directory));
  if (empty) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--journal ", directory, " is not empty: name a new folder, or remove this one"));
}

}  // namespace

uint64_t SegmentBytesFor(uint64_t free_bytes) noexcept {
  const uint64_t images = FileStorageOptions{}.images_max;
  for (uint64_t bytes = 32 * kMiB; bytes >= 4 * kMiB; bytes /= 2) {
    if (images * bytes <= free_bytes / 2) return bytes;
  }
  return 0;
}

std::string OwnJournal(std::string_view tool) {
  return absl::StrCat("/.cache/ringway/", std::string(tool), "-journal");
}

absl::StatusOr<RunJournal> PrepareJournal(const std::string& choice, std::string_view tool,
                                          uint64_t orders) {
  const bool chosen = choice != "auto";
  if (choice == "none") return None("--journal none");
  const char* const home = getenv("HOME");
  if (!chosen && home == nullptr) return None("HOME is not set, and --journal names no folder");
  const bool bounded = orders != 0 && orders <= kJournaledOrdersMax;
  if (!chosen && !bounded) {
    return None(absl::StrCat("more than ", kJournaledOrdersMax,
                             " orders, or a run by time: --journal DIR keeps theirs"));
  }

  struct statvfs memory {};
  if (statvfs(kMemory, &memory) != 0) return absl::ErrnoToStatus(errno, kMemory);
  const uint64_t free_bytes = uint64_t{memory.f_bavail} * memory.f_frsize;
  const uint64_t segment_bytes = SegmentBytesFor(free_bytes);
  if (segment_bytes == 0) {
    const std::string why =
        absl::StrCat(kMemory, " has ", free_bytes / kMiB, " MiB left, and a journal needs 32");
    if (!chosen) return None(why);
    return absl::ResourceExhaustedError(
        absl::StrCat(why, ": remove what is there, or enlarge it (--shm-size of a container)"));
  }

  const std::string directory =
      chosen ? fs::absolute(choice).string() : absl::StrCat(home, OwnJournal(tool));
  const absl::Status clear = chosen ? RequireEmpty(directory) : Clear(directory);
  if (!clear.ok()) return clear;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return SystemSays(error, absl::StrCat("cannot make ", directory));
  return RunJournal{.directory = directory, .segment_bytes = segment_bytes, .why_none = {}};
}

}  // namespace ringway::flow
