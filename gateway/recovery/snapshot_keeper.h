// Decides when a snapshot is due, and which segments may be removed then.
//
// A thread that checks periodically how much of the journal is complete on the disk. Once that is
// snapshot_bytes more than the newest snapshot holds, it has one made (options.make). Then segments
// before the older of the two kept snapshots are removed, if keep_bytes allows it: should the
// newest snapshot be unreadable, a replay from the older one is still possible. A failed attempt is
// reported and repeated ten seconds later. A snapshot that is due for longer than late_after_ns,
// for whatever reason, is an alarm, once; its end is reported too. Space for the next snapshot
// stays reserved on the disk: twice the size of the newest, at least a segment.
//
// Thread rule: any thread may read the figures. Lifetime: ends before the storage; stops make().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "gateway/journal/file_storage.h"

namespace ringway {

struct SnapshotKeeperOptions {
  std::string directory;
  uint64_t snapshot_bytes = 0;  // of the journal, between two snapshots
  uint64_t keep_bytes = 0;      // least amount of the journal's end that is kept; 0: all of it
  int64_t late_after_ns = 10 * 60 * kNsPerS;  // how long one may be due before that is an alarm
  // Makes a snapshot of the segments up to this number, on stable storage when it returns OK. Calls
  // `stops` periodically, and gives up when that returns true.
  std::function<absl::Status(uint64_t last_segment, const std::function<bool()>& stops)> make;
  std::function<void(std::string_view line)> report;  // any thread's
};

class SnapshotKeeper {
 public:
  // `newest_position`: of the snapshot that the gateway began with; 0: none. Makes none before
  // Start().
  SnapshotKeeper(FileStorage& storage, SnapshotKeeperOptions options, uint64_t newest_position);
  ~SnapshotKeeper();
  // Errors: the system has no room for its thread.
  absl::Status Start();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // Of the newest snapshot, and when it was made, since the Unix epoch; 0: there is none. Both pair
  // with Tell().
  uint64_t position() const noexcept { return position_.load(std::memory_order_acquire); }
  int64_t made_at_ns() const noexcept { return made_at_ns_.load(std::memory_order_acquire); }
  // Since when a snapshot is due, on the monotonic clock; 0: none is. Pairs with Watch().
  int64_t due_since_ns() const noexcept { return due_since_ns_.load(std::memory_order_acquire); }

 private:
  void Loop();
  void Tell(uint64_t newest_position);
  // Whether a snapshot is due, and for too long.
  void Watch();
  void MakeOne(const FileStorage::Completed& completed);
  // Releases the segments that the older of the newest two of `positions` does not need.
  void AllowRemoval(const std::vector<uint64_t>& positions, uint64_t completed_end);

  FileStorage& storage_;
  const SnapshotKeeperOptions options_;
  std::atomic<uint64_t> position_{0};
  std::atomic<int64_t> made_at_ns_{0};
  std::atomic<int64_t> due_since_ns_{0};
  uint64_t attempted_end_;   // the loop's: how far the latest attempt went
  int64_t retry_at_ns_ = 0;  // the loop's; 0: that one did not fail
  bool late_ = false;        // as operators were told

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  std::atomic<bool> stopping_{false};  // set under mutex_; pairs with make()'s question
  std::thread thread_;
};

}  // namespace ringway
