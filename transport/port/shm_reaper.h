// The thread that releases the memory and the socket of ended shared-memory links, so that the
// polling thread need not.
//
// Unmapping takes time that grows with the ring; closing a socket wakes its peer. The thread sleeps
// when there is nothing to release. Thread rule: Bury() from any thread; it neither blocks nor
// allocates. Lifetime: shared by a listener and its links; the last owner's destructor waits for
// everything buried.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "transport/port/shm_region.h"
#include "transport/unique_fd.h"

namespace ringway {

// The system resources that a link holds.
struct ShmHoldings {
  ShmRegion own;
  ShmRegion peer;
  UniqueFd socket;
  ShmHoldings* next = nullptr;  // the reaper's
};

class ShmReaper {
 public:
  // Errors: ResourceExhausted if no thread can be started.
  static absl::StatusOr<std::shared_ptr<ShmReaper>> Create();
  ~ShmReaper();
  ShmReaper(const ShmReaper&) = delete;
  ShmReaper& operator=(const ShmReaper&) = delete;

  void Bury(ShmHoldings* holdings) noexcept;

 private:
  ShmReaper() = default;
  void Push(ShmHoldings* holdings) noexcept;
  void Run();

  // No member has a destructor that waits: in a forked child the thread is gone, and such a
  // destructor would wait for ever.
  std::atomic<ShmHoldings*> buried_ = nullptr;  // a list by `next`, the latest first
  ShmHoldings end_;                             // buried last: tells the thread to end
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
