// The datapath of the RDMA port: posting writes, reading their completions, waking the peer and
// being woken.
#include "transport/port/verbs.h"

#include <arpa/inet.h>
#include <infiniband/verbs.h>

#include <cstring>
#include <utility>

#include "transport/port/verbs_queue.h"
#include "transport/port/verbs_reaper.h"

namespace ringway {

VerbsPort::VerbsPort(std::unique_ptr<VerbsQueue> queue,
                     std::shared_ptr<VerbsReaper> reaper) noexcept
    : queue_(std::move(queue)),
      reaper_(std::move(reaper)),
      wake_fd_(queue_->completions().DuplicateChannelFd()),
      ring_bytes_(queue_->ring_bytes()) {}

VerbsPort::VerbsPort(VerbsPort&& other) noexcept = default;
VerbsPort& VerbsPort::operator=(VerbsPort&& other) noexcept = default;

VerbsPort::~VerbsPort() {
  if (queue_ == nullptr) return;
  if (!born_here_.Here()) {
    // In a forked child the device's objects belong to the parent, and each destructor would act on
    // the device. The child leaks these few bytes until it exits or executes another program.
    static_cast<void>(queue_.release());
    static_cast<void>(new std::shared_ptr<VerbsReaper>(std::move(reaper_)));
    return;
  }
  reaper_->Bury(std::move(queue_));
}

std::byte* VerbsPort::mirror() noexcept { return queue_->mirror(); }
std::byte* VerbsPort::ring() noexcept { return queue_->ring(); }
const StateLine* VerbsPort::peer_state() noexcept { return queue_->state(); }

bool VerbsPort::Write(uint64_t offset, uint32_t bytes, WriteFlags flags) noexcept {
  return Post(kVerbsRingOffset + offset, queue_->mirror() + offset, bytes, flags);
}

bool VerbsPort::WriteState(const StateLine& line, WriteFlags flags) noexcept {
  ++counters_.state_lines;
  const std::byte* from = reinterpret_cast<const std::byte*>(&line);
  if (sizeof(line) > queue_->inline_bytes_max()) [[unlikely]] {
    std::byte* const copy = queue_->state_copy(writes_posted_);
    std::memcpy(copy, &line, sizeof(line));
    from = copy;
  }
  return Post(0, from, sizeof(line), flags);
}

bool VerbsPort::Post(uint64_t remote, const std::byte* from, uint32_t bytes,
                     WriteFlags flags) noexcept {
  if (gone_) [[unlikely]]
    return false;
  ibv_sge segment{reinterpret_cast<uint64_t>(from), bytes, queue_->lkey()};
  ibv_send_wr request{};
  request.wr_id = queue_->slot().Id(VerbsCompletions::Kind::kWrite, writes_posted_);
  request.sg_list = &segment;
  request.num_sge = 1;
  request.opcode = IBV_WR_RDMA_WRITE;
  request.wr.rdma.remote_addr = remote;
  request.wr.rdma.rkey = queue_->peer_rkey();
  if (bytes <= queue_->inline_bytes_max()) {
    request.send_flags |= IBV_SEND_INLINE;
    ++counters_.inlined;
  }
  if (flags.signalled) {
    request.send_flags |= IBV_SEND_SIGNALED;
    ++counters_.signalled;
  }
  if (flags.wake) [[unlikely]] {
    request.opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
    request.imm_data = htonl(kImmediateWake);
    ++counters_.wakes;
  }
  ibv_send_wr* bad = nullptr;
  if (ibv_post_send(queue_->pair(), &request, &bad) != 0) [[unlikely]] {
    gone_ = true;
    return false;
  }
  ++writes_posted_;
  ++counters_.work_requests;
  ++counters_.doorbells;
  counters_.bytes_posted += bytes;
  return true;
}

uint64_t VerbsPort::CompletedWrites() noexcept {
  VerbsCompletions::Slot& slot = queue_->slot();
  queue_->completions().Poll();
  // Each pairs with the polling thread's release store.
  if (slot.error.load(std::memory_order_acquire) != 0) [[unlikely]]
    gone_ = true;
  if (!severing_) queue_->TopUpReceives();
  return slot.writes.load(std::memory_order_acquire);
}

bool VerbsPort::PeerGone() noexcept {
  if (gone_) return true;
  CompletedWrites();
  gone_ |= DeviceGone() || queue_->completions().failed() ||
           // Pairs with the release store in VerbsDevice::DispatchEvents().
           queue_->events().failed.load(std::memory_order_acquire);
  return gone_;
}

bool VerbsPort::DeviceGone() noexcept {
  VerbsDevice& device = queue_->device();
  device.DispatchEvents();
  gone_ |= queue_->id().TakeEvents();
  if (queue_->id().device_removed()) device.NoteRemoved();
  return device.failed();
}

bool VerbsPort::Sever() noexcept {
  gone_ = true;
  if (!severing_) {
    severing_ = true;
    reaper_->Sever(*queue_);
  }
  return queue_->severed();
}

void VerbsPort::ArmWake() noexcept { queue_->completions().Arm(); }

void VerbsPort::DrainWake() noexcept { queue_->completions().DrainEvents(); }

uint64_t VerbsPort::WakesReceived() noexcept {
  // Pairs with the polling thread's release store.
  return queue_->slot().wakes.load(std::memory_order_acquire);
}

void VerbsPort::Describe(Caps& caps) const noexcept {
  caps.inline_bytes_max = queue_->inline_bytes_max();
  caps.huge_pages = queue_->huge_pages();
  caps.data_in_order = queue_->data_in_order();
}

}  // namespace ringway
