// What does a disk keep of a journal when the gateway's process or its power ends?
//
// A SimDisk outlives gateways. A process writes into memory, as with real segments, and a sync
// brings that to the disk, some time later. A killed process loses nothing; when the power fails,
// what no finished sync has covered is there sector by sector or not at all: lost, reordered, torn
// in the middle of one. A reader finds what is left.
// SimStorage is one process's way to it: a JournalStorage whose syncs take virtual time, are slow,
// fail for good, and whose disk can be full for a while.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "gateway/journal/source.h"
#include "gateway/journal/storage.h"

namespace ringway::sim {

class SimDisk final : public JournalSource {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  explicit SimDisk(uint64_t seed) : random_(seed) {}

  // The process that wrote is gone; its memory is brought home.
  void KillProcess() noexcept;
  // The machine's power is gone.
  void LosePower();

  // A prepared segment behind the last one. Its header is on the disk at once.
  void Prepare(uint64_t segment_bytes);
  // Removes segments behind this one: nothing in them was ever durable.
  void RemoveBehind(uint64_t number);
  // What is written up to `position` comes to the disk.
  void Sync(uint64_t position) noexcept;
  std::span<std::byte> memory(size_t index) noexcept { return *memory_[index]; }
  uint64_t end_position() const noexcept { return end_position_; }

  const std::vector<Segment>& segments() const override { return segments_; }
  absl::Status Read(size_t index, uint64_t offset, std::span<std::byte> out) override;
  bool power_may_have_failed() const override { return power_failed_; }

 private:
  using Bytes = std::unique_ptr<std::vector<std::byte>>;  // stays where it is as segments come

  Random random_;
  std::vector<Segment> segments_;
  std::vector<Bytes> memory_;
  std::vector<Bytes> stable_;
  uint64_t next_number_ = 1;
  uint64_t end_position_ = 0;
  bool power_failed_ = false;
};

struct DiskFaults {
  int64_t sync_ns_max = 0;            // a sync lasts up to so long
  double slow_probability = 0;        // that it lasts ten times as long
  double sync_fails_probability = 0;  // for good
  double full_probability = 0;        // that no segment can be prepared, for a while
};

class SimStorage final : public JournalStorage {
 public:
  static constexpr uint32_t kSpareSegments = 2;

  // Goes on behind what the disk holds. REQUIRES: what is behind the journal's end was removed.
  SimStorage(SimDisk& disk, uint64_t segment_bytes, const DiskFaults& faults, uint64_t seed);

  // Virtual time passes: syncs begin and end, segments are prepared.
  void Turn(int64_t now_ns);

  JournalSegment TakeNext() noexcept override;
  void RequestSync() noexcept override { sync_wanted_ = true; }

 private:
  SimDisk& disk_;
  const uint64_t segment_bytes_;
  const DiskFaults faults_;
  Random random_;
  size_t first_;  // segment of this process
  bool syncing_ = false;
  bool sync_wanted_ = false;
  uint64_t sync_to_ = 0;
  int64_t sync_ends_ns_ = 0;
  int64_t full_until_ns_ = 0;
};

}  // namespace ringway::sim
