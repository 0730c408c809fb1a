// A completion queue that one link or many share, with a slot for each link, and the routing of
// completions to slots.
//
// A work request's id names the slot, the slot's generation and the request's number, so
// completions of an earlier user of the slot are recognised and dropped. The queue holds every work
// request that all slots can have outstanding (I7): on an error each one completes. Thread rule:
// Poll() may be called by any thread, one of which proceeds at a time; a slot's fields are read by
// its link's thread; Arm() and DrainEvents() belong to the one thread that polls the links.
// Lifetime: shared by the links over it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "base/cache_line.h"
#include "transport/memory_port.h"
#include "transport/port/verbs_device.h"
#include "transport/unique_fd.h"

struct ibv_comp_channel;
struct ibv_cq;
struct ibv_wc;

namespace ringway {

// Receive requests that a link keeps posted for the peer's wake-ups. An honest peer sends one
// wake-up each time this side asks for it.
inline constexpr uint32_t kWakeRequests = 8;
// Send requests of a queue pair: those of the link, its last one at the end (VerbsQueue::Drain),
// and those of tests.
inline constexpr uint32_t kSendRequests = kWritesMax + 8;

// The immediate data of the two kinds of message that carry one.
inline constexpr uint32_t kImmediateWake = 1;
inline constexpr uint32_t kImmediateProbe = 2;  // tests: all that was posted before it has arrived

class VerbsCompletions {
 public:
  enum class Kind : uint8_t { kWrite, kMarker, kReceive };

  struct alignas(kCacheLineBytes) Slot {
    // Written in order by the polling thread; pairs with acquire loads by the link's thread.
    std::atomic<uint64_t> writes{0};    // complete, counted from the first
    std::atomic<uint64_t> markers{0};   // as above, of Kind::kMarker
    std::atomic<uint64_t> receives{0};  // used up
    std::atomic<uint64_t> wakes{0};     // of these, with kImmediateWake
    std::atomic<uint64_t> probes{0};    // of these, with kImmediateProbe
    std::atomic<uint32_t> error{0};     // the first completion's status that was not success
    uint16_t index = 0;
    uint16_t generation = 0;

    uint64_t Id(Kind kind, uint64_t number) const noexcept {
      return uint64_t{index} << 48 | uint64_t{generation} << 32 |
             uint64_t{static_cast<uint8_t>(kind)} << 30 | (number & kNumberMask);
    }
  };

  // A queue for `slots` links. Errors: ResourceExhausted, with what the device allows.
  static absl::StatusOr<std::shared_ptr<VerbsCompletions>> Create(
      std::shared_ptr<VerbsDevice> device, uint32_t slots);
  ~VerbsCompletions();
  VerbsCompletions(const VerbsCompletions&) = delete;
  VerbsCompletions& operator=(const VerbsCompletions&) = delete;

  // A free slot, all zero; null if every one is in use.
  Slot* Take() noexcept;
  // REQUIRES: the slot's queue pair is destroyed.
  void GiveBack(Slot* slot) noexcept;

  // Takes available completions off the queue. Returns at once if another thread is doing so.
  void Poll() noexcept;

  // Makes the next completion turn the channel readable. No effect while it is armed or readable.
  void Arm() noexcept;
  // Drains events from the channel.
  void DrainEvents() noexcept;
  // A descriptor of its own for one link; closing it does not disturb the others.
  UniqueFd DuplicateChannelFd() const;

  // The queue has overrun or broken. Pairs with VerbsDevice::DispatchEvents().
  bool failed() const noexcept { return events_.failed.load(std::memory_order_acquire); }
  ibv_cq* queue() const noexcept { return queue_; }
  uint32_t slots() const noexcept { return static_cast<uint32_t>(slots_.size()); }

 private:
  static constexpr uint64_t kNumberMask = (uint64_t{1} << 30) - 1;
  static constexpr int kPollBatch = 16;
  // Bounds one call: a busy peer must not hold up the caller.
  static constexpr int kBatchesPerPollMax = 16;

  VerbsCompletions(std::shared_ptr<VerbsDevice> device, uint32_t slots);
  bool PollBatch() noexcept;
  void Route(const ibv_wc& completion) noexcept;

  const std::shared_ptr<VerbsDevice> device_;
  ibv_comp_channel* channel_ = nullptr;
  ibv_cq* queue_ = nullptr;
  VerbsQueueEvents events_;
  std::vector<Slot> slots_;
  std::mutex poll_mutex_;       // held while polling and routing
  std::mutex free_mutex_;       // guards free_
  std::vector<uint16_t> free_;  // indexes
  bool armed_ = false;          // the polling thread's
};

}  // namespace ringway
