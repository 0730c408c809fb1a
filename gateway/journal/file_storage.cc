// How a journal in files is opened, prepared ahead and closed. What a killed gateway left:
// file_recovery.cc; what is kept of it: file_adoption.cc.
#include "gateway/journal/file_storage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/kernel_random.h"
#include "base/probe.h"
#include "base/thread.h"
#include "gateway/journal/image_folder.h"

namespace ringway {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kZerosBytes = std::size_t{1} << 20;
constexpr auto kPrepareTurn = std::chrono::milliseconds(5);
constexpr int kTurnsAfterNoSpace = 200;
// With room for fewer segments than this, and snapshots that make room, each further segment is
// delayed, the longer the less room is left: 54 s for all of them. Meanwhile the disk counts as
// behind (storage.h), so that the sources that fill it wait, and no others.
constexpr uint64_t kScarceSegments = 16;
constexpr int kPaceTurnsMax = kTurnsAfterNoSpace * kScarceSegments;

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
  return absl::OkStatus();
}

// Until something is recorded, a loss of power may remove the directory's name.
absl::Status MakeDirectory(const std::string& directory, FileOperations& operations) {
  const bool made = mkdir(directory.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) {
    return SystemError(errno, absl::StrCat("cannot make the journal's directory ", directory));
  }
  if (access((directory + "/journal").c_str(), F_OK) == 0) return absl::OkStatus();
  const JournalFile parent(open((directory + "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One that may not be read was given to us by somebody else, with this directory in it.
  if (!parent) return made ? SystemError(errno, "cannot open its parent") : absl::OkStatus();
  const int error = operations.SyncFolder(parent.fd());
  if (error == 0 || error == EINVAL || error == EROFS) return absl::OkStatus();
  return SystemError(error, absl::StrCat("cannot sync the directory above ", directory));
}

}  // namespace

FileStorage::FileStorage(const FileStorageOptions& options, Folder memory, JournalPlace place,
                         JournalFile lock)
    : JournalStorage(options.spare_segments),
      options_(options),
      memory_(std::move(memory)),
      place_(std::move(place)),
      lock_(std::move(lock)),
      operations_(options.operations != nullptr ? *options.operations : system_),
      zeros_(kZerosBytes) {}

absl::StatusOr<std::unique_ptr<FileStorage>> FileStorage::Open(const FileStorageOptions& options) {
  if (absl::Status checked = CheckOptions(options); !checked.ok()) return checked;
  absl::StatusOr<Folder> memory = OpenMemory(options.memory_directory);
  if (!memory.ok()) return memory.status();
  SystemFileOperations system;
  if (absl::Status made = MakeDirectory(
          options.directory, options.operations != nullptr ? *options.operations : system);
      !made.ok()) {
    return made;
  }
  const absl::StatusOr<Folder> folder = Folder::Open(options.directory, FolderUse::kWrite);
  if (!folder.ok()) return folder.status();
  absl::StatusOr<JournalFile> lock = LockJournal(*folder);
  if (!lock.ok()) return lock.status();
  absl::StatusOr<JournalPlace> place =
      FindJournal(options.directory, options.memory_directory, true);
  if (!place.ok()) return place.status();
  if (place->folder->inode() != folder->inode() || place->folder->device() != folder->device()) {
    return absl::UnavailableError(absl::StrCat(
        options.directory, " became another directory meanwhile. Remedy: see who renames it"));
  }
  std::unique_ptr<FileStorage> storage(
      new FileStorage(options, *std::move(memory), *std::move(place), *std::move(lock)));
  if (absl::Status lasting = storage->CheckLasting(); !lasting.ok()) return lasting;
  if (absl::Status home = storage->BringImagesHome(); !home.ok()) return home;
  absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::OpenLocked(storage->place_, storage->power_may_have_failed_);
  if (!source.ok()) return source.status();
  storage->source_ = *std::move(source);
  return storage;
}

// --- Start and end ---

absl::Status FileStorage::Start(const JournalEnd& end) {
  RINGWAY_CHECK(!started_, "a journal is started once");
  if (absl::Status whole = LookForLoss(end); !whole.ok()) return whole;
  if (absl::Status chosen = ChooseKept(end); !chosen.ok()) return chosen;
  if (!CanKeepImages()) {
    if (absl::Status dropped = DropImages(); !dropped.ok()) return dropped;
  }
  if (absl::Status removed = RemoveBehind(end); !removed.ok()) return removed;
  if (absl::Status taken_over = TakeOver(end); !taken_over.ok()) return taken_over;
  SweepImages(memory_, *place_.folder, options_.report);
  first_number_ = next_number_;
  first_position_ = next_position_;
  started_ = true;
  Publish(end.cursor.position);
  SetDurable(end.cursor.position);
  requested_position_ = end.cursor.position;
  if (absl::Status prepared = Prepare(); !prepared.ok()) {
    Close();  // nothing is recorded: it leaves nothing
    return prepared;
  }
  return absl::OkStatus();
}

absl::Status FileStorage::Prepare() {
  if (absl::Status room = CheckRoom(); !room.ok()) return room;
  if (place_.images == nullptr) {
    if (absl::Status made = OpenMemoryForImages(); !made.ok()) return made;
  }
  while (ready() < options_.spare_segments) {
    if (absl::Status prepared = PrepareOne(); !prepared.ok()) return prepared;
  }
  copied_ = slots_[0].first_position + slots_[0].used;
  if (absl::Status noted = NoteProgress(durable(), false); !noted.ok()) return noted;
  // Once this is there, so must be the images.
  if (absl::Status noted =
          WriteRunningNote(*place_.folder, {.boot_id = options_.boot_id,
                                            .image_directory = place_.image_directory,
                                            .first_number = first_number_});
      !noted.ok()) {
    return noted;
  }
  RINGWAY_PROBE(recovery_running_noted);
  if (absl::Status removed = RemoveOldImages(); !removed.ok()) return removed;
  if (absl::Status started =
          StartThread(prepare_thread_, "journal-prepare", [this] { PrepareLoop(); });
      !started.ok()) {
    return started;
  }
  return StartThread(sync_thread_, "journal-sync", [this] { SyncLoop(); });
}

absl::Status FileStorage::OpenMemoryForImages() {
  absl::StatusOr<Folder> images = MakeImages(memory_, place_.journal_id, *place_.folder);
  if (!images.ok()) return images.status();
  std::error_code error;
  place_.image_directory = std::filesystem::canonical(images->path(), error);
  place_.images = std::make_shared<const Folder>(*std::move(images));
  if (error) return SystemError(error.value(), "cannot find the journal's memory directory");
  return absl::OkStatus();
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
  BeginSync();
  if (sync_thread_.joinable()) sync_thread_.join();
  const bool all_durable = durable() == written();
  if (taken() == 0) --start_number_;  // it left no record and gave out no identifier
  // What was noted of a loss, or of a copy, stays while nothing has been recorded.
  if (all_durable && (intact_ || taken() != 0)) {
    if (const absl::Status noted = NoteProgress(durable(), true); !noted.ok()) {
      Report(
          absl::StrCat("it is not noted how far the journal came: ", std::string(noted.message())));
    }
  }
  // Without the note no process looks for the images, so it is removed first.
  const bool home = all_durable && RemoveRunningNote(*place_.folder).ok();
  for (; released_ != prepared(); ++released_) {
    Slot& slot = slots_[released_ % kSlots];
    munmap(slot.image, options_.segment_bytes);
    slot.file = JournalFile();
  }
  if (idle_image_ != nullptr) munmap(std::exchange(idle_image_, nullptr), options_.segment_bytes);
  if (home && place_.images != nullptr) RemoveImages(*place_.images);
}

// --- Preparing ---

JournalSegment FileStorage::TakeNext() noexcept {
  RINGWAY_CHECK(ready() != 0, "no segment is prepared");
  const uint32_t index = taken();
  if (index != 0) {
    slots_[(index - 1) % kSlots].end.store(written(), std::memory_order_release);
  }
  SegmentTaken();
  const Slot& slot = slots_[index % kSlots];
  return {.bytes = {slot.image, options_.segment_bytes}, .used = slot.used};
}

void FileStorage::PrepareLoop() {
  int wait_turns = 0;
  int turns_since_prepared = 0;
  for (std::unique_lock lock(stop_mutex_); !stopping_;
       stop_changed_.wait_for(lock, kPrepareTurn, [this] { return stopping_; })) {
    lock.unlock();
    uint64_t home_end = 0;
    for (; released_ != home_.load(std::memory_order_acquire); ++released_) {
      const uint64_t end = slots_[released_ % kSlots].end.load(std::memory_order_relaxed);
      // Until the next segment's first record is whole this image says that none is missing.
      if (written() == end) break;
      home_end = end;
      Release(slots_[released_ % kSlots]);
    }
    // Where that fails the older note stays, which says less.
    if (home_end > noted_) NoteProgress(home_end, false).IgnoreError();
    RemoveOldSegment();
    const bool wanted = prepared() - taken() < options_.spare_segments &&
                        prepared() - released_ < options_.images_max;
    const JournalFault now = fault();
    const bool final_fault = now == JournalFault::kWriteError || now == JournalFault::kSyncFailed;
    if (wait_turns != 0) --wait_turns;
    if (turns_since_prepared != kPaceTurnsMax) ++turns_since_prepared;
    if (wanted && !final_fault && wait_turns == 0 && turns_since_prepared >= PaceTurns()) {
      const absl::Status prepared_one = PrepareOne();
      if (prepared_one.ok()) {
        turns_since_prepared = 0;
        Raise(JournalFault::kNone, "");
      } else {
        const absl::string_view said = prepared_one.message();
        const std::string_view why(said.data(), said.size());
        if (absl::IsResourceExhausted(prepared_one)) {
          Raise(JournalFault::kNoSpace, why);
          wait_turns = kTurnsAfterNoSpace;
        } else {
          Raise(JournalFault::kWriteError, why);
        }
      }
    }
    lock.lock();
  }
}

// Turns from one segment to the next.
int FileStorage::PaceTurns() {
  if (keep_from_.load(std::memory_order_relaxed) == 0) return 0;  // waiting would make no room
  const uint64_t left_free = leave_free_.load(std::memory_order_relaxed);
  const uint64_t free = operations_.FreeBytes(place_.folder->fd());
  const uint64_t segments = (free - std::min(free, left_free)) / options_.segment_bytes;
  const bool scarce = segments < kScarceSegments;
  if (scarce && !std::exchange(scarce_, scarce)) {
    Report(
        absl::StrCat(place_.directory, ": warning: room for ", segments,
                     " more segments. Sessions and venues that fill the journal wait until a "
                     "snapshot allows old ones to be removed. Remedy, if this persists: a larger "
                     "disk, or a smaller snapshot_bytes"));
  }
  // What left again has room to spare: a segment more or less is no news.
  if (segments >= 2 * kScarceSegments) scarce_ = false;
  return scarce ? static_cast<int>(kPaceTurnsMax / (segments + 1)) : 0;
}

absl::Status FileStorage::PrepareOne() {
  if (kept_.empty()) return MakeOne();
  absl::Status adopted = Adopt(kept_.front());
  if (adopted.ok()) kept_.pop_front();
  return adopted;
}

absl::Status FileStorage::MakeOne() {
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
  if (absl::Status filled = FillFromKernel(std::as_writable_bytes(std::span(&header.salt, 1)));
      !filled.ok()) {
    return filled;
  }
  header.crc = SegmentHeaderCrc(header);
  const uint64_t left_free = leave_free_.load(std::memory_order_relaxed);
  if (const uint64_t free = operations_.FreeBytes(place_.folder->fd());
      free < left_free + options_.segment_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("No space left on device: ", place_.directory, " has room for ", free >> 20,
                     " MiB, of which the next snapshot may need ", left_free >> 20));
  }
  JournalFile file;
  if (absl::Status written_one = WriteSegment(header, file); !written_one.ok()) return written_one;
  std::byte* image = nullptr;
  if (absl::Status made = MakeImage(header, image); !made.ok()) return made;
  RINGWAY_PROBE(prepare_mapped);
  AddSlot(header, std::move(file), image, 0);
  RINGWAY_PROBE(prepare_ready);
  return absl::OkStatus();
}

void FileStorage::AddSlot(const SegmentHeader& header, JournalFile file, std::byte* image,
                          std::size_t used) {
  Slot& slot = slots_[prepared() % kSlots];
  slot.number = header.number;
  slot.first_position = header.first_position;
  slot.file = std::move(file);
  slot.image = image;
  slot.used = used;
  slot.end.store(UINT64_MAX, std::memory_order_relaxed);
  next_number_ = header.number + 1;
  next_position_ = header.first_position + header.segment_bytes;
  SegmentPrepared();
}

// Zeros are written, not only reserved: a sync then has no allocation to record, only data.
absl::Status FileStorage::WriteSegment(const SegmentHeader& header, JournalFile& file) {
  const Folder& folder = *place_.folder;
  absl::StatusOr<JournalFile> draft = folder.CreateFile(kDraftName);
  if (!draft.ok()) return draft.status();
  file = *std::move(draft);
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
  if (error != 0) {
    folder.Remove(kDraftName).IgnoreError();
    return SystemError(
        error, absl::StrCat("cannot prepare the segment ", place_.SegmentPath(header.number)));
  }
  if (absl::Status renamed = folder.Rename(kDraftName, JournalPlace::SegmentName(header.number));
      !renamed.ok()) {
    return renamed;
  }
  RINGWAY_PROBE(prepare_renamed);
  return SyncFolder();
}

absl::Status FileStorage::SyncFolder() {
  const int error = operations_.SyncFolder(place_.folder->fd());
  if (error == 0) return absl::OkStatus();
  return SystemError(error, absl::StrCat("cannot sync the directory ", place_.directory));
}

absl::Status FileStorage::NoteProgress(uint64_t position, bool closed) {
  absl::Status noted = WriteProgressNote(*place_.folder, {.start = start_number_,
                                                          .position = position,
                                                          .time_ns = UnixNowNs(),
                                                          .closed = closed,
                                                          .inode = place_.folder->inode()});
  if (noted.ok()) noted_ = position;
  return noted;
}

absl::Status FileStorage::MakeImage(const SegmentHeader& header, std::byte*& image) {
  const std::string name = JournalPlace::ImageName(header.number);
  if (idle_image_ != nullptr) {
    std::memset(idle_image_, 0, header.segment_bytes);
    std::memcpy(idle_image_, &header, sizeof(header));
    if (absl::Status named = place_.images->Rename(kIdleImageName, name); !named.ok()) return named;
    image = std::exchange(idle_image_, nullptr);
    return absl::OkStatus();
  }
  const absl::StatusOr<JournalFile> file = place_.images->CreateFile(name);
  if (!file.ok()) return file.status();
  // Reserved now: a page that is missing later would be a SIGBUS in the engine's thread.
  absl::Status made;
  if (const int error = posix_fallocate(file->fd(), 0, static_cast<off_t>(header.segment_bytes));
      error != 0) {
    made =
        SystemError(error, absl::StrCat("cannot make the image ", place_.ImagePath(header.number),
                                        " of ", header.segment_bytes, " bytes"));
  } else {
    made = MapImage(*file, header.number, image);
  }
  if (!made.ok()) {
    place_.images->Remove(name).IgnoreError();
    return made;
  }
  std::memcpy(image, &header, sizeof(header));
  return absl::OkStatus();
}

// Every page is mapped for writing before the engine comes.
absl::Status FileStorage::MapImage(const JournalFile& file, uint64_t number, std::byte*& image) {
  const auto bytes = static_cast<std::size_t>(options_.segment_bytes);
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
  if (mapped == MAP_FAILED) {
    return SystemError(errno, absl::StrCat("cannot map the image ", place_.ImagePath(number)));
  }
  image = static_cast<std::byte*>(mapped);
#ifdef MADV_POPULATE_WRITE  // Linux 5.14
  if (madvise(mapped, bytes, MADV_POPULATE_WRITE) == 0) return absl::OkStatus();
  if (errno != EINVAL) {
    const int error = errno;
    munmap(mapped, bytes);
    return SystemError(error, absl::StrCat("no memory for the image ", place_.ImagePath(number)));
  }
#endif
  for (std::size_t at = 0; at < bytes; at += kPageBytes) {
    std::atomic_ref(*reinterpret_cast<uint64_t*>(image + at))
        .fetch_or(0, std::memory_order_relaxed);
  }
  return absl::OkStatus();
}

// The writer has left the slot, and all of it is on the disk.
void FileStorage::Release(Slot& slot) noexcept {
  const std::string name = JournalPlace::ImageName(slot.number);
  if (idle_image_ == nullptr && place_.images->Rename(name, kIdleImageName).ok()) {
    idle_image_ = slot.image;
  } else {
    munmap(slot.image, options_.segment_bytes);
    // One that cannot be removed costs its room until the process ends.
    place_.images->Remove(name).IgnoreError();
  }
  RINGWAY_PROBE(prepare_image_released);
  slot.file = JournalFile();
  old_.push_back({slot.number, slot.first_position + options_.segment_bytes});
}

// One a turn, so that preparing does not wait for many. A segment that cannot be removed now is
// tried again: it costs its space, nothing else.
void FileStorage::RemoveOldSegment() {
  if (!removes_ || old_.empty() || old_.front().end > keep_from_.load(std::memory_order_relaxed)) {
    return;
  }
  if (!place_.folder->Remove(JournalPlace::SegmentName(old_.front().number)).ok()) return;
  if (const absl::Status synced = SyncFolder(); !synced.ok()) {
    // A second sync that succeeds would be about other names.
    removes_ = false;
    Report(absl::StrCat("journal: ALARM: the folder cannot be synced after segment ",
                        old_.front().number, " was removed: ", std::string(synced.message()),
                        ". No segment is removed any more, and the disk fills. Remedy: check the "
                        "disk, and restart the gateway"));
    return;
  }
  SetOldest(old_.front().end);
  old_.pop_front();
}

}  // namespace ringway
