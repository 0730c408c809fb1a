// The client's side of the handshake, start to finish, in the caller's thread.
#include "transport/port/shm.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "transport/barrier.h"
#include "transport/bootstrap/link_hello.h"
#include "transport/link_limits.h"

namespace ringway {
namespace {

constexpr int64_t kFullPauseNsMin = kNsPerMs;
constexpr int64_t kFullPauseNsMax = 50 * kNsPerMs;

struct Answer {
  UniqueFd socket;
  LinkReply reply;
  UniqueFd region;  // empty with a refusal
};

// One connection: sends the message with its descriptor and receives the answer.
absl::StatusOr<Answer> Ask(const std::string& path, const LinkHello& hello, int region_fd,
                           int64_t deadline_ns) {
  absl::StatusOr<UniqueFd> socket = ConnectUnix(path, deadline_ns);
  if (!socket.ok()) return socket.status();
  // A refusing listener may have closed already; its reply can still be read.
  absl::Status sent = SendMessage(socket->get(), std::as_bytes(std::span(&hello, 1)), region_fd);
  std::array<std::byte, sizeof(LinkReply)> buffer;
  if (absl::Status ready = WaitReadable(socket->get(), deadline_ns); !ready.ok()) return ready;
  absl::StatusOr<Received> received = ReceiveMessage(socket->get(), buffer);
  if (!received.ok()) return received.status();
  if (received->bytes == 0) {
    if (!sent.ok()) return sent;
    return absl::UnavailableError(
        absl::StrCat("the listener at ", path, " closed the connection without an answer"));
  }
  // The path proves who listens, and the logon proves it again: no secret is asked of the reply.
  absl::StatusOr<LinkReply> reply =
      ParseReply(ShmBackend::kScheme, std::span(buffer).first(received->bytes), hello, {});
  if (!reply.ok()) return reply.status();
  return Answer{*std::move(socket), *reply, std::move(received->fd)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShmLink>> ShmConnect(const Uri& uri, const ConnectOptions& options) {
  if (uri.path.empty())
    return absl::InvalidArgumentError("a shm address is shm:/path/of/the/socket");
  if (absl::Status valid = ValidateConnectOptions(options); !valid.ok()) return valid;
  const int64_t deadline_ns = MonotonicNowNs() + options.timeout_ns;

  // Prepares everything before connecting: a connection that is silent at first may be evicted for
  // others.
  absl::StatusOr<ShmRegion> own =
      ShmRegion::Create(options.link.ring_bytes, options.link.huge_pages);
  if (!own.ok()) return own.status();
  const bool barrier = RegisterAsSender();

  const absl::StatusOr<LinkHello> made =
      MakeHello(ShmBackend::kScheme, options, static_cast<uint32_t>(own->bytes()),
                barrier ? kLinkBarrier : uint8_t{0});
  if (!made.ok()) return made.status();
  const LinkHello& hello = *made;
  absl::StatusOr<Answer> answer = Ask(uri.path, hello, own->fd(), deadline_ns);
  // "Full" is temporary: a connection that was evicted before its hello was read retries.
  for (int64_t pause_ns = kFullPauseNsMin;
       answer.ok() && answer->reply.status == LinkStatus::kFull &&
       MonotonicNowNs() + pause_ns < deadline_ns;
       pause_ns = std::min(2 * pause_ns, kFullPauseNsMax)) {
    const timespec pause{0, pause_ns};
    nanosleep(&pause, nullptr);
    answer = Ask(uri.path, hello, own->fd(), deadline_ns);
  }
  if (!answer.ok()) return answer.status();
  const LinkReply& reply = answer->reply;
  if (absl::Status refused = RefusalError(reply, hello); !refused.ok()) return refused;

  absl::StatusOr<ShmRegion> peer = ShmRegion::MapPeer(std::move(answer->region), hello.ring_bytes(),
                                                      reply.port_word, ShmPeerPages::kMake);
  if (!peer.ok()) return peer.status();
  own->CloseFd();
  const bool certain = barrier && (reply.flags & kLinkBarrier) != 0;
  OwnedShmHoldings held(
      new ShmHoldings{*std::move(own), *std::move(peer), std::move(answer->socket)}, ShmBurial{});
  return std::make_unique<ShmLink>(ShmPort(std::move(held), hello.ring_bytes(), certain),
                                   SettledOptions(options.link, hello, reply),
                                   LinkIdentity{.peer_key = options.peer_key,
                                                .epoch = options.epoch,
                                                .nonces = {hello.nonce, reply.nonce}},
                                   int64_t{reply.heartbeat_ms} * kNsPerMs);
}

}  // namespace ringway
