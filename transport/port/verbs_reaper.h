// Who takes the queues of ended links apart, so that the thread that polls need not: a thread that
// sleeps otherwise.
//
// Taking one apart waits for its last writes and asks the kernel for a dozen things. Thread rule:
// Bury() from any thread; it neither blocks nor allocates. Lifetime: shared by a listener and its
// links; the last one's end waits for all that is buried.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "transport/port/verbs_queue.h"

namespace ringway {

class VerbsReaper {
 public:
  // What an orderly end waits at most for its last writes to arrive.
  static constexpr int64_t kDrainLimitNs = 200 * kNsPerMs;

  // Errors: ResourceExhausted when no thread can be had.
  static absl::StatusOr<std::shared_ptr<VerbsReaper>> Create();
  ~VerbsReaper();
  VerbsReaper(const VerbsReaper&) = delete;
  VerbsReaper& operator=(const VerbsReaper&) = delete;

  void Bury(std::unique_ptr<VerbsQueue> queue) noexcept;

 private:
  VerbsReaper() = default;
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<VerbsQueue> buried_;  // a list, by `next`; guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
  std::thread thread_;
};

}  // namespace ringway
