// The options of a link, of connecting and of listening, for every backend; and the identity of a
// link.
//
// Plain data with defaults and units. A backend refuses what it cannot honour, with a clear status.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ringway {

// Options of rdma:// links only. Each end sets its own, for its own queue pair.
struct RdmaOptions {
  // How long a packet waits for its acknowledgement: 4.096 us * 2^n, n from 8 to 24. Devices may
  // wait up to four times as long (InfiniBand specification, volume 1, 9.9.2.1.1).
  uint8_t ack_timeout = 14;
  // How often a packet is retransmitted before the link counts as dead. 0 to 6: 7 would mean for
  // ever.
  uint8_t retry_count = 6;
  // The same for a peer that has no receive request posted for a wake-up. 0 to 6.
  uint8_t rnr_retry_count = 6;
  // How long this side asks such a sender to wait: a code of the specification's table 45, 1 (10
  // us) to 31 (491 ms); 12 is 0.64 ms. 0 would be 655 ms.
  uint8_t min_rnr_timer = 12;
  // Writes up to this size travel inside their work request, if the device can; it may grant less,
  // which Caps::inline_bytes_max shows.
  uint32_t inline_bytes_max = 256;
  // Listeners only: 0 gives each link its own completion queue; otherwise up to this many links of
  // one device share one. REQUIRES, if not 0: one thread polls all of them.
  uint32_t shared_queue_links = 0;
};

// Each end has its own; the handshake settles what both must agree on.
struct LinkOptions {
  // Of each direction; a power of two from 4 KiB to 64 MiB. The connecting side decides.
  uint32_t ring_bytes = 256u << 10;
  // Largest record; the smaller of both sides' values holds. At most a quarter of the ring less 16.
  uint32_t payload_bytes_max = 2048;
  // Frames carry a CRC32C. On if the port needs it or either side asks for it.
  bool crc = false;
  // Use huge pages for the rings if the system has any free; otherwise, silently, ordinary pages.
  bool huge_pages = true;
  // This side's heartbeat interval; the peer is told it and judges liveness by it. 1 ms to 1 s.
  int64_t heartbeat_interval_ns = 20 * kNsPerMs;
  // This many missed heartbeats of the peer make the link kSuspect.
  uint32_t suspect_after_missed = 3;
  // Silence after which the peer counts as dead. Not less than the suspect time.
  int64_t dead_after_ns = 3 * kNsPerS;
  // How long a frame's head may be visible without its tail before the peer counts as broken.
  int64_t torn_limit_ns = 500 * kNsPerMs;
  // How often Maintain() asks the operating system whether the peer's process is gone.
  int64_t peer_check_interval_ns = 10 * kNsPerMs;
  // The first frame's sequence number, both ways; the connecting side decides. Not 0. Tests start
  // near the wrap.
  uint32_t first_seq = 1;
  RdmaOptions rdma;
};

// Receives what set-up chose and why, a line at a time. May be empty.
using Report = std::function<void(std::string_view line)>;

// The secret that a peer_key is proved with, 32 to 64 bytes; empty: no such peer. Called on the
// listener's own thread; the returned bytes must outlive the listener.
using PeerSecret = std::function<std::span<const std::byte>(uint64_t peer_key)>;

struct ConnectOptions {
  LinkOptions link;
  uint64_t peer_key =
      0;  // names this client to the listener across connections; the session layer chooses it
  uint32_t epoch = 1;                // must be above the epoch last admitted for peer_key
  int64_t timeout_ns = 2 * kNsPerS;  // of the whole of Connect()
  // Proves peer_key to the listener and, over a network, the listener to this side; empty: neither
  // is. Over shared memory a listener with secrets prefers peers that prove one (ADR 0018). Read
  // during Connect() only.
  std::span<const std::byte> secret = {};
  Report report = {};  // called by Connect()
};

struct ListenOptions {
  LinkOptions link;  // ring_bytes is the largest that is accepted from a client
  // Users whose processes may connect. Empty: only the listener's own effective user.
  std::vector<uid_t> allowed_uids;
  mode_t socket_mode = 0660;
  // A peer that has not finished its handshake within this time is dropped.
  int64_t handshake_timeout_ns = kNsPerS;
  uint32_t pending_max = 64;    // handshakes under way; a newcomer evicts from the biggest holder
  uint32_t finished_max = 256;  // links not yet fetched by TryAccept(); then accepting pauses
  // If set, a network listener accepts only peers that prove their key, and a shared-memory
  // listener prefers them. If empty, all peers are treated alike.
  PeerSecret secret_of = {};
  // Called on the listener's own thread once a peer has proved its key, before its link is handed
  // over: the place to prepare slow, per-peer state. May be empty.
  std::function<void(uint64_t peer_key)> on_proof = {};
  Report report = {};  // called by Listen() and then on the listener's own threads
};

// Random numbers of both ends, fresh per link; authentication above binds to them.
struct LinkNonces {
  std::array<std::byte, 16> client{};
  std::array<std::byte, 16> listener{};
};

// Who a link belongs to, as established by the handshake.
struct LinkIdentity {
  uint64_t peer_key = 0;  // claimed
  uint32_t epoch = 1;
  LinkNonces nonces = {};
  bool key_proved = false;  // to the listener, by a secret (ListenOptions::secret_of)
  // For the listener: who is accountable for the link while its key is not proved. Shared memory:
  // the peer's user id; a network: its address.
  uint64_t holder = 0;
};

}  // namespace ringway
