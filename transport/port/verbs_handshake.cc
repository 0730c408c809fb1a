// Implements verbs_handshake.h: signs and checks handshake messages.
#include "transport/port/verbs_handshake.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "transport/connect_error.h"
#include "transport/frame.h"
#include "transport/port/hmac.h"

namespace ringway {
namespace {

constexpr std::size_t kFixedBytes = 4;  // magic, version and length: the same in every version

template <class M>
std::span<const std::byte> BeforeMac(const M& message) {
  return std::as_bytes(std::span(&message, 1)).first(offsetof(M, mac));
}

Mac MacOf(std::span<const std::byte> secret, std::string_view domain,
          std::span<const std::byte> first, std::span<const std::byte> second) {
  return HmacSha256(secret, {std::as_bytes(std::span(domain)), first, second});
}

Mac HelloMac(std::span<const std::byte> secret, const VerbsHello& hello) {
  return MacOf(secret, "ringway rdma hello", BeforeMac(hello), {});
}

Mac ReplyMac(std::span<const std::byte> secret, const VerbsHello& hello, const VerbsReply& reply) {
  return MacOf(secret, "ringway rdma reply", std::as_bytes(std::span(&hello, 1)), BeforeMac(reply));
}

}  // namespace

std::string_view Name(VerbsStatus status) noexcept {
  switch (status) {
    case VerbsStatus::kOk:
      return "ok";
    case VerbsStatus::kBadMessage:
      return "bad message";
    case VerbsStatus::kVersion:
      return "version";
    case VerbsStatus::kRingBytes:
      return "ring size";
    case VerbsStatus::kStaleEpoch:
      return "stale epoch";
    case VerbsStatus::kMemory:
      return "memory";
    case VerbsStatus::kNotAuthentic:
      return "not authentic";
    case VerbsStatus::kFull:
      return "full";
    case VerbsStatus::kInternal:
      return "internal";
  }
  return "unknown";
}

uint16_t HeartbeatMs(const LinkOptions& options) noexcept {
  return static_cast<uint16_t>((options.heartbeat_interval_ns + kNsPerMs - 1) / kNsPerMs);
}

void Sign(std::span<const std::byte> secret, VerbsHello& hello) noexcept {
  hello.flags |= kVerbsSigned;
  const Mac mac = HelloMac(secret, hello);
  std::copy_n(mac.begin(), hello.mac.size(), hello.mac.begin());
}

void Sign(std::span<const std::byte> secret, const VerbsHello& hello, VerbsReply& reply) noexcept {
  reply.flags |= kVerbsSigned;
  reply.mac = ReplyMac(secret, hello, reply);
}

bool Verify(std::span<const std::byte> secret, const VerbsHello& hello) noexcept {
  const Mac mac = HelloMac(secret, hello);
  return (hello.flags & kVerbsSigned) != 0 &&
         CRYPTO_memcmp(mac.data(), hello.mac.data(), hello.mac.size()) == 0;
}

bool Verify(std::span<const std::byte> secret, const VerbsHello& hello,
            const VerbsReply& reply) noexcept {
  const Mac mac = ReplyMac(secret, hello, reply);
  return (reply.flags & kVerbsSigned) != 0 &&
         CRYPTO_memcmp(mac.data(), reply.mac.data(), reply.mac.size()) == 0;
}

VerbsStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                       VerbsHello& hello) noexcept {
  if (bytes.size() < kFixedBytes) return VerbsStatus::kBadMessage;
  std::memcpy(static_cast<void*>(&hello), bytes.data(), kFixedBytes);
  if (hello.magic != kVerbsMagic) return VerbsStatus::kBadMessage;
  if (hello.version != kVerbsVersion) return VerbsStatus::kVersion;
  if (hello.bytes != sizeof(VerbsHello) || bytes.size() < sizeof(VerbsHello)) {
    return VerbsStatus::kBadMessage;
  }
  std::memcpy(static_cast<void*>(&hello), bytes.data(), sizeof(hello));
  if (hello.first_seq == 0 || hello.epoch == 0) return VerbsStatus::kBadMessage;
  if (hello.heartbeat_ms < 1 || hello.heartbeat_ms > 1000) return VerbsStatus::kBadMessage;
  constexpr uint8_t kLog2Min = std::countr_zero(kRingBytesMin);
  constexpr uint8_t kLog2Max = std::countr_zero(kRingBytesMax);
  if (hello.ring_bytes_log2 < kLog2Min || hello.ring_bytes_log2 > kLog2Max ||
      hello.ring_bytes() > listen.link.ring_bytes) {
    return VerbsStatus::kRingBytes;
  }
  if (hello.payload_bytes_max > PayloadBytesMaxOf(hello.ring_bytes())) {
    return VerbsStatus::kBadMessage;
  }
  return VerbsStatus::kOk;
}

absl::StatusOr<VerbsReply> ParseReply(std::span<const std::byte> bytes, const VerbsHello& hello,
                                      std::span<const std::byte> secret) {
  VerbsReply reply;
  if (bytes.size() < kFixedBytes) {
    return absl::InvalidArgumentError("the listener's reply is cut short");
  }
  std::memcpy(static_cast<void*>(&reply), bytes.data(), kFixedBytes);
  if (reply.magic != kVerbsMagic) {
    return absl::InvalidArgumentError("what answers there is no Ringway listener");
  }
  if (reply.version != kVerbsVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the listener speaks version ", reply.version, " of the rdma handshake, this program ",
        kVerbsVersion, ": use the same release on both sides"));
  }
  if (reply.bytes != sizeof(VerbsReply) || bytes.size() < sizeof(VerbsReply)) {
    return absl::InvalidArgumentError("the listener's reply has the wrong size");
  }
  std::memcpy(static_cast<void*>(&reply), bytes.data(), sizeof(reply));
  if (!secret.empty() && !Verify(secret, hello, reply)) {
    // The reply is not authenticated; its status is only quoted.
    const std::string_view status = Name(reply.status);
    return absl::UnauthenticatedError(absl::StrCat(
        "whoever listens there does not prove that it holds the key of peer ", hello.peer_key,
        " (it answers \"", absl::string_view(status.data(), status.size()),
        "\"): check the address, then that both sides have the same key for this peer"));
  }
  if (reply.status != VerbsStatus::kOk) return reply;
  if (reply.reserved != decltype(reply.reserved){} || reply.epoch != hello.epoch ||
      reply.heartbeat_ms < 1 || reply.heartbeat_ms > 1000 ||
      reply.payload_bytes_max > hello.payload_bytes_max) {
    return absl::InvalidArgumentError("the listener's reply contradicts what was asked");
  }
  return reply;
}

absl::Status RefusalError(const VerbsReply& reply, const VerbsHello& hello) {
  switch (reply.status) {
    case VerbsStatus::kOk:
      return absl::OkStatus();
    case VerbsStatus::kBadMessage:
      return absl::InvalidArgumentError("the listener found the hello malformed");
    case VerbsStatus::kVersion:
      return absl::FailedPreconditionError(absl::StrCat("the listener does not speak version ",
                                                        hello.version, " of the rdma handshake"));
    case VerbsStatus::kRingBytes:
      return absl::InvalidArgumentError(absl::StrCat(
          "the listener refused a ring of ", hello.ring_bytes(), " bytes: a power of two from ",
          kRingBytesMin, " to ", reply.ring_bytes_max, " is allowed"));
    case VerbsStatus::kStaleEpoch:
      return StaleEpochError(hello.epoch, reply.admitted_epoch);
    case VerbsStatus::kMemory:
      return absl::ResourceExhaustedError(
          "the listener has no memory or no device resources left for this link; its own report "
          "says which");
    case VerbsStatus::kNotAuthentic:
      return absl::UnauthenticatedError(
          absl::StrCat("the listener does not know peer ", hello.peer_key,
                       ", or it was not signed with that peer's key: set the same key on both "
                       "sides"));
    case VerbsStatus::kFull:
      return absl::UnavailableError(
          "the listener has too many connections waiting or open; try again, or raise its limits");
    case VerbsStatus::kInternal:
      return absl::UnavailableError(
          "the listener could not set the link up; its own report says why");
  }
  return absl::UnknownError(
      absl::StrCat("the listener refused with status ", static_cast<uint32_t>(reply.status)));
}

LinkOptions SettledOptions(LinkOptions own, const VerbsHello& hello,
                           const VerbsReply& reply) noexcept {
  own.ring_bytes = hello.ring_bytes();
  own.payload_bytes_max = reply.payload_bytes_max;
  own.first_seq = hello.first_seq;
  return own;
}

}  // namespace ringway
