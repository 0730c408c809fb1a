// The shared-memory backend: links between two processes of one host.
//
// Each side writes one sealed region (shm_region.h) and reads the peer's through a read-only
// mapping, so every line has one writer and no peer can shrink or overwrite what it does not own. A
// Unix socket carries the handshake (bootstrap/link_hello.h), each message with a descriptor of its
// sender's region; afterwards it wakes a sleeping side, and reveals the end of a process. Thread
// rule: Listener's functions and a link's belong to one thread each; handshakes run on the
// listener's own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "transport/bootstrap/acceptor.h"
#include "transport/memory_port.h"
#include "transport/options.h"
#include "transport/port/shm_reaper.h"
#include "transport/port/shm_region.h"
#include "transport/port/shm_socket.h"
#include "transport/ring_link.h"
#include "transport/unique_fd.h"
#include "transport/uri.h"

namespace ringway {

class ShmPort {
 public:
  static constexpr bool kOrderedStores = true;

  ShmPort(OwnedShmHoldings held, uint32_t ring_bytes, bool wake_is_certain) noexcept
      : held_(std::move(held)), ring_bytes_(ring_bytes), wake_is_certain_(wake_is_certain) {}

  uint32_t ring_bytes() const noexcept { return ring_bytes_; }
  std::byte* mirror() noexcept { return held_->own.ring(); }
  StateLine* own_state() noexcept { return held_->own.state(); }
  const std::byte* ring() noexcept { return held_->peer.ring(); }
  const StateLine* peer_state() noexcept { return held_->peer.state(); }

  bool PeerGone() noexcept { return held_->PeerGone(); }
  void Wake() noexcept { SendWake(held_->socket.get()); }
  int wake_fd() const noexcept { return held_->socket.get(); }
  bool wake_is_certain() const noexcept { return wake_is_certain_; }
  void DrainWake() noexcept { DrainWakes(held_->socket.get()); }
  void Describe(Caps& caps) const noexcept {
    caps.huge_pages = held_->own.huge_pages() && held_->peer.huge_pages();
  }

 private:
  OwnedShmHoldings held_;
  uint32_t ring_bytes_;
  bool wake_is_certain_;
};
static_assert(OrderedMemoryPort<ShmPort>);

using ShmLink = RingLink<ShmPort>;

// Accepts links at a socket path. Everything slow (mapping, touching pages, waiting for peers)
// happens on a thread of its own, unmapping on another. The destructor stops the first and removes
// the socket.
//
// With options.secret_of set, peers that prove a secret in their hello get full service. Others,
// identified by their user id alone, get a small share (docs/adr/0018): no page is touched for
// them, and the rate of links per user is limited.
class ShmListener : public Acceptor<ShmLink> {
 public:
  // Errors as UnixListener::Listen(), InvalidArgument for options, and ResourceExhausted for
  // threads.
  static absl::StatusOr<std::unique_ptr<ShmListener>> Listen(const Uri& uri,
                                                             const ListenOptions& options);
  ~ShmListener();

 private:
  class Impl;
  ShmListener(const ListenOptions& options, UniqueFd ready_fd);
  std::unique_ptr<Impl> impl_;
};

// Errors name cause and remedy; AdmittedEpochOf() (connect_error.h) gives the epoch to retry above.
absl::StatusOr<std::unique_ptr<ShmLink>> ShmConnect(const Uri& uri, const ConnectOptions& options);

struct ShmBackend {
  static constexpr std::string_view kScheme = "shm";
  using Link = ShmLink;
  using Listener = ShmListener;
  static absl::StatusOr<std::unique_ptr<Link>> Connect(const Uri& uri,
                                                       const ConnectOptions& options) {
    return ShmConnect(uri, options);
  }
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(const Uri& uri,
                                                          const ListenOptions& options) {
    return ShmListener::Listen(uri, options);
  }
};

}  // namespace ringway
