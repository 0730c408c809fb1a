// The thread of a listener that notices when peers of its shared-memory links hang up, and releases
// the memory and the socket of those that have ended, so that the polling thread need not.
//
// Asking the system about one socket after another costs the polling thread a call for each link.
// Unmapping takes time that grows with the ring; closing a socket wakes its peer. The thread sleeps
// when there is nothing to do. Thread rule: Watch() and Bury() from any thread; Bury() neither
// blocks nor allocates. Lifetime: shared by a listener and its links; the last owner's destructor
// waits for everything buried.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "base/hand_over_list.h"
#include "transport/port/shm_region.h"
#include "transport/port/shm_socket.h"
#include "transport/unique_fd.h"

namespace ringway {

// The system resources that a link holds.
struct ShmHoldings {
  ShmRegion own;
  ShmRegion peer;
  UniqueFd socket;
  ShmHoldings* next = nullptr;  // the reaper's
  bool watched = false;         // by a reaper: hung_up tells
  std::atomic<bool> hung_up = false;

  // Whether the peer has closed its end of the socket, or died. What it had stored before is there.
  bool PeerGone() const noexcept {
    // Pairs with the store of ShmReaper::Run().
    return watched ? hung_up.load(std::memory_order_acquire) : PeerHungUp(socket.get());
  }
};

class ShmReaper {
 public:
  // Errors: ResourceExhausted if no thread can be started; the system's for descriptors.
  static absl::StatusOr<std::shared_ptr<ShmReaper>> Create();
  ~ShmReaper();
  ShmReaper(const ShmReaper&) = delete;
  ShmReaper& operator=(const ShmReaper&) = delete;

  // From now on hung_up tells when the peer hangs up; where the system takes no more descriptors to
  // watch, PeerGone() goes on asking it. REQUIRES: the holdings have a socket and are given to
  // Bury() in the end.
  void Watch(ShmHoldings& holdings) noexcept;
  void Bury(ShmHoldings* holdings) noexcept;

 private:
  ShmReaper(UniqueFd epoll_fd, UniqueFd bell_fd)
      : epoll_fd_(std::move(epoll_fd)), bell_fd_(std::move(bell_fd)) {}
  void Push(ShmHoldings* holdings) noexcept;
  void Run();
  bool ReleaseBuried() noexcept;

  const UniqueFd epoll_fd_;
  const UniqueFd bell_fd_;  // an eventfd: something is buried
  HandOverList<ShmHoldings, &ShmHoldings::next> buried_;
  ShmHoldings end_;  // buried last: tells the thread to end
  BornHere born_here_;
  std::thread thread_;
};

// Releases what a link held: through the reaper, or at once if there is none.
struct ShmBurial {
  std::shared_ptr<ShmReaper> reaper;
  void operator()(ShmHoldings* holdings) const noexcept {
    if (reaper != nullptr) {
      reaper->Bury(holdings);
    } else {
      delete holdings;
    }
  }
};
using OwnedShmHoldings = std::unique_ptr<ShmHoldings, ShmBurial>;

}  // namespace ringway
