// Connects byte streams beside the engine's thread.
#include "transport/stream/stream_dialer.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/thread.h"
#include "transport/stream/tcp.h"

namespace ringway {

int64_t RetryPauses::Next() noexcept {
  const int64_t pause_ns = next_ns_;
  next_ns_ =
      next_ns_ == 0 ? min_ns_ : std::min(max_ns_, next_ns_ > max_ns_ / 2 ? max_ns_ : 2 * next_ns_);
  return pause_ns == 0 ? 0 : random_.Between(pause_ns - pause_ns / 2, pause_ns);
}

absl::StatusOr<std::unique_ptr<StreamDialer>> StreamDialer::Create(const StreamOptions& options,
                                                                   uint64_t seed, Resolve resolve) {
  if (const std::vector<StreamFault> faults = FaultsOf(options); !faults.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(faults[0].key, ": ", faults[0].what, ". Remedy: ", faults[0].remedy));
  }
  std::unique_ptr<StreamDialer> dialer(new StreamDialer(options, seed, std::move(resolve)));
  if (options.tls.enabled) {
    absl::StatusOr<std::shared_ptr<const TlsContext>> tls = TlsContext::ForClient(options.tls);
    if (!tls.ok()) return tls.status();
    dialer->tls_ = *std::move(tls);
  }
  dialer->wake_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!dialer->wake_fd_) return absl::ErrnoToStatus(errno, "creating an eventfd");
  if (absl::Status started =
          StartThread(dialer->thread_, "stream-dialer", [raw = dialer.get()] { raw->Run(); });
      !started.ok()) {
    return started;
  }
  return dialer;
}

StreamDialer::StreamDialer(const StreamOptions& options, uint64_t seed, Resolve resolve)
    : options_(options),
      resolve_(std::move(resolve)),
      pauses_(options.retry_pause_min_ns, options.retry_pause_max_ns, seed) {}

StreamDialer::~StreamDialer() {
  stopping_.store(true, std::memory_order_release);  // pairs with Run() and WaitUntil()
  Wake();
  if (thread_.joinable()) thread_.join();
  FreeDiscarded();
}

void StreamDialer::Wake() noexcept { eventfd_write(wake_fd_.get(), 1); }

void StreamDialer::Start() noexcept {
  state_.store(StreamDialState::kUnderWay, std::memory_order_release);  // pairs with Run()
  Wake();
}

StreamDialState StreamDialer::Poll(std::unique_ptr<ByteStream>& stream) noexcept {
  const StreamDialState state = state_.load(std::memory_order_acquire);  // pairs with Attempt()
  if (state == StreamDialState::kConnected) stream = std::move(stream_);
  if (state != StreamDialState::kUnderWay) {
    state_.store(StreamDialState::kIdle, std::memory_order_relaxed);
  }
  return state;
}

void StreamDialer::Discard(std::unique_ptr<ByteStream> stream) noexcept {
  if (stream == nullptr) return;
  stream->Close();
  discarded_.Push(stream.release());
  Wake();
}

void StreamDialer::FreeDiscarded() noexcept {
  for (ByteStream* each = discarded_.TakeAll(); each != nullptr;) {
    delete std::exchange(each, each->next_discarded);
  }
}

void StreamDialer::Run() {
  for (;;) {
    // The state comes before the stream that was discarded before it was set; both pair with the
    // stores of the engine's thread, which wakes this one after each.
    const bool attempt = state_.load(std::memory_order_acquire) == StreamDialState::kUnderWay;
    FreeDiscarded();
    if (stopping_.load(std::memory_order_acquire)) return;
    if (attempt) {
      Attempt();
      continue;
    }
    pollfd wake{wake_fd_.get(), POLLIN, 0};
    poll(&wake, 1, -1);
    eventfd_t ignored;
    eventfd_read(wake_fd_.get(), &ignored);
  }
}

bool StreamDialer::WaitUntil(int64_t deadline_ns, int fd, short events) {
  for (;;) {
    const int64_t wait_ns = deadline_ns - MonotonicNowNs();
    if (wait_ns <= 0 || stopping_.load(std::memory_order_acquire)) return false;
    pollfd fds[] = {{wake_fd_.get(), POLLIN, 0}, {fd, events, 0}};
    const timespec timeout{wait_ns / kNsPerS, wait_ns % kNsPerS};
    if (ppoll(fds, 2, &timeout, nullptr) < 0) continue;  // EINTR; no other error is transient
    if (fds[1].revents != 0) return true;
    if (fds[0].revents != 0) {
      eventfd_t ignored;
      eventfd_read(wake_fd_.get(), &ignored);
      FreeDiscarded();
    }
  }
}

void StreamDialer::Attempt() {
  if (const int64_t pause_ns = pauses_.Next(); pause_ns > 0) {
    WaitUntil(MonotonicNowNs() + pause_ns);
  }
  std::string errors;
  for (const std::string& address : options_.addresses) {
    if (stopping_.load(std::memory_order_acquire)) break;
    absl::StatusOr<std::unique_ptr<ByteStream>> made = Connect(address);
    if (made.ok()) {
      stream_ = *std::move(made);
      last_error_.clear();
      state_.store(StreamDialState::kConnected, std::memory_order_release);  // pairs with Poll()
      return;
    }
    absl::StrAppend(&errors, errors.empty() ? "" : "; ", address, ": ",
                    absl::string_view(made.status().message()));
  }
  last_error_ = std::move(errors);
  state_.store(StreamDialState::kFailed, std::memory_order_release);  // pairs with Poll()
}

absl::StatusOr<std::unique_ptr<ByteStream>> StreamDialer::Connect(const std::string& address) {
  const absl::StatusOr<HostPort> where = ParseHostPort(address);
  if (!where.ok()) return where.status();
  const absl::StatusOr<std::vector<TcpAddress>> addresses = resolve_(*where);
  if (!addresses.ok()) return addresses.status();
  absl::Status last = absl::NotFoundError(
      absl::StrCat("the name ", where->host, " has no address. Remedy: give the venue's number"));
  for (const TcpAddress& to : *addresses) {
    const std::string number = to.Text();
    absl::StatusOr<std::unique_ptr<ByteStream>> made = ConnectTo(
        number == address ? number : absl::StrCat(address, " (", number, ")"), *where, to);
    if (made.ok()) return made;
    last = made.status();
  }
  return last;
}

absl::StatusOr<std::unique_ptr<ByteStream>> StreamDialer::ConnectTo(const std::string& name,
                                                                    const HostPort& where,
                                                                    const TcpAddress& to) {
  const int64_t deadline_ns = MonotonicNowNs() + options_.connect_timeout_ns;
  absl::StatusOr<UniqueFd> fd =
      StartTcpConnect(to, {options_.source_address, options_.user_timeout_ns});
  if (!fd.ok()) return fd.status();
  if (!WaitUntil(deadline_ns, fd->get(), POLLOUT)) {
    return ConnectError(ETIMEDOUT, to, options_.source_address);
  }
  if (absl::Status connected = TcpConnectResult(fd->get(), to); !connected.ok()) return connected;
  StreamPeer peer{.address = name, .subject = {}};
  const auto prove = [this](SocketStream& stream) -> absl::Status {
    stream.ProveAtConnect(options_.acceleration);
    if (!options_.require_acceleration || stream.acceleration().accelerated()) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrCat("the connection to ", stream.peer().address,
                                                      " must be accelerated, but is ",
                                                      Describe(stream.acceleration())));
  };
  if (tls_ == nullptr) {
    auto stream = std::make_unique<TcpStream>(*std::move(fd), std::move(peer));
    if (absl::Status proved = prove(*stream); !proved.ok()) return proved;
    return stream;
  }
  absl::StatusOr<std::unique_ptr<TlsStream>> stream =
      TlsStream::Connect(*std::move(fd), std::move(peer), tls_, where.host);
  if (!stream.ok()) return stream.status();
  // Before the peer is told anything.
  if (absl::Status proved = prove(**stream); !proved.ok()) return proved;
  for (;;) {
    const StreamStatus status = (*stream)->Handshake();
    if (status == StreamStatus::kOk) return *std::move(stream);
    if (status != StreamStatus::kWouldBlock) {
      return absl::UnavailableError((*stream)->handshake_error());
    }
    if (!WaitUntil(deadline_ns, (*stream)->fd(), (*stream)->HandshakeEvents())) {
      return absl::DeadlineExceededError(
          absl::StrCat("the TLS handshake with ", to.Text(),
                       " took too long. Remedy: check that the peer speaks TLS at this port; raise "
                       "connect_timeout if it is only far away"));
    }
  }
}

}  // namespace ringway
