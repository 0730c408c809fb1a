// The Unix socket of a shared-memory link: how it is bound, connected to, and how messages with a
// descriptor pass.
//
// SOCK_SEQPACKET: messages keep their bounds, each end has its own file description, and the end of
// the peer's process is seen. Thread rule: set-up code.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/port/unique_fd.h"

namespace ringway {

// Binds and listens, non-blocking. A socket file nobody listens on is replaced.
// Errors: AlreadyExists when a live listener holds the path; InvalidArgument (path too long, not a
// socket); NotFound, PermissionDenied for its folder.
absl::StatusOr<UniqueFd> ListenUnix(const std::string& path, mode_t mode);

// Connects; waits for room in the backlog until deadline_ns (monotonic).
// Errors: NotFound (no such socket), Unavailable (nobody listens), PermissionDenied,
// DeadlineExceeded.
absl::StatusOr<UniqueFd> ConnectUnix(const std::string& path, int64_t deadline_ns);

// Accepts one connection; an empty descriptor when none waits.
absl::StatusOr<UniqueFd> AcceptUnix(int listen_fd);

// The effective user of the process at the other end when it connected.
absl::StatusOr<uid_t> PeerUid(int fd);

// Sends one message, with a descriptor unless pass_fd is -1. Never blocks.
absl::Status SendMessage(int fd, std::span<const std::byte> bytes, int pass_fd);

struct Received {
  std::size_t bytes = 0;  // 0: the peer has closed
  bool nothing_yet = false;
  UniqueFd fd;  // empty unless exactly one descriptor came
};
// Receives one message, if there is one, into `buffer`; a longer one is an error, as is more than
// one descriptor.
absl::StatusOr<Received> ReceiveMessage(int fd, std::span<std::byte> buffer);

// Waits until readable or deadline_ns (monotonic). Errors: DeadlineExceeded.
absl::Status WaitReadable(int fd, int64_t deadline_ns);

// One byte to make the peer's end readable, and taking such bytes off this one. Never block,
// whatever the peer did.
void SendWake(int fd) noexcept;
void DrainWakes(int fd) noexcept;

// True once the peer's end is closed, by itself or by the end of its process.
bool PeerHungUp(int fd) noexcept;

}  // namespace ringway
