// The shared-memory listener: one background thread runs all handshakes, so that the polling thread
// never stalls.
//
// Bounds: pending_max handshakes at a time, each with a deadline; finished_max links waiting to be
// fetched. When there are too many handshakes, the oldest one of the user who has the most is
// dropped (fair_share.h), so that silent connections cannot keep out others. Links use only their
// share of the descriptors: journal and administration need the rest.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/born_here.h"
#include "base/clock.h"
#include "base/thread.h"
#include "transport/barrier.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/fair_share.h"
#include "transport/link_limits.h"
#include "transport/port/shm.h"
#include "transport/port/shm_reaper.h"
#include "transport/port/socket_access.h"
#include "transport/port/unix_listener.h"

namespace ringway {

class ShmListener::Impl {
 public:
  Impl(ShmListener& listener, UnixListener socket, std::shared_ptr<ShmReaper> reaper,
       UniqueFd stop_fd)
      : listener_(listener),
        options_(listener.options()),
        barrier_(RegisterAsSender()),
        socket_(std::move(socket)),
        reaper_(std::move(reaper)),
        stop_fd_(std::move(stop_fd)),
        spare_fd_(Spare()) {}

  ~Impl() {
    if (!born_here_.Here()) {  // a forked child: thread, wake-ups and path are its parent's
      if (thread_.joinable()) thread_.detach();
      return;
    }
    eventfd_write(stop_fd_.get(), 1);
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start() {
    return StartThread(thread_, "shm-listener", [this] { Run(); });
  }

 private:
  struct Pending {
    UniqueFd socket;
    uid_t user;
    uint64_t arrival;
    int64_t deadline_ns;
  };

  static constexpr int64_t kRetryAcceptNs = 10 * kNsPerMs;
  // Connections accepted before those under way get their turn.
  static constexpr int kAcceptBatch = 32;
  // Descriptors of the process that links may not use: a quarter, within these bounds.
  static constexpr uint64_t kReservedFdsMin = 16;
  static constexpr uint64_t kReservedFdsMax = 1024;
  static constexpr int64_t kSayAgainNs = 10 * kNsPerS;

  bool UserIsAllowed(uid_t uid) const {
    if (options_.allowed_uids.empty()) return uid == geteuid();
    return std::find(options_.allowed_uids.begin(), options_.allowed_uids.end(), uid) !=
           options_.allowed_uids.end();
  }

  void Run() {
    std::vector<pollfd> poll_fds;
    while (true) {
      const int64_t now_ns = MonotonicNowNs();
      const bool listening = listener_.HasRoom() && now_ns >= accept_again_ns_;
      poll_fds.clear();
      poll_fds.push_back({stop_fd_.get(), POLLIN, 0});
      poll_fds.push_back({listening ? socket_.fd() : -1, POLLIN, 0});
      for (const Pending& pending : pending_) poll_fds.push_back({pending.socket.get(), POLLIN, 0});
      int64_t wait_ns = listening ? INT64_MAX : kRetryAcceptNs;
      for (const Pending& pending : pending_)
        wait_ns = std::min(wait_ns, std::max<int64_t>(0, pending.deadline_ns - now_ns));
      const timespec timeout{wait_ns / kNsPerS, wait_ns % kNsPerS};
      if (ppoll(poll_fds.data(), poll_fds.size(), wait_ns == INT64_MAX ? nullptr : &timeout,
                nullptr) < 0) {
        continue;  // EINTR; no other error is transient
      }
      if (poll_fds[0].revents != 0) return;
      ServePending(poll_fds);
      if (poll_fds[1].revents == 0) continue;
      for (int i = 0; i < kAcceptBatch && AcceptOne(); ++i) {
      }
    }
  }

  // poll_fds[2 + i] belongs to pending_[i].
  void ServePending(const std::vector<pollfd>& poll_fds) {
    const int64_t now_ns = MonotonicNowNs();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      bool done = false;
      if (poll_fds[2 + i].revents != 0) {
        done = ServeHello(pending_[i].socket, pending_[i].user);
      } else if (now_ns >= pending_[i].deadline_ns) {
        listener_.CountRefused();
        done = true;
      }
      if (!done && kept != i) pending_[kept] = std::move(pending_[i]);
      if (!done) ++kept;
    }
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(kept), pending_.end());
  }

  // False if no connection waits, or none can be accepted for now.
  bool AcceptOne() {
    if (!listener_.HasRoom()) return false;
    absl::StatusOr<UniqueFd> socket = AcceptUnix(socket_.fd());
    if (!socket.ok()) {
      Starve(socket.status());
      return false;
    }
    if (!*socket) return false;
    if (static_cast<uint64_t>(socket->get()) >= DescriptorsEnd()) {
      SayStarved("links have used up their share of the file descriptors");
      Refuse(socket->get(), LinkStatus::kDescriptors);
      return true;
    }
    const absl::StatusOr<uid_t> uid = PeerUid(socket->get());
    if (!uid.ok() || !UserIsAllowed(*uid)) {
      Refuse(socket->get(), LinkStatus::kUser);
      return true;
    }
    if (ServeHello(*socket, *uid)) return true;  // it has spoken already
    if (pending_.size() >= options_.pending_max) DropPending(*uid);
    pending_.push_back(
        {*std::move(socket), *uid, ++arrivals_, MonotonicNowNs() + options_.handshake_timeout_ns});
    return true;
  }

  void DropPending(uid_t newcomer) {
    const std::size_t index = share_.ToGiveUp(
        pending_, newcomer, [](const Pending& pending) { return uint64_t{pending.user}; },
        [](const Pending& pending) { return pending.arrival; },
        [](const Pending&) { return true; });
    Refuse(pending_[index].socket.get(), LinkStatus::kFull);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  // Out of descriptors, a connection cannot even be refused; the spare one is used for that.
  void Starve(const absl::Status& why) {
    SayStarved(why.message());
    accept_again_ns_ = MonotonicNowNs() + kRetryAcceptNs;
    spare_fd_.Reset();
    if (absl::StatusOr<UniqueFd> socket = AcceptUnix(socket_.fd()); socket.ok() && *socket) {
      Refuse(socket->get(), LinkStatus::kDescriptors);
    }
    spare_fd_ = Spare();
  }

  static UniqueFd Spare() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

  // The first descriptor number that links may not use. The kernel returns the lowest free number,
  // so a number at or above this shows how many are in use.
  static uint64_t DescriptorsEnd() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
    return limit.rlim_cur -
           std::min<uint64_t>(
               limit.rlim_cur,
               std::clamp<uint64_t>(limit.rlim_cur / 4, kReservedFdsMin, kReservedFdsMax));
  }

  void SayStarved(absl::string_view why) {
    SayFailed(absl::StrCat(why,
                           ". Remedy: raise the limit of file descriptors (ulimit -n, "
                           "LimitNOFILE)"));
  }
  // Not more often than every kSayAgainNs.
  void SayFailed(absl::string_view why) {
    const int64_t now_ns = MonotonicNowNs();
    ++failed_;
    if (now_ns < say_again_ns_) return;
    say_again_ns_ = now_ns + kSayAgainNs;
    listener_.Say(
        absl::StrCat("a connection could not be accepted, ", failed_, " in all so far: ", why));
  }

  void Refuse(int socket, LinkStatus status) { Refuse(socket, listener_.Refusal(status)); }
  template <class M>
  void Refuse(int socket, const M& message) {
    listener_.CountRefused();
    // A peer that is gone by now needs no answer.
    SendMessage(socket, std::as_bytes(std::span(&message, 1)), -1).IgnoreError();
  }

  // True when this connection needs no more attention: it became a link, or was refused.
  bool ServeHello(UniqueFd& socket, uid_t user) {
    std::array<std::byte, kShmV1HelloBytesMax> buffer;
    absl::StatusOr<Received> received = ReceiveMessage(socket.get(), buffer);
    if (!received.ok()) {
      const bool starved = absl::IsResourceExhausted(received.status());
      if (starved) SayStarved(received.status().message());
      Refuse(socket.get(), starved ? LinkStatus::kDescriptors : LinkStatus::kBadMessage);
      return true;
    }
    if (received->nothing_yet) return false;
    if (received->bytes == 0) {
      listener_.CountRefused();
      return true;
    }
    const std::span<const std::byte> bytes = std::span(buffer).first(received->bytes);
    Admission admission = listener_.Judge(bytes, user);
    LinkStatus& status = admission.reply.status;
    if (status == LinkStatus::kOk) status = MakeLink(socket, admission, std::move(received->fd));
    if (IsShmV1(bytes)) {
      Refuse(socket.get(), ShmV1Refusal{});
    } else if (status != LinkStatus::kOk) {
      Refuse(socket.get(), admission.reply);
    }
    return true;
  }

  // `otherwise`: whose fault it is if this process has what a link needs.
  LinkStatus MemoryTrouble(const absl::Status& why, LinkStatus otherwise) {
    if (NoDescriptorsLeft(stop_fd_.get())) {
      SayStarved(why.message());
      return LinkStatus::kDescriptors;
    }
    if (otherwise == LinkStatus::kPeerMemory && !absl::IsResourceExhausted(why)) return otherwise;
    SayFailed(why.message());
    return LinkStatus::kMemory;
  }

  LinkStatus MakeLink(UniqueFd& socket, Admission& admission, UniqueFd peer_fd) {
    const LinkHello& hello = admission.hello;
    const bool full = admission.full_service;
    absl::StatusOr<ShmRegion> peer =
        ShmRegion::MapPeer(std::move(peer_fd), hello.ring_bytes(), hello.port_word,
                           full ? ShmPeerPages::kMustExist : ShmPeerPages::kUntouched);
    if (!peer.ok()) return MemoryTrouble(peer.status(), LinkStatus::kPeerMemory);
    absl::StatusOr<ShmRegion> own =
        ShmRegion::Create(hello.ring_bytes(), options_.link.huge_pages,
                          full ? ShmPages::kTouched : ShmPages::kUntouched);
    if (!own.ok()) return MemoryTrouble(own.status(), LinkStatus::kMemory);

    LinkReply& reply = admission.reply;
    reply.port_word = static_cast<uint32_t>(own->bytes());
    if (barrier_) reply.flags |= kLinkBarrier;
    listener_.Seal(admission);
    if (const absl::Status sent =
            SendMessage(socket.get(), std::as_bytes(std::span(&reply, 1)), own->fd());
        !sent.ok()) {
      SayFailed(sent.message());
      return LinkStatus::kInternal;
    }
    own->CloseFd();
    const bool certain = barrier_ && (hello.flags & kLinkBarrier) != 0;
    OwnedShmHoldings held(new ShmHoldings{*std::move(own), *std::move(peer), std::move(socket)},
                          ShmBurial{reaper_});
    reaper_->Watch(*held);
    listener_.Finish(
        std::make_unique<ShmLink>(ShmPort(std::move(held), hello.ring_bytes(), certain),
                                  SettledOptions(options_.link, hello, reply), admission.identity,
                                  int64_t{hello.heartbeat_ms} * kNsPerMs));
    return LinkStatus::kOk;
  }

  ShmListener& listener_;
  const ListenOptions& options_;
  const bool barrier_;
  const UnixListener socket_;
  const std::shared_ptr<ShmReaper> reaper_;
  UniqueFd stop_fd_;

  // The background thread's own.
  std::vector<Pending> pending_;
  FairShare share_;
  UniqueFd spare_fd_;
  uint64_t arrivals_ = 0;
  uint64_t failed_ = 0;
  int64_t say_again_ns_ = 0;
  int64_t accept_again_ns_ = 0;

  BornHere born_here_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<ShmListener>> ShmListener::Listen(const Uri& uri,
                                                                 const ListenOptions& options) {
  if (uri.path.empty())
    return absl::InvalidArgumentError("a shm address is shm:/path/of/the/socket");
  if (absl::Status valid = ValidateListenOptions(options); !valid.ok()) return valid;
  UniqueFd stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd ready_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd || !ready_fd) return absl::ErrnoToStatus(errno, "creating an eventfd");
  absl::StatusOr<std::shared_ptr<ShmReaper>> reaper = ShmReaper::Create();
  if (!reaper.ok()) return reaper.status();
  absl::StatusOr<UnixListener> socket = UnixListener::Listen(uri.path, options.socket_mode);
  if (!socket.ok()) return socket.status();
  for (const std::string& trouble : GrantSocketAccess(uri.path, options.allowed_uids)) {
    if (options.report) options.report(trouble);
  }
  std::unique_ptr<ShmListener> listener(new ShmListener(options, std::move(ready_fd)));
  listener->impl_ =
      std::make_unique<Impl>(*listener, *std::move(socket), *std::move(reaper), std::move(stop_fd));
  if (absl::Status started = listener->impl_->Start(); !started.ok()) return started;
  return listener;
}

ShmListener::ShmListener(const ListenOptions& options, UniqueFd ready_fd)
    : Acceptor(options, ShmBackend::kScheme, Carrier::kHost, std::move(ready_fd)) {}
ShmListener::~ShmListener() = default;

}  // namespace ringway
