// The thread that tears down ended RDMA links, so that the polling thread need not.
//
// Revoking the peer's access, waiting for the last writes and releasing everything takes a dozen
// calls into the kernel and the device, and a failing device may answer each of them late. All
// buried links are waited for concurrently: a thousand take about as long as one. Requests to sever
// take priority. Thread rule: Sever() and Bury() from any thread; neither blocks nor allocates.
// Lifetime: shared by a listener and its links, or a connecting link's own; the last owner's
// destructor waits for everything buried.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "transport/options.h"

namespace ringway {

// What a reaper tears down: VerbsQueue, or a fake in tests. After Bury() all calls come from the
// reaper's thread.
class VerbsRemains {
 public:
  virtual ~VerbsRemains() = default;
  // Revokes the peer's access to the memory. May block.
  virtual void Sever() noexcept = 0;
  // Requests a notification for when the last writes have arrived. False: there is nothing to wait
  // for.
  virtual bool BeginDrain() noexcept = 0;
  virtual bool Drained() noexcept = 0;
  // Returns everything to the device. May block. Returns what an operator should know, or empty.
  virtual std::string TakeApart() = 0;

 private:
  friend class VerbsReaper;
  std::unique_ptr<VerbsRemains> next_;
  VerbsRemains* next_to_sever_ = nullptr;
  int64_t drain_until_ns_ = 0;
};

class VerbsReaper {
 public:
  // The longest time that an orderly end waits for its last writes to arrive.
  static constexpr int64_t kDrainLimitNs = 200 * kNsPerMs;

  // `report`: called on the reaper's thread; may be empty. Errors: ResourceExhausted if no thread
  // can be started.
  static absl::StatusOr<std::shared_ptr<VerbsReaper>> Create(Report report);
  ~VerbsReaper();
  VerbsReaper(const VerbsReaper&) = delete;
  VerbsReaper& operator=(const VerbsReaper&) = delete;

  // Severs them soon. REQUIRES: called once for each; they are buried later, here.
  void Sever(VerbsRemains& remains) noexcept;
  void Bury(std::unique_ptr<VerbsRemains> remains) noexcept;

 private:
  explicit VerbsReaper(Report report) : report_(std::move(report)) {}
  void Run();
  void SeverAll(VerbsRemains* first) noexcept;
  void BeginDrains(std::unique_ptr<VerbsRemains> first) noexcept;
  void TakeApartSome();

  const Report report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  VerbsRemains* to_sever_ = nullptr;        // a list, by next_to_sever_; guarded by mutex_
  std::unique_ptr<VerbsRemains> buried_;    // a list, by next_; guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::unique_ptr<VerbsRemains> draining_;  // a list, by next_; the reaper's thread's own
  std::thread thread_;
};

}  // namespace ringway
