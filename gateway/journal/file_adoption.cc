// What a start keeps of the process before: the segment that the journal ends in, blank segments
// behind it, and after a kill the images of both.
//
// Order is what makes this safe to interrupt. Until `running` names the first segment of this
// process, it names that of the process before, whose images that hold records are there.
// Afterwards the images of earlier segments, which are in their files, are removed, the oldest
// first. What is not kept is removed from its end, each image before its segment.
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/probe.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

// Room that makes it worth while to continue a segment.
constexpr std::size_t kRoomBytesMin = 2 * kRecordBytesMax;

absl::StatusOr<SegmentHeader> HeaderAt(JournalSource& source, std::size_t segment) {
  SegmentHeader header;
  absl::Status read = source.Read(segment, 0, std::as_writable_bytes(std::span(&header, 1)));
  if (!read.ok()) return read;
  return header;
}

}  // namespace

absl::Status FileStorage::ChooseKept(const JournalEnd& end) {
  if (!intact_) return absl::OkStatus();
  const std::vector<JournalSource::Segment>& segments = source_->segments();
  uint64_t spares = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const uint64_t number = segments[i].number;
    if (number < end.segment_number) continue;
    const absl::StatusOr<SegmentHeader> read = HeaderAt(*source_, i);
    if (!read.ok()) return read.status();
    const SegmentHeader& header = *read;
    const bool fits =
        header.version == kJournalVersion && header.segment_bytes == options_.segment_bytes;
    if (number == end.segment_number) {
      const uint64_t used = end.cursor.position - header.first_position;
      if (fits && !end.tear.has_value() && used + kRoomBytesMin <= header.segment_bytes) {
        kept_.push_back({header, static_cast<std::size_t>(used)});
      }
      continue;
    }
    if (!fits || number - end.segment_number > end.blank_behind ||
        spares == options_.spare_segments) {
      break;
    }
    kept_.push_back({header, 0});
    ++spares;
  }
  return absl::OkStatus();
}

// Whether they are in the memory that was configured, hold what is kept, leave room for the new
// ones, and are now this process's.
bool FileStorage::CanKeepImages() const {
  if (place_.images == nullptr || !images_whole_ || kept_.empty()) return false;
  const uint64_t first = kept_.front().header.number;
  if (first < image_numbers_.front() || first > image_numbers_.back()) return false;
  // Older ones go only when the new ones are there.
  const uint64_t older = first - image_numbers_.front();
  const uint64_t new_ones = std::max<uint64_t>(kept_.size(), options_.spare_segments);
  if (older + new_ones > options_.images_max) return false;
  const std::string name = std::filesystem::path(place_.image_directory).filename();
  const absl::StatusOr<Folder> same = memory_.OpenFolder(name, FolderUse::kPrivate);
  if (!same.ok() || same->inode() != place_.images->inode() ||
      same->device() != place_.images->device()) {
    return false;
  }
  for (const uint64_t number : image_numbers_) {
    struct stat info {};
    const std::string image = JournalPlace::ImageName(number);
    if (fstatat(place_.images->fd(), image.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        static_cast<uint64_t>(info.st_size) != options_.segment_bytes) {
      return false;
    }
  }
  return flock(place_.images->fd(), LOCK_EX | LOCK_NB) == 0;
}

// All that they held is in their segments.
absl::Status FileStorage::DropImages() {
  // The note of images that are gone tells of the loss until this process has its own.
  if (place_.images == nullptr) return absl::OkStatus();
  if (absl::Status removed = RemoveRunningNote(*place_.folder); !removed.ok()) return removed;
  RemoveImages(*place_.images);
  place_.images = nullptr;
  place_.image_directory.clear();
  image_numbers_.clear();
  return absl::OkStatus();
}

// A file system may keep the removal of one name and lose that of another, and a hole between
// segments is damage: so each is gone for good before the next one goes. The first sync is for what
// a process that was killed here has removed, and for the names of files that were copied here.
absl::Status FileStorage::RemoveBehind(const JournalEnd& end) {
  if (absl::Status removed = place_.folder->Remove(kDraftName); !removed.ok()) return removed;
  if (place_.images != nullptr) {
    if (absl::Status removed = place_.images->Remove(kIdleImageName); !removed.ok()) return removed;
  }
  if (absl::Status synced = SyncFolder(); !synced.ok()) return synced;
  const uint64_t last = kept_.empty() ? end.segment_number : kept_.back().header.number;
  for (; !image_numbers_.empty() && image_numbers_.back() > last; image_numbers_.pop_back()) {
    const std::string image = JournalPlace::ImageName(image_numbers_.back());
    if (absl::Status removed = place_.images->Remove(image); !removed.ok()) return removed;
  }
  const std::vector<JournalSource::Segment>& segments = source_->segments();
  for (std::size_t i = segments.size(); i != 0; --i) {
    const uint64_t number = segments[i - 1].number;
    if (number <= last) break;
    if (absl::Status removed = place_.folder->Remove(JournalPlace::SegmentName(number));
        !removed.ok()) {
      return removed;
    }
    if (absl::Status synced = SyncFolder(); !synced.ok()) return synced;
  }
  return absl::OkStatus();
}

// Records that no later one states as durable may be of a process that was killed before its sync:
// then they may be in the page cache alone.
absl::Status FileStorage::TakeOver(const JournalEnd& end) {
  const std::vector<JournalSource::Segment>& segments = source_->segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].number > end.segment_number) break;
    const absl::StatusOr<SegmentHeader> read = HeaderAt(*source_, i);
    if (!read.ok()) return read.status();
    const SegmentHeader& header = *read;
    if (i == 0) SetOldest(header.first_position);
    next_position_ = header.first_position + header.segment_bytes;
    next_number_ = header.number + 1;
    const bool goes_on = !kept_.empty() && kept_.front().header.number == header.number;
    if (!goes_on) old_.push_back({header.number, next_position_});
    if (next_position_ <= end.durable) continue;
    const absl::StatusOr<JournalFile> file =
        place_.folder->OpenFile(JournalPlace::SegmentName(header.number), true);
    if (!file.ok()) return file.status();
    if (const int error = operations_.Sync(file->fd()); error != 0) {
      return SystemError(error, absl::StrCat("cannot sync ", segments[i].name,
                                             ", so what of it is on the disk is not known. Remedy: "
                                             "check the disk"));
    }
  }
  if (!kept_.empty()) {
    next_number_ = kept_.front().header.number;
    next_position_ = kept_.front().header.first_position;
  }
  source_.reset();
  return absl::OkStatus();
}

absl::Status FileStorage::Adopt(const Kept& kept) {
  const SegmentHeader& header = kept.header;
  RINGWAY_CHECK(header.number == next_number_ && header.first_position == next_position_,
                "kept segments follow each other");
  const std::string name = JournalPlace::SegmentName(header.number);
  absl::StatusOr<JournalFile> file = place_.folder->OpenFile(name, true);
  if (!file.ok()) return file.status();
  // Its header may be in the page cache alone, where it was copied here.
  if (const int error = operations_.Sync(file->fd()); error != 0) {
    return SystemError(error, absl::StrCat("cannot sync ", place_.SegmentPath(header.number)));
  }
  std::byte* image = nullptr;
  if (std::ranges::count(image_numbers_, header.number) != 0) {
    const absl::StatusOr<JournalFile> kept_image =
        place_.images->OpenFile(JournalPlace::ImageName(header.number), true);
    if (!kept_image.ok()) return kept_image.status();
    if (absl::Status mapped = MapImage(*kept_image, header.number, image); !mapped.ok()) {
      return mapped;
    }
    if (kept.used == 0) {
      std::memcpy(image, &header, sizeof(header));  // its maker may not have come to that
    } else if (std::memcmp(image, &header, sizeof(header)) != 0) {
      munmap(image, options_.segment_bytes);
      return absl::DataLossError(absl::StrCat(place_.ImagePath(header.number),
                                              " is not what it was when this start began: see "
                                              "which other process writes there"));
    }
  } else {
    if (absl::Status made = MakeImage(header, image); !made.ok()) return made;
    if (absl::Status read = ReadAt(*file, {image, kept.used}, 0, place_.SegmentPath(header.number));
        !read.ok()) {
      munmap(image, options_.segment_bytes);
      return read;
    }
  }
  AddSlot(header, *std::move(file), image, kept.used);
  RINGWAY_PROBE(recovery_segment_adopted);
  return absl::OkStatus();
}

absl::Status FileStorage::RemoveOldImages() {
  for (const uint64_t number : image_numbers_) {
    if (number >= first_number_) break;
    if (absl::Status removed = place_.images->Remove(JournalPlace::ImageName(number));
        !removed.ok()) {
      return removed;
    }
    RINGWAY_PROBE(recovery_old_image_removed);
  }
  return absl::OkStatus();
}

}  // namespace ringway
