// The thread that copies records to the disk and syncs them, and the faults of the disk.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/journal/file_storage.h"

namespace ringway {
namespace {

constexpr uint64_t kPageBytes = 4096;

// While `word` is `seen`, at most `timeout_ns`. May return early.
void FutexWait(std::atomic<uint32_t>& word, uint32_t seen, int64_t timeout_ns) noexcept {
  const timespec timeout{.tv_sec = timeout_ns / kNsPerS, .tv_nsec = timeout_ns % kNsPerS};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, seen, &timeout,
          nullptr, 0);
}

void FutexWake(std::atomic<uint32_t>& word) noexcept {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr,
          0);
}

}  // namespace

void FileStorage::RequestSync() noexcept {
  const uint64_t position = written();
  const bool stops = sync_stops_.load(std::memory_order_relaxed);
  if (position == requested_position_ && !stops) return;
  requested_position_ = position;
  requests_.store(requests_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  SyncRequested();
}

// Two exchanges of one variable come one after the other. If the sleeper's is the later one, it
// sees the requests before this one, and does not sleep; else this one sees it asleep.
void FileStorage::Wake() noexcept {
  if (sync_sleeps_.exchange(false, std::memory_order_acq_rel)) FutexWake(requests_);
}

void FileStorage::SyncLoop() {
  uint32_t handled = 0;  // as many as there were before the thread began
  int64_t last_round_ns = MonotonicNowNs();
  for (bool healthy = true; healthy;) {
    // Read before `written`: what was asked for is in the round.
    const bool stops = sync_stops_.load(std::memory_order_acquire);   // pairs with Close()
    const uint32_t seen = requests_.load(std::memory_order_acquire);  // pairs with RequestSync()
    const int64_t waited_ns = MonotonicNowNs() - last_round_ns;
    if (seen != handled || stops || waited_ns >= options_.sync_interval_ns) {
      handled = seen;
      healthy = SyncRound();
      last_round_ns = MonotonicNowNs();
      if (stops) return;
      continue;
    }
    sync_sleeps_.exchange(true, std::memory_order_acq_rel);  // pairs with Wake()
    FutexWait(requests_, seen, options_.sync_interval_ns - waited_ns);
    sync_sleeps_.store(false, std::memory_order_relaxed);
  }
}

// Copies and syncs everything written so far. False: it failed, which is final.
bool FileStorage::SyncRound() noexcept {
  const uint64_t target = written();
  while (sync_index_ != taken()) {
    Slot& slot = slots_[sync_index_ % kSlots];
    const uint64_t left_at = slot.end.load(std::memory_order_acquire);  // pairs with TakeNext()
    const uint64_t to = std::min(target, left_at);
    if (to > copied_ && !CopyAndSync(slot, copied_, to)) return false;
    copied_ = std::max(copied_, to);
    if (copied_ != left_at) return true;
    ++sync_index_;
    home_.fetch_add(1, std::memory_order_release);  // pairs with PrepareLoop()
    RINGWAY_PROBE(sync_segment_home);
    copied_ = slot.first_position + options_.segment_bytes;
  }
  return true;
}

bool FileStorage::CopyAndSync(Slot& slot, uint64_t from, uint64_t to) noexcept {
  // Whole pages from the first that changed: the file system reads none of them back.
  const uint64_t begin = (from - slot.first_position) & ~(kPageBytes - 1);
  const uint64_t end = to - slot.first_position;
  RINGWAY_PROBE(sync_begins);
  if (const int error =
          operations_.WriteAt(slot.file.fd(), {slot.image + begin, end - begin}, begin);
      error != 0) {
    Raise(JournalFault::kWriteError, std::strerror(error));
    return false;
  }
  RINGWAY_PROBE(sync_copied);
  if (const int error = operations_.Sync(slot.file.fd()); error != 0) {
    Raise(JournalFault::kSyncFailed, std::strerror(error));
    return false;
  }
  RINGWAY_PROBE(sync_synced);
  syncs_.fetch_add(1, std::memory_order_relaxed);
  SetDurable(to);
  RINGWAY_PROBE(sync_durable);
  return true;
}

// A final fault stays.
void FileStorage::Raise(JournalFault fault_now, std::string_view why) {
  const std::lock_guard lock(fault_mutex_);
  const JournalFault before = fault();
  if (before == JournalFault::kWriteError || before == JournalFault::kSyncFailed) return;
  SetFault(fault_now);
  if (before == fault_now) return;
  switch (fault_now) {
    case JournalFault::kNone:
      Report(absl::StrCat(place_.directory, ": there is room again"));
      break;
    case JournalFault::kNoSpace:
      Report(absl::StrCat(place_.directory, ": no room for another segment (", std::string(why),
                          "). New orders are refused when those that are prepared are full. "
                          "Remedy: make room; it is tried again every second"));
      break;
    case JournalFault::kWriteError:
    case JournalFault::kSyncFailed:
      Report(absl::StrCat(place_.directory, ": ", std::string(Name(fault_now)), " (",
                          std::string(why),
                          "): nothing more is written to the disk. New orders are refused; cancels "
                          "and reports are recorded in memory until that is full. Remedy: repair "
                          "the disk, then restart the gateway"));
      break;
  }
}

void FileStorage::Report(std::string_view line) const {
  if (options_.report) options_.report(line);
}

}  // namespace ringway
