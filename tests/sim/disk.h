// A simulated disk: what it keeps of a journal when the gateway's process or its power ends.
//
// A SimDisk outlives gateways. A process writes into memory, as with real segments, and a sync
// brings that to the disk, some time later. A killed process loses nothing: the next one brings the
// memory home. When the power fails, before or after, what no finished sync has covered is there
// sector by sector or not at all: lost, reordered, torn in the middle of one. A reader finds what
// is left.
// SimStorage is one process's way to it: a JournalStorage whose syncs take virtual time, are slow,
// fail for good, and whose disk can be full for a while.
// Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "gateway/journal/format.h"
#include "gateway/journal/source.h"
#include "gateway/journal/storage.h"

namespace ringway::sim {

class SimDisk final : public JournalSource {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  explicit SimDisk(uint64_t seed) : random_(seed) {}

  // The process that wrote is gone, and its memory is there. It had come to `written` and was busy
  // with what lies before `begun`: of that some bytes are there, no whole record.
  void KillProcess(uint64_t written, uint64_t begun);
  // The machine's power is gone. REQUIRES: KillProcess() before.
  void LosePower();
  // What a new process does first.
  void BringHome() noexcept;

  // A prepared segment behind the last one. Its header is on the disk at once.
  void Prepare(uint64_t segment_bytes);
  // Removes segments behind this one: nothing in them was ever durable.
  void RemoveBehind(uint64_t number);
  // What is written up to `position` comes to the disk.
  void Sync(uint64_t position) noexcept;
  std::span<std::byte> memory(size_t index) noexcept { return *memory_[index]; }

  const std::vector<Segment>& segments() const override { return segments_; }
  absl::Status Read(size_t index, uint64_t offset, std::span<std::byte> out) override;
  bool power_may_have_failed() const override { return power_failed_; }

 private:
  using Bytes = std::unique_ptr<std::vector<std::byte>>;  // stays where it is as segments come

  // Visits the part of each segment between two positions: visit(index, offset, bytes).
  template <class F>
  void ForEachPart(uint64_t from, uint64_t to, F&& visit) const {
    for (uint64_t i = 0, first = 0; i != segments_.size(); first += segments_[i++].bytes) {
      const uint64_t begin = std::max(from, first);
      const uint64_t end = std::min(to, first + segments_[i].bytes);
      if (begin < end) visit(i, begin - first, end - begin);
    }
  }

  Random random_;
  std::vector<Segment> segments_;
  std::vector<Bytes> memory_;
  std::vector<Bytes> stable_;
  uint64_t next_number_ = 1;
  uint64_t end_position_ = 0;
  uint64_t synced_ = 0;     // position up to which memory has come to the disk
  uint64_t home_end_ = 0;   // where the present process's own segments begin
  uint64_t dirty_end_ = 0;  // of what the process that ended last has written
  bool power_failed_ = false;
};

inline constexpr int64_t kSlowSyncs = 10;  // a slow one lasts as long as so many

struct DiskFaults {
  int64_t sync_ns_max = 0;            // a sync lasts up to so long
  double slow_probability = 0;        // that it lasts kSlowSyncs times as long
  double sync_fails_probability = 0;  // for good: a failed sync, or a write that failed
  double full_probability = 0;        // that no segment can be prepared, for a while
};

class SimStorage final : public JournalStorage {
 public:
  static constexpr uint32_t kSpareSegments = 2;

  // Goes on at `end`, where the journal ended, behind what the disk holds. REQUIRES: segments
  // behind the journal's end were removed.
  SimStorage(SimDisk& disk, const JournalCursor& end, uint64_t segment_bytes,
             const DiskFaults& faults, uint64_t seed);

  // Virtual time passes: syncs begin and end, segments are prepared.
  void Turn(int64_t now_ns);
  // From now on the disk is quick and does not fail; what failed for good stays failed.
  void Heal() noexcept { faults_ = {}; }
  bool hopeless() const noexcept {
    return fault() == JournalFault::kSyncFailed || fault() == JournalFault::kWriteError;
  }

  JournalSegment TakeNext() noexcept override;
  void RequestSync() noexcept override { SyncRequested(); }

 private:
  void Wake() noexcept override { sync_wanted_ = true; }

  SimDisk& disk_;
  const uint64_t segment_bytes_;
  DiskFaults faults_;
  Random random_;
  size_t first_;  // segment of this process
  bool syncing_ = false;
  bool sync_wanted_ = false;
  uint64_t sync_to_ = 0;
  int64_t sync_ends_ns_ = 0;
  int64_t full_until_ns_ = 0;
};

}  // namespace ringway::sim
