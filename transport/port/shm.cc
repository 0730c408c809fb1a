// How a client connects: its side of the handshake, start to finish, in the caller's thread.
#include "transport/port/shm.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/barrier.h"
#include "transport/link_limits.h"
#include "transport/port/shm_handshake.h"

namespace ringway {

absl::StatusOr<std::unique_ptr<ShmLink>> ShmConnect(const Uri& uri, const ConnectOptions& options) {
  if (uri.path.empty())
    return absl::InvalidArgumentError("a shm address is shm:/path/of/the/socket");
  if (absl::Status valid = ValidateLinkOptions(options.link); !valid.ok()) return valid;
  if (options.epoch == 0) return absl::InvalidArgumentError("epochs start at 1");
  const int64_t deadline_ns = MonotonicNowNs() + options.timeout_ns;

  absl::StatusOr<UniqueFd> socket = ConnectUnix(uri.path, deadline_ns);
  if (!socket.ok()) return socket.status();
  absl::StatusOr<ShmRegion> own =
      ShmRegion::Create(options.link.ring_bytes, options.link.huge_pages);
  if (!own.ok()) return own.status();
  const bool barrier = RegisterAsSender();

  ShmHello hello;
  hello.ring_bytes = options.link.ring_bytes;
  hello.payload_bytes_max = options.link.payload_bytes_max;
  hello.flags = (options.link.crc ? kShmCrc : 0) | (barrier ? kShmBarrier : 0);
  hello.epoch = options.epoch;
  hello.peer_key = options.peer_key;
  hello.region_bytes = own->bytes();
  hello.first_seq = options.link.first_seq;
  hello.heartbeat_us = static_cast<uint32_t>(options.link.heartbeat_interval_ns / kNsPerUs);
  if (getrandom(hello.nonce.data(), hello.nonce.size(), 0) !=
      static_cast<ssize_t>(hello.nonce.size())) {
    return absl::InternalError("getrandom gave no nonce");
  }
  // A listener that refuses by user may have closed already: its reply still waits to be read.
  absl::Status sent = SendMessage(socket->get(), std::as_bytes(std::span(&hello, 1)), own->fd());

  std::array<std::byte, sizeof(ShmReply)> buffer;
  if (absl::Status ready = WaitReadable(socket->get(), deadline_ns); !ready.ok()) return ready;
  absl::StatusOr<Received> received = ReceiveMessage(socket->get(), buffer);
  if (!received.ok()) return received.status();
  if (received->bytes == 0) {
    if (!sent.ok()) return sent;
    return absl::UnavailableError(
        absl::StrCat("the listener at ", uri.path, " closed the connection without an answer"));
  }
  absl::StatusOr<ShmReply> reply = ParseReply(std::span(buffer).first(received->bytes), hello);
  if (!reply.ok()) return reply.status();
  if (absl::Status refused = RefusalError(*reply, hello); !refused.ok()) return refused;

  absl::StatusOr<ShmRegion> peer =
      ShmRegion::MapPeer(std::move(received->fd), hello.ring_bytes, reply->region_bytes);
  if (!peer.ok()) return peer.status();
  own->CloseFd();
  const bool certain = barrier && (reply->flags & kShmBarrier) != 0;
  return std::make_unique<ShmLink>(
      ShmPort(*std::move(own), *std::move(peer), *std::move(socket), hello.ring_bytes, certain),
      SettledOptions(options.link, hello, *reply),
      LinkIdentity{options.peer_key, options.epoch, {hello.nonce, reply->nonce}},
      int64_t{reply->heartbeat_us} * kNsPerUs);
}

}  // namespace ringway
