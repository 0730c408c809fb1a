// The shared-memory backend: links between two processes of one host.
//
// Each side writes one sealed region (shm_region.h) and reads the peer's through a read-only
// mapping, so every line has one writer and no peer can shrink or overwrite what it does not own. A
// Unix socket carries the handshake (shm_handshake.h), wakes a sleeping side, and reveals the end
// of a process. Thread rule: Listener's functions and a link's belong to one thread each;
// handshakes run on the listener's own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "transport/memory_port.h"
#include "transport/options.h"
#include "transport/port/shm_reaper.h"
#include "transport/port/shm_region.h"
#include "transport/port/shm_socket.h"
#include "transport/port/unique_fd.h"
#include "transport/ring_link.h"
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

  bool PeerGone() noexcept { return PeerHungUp(held_->socket.get()); }
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
class ShmListener {
 public:
  // Errors as UnixListener::Listen(), InvalidArgument for options, and ResourceExhausted for
  // threads.
  static absl::StatusOr<std::unique_ptr<ShmListener>> Listen(const Uri& uri,
                                                             const ListenOptions& options);
  ~ShmListener();
  ShmListener(const ShmListener&) = delete;
  ShmListener& operator=(const ShmListener&) = delete;

  // The next finished link, or null, which costs one load.
  std::unique_ptr<ShmLink> TryAccept() noexcept;

  // Records that peer_key has proved its identity at this epoch: from now on only later epochs
  // (epoch.h) are accepted from it. False, with no change, if this epoch or a later one was
  // admitted before: that link must be closed.
  bool Admit(uint64_t peer_key, uint32_t epoch);

  // Connections that were refused or dropped so far.
  uint64_t refused_count() const noexcept;
  // Readable when TryAccept() may have something: for a Waiter.
  int wake_fd() const noexcept;

 private:
  class Impl;
  explicit ShmListener(std::unique_ptr<Impl> impl) noexcept;
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
