// How segments are found and read.
#include "gateway/journal/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/journal/format.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

// So many segments may come while a folder is read.
constexpr uint64_t kUnseenMax = 64;

using HeaderBytes = std::array<std::byte, sizeof(SegmentHeader)>;

std::optional<HeaderBytes> ReadHeader(const Folder& folder, const std::string& name) {
  const absl::StatusOr<JournalFile> file = folder.OpenFile(name);
  HeaderBytes header;
  if (!file.ok() ||
      pread(file->fd(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
    return std::nullopt;
  }
  return header;
}

// Whether the image is of the segment in the file: their headers are equal. An image that was only
// just made has none yet, and nothing else.
bool HasImage(const JournalPlace& place, uint64_t number) {
  if (place.images == nullptr) return false;
  const auto image = ReadHeader(*place.images, JournalPlace::ImageName(number));
  return image.has_value() && image == ReadHeader(*place.folder, JournalPlace::SegmentName(number));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Open(const std::string& directory,
                                                             const std::string& memory_directory) {
  // While this is held, until the images are opened, no gateway begins to write.
  const absl::StatusOr<JournalFile> lock = LockJournal(directory);
  const absl::StatusOr<JournalPlace> place = FindJournal(directory, memory_directory, false);
  if (!place.ok()) return place.status();
  std::unique_ptr<FileSource> source(new FileSource);
  // Without the lock it is not known whether a gateway writes to the images.
  if (absl::Status listed = source->List(*place, lock.ok()); !listed.ok()) return listed;
  source->power_may_have_failed_ = !lock.ok() || !source->HasRecordInImage();
  return source;
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::OpenLocked(const JournalPlace& place,
                                                                   bool power_may_have_failed) {
  std::unique_ptr<FileSource> source(new FileSource);
  if (absl::Status listed = source->List(place, false); !listed.ok()) return listed;
  source->power_may_have_failed_ = power_may_have_failed;
  return source;
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::OpenCompleted(const JournalPlace& place,
                                                                      uint64_t last_number) {
  std::unique_ptr<FileSource> source(new FileSource);
  if (absl::Status listed = source->List(place, false, last_number); !listed.ok()) return listed;
  return source;
}

absl::Status FileSource::List(const JournalPlace& place, bool use_images, uint64_t last_number) {
  folder_ = place.folder;
  images_ = place.images;
  const absl::StatusOr<std::vector<uint64_t>> numbers = folder_->NumbersIn(".segment");
  if (!numbers.ok()) return numbers.status();
  for (const uint64_t listed : *numbers) {
    // Of two files that come while a folder is read, the later one alone may be seen.
    uint64_t number = segments_.empty() ? listed : segments_.back().number + 1;
    if (listed - number > kUnseenMax) number = listed;
    for (; number <= listed && number <= last_number; ++number) {
      if (absl::Status added = Add(place, number, use_images); !added.ok()) return added;
    }
  }
  return absl::OkStatus();
}

// Nothing where there is no such file: the oldest may have been removed since, by a gateway that
// needs it no more, and of one that is missing between others the reader tells.
absl::Status FileSource::Add(const JournalPlace& place, uint64_t number, bool use_images) {
  const bool image = use_images && HasImage(place, number);
  const absl::StatusOr<JournalFile> file =
      image ? images_->OpenFile(JournalPlace::ImageName(number))
            : folder_->OpenFile(JournalPlace::SegmentName(number));
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  if (!file.ok()) return file.status();
  std::string path = image ? place.ImagePath(number) : place.SegmentPath(number);
  struct stat info {};
  if (fstat(file->fd(), &info) != 0) return SystemError(errno, absl::StrCat("cannot see ", path));
  segments_.push_back({number, static_cast<uint64_t>(info.st_size), std::move(path)});
  from_image_.push_back(image);
  return absl::OkStatus();
}

bool FileSource::HasRecordInImage() const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (from_image_[i] &&
        ImageHoldsRecord(*images_, JournalPlace::ImageName(segments_[i].number))) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<JournalFile> FileSource::OpenAt(std::size_t index) const {
  const uint64_t number = segments_[index].number;
  return from_image_[index] ? images_->OpenFile(JournalPlace::ImageName(number))
                            : folder_->OpenFile(JournalPlace::SegmentName(number));
}

bool FileSource::ForgetFirst(std::size_t count) {
  const auto gone = static_cast<std::ptrdiff_t>(count);
  segments_.erase(segments_.begin(), segments_.begin() + gone);
  from_image_.erase(from_image_.begin(), from_image_.begin() + gone);
  open_index_ = SIZE_MAX;
  return true;
}

absl::Status FileSource::Read(std::size_t index, uint64_t offset, std::span<std::byte> out) {
  const std::string& path = segments_[index].name;
  if (index != open_index_) {
    absl::StatusOr<JournalFile> file = OpenAt(index);
    if (!file.ok()) return file.status();
    open_file_ = *std::move(file);
    open_index_ = index;
  }
  return ReadAt(open_file_, out, offset, path);
}

}  // namespace ringway
