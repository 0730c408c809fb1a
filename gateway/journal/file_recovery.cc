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
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

constexpr uint64_t kPageBytes = 4096;
// Half of a core's second cache or less: what was read is still there when it is looked at.
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

// Up to the last byte that is not zero: most of an image was never written.
absl::StatusOr<uint64_t> UsedBytes(const JournalFile& image, uint64_t bytes,
                                   const std::string& path) {
  std::vector<std::byte> buffer(kBufferBytes);
  for (uint64_t end = bytes; end != 0;) {
    const std::size_t part = std::min<uint64_t>(end, buffer.size());
    end -= part;
    const std::span<std::byte> read = std::span(buffer).first(part);
    if (absl::Status status = ReadAt(image, read, end, path); !status.ok()) return status;
    // All alike, and the first is zero.
    if (read[0] == std::byte{0} && std::memcmp(read.data(), read.data() + 1, part - 1) == 0) {
      continue;
    }
    std::size_t used = part;
    while (read[used - 1] == std::byte{0}) --used;
    return end + used;
  }
  return 0;
}

using HeaderBytes = std::array<std::byte, sizeof(SegmentHeader)>;

// Whether the first bytes of an image are what its maker, who copies the segment's header there,
// may have left when it was killed: bytes of that header, and zeros.
bool IsPartOf(const HeaderBytes& header, const HeaderBytes& of_image) noexcept {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (of_image[i] != std::byte{0} && of_image[i] != header[i]) return false;
  }
  return true;
}

absl::Status NotCopied(int error, const std::string& image, const std::string& segment) {
  return SystemError(error,
                     absl::StrCat("cannot copy ", image, " to ", segment, "; the image is kept"));
}

}  // namespace

// Start() decides what becomes of them: until then this can be interrupted and repeated.
absl::Status FileStorage::BringImagesHome() {
  const absl::StatusOr<std::optional<RunningNote>> note = ReadRunningNote(*place_.folder);
  if (!note.ok()) return note.status();
  if (!note->has_value()) return absl::OkStatus();
  if (place_.images == nullptr) return ImagesAreGone(**note);
  absl::StatusOr<std::vector<uint64_t>> numbers = place_.images->NumbersIn(".image");
  if (!numbers.ok()) return numbers.status();
  image_numbers_ = *std::move(numbers);
  images_whole_ = ImagesAreWhole(image_numbers_, **note);
  if (!images_whole_) {
    if (absl::Status gone = ImagesAreGone(**note); !gone.ok()) return gone;
  }
  bool recorded = false;
  for (const uint64_t number : image_numbers_) {
    if (absl::Status home = BringHome(number, recorded); !home.ok()) return home;
  }
  // Images without a record say nothing about what the process before lost.
  power_may_have_failed_ = !recorded || !images_whole_;
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
    intact_ = false;
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
  intact_ = false;
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
  const absl::StatusOr<uint64_t> used =
      UsedBytes(*image, std::min<uint64_t>(info.st_size, kSegmentBytesMax), path);
  if (!used.ok()) return used.status();
  if (*used == 0) return absl::OkStatus();  // the gateway was killed while it made the image
  const absl::StatusOr<JournalFile> segment =
      place_.folder->OpenFile(JournalPlace::SegmentName(number), true);
  if (!segment.ok()) return segment.status();
  HeaderBytes header{};
  HeaderBytes of_image{};
  const bool known =
      ReadAt(*image, of_image, 0, path).ok() && ReadAt(*segment, header, 0, segment_path).ok();
  // A spare, or one whose maker was killed within its header: it holds no record.
  if (known && *used <= header.size() && IsPartOf(header, of_image)) return absl::OkStatus();
  if (!known || header != of_image) {
    return absl::DataLossError(
        absl::StrCat(path, " holds the newest bytes of ", segment_path,
                     ", but they do not belong together: put the segment back from a copy, or "
                     "remove the image and so give up what only it holds"));
  }
  recorded |= ImageHoldsRecord(*place_.images, JournalPlace::ImageName(number));
  std::vector<std::byte> buffer(kBufferBytes);
  const uint64_t end =
      std::min<uint64_t>(info.st_size, (*used + kPageBytes - 1) & ~(kPageBytes - 1));
  for (uint64_t at = 0; at < end; at += buffer.size()) {
    const std::span<std::byte> part =
        std::span(buffer).first(std::min<uint64_t>(buffer.size(), end - at));
    if (absl::Status read = ReadAt(*image, part, at, path); !read.ok()) return read;
    if (const int error = operations_.WriteAt(segment->fd(), part, at); error != 0) {
      return NotCopied(error, path, segment_path);
    }
  }
  if (const int error = operations_.Sync(segment->fd()); error != 0) {
    return NotCopied(error, path, segment_path);
  }
  RINGWAY_PROBE(recovery_image_copied);
  return absl::OkStatus();
}

}  // namespace ringway
