// The handshake of two processes before they share memory: fixed-size messages over a Unix socket.
//
//   client -> listener   ShmHello + the descriptor of the client's region; from a client that holds
//                        a secret, its proof after the hello: ShmSignedHello
//   listener -> client   ShmReply + the descriptor of the listener's region, or a refusal alone
//
// Everything here is a pure function of bytes another process sent: fuzzed by
// shm_handshake_fuzz.cc. transport/RING.md draws the bytes.
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

inline constexpr uint64_t kShmMagic = 0x3159'4157'474e'4952;  // "RINGWAY1" in memory
inline constexpr uint32_t kShmVersion = 1;

enum class ShmMessageKind : uint32_t { kHello = 1, kReply = 2 };

// ShmHello::flags and ShmReply::flags. Unknown bits are ignored.
inline constexpr uint32_t kShmCrc = 0x1;  // hello: requested; reply: settled
inline constexpr uint32_t kShmBarrier =
    0x2;  // the sender of this message is reached by BarrierSenders()
inline constexpr uint32_t kShmSigned = 0x4;  // hello: its proof follows

enum class ShmStatus : uint32_t {
  kOk = 0,
  kBadMessage,
  kVersion,
  kRingBytes,
  kStaleEpoch,
  kMemory,
  kUser,
  kInternal,
  kFull,
  kDescriptors,
};
std::string_view Name(ShmStatus status) noexcept;

struct ShmHello {
  uint64_t magic = kShmMagic;
  uint32_t version = kShmVersion;
  ShmMessageKind kind = ShmMessageKind::kHello;
  uint32_t ring_bytes = 0;
  uint32_t payload_bytes_max = 0;
  uint32_t flags = 0;
  uint32_t epoch = 0;
  uint64_t peer_key = 0;
  uint64_t region_bytes = 0;
  uint32_t first_seq = 0;
  uint32_t heartbeat_us = 0;
  std::array<std::byte, 16> nonce{};
  uint64_t reserved = 0;
};
static_assert(sizeof(ShmHello) == 80 && std::is_trivially_copyable_v<ShmHello>);
static_assert(offsetof(ShmHello, version) == 8 && offsetof(ShmHello, kind) == 12);
static_assert(offsetof(ShmHello, ring_bytes) == 16 && offsetof(ShmHello, payload_bytes_max) == 20);
static_assert(offsetof(ShmHello, flags) == 24 && offsetof(ShmHello, epoch) == 28);
static_assert(offsetof(ShmHello, peer_key) == 32 && offsetof(ShmHello, region_bytes) == 40);
static_assert(offsetof(ShmHello, first_seq) == 48 && offsetof(ShmHello, heartbeat_us) == 52);
static_assert(offsetof(ShmHello, nonce) == 56 && offsetof(ShmHello, reserved) == 72);

// A hello that proves its peer_key: mac is HMAC-SHA256(secret, "ringway shm hello" | hello). No
// third party can read a Unix socket, so nobody can replay it; and a logon is bound to both nonces.
struct ShmSignedHello {
  ShmHello hello;
  std::array<std::byte, 32> mac{};
};
static_assert(sizeof(ShmSignedHello) == 112 && std::is_trivially_copyable_v<ShmSignedHello>);

struct ShmReply {
  uint64_t magic = kShmMagic;
  uint32_t version = kShmVersion;
  ShmMessageKind kind = ShmMessageKind::kReply;
  ShmStatus status = ShmStatus::kOk;
  uint32_t payload_bytes_max = 0;  // settled
  uint32_t flags = 0;
  uint32_t epoch = 0;           // the hello's
  uint32_t admitted_epoch = 0;  // of this peer_key, 0 for none
  uint32_t ring_bytes_max = 0;  // the listener's limit
  uint64_t region_bytes = 0;
  uint32_t reserved1 = 0;
  uint32_t heartbeat_us = 0;
  std::array<std::byte, 16> nonce{};
  uint64_t reserved = 0;
};
static_assert(sizeof(ShmReply) == 80 && std::is_trivially_copyable_v<ShmReply>);
static_assert(offsetof(ShmReply, version) == 8 && offsetof(ShmReply, kind) == 12);
static_assert(offsetof(ShmReply, status) == 16 && offsetof(ShmReply, payload_bytes_max) == 20);
static_assert(offsetof(ShmReply, flags) == 24 && offsetof(ShmReply, epoch) == 28);
static_assert(offsetof(ShmReply, admitted_epoch) == 32 && offsetof(ShmReply, ring_bytes_max) == 36);
static_assert(offsetof(ShmReply, region_bytes) == 40 && offsetof(ShmReply, reserved1) == 48);
static_assert(offsetof(ShmReply, heartbeat_us) == 52 && offsetof(ShmReply, nonce) == 56);
static_assert(offsetof(ShmReply, reserved) == 72);

void Sign(std::span<const std::byte> secret, ShmSignedHello& hello);
// False for a hello that is not signed.
bool Verify(std::span<const std::byte> secret, const ShmSignedHello& hello);

// Parses a complete, well-formed hello, signed or not, or returns the reason for refusing it.
// `listen` bounds what is acceptable. On kOk `hello` holds it; otherwise its content is
// unspecified. Does not verify the proof.
ShmStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                     ShmSignedHello& hello) noexcept;

// Parses a complete, well-formed reply to `hello`, refusals included. Errors name cause and remedy.
absl::StatusOr<ShmReply> ParseReply(std::span<const std::byte> bytes, const ShmHello& hello);

// A refusal as the status that the refused client reports; OK for kOk.
absl::Status RefusalError(const ShmReply& reply, const ShmHello& hello);

// The options that both ends construct their link with.
LinkOptions SettledOptions(LinkOptions own, const ShmHello& hello, const ShmReply& reply) noexcept;

}  // namespace ringway
