// Implements verbs_queue.h: makes, connects and tears down an epoch's resources.
#include "transport/port/verbs_queue.h"

#include <arpa/inet.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway {
namespace {

// Allows for routers between RoCE v2 hosts: rdma_cm sets 1 if the address's default GID is RoCE v1.
constexpr uint8_t kHopLimit = 64;
// rdma_ucm reports attributes of Ethernet in bits that InfiniBand devices refuse (rdma-core,
// librdmacm/cma.c, ucma_modify_qp_rtr).
constexpr int kEthernetOnlyMask = 0xe00000;

// `pinned_bytes` should have been pinned; the queues of some devices take pages of their own.
absl::Status Short(absl::string_view what, uint64_t pinned_bytes = 4096) {
  const int error = errno;
  // ENOMEM does not tell which limit was hit.
  absl::Status lockable = CheckLockable(pinned_bytes, ReadLockLimits());
  if (!lockable.ok()) return lockable;
  return absl::ResourceExhaustedError(absl::StrCat(
      what, ": ", std::strerror(error),
      error == ENOMEM ? ". Remedy: fewer links to this device, or a smaller ring" : ""));
}

// Why an object may still exist after ibv_destroy_*() returned `error`; 0: it is gone. The kernel
// destroys the objects of a removed device and answers EIO from then on (rdma-core,
// libibverbs/cmd_ioctl.h, execute_ioctl).
int WhyKept(int error) noexcept {
  if (error < 0) error = errno;
  return error == EIO || error == ENODEV ? 0 : error;
}

}  // namespace

uint64_t VerbsPinnedBytes(uint32_t ring_bytes) noexcept {
  return kVerbsRingOffset + ring_bytes + ring_bytes + kWritesMax * sizeof(StateLine);
}

DetectionTime AckDetectionTime(const RdmaOptions& options) noexcept {
  const int64_t once_ns = int64_t{4096} << options.ack_timeout;
  const int64_t least_ns = once_ns * (options.retry_count + 1);
  return {least_ns, 4 * least_ns};
}

VerbsQueue::VerbsQueue(std::shared_ptr<VerbsDevice> device,
                       std::shared_ptr<VerbsCompletions> completions, const LinkOptions& options)
    : device_(std::move(device)),
      completions_(std::move(completions)),
      options_(options.rdma),
      ring_bytes_(options.ring_bytes),
      huge_pages_wished_(options.huge_pages) {}

absl::StatusOr<std::unique_ptr<VerbsQueue>> VerbsQueue::Create(
    std::shared_ptr<VerbsDevice> device, std::shared_ptr<VerbsCompletions> completions, VerbsId& id,
    const LinkOptions& options) {
  std::unique_ptr<VerbsQueue> made(
      new VerbsQueue(std::move(device), std::move(completions), options));
  absl::StatusOr<GidChoice> gid =
      made->device_->ChooseAddress(id.get()->port_num, id.LocalAddress());
  if (!gid.ok()) return gid.status();
  made->gid_ = *std::move(gid);
  made->slot_ = made->completions_->Take();
  if (made->slot_ == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "all ", made->completions_->slots(),
        " links of the shared completion queue are in use. Remedy: raise shared_queue_links"));
  }
  if (absl::Status done = made->Register(); !done.ok()) return done;
  if (absl::Status done = made->MakePair(); !done.ok()) return done;
  made->id_ = std::move(id);
  return made;
}

absl::Status VerbsQueue::Register() {
  const VerbsLimits& limits = device_->limits();
  if (ring_bytes_ + kVerbsRingOffset > limits.registration_bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a ring of ", ring_bytes_, " bytes is more than ", device_->name(),
                     " registers (", limits.registration_bytes_max, ")"));
  }
  absl::StatusOr<VerbsMemory> inbound =
      VerbsMemory::Map(kVerbsRingOffset + ring_bytes_, huge_pages_wished_);
  if (!inbound.ok()) return inbound.status();
  inbound_ = *std::move(inbound);
  absl::StatusOr<VerbsMemory> outbound =
      VerbsMemory::Map(ring_bytes_ + kWritesMax * sizeof(StateLine), huge_pages_wished_);
  if (!outbound.ok()) return outbound.status();
  outbound_ = *std::move(outbound);

  domain_ = ibv_alloc_pd(device_->context());
  if (domain_ == nullptr) return Short("allocating a protection domain");
  inbound_registration_ = ibv_reg_mr_iova(domain_, inbound_.base(), kVerbsRingOffset + ring_bytes_,
                                          0, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
  if (inbound_registration_ == nullptr)
    return Short("registering the ring", VerbsPinnedBytes(ring_bytes_));
  outbound_registration_ =
      ibv_reg_mr(domain_, outbound_.base(), ring_bytes_ + kWritesMax * sizeof(StateLine), 0);
  if (outbound_registration_ == nullptr)
    return Short("registering the mirror", VerbsPinnedBytes(ring_bytes_));
  return absl::OkStatus();
}

absl::Status VerbsQueue::MakePair() {
  const VerbsLimits& limits = device_->limits();
  if (limits.queue_requests_max < kSendRequests || limits.segments_max < 1) {
    return absl::ResourceExhaustedError(absl::StrCat(
        device_->name(), " has queues of ", limits.queue_requests_max, " requests with ",
        limits.segments_max, " segments; a link needs ", kSendRequests, " with 1"));
  }
  ibv_qp_init_attr wanted{};
  wanted.qp_context = &events_;
  wanted.send_cq = completions_->queue();
  wanted.recv_cq = completions_->queue();
  wanted.qp_type = IBV_QPT_RC;
  wanted.sq_sig_all = 0;
  wanted.cap.max_send_wr = kSendRequests;
  wanted.cap.max_recv_wr = kWakeRequests;
  wanted.cap.max_send_sge = 1;
  wanted.cap.max_recv_sge = 1;
  // Devices do not report their inline limit in advance: ask for less until it agrees.
  for (uint32_t bytes = options_.inline_bytes_max;; bytes /= 2) {
    ibv_qp_init_attr attributes = wanted;
    attributes.cap.max_inline_data = bytes;
    pair_ = ibv_create_qp(domain_, &attributes);
    if (pair_ != nullptr) {
      inline_bytes_max_ = attributes.cap.max_inline_data;
      break;
    }
    if (bytes == 0) return Short("creating a queue pair");
  }
  pair_number_ = pair_->qp_num;
  return absl::OkStatus();
}

// Completes the attributes that the connection manager proposes with those that we decide.
void VerbsQueue::Adjust(ibv_qp_attr& attributes, int& mask) const {
  if (!on_ethernet_) mask &= ~kEthernetOnlyMask;
  if (mask & IBV_QP_ACCESS_FLAGS) {
    attributes.qp_access_flags = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
  }
  if (mask & IBV_QP_AV && on_ethernet_ && attributes.ah_attr.is_global) {
    attributes.ah_attr.grh.sgid_index = static_cast<uint8_t>(gid_.index);
    attributes.ah_attr.grh.hop_limit = std::max(attributes.ah_attr.grh.hop_limit, kHopLimit);
  }
  // Nobody issues RDMA reads, but some devices require one.
  const auto at_most_one = [](uint32_t limit) { return static_cast<uint8_t>(std::min(limit, 1u)); };
  if (mask & IBV_QP_MAX_DEST_RD_ATOMIC) {
    attributes.max_dest_rd_atomic = at_most_one(device_->limits().reads_incoming_max);
  }
  if (mask & IBV_QP_MAX_QP_RD_ATOMIC) {
    attributes.max_rd_atomic = at_most_one(device_->limits().reads_outgoing_max);
  }
  if (mask & IBV_QP_MIN_RNR_TIMER) attributes.min_rnr_timer = options_.min_rnr_timer;
  if (mask & IBV_QP_TIMEOUT) attributes.timeout = options_.ack_timeout;
  if (mask & IBV_QP_RETRY_CNT) attributes.retry_cnt = options_.retry_count;
  if (mask & IBV_QP_RNR_RETRY) attributes.rnr_retry = options_.rnr_retry_count;
}

absl::Status VerbsQueue::Move(int state, const char* name) {
  ibv_qp_attr attributes{};
  int mask = 0;
  attributes.qp_state = static_cast<ibv_qp_state>(state);
  if (rdma_init_qp_attr(id_.get(), &attributes, &mask) != 0) {
    // EINVAL: the connection ended meanwhile.
    return absl::UnavailableError(
        absl::StrCat("asking how to make a queue pair ", name, ": ", std::strerror(errno)));
  }
  Adjust(attributes, mask);
  if (mask & IBV_QP_PATH_MTU) path_mtu_bytes_ = 128u << attributes.path_mtu;
  if (const int error = ibv_modify_qp(pair_, &attributes, mask); error != 0) {
    return absl::UnavailableError(absl::StrCat("making a queue pair of ", device_->name(), " ",
                                               name, ": ", std::strerror(error)));
  }
  return absl::OkStatus();
}

absl::Status VerbsQueue::BringUp() {
  ibv_port_attr port{};
  if (const int error = ibv_query_port(device_->context(), id_.get()->port_num, &port);
      error != 0) {
    return absl::UnavailableError(absl::StrCat("asking the port: ", std::strerror(error)));
  }
  on_ethernet_ = port.link_layer == IBV_LINK_LAYER_ETHERNET;
  if (absl::Status done = Move(IBV_QPS_INIT, "initialised"); !done.ok()) return done;
  TopUpReceives();
  if (absl::Status done = Move(IBV_QPS_RTR, "ready to receive"); !done.ok()) return done;
  if (absl::Status done = Move(IBV_QPS_RTS, "ready to send"); !done.ok()) return done;
  data_in_order_ = ibv_query_qp_data_in_order(pair_, IBV_WR_RDMA_WRITE, 0) != 0;
  return absl::OkStatus();
}

void VerbsQueue::TopUpReceives() noexcept {
  // Pairs with the polling thread's release store.
  const uint64_t wanted = slot_->receives.load(std::memory_order_acquire) + kWakeRequests;
  while (receives_posted_ < wanted && pair_ != nullptr) {
    ibv_recv_wr request{};
    request.wr_id = slot_->Id(VerbsCompletions::Kind::kReceive, receives_posted_);
    ibv_recv_wr* bad = nullptr;
    if (ibv_post_recv(pair_, &request, &bad) != 0) return;  // the pair has failed: seen elsewhere
    ++receives_posted_;
  }
}

bool VerbsQueue::PostMarker(uint32_t immediate) noexcept {
  if (pair_ == nullptr) return false;
  ibv_send_wr request{};
  request.wr_id = slot_->Id(VerbsCompletions::Kind::kMarker, markers_posted_);
  request.opcode = immediate != 0 ? IBV_WR_RDMA_WRITE_WITH_IMM : IBV_WR_RDMA_WRITE;
  request.send_flags = IBV_SEND_SIGNALED;
  request.imm_data = htonl(immediate);
  request.wr.rdma.rkey = peer_rkey_;
  ibv_send_wr* bad = nullptr;
  if (ibv_post_send(pair_, &request, &bad) != 0) return false;
  ++markers_posted_;
  return true;
}

bool VerbsQueue::BeginDrain() noexcept {
  return peer_rkey_ != 0 && !device_->failed() && PostMarker(0);
}

bool VerbsQueue::Drained() noexcept {
  completions_->Poll();
  // Both pair with the polling thread's release stores.
  return slot_->markers.load(std::memory_order_acquire) == markers_posted_ ||
         slot_->error.load(std::memory_order_acquire) != 0 || id_.TakeEvents();
}

void VerbsQueue::Sever() noexcept {
  if (pair_ != nullptr) {
    ibv_qp_attr attributes{};
    attributes.qp_state = IBV_QPS_ERR;
    ibv_modify_qp(pair_, &attributes, IBV_QP_STATE);
    id_.Disconnect();
    // This call waits for a responder that is still writing; no other call does.
    kept_error_ = WhyKept(ibv_destroy_qp(pair_));
    pair_ = nullptr;
  }
  severed_.store(true, std::memory_order_release);
}

std::string VerbsQueue::TakeApart() {
  Sever();
  if (slot_ != nullptr) completions_->GiveBack(std::exchange(slot_, nullptr));
  for (ibv_mr** registration : {&inbound_registration_, &outbound_registration_}) {
    if (*registration == nullptr) continue;
    if (const int error = WhyKept(ibv_dereg_mr(*registration)); error != 0) kept_error_ = error;
    *registration = nullptr;
  }
  // A domain that still has users is released when the device is closed.
  if (domain_ != nullptr) ibv_dealloc_pd(std::exchange(domain_, nullptr));
  if (kept_error_ != 0) {
    const uint64_t bytes = inbound_.bytes() + outbound_.bytes();
    inbound_.Abandon();
    outbound_.Abandon();
    return absl::StrCat("the device ", device_->name(), " does not give up an ended link (",
                        std::strerror(std::exchange(kept_error_, 0)), "): its ", bytes,
                        " bytes of memory stay in use until this process ends");
  }
  if (id_.device_removed()) device_->NoteRemoved();
  return device_->TakeNewsOfFailure();
}

VerbsQueue::~VerbsQueue() { TakeApart(); }

std::byte* VerbsQueue::state_copy(uint64_t number) const noexcept {
  return outbound_.base() + ring_bytes_ + number % kWritesMax * sizeof(StateLine);
}

uint32_t VerbsQueue::rkey() const noexcept { return inbound_registration_->rkey; }
uint32_t VerbsQueue::lkey() const noexcept { return outbound_registration_->lkey; }

std::string VerbsQueue::Describe() const {
  // Reports the values that the queue pair got, not those requested.
  RdmaOptions options = options_;
  ibv_qp_attr given{};
  ibv_qp_init_attr initial{};
  if (ibv_query_qp(pair_, &given, IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT, &initial) == 0) {
    options.ack_timeout = given.timeout;
    options.retry_count = given.retry_cnt;
  }
  const DetectionTime detection = AckDetectionTime(options);
  return absl::StrCat(
      device_->name(), " port ", id_.get()->port_num, ", ", gid_.why, "\n", device_->name(),
      ": path MTU ", path_mtu_bytes_, ", inline up to ", inline_bytes_max_, " of ",
      options_.inline_bytes_max,
      " bytes wished, data in order by its own word: ", data_in_order_ ? "yes" : "no",
      " (never relied on), ", huge_pages() ? "huge" : "ordinary", " pages\n", device_->name(),
      ": ack timeout ", (int64_t{4096} << options.ack_timeout) / kNsPerUs, " us, sent ",
      options.retry_count, " times more: a peer that does not acknowledge is noticed after ",
      detection.least_ns / kNsPerMs, " to ", detection.most_ns / kNsPerMs, " ms");
}

}  // namespace ringway
