// TCP by the kernel, or by a stack that is preloaded in its place.
//
// SocketStream is what streams over a socket share; TcpStream is the stream without TLS. The free
// functions make sockets: set-up code, none of them waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/stream/acceleration.h"
#include "transport/stream/byte_stream.h"
#include "transport/stream/stream_address.h"
#include "transport/unique_fd.h"

namespace ringway {

struct TcpOptions {
  std::string source_address;   // a number; empty: the kernel's choice
  int64_t user_timeout_ns = 0;  // 0: the system's, about a quarter of an hour
};

// A non-blocking socket with all options set, that connects: it is writable when it has, or failed.
// Errors: those that are known at once, as ConnectError().
absl::StatusOr<UniqueFd> StartTcpConnect(const TcpAddress& to, const TcpOptions& options);
// How the attempt of a writable socket ended. Errors: Unavailable, with cause and remedy.
absl::Status TcpConnectResult(int fd, const TcpAddress& to);
absl::Status ConnectError(int error, const TcpAddress& to, const std::string& source_address);

// Listens at `at` and nowhere else. Errors: AlreadyExists, PermissionDenied, InvalidArgument.
absl::StatusOr<UniqueFd> ListenTcp(const TcpAddress& at);
// Where a socket listens: its port, if 0 was asked for.
absl::StatusOr<TcpAddress> LocalAddress(int fd);
// Sets what both ends set: no delay, user timeout.
void TuneTcp(int fd, int64_t user_timeout_ns);

class SocketStream : public ByteStream {
 public:
  int fd() const noexcept override { return fd_.get(); }
  void Close() noexcept override;
  const Acceleration& ProveAcceleration() noexcept override;
  bool WarmSend(std::span<const std::byte> bytes) noexcept override;

  // Set-up: finds the stack and asks it for the first time.
  void ProveAtConnect(AccelerationChoice choice);

 protected:
  struct RawIo {
    StreamStatus status = StreamStatus::kOk;
    std::size_t bytes = 0;
    int error = 0;
  };

  SocketStream(UniqueFd fd, StreamPeer peer) noexcept : fd_(std::move(fd)) {
    peer_ = std::move(peer);
  }

  // The socket's own; they change no state but that of the quick acknowledgements.
  RawIo Receive(std::span<std::byte> into) noexcept;
  RawIo Send(std::span<const std::byte> bytes) noexcept;
  // Makes a reset or a failure final.
  StreamIo End(const RawIo& io) noexcept;
  StreamIo Fail(StreamState state, std::string_view why, std::string_view detail = {}) noexcept;
  void EndSocketWrites() noexcept;

 private:
  UniqueFd fd_;
  AccelerationStacks stacks_;
  AccelerationChoice choice_ = AccelerationChoice::kOff;
  bool acknowledge_ = false;  // bytes came since the last quick acknowledgement
};

class TcpStream final : public SocketStream {
 public:
  // `fd`: connected, non-blocking.
  TcpStream(UniqueFd fd, StreamPeer peer) noexcept : SocketStream(std::move(fd), std::move(peer)) {}

  StreamIo Read(std::span<std::byte> into) noexcept override;
  StreamIo Write(std::span<const std::byte> bytes) noexcept override;
  void EndWrites() noexcept override;
};

}  // namespace ringway
