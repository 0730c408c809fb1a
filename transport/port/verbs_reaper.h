// The thread that tears down ended RDMA links, so that the polling thread need not.
//
// Revoking the peer's access, waiting for the last writes and releasing everything takes a dozen
// calls into the kernel and the device, and a failing device may answer each of them late. All
// buried links are waited for concurrently: a thousand take about as long as one. Requests to sever
// take priority. Thread rule: Sever() and Bury() from any thread; neither blocks nor allocates.
// Lifetime: shared by a listener and its links, or a connecting link's own; the last owner's
// destructor waits for everything buried.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/hand_over_list.h"
#include "transport/options.h"
#include "transport/unique_fd.h"

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
  VerbsRemains* next_ = nullptr;
  VerbsRemains* next_to_sever_ = nullptr;
  int64_t drain_until_ns_ = 0;
};

class VerbsReaper {
 public:
  // The longest time that an orderly end waits for its last writes to arrive.
  static constexpr int64_t kDrainLimitNs = 200 * kNsPerMs;

  // `report`: called on the reaper's thread; may be empty. Errors: ResourceExhausted if no thread
  // can be started; the system's for descriptors.
  static absl::StatusOr<std::shared_ptr<VerbsReaper>> Create(Report report);
  ~VerbsReaper();
  VerbsReaper(const VerbsReaper&) = delete;
  VerbsReaper& operator=(const VerbsReaper&) = delete;

  // Severs them soon. REQUIRES: called once for each; they are buried later, here.
  void Sever(VerbsRemains& remains) noexcept;
  void Bury(std::unique_ptr<VerbsRemains> remains) noexcept;

 private:
  VerbsReaper(Report report, UniqueFd bell_fd)
      : report_(std::move(report)), bell_fd_(std::move(bell_fd)) {}
  // Fails only when the bell is rung already.
  void RingBell() noexcept { (void)eventfd_write(bell_fd_.get(), 1); }
  void Run();
  void SeverAll(VerbsRemains* first) noexcept;
  void BeginDrains(VerbsRemains* first) noexcept;
  void TakeApartSome();

  const Report report_;
  const UniqueFd bell_fd_;  // an eventfd: there is something to do
  HandOverList<VerbsRemains, &VerbsRemains::next_to_sever_> to_sever_;
  HandOverList<VerbsRemains, &VerbsRemains::next_> buried_;  // owned
  std::atomic<bool> stopping_ = false;
  VerbsRemains* draining_ = nullptr;  // a list, by next_; owned; the reaper's thread's
  std::thread thread_;
};

}  // namespace ringway
