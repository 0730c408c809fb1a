// The RDMA listener: one background thread answers the connection manager, so that the polling
// thread never stalls.
//
// Bounds: pending_max connections being made, each with a deadline; when full, the address with the
// most of them loses its oldest to a newcomer (fair_share.h), or the newcomer is refused. None is
// begun while finished_max links wait to be fetched. If proofs are required, nothing is mapped or
// registered for a peer before its proof is verified.
//
// The removal of a device ends its pending connections; its links notice it themselves. A listener
// bound to its address retries to listen, with growing pauses, until the device is back; a listener
// on all addresses learns of new devices by itself.
#include <poll.h>
#include <rdma/rdma_cma.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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
#include "transport/bootstrap/link_hello.h"
#include "transport/fair_share.h"
#include "transport/link_limits.h"
#include "transport/port/verbs.h"
#include "transport/port/verbs_cm.h"
#include "transport/port/verbs_device.h"
#include "transport/port/verbs_open_devices.h"
#include "transport/port/verbs_queue.h"
#include "transport/port/verbs_reaper.h"

namespace ringway {

// What the connection manager's private data holds (InfiniBand specification, volume 1, 12.6, less
// the 36 bytes that librdmacm's own header takes of a request).
static_assert(sizeof(LinkHello) <= 56 && sizeof(LinkReply) <= 148);

class VerbsListener::Impl {
 public:
  Impl(VerbsListener& listener, std::unique_ptr<VerbsCmChannel> channel,
       std::shared_ptr<VerbsReaper> reaper, UniqueFd stop_fd)
      : listener_(listener),
        options_(listener.options()),
        channel_(std::move(channel)),
        reaper_(std::move(reaper)),
        stop_fd_(std::move(stop_fd)),
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
    rdma_cm_id* id = nullptr;  // the queue's
    Gid source{};
    Admission admission = {};
    std::unique_ptr<VerbsQueue> queue = nullptr;
    uint64_t arrival = 0;
    int64_t deadline_ns = 0;
  };

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
        if (Find(event.id) != pending_.end()) {
          Say(absl::StrCat("a connection came to nothing: ",
                           rdma_event_str(static_cast<rdma_cm_event_type>(event.type))));
          Drop(event.id);
        }
        break;
    }
  }

  void ServeRequest(VerbsId id, std::span<const std::byte> bytes) {
    rdma_cm_id* const raw = id.get();
    Pending pending{.id = raw, .source = id.PeerAddress(), .arrival = ++arrivals_};
    pending.admission = listener_.Judge(bytes, HolderOf(pending.source));
    LinkStatus& status = pending.admission.reply.status;
    if (status == LinkStatus::kOk && !HasRoom(pending)) status = LinkStatus::kFull;
    if (status == LinkStatus::kOk) {
      const absl::Status made = Prepare(id, pending);
      if (!made.ok()) {
        Say(absl::StrCat("peer ", pending.admission.hello.peer_key,
                         " cannot be connected: ", made.message()));
        status = absl::IsResourceExhausted(made) ? LinkStatus::kMemory : LinkStatus::kInternal;
      }
    }
    listener_.Seal(pending.admission);
    if (status == LinkStatus::kOk && Accept(pending)) {
      pending_.push_back(std::move(pending));
      return;
    }
    listener_.CountRefused();
    if (status != LinkStatus::kOk) {
      rdma_reject(raw, &pending.admission.reply, sizeof(pending.admission.reply));
    }
  }

  // Whether there is room for one more connection; evicts to make room.
  bool HasRoom(const Pending& newcomer) {
    if (pending_.size() < options_.pending_max) return true;
    const auto holder_of = [](const Pending& p) { return p.source; };
    const std::size_t evicted = share_.ToGiveUp(
        pending_, newcomer.source, holder_of, [](const Pending& p) { return p.arrival; },
        [](const Pending&) { return true; }, Newcomer::kIsRefused);
    if (evicted == pending_.size()) return false;
    SayEvicted(pending_[evicted].source);
    Drop(pending_[evicted].id);
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
    const LinkHello& hello = pending.admission.hello;
    absl::StatusOr<VerbsOpenDevices::Opened> opened = devices_.Open(id.get()->verbs);
    if (!opened.ok()) return opened.status();
    LinkOptions link = options_.link;
    link.ring_bytes = hello.ring_bytes();
    absl::StatusOr<std::unique_ptr<VerbsQueue>> queue =
        VerbsQueue::Create(opened->device, opened->completions, id, link);
    if (!queue.ok()) return queue.status();
    pending.queue = *std::move(queue);
    pending.queue->SetPeer(hello.port_word);
    if (absl::Status up = pending.queue->BringUp(); !up.ok()) return up;

    pending.admission.reply.port_word = pending.queue->rkey();
    return absl::OkStatus();
  }

  bool Accept(Pending& pending) {
    pending.deadline_ns = MonotonicNowNs() + options_.handshake_timeout_ns;
    const VerbsLimits& limits = pending.queue->device().limits();
    rdma_conn_param parameters{};
    parameters.private_data = &pending.admission.reply;
    parameters.private_data_len = sizeof(pending.admission.reply);
    parameters.responder_resources = static_cast<uint8_t>(std::min(limits.reads_incoming_max, 1u));
    parameters.initiator_depth = static_cast<uint8_t>(std::min(limits.reads_outgoing_max, 1u));
    parameters.rnr_retry_count = options_.link.rdma.rnr_retry_count;
    parameters.qp_num = pending.queue->pair_number();
    if (rdma_accept(pending.id, &parameters) == 0) return true;
    Say(absl::StrCat("accepting peer ", pending.admission.hello.peer_key, ": ",
                     absl::ErrnoToStatus(errno, "").message()));
    return false;
  }

  std::vector<Pending>::iterator Find(const rdma_cm_id* id) {
    return std::ranges::find(pending_, id, &Pending::id);
  }

  void Finish(rdma_cm_id* id) {
    const auto found = Find(id);
    if (found == pending_.end()) return;
    Pending pending = std::move(*found);
    pending_.erase(found);
    if (absl::Status separate = pending.queue->id().Separate(); !separate.ok()) {
      Say(separate.message());
      listener_.CountRefused();
      return;
    }
    const auto& [hello, reply, identity, full_service, secret] = pending.admission;
    Say(absl::StrCat("peer ", hello.peer_key, " connected at epoch ", hello.epoch));
    for (const absl::string_view line : absl::StrSplit(pending.queue->Describe(), '\n')) Say(line);
    listener_.Finish(std::make_unique<VerbsLink>(VerbsPort(std::move(pending.queue), reaper_),
                                                 SettledOptions(options_.link, hello, reply),
                                                 identity, int64_t{hello.heartbeat_ms} * kNsPerMs));
  }

  // A client may write before the last message of its handshake arrives, or although it was lost;
  // the data then count as that message.
  void NoteEarlyData() {
    if (pending_.empty()) return;
    devices_.DispatchEvents();
    for (const Pending& pending : pending_) {
      // Pairs with the release store in VerbsDevice::DispatchEvents().
      if (pending.queue->events().established.load(std::memory_order_acquire)) {
        rdma_notify(pending.id, IBV_EVENT_COMM_EST);
      }
    }
  }

  void DropLate() {
    const int64_t now_ns = MonotonicNowNs();
    std::erase_if(pending_, [&](const Pending& pending) {
      if (now_ns < pending.deadline_ns) return false;
      Say(absl::StrCat("peer ", pending.admission.hello.peer_key,
                       " did not complete its connection in time"));
      listener_.CountRefused();
      return true;
    });
  }

  void Drop(const rdma_cm_id* id) {
    const auto found = Find(id);
    if (found == pending_.end()) return;
    pending_.erase(found);
    listener_.CountRefused();
  }

  void Say(absl::string_view line) const { listener_.Say(line); }

  VerbsListener& listener_;
  const ListenOptions& options_;
  const std::unique_ptr<VerbsCmChannel> channel_;
  const std::shared_ptr<VerbsReaper> reaper_;
  UniqueFd stop_fd_;

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
  std::vector<Pending> pending_;
  BasicFairShare<Gid> share_;
  uint64_t arrivals_ = 0;

  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<VerbsListener>> VerbsListener::Listen(const Uri& uri,
                                                                     const ListenOptions& options) {
  if (uri.host.empty()) return absl::InvalidArgumentError("an rdma address is rdma://host:port");
  if (!uri.source.empty()) {
    return absl::InvalidArgumentError("source= is for those who connect, not for listeners");
  }
  if (absl::Status valid = ValidateListenOptions(options); !valid.ok()) return valid;
  absl::StatusOr<std::unique_ptr<VerbsCmChannel>> channel = VerbsCmChannel::Create();
  if (!channel.ok()) return channel.status();
  absl::StatusOr<std::shared_ptr<VerbsReaper>> reaper = VerbsReaper::Create(options.report);
  if (!reaper.ok()) return reaper.status();
  UniqueFd stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd ready_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd || !ready_fd) return SetUpError(errno, "creating an eventfd");
  std::unique_ptr<VerbsListener> listener(new VerbsListener(options, std::move(ready_fd)));
  listener->impl_ = std::make_unique<Impl>(*listener, *std::move(channel), *std::move(reaper),
                                           std::move(stop_fd));
  if (absl::Status started = listener->impl_->Start(uri); !started.ok()) return started;
  return listener;
}

VerbsListener::VerbsListener(const ListenOptions& options, UniqueFd ready_fd)
    : Acceptor(options, VerbsBackend::kScheme, Carrier::kNetwork, std::move(ready_fd)) {}
VerbsListener::~VerbsListener() {
  // In a forked child: as in VerbsPort's destructor.
  if (!born_here_.Here()) static_cast<void>(impl_.release());
}

}  // namespace ringway
