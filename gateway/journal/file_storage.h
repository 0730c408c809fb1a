// A journal in files: its bytes go into memory that outlives the process, and from there to the
// disk.
//
// The writer fills an image of its segment on a RAM file system. The kernel never writes its pages
// back, so no store faults or waits for a disk (docs/adr/0015). Two threads do the rest:
//
//   sync     copies what is new from the image to the segment's file and calls fdatasync: as soon
//            as somebody asked for it, at the latest after sync_interval_ns. What comes while a
//            sync runs is part of the next one.
//   prepare  makes the next segments (zeros written, synced, renamed into place) with their images,
//            for which it uses those again that are in their segments' files, and removes segments
//            that are no longer needed.
//
// When a sync has failed, what is on the disk is not known: durable() never rises again.
//
// To open: Open() takes the lock and copies what a killed gateway left in images to the segments; a
// JournalReader over source() finds the end; Start(end) removes what lies behind it, but for blank
// segments, which it adopts as spares; a JournalWriter continues there, in the same segment where
// nothing lies behind the end (docs/adr/0037). If images that a process left since the machine was
// booted are missing, acknowledged records are lost; likewise if the journal ends before what
// DIRECTORY/progress says. Open() and Start() then refuse, unless the loss is accepted
// (docs/adr/0019, 0027).
//
// Thread rule: Open, Start, Close and JournalStorage's functions on the engine's thread; KeepFrom,
// completed and counters on any. Lifetime: ends after the writer; joins its threads.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/storage.h"

namespace ringway {

struct FileStorageOptions {
  std::string directory;                      // made where missing; its parent must be there
  std::string memory_directory = "/dev/shm";  // a RAM file system
  uint64_t segment_bytes = 32u << 20;         // kSegmentBytesMin..kSegmentBytesMax, pages of 4 KiB
  uint32_t spare_segments = 2;                // prepared ahead; 1..3
  uint32_t images_max = 4;                    // in memory at a time; spare_segments + 1 .. 8
  int64_t sync_interval_ns = 10 * kNsPerMs;   // between syncs that were not requested
  bool accept_loss = false;                   // start although images, or records, are missing
  bool allow_volatile = true;                 // the directory may be where files do not last
  FileOperations* operations = nullptr;       // null: the system's
  std::string boot_id = BootId();             // of the machine's boot
  // Receives lines for an operator: what was lost or removed, each change of fault(). Called by any
  // thread of the storage's; may be null.
  std::function<void(std::string_view line)> report = nullptr;
};

class FileStorage final : public JournalStorage {
 public:
  // Errors, each with its remedy: InvalidArgument (options), Unavailable (another gateway has it),
  // FailedPrecondition (images are gone), as FindJournal.
  static absl::StatusOr<std::unique_ptr<FileStorage>> Open(const FileStorageOptions& options);
  ~FileStorage() override;

  // For the reader, before Start().
  JournalSource& source() noexcept { return *source_; }

  // The journal was found to have lost something: Start() then continues no segment and keeps no
  // spare. Call it before Start().
  void KeepNothing() noexcept { intact_ = false; }

  // Syncs what was read, removes the segments behind `end` (JournalReader::end()), prepares spare
  // segments and starts the threads. Errors: FailedPrecondition if the journal was longer once;
  // ResourceExhausted if the disk or memory has no room for what the options need; the system's,
  // with the file's name. Call it once.
  absl::Status Start(const JournalEnd& end);

  // This process's number among all that wrote the journal, including those that left no record. It
  // is on stable storage, so no other process ever gets it. REQUIRES: Start() has returned.
  uint32_t start_number() const noexcept { return start_number_; }

  // Syncs what is written and stops. If that succeeded, no images are left.
  void Close();

  // The segments that are complete on the disk: all up to `number`, which end at `end`.
  struct Completed {
    uint64_t number;
    uint64_t end;
  };
  // REQUIRES: Start() has returned.
  Completed completed() const noexcept {
    const uint64_t home = home_.load(std::memory_order_acquire);  // pairs with SyncRound()
    return {first_number_ - 1 + home, first_position_ + home * options_.segment_bytes};
  }

  // Of the segment that is written, or was written last. REQUIRES: a writer has taken one.
  uint64_t last_number() const noexcept { return first_number_ + taken() - 1; }

  // A replay from a snapshot on stable storage begins at `position`: segments wholly before it may
  // be removed.
  void KeepFrom(uint64_t position) noexcept {
    keep_from_.store(position, std::memory_order_relaxed);
  }

  // No segment is prepared that would leave less than this of the disk: the next snapshot needs it,
  // and without that snapshot no segment may be removed.
  void LeaveFree(uint64_t bytes) noexcept { leave_free_.store(bytes, std::memory_order_relaxed); }
  uint64_t segment_bytes() const noexcept { return options_.segment_bytes; }

  JournalSegment TakeNext() noexcept override;
  void RequestSync() noexcept override;

  uint64_t syncs() const noexcept { return syncs_.load(std::memory_order_relaxed); }
  const JournalPlace& place() const noexcept { return place_; }

 private:
  static constexpr uint32_t kSlots = 8;
  static constexpr const char* kDraftName = "preparing";
  static constexpr const char* kIdleImageName = "idle";

  // A segment with its image, from prepared to complete on the disk. Index: count of prepared ones
  // % kSlots.
  struct Slot {
    uint64_t number = 0;
    uint64_t first_position = 0;
    JournalFile file;
    std::byte* image = nullptr;
    std::size_t used = 0;  // bytes that a former process wrote
    // Where the writer left it. Pairs with SyncRound().
    std::atomic<uint64_t> end{UINT64_MAX};
  };
  struct OldSegment {
    uint64_t number;
    uint64_t end;
  };
  // A segment of a former process that this one writes to.
  struct Kept {
    SegmentHeader header;
    std::size_t used;  // up to the journal's end; 0: it is blank
  };

  FileStorage(const FileStorageOptions& options, Folder memory, JournalPlace place,
              JournalFile lock);

  // What a process left; file_recovery.cc.
  absl::Status BringImagesHome();
  // Whether there is an image of every segment that was not complete on the disk.
  bool ImagesAreWhole(const std::vector<uint64_t>& numbers, const RunningNote& note) const;
  // `recorded` becomes true when the image holds a record.
  absl::Status BringHome(uint64_t number, bool& recorded);
  absl::Status ImagesAreGone(const RunningNote& note);
  // Whether the journal ends before what was once on stable storage; file_loss.cc.
  absl::Status LookForLoss(const JournalEnd& end);
  absl::Status Lost(const std::string& what, const std::string& remedy);
  // What is kept of a former process's segments and images; file_adoption.cc.
  absl::Status ChooseKept(const JournalEnd& end);
  bool CanKeepImages() const;
  absl::Status DropImages();
  absl::Status RemoveBehind(const JournalEnd& end);
  // Continues behind the segments that are not kept. Syncs what only the page cache may have.
  absl::Status TakeOver(const JournalEnd& end);
  absl::Status Adopt(const Kept& kept);
  absl::Status RemoveOldImages();
  absl::Status NoteProgress(uint64_t position, bool closed);
  absl::Status SyncFolder();

  absl::Status CheckLasting() const;
  absl::Status CheckRoom();
  absl::Status Prepare();
  absl::Status OpenMemoryForImages();
  absl::Status PrepareOne();
  absl::Status MakeOne();
  absl::Status WriteSegment(const SegmentHeader& header, JournalFile& file);
  absl::Status MakeImage(const SegmentHeader& header, std::byte*& image);
  absl::Status MapImage(const JournalFile& file, uint64_t number, std::byte*& image);
  void AddSlot(const SegmentHeader& header, JournalFile file, std::byte* image, std::size_t used);
  void Release(Slot& slot) noexcept;
  void RemoveOldSegment();
  void PrepareLoop();
  int PaceTurns();

  void Wake() noexcept override;
  void SyncLoop();
  bool SyncRound() noexcept;
  bool CopyAndSync(Slot& slot, uint64_t from, uint64_t to) noexcept;
  void Raise(JournalFault fault, std::string_view why);
  void Report(std::string_view line) const;

  const FileStorageOptions options_;
  const Folder memory_;
  JournalPlace place_;  // its images are this process's after Start()
  const JournalFile lock_;
  bool power_may_have_failed_ = true;
  SystemFileOperations system_;
  FileOperations& operations_;
  std::unique_ptr<FileSource> source_;
  bool started_ = false;
  // No loss was accepted, and this is no copy: no other process continues the same journal.
  bool intact_ = true;
  bool images_whole_ = false;            // those of a killed process
  std::vector<uint64_t> image_numbers_;  // of its images
  std::deque<Kept> kept_;                // dense; without those that are prepared

  std::array<Slot, kSlots> slots_;
  uint64_t next_number_ = 1;  // of segments; the preparing thread's after Start()
  uint64_t next_position_ = 0;
  uint64_t first_number_ = 1;  // of the segments since Start()
  uint64_t first_position_ = 0;
  uint32_t start_number_ = 0;
  uint64_t noted_ = 0;     // position of the latest progress note
  uint32_t released_ = 0;  // slots whose image is gone
  // Image of a segment that is in its file, for the next one: a mapping that ends, or begins,
  // interrupts the engine's core. Null: there is none.
  std::byte* idle_image_ = nullptr;
  std::deque<OldSegment> old_;  // segments that KeepFrom may remove
  std::vector<std::byte> zeros_;
  bool removes_ = true;  // segments, until a sync of the folder after one has failed
  bool scarce_ = false;  // room on the disk, as operators were told

  std::atomic<uint64_t> keep_from_{0};
  std::atomic<uint64_t> leave_free_{0};
  std::atomic<uint32_t> home_{0};   // slots whose segment is whole on the disk
  std::atomic<uint64_t> syncs_{0};  // a statistic
  std::mutex fault_mutex_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;

  // Of RequestSync(), and a futex: what SyncLoop() sleeps on.
  std::atomic<uint32_t> requests_{0};
  std::atomic<bool> sync_sleeps_{false};
  std::atomic<bool> sync_stops_{false};
  uint64_t requested_position_ = 0;  // the writer's thread's

  uint32_t sync_index_ = 0;  // the sync thread's: the slot it is in
  uint64_t copied_ = 0;      // and how far it has come
  std::thread prepare_thread_;
  std::thread sync_thread_;
};

}  // namespace ringway
