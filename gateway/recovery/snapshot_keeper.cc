// The keeper's thread.
#include "gateway/recovery/snapshot_keeper.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/thread.h"
#include "gateway/recovery/snapshot_file.h"

namespace ringway {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(100);
constexpr int64_t kRetryNs = 10 * kNsPerS;

}  // namespace

SnapshotKeeper::SnapshotKeeper(FileStorage& storage, SnapshotKeeperOptions options,
                               uint64_t newest_position)
    : storage_(storage), options_(std::move(options)), attempted_end_(newest_position) {
  storage_.LeaveFree(storage_.segment_bytes());
  if (newest_position != 0) Tell(newest_position);
}

absl::Status SnapshotKeeper::Start() {
  return StartThread(thread_, "snapshots", [this] { Loop(); });
}

SnapshotKeeper::~SnapshotKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_release);
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SnapshotKeeper::Loop() {
  // An orderly stop makes a snapshot after the keeper has ended, so segments are released here.
  if (const auto positions = SnapshotsIn(options_.directory); positions.ok()) {
    AllowRemoval(*positions, storage_.completed().end);
  }
  std::unique_lock lock(mutex_);
  while (!stopping_.load(std::memory_order_acquire)) {
    Watch();
    const FileStorage::Completed completed = storage_.completed();
    const bool failed = retry_at_ns_ != 0 && MonotonicNowNs() >= retry_at_ns_;
    if (failed || completed.end >= attempted_end_ + options_.snapshot_bytes) {
      lock.unlock();
      MakeOne(completed);
      lock.lock();
      continue;
    }
    stop_changed_.wait_for(lock, kTurn);
  }
}

void SnapshotKeeper::Watch() {
  const uint64_t newest = position();
  const uint64_t complete = storage_.completed().end;
  if (complete < newest + options_.snapshot_bytes) {
    due_since_ns_.store(0, std::memory_order_release);
    if (!std::exchange(late_, false)) return;
    options_.report(absl::StrCat("journal: the snapshot that was late is made: position ", newest));
    return;
  }
  const int64_t now_ns = MonotonicNowNs();
  const int64_t since_ns = due_since_ns();
  if (since_ns == 0) {
    due_since_ns_.store(now_ns, std::memory_order_release);
  } else if (now_ns - since_ns >= options_.late_after_ns && !std::exchange(late_, true)) {
    options_.report(absl::StrCat(
        "journal: ALARM: a snapshot is due since ", (now_ns - since_ns) / kNsPerS,
        " s: the newest ends at position ", newest, ", and ", (complete - newest) >> 20,
        " MiB behind it are complete, which a start has to replay; old segments stay until it is "
        "made. Remedy: see above why none is made; else give the machine another core or the disk "
        "more throughput, or raise snapshot_late_after"));
  }
}

void SnapshotKeeper::MakeOne(const FileStorage::Completed& completed) {
  attempted_end_ = completed.end;
  retry_at_ns_ = 0;
  const auto stops = [this] {
    Watch();
    return stopping_.load(std::memory_order_acquire);
  };
  const absl::Status made = options_.make(completed.number, stops);
  if (stops()) return;
  const absl::StatusOr<std::vector<uint64_t>> positions = SnapshotsIn(options_.directory);
  if (!made.ok() || !positions.ok() || positions->empty()) {
    const absl::Status& why = made.ok() ? positions.status() : made;
    options_.report(absl::StrCat("journal: no snapshot up to position ", completed.end, ": ",
                                 std::string(why.message()),
                                 ". A start replays from the one before; the next attempt comes "
                                 "in 10 s"));
    retry_at_ns_ = MonotonicNowNs() + kRetryNs;
    return;
  }
  Tell(positions->back());
  AllowRemoval(*positions, completed.end);
}

// Its time is the file's.
void SnapshotKeeper::Tell(uint64_t newest_position) {
  struct stat info {};
  if (stat(SnapshotPath(options_.directory, newest_position).c_str(), &info) == 0) {
    const auto bytes = static_cast<uint64_t>(info.st_size);
    storage_.LeaveFree(std::max(2 * bytes, storage_.segment_bytes()));
    made_at_ns_.store(info.st_mtim.tv_sec * kNsPerS + info.st_mtim.tv_nsec,
                      std::memory_order_release);
  }
  position_.store(newest_position, std::memory_order_release);
}

void SnapshotKeeper::AllowRemoval(const std::vector<uint64_t>& positions, uint64_t completed_end) {
  if (options_.keep_bytes == 0 || completed_end <= options_.keep_bytes || positions.size() < 2) {
    return;
  }
  const uint64_t older = positions[positions.size() - 2];
  storage_.KeepFrom(std::min(older, completed_end - options_.keep_bytes));
}

}  // namespace ringway
