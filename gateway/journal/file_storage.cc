// How a journal in files is opened, prepared ahead and closed.
#include "gateway/journal/file_storage.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/probe.h"
#include "base/thread.h"

namespace ringway {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kZerosBytes = std::size_t{1} << 20;
constexpr auto kPrepareTurn = std::chrono::milliseconds(5);
constexpr int kTurnsAfterNoSpace = 200;

absl::Status CheckOptions(const FileStorageOptions& options) {
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax ||
      options.segment_bytes % kPageBytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a journal's segment has ", kSegmentBytesMin, " to ", kSegmentBytesMax,
                     " bytes, a multiple of ", kPageBytes, "; not ", options.segment_bytes));
  }
  if (options.spare_segments < 1 || options.spare_segments > 3 ||
      options.images_max <= options.spare_segments || options.images_max > 8) {
    return absl::InvalidArgumentError(
        "a journal has 1 to 3 spare segments, and more images than those, at most 8");
  }
  if (options.sync_interval_ns < kNsPerMs) {
    return absl::InvalidArgumentError("a journal's sync interval is a millisecond at least");
  }
  struct statfs info {};
  const std::string& memory = options.memory_directory;
  if (statfs(memory.c_str(), &info) != 0) {
    return SystemError(errno, absl::StrCat("the journal's memory directory ", memory));
  }
  if (info.f_type != TMPFS_MAGIC && info.f_type != RAMFS_MAGIC) {
    return absl::InvalidArgumentError(absl::StrCat(
        memory,
        " is not a RAM file system: name one as the journal's memory directory, as /dev/shm"));
  }
  return absl::OkStatus();
}

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

FileStorage::FileStorage(const FileStorageOptions& options, JournalPlace place, JournalFile lock)
    : JournalStorage(options.spare_segments),
      options_(options),
      place_(std::move(place)),
      lock_(std::move(lock)),
      operations_(options.operations != nullptr ? *options.operations : system_),
      zeros_(kZerosBytes) {}

absl::StatusOr<std::unique_ptr<FileStorage>> FileStorage::Open(const FileStorageOptions& options) {
  if (absl::Status checked = CheckOptions(options); !checked.ok()) return checked;
  if (mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError(errno,
                       absl::StrCat("cannot make the journal's directory ", options.directory));
  }
  absl::StatusOr<JournalFile> lock = LockJournal(options.directory);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<JournalPlace> place =
      FindJournal(options.directory, options.memory_directory, true);
  if (!place.ok()) return place.status();
  std::unique_ptr<FileStorage> storage(
      new FileStorage(options, *std::move(place), *std::move(lock)));
  if (absl::Status home = storage->BringImagesHome(); !home.ok()) return home;
  absl::StatusOr<std::unique_ptr<FileSource>> source = FileSource::OpenLocked(storage->place_);
  if (!source.ok()) return source.status();
  storage->source_ = *std::move(source);
  return storage;
}

// --- What a killed gateway left ---

absl::Status FileStorage::BringImagesHome() {
  const absl::StatusOr<std::vector<uint64_t>> numbers = NumbersIn(place_.image_directory, ".image");
  if (!numbers.ok()) return numbers.status();
  bool recorded = false;
  for (const uint64_t number : *numbers) {
    if (absl::Status home = BringHome(number, recorded); !home.ok()) return home;
  }
  // Without a record of its own that process tells nothing about what the one before it lost.
  if (!recorded) rmdir(place_.image_directory.c_str());
  return absl::OkStatus();
}

absl::Status FileStorage::BringHome(uint64_t number, bool& recorded) {
  const std::string path = place_.ImagePath(number);
  const std::string segment_path = place_.SegmentPath(number);
  const JournalFile image(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!image || fstat(image.fd(), &info) != 0) {
    return SystemError(errno, absl::StrCat("cannot read ", path));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
  if (pread(image.fd(), bytes.data(), bytes.size(), 0) != info.st_size) {
    return SystemError(errno, absl::StrCat("cannot read ", path));
  }
  const std::span<const std::byte> used = WithoutZerosAtTheEnd(bytes);
  if (!used.empty()) {  // else the gateway was killed while it made the image
    const JournalFile segment(open(segment_path.c_str(), O_RDWR | O_CLOEXEC));
    if (!segment) return SystemError(errno, absl::StrCat("cannot open ", segment_path));
    std::array<std::byte, sizeof(SegmentHeader)> header;
    if (pread(segment.fd(), header.data(), header.size(), 0) !=
            static_cast<ssize_t>(header.size()) ||
        std::memcmp(header.data(), used.data(), header.size()) != 0) {
      return absl::DataLossError(
          absl::StrCat(path, " holds the newest bytes of ", segment_path,
                       ", but they do not belong together: put the segment back from a copy, or "
                       "remove the image and so give up what only it holds"));
    }
    recorded |= std::ranges::any_of(used.subspan(sizeof(SegmentHeader)),
                                    [](std::byte byte) { return byte != std::byte{0}; });
    int error = operations_.WriteAt(segment.fd(), used, 0);
    if (error == 0) error = operations_.Sync(segment.fd());
    if (error != 0) {
      return SystemError(error, absl::StrCat("cannot bring ", path, " home to ", segment_path,
                                             "; it stays where it is"));
    }
  }
  RINGWAY_PROBE(recovery_image_copied);
  if (unlink(path.c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", path));
  RINGWAY_PROBE(recovery_image_home);
  return absl::OkStatus();
}

// --- Start and end ---

absl::Status FileStorage::Start(const JournalEnd& end) {
  RINGWAY_CHECK(!started_, "a journal is started once");
  if (absl::Status removed = RemoveBehind(end); !removed.ok()) return removed;
  if (mkdir(place_.image_directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError(errno, absl::StrCat("cannot make ", place_.image_directory));
  }
  first_number_ = next_number_;
  first_position_ = next_position_;
  while (ready() < options_.spare_segments) {
    if (absl::Status prepared = PrepareOne(); !prepared.ok()) return prepared;
  }
  SetDurable(end.cursor.position);
  Publish(end.cursor.position);
  requested_position_ = end.cursor.position;
  copied_ = slots_[0].first_position;
  started_ = true;
  if (absl::Status prepares =
          StartThread(prepare_thread_, "journal-prepare", [this] { PrepareLoop(); });
      !prepares.ok()) {
    return prepares;
  }
  return StartThread(sync_thread_, "journal-sync", [this] { SyncLoop(); });
}

absl::Status FileStorage::RemoveBehind(const JournalEnd& end) {
  const std::vector<JournalSource::Segment>& segments = source_->segments();
  for (std::size_t i = segments.size(); i != 0; --i) {
    const JournalSource::Segment& segment = segments[i - 1];
    if (segment.number <= end.segment_number) break;
    if (unlink(segment.name.c_str()) != 0) {
      return SystemError(errno, absl::StrCat("cannot remove ", segment.name));
    }
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].number > end.segment_number) break;
    SegmentHeader header;
    if (absl::Status read = source_->Read(i, 0, std::as_writable_bytes(std::span(&header, 1)));
        !read.ok()) {
      return read;
    }
    next_position_ = header.first_position + header.segment_bytes;
    next_number_ = header.number + 1;
    old_.push_back({header.number, next_position_});
  }
  source_.reset();
  return SyncDirectory(place_.directory);
}

FileStorage::~FileStorage() { Close(); }

void FileStorage::Close() {
  if (!started_) return;
  started_ = false;
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_all();
  if (prepare_thread_.joinable()) prepare_thread_.join();
  sync_stops_.store(true, std::memory_order_release);  // pairs with SyncLoop()
  RequestSync();
  if (sync_thread_.joinable()) sync_thread_.join();
  const bool home = durable() == written();
  for (; released_ != prepared(); ++released_) {
    Slot& slot = slots_[released_ % kSlots];
    munmap(slot.image, options_.segment_bytes);
    slot.file = JournalFile();
    if (home) unlink(place_.ImagePath(slot.number).c_str());
  }
  if (home) rmdir(place_.image_directory.c_str());
}

// --- Preparing ---

JournalSegment FileStorage::TakeNext() noexcept {
  RINGWAY_CHECK(ready() != 0, "no segment is prepared");
  const uint32_t index = taken();
  if (index != 0) {
    slots_[(index - 1) % kSlots].end.store(written(), std::memory_order_release);
  }
  SegmentTaken();
  return {{slots_[index % kSlots].image, options_.segment_bytes}};
}

void FileStorage::PrepareLoop() {
  int wait_turns = 0;
  for (std::unique_lock lock(stop_mutex_); !stopping_; stop_changed_.wait_for(lock, kPrepareTurn)) {
    lock.unlock();
    for (; released_ != home_.load(std::memory_order_acquire); ++released_) {
      Release(slots_[released_ % kSlots]);
    }
    RemoveOldSegments();
    const bool wanted = prepared() - taken() < options_.spare_segments &&
                        prepared() - released_ < options_.images_max;
    const JournalFault now = fault();
    const bool final_fault = now == JournalFault::kWriteError || now == JournalFault::kSyncFailed;
    if (wait_turns != 0) --wait_turns;
    if (wanted && !final_fault && wait_turns == 0) {
      const absl::Status prepared_one = PrepareOne();
      if (prepared_one.ok()) {
        Raise(JournalFault::kNone);
      } else if (absl::IsResourceExhausted(prepared_one)) {
        Raise(JournalFault::kNoSpace);
        wait_turns = kTurnsAfterNoSpace;
      } else {
        Raise(JournalFault::kWriteError);
      }
    }
    lock.lock();
  }
}

absl::Status FileStorage::PrepareOne() {
  SegmentHeader header{.magic = kSegmentMagic,
                       .version = kJournalVersion,
                       .header_bytes = sizeof(SegmentHeader),
                       .journal_id = place_.journal_id,
                       .salt = 0,
                       .number = next_number_,
                       .first_position = next_position_,
                       .segment_bytes = options_.segment_bytes,
                       .reserved = 0,
                       .crc = 0};
  if (getrandom(&header.salt, sizeof(header.salt), 0) !=
      static_cast<ssize_t>(sizeof(header.salt))) {
    return SystemError(errno, "no random numbers from the system");
  }
  header.crc = SegmentHeaderCrc(header);
  JournalFile file;
  if (absl::Status written_one = WriteSegment(header, file); !written_one.ok()) return written_one;
  std::byte* image = nullptr;
  if (absl::Status mapped = MapImage(header, image); !mapped.ok()) return mapped;
  Slot& slot = slots_[prepared() % kSlots];
  slot.number = header.number;
  slot.first_position = header.first_position;
  slot.file = std::move(file);
  slot.image = image;
  slot.end.store(UINT64_MAX, std::memory_order_relaxed);
  next_number_ += 1;
  next_position_ += options_.segment_bytes;
  RINGWAY_PROBE(prepare_mapped);
  SegmentPrepared();
  RINGWAY_PROBE(prepare_ready);
  return absl::OkStatus();
}

// Zeros are written, not only reserved: a sync then has no allocation to record, only data.
absl::Status FileStorage::WriteSegment(const SegmentHeader& header, JournalFile& file) {
  const std::string draft = absl::StrCat(place_.directory, "/preparing");
  const std::string path = place_.SegmentPath(header.number);
  file = JournalFile(open(draft.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return SystemError(errno, absl::StrCat("cannot create ", draft));
  int error = 0;
  for (uint64_t at = 0; at < header.segment_bytes && error == 0; at += zeros_.size()) {
    const auto part =
        static_cast<std::size_t>(std::min<uint64_t>(zeros_.size(), header.segment_bytes - at));
    error = operations_.WriteAt(file.fd(), std::span(zeros_).first(part), at);
  }
  if (error == 0) {
    error = operations_.WriteAt(file.fd(), std::as_bytes(std::span(&header, 1)), 0);
  }
  RINGWAY_PROBE(prepare_written);
  // The file's size and blocks as well.
  if (error == 0) error = operations_.Sync(file.fd());
  if (error == 0 && fsync(file.fd()) != 0) error = errno;
  RINGWAY_PROBE(prepare_synced);
  if (error == 0 && rename(draft.c_str(), path.c_str()) != 0) error = errno;
  RINGWAY_PROBE(prepare_renamed);
  if (error == 0) return SyncDirectory(place_.directory);
  unlink(draft.c_str());
  return SystemError(error, absl::StrCat("cannot prepare the segment ", path));
}

absl::Status FileStorage::MapImage(const SegmentHeader& header, std::byte*& image) {
  const std::string path = place_.ImagePath(header.number);
  const auto bytes = static_cast<std::size_t>(header.segment_bytes);
  const JournalFile file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return SystemError(errno, absl::StrCat("cannot create ", path));
  // Reserved now: a page that is missing later would be a SIGBUS in the engine's thread.
  int error = posix_fallocate(file.fd(), 0, static_cast<off_t>(bytes));
  void* mapped = MAP_FAILED;
  if (error == 0) {
    mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file.fd(), 0);
    if (mapped == MAP_FAILED) error = errno;
  }
  if (error != 0) {
    unlink(path.c_str());
    return SystemError(error,
                       absl::StrCat("cannot make the image ", path, " of ", bytes, " bytes"));
  }
  image = static_cast<std::byte*>(mapped);
  std::memset(image, 0, bytes);  // every page is mapped for writing before the engine comes
  std::memcpy(image, &header, sizeof(header));
  return absl::OkStatus();
}

// The writer has left the slot, and all of it is on the disk.
void FileStorage::Release(Slot& slot) noexcept {
  munmap(slot.image, options_.segment_bytes);
  RINGWAY_PROBE(prepare_image_unmapped);
  unlink(place_.ImagePath(slot.number).c_str());
  RINGWAY_PROBE(prepare_image_removed);
  slot.file = JournalFile();
  old_.push_back({slot.number, slot.first_position + options_.segment_bytes});
}

// A segment that cannot be removed now is tried again: it costs its space, nothing else.
void FileStorage::RemoveOldSegments() {
  const uint64_t keep_from = keep_from_.load(std::memory_order_relaxed);
  while (!old_.empty() && old_.front().end <= keep_from) {
    if (unlink(place_.SegmentPath(old_.front().number).c_str()) != 0 && errno != ENOENT) return;
    old_.pop_front();
  }
}

}  // namespace ringway
