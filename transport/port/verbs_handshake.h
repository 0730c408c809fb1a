// The handshake of two machines before they write each other's memory: the private data of a
// connection request and of its answer.
//
//   client -> listener   VerbsHello, in the connection manager's REQ (56 bytes fit)
//   listener -> client   VerbsReply, in its REP (196 fit) or, as a refusal, its REJ (148)
//
// The connection manager delivers a fixed number of bytes whatever was sent, so each message states
// its own length. If the ends share a secret, each message is signed with HMAC-SHA256 under it:
//
//   hello.mac = first 10 bytes of HMAC(secret, "ringway rdma hello" | hello before its mac)
//   reply.mac = HMAC(secret, "ringway rdma reply" | hello | reply before its mac)
//
// 80 bits are what fits, and the minimum of RFC 2104. A recorded hello can be replayed and then
// holds memory until its time limit; it proves nothing to the layer above, whose logon is bound to
// both nonces. Everything here is a pure function of bytes another machine sent: fuzzed by
// verbs_handshake_fuzz.cc. transport/RING.md draws the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transport/options.h"

namespace ringway {

inline constexpr uint16_t kVerbsMagic = 0x5752;  // "RW" in memory
inline constexpr uint8_t kVerbsVersion = 1;

// The private data that the connection manager carries (InfiniBand specification, volume 1, 12.6,
// less the 36 bytes that librdmacm's own header takes of a request).
inline constexpr std::size_t kVerbsRequestBytesMax = 56;
inline constexpr std::size_t kVerbsAcceptBytesMax = 196;
inline constexpr std::size_t kVerbsRejectBytesMax = 148;

// VerbsHello::flags and VerbsReply::flags. Unknown bits are ignored.
inline constexpr uint8_t kVerbsSigned = 0x1;

enum class VerbsStatus : uint32_t {
  kOk = 0,
  kBadMessage,
  kVersion,
  kRingBytes,
  kStaleEpoch,
  kMemory,
  kNotAuthentic,
  kFull,
  kInternal,
};
std::string_view Name(VerbsStatus status) noexcept;

struct VerbsHello {
  uint16_t magic = kVerbsMagic;
  uint8_t version = kVerbsVersion;
  uint8_t bytes = kVerbsRequestBytesMax;  // of this message
  uint32_t epoch = 0;
  uint64_t peer_key = 0;
  std::array<std::byte, 16> nonce{};
  uint32_t rkey = 0;  // of the client's state line and ring
  uint32_t first_seq = 0;
  uint16_t payload_bytes_max = 0;
  uint16_t heartbeat_ms = 0;
  uint8_t ring_bytes_log2 = 0;
  uint8_t flags = 0;
  std::array<std::byte, 10> mac{};

  // REQUIRES: ring_bytes_log2 is one that ParseHello() let pass.
  uint32_t ring_bytes() const noexcept { return uint32_t{1} << ring_bytes_log2; }
};
static_assert(sizeof(VerbsHello) == 56 && std::is_trivially_copyable_v<VerbsHello>);
static_assert(sizeof(VerbsHello) <= kVerbsRequestBytesMax);
static_assert(offsetof(VerbsHello, version) == 2 && offsetof(VerbsHello, bytes) == 3);
static_assert(offsetof(VerbsHello, epoch) == 4 && offsetof(VerbsHello, peer_key) == 8);
static_assert(offsetof(VerbsHello, nonce) == 16 && offsetof(VerbsHello, rkey) == 32);
static_assert(offsetof(VerbsHello, first_seq) == 36);
static_assert(offsetof(VerbsHello, payload_bytes_max) == 40);
static_assert(offsetof(VerbsHello, heartbeat_ms) == 42);
static_assert(offsetof(VerbsHello, ring_bytes_log2) == 44 && offsetof(VerbsHello, flags) == 45);
static_assert(offsetof(VerbsHello, mac) == 46);

struct VerbsReply {
  uint16_t magic = kVerbsMagic;
  uint8_t version = kVerbsVersion;
  uint8_t bytes = 80;  // of this message
  VerbsStatus status = VerbsStatus::kOk;
  uint32_t epoch = 0;              // the hello's
  uint32_t admitted_epoch = 0;     // of this peer_key, 0 for none
  uint32_t ring_bytes_max = 0;     // the listener's limit
  uint16_t payload_bytes_max = 0;  // settled
  uint16_t heartbeat_ms = 0;
  uint32_t rkey = 0;  // of the listener's state line and ring
  uint8_t flags = 0;
  std::array<uint8_t, 3> reserved{};
  std::array<std::byte, 16> nonce{};
  std::array<std::byte, 32> mac{};
};
static_assert(sizeof(VerbsReply) == 80 && std::is_trivially_copyable_v<VerbsReply>);
static_assert(sizeof(VerbsReply) <= kVerbsRejectBytesMax);
static_assert(kVerbsRejectBytesMax <= kVerbsAcceptBytesMax);
static_assert(offsetof(VerbsReply, version) == 2 && offsetof(VerbsReply, bytes) == 3);
static_assert(offsetof(VerbsReply, status) == 4 && offsetof(VerbsReply, epoch) == 8);
static_assert(offsetof(VerbsReply, admitted_epoch) == 12);
static_assert(offsetof(VerbsReply, ring_bytes_max) == 16);
static_assert(offsetof(VerbsReply, payload_bytes_max) == 20);
static_assert(offsetof(VerbsReply, heartbeat_ms) == 22 && offsetof(VerbsReply, rkey) == 24);
static_assert(offsetof(VerbsReply, flags) == 28 && offsetof(VerbsReply, reserved) == 29);
static_assert(offsetof(VerbsReply, nonce) == 32 && offsetof(VerbsReply, mac) == 48);

// In whole milliseconds, rounded up, so that the announced interval can be met.
uint16_t HeartbeatMs(const LinkOptions& options) noexcept;

// Sets flags and mac. REQUIRES: every other field is final; the secret is not empty.
void Sign(std::span<const std::byte> secret, VerbsHello& hello) noexcept;
void Sign(std::span<const std::byte> secret, const VerbsHello& hello, VerbsReply& reply) noexcept;

// Whether it was signed with this secret, which is not empty. The time taken does not depend on
// where a wrong mac differs.
bool Verify(std::span<const std::byte> secret, const VerbsHello& hello) noexcept;
bool Verify(std::span<const std::byte> secret, const VerbsHello& hello,
            const VerbsReply& reply) noexcept;

// Parses a well-formed hello at the beginning of `bytes`, or returns the reason for refusing it.
// `listen` bounds what is acceptable. On kOk `hello` holds it; otherwise its content is
// unspecified. Does not verify the proof.
VerbsStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                       VerbsHello& hello) noexcept;

// Parses a well-formed reply to `hello`, refusals included, and verifies its proof if `secret` is
// not empty. Errors name cause and remedy; Unauthenticated if the proof is missing or wrong.
absl::StatusOr<VerbsReply> ParseReply(std::span<const std::byte> bytes, const VerbsHello& hello,
                                      std::span<const std::byte> secret);

// A refusal as the status that the refused client reports; OK for kOk.
absl::Status RefusalError(const VerbsReply& reply, const VerbsHello& hello);

// The options that both ends construct their link with.
LinkOptions SettledOptions(LinkOptions own, const VerbsHello& hello,
                           const VerbsReply& reply) noexcept;

}  // namespace ringway
