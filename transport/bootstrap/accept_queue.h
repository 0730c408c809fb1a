// The hand-over between a listener's own thread and the polling thread: finished links one way,
// admitted epochs the other.
//
// Thread rule: any thread, all functions. TryPop() costs one load when there is nothing.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "transport/epoch.h"
#include "transport/unique_fd.h"

namespace ringway {

template <class L>
class AcceptQueue {
 public:
  // `ready_fd`: an eventfd, non-blocking.
  explicit AcceptQueue(UniqueFd ready_fd) noexcept : ready_fd_(std::move(ready_fd)) {}

  void Push(std::unique_ptr<L> link) {
    std::lock_guard lock(mutex_);
    links_.push_back(std::move(link));
    // Pairs with the acquire loads in TryPop() and count().
    count_.store(static_cast<uint32_t>(links_.size()), std::memory_order_release);
    eventfd_write(ready_fd_.get(), 1);
  }

  // The oldest link, or null.
  std::unique_ptr<L> TryPop() noexcept {
    // Pairs with the release store in Push().
    if (count_.load(std::memory_order_acquire) == 0) return nullptr;
    std::lock_guard lock(mutex_);
    if (links_.empty()) return nullptr;
    std::unique_ptr<L> link = std::move(links_.front());
    links_.pop_front();
    // Pairs with the acquire load in count().
    count_.store(static_cast<uint32_t>(links_.size()), std::memory_order_release);
    if (links_.empty()) {
      eventfd_t ignored;
      eventfd_read(ready_fd_.get(), &ignored);
    }
    return link;
  }

  // Pairs with the release stores in Push() and TryPop().
  uint32_t count() const noexcept { return count_.load(std::memory_order_acquire); }
  // Readable while there is a link.
  int ready_fd() const noexcept { return ready_fd_.get(); }

 private:
  const UniqueFd ready_fd_;
  std::atomic<uint32_t> count_{0};
  std::mutex mutex_;
  std::deque<std::unique_ptr<L>> links_;  // guarded by mutex_
};

// The latest epoch at which each peer has proved who it is.
class AdmittedEpochs {
 public:
  // False, and nothing changes, when this one or a later one was admitted before.
  bool Admit(uint64_t peer_key, uint32_t epoch) {
    std::lock_guard lock(mutex_);
    uint32_t& admitted = epochs_[peer_key];
    if (!EpochIsLater(epoch, admitted)) return false;
    admitted = epoch;
    return true;
  }

  // 0 for none.
  uint32_t Of(uint64_t peer_key) const {
    std::lock_guard lock(mutex_);
    const auto found = epochs_.find(peer_key);
    return found == epochs_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, uint32_t> epochs_;  // guarded by mutex_
};

}  // namespace ringway
