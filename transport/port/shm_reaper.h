// Who gives the memory and the socket of an ended shared-memory link back, so that the thread that
// polls need not: a thread that sleeps otherwise.
//
// Unmapping takes time that grows with the ring, closing a socket wakes its peer. Thread rule:
// Bury() from any thread; it neither blocks nor allocates. Lifetime: shared by a listener
// and its links; the last one's end waits for all that is buried.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/born_here.h"
#include "transport/port/shm_region.h"
#include "transport/port/unique_fd.h"

namespace ringway {

// What a link holds of the system.
struct ShmHoldings {
  ShmRegion own;
  ShmRegion peer;
  UniqueFd socket;
  ShmHoldings* next = nullptr;  // the reaper's
};

class ShmReaper {
 public:
  // Errors: ResourceExhausted when no thread can be had.
  static absl::StatusOr<std::shared_ptr<ShmReaper>> Create();
  ~ShmReaper();
  ShmReaper(const ShmReaper&) = delete;
  ShmReaper& operator=(const ShmReaper&) = delete;

  void Bury(ShmHoldings* holdings) noexcept;

 private:
  ShmReaper() = default;
  void Push(ShmHoldings* holdings) noexcept;
  void Run();

  // Nothing here needs a destructor that waits: in a forked child the thread is gone, and what it
  // waited on would wait for it.
  std::atomic<ShmHoldings*> buried_ = nullptr;  // a list by `next`, the latest first
  ShmHoldings end_;                             // buried last: tells the thread to end
  BornHere born_here_;
  std::thread thread_;
};

// Ends what a link held: by the reaper, or without one at once.
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
