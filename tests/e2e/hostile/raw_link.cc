// Implements raw_link.h: the sockets and memory of a hand-made link.
#include "tests/e2e/hostile/raw_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/kernel_random.h"
#include "transport/port/shm_socket.h"

namespace ringway::hostile {

absl::StatusOr<ShmRegion> MakeRegion(uint32_t ring_bytes) {
  return ShmRegion::Create(ring_bytes, /*huge_pages=*/false);
}

LinkHello HelloFor(const ShmRegion& region, uint32_t ring_bytes, uint32_t epoch,
                   uint64_t peer_key) {
  LinkHello hello;
  hello.epoch = epoch;
  hello.peer_key = peer_key;
  FillFromKernel(std::as_writable_bytes(std::span(hello.nonce))).IgnoreError();
  hello.port_word = static_cast<uint32_t>(region.bytes());
  hello.first_seq = 1;
  hello.payload_bytes_max = 512;
  hello.heartbeat_ms = 20;
  hello.ring_bytes_log2 = static_cast<uint8_t>(std::countr_zero(ring_bytes));
  return hello;
}

UniqueFd TryConnect(const std::string& path) noexcept {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  if (!socket ||
      connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return {};
  }
  return socket;
}

std::optional<Answer> AwaitReply(int socket, int64_t patience_ns) {
  if (!WaitReadable(socket, MonotonicNowNs() + patience_ns).ok()) return std::nullopt;
  Answer answer;
  std::array<std::byte, sizeof(LinkReply)> bytes;
  absl::StatusOr<Received> received = ReceiveMessage(socket, bytes);
  if (!received.ok() || received->bytes != bytes.size()) return std::nullopt;
  std::memcpy(&answer.reply, bytes.data(), bytes.size());
  answer.fd = std::move(received->fd);
  return answer;
}

}  // namespace ringway::hostile
