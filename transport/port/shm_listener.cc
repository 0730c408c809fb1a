// How links are accepted without the polling thread noticing: one background thread runs all
// handshakes.
//
// Bounds: pending_max handshakes at a time, each with a deadline; finished_max links waiting to be
// fetched. The kernel's backlog holds the rest.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/born_here.h"
#include "base/clock.h"
#include "base/thread.h"
#include "transport/barrier.h"
#include "transport/link_limits.h"
#include "transport/port/accept_queue.h"
#include "transport/port/shm.h"
#include "transport/port/shm_handshake.h"

namespace ringway {

class ShmListener::Impl {
 public:
  Impl(std::string path, ListenOptions options, UniqueFd listen_fd, UniqueFd stop_fd,
       UniqueFd ready_fd)
      : path_(std::move(path)),
        options_(std::move(options)),
        barrier_(RegisterAsSender()),
        listen_fd_(std::move(listen_fd)),
        stop_fd_(std::move(stop_fd)),
        finished_(std::move(ready_fd)) {
    struct stat info {};
    if (stat(path_.c_str(), &info) == 0) path_inode_ = info.st_ino;
  }

  ~Impl() {
    if (!born_here_.Here()) {  // a forked child: thread, wake-ups and path are its parent's
      if (thread_.joinable()) thread_.detach();
      return;
    }
    eventfd_write(stop_fd_.get(), 1);
    if (thread_.joinable()) thread_.join();
    // Not another listener's socket that has taken the path since.
    struct stat info {};
    if (stat(path_.c_str(), &info) == 0 && info.st_ino == path_inode_) unlink(path_.c_str());
  }

  absl::Status Start() {
    return StartThread(thread_, "shm-listener", [this] { Run(); });
  }

  std::unique_ptr<ShmLink> TryAccept() noexcept { return finished_.TryPop(); }
  bool Admit(uint64_t peer_key, uint32_t epoch) { return admitted_.Admit(peer_key, epoch); }

  // Pairs with the relaxed increments on the background thread; a number to look at.
  uint64_t refused_count() const noexcept { return refused_count_.load(std::memory_order_relaxed); }
  int wake_fd() const noexcept { return finished_.ready_fd(); }

 private:
  struct Pending {
    UniqueFd socket;
    int64_t deadline_ns;
  };

  static constexpr int64_t kRetryAcceptNs = 10 * kNsPerMs;

  bool UserIsAllowed(uid_t uid) const {
    if (options_.allowed_uids.empty()) return uid == geteuid();
    return std::find(options_.allowed_uids.begin(), options_.allowed_uids.end(), uid) !=
           options_.allowed_uids.end();
  }

  void Run() {
    std::vector<pollfd> poll_fds;
    while (true) {
      const bool room =
          pending_.size() < options_.pending_max && finished_.count() < options_.finished_max;
      const int64_t now_ns = MonotonicNowNs();
      const bool listening = room && now_ns >= accept_again_ns_;
      poll_fds.clear();
      poll_fds.push_back({stop_fd_.get(), POLLIN, 0});
      poll_fds.push_back({listening ? listen_fd_.get() : -1, POLLIN, 0});
      for (const Pending& pending : pending_) poll_fds.push_back({pending.socket.get(), POLLIN, 0});
      int64_t wait_ns = listening ? INT64_MAX : kRetryAcceptNs;
      for (const Pending& pending : pending_)
        wait_ns = std::min(wait_ns, std::max<int64_t>(0, pending.deadline_ns - now_ns));
      const timespec timeout{wait_ns / kNsPerS, wait_ns % kNsPerS};
      if (ppoll(poll_fds.data(), poll_fds.size(), wait_ns == INT64_MAX ? nullptr : &timeout,
                nullptr) < 0) {
        continue;  // EINTR; there is no other reason that could pass
      }
      if (poll_fds[0].revents != 0) return;
      ServePending(poll_fds);
      if (poll_fds[1].revents != 0) AcceptOne();
    }
  }

  // poll_fds[2 + i] belongs to pending_[i].
  void ServePending(const std::vector<pollfd>& poll_fds) {
    const int64_t now_ns = MonotonicNowNs();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      bool done = false;
      if (poll_fds[2 + i].revents != 0) {
        done = ServeHello(pending_[i].socket);
      } else if (now_ns >= pending_[i].deadline_ns) {
        refused_count_.fetch_add(1, std::memory_order_relaxed);
        done = true;
      }
      if (!done && kept != i) pending_[kept] = std::move(pending_[i]);
      if (!done) ++kept;
    }
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(kept), pending_.end());
  }

  void AcceptOne() {
    absl::StatusOr<UniqueFd> socket = AcceptUnix(listen_fd_.get());
    if (!socket.ok()) {
      // Out of descriptors or memory: the connection stays in the backlog, so give it a while.
      accept_again_ns_ = MonotonicNowNs() + kRetryAcceptNs;
      return;
    }
    if (!*socket) return;
    const absl::StatusOr<uid_t> uid = PeerUid(socket->get());
    if (!uid.ok() || !UserIsAllowed(*uid)) {
      Refuse(socket->get(), ShmStatus::kUser, 0);
      return;
    }
    pending_.push_back({*std::move(socket), MonotonicNowNs() + options_.handshake_timeout_ns});
  }

  void Refuse(int socket, ShmStatus status, uint32_t admitted_epoch) {
    refused_count_.fetch_add(1, std::memory_order_relaxed);
    ShmReply reply;
    reply.status = status;
    reply.admitted_epoch = admitted_epoch;
    reply.ring_bytes_max = options_.link.ring_bytes;
    // A peer that has gone meanwhile needs no answer.
    SendMessage(socket, std::as_bytes(std::span(&reply, 1)), -1).IgnoreError();
  }

  // True when this connection needs no more attention: it became a link, or was refused.
  bool ServeHello(UniqueFd& socket) {
    std::array<std::byte, sizeof(ShmHello)> buffer;
    absl::StatusOr<Received> received = ReceiveMessage(socket.get(), buffer);
    if (!received.ok()) {
      Refuse(socket.get(), ShmStatus::kBadMessage, 0);
      return true;
    }
    if (received->nothing_yet) return false;
    if (received->bytes == 0) {
      refused_count_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    ShmHello hello;
    const ShmStatus parsed = ParseHello(std::span(buffer).first(received->bytes), options_, hello);
    if (parsed != ShmStatus::kOk) {
      Refuse(socket.get(), parsed, 0);
      return true;
    }
    const uint32_t admitted_epoch = admitted_.Of(hello.peer_key);
    if (hello.epoch <= admitted_epoch) {
      Refuse(socket.get(), ShmStatus::kStaleEpoch, admitted_epoch);
      return true;
    }
    const ShmStatus made = MakeLink(socket, hello, std::move(received->fd));
    if (made != ShmStatus::kOk) Refuse(socket.get(), made, 0);
    return true;
  }

  ShmStatus MakeLink(UniqueFd& socket, const ShmHello& hello, UniqueFd peer_fd) {
    absl::StatusOr<ShmRegion> peer =
        ShmRegion::MapPeer(std::move(peer_fd), hello.ring_bytes, hello.region_bytes);
    if (!peer.ok()) return ShmStatus::kMemory;
    absl::StatusOr<ShmRegion> own = ShmRegion::Create(hello.ring_bytes, options_.link.huge_pages);
    if (!own.ok()) return ShmStatus::kMemory;

    ShmReply reply;
    reply.payload_bytes_max = std::min(hello.payload_bytes_max, options_.link.payload_bytes_max);
    const bool crc = options_.link.crc || (hello.flags & kShmCrc) != 0;
    reply.flags = (crc ? kShmCrc : 0) | (barrier_ ? kShmBarrier : 0);
    reply.epoch = hello.epoch;
    reply.ring_bytes_max = options_.link.ring_bytes;
    reply.region_bytes = own->bytes();
    reply.heartbeat_us = static_cast<uint32_t>(options_.link.heartbeat_interval_ns / kNsPerUs);
    if (getrandom(reply.nonce.data(), reply.nonce.size(), 0) !=
        static_cast<ssize_t>(reply.nonce.size())) {
      return ShmStatus::kInternal;
    }
    if (!SendMessage(socket.get(), std::as_bytes(std::span(&reply, 1)), own->fd()).ok()) {
      return ShmStatus::kInternal;
    }
    own->CloseFd();
    const bool certain = barrier_ && (hello.flags & kShmBarrier) != 0;
    finished_.Push(std::make_unique<ShmLink>(
        ShmPort(*std::move(own), *std::move(peer), std::move(socket), hello.ring_bytes, certain),
        SettledOptions(options_.link, hello, reply),
        LinkIdentity{hello.peer_key, hello.epoch, {hello.nonce, reply.nonce}},
        int64_t{hello.heartbeat_us} * kNsPerUs));
    return ShmStatus::kOk;
  }

  const std::string path_;
  const ListenOptions options_;
  const bool barrier_;
  UniqueFd listen_fd_;
  UniqueFd stop_fd_;
  ino_t path_inode_ = 0;

  // The background thread's own.
  std::vector<Pending> pending_;
  int64_t accept_again_ns_ = 0;

  std::atomic<uint64_t> refused_count_{0};
  AcceptQueue<ShmLink> finished_;
  AdmittedEpochs admitted_;

  BornHere born_here_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<ShmListener>> ShmListener::Listen(const Uri& uri,
                                                                 const ListenOptions& options) {
  if (uri.path.empty())
    return absl::InvalidArgumentError("a shm address is shm:/path/of/the/socket");
  if (absl::Status valid = ValidateLinkOptions(options.link); !valid.ok()) return valid;
  if (options.pending_max == 0 || options.finished_max == 0 || options.handshake_timeout_ns <= 0) {
    return absl::InvalidArgumentError(
        "pending_max, finished_max and handshake_timeout_ns must be positive");
  }
  UniqueFd stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd ready_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd || !ready_fd) return absl::ErrnoToStatus(errno, "creating an eventfd");
  absl::StatusOr<UniqueFd> listen_fd = ListenUnix(uri.path, options.socket_mode);
  if (!listen_fd.ok()) return listen_fd.status();
  auto impl = std::make_unique<Impl>(uri.path, options, *std::move(listen_fd), std::move(stop_fd),
                                     std::move(ready_fd));
  if (absl::Status started = impl->Start(); !started.ok()) return started;
  return std::unique_ptr<ShmListener>(new ShmListener(std::move(impl)));
}

ShmListener::ShmListener(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ShmListener::~ShmListener() = default;
std::unique_ptr<ShmLink> ShmListener::TryAccept() noexcept { return impl_->TryAccept(); }
bool ShmListener::Admit(uint64_t peer_key, uint32_t epoch) { return impl_->Admit(peer_key, epoch); }
uint64_t ShmListener::refused_count() const noexcept { return impl_->refused_count(); }
int ShmListener::wake_fd() const noexcept { return impl_->wake_fd(); }

}  // namespace ringway
