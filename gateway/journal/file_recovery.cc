// Copies the images that a killed gateway left in memory to the disk, or reports that they are
// gone.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

constexpr std::size_t kPageBytes = 4096;

// The bytes up to the last page that is not zero.
std::span<const std::byte> WithoutZerosAtTheEnd(std::span<const std::byte> bytes) {
  static constexpr std::array<std::byte, kPageBytes> kZeros{};
  std::size_t size = bytes.size();
  while (size >= kPageBytes &&
         std::memcmp(bytes.data() + size - kPageBytes, kZeros.data(), kPageBytes) == 0) {
    size -= kPageBytes;
  }
  return bytes.first(size);
}

}  // namespace

// All of them are on the disk before any is removed, so that this can be interrupted and repeated.
absl::Status FileStorage::BringImagesHome() {
  const absl::StatusOr<std::optional<RunningNote>> note = ReadRunningNote(*place_.folder);
  if (!note.ok()) return note.status();
  if (!note->has_value()) return absl::OkStatus();
  if (place_.images == nullptr) return ImagesAreGone(**note);
  const absl::StatusOr<std::vector<uint64_t>> numbers = place_.images->NumbersIn(".image");
  if (!numbers.ok()) return numbers.status();
  const bool whole = ImagesAreWhole(*numbers, **note);
  if (!whole) {
    if (absl::Status gone = ImagesAreGone(**note); !gone.ok()) return gone;
  }
  bool recorded = false;
  for (const uint64_t number : *numbers) {
    if (absl::Status home = BringHome(number, recorded); !home.ok()) return home;
  }
  // Images without a record say nothing about what the process before lost.
  power_may_have_failed_ = !recorded || !whole;
  if (absl::Status removed = RemoveRunningNote(*place_.folder); !removed.ok()) return removed;
  RemoveImages(*place_.images);
  place_.images = nullptr;
  place_.image_directory.clear();
  RINGWAY_PROBE(recovery_image_home);
  return absl::OkStatus();
}

// Images are made and removed in the order of their numbers; the one in use always exists.
bool FileStorage::ImagesAreWhole(const std::vector<uint64_t>& numbers,
                                 const RunningNote& note) const {
  if (numbers.empty() || numbers.back() - numbers.front() + 1 != numbers.size()) return false;
  if (numbers.front() <= note.first_number) return true;
  // The first that is left: those before it are complete on the disk.
  return ImageHoldsRecord(*place_.images, JournalPlace::ImageName(numbers.front()));
}

// Without images everything after the last sync is lost, as is to be expected after a loss of
// power.
absl::Status FileStorage::ImagesAreGone(const RunningNote& note) {
  if (note.boot_id.empty() || options_.boot_id.empty()) {
    Report(absl::StrCat(note.image_directory,
                        " is gone, and the kernel does not say whether the machine was started "
                        "anew since (/proc/sys/kernel/random/boot_id). If it was not, what was "
                        "acknowledged last may be lost"));
    return absl::OkStatus();
  }
  if (note.boot_id != options_.boot_id) return absl::OkStatus();
  const std::string what = absl::StrCat(
      place_.directory, ": the process that wrote it did not end in order, and what it kept in ",
      note.image_directory,
      " is gone or incomplete, although the machine was not restarted. What was acknowledged after "
      "the last "
      "sync (sync_interval before the process ended, longer on a slow disk) may be lost: new "
      "orders, cancels, executions, and orders that a venue still has");
  if (options_.accept_loss) {
    Report(absl::StrCat("ALARM: ", what, ". This is accepted (--accept-loss)"));
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "ALARM: ", what,
      ". Somebody removed it: systemd (RemoveIPC= of the unit, or of logind for a user who logs "
      "out), a job that cleans up, the end of a container; or this is a copy of the journal, or "
      "its file system got another number. Remedy: bring the folder back if it is elsewhere; else "
      "compare orders and executions with the venues, then start once with --accept-loss"));
}

absl::Status FileStorage::BringHome(uint64_t number, bool& recorded) {
  const std::string path = place_.ImagePath(number);
  const std::string segment_path = place_.SegmentPath(number);
  const absl::StatusOr<JournalFile> image =
      place_.images->OpenFile(JournalPlace::ImageName(number));
  if (!image.ok()) return image.status();
  struct stat info {};
  if (fstat(image->fd(), &info) != 0) return SystemError(errno, absl::StrCat("cannot see ", path));
  std::vector<std::byte> bytes(std::min<uint64_t>(info.st_size, kSegmentBytesMax));
  const ssize_t got = pread(image->fd(), bytes.data(), bytes.size(), 0);
  if (got < 0) return SystemError(errno, absl::StrCat("cannot read ", path));
  const std::span<const std::byte> used =
      WithoutZerosAtTheEnd(std::span(bytes).first(static_cast<std::size_t>(got)));
  if (used.empty()) return absl::OkStatus();  // the gateway was killed while it made the image
  const absl::StatusOr<JournalFile> segment =
      place_.folder->OpenFile(JournalPlace::SegmentName(number), true);
  if (!segment.ok()) return segment.status();
  std::array<std::byte, sizeof(SegmentHeader)> header;
  if (used.size() < header.size() ||
      pread(segment->fd(), header.data(), header.size(), 0) !=
          static_cast<ssize_t>(header.size()) ||
      std::memcmp(header.data(), used.data(), header.size()) != 0) {
    return absl::DataLossError(
        absl::StrCat(path, " holds the newest bytes of ", segment_path,
                     ", but they do not belong together: put the segment back from a copy, or "
                     "remove the image and so give up what only it holds"));
  }
  recorded |= ImageHoldsRecord(*place_.images, JournalPlace::ImageName(number));
  int error = operations_.WriteAt(segment->fd(), used, 0);
  if (error == 0) error = operations_.Sync(segment->fd());
  if (error != 0) {
    return SystemError(
        error, absl::StrCat("cannot copy ", path, " to ", segment_path, "; the image is kept"));
  }
  RINGWAY_PROBE(recovery_image_copied);
  return absl::OkStatus();
}

// A file system may keep the removal of one name and lose that of another, and a hole between
// segments is damage: so each is gone for good before the next one goes. The first sync is for what
// a process that was killed here has removed, and for the names of files that were copied here.
absl::Status FileStorage::RemoveBehind(const JournalEnd& end) {
  if (absl::Status synced = SyncFolder(); !synced.ok()) return synced;
  const std::vector<JournalSource::Segment>& segments = source_->segments();
  for (std::size_t i = segments.size(); i != 0; --i) {
    const uint64_t number = segments[i - 1].number;
    if (number <= end.segment_number) break;
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
    SegmentHeader header;
    if (absl::Status read = source_->Read(i, 0, std::as_writable_bytes(std::span(&header, 1)));
        !read.ok()) {
      return read;
    }
    if (i == 0) SetOldest(header.first_position);
    next_position_ = header.first_position + header.segment_bytes;
    next_number_ = header.number + 1;
    old_.push_back({header.number, next_position_});
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
  source_.reset();
  return absl::OkStatus();
}

}  // namespace ringway
