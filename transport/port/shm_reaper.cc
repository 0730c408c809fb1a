// How ended links' holdings are given back beside the polling thread.
#include "transport/port/shm_reaper.h"

#include <utility>

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
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ShmReaper::Bury(ShmHoldings* holdings) noexcept {
  if (!born_here_.Here()) {  // nor may it wait for a lock that the thread held
    delete holdings;
    return;
  }
  {
    std::lock_guard lock(mutex_);
    holdings->next = std::exchange(buried_, holdings);
  }
  changed_.notify_one();
}

void ShmReaper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || buried_ != nullptr; });
    if (buried_ == nullptr) return;
    ShmHoldings* holdings = std::exchange(buried_, nullptr);
    lock.unlock();
    while (holdings != nullptr) delete std::exchange(holdings, holdings->next);
    lock.lock();
  }
}

}  // namespace ringway
