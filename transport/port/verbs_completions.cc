// Implements verbs_completions.h: takes completions off the queue and routes them to their slots.
#include "transport/port/verbs_completions.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <infiniband/verbs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

// Advances a count of completed requests to just past the request with these low bits.
void CountUpTo(std::atomic<uint64_t>& count, uint64_t number, uint64_t mask) noexcept {
  // Relaxed: only the polling thread writes it, and the mutex orders polling threads.
  const uint64_t before = count.load(std::memory_order_relaxed);
  // Pairs with the acquire load of the link's thread.
  count.store(before + ((number + 1 - before) & mask), std::memory_order_release);
}

void Add(std::atomic<uint64_t>& count) noexcept {
  // As above.
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

}  // namespace

VerbsCompletions::VerbsCompletions(std::shared_ptr<VerbsDevice> device, uint32_t slots)
    : device_(std::move(device)), slots_(slots) {
  free_.reserve(slots);
  for (uint32_t i = 0; i < slots; ++i) {
    slots_[i].index = static_cast<uint16_t>(i);
    free_.push_back(static_cast<uint16_t>(slots - 1 - i));
  }
}

absl::StatusOr<std::shared_ptr<VerbsCompletions>> VerbsCompletions::Create(
    std::shared_ptr<VerbsDevice> device, uint32_t slots) {
  const uint64_t entries = uint64_t{slots} * (kSendRequests + kWakeRequests);
  if (entries > device->limits().completions_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        slots, " links need a completion queue of ", entries, " entries; ", device->name(),
        " offers ", device->limits().completions_max, ". Remedy: at most ",
        device->limits().completions_max / (kSendRequests + kWakeRequests),
        " links to a shared queue"));
  }
  std::shared_ptr<VerbsCompletions> made(new VerbsCompletions(std::move(device), slots));
  ibv_context* const context = made->device_->context();
  made->channel_ = ibv_create_comp_channel(context);
  if (made->channel_ == nullptr) return SetUpError(errno, "creating a completion channel");
  const int flags = fcntl(made->channel_->fd, F_GETFL);
  if (flags < 0 || fcntl(made->channel_->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "making a completion channel non-blocking");
  }
  made->queue_ =
      ibv_create_cq(context, static_cast<int>(entries), &made->events_, made->channel_, 0);
  if (made->queue_ == nullptr) {
    return SetUpError(errno, absl::StrCat("creating a completion queue of ", entries, " entries"));
  }
  return made;
}

VerbsCompletions::~VerbsCompletions() {
  DrainEvents();
  // These fail if the device was removed or still has a queue pair; what is left goes when the
  // device is closed, since nobody uses it any more.
  if (queue_ != nullptr) ibv_destroy_cq(queue_);
  if (channel_ != nullptr) ibv_destroy_comp_channel(channel_);
}

VerbsCompletions::Slot* VerbsCompletions::Take() noexcept {
  std::lock_guard lock(free_mutex_);
  if (free_.empty()) return nullptr;
  Slot& slot = slots_[free_.back()];
  free_.pop_back();
  return &slot;
}

void VerbsCompletions::GiveBack(Slot* slot) noexcept {
  {
    // Drains what the slot's previous user left in the queue, since its room now belongs to the
    // successor.
    std::lock_guard lock(poll_mutex_);
    const std::size_t batches_max = slots_.size() * (kSendRequests + kWakeRequests) / kPollBatch;
    for (std::size_t i = 0; i <= batches_max && PollBatch(); ++i) {
    }
    ++slot->generation;
    slot->writes.store(0, std::memory_order_relaxed);  // all: ordered by the mutexes
    slot->markers.store(0, std::memory_order_relaxed);
    slot->receives.store(0, std::memory_order_relaxed);
    slot->wakes.store(0, std::memory_order_relaxed);
    slot->probes.store(0, std::memory_order_relaxed);
    slot->error.store(0, std::memory_order_relaxed);
  }
  std::lock_guard lock(free_mutex_);
  free_.push_back(slot->index);
}

void VerbsCompletions::Poll() noexcept {
  const std::unique_lock lock(poll_mutex_, std::try_to_lock);
  if (!lock) return;
  for (int i = 0; i < kBatchesPerPollMax && PollBatch(); ++i) {
  }
}

// True if there may be more.
bool VerbsCompletions::PollBatch() noexcept {
  std::array<ibv_wc, kPollBatch> completions;
  const int count = ibv_poll_cq(queue_, kPollBatch, completions.data());
  if (count < 0) {
    // Pairs with failed().
    events_.failed.store(true, std::memory_order_release);
    return false;
  }
  for (int i = 0; i < count; ++i) Route(completions[static_cast<size_t>(i)]);
  return count == kPollBatch;
}

void VerbsCompletions::Route(const ibv_wc& completion) noexcept {
  const uint64_t id = completion.wr_id;
  Slot& slot = slots_[id >> 48];
  if (static_cast<uint16_t>(id >> 32) != slot.generation) return;
  if (completion.status != IBV_WC_SUCCESS) {
    uint32_t none = 0;
    // Only the first error is informative; the others are flushes. Pairs with the link's acquire
    // load.
    slot.error.compare_exchange_strong(none, completion.status, std::memory_order_release,
                                       std::memory_order_relaxed);
    return;
  }
  switch (static_cast<Kind>(id >> 30 & 3)) {
    case Kind::kWrite:
      CountUpTo(slot.writes, id & kNumberMask, kNumberMask);
      break;
    case Kind::kMarker:
      CountUpTo(slot.markers, id & kNumberMask, kNumberMask);
      break;
    case Kind::kReceive: {
      const uint32_t immediate = ntohl(completion.imm_data);
      if (immediate == kImmediateWake) Add(slot.wakes);
      if (immediate == kImmediateProbe) Add(slot.probes);
      Add(slot.receives);
      break;
    }
  }
}

void VerbsCompletions::Arm() noexcept {
  if (armed_) return;
  // Armed for every kind of completion: an error must wake a sleeper too.
  armed_ = ibv_req_notify_cq(queue_, 0) == 0;
}

void VerbsCompletions::DrainEvents() noexcept {
  if (channel_ == nullptr || queue_ == nullptr) return;
  ibv_cq* queue;
  void* context;
  // There is at most one event each time the queue was armed.
  while (ibv_get_cq_event(channel_, &queue, &context) == 0) {
    ibv_ack_cq_events(queue, 1);
    armed_ = false;
  }
}

UniqueFd VerbsCompletions::DuplicateChannelFd() const {
  return UniqueFd(fcntl(channel_->fd, F_DUPFD_CLOEXEC, 0));
}

}  // namespace ringway
