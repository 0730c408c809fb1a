// The RDMA listener: one background thread answers the connection manager, so that the polling
// thread never stalls.
//
// Bounds: pending_max connections being made, each with a deadline; when full, the address with the
// most of them loses its oldest to a newcomer (verbs_quota.h), or the newcomer is refused. At most
// finished_max links wait to be fetched. If proofs are required, nothing is mapped or registered
// for a peer before its proof is verified.
//
// The removal of a device ends its pending connections; its links notice it themselves. A listener
// bound to its address retries to listen, with growing pauses, until the device is back; a listener
// on all addresses learns of new devices by itself.
#include <netinet/in.h>
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/thread.h"
#include "transport/epoch.h"
#include "transport/link_limits.h"
#include "transport/port/accept_queue.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_cm.h"
#include "transport/port/verbs_device.h"
#include "transport/port/verbs_handshake.h"
#include "transport/port/verbs_open_devices.h"
#include "transport/port/verbs_queue.h"
#include "transport/port/verbs_quota.h"
#include "transport/port/verbs_reaper.h"

namespace ringway {

class VerbsListener::Impl {
 public:
  Impl(ListenOptions options, std::unique_ptr<VerbsCmChannel> channel,
       std::shared_ptr<VerbsReaper> reaper, UniqueFd stop_fd, UniqueFd ready_fd)
      : options_(std::move(options)),
        channel_(std::move(channel)),
        reaper_(std::move(reaper)),
        stop_fd_(std::move(stop_fd)),
        finished_(std::move(ready_fd)),
        devices_(options_.link.rdma.shared_queue_links) {}

  ~Impl() {
    eventfd_write(stop_fd_.get(), 1);
    if (thread_.joinable()) thread_.join();
  }

  // Errors: as VerbsListener::Listen().
  absl::Status Start(const Uri& uri) {
    uri_ = uri;
    absl::StatusOr<VerbsAddress> address = ResolveAddress(uri.host, uri.port, true);
    if (!address.ok()) return address.status();
    address_ = *address;
    if (absl::Status listening = ListenThere(); !listening.ok()) return listening;
    if (absl::Status lockable =
            CheckLockable(VerbsPinnedBytes(options_.link.ring_bytes), ReadLockLimits());
        !lockable.ok()) {
      return lockable;
    }
    return StartThread(thread_, "rdma-listener", [this] { Run(); });
  }

  std::unique_ptr<VerbsLink> TryAccept() noexcept { return finished_.TryPop(); }
  bool Admit(uint64_t peer_key, uint32_t epoch) { return admitted_.Admit(peer_key, epoch); }
  // Pairs with the relaxed increments on the background thread; informational only.
  uint64_t refused_count() const noexcept { return refused_count_.load(std::memory_order_relaxed); }
  int wake_fd() const noexcept { return finished_.ready_fd(); }

 private:
  static constexpr int kBacklog = 128;
  static constexpr int kEventsPerTurnMax = 64;
  // How often the deadlines of pending connections are checked.
  static constexpr int64_t kLookNs = 20 * kNsPerMs;
  // Pauses between attempts to listen again after the device is gone.
  static constexpr int64_t kListenAgainMinNs = 100 * kNsPerMs;
  static constexpr int64_t kListenAgainMaxNs = 5 * kNsPerS;
  // How often to look for removed devices that no event reports.
  static constexpr int64_t kForgetNs = kNsPerS;

  // A connection that was accepted and is not established yet.
  struct Pending {
    std::unique_ptr<VerbsQueue> queue;
    Gid source;
    VerbsHello hello;
    VerbsReply reply;
    int64_t deadline_ns;
  };

  // The holder that a peer's address counts for: an IPv4 address, or the network of an IPv6
  // address, since one machine may have any number of addresses in it.
  static uint64_t HolderOf(const sockaddr* address) {
    uint64_t holder = 0;
    if (address->sa_family == AF_INET6) {
      const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(address);
      std::memcpy(&holder, &ipv6->sin6_addr, sizeof(holder));
    } else if (address->sa_family == AF_INET) {
      holder = reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr;
    }
    return holder;
  }

  // Sets listen_id_. Errors: as VerbsListener::Listen().
  absl::Status ListenThere() {
    rdma_cm_id* raw = nullptr;
    if (rdma_create_id(channel_->get(), &raw, nullptr, RDMA_PS_TCP) != 0) {
      return SetUpError(errno, "creating a connection identifier");
    }
    VerbsId id(raw);
    if (rdma_bind_addr(raw, address_.get()) != 0) return BindError(errno);
    if (raw->verbs != nullptr) {  // bound to one device: report now what it lacks
      const absl::StatusOr<VerbsOpenDevices::Opened> opened = devices_.Open(raw->verbs);
      if (!opened.ok()) return opened.status();
      const absl::StatusOr<GidChoice> gid =
          opened->device->ChooseAddress(raw->port_num, id.LocalAddress());
      if (!gid.ok()) return gid.status();
    }
    if (rdma_listen(raw, kBacklog) != 0) return BindError(errno);
    listen_id_ = std::move(id);
    return absl::OkStatus();
  }

  absl::Status BindError(int error) const {
    const std::string text = absl::StrCat("listening on ", uri_.ToString(), ": ",
                                          absl::ErrnoToStatus(error, "").message());
    if (error == EADDRINUSE) {
      return absl::AlreadyExistsError(
          absl::StrCat(text, ". Remedy: stop who listens there, or choose another port"));
    }
    if (error == ENODEV || error == EADDRNOTAVAIL) {
      return absl::UnavailableError(absl::StrCat(
          text,
          ". Remedy: use an address of an RDMA device's network interface, or 0.0.0.0 for "
          "all; this machine's: ",
          ListDevices()));
    }
    return absl::UnavailableError(text);
  }

  void Run() {
    while (true) {
      std::array<pollfd, 2> poll_fds = {{{stop_fd_.get(), POLLIN, 0}, {channel_->fd(), POLLIN, 0}}};
      const bool idle = pending_.empty() && listen_id_.get() != nullptr;
      const int64_t wait_ns = idle ? kForgetNs : kLookNs;
      const timespec timeout{wait_ns / kNsPerS, wait_ns % kNsPerS};
      const bool bound = idle && listen_id_.get()->verbs != nullptr;
      if (ppoll(poll_fds.data(), poll_fds.size(), bound ? nullptr : &timeout, nullptr) < 0) {
        continue;  // EINTR; no other error is transient
      }
      if (poll_fds[0].revents != 0) return;
      for (int i = 0; i != kEventsPerTurnMax; ++i) {
        const std::optional<VerbsCmEvent> event = channel_->TryNext();
        if (!event) break;
        Serve(*event);
      }
      NoteEarlyData();
      DropLate();
      if (listen_id_.get() == nullptr) ListenAgain();
      if (!bound) ForgetNowAndThen();
    }
  }

  void LoseDevice() {
    Say(absl::StrCat("the RDMA device was taken away: its links end, and nobody can connect to ",
                     uri_.ToString(), " until it is back"));
    listen_id_ = VerbsId();
    listen_again_ns_ = MonotonicNowNs();
    listen_pause_ns_ = kListenAgainMinNs;
    not_listening_.clear();
  }

  // No event tells a listener on all addresses that a device without links was removed.
  void ForgetNowAndThen() {
    const int64_t now_ns = MonotonicNowNs();
    if (now_ns < forget_again_ns_) return;
    forget_again_ns_ = now_ns + kForgetNs;
    ForgetRemovedDevices();
  }

  void ListenAgain() {
    const int64_t now_ns = MonotonicNowNs();
    if (now_ns < listen_again_ns_) return;
    listen_again_ns_ = now_ns + listen_pause_ns_;
    listen_pause_ns_ = std::min(2 * listen_pause_ns_, kListenAgainMaxNs);
    const absl::Status listening = ListenThere();
    if (listening.ok()) {
      Say(absl::StrCat("listening on ", uri_.ToString(), " again"));
    } else if (listening.message() != not_listening_) {
      not_listening_ = std::string(listening.message());  // reported once
      Say(absl::StrCat("cannot listen again yet: ", not_listening_));
    }
  }

  void Serve(const VerbsCmEvent& event) {
    switch (event.type) {
      case RDMA_CM_EVENT_CONNECT_REQUEST:
        ServeRequest(VerbsId(event.id), event.private_data());
        break;
      case RDMA_CM_EVENT_ESTABLISHED:
        Finish(event.id);
        break;
      case RDMA_CM_EVENT_DEVICE_REMOVAL:
        if (event.id == listen_id_.get()) {
          LoseDevice();
        } else {
          Drop(event.id);
        }
        break;
      case RDMA_CM_EVENT_TIMEWAIT_EXIT:
        break;
      default:  // any other event ends a pending connection
        if (pending_.contains(event.id)) {
          Say(absl::StrCat("a connection came to nothing: ",
                           rdma_event_str(static_cast<rdma_cm_event_type>(event.type))));
          Drop(event.id);
        }
        break;
    }
  }

  void ServeRequest(VerbsId id, std::span<const std::byte> bytes) {
    Pending pending;
    pending.source = id.PeerAddress();
    VerbsReply& reply = pending.reply;
    reply.ring_bytes_max = options_.link.ring_bytes;
    VerbsHello& hello = pending.hello;
    std::span<const std::byte> secret;
    reply.status = Judge(bytes, hello, secret, reply);
    if (reply.status == VerbsStatus::kOk && !HasRoom(pending.source)) {
      reply.status = VerbsStatus::kFull;
    }
    rdma_cm_id* const raw = id.get();
    if (reply.status == VerbsStatus::kOk) {
      const absl::Status made = Prepare(id, pending);
      if (!made.ok()) {
        Say(absl::StrCat("peer ", hello.peer_key, " cannot be connected: ", made.message()));
        reply.status =
            absl::IsResourceExhausted(made) ? VerbsStatus::kMemory : VerbsStatus::kInternal;
      }
    }
    if (!secret.empty()) Sign(secret, hello, reply);
    if (!secret.empty() && reply.status == VerbsStatus::kOk && options_.on_proof) {
      options_.on_proof(hello.peer_key);
    }
    if (reply.status == VerbsStatus::kOk && Accept(raw, pending)) {
      pending_.emplace(raw, std::move(pending));
      return;
    }
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    if (reply.status != VerbsStatus::kOk) rdma_reject(raw, &reply, sizeof(reply));
  }

  // Decides the answer, before anything is allocated. `secret` is set if the peer has one.
  VerbsStatus Judge(std::span<const std::byte> bytes, VerbsHello& hello,
                    std::span<const std::byte>& secret, VerbsReply& reply) {
    const VerbsStatus parsed = ParseHello(bytes, options_, hello);
    if (parsed == VerbsStatus::kBadMessage || parsed == VerbsStatus::kVersion) return parsed;
    reply.epoch = hello.epoch;
    if (options_.secret_of) {
      const std::span<const std::byte> known = options_.secret_of(hello.peer_key);
      if (known.empty() || !Verify(known, hello)) return VerbsStatus::kNotAuthentic;
      secret = known;
    }
    if (parsed != VerbsStatus::kOk) return parsed;
    reply.admitted_epoch = admitted_.Of(hello.peer_key);
    if (!EpochIsLater(hello.epoch, reply.admitted_epoch)) return VerbsStatus::kStaleEpoch;
    return VerbsStatus::kOk;
  }

  // Whether there is room for one more connection from `source`; evicts to make room.
  bool HasRoom(const Gid& source) {
    if (finished_.count() >= options_.finished_max) return false;
    if (pending_.size() < options_.pending_max) return true;
    std::vector<PendingHolder> holders;
    holders.reserve(pending_.size());
    for (const auto& [id, pending] : pending_) {
      holders.push_back({pending.source, pending.deadline_ns, id});
    }
    const PendingHolder* const evicted = ChooseEvicted(holders, source);
    if (evicted == nullptr) return false;
    SayEvicted(evicted->source);
    Drop(static_cast<rdma_cm_id*>(evicted->what));
    return true;
  }

  void SayEvicted(const Gid& source) {
    const int64_t now_ns = MonotonicNowNs();
    if (now_ns < say_evicted_again_ns_) return;
    say_evicted_again_ns_ = now_ns + kNsPerS;
    Say(absl::StrCat(FormatGid(source),
                     " has the most connections that do not come to an end: its "
                     "oldest one makes room"));
  }

  // Makes everything that an accepted connection needs, and its reply. The id moves to the queue or
  // stays; either way it lives until a refusal has been sent.
  absl::Status Prepare(VerbsId& id, Pending& pending) {
    const VerbsHello& hello = pending.hello;
    absl::StatusOr<VerbsOpenDevices::Opened> opened = devices_.Open(id.get()->verbs);
    if (!opened.ok()) return opened.status();
    LinkOptions link = options_.link;
    link.ring_bytes = hello.ring_bytes();
    absl::StatusOr<std::unique_ptr<VerbsQueue>> queue =
        VerbsQueue::Create(opened->device, opened->completions, id, link);
    if (!queue.ok()) return queue.status();
    pending.queue = *std::move(queue);
    pending.queue->SetPeer(hello.rkey);
    if (absl::Status up = pending.queue->BringUp(); !up.ok()) return up;

    VerbsReply& reply = pending.reply;
    reply.rkey = pending.queue->rkey();
    reply.payload_bytes_max = static_cast<uint16_t>(
        std::min<uint32_t>(hello.payload_bytes_max, options_.link.payload_bytes_max));
    reply.heartbeat_ms = HeartbeatMs(options_.link);
    if (getrandom(reply.nonce.data(), reply.nonce.size(), 0) !=
        static_cast<ssize_t>(reply.nonce.size())) {
      return absl::InternalError("getrandom gave no nonce");
    }
    return absl::OkStatus();
  }

  bool Accept(rdma_cm_id* id, Pending& pending) {
    pending.deadline_ns = MonotonicNowNs() + options_.handshake_timeout_ns;
    const VerbsLimits& limits = pending.queue->device().limits();
    rdma_conn_param parameters{};
    parameters.private_data = &pending.reply;
    parameters.private_data_len = sizeof(pending.reply);
    parameters.responder_resources = static_cast<uint8_t>(std::min(limits.reads_incoming_max, 1u));
    parameters.initiator_depth = static_cast<uint8_t>(std::min(limits.reads_outgoing_max, 1u));
    parameters.rnr_retry_count = options_.link.rdma.rnr_retry_count;
    parameters.qp_num = pending.queue->pair_number();
    if (rdma_accept(id, &parameters) == 0) return true;
    Say(absl::StrCat("accepting peer ", pending.hello.peer_key, ": ",
                     absl::ErrnoToStatus(errno, "").message()));
    return false;
  }

  void Finish(rdma_cm_id* id) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    if (absl::Status separate = pending.queue->id().Separate(); !separate.ok()) {
      Say(separate.message());
      refused_count_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    const uint64_t holder = HolderOf(rdma_get_peer_addr(pending.queue->id().get()));
    Say(absl::StrCat("peer ", pending.hello.peer_key, " connected at epoch ", pending.hello.epoch));
    for (const absl::string_view line : absl::StrSplit(pending.queue->Describe(), '\n')) Say(line);
    const VerbsHello& hello = pending.hello;
    finished_.Push(
        std::make_unique<VerbsLink>(VerbsPort(std::move(pending.queue), reaper_),
                                    SettledOptions(options_.link, hello, pending.reply),
                                    LinkIdentity{.peer_key = hello.peer_key,
                                                 .epoch = hello.epoch,
                                                 .nonces = {hello.nonce, pending.reply.nonce},
                                                 .key_proved = options_.secret_of != nullptr,
                                                 .holder = holder},
                                    int64_t{hello.heartbeat_ms} * kNsPerMs));
  }

  // A client may write before the last message of its handshake arrives, or although it was lost;
  // the data then count as that message.
  void NoteEarlyData() {
    if (pending_.empty()) return;
    devices_.DispatchEvents();
    for (auto& [id, pending] : pending_) {
      // Pairs with the release store in VerbsDevice::DispatchEvents().
      if (pending.queue->events().established.load(std::memory_order_acquire)) {
        rdma_notify(id, IBV_EVENT_COMM_EST);
      }
    }
  }

  void DropLate() {
    const int64_t now_ns = MonotonicNowNs();
    for (auto next = pending_.begin(); next != pending_.end();) {
      const auto pending = next++;
      if (now_ns < pending->second.deadline_ns) continue;
      Say(absl::StrCat("peer ", pending->second.hello.peer_key,
                       " did not complete its connection in time"));
      Drop(pending->first);
    }
  }

  void Drop(rdma_cm_id* id) {
    if (pending_.erase(id) != 0) refused_count_.fetch_add(1, std::memory_order_relaxed);
  }

  void Say(absl::string_view line) const {
    if (options_.report) options_.report({line.data(), line.size()});
  }

  const ListenOptions options_;
  const std::unique_ptr<VerbsCmChannel> channel_;
  const std::shared_ptr<VerbsReaper> reaper_;
  UniqueFd stop_fd_;
  std::atomic<uint64_t> refused_count_{0};
  AcceptQueue<VerbsLink> finished_;
  AdmittedEpochs admitted_;

  // Owned by the background thread once it runs.
  Uri uri_;
  VerbsAddress address_;
  VerbsId listen_id_;  // none while its device is gone
  int64_t listen_again_ns_ = 0;
  int64_t listen_pause_ns_ = kListenAgainMinNs;
  std::string not_listening_;  // why
  int64_t say_evicted_again_ns_ = 0;
  int64_t forget_again_ns_ = 0;
  VerbsOpenDevices devices_;
  std::map<rdma_cm_id*, Pending> pending_;

  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<VerbsListener>> VerbsListener::Listen(const Uri& uri,
                                                                     const ListenOptions& options) {
  if (uri.host.empty()) return absl::InvalidArgumentError("an rdma address is rdma://host:port");
  if (!uri.source.empty()) {
    return absl::InvalidArgumentError("source= is for those who connect, not for listeners");
  }
  if (absl::Status valid = ValidateLinkOptions(options.link); !valid.ok()) return valid;
  if (options.pending_max == 0 || options.finished_max == 0 || options.handshake_timeout_ns <= 0) {
    return absl::InvalidArgumentError(
        "pending_max, finished_max and handshake_timeout_ns must be positive");
  }
  absl::StatusOr<std::unique_ptr<VerbsCmChannel>> channel = VerbsCmChannel::Create();
  if (!channel.ok()) return channel.status();
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create(options.report);
  if (!reaper.ok()) return reaper.status();
  UniqueFd stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd ready_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd || !ready_fd) return SetUpError(errno, "creating an eventfd");
  auto impl = std::make_unique<Impl>(options, *std::move(channel), *std::move(reaper),
                                     std::move(stop_fd), std::move(ready_fd));
  if (absl::Status started = impl->Start(uri); !started.ok()) return started;
  return std::unique_ptr<VerbsListener>(new VerbsListener(std::move(impl)));
}

VerbsListener::VerbsListener(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
VerbsListener::~VerbsListener() {
  // In a forked child: as in VerbsPort's destructor.
  if (!born_here_.Here()) static_cast<void>(impl_.release());
}
std::unique_ptr<VerbsLink> VerbsListener::TryAccept() noexcept { return impl_->TryAccept(); }
bool VerbsListener::Admit(uint64_t peer_key, uint32_t epoch) {
  return impl_->Admit(peer_key, epoch);
}
uint64_t VerbsListener::refused_count() const noexcept { return impl_->refused_count(); }
int VerbsListener::wake_fd() const noexcept { return impl_->wake_fd(); }

}  // namespace ringway
