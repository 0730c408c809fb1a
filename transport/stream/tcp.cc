// Makes TCP sockets, and moves bytes through them.
#include "transport/stream/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway {
namespace {

// The kernel lowers it to net.core.somaxconn.
constexpr int kBacklog = 1024;

// Options that fail are those that this kernel, or the stack in its place, does not have; each only
// makes a connection slower, or its end later.
void SetIfPossible(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

absl::StatusOr<UniqueFd> NewTcpSocket(int family) {
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) {
    const int error = errno;
    return absl::ErrnoToStatus(
        error, error == EMFILE || error == ENFILE
                   ? "no file descriptor is left for a socket. Remedy: raise LimitNOFILE"
                   : "making a socket");
  }
  return fd;
}

}  // namespace

void TuneTcp(int fd, int64_t user_timeout_ns) {
  SetIfPossible(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetIfPossible(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
  if (user_timeout_ns > 0) {
    const int64_t ms =
        std::clamp<int64_t>(user_timeout_ns / kNsPerMs, 1, std::numeric_limits<int>::max());
    SetIfPossible(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(ms));
  }
}

absl::Status ConnectError(int error, const TcpAddress& to, const std::string& source_address) {
  std::string remedy;
  switch (error) {
    case ECONNREFUSED:
      remedy = "nobody listens there: check the port, and that the venue is up";
      break;
    case ETIMEDOUT:
      remedy =
          "nothing answered: check the address, firewalls on the way and the venue's list of "
          "permitted addresses";
      break;
    case EHOSTUNREACH:
    case ENETUNREACH:
      remedy = "there is no route: check `ip route get` of the address";
      break;
    case EADDRNOTAVAIL:
      remedy = source_address.empty()
                   ? "no local port is left towards it: see net.ipv4.ip_local_port_range"
                   : absl::StrCat("source_address ", source_address,
                                  " is none of this machine's, or has no port left");
      break;
    case EAFNOSUPPORT:
    case EINVAL:
      remedy = "source_address and address must be of one kind, IPv4 or IPv6";
      break;
    case EACCES:
    case EPERM:
      remedy = "a rule of this machine's firewall or service manager forbids it";
      break;
    default:
      remedy = "see the system's log";
      break;
  }
  return absl::UnavailableError(absl::StrCat("connecting to ", to.Text(), ": ",
                                             strerrordesc_np(error), ". Remedy: ", remedy));
}

absl::StatusOr<UniqueFd> StartTcpConnect(const TcpAddress& to, const TcpOptions& options) {
  absl::StatusOr<UniqueFd> fd = NewTcpSocket(to.storage.ss_family);
  if (!fd.ok()) return fd;
  TuneTcp(fd->get(), options.user_timeout_ns);
  if (!options.source_address.empty()) {
    const std::optional<TcpAddress> from = NumericAddress(options.source_address, 0);
    if (!from) {
      return absl::InvalidArgumentError(
          absl::StrCat("source_address ", options.source_address, " is no address in numbers"));
    }
    // The port is chosen at connect(), by the whole of both addresses.
    SetIfPossible(fd->get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (bind(fd->get(), from->raw(), from->bytes) != 0) {
      return ConnectError(errno, to, options.source_address);
    }
  }
  if (connect(fd->get(), to.raw(), to.bytes) != 0 && errno != EINPROGRESS && errno != EINTR) {
    return ConnectError(errno, to, options.source_address);
  }
  return fd;
}

absl::Status TcpConnectResult(int fd, const TcpAddress& to) {
  int error = 0;
  socklen_t bytes = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
  return error == 0 ? absl::OkStatus() : ConnectError(error, to, "");
}

absl::StatusOr<UniqueFd> ListenTcp(const TcpAddress& at) {
  absl::StatusOr<UniqueFd> fd = NewTcpSocket(at.storage.ss_family);
  if (!fd.ok()) return fd;
  // Connections of an earlier listener that are still ending do not keep the address.
  SetIfPossible(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.storage.ss_family == AF_INET6) SetIfPossible(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(fd->get(), at.raw(), at.bytes) != 0 || listen(fd->get(), kBacklog) != 0) {
    const int error = errno;
    const std::string what =
        absl::StrCat("listening at ", at.Text(), ": ", strerrordesc_np(error), ". Remedy: ");
    switch (error) {
      case EADDRINUSE:
        return absl::AlreadyExistsError(what + "stop who listens there (ss -ltnp)");
      case EACCES:
        return absl::PermissionDeniedError(what + "a port from 1024, or CAP_NET_BIND_SERVICE");
      case EADDRNOTAVAIL:
        return absl::InvalidArgumentError(what + "an address of this machine");
      default:
        return absl::InternalError(what + "see the system's log");
    }
  }
  return fd;
}

absl::StatusOr<TcpAddress> LocalAddress(int fd) {
  TcpAddress address;
  address.bytes = sizeof(address.storage);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0) {
    return absl::ErrnoToStatus(errno, "asking a socket for its address");
  }
  return address;
}

void SocketStream::Close() noexcept {
  fd_.Reset();
  if (state_ == StreamState::kOpen || state_ == StreamState::kEnded) state_ = StreamState::kClosed;
}

void SocketStream::ProveAtConnect(AccelerationChoice choice) {
  choice_ = choice;
  if (choice != AccelerationChoice::kOff) stacks_ = AccelerationStacks::Find();
  stacks_.Identify(fd_.get(), choice, acceleration_);
}

const Acceleration& SocketStream::ProveAcceleration() noexcept {
  if (state_ == StreamState::kOpen) stacks_.Ask(fd_.get(), choice_, acceleration_);
  return acceleration_;
}

bool SocketStream::WarmSend(std::span<const std::byte> bytes) noexcept {
  return state_ == StreamState::kOpen && !writes_ended_ &&
         stacks_.Warm(fd_.get(), acceleration_, bytes);
}

SocketStream::RawIo SocketStream::Receive(std::span<std::byte> into) noexcept {
  const ssize_t got = recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
  if (got > 0) {
    acknowledge_ = true;
    return {.bytes = static_cast<std::size_t>(got)};
  }
  if (got == 0) return {StreamStatus::kEnded};
  const int error = errno;
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) {
    // The kernel falls back to delayed acknowledgements by itself. Once for each burst is enough.
    if (std::exchange(acknowledge_, false)) {
      SetIfPossible(fd_.get(), IPPROTO_TCP, TCP_QUICKACK, 1);
    }
    return {StreamStatus::kWouldBlock};
  }
  return {error == ECONNRESET || error == EPIPE ? StreamStatus::kReset : StreamStatus::kFailed, 0,
          error};
}

SocketStream::RawIo SocketStream::Send(std::span<const std::byte> bytes) noexcept {
  const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) return {.bytes = static_cast<std::size_t>(sent)};
  const int error = sent == 0 ? EAGAIN : errno;
  // ENOBUFS: Onload without packet buffers.
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS) {
    return {StreamStatus::kWouldBlock};
  }
  return {error == ECONNRESET || error == EPIPE ? StreamStatus::kReset : StreamStatus::kFailed, 0,
          error};
}

StreamIo SocketStream::Fail(StreamState state, std::string_view why,
                            std::string_view detail) noexcept {
  state_ = state;
  error_.Set({why, detail});
  return Final();
}

StreamIo SocketStream::End(const RawIo& io) noexcept {
  if (io.status == StreamStatus::kReset) {
    return Fail(StreamState::kReset, "the peer ended the connection at once (reset)");
  }
  if (io.error == ETIMEDOUT) {
    return Fail(StreamState::kFailed,
                "the peer's machine acknowledged nothing for as long as user_timeout. Remedy: "
                "check the network and the peer");
  }
  const char* text = strerrordesc_np(io.error);
  return Fail(StreamState::kFailed, "the connection failed: ", text == nullptr ? "?" : text);
}

void SocketStream::EndSocketWrites() noexcept { shutdown(fd_.get(), SHUT_WR); }

StreamIo TcpStream::Read(std::span<std::byte> into) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  if (state_ == StreamState::kEnded) return {StreamStatus::kEnded};
  if (into.empty()) return {};
  const RawIo io = Receive(into);
  if (io.status == StreamStatus::kEnded) state_ = StreamState::kEnded;
  if (io.status == StreamStatus::kReset || io.status == StreamStatus::kFailed) return End(io);
  return {io.status, io.bytes};
}

StreamIo TcpStream::Write(std::span<const std::byte> bytes) noexcept {
  if (const StreamIo io = Final(); io.status != StreamStatus::kOk) return io;
  if (writes_ended_) return {StreamStatus::kEnded};
  if (bytes.empty()) return {};
  const RawIo io = Send(bytes);
  if (io.status == StreamStatus::kReset || io.status == StreamStatus::kFailed) return End(io);
  return {io.status, io.bytes};
}

void TcpStream::EndWrites() noexcept {
  if (writes_ended_ || Final().status != StreamStatus::kOk) return;
  writes_ended_ = true;
  EndSocketWrites();
}

}  // namespace ringway
