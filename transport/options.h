// What can be set on a link, on connecting and on listening, whatever the backend; and who a link
// belongs to.
//
// Plain data with defaults and units. A backend refuses with a clear status what it cannot honour.
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

// What is of rdma:// links alone. Each end brings its own for its own queue pair.
struct RdmaOptions {
  // How long a packet waits for its acknowledgement: 4.096 us * 2^n, n from 8 to 24. Devices may
  // wait up to four times as long (InfiniBand specification, volume 1, 9.9.2.1.1).
  uint8_t ack_timeout = 14;
  // How often it is sent again before the link counts as dead. 0 to 6: 7 would mean for ever.
  uint8_t retry_count = 6;
  // As above for a peer that has no receive request posted for a wake-up. 0 to 6.
  uint8_t rnr_retry_count = 6;
  // What this side asks such a sender to wait: a code of the specification's table 45, 1 (10 us) to
  // 31 (491 ms); 12 is 0.64 ms. 0 would be 655 ms.
  uint8_t min_rnr_timer = 12;
  // Writes up to so many bytes travel inside their work request, where the device can; it may grant
  // less, and says so in Caps::inline_bytes_max.
  uint32_t inline_bytes_max = 256;
  // Listeners only: 0 gives each link a completion queue of its own; otherwise up to so many links
  // of one device share one. REQUIRES, if not 0: one thread polls all of them.
  uint32_t shared_queue_links = 0;
};

// Both ends bring one; what both must agree on is settled by the handshake.
struct LinkOptions {
  // Of each direction; a power of two from 4 KiB to 64 MiB. The connecting side decides.
  uint32_t ring_bytes = 256u << 10;
  // Largest record; the smaller wish of both sides holds. At most a quarter of the ring less 16.
  uint32_t payload_bytes_max = 2048;
  // Frames carry a CRC32C. On where the port needs it or either side wishes it.
  bool crc = false;
  // Huge pages for the rings, where the system has any free; silently ordinary pages otherwise.
  bool huge_pages = true;
  // This side's heartbeat; the peer is told, and judges by it. 1 ms to 1 s.
  int64_t heartbeat_interval_ns = 20 * kNsPerMs;
  // So many of the peer's heartbeats missing make the link kSuspect.
  uint32_t suspect_after_missed = 3;
  // Silence after which the peer counts as dead. Not less than the suspect time.
  int64_t dead_after_ns = 3 * kNsPerS;
  // How long a frame's head may be there without its tail before the peer counts as broken.
  int64_t torn_limit_ns = 500 * kNsPerMs;
  // How often Maintain() asks the operating system whether the peer's process is gone.
  int64_t peer_check_interval_ns = 10 * kNsPerMs;
  // The first frame's sequence number, both ways; the connecting side decides. Not 0. Tests start
  // near the wrap.
  uint32_t first_seq = 1;
  RdmaOptions rdma;
};

// Told what set-up chose and why, a line at a time. May be empty.
using Report = std::function<void(std::string_view line)>;

// The secret that a peer_key is proved with, 32 to 64 bytes; empty: no such peer. Called on the
// listener's own thread; what it answers must stay until the listener is gone.
using PeerSecret = std::function<std::span<const std::byte>(uint64_t peer_key)>;

struct ConnectOptions {
  LinkOptions link;
  uint64_t peer_key =
      0;  // names this client to the listener across connections; the session layer chooses it
  uint32_t epoch = 1;                // must be above the epoch last admitted for peer_key
  int64_t timeout_ns = 2 * kNsPerS;  // of the whole of Connect()
  // Proves peer_key to the listener and, over a network, the listener to this side; empty: neither
  // is. Over shared memory a listener that knows secrets prefers those who prove one (ADR 0018).
  // Read during Connect() only.
  std::span<const std::byte> secret = {};
  Report report = {};  // called by Connect()
};

struct ListenOptions {
  LinkOptions link;  // ring_bytes is the largest that is accepted from a client
  // Users whose processes may connect. Empty: only the listener's own effective user.
  std::vector<uid_t> allowed_uids;
  mode_t socket_mode = 0660;
  // A connecting peer that has not finished its handshake by then is dropped.
  int64_t handshake_timeout_ns = kNsPerS;
  uint32_t pending_max = 64;    // handshakes under way; a newcomer takes the biggest holder's place
  uint32_t finished_max = 256;  // links not yet fetched by TryAccept(); then no more are accepted
  // Set: over a network, only peers that prove their key are accepted; over shared memory they are
  // preferred. Empty: anybody is accepted alike.
  PeerSecret secret_of = {};
  // Called on the listener's own thread once a peer has proved its key, before its link is handed
  // on: what takes time and belongs to this peer can be made ready. May be empty.
  std::function<void(uint64_t peer_key)> on_proof = {};
  Report report = {};  // called by Listen() and then on the listener's own threads
};

// Random numbers of both ends, fresh per link: what an authentication above is bound to.
struct LinkNonces {
  std::array<std::byte, 16> client{};
  std::array<std::byte, 16> listener{};
};

// Who a link belongs to, as the handshake tells.
struct LinkIdentity {
  uint64_t peer_key = 0;  // claimed
  uint32_t epoch = 1;
  LinkNonces nonces = {};
  bool key_proved = false;  // to the listener, by a secret (ListenOptions::secret_of)
  // To the listener: who answers for the link as long as its key is not proved. Shared memory: the
  // peer's user id; a network: its address.
  uint64_t holder = 0;
};

}  // namespace ringway
