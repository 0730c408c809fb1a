// How ended links' queues are taken apart beside the polling thread.
#include "transport/port/verbs_reaper.h"

#include <utility>

#include "base/thread.h"

namespace ringway {

absl::StatusOr<std::shared_ptr<VerbsReaper>> VerbsReaper::Create() {
  std::shared_ptr<VerbsReaper> reaper(new VerbsReaper());
  if (absl::Status started =
          StartThread(reaper->thread_, "rdma-reaper", [raw = reaper.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return reaper;
}

VerbsReaper::~VerbsReaper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void VerbsReaper::Bury(std::unique_ptr<VerbsQueue> queue) noexcept {
  {
    std::lock_guard lock(mutex_);
    queue->next = std::move(buried_);
    buried_ = std::move(queue);
  }
  changed_.notify_one();
}

void VerbsReaper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || buried_ != nullptr; });
    if (buried_ == nullptr) return;
    std::unique_ptr<VerbsQueue> queue = std::move(buried_);
    lock.unlock();
    while (queue != nullptr) {
      std::unique_ptr<VerbsQueue> rest = std::move(queue->next);
      queue->Drain(kDrainLimitNs);
      queue = std::move(rest);
    }
    lock.lock();
  }
}

}  // namespace ringway
