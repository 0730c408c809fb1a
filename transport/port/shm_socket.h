// The Unix socket of a shared-memory link: binding, connecting, and messages that carry a
// descriptor.
//
// SOCK_SEQPACKET: message boundaries are kept, each end has its own file description, and the end
// of the peer's process is visible. Thread rule: set-up code.
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/unique_fd.h"

namespace ringway {

// Errors: InvalidArgument for a path that is too long.
absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path);
// Non-blocking.
absl::StatusOr<UniqueFd> NewUnixSocket();

// Connects; waits its turn for room in the backlog until deadline_ns (monotonic).
// Errors: NotFound (no such socket), Unavailable (nobody listens), PermissionDenied,
// DeadlineExceeded.
absl::StatusOr<UniqueFd> ConnectUnix(const std::string& path, int64_t deadline_ns);

// Accepts one connection; an empty descriptor if none is waiting. Errors: ResourceExhausted if
// descriptors or memory ran out.
absl::StatusOr<UniqueFd> AcceptUnix(int listen_fd);
// Whether this process or the system is out of file descriptors.
bool NoDescriptorsLeft(int fd) noexcept;

// The effective user of the process at the other end when it connected.
absl::StatusOr<uid_t> PeerUid(int fd);

// Sends one message, with a descriptor unless pass_fd is -1. Never blocks.
absl::Status SendMessage(int fd, std::span<const std::byte> bytes, int pass_fd);

struct Received {
  std::size_t bytes = 0;  // 0: the peer has closed
  bool nothing_yet = false;
  UniqueFd fd;  // empty unless exactly one descriptor came
};
// Receives one message, if there is one, into `buffer`. Errors: InvalidArgument for a longer one,
// and for more than one descriptor; ResourceExhausted if there was no free descriptor to receive
// with.
absl::StatusOr<Received> ReceiveMessage(int fd, std::span<std::byte> buffer);

// Waits until readable or deadline_ns (monotonic). Errors: DeadlineExceeded.
absl::Status WaitReadable(int fd, int64_t deadline_ns);

// SendWake() sends one byte, which makes the peer's end readable; DrainWakes() removes such bytes
// from this end. Neither blocks, whatever the peer does.
void SendWake(int fd) noexcept;
void DrainWakes(int fd) noexcept;

// True once the peer's end is closed, by itself or by the end of its process.
bool PeerHungUp(int fd) noexcept;

}  // namespace ringway
