// Implements shm_reaper.h: a thread that releases what ended links held.
#include "transport/port/shm_reaper.h"

#include "absl/status/status.h"
#include "base/thread.h"

namespace ringway {

absl::StatusOr<std::shared_ptr<ShmReaper>> ShmReaper::Create() {
  std::shared_ptr<ShmReaper> reaper(new ShmReaper());
  if (absl::Status started =
          StartThread(reaper->thread_, "shm-reaper", [raw = reaper.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return reaper;
}

ShmReaper::~ShmReaper() {
  if (!born_here_.Here()) {  // a forked child has no such thread
    if (thread_.joinable()) thread_.detach();
    return;
  }
  if (!thread_.joinable()) return;
  Push(&end_);
  thread_.join();
}

void ShmReaper::Bury(ShmHoldings* holdings) noexcept {
  if (born_here_.Here()) {
    Push(holdings);
  } else {
    delete holdings;
  }
}

void ShmReaper::Push(ShmHoldings* holdings) noexcept {
  holdings->next = buried_.load(std::memory_order_relaxed);
  // Pairs with Run(): the contents of the holdings are visible before their pointer.
  while (!buried_.compare_exchange_weak(holdings->next, holdings, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
  buried_.notify_one();
}

void ShmReaper::Run() {
  for (bool last = false; !last;) {
    buried_.wait(nullptr, std::memory_order_relaxed);
    ShmHoldings* holdings = buried_.exchange(nullptr, std::memory_order_acquire);
    while (holdings != nullptr) {
      ShmHoldings* const next = holdings->next;
      if (holdings == &end_) {
        last = true;
      } else {
        delete holdings;
      }
      holdings = next;
    }
  }
}

}  // namespace ringway
