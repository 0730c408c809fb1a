// Implements shm_socket.h.
#include "transport/port/shm_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway {
namespace {

// A sleeper is woken once per sleep; this bounds how much a flooding peer can make us read at a
// time.
constexpr int kWakesPerDrainMax = 8;

absl::Status SystemError(absl::string_view what) { return absl::ErrnoToStatus(errno, what); }

bool SetBlocking(int fd, bool blocking) noexcept {
  const int flags = fcntl(fd, F_GETFL);
  const int wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  return flags >= 0 && fcntl(fd, F_SETFL, wanted) == 0;
}

}  // namespace

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the socket path ", path, " is longer than the ",
                                                   sizeof(address.sun_path) - 1,
                                                   " bytes that Unix sockets allow"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

absl::StatusOr<UniqueFd> NewUnixSocket() {
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return SystemError("creating a Unix socket");
  return fd;
}

absl::StatusOr<UniqueFd> ConnectUnix(const std::string& path, int64_t deadline_ns) {
  absl::StatusOr<sockaddr_un> address = UnixAddress(path);
  if (!address.ok()) return address.status();
  absl::StatusOr<UniqueFd> fd = NewUnixSocket();
  if (!fd.ok()) return fd;
  // While the backlog is full, the kernel admits blocked callers one by one, in order; a caller
  // that polls instead comes after all of them.
  if (!SetBlocking(fd->get(), true)) return SystemError("setting up a Unix socket");
  int refused = EAGAIN;
  while (refused == EAGAIN || refused == EINTR) {
    const int64_t left_ns = deadline_ns - MonotonicNowNs();
    if (left_ns <= 0) {
      return absl::DeadlineExceededError(
          absl::StrCat("the listener at ", path, " has too many connections waiting"));
    }
    // 0 would mean no time limit.
    const timeval limit{left_ns / kNsPerS, std::max<int64_t>(left_ns % kNsPerS / kNsPerUs, 1)};
    if (setsockopt(fd->get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
      return SystemError("limiting the time of a connection");
    refused =
        connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0
            ? 0
            : errno;
  }
  switch (refused) {
    case 0:
      break;
    case ENOENT:
      return absl::NotFoundError(
          absl::StrCat("no socket at ", path, ": is the gateway running, and is this its path?"));
    case ECONNREFUSED:
      return absl::UnavailableError(
          absl::StrCat("nobody listens at ", path, ": the gateway has stopped; start it again"));
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat("this user may not connect to ", path,
                       ": it must be among the listener's allowed users or in the socket's group, "
                       "and must be let into the folders above"));
    default:
      return absl::ErrnoToStatus(refused, absl::StrCat("connecting to ", path));
  }
  if (!SetBlocking(fd->get(), false)) return SystemError("setting up a Unix socket");
  return fd;
}

absl::StatusOr<UniqueFd> AcceptUnix(int listen_fd) {
  UniqueFd fd(accept4(listen_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
    return SystemError("accepting a connection");
  return fd;
}

bool NoDescriptorsLeft(int fd) noexcept {
  const UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  return !copy && (errno == EMFILE || errno == ENFILE);
}

absl::StatusOr<uid_t> PeerUid(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    return SystemError("asking who the peer is");
  }
  return credentials.uid;
}

absl::Status SendMessage(int fd, std::span<const std::byte> bytes, int pass_fd) {
  iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  if (pass_fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &pass_fd, sizeof(int));
  }
  ssize_t sent;
  do {
    sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return SystemError("sending a handshake message");
  return absl::OkStatus();
}

absl::StatusOr<Received> ReceiveMessage(int fd, std::span<std::byte> buffer) {
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  // Room for more than one descriptor, so that surplus ones are seen and closed here.
  constexpr std::size_t kFdsMax = 4;
  alignas(cmsghdr) std::byte control[CMSG_SPACE(kFdsMax * sizeof(int))] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  // ECONNRESET is reported once, ahead of what the peer sent before it closed.
  constexpr int kRetriesMax = 8;
  for (int i = 0; got < 0 && (errno == EINTR || errno == ECONNRESET) && i < kRetriesMax; ++i) {
    got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  }
  Received received;
  if (got < 0) {
    if (errno != EAGAIN) return SystemError("receiving a handshake message");
    received.nothing_yet = true;
    return received;
  }
  received.bytes = static_cast<std::size_t>(got);
  std::size_t fd_count = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int passed;
      std::memcpy(&passed, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      received.fd = UniqueFd(passed);
      ++fd_count;
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0 && fd_count < kFdsMax && NoDescriptorsLeft(fd)) {
    return absl::ResourceExhaustedError("no file descriptor was left to receive another");
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || fd_count > 1) {
    return absl::InvalidArgumentError(
        "a handshake message is too long or carries several descriptors");
  }
  return received;
}

absl::Status WaitReadable(int fd, int64_t deadline_ns) {
  while (true) {
    const int64_t left_ns = deadline_ns - MonotonicNowNs();
    if (left_ns <= 0) return absl::DeadlineExceededError("the listener did not answer in time");
    pollfd poll_fd{fd, POLLIN, 0};
    const timespec timeout{left_ns / kNsPerS, left_ns % kNsPerS};
    const int ready = ppoll(&poll_fd, 1, &timeout, nullptr);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return SystemError("waiting for the listener");
  }
}

void SendWake(int fd) noexcept {
  const char byte = 0;
  // A full buffer means that wake-ups are pending already.
  [[maybe_unused]] const ssize_t sent = send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void DrainWakes(int fd) noexcept {
  char byte;
  for (int i = 0; i < kWakesPerDrainMax && recv(fd, &byte, 1, MSG_DONTWAIT) > 0; ++i) {
  }
}

bool PeerHungUp(int fd) noexcept {
  pollfd poll_fd{fd, POLLRDHUP, 0};
  return poll(&poll_fd, 1, 0) > 0 &&
         (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace ringway
