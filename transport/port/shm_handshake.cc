// Implements shm_handshake.h: checks handshake messages and words refusals.
#include "transport/port/shm_handshake.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "transport/connect_error.h"
#include "transport/frame.h"
#include "transport/link_limits.h"
#include "transport/port/hmac.h"

namespace ringway {
namespace {

Mac HelloMac(std::span<const std::byte> secret, const ShmHello& hello) {
  constexpr std::string_view kDomain = "ringway shm hello";
  return HmacSha256(secret,
                    {std::as_bytes(std::span(kDomain)), std::as_bytes(std::span(&hello, 1))});
}

bool HeartbeatFits(uint32_t us) {
  return us * kNsPerUs >= kLinkHeartbeatNsMin && us * kNsPerUs <= kLinkHeartbeatNsMax;
}

}  // namespace

std::string_view Name(ShmStatus status) noexcept {
  switch (status) {
    case ShmStatus::kOk:
      return "ok";
    case ShmStatus::kBadMessage:
      return "bad message";
    case ShmStatus::kVersion:
      return "version";
    case ShmStatus::kRingBytes:
      return "ring size";
    case ShmStatus::kStaleEpoch:
      return "stale epoch";
    case ShmStatus::kMemory:
      return "memory";
    case ShmStatus::kUser:
      return "user";
    case ShmStatus::kInternal:
      return "internal";
    case ShmStatus::kFull:
      return "full";
    case ShmStatus::kDescriptors:
      return "descriptors";
  }
  return "unknown";
}

void Sign(std::span<const std::byte> secret, ShmSignedHello& hello) {
  hello.hello.flags |= kShmSigned;
  hello.mac = HelloMac(secret, hello.hello);
}

bool Verify(std::span<const std::byte> secret, const ShmSignedHello& hello) {
  return (hello.hello.flags & kShmSigned) != 0 &&
         SameBytes(HelloMac(secret, hello.hello), hello.mac);
}

ShmStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                     ShmSignedHello& signed_hello) noexcept {
  ShmHello& hello = signed_hello.hello;
  if (bytes.size() < 16) return ShmStatus::kBadMessage;
  // The first 16 bytes are the same in every version, so that a version mismatch is refused as one.
  std::memcpy(static_cast<void*>(&hello), bytes.data(), 16);
  if (hello.magic != kShmMagic || hello.kind != ShmMessageKind::kHello)
    return ShmStatus::kBadMessage;
  if (hello.version != kShmVersion) return ShmStatus::kVersion;
  if (bytes.size() < sizeof(ShmHello)) return ShmStatus::kBadMessage;
  std::memcpy(static_cast<void*>(&hello), bytes.data(), sizeof(hello));
  const bool has_proof = (hello.flags & kShmSigned) != 0;
  if (bytes.size() != (has_proof ? sizeof(ShmSignedHello) : sizeof(ShmHello)))
    return ShmStatus::kBadMessage;
  if (has_proof) {
    std::memcpy(signed_hello.mac.data(), bytes.data() + sizeof(hello), signed_hello.mac.size());
  }
  if (hello.reserved != 0 || hello.first_seq == 0 || hello.epoch == 0)
    return ShmStatus::kBadMessage;
  if (!HeartbeatFits(hello.heartbeat_us)) return ShmStatus::kBadMessage;
  if (!std::has_single_bit(hello.ring_bytes) || hello.ring_bytes < kRingBytesMin ||
      hello.ring_bytes > listen.link.ring_bytes) {
    return ShmStatus::kRingBytes;
  }
  if (hello.payload_bytes_max > PayloadBytesMaxOf(hello.ring_bytes)) return ShmStatus::kBadMessage;
  return ShmStatus::kOk;
}

absl::StatusOr<ShmReply> ParseReply(std::span<const std::byte> bytes, const ShmHello& hello) {
  ShmReply reply;
  if (bytes.size() < 16) return absl::InvalidArgumentError("the listener's reply is cut short");
  std::memcpy(static_cast<void*>(&reply), bytes.data(), 16);
  if (reply.magic != kShmMagic || reply.kind != ShmMessageKind::kReply) {
    return absl::InvalidArgumentError("what answers on this socket is no Ringway listener");
  }
  if (reply.version != kShmVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the listener speaks version ", reply.version, " of the shm handshake, this program ",
        kShmVersion, ": use the same release on both sides"));
  }
  if (bytes.size() != sizeof(ShmReply)) {
    return absl::InvalidArgumentError("the listener's reply has the wrong size");
  }
  std::memcpy(static_cast<void*>(&reply), bytes.data(), sizeof(reply));
  if (reply.status != ShmStatus::kOk) return reply;
  if (reply.reserved != 0 || reply.reserved1 != 0 || reply.epoch != hello.epoch ||
      !HeartbeatFits(reply.heartbeat_us) || reply.payload_bytes_max > hello.payload_bytes_max) {
    return absl::InvalidArgumentError("the listener's reply contradicts what was asked");
  }
  return reply;
}

absl::Status RefusalError(const ShmReply& reply, const ShmHello& hello) {
  switch (reply.status) {
    case ShmStatus::kOk:
      return absl::OkStatus();
    case ShmStatus::kBadMessage:
      return absl::InvalidArgumentError("the listener found the hello malformed");
    case ShmStatus::kVersion:
      return absl::FailedPreconditionError(absl::StrCat("the listener does not speak version ",
                                                        hello.version, " of the shm handshake"));
    case ShmStatus::kRingBytes:
      return absl::InvalidArgumentError(absl::StrCat(
          "the listener refused a ring of ", hello.ring_bytes, " bytes: a power of two from ",
          kRingBytesMin, " to ", reply.ring_bytes_max, " is allowed"));
    case ShmStatus::kStaleEpoch:
      return StaleEpochError(hello.epoch, reply.admitted_epoch);
    case ShmStatus::kMemory:
      return absl::FailedPreconditionError(
          "the listener could not use the memory it was passed (size, seals, or pages that were "
          "never written), or has none left of its own");
    case ShmStatus::kUser:
      return absl::PermissionDeniedError(
          "the listener does not allow this user: run as its user, or add this user id to its "
          "allowed users");
    case ShmStatus::kInternal:
      return absl::UnavailableError(
          "the listener could not set the link up; its own report says why");
    case ShmStatus::kFull:
      return absl::UnavailableError(
          "the listener has no room now for peers that do not prove a session's key; try again, "
          "or connect with the key");
    case ShmStatus::kDescriptors:
      return absl::ResourceExhaustedError(
          "the listener has no file descriptors left for links: raise its limit (ulimit -n, "
          "LimitNOFILE)");
  }
  return absl::UnknownError(
      absl::StrCat("the listener refused with status ", static_cast<uint32_t>(reply.status)));
}

LinkOptions SettledOptions(LinkOptions own, const ShmHello& hello, const ShmReply& reply) noexcept {
  own.ring_bytes = hello.ring_bytes;
  own.payload_bytes_max = reply.payload_bytes_max;
  own.crc = (reply.flags & kShmCrc) != 0;
  own.first_seq = hello.first_seq;
  return own;
}

}  // namespace ringway
