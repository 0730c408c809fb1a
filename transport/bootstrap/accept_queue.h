// The hand-over between a listener's own thread and the polling thread: finished links one way,
// admitted epochs the other.
//
// The polling thread never waits: whatever the listener's thread is doing, it may be off its core
// for milliseconds, at the pleasure of peers that ask for links. Thread rule: TryPop() and Admit()
// by one thread, the others by any. TryPop() costs one load when there is nothing.
#pragma once

#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "transport/epoch.h"
#include "transport/unique_fd.h"

namespace ringway {

template <class L>
class AcceptQueue {
 public:
  // `ready_fd`: an eventfd, non-blocking. `links_max`: as many are expected to wait at most.
  AcceptQueue(UniqueFd ready_fd, std::size_t links_max) : ready_fd_(std::move(ready_fd)) {
    links_.reserve(links_max);
  }

  void Push(std::unique_ptr<L> link) {
    std::lock_guard lock(mutex_);
    links_.push_back(std::move(link));
    // Pairs with the acquire loads in TryPop() and count().
    count_.store(static_cast<uint32_t>(links_.size()), std::memory_order_release);
    eventfd_write(ready_fd_.get(), 1);
  }

  // The oldest link; null also while another is being pushed.
  std::unique_ptr<L> TryPop() noexcept {
    // Pairs with the release store in Push().
    if (count_.load(std::memory_order_acquire) == 0) return nullptr;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || links_.empty()) return nullptr;
    std::unique_ptr<L> link = std::move(links_.front());
    links_.erase(links_.begin());
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
  std::vector<std::unique_ptr<L>> links_;  // the oldest first; guarded by mutex_
};

// The latest epoch at which each peer has proved who it is. Peers are never forgotten; they are
// those that the configuration names.
class AdmittedEpochs {
 public:
  AdmittedEpochs() = default;
  AdmittedEpochs(const AdmittedEpochs&) = delete;
  AdmittedEpochs& operator=(const AdmittedEpochs&) = delete;
  ~AdmittedEpochs() {
    for (auto& head : heads_) {
      for (const Peer* peer = head.load(std::memory_order_relaxed); peer != nullptr;) {
        delete std::exchange(peer, peer->next);
      }
    }
  }

  // False, and nothing changes, when this one or a later one was admitted before.
  bool Admit(uint64_t peer_key, uint32_t epoch) {
    Peer* peer = Find(peer_key);
    // The only writer: relaxed. The stores pair with Of() and Find().
    const uint32_t admitted = peer == nullptr ? 0 : peer->epoch.load(std::memory_order_relaxed);
    if (!EpochIsLater(epoch, admitted)) return false;
    if (peer != nullptr) {
      peer->epoch.store(epoch, std::memory_order_release);
    } else {
      auto& head = heads_[peer_key % kHeads];
      head.store(new Peer{peer_key, head.load(std::memory_order_relaxed), epoch},
                 std::memory_order_release);
    }
    return true;
  }

  // 0 for none.
  uint32_t Of(uint64_t peer_key) const noexcept {
    const Peer* peer = Find(peer_key);
    // Pairs with Admit().
    return peer == nullptr ? 0 : peer->epoch.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t kHeads = 1024;

  struct Peer {
    const uint64_t key;
    Peer* const next;
    std::atomic<uint32_t> epoch;
  };

  Peer* Find(uint64_t peer_key) const noexcept {
    // Pairs with Admit().
    Peer* peer = heads_[peer_key % kHeads].load(std::memory_order_acquire);
    while (peer != nullptr && peer->key != peer_key) peer = peer->next;
    return peer;
  }

  std::array<std::atomic<Peer*>, kHeads> heads_{};  // of lists
};

}  // namespace ringway
