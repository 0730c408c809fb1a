// The writer's interface to its storage (files, or a simulator's): room for its bytes, and how much
// of them is durable.
//
// The writer takes prepared segments, fills their memory and publishes how much is written. In the
// background the storage copies that to stable storage, in order, publishes how much is durable,
// and prepares more segments. Two promises, of which each acknowledgement names one:
//
//   memory    before written(): survives the end of this process, however it ends
//   durable   before durable(): survives the end of this machine's power
//
// Virtual calls happen once a segment and once a burst, never per record; the rest are loads and
// stores of atomics. Nothing that a step calls makes a system call: WakeSync() may, behind it.
// Thread rule: the writer's thread calls TakeNext, Publish, RequestSync, WakeSync and BeginSync;
// others may read. Lifetime: outlives its writer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/cache_line.h"

namespace ringway {

// Why no new segments are prepared, or durable() no longer rises.
enum class JournalFault : uint8_t {
  kNone = 0,
  kNoSpace,     // no room for another segment; ends when there is room again
  kWriteError,  // final: a segment could not be written
  kSyncFailed,  // final: a sync failed, so what is on the disk is not known; never tried again
};

constexpr std::string_view Name(JournalFault fault) noexcept {
  switch (fault) {
    case JournalFault::kNone:
      return "none";
    case JournalFault::kNoSpace:
      return "noSpace";
    case JournalFault::kWriteError:
      return "writeError";
    case JournalFault::kSyncFailed:
      return "syncFailed";
  }
  return "unknown";
}

// A prepared segment: its SegmentHeader is in place, the rest is zeros.
struct JournalSegment {
  std::span<std::byte> bytes;
  // Not 0: the segment that the journal ends in, up to this byte. Only the first one after a start.
  std::size_t used = 0;
};

class JournalStorage {
 public:
  virtual ~JournalStorage() = default;
  JournalStorage(const JournalStorage&) = delete;
  JournalStorage& operator=(const JournalStorage&) = delete;

  // The next segment, to be written from now on. The one taken before ends where Publish() said
  // last; its memory may not be touched again. Never blocks. REQUIRES: ready() != 0.
  virtual JournalSegment TakeNext() noexcept = 0;

  // A session waits for durable() to reach written(): the next sync begins once the one that runs
  // has ended; where none runs, with WakeSync(). Stores alone: for use within a step.
  virtual void RequestSync() noexcept = 0;
  // For the end of a turn, when all that can leave has left: if a sync was requested since the last
  // call, wakes the thread that syncs where it sleeps. That is a system call, but never blocks.
  void WakeSync() noexcept {
    if (std::exchange(sync_requested_, false)) [[unlikely]]
      Wake();
  }
  // Both, for callers without turns.
  void BeginSync() noexcept {
    RequestSync();
    WakeSync();
  }

  // Everything before `position` is complete. Pairs with written() in the thread that syncs.
  void Publish(uint64_t position) noexcept { written_.store(position, std::memory_order_release); }
  uint64_t written() const noexcept { return written_.load(std::memory_order_acquire); }

  // Everything before it is on stable storage. Never falls. Pairs with SetDurable().
  uint64_t durable() const noexcept { return durable_.load(std::memory_order_acquire); }
  // The segments before it were removed. Pairs with SetOldest().
  uint64_t oldest() const noexcept { return oldest_.load(std::memory_order_acquire); }
  JournalFault fault() const noexcept { return fault_.load(std::memory_order_acquire); }

  // Whether segments are used faster than new ones are prepared.
  bool behind() const noexcept { return ready() < spare_segments_; }

  // Prepared segments that are not taken yet. Pairs with SegmentPrepared().
  uint32_t ready() const noexcept {
    return prepared_.load(std::memory_order_acquire) - taken_.load(std::memory_order_relaxed);
  }

 protected:
  // `spare_segments`: how many it keeps prepared ahead.
  explicit JournalStorage(uint32_t spare_segments) : spare_segments_(spare_segments) {}

  // A RequestSync() that needs a Wake() ends with it.
  void SyncRequested() noexcept { sync_requested_ = true; }
  virtual void Wake() noexcept = 0;
  void SetDurable(uint64_t position) noexcept {
    durable_.store(position, std::memory_order_release);
  }
  void SetOldest(uint64_t position) noexcept { oldest_.store(position, std::memory_order_release); }
  void SetFault(JournalFault fault) noexcept { fault_.store(fault, std::memory_order_release); }
  void SegmentPrepared() noexcept { prepared_.fetch_add(1, std::memory_order_release); }
  // TakeNext() ends with it. Pairs with taken() in the thread that prepares.
  void SegmentTaken() noexcept { taken_.fetch_add(1, std::memory_order_release); }
  uint32_t prepared() const noexcept { return prepared_.load(std::memory_order_acquire); }
  uint32_t taken() const noexcept { return taken_.load(std::memory_order_acquire); }

 private:
  const uint32_t spare_segments_;
  // The writer's line and the storage's.
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> written_{0};
  std::atomic<uint32_t> taken_{0};
  bool sync_requested_ = false;  // since the last WakeSync()
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> durable_{0};
  std::atomic<uint64_t> oldest_{0};
  std::atomic<uint32_t> prepared_{0};
  std::atomic<JournalFault> fault_{JournalFault::kNone};
};

}  // namespace ringway
