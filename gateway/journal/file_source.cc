// How segments are found and read, and who may write them.
#include "gateway/journal/file_source.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "gateway/journal/format.h"

namespace ringway {
namespace {

// Whether the image is of the segment in the file: their headers are equal. An image that was only
// just made has none yet, and nothing else.
bool SameHeader(const std::string& image, const std::string& segment) {
  std::array<std::array<std::byte, sizeof(SegmentHeader)>, 2> headers;
  std::size_t index = 0;
  for (const std::string& path : {image, segment}) {
    const JournalFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<std::byte, sizeof(SegmentHeader)>& header = headers[index++];
    if (!file ||
        read(file.fd(), header.data(), header.size()) != static_cast<ssize_t>(header.size())) {
      return false;
    }
  }
  return headers[0] == headers[1];
}

}  // namespace

absl::StatusOr<JournalFile> LockJournal(const std::string& directory) {
  JournalFile file(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return SystemError(errno, absl::StrCat("cannot open ", directory));
  if (flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return SystemError(errno, absl::StrCat("cannot lock ", directory));
  return absl::UnavailableError(absl::StrCat(
      directory,
      " is in use by another gateway: stop it, or give this one a directory of its own"));
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Open(const std::string& directory,
                                                             const std::string& memory_directory) {
  absl::StatusOr<JournalPlace> place = FindJournal(directory, memory_directory, false);
  if (!place.ok()) return place.status();
  const absl::StatusOr<JournalFile> lock = LockJournal(directory);
  if (!lock.ok() && !absl::IsUnavailable(lock.status())) return lock.status();
  std::unique_ptr<FileSource> source(new FileSource);
  if (absl::Status listed = source->List(*place, lock.ok()); !listed.ok()) return listed;
  return source;
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::OpenLocked(const JournalPlace& place) {
  std::unique_ptr<FileSource> source(new FileSource);
  if (absl::Status listed = source->List(place, true); !listed.ok()) return listed;
  return source;
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::OpenCompleted(const JournalPlace& place,
                                                                      uint64_t last_number) {
  std::unique_ptr<FileSource> source(new FileSource);
  if (absl::Status listed = source->List(place, false, last_number); !listed.ok()) return listed;
  return source;
}

absl::Status FileSource::List(const JournalPlace& place, bool use_images, uint64_t last_number) {
  // Without the images' directory, memory was lost, or everything was brought home in order.
  power_may_have_failed_ = !use_images || !DirectoryExists(place.image_directory);
  const absl::StatusOr<std::vector<uint64_t>> numbers = NumbersIn(place.directory, ".segment");
  if (!numbers.ok()) return numbers.status();
  for (const uint64_t number : *numbers) {
    if (number > last_number) break;
    std::string path = place.SegmentPath(number);
    const std::string image = place.ImagePath(number);
    if (use_images && SameHeader(image, path)) path = image;
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      // The oldest may have been removed since, by a gateway that needs it no more.
      if (errno == ENOENT && segments_.empty()) continue;
      return SystemError(errno, absl::StrCat("cannot read ", path));
    }
    segments_.push_back({number, static_cast<uint64_t>(info.st_size), std::move(path)});
  }
  return absl::OkStatus();
}

absl::Status FileSource::Read(std::size_t index, uint64_t offset, std::span<std::byte> out) {
  const std::string& path = segments_[index].name;
  if (index != open_index_) {
    open_file_ = JournalFile(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!open_file_) return SystemError(errno, absl::StrCat("cannot open ", path));
    open_index_ = index;
  }
  while (!out.empty()) {
    const ssize_t got = pread(open_file_.fd(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return SystemError(errno, absl::StrCat("cannot read ", path, " at offset ", offset));
    }
    if (got == 0) return absl::DataLossError(absl::StrCat(path, " ends at offset ", offset));
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace ringway
