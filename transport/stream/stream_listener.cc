// The thread of a listener: accepts, drives handshakes, frees what was discarded.
#include "transport/stream/stream_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/hand_over_list.h"
#include "base/thread.h"
#include "transport/bootstrap/accept_queue.h"
#include "transport/fair_share.h"
#include "transport/stream/tcp.h"
#include "transport/stream/tls.h"
#include "transport/unique_fd.h"

namespace ringway {
namespace {

// Who is accountable for a connection: a host, of IPv6 its /64 (RFC 6177 gives a site no less).
using SourceKey = std::array<std::byte, 16>;

SourceKey SourceOf(const TcpAddress& address) {
  SourceKey key{};
  if (address.storage.ss_family == AF_INET6) {
    std::memcpy(key.data(), &reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr, 8);
  } else {
    std::memcpy(key.data(), &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr, 4);
    key[15] = std::byte{1};  // no IPv6 prefix
  }
  return key;
}

}  // namespace

class StreamListener::Impl {
 public:
  Impl(const StreamListenOptions& options, std::function<void(std::string_view)> report,
       std::shared_ptr<const TlsContext> tls, UniqueFd socket, UniqueFd wake_fd, UniqueFd ready_fd,
       const TcpAddress& address)
      : options_(options),
        report_(std::move(report)),
        tls_(std::move(tls)),
        socket_(std::move(socket)),
        wake_fd_(std::move(wake_fd)),
        address_(address),
        queue_(std::move(ready_fd), options.finished_max) {}

  ~Impl() {
    stopping_.store(true, std::memory_order_release);  // pairs with Run()
    eventfd_write(wake_fd_.get(), 1);
    if (thread_.joinable()) thread_.join();
    FreeDiscarded();
  }

  absl::Status Start() {
    return StartThread(thread_, "stream-listener", [this] { Run(); });
  }

  std::unique_ptr<ByteStream> TryAccept() noexcept {
    std::unique_ptr<ByteStream> stream = queue_.TryPop();
    // Accepting may have paused for want of room.
    if (stream != nullptr && queue_.count() + 1 >= options_.finished_max) Wake();
    return stream;
  }
  void Discard(std::unique_ptr<ByteStream> stream) noexcept {
    if (stream == nullptr) return;
    stream->Close();
    discarded_.Push(stream.release());
    Wake();
  }
  int ready_fd() const noexcept { return queue_.ready_fd(); }
  const TcpAddress& address() const noexcept { return address_; }
  uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  // Counts a source's connections: each of its streams holds one, and drops it wherever it ends.
  using Share = std::shared_ptr<const void>;

  struct Pending {
    std::unique_ptr<TlsStream> stream;
    SourceKey source;
    uint64_t arrival;
    int64_t deadline_ns;
  };

  static constexpr int kAcceptBatch = 32;
  static constexpr int64_t kRetryAcceptNs = 10 * kNsPerMs;
  static constexpr uint32_t kLinesPerSecond = 10;
  // Sources whose count is kept; above, those that have no connection are forgotten.
  static constexpr std::size_t kSourcesMax = 1024;

  void Wake() noexcept { eventfd_write(wake_fd_.get(), 1); }

  void FreeDiscarded() noexcept {
    for (ByteStream* each = discarded_.TakeAll(); each != nullptr;) {
      delete std::exchange(each, each->next_discarded);
    }
  }

  void Run() {
    std::vector<pollfd> fds;
    while (!stopping_.load(std::memory_order_acquire)) {
      const int64_t now_ns = MonotonicNowNs();
      const bool room = queue_.count() < options_.finished_max;
      const bool paused = now_ns < accept_again_ns_;
      fds.clear();
      fds.push_back({wake_fd_.get(), POLLIN, 0});
      fds.push_back({room && !paused ? socket_.get() : -1, POLLIN, 0});
      int64_t wait_ns = paused ? accept_again_ns_ - now_ns : INT64_MAX;
      for (const Pending& pending : pending_) {
        fds.push_back({pending.stream->fd(), pending.stream->HandshakeEvents(), 0});
        wait_ns = std::min(wait_ns, std::max<int64_t>(0, pending.deadline_ns - now_ns));
      }
      const timespec timeout{wait_ns / kNsPerS, wait_ns % kNsPerS};
      if (ppoll(fds.data(), fds.size(), wait_ns == INT64_MAX ? nullptr : &timeout, nullptr) < 0) {
        continue;  // EINTR; no other error is transient
      }
      if (fds[0].revents != 0) {
        eventfd_t ignored;
        eventfd_read(wake_fd_.get(), &ignored);
      }
      FreeDiscarded();
      ServePending(fds);
      if (fds[1].revents == 0) continue;
      for (int i = 0; i < kAcceptBatch && AcceptOne(); ++i) {
      }
    }
  }

  // fds[2 + i] belongs to pending_[i].
  void ServePending(const std::vector<pollfd>& fds) {
    const int64_t now_ns = MonotonicNowNs();
    std::vector<Pending> kept;
    kept.reserve(pending_.size());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      Pending& pending = pending_[i];
      if (fds[2 + i].revents != 0 && HandshakeEnds(pending.stream)) continue;
      if (now_ns >= pending.deadline_ns) {
        Refuse(*pending.stream, "its TLS handshake took too long");
        continue;
      }
      kept.push_back(std::move(pending));
    }
    pending_ = std::move(kept);
  }

  // True: it became a stream, or failed.
  bool HandshakeEnds(std::unique_ptr<TlsStream>& stream) {
    const StreamStatus status = stream->Handshake();
    if (status == StreamStatus::kWouldBlock) return false;
    if (status == StreamStatus::kOk) {
      queue_.Push(std::move(stream));
    } else {
      Refuse(*stream, stream->handshake_error());
    }
    return true;
  }

  // False: none waits, or none can be accepted now.
  bool AcceptOne() {
    if (queue_.count() >= options_.finished_max) return false;
    TcpAddress from;
    from.bytes = sizeof(from.storage);
    UniqueFd fd(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from.storage), &from.bytes,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      const int error = errno;
      // The others mean that this one peer is gone (accept(2)).
      if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        Say(absl::StrCat("connections wait: ", strerrordesc_np(error),
                         ". Remedy: raise the limit of file descriptors (LimitNOFILE)"));
        accept_again_ns_ = MonotonicNowNs() + kRetryAcceptNs;
        return false;
      }
      return error != EAGAIN && error != EWOULDBLOCK;
    }
    TuneTcp(fd.get(), options_.user_timeout_ns);
    const SourceKey source = SourceOf(from);
    StreamPeer peer{.address = from.Text(), .subject = {}};
    Share share = TakeShare(source);
    if (share == nullptr) {
      CountRefused(peer.address, "its host has as many connections as per_source_max lets it");
      return true;
    }
    if (tls_ == nullptr) {
      auto stream = std::make_unique<TcpStream>(std::move(fd), std::move(peer));
      stream->Hold(std::move(share));
      queue_.Push(std::move(stream));
      return true;
    }
    absl::StatusOr<std::unique_ptr<TlsStream>> stream =
        TlsStream::Accept(std::move(fd), std::move(peer), tls_);
    if (!stream.ok()) {
      CountRefused(from.Text(), stream.status().message());
      return true;
    }
    (*stream)->Hold(std::move(share));
    if (HandshakeEnds(*stream)) return true;
    if (pending_.size() >= options_.pending_max) DropPending(source);
    pending_.push_back({*std::move(stream), source, ++arrivals_,
                        MonotonicNowNs() + options_.handshake_timeout_ns});
    return true;
  }

  void DropPending(const SourceKey& newcomer) {
    const std::size_t index = fair_share_.ToGiveUp(
        pending_, newcomer, [](const Pending& pending) { return pending.source; },
        [](const Pending& pending) { return pending.arrival; },
        [](const Pending&) { return true; });
    Refuse(*pending_[index].stream, "too many TLS handshakes are under way");
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  // Null: the source has as many as it may.
  Share TakeShare(const SourceKey& source) {
    if (sources_.size() >= kSourcesMax) {
      std::erase_if(sources_, [](const auto& entry) { return entry.second.use_count() == 1; });
    }
    std::shared_ptr<const int>& count = sources_[source];
    if (count == nullptr) count = std::make_shared<const int>(0);
    // One is the table's.
    if (count.use_count() > static_cast<long>(options_.per_source_max)) return nullptr;
    return count;
  }

  void Refuse(const ByteStream& stream, std::string_view why) {
    CountRefused(stream.peer().address, absl::string_view(why.data(), why.size()));
  }
  void CountRefused(const std::string& peer, absl::string_view why) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    Say(absl::StrCat("refused ", peer, ": ", why));
  }
  void Say(const std::string& line) {
    const int64_t second = MonotonicNowNs() / kNsPerS;
    if (std::exchange(said_second_, second) != second) said_ = 0;
    if (report_ && ++said_ <= kLinesPerSecond) report_(line);
  }

  const StreamListenOptions options_;
  const std::function<void(std::string_view)> report_;
  const std::shared_ptr<const TlsContext> tls_;  // null: no TLS
  const UniqueFd socket_;
  const UniqueFd wake_fd_;  // an eventfd
  const TcpAddress address_;
  AcceptQueue<ByteStream> queue_;
  HandOverList<ByteStream, &ByteStream::next_discarded> discarded_;
  std::atomic<uint64_t> refused_ = 0;
  std::atomic<bool> stopping_ = false;

  // The listener's thread's own.
  std::vector<Pending> pending_;
  BasicFairShare<SourceKey> fair_share_;
  std::map<SourceKey, std::shared_ptr<const int>> sources_;
  uint64_t arrivals_ = 0;
  int64_t accept_again_ns_ = 0;
  int64_t said_second_ = 0;
  uint32_t said_ = 0;

  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<StreamListener>> StreamListener::Listen(
    const StreamListenOptions& options, std::function<void(std::string_view)> report) {
  if (const std::vector<StreamFault> faults = FaultsOf(options); !faults.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(faults[0].key, ": ", faults[0].what, ". Remedy: ", faults[0].remedy));
  }
  std::shared_ptr<const TlsContext> tls;
  if (options.tls.enabled) {
    absl::StatusOr<std::shared_ptr<const TlsContext>> made = TlsContext::ForListener(options.tls);
    if (!made.ok()) return made.status();
    tls = *std::move(made);
  }
  const absl::StatusOr<HostPort> where = ParseHostPort(options.address);
  if (!where.ok()) return where.status();
  absl::StatusOr<UniqueFd> socket = ListenTcp(*NumericAddress(where->host, where->port));
  if (!socket.ok()) return socket.status();
  const absl::StatusOr<TcpAddress> address = LocalAddress(socket->get());
  if (!address.ok()) return address.status();
  UniqueFd wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd ready_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd || !ready_fd) return absl::ErrnoToStatus(errno, "creating an eventfd");
  auto impl = std::make_unique<Impl>(options, std::move(report), std::move(tls), *std::move(socket),
                                     std::move(wake_fd), std::move(ready_fd), *address);
  if (absl::Status started = impl->Start(); !started.ok()) return started;
  return std::unique_ptr<StreamListener>(new StreamListener(std::move(impl)));
}

StreamListener::StreamListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamListener::~StreamListener() = default;

std::unique_ptr<ByteStream> StreamListener::TryAccept() noexcept { return impl_->TryAccept(); }
void StreamListener::Discard(std::unique_ptr<ByteStream> stream) noexcept {
  impl_->Discard(std::move(stream));
}
int StreamListener::ready_fd() const noexcept { return impl_->ready_fd(); }
const TcpAddress& StreamListener::address() const noexcept { return impl_->address(); }
uint64_t StreamListener::refused() const noexcept { return impl_->refused(); }

}  // namespace ringway
