// The handshake that makes a link, whatever carries it: one fixed-size message each way.
//
//   client -> listener   LinkHello (56 bytes)
//   listener -> client   LinkReply (80 bytes), or, as a refusal, the same with a status
//
// The smallest carrier is the private data of an RDMA connection: 56 bytes fit a request, 148 a
// refusal. Carriers may deliver more bytes than were sent, so each message states its own length.
// If the ends share a secret, each message is signed with HMAC-SHA256 under it:
//
//   hello.mac = first 10 bytes of HMAC(secret, "ringway SCHEME hello" | hello before its mac)
//   reply.mac = HMAC(secret, "ringway SCHEME reply" | hello | reply before its mac)
//
// 80 bits are what fits, and the minimum of RFC 2104. SCHEME is the URI's, so a hello recorded on
// one carrier proves nothing on another. One that is replayed on its own holds memory until its
// time limit; it proves nothing to the layer above, whose logon is bound to both nonces.
//
// All but MakeHello() and FreshNonce() are pure functions of bytes that another process sent:
// fuzzed by handshake_fuzz.cc. transport/RING.md draws the bytes.
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

inline constexpr uint16_t kLinkMagic = 0x5752;  // "RW" in memory
inline constexpr uint8_t kLinkVersion = 2;

// Flags of both messages. Unknown bits are ignored.
inline constexpr uint8_t kLinkSigned = 0x1;
inline constexpr uint8_t kLinkCrc = 0x2;      // hello: requested; reply: settled
inline constexpr uint8_t kLinkBarrier = 0x4;  // shm: BarrierSenders() reaches the sender of this

enum class LinkStatus : uint32_t {
  kOk = 0,
  kBadMessage,
  kVersion,
  kRingBytes,
  kStaleEpoch,
  kMemory,
  kPeerMemory,
  kUser,
  kNotAuthentic,
  kFull,
  kDescriptors,
  kInternal,
};
std::string_view Name(LinkStatus status) noexcept;

using Nonce = std::array<std::byte, 16>;

struct LinkHello {
  uint16_t magic = kLinkMagic;
  uint8_t version = kLinkVersion;
  uint8_t bytes = 56;  // of this message
  uint32_t epoch = 0;
  uint64_t peer_key = 0;
  Nonce nonce{};
  uint32_t port_word = 0;  // the port's own; rdma: rkey, shm: bytes of the client's region
  uint32_t first_seq = 0;
  uint16_t payload_bytes_max = 0;
  uint16_t heartbeat_ms = 0;
  uint8_t ring_bytes_log2 = 0;
  uint8_t flags = 0;
  std::array<std::byte, 10> mac{};

  // REQUIRES: ring_bytes_log2 is one that ParseHello() let pass.
  uint32_t ring_bytes() const noexcept { return uint32_t{1} << ring_bytes_log2; }
};
static_assert(sizeof(LinkHello) == 56 && std::is_trivially_copyable_v<LinkHello>);
static_assert(offsetof(LinkHello, version) == 2 && offsetof(LinkHello, bytes) == 3);
static_assert(offsetof(LinkHello, epoch) == 4 && offsetof(LinkHello, peer_key) == 8);
static_assert(offsetof(LinkHello, nonce) == 16 && offsetof(LinkHello, port_word) == 32);
static_assert(offsetof(LinkHello, first_seq) == 36);
static_assert(offsetof(LinkHello, payload_bytes_max) == 40);
static_assert(offsetof(LinkHello, heartbeat_ms) == 42);
static_assert(offsetof(LinkHello, ring_bytes_log2) == 44 && offsetof(LinkHello, flags) == 45);
static_assert(offsetof(LinkHello, mac) == 46);

struct LinkReply {
  uint16_t magic = kLinkMagic;
  uint8_t version = kLinkVersion;
  uint8_t bytes = 80;  // of this message
  LinkStatus status = LinkStatus::kOk;
  uint32_t epoch = 0;              // the hello's
  uint32_t admitted_epoch = 0;     // of this peer_key, 0 for none
  uint32_t ring_bytes_max = 0;     // the listener's limit
  uint16_t payload_bytes_max = 0;  // settled
  uint16_t heartbeat_ms = 0;
  uint32_t port_word = 0;
  uint8_t flags = 0;
  std::array<uint8_t, 3> reserved{};
  Nonce nonce{};
  std::array<std::byte, 32> mac{};
};
static_assert(sizeof(LinkReply) == 80 && std::is_trivially_copyable_v<LinkReply>);
static_assert(offsetof(LinkReply, version) == 2 && offsetof(LinkReply, bytes) == 3);
static_assert(offsetof(LinkReply, status) == 4 && offsetof(LinkReply, epoch) == 8);
static_assert(offsetof(LinkReply, admitted_epoch) == 12);
static_assert(offsetof(LinkReply, ring_bytes_max) == 16);
static_assert(offsetof(LinkReply, payload_bytes_max) == 20);
static_assert(offsetof(LinkReply, heartbeat_ms) == 22 && offsetof(LinkReply, port_word) == 24);
static_assert(offsetof(LinkReply, flags) == 28 && offsetof(LinkReply, reserved) == 29);
static_assert(offsetof(LinkReply, nonce) == 32 && offsetof(LinkReply, mac) == 48);

// Shared memory had a handshake of its own up to version 1. A listener answers such a hello with
// this, which an old client reads as a refusal that names both versions.
struct ShmV1Refusal {
  uint64_t magic = 0x3159'4157'474e'4952;  // "RINGWAY1" in memory
  uint32_t version = kLinkVersion;
  uint32_t kind = 2;
};
static_assert(sizeof(ShmV1Refusal) == 16);
inline constexpr std::size_t kShmV1HelloBytesMax = 112;
bool IsShmV1(std::span<const std::byte> bytes) noexcept;

// Errors: Internal if the kernel gives no random bytes.
absl::StatusOr<Nonce> FreshNonce();

// In whole milliseconds, rounded up, so that the announced interval can be met.
uint16_t HeartbeatMs(const LinkOptions& options) noexcept;

// A hello that asks for these options, signed if they hold a secret. `flags` are the port's.
// Errors: as FreshNonce(). REQUIRES: ValidateConnectOptions(options) is OK.
absl::StatusOr<LinkHello> MakeHello(std::string_view scheme, const ConnectOptions& options,
                                    uint32_t port_word, uint8_t flags = 0);

// Sets flags and mac. REQUIRES: every other field is final; the secret is not empty.
void Sign(std::string_view scheme, std::span<const std::byte> secret, LinkHello& hello);
void Sign(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello,
          LinkReply& reply);

// Whether it was signed with this secret, which is not empty. The time taken does not depend on
// where a wrong mac differs.
bool Verify(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello);
bool Verify(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello,
            const LinkReply& reply);

// Parses a well-formed hello at the beginning of `bytes`, or returns the reason for refusing it.
// `listen` bounds what is acceptable. `hello` holds it on kOk, and on kRingBytes, so that its proof
// can be verified first; otherwise its content is unspecified. Does not verify the proof.
LinkStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                      LinkHello& hello) noexcept;

// Parses a well-formed reply to `hello`, refusals included, and verifies its proof if `secret` is
// not empty. Errors name cause and remedy; Unauthenticated if the proof is missing or wrong.
absl::StatusOr<LinkReply> ParseReply(std::string_view scheme, std::span<const std::byte> bytes,
                                     const LinkHello& hello, std::span<const std::byte> secret);

// A refusal as the status that the refused client reports; OK for kOk.
absl::Status RefusalError(const LinkReply& reply, const LinkHello& hello);

// The options that both ends construct their link with.
LinkOptions SettledOptions(LinkOptions own, const LinkHello& hello,
                           const LinkReply& reply) noexcept;

}  // namespace ringway
