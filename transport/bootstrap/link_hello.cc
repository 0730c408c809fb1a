// Implements link_hello.h: makes, signs and checks handshake messages, and words refusals.
#include "transport/bootstrap/link_hello.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"
#include "base/kernel_random.h"
#include "transport/bootstrap/hmac.h"
#include "transport/connect_error.h"
#include "transport/frame.h"
#include "transport/link_limits.h"

namespace ringway {
namespace {

constexpr std::size_t kFixedBytes = 4;  // magic, version and length: the same in every version

template <class M>
std::span<const std::byte> BeforeMac(const M& message) {
  return std::as_bytes(std::span(&message, 1)).first(offsetof(M, mac));
}

Mac MacOf(std::string_view scheme, std::string_view kind, std::span<const std::byte> secret,
          std::span<const std::byte> first, std::span<const std::byte> second) {
  constexpr std::string_view kName = "ringway ";
  return HmacSha256(secret, {std::as_bytes(std::span(kName)), std::as_bytes(std::span(scheme)),
                             std::as_bytes(std::span(kind)), first, second});
}

Mac HelloMac(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello) {
  return MacOf(scheme, " hello", secret, BeforeMac(hello), {});
}

Mac ReplyMac(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello,
             const LinkReply& reply) {
  return MacOf(scheme, " reply", secret, std::as_bytes(std::span(&hello, 1)), BeforeMac(reply));
}

bool HeartbeatFits(uint16_t ms) {
  return ms * kNsPerMs >= kLinkHeartbeatNsMin && ms * kNsPerMs <= kLinkHeartbeatNsMax;
}

absl::Status OtherVersionError(uint32_t version) {
  return absl::FailedPreconditionError(
      absl::StrCat("the listener speaks version ", version, " of the handshake, this program ",
                   uint32_t{kLinkVersion}, ": use the same release on both sides"));
}

}  // namespace

std::string_view Name(LinkStatus status) noexcept {
  switch (status) {
    case LinkStatus::kOk:
      return "ok";
    case LinkStatus::kBadMessage:
      return "bad message";
    case LinkStatus::kVersion:
      return "version";
    case LinkStatus::kRingBytes:
      return "ring size";
    case LinkStatus::kStaleEpoch:
      return "stale epoch";
    case LinkStatus::kMemory:
      return "memory";
    case LinkStatus::kPeerMemory:
      return "peer's memory";
    case LinkStatus::kUser:
      return "user";
    case LinkStatus::kNotAuthentic:
      return "not authentic";
    case LinkStatus::kFull:
      return "full";
    case LinkStatus::kDescriptors:
      return "descriptors";
    case LinkStatus::kInternal:
      return "internal";
  }
  return "unknown";
}

bool IsShmV1(std::span<const std::byte> bytes) noexcept {
  const ShmV1Refusal old;
  return bytes.size() >= sizeof(old) &&
         std::memcmp(bytes.data(), &old.magic, sizeof(old.magic)) == 0;
}

absl::StatusOr<Nonce> FreshNonce() {
  Nonce nonce;
  if (absl::Status filled = FillFromKernel(std::as_writable_bytes(std::span(nonce)));
      !filled.ok()) {
    return filled;
  }
  return nonce;
}

uint16_t HeartbeatMs(const LinkOptions& options) noexcept {
  return static_cast<uint16_t>((options.heartbeat_interval_ns + kNsPerMs - 1) / kNsPerMs);
}

absl::StatusOr<LinkHello> MakeHello(std::string_view scheme, const ConnectOptions& options,
                                    uint32_t port_word, uint8_t flags) {
  const absl::StatusOr<Nonce> nonce = FreshNonce();
  if (!nonce.ok()) return nonce.status();
  LinkHello hello;
  hello.epoch = options.epoch;
  hello.peer_key = options.peer_key;
  hello.nonce = *nonce;
  hello.port_word = port_word;
  hello.first_seq = options.link.first_seq;
  hello.payload_bytes_max = static_cast<uint16_t>(options.link.payload_bytes_max);
  hello.heartbeat_ms = HeartbeatMs(options.link);
  hello.ring_bytes_log2 = static_cast<uint8_t>(std::countr_zero(options.link.ring_bytes));
  hello.flags = flags | (options.link.crc ? kLinkCrc : 0);
  if (!options.secret.empty()) Sign(scheme, options.secret, hello);
  return hello;
}

void Sign(std::string_view scheme, std::span<const std::byte> secret, LinkHello& hello) {
  hello.flags |= kLinkSigned;
  const Mac mac = HelloMac(scheme, secret, hello);
  std::copy_n(mac.begin(), hello.mac.size(), hello.mac.begin());
}

void Sign(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello,
          LinkReply& reply) {
  reply.flags |= kLinkSigned;
  reply.mac = ReplyMac(scheme, secret, hello, reply);
}

bool Verify(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello) {
  if ((hello.flags & kLinkSigned) == 0) return false;
  const Mac mac = HelloMac(scheme, secret, hello);
  return SameBytes(std::span(mac).first(hello.mac.size()), hello.mac);
}

bool Verify(std::string_view scheme, std::span<const std::byte> secret, const LinkHello& hello,
            const LinkReply& reply) {
  return (reply.flags & kLinkSigned) != 0 &&
         SameBytes(ReplyMac(scheme, secret, hello, reply), reply.mac);
}

LinkStatus ParseHello(std::span<const std::byte> bytes, const ListenOptions& listen,
                      LinkHello& hello) noexcept {
  if (IsShmV1(bytes)) return LinkStatus::kVersion;
  if (bytes.size() < kFixedBytes) return LinkStatus::kBadMessage;
  std::memcpy(static_cast<void*>(&hello), bytes.data(), kFixedBytes);
  if (hello.magic != kLinkMagic) return LinkStatus::kBadMessage;
  if (hello.version != kLinkVersion) return LinkStatus::kVersion;
  if (hello.bytes != sizeof(LinkHello) || bytes.size() < sizeof(LinkHello)) {
    return LinkStatus::kBadMessage;
  }
  std::memcpy(static_cast<void*>(&hello), bytes.data(), sizeof(hello));
  if (hello.first_seq == 0 || hello.epoch == 0) return LinkStatus::kBadMessage;
  if (!HeartbeatFits(hello.heartbeat_ms)) return LinkStatus::kBadMessage;
  constexpr uint8_t kLog2Min = std::countr_zero(kRingBytesMin);
  constexpr uint8_t kLog2Max = std::countr_zero(kRingBytesMax);
  if (hello.ring_bytes_log2 < kLog2Min || hello.ring_bytes_log2 > kLog2Max ||
      hello.ring_bytes() > listen.link.ring_bytes) {
    return LinkStatus::kRingBytes;
  }
  if (hello.payload_bytes_max > PayloadBytesMaxOf(hello.ring_bytes())) {
    return LinkStatus::kBadMessage;
  }
  return LinkStatus::kOk;
}

absl::StatusOr<LinkReply> ParseReply(std::string_view scheme, std::span<const std::byte> bytes,
                                     const LinkHello& hello, std::span<const std::byte> secret) {
  if (IsShmV1(bytes)) return OtherVersionError(1);
  if (bytes.size() < kFixedBytes) {
    return absl::InvalidArgumentError("the listener's reply is cut short");
  }
  LinkReply reply;
  std::memcpy(static_cast<void*>(&reply), bytes.data(), kFixedBytes);
  if (reply.magic != kLinkMagic) {
    return absl::InvalidArgumentError("what answers there is no Ringway listener");
  }
  if (reply.version != kLinkVersion) return OtherVersionError(reply.version);
  if (reply.bytes != sizeof(LinkReply) || bytes.size() < sizeof(LinkReply)) {
    return absl::InvalidArgumentError("the listener's reply has the wrong size");
  }
  std::memcpy(static_cast<void*>(&reply), bytes.data(), sizeof(reply));
  if (!secret.empty() && !Verify(scheme, secret, hello, reply)) {
    // The reply is not authenticated; its status is only quoted.
    const std::string_view status = Name(reply.status);
    return absl::UnauthenticatedError(absl::StrCat(
        "whoever listens there does not prove that it holds the key of peer ", hello.peer_key,
        " (it answers \"", absl::string_view(status.data(), status.size()),
        "\"): check the address, then that both sides have the same key for this peer"));
  }
  if (reply.status != LinkStatus::kOk) return reply;
  if (reply.reserved != decltype(reply.reserved){} || reply.epoch != hello.epoch ||
      !HeartbeatFits(reply.heartbeat_ms) || reply.payload_bytes_max > hello.payload_bytes_max) {
    return absl::InvalidArgumentError("the listener's reply contradicts what was asked");
  }
  return reply;
}

absl::Status RefusalError(const LinkReply& reply, const LinkHello& hello) {
  switch (reply.status) {
    case LinkStatus::kOk:
      return absl::OkStatus();
    case LinkStatus::kBadMessage:
      return absl::InvalidArgumentError("the listener found the hello malformed");
    case LinkStatus::kVersion:
      return absl::FailedPreconditionError(
          absl::StrCat("the listener does not speak version ", uint32_t{hello.version},
                       " of the handshake: use the same release on both sides"));
    case LinkStatus::kRingBytes:
      return absl::InvalidArgumentError(absl::StrCat(
          "the listener refused a ring of ", hello.ring_bytes(), " bytes: a power of two from ",
          kRingBytesMin, " to ", reply.ring_bytes_max, " is allowed"));
    case LinkStatus::kStaleEpoch:
      return StaleEpochError(hello.epoch, reply.admitted_epoch);
    case LinkStatus::kMemory:
      return absl::ResourceExhaustedError(
          "the listener has no memory or no device resources left for this link; its own report "
          "says which");
    case LinkStatus::kPeerMemory:
      return absl::FailedPreconditionError(
          "the listener could not use the memory it was passed: its size, its seals, or pages that "
          "were never written");
    case LinkStatus::kUser:
      return absl::PermissionDeniedError(
          "the listener does not allow this user: run as its user, or add this user id to its "
          "allowed users");
    case LinkStatus::kNotAuthentic:
      return absl::UnauthenticatedError(
          absl::StrCat("the listener does not know peer ", hello.peer_key,
                       ", or it was not signed with that peer's key: set the same key on both "
                       "sides"));
    case LinkStatus::kFull:
      return absl::UnavailableError(
          "the listener has too many connections waiting or open, or no room for peers that do not "
          "prove a session's key: try again, connect with the key, or raise its limits");
    case LinkStatus::kDescriptors:
      return absl::ResourceExhaustedError(
          "the listener has no file descriptors left for links: raise its limit (ulimit -n, "
          "LimitNOFILE)");
    case LinkStatus::kInternal:
      return absl::UnavailableError(
          "the listener could not set the link up; its own report says why");
  }
  return absl::UnknownError(
      absl::StrCat("the listener refused with status ", static_cast<uint32_t>(reply.status)));
}

LinkOptions SettledOptions(LinkOptions own, const LinkHello& hello,
                           const LinkReply& reply) noexcept {
  own.ring_bytes = hello.ring_bytes();
  own.payload_bytes_max = reply.payload_bytes_max;
  own.crc = (reply.flags & kLinkCrc) != 0;
  own.first_seq = hello.first_seq;
  return own;
}

}  // namespace ringway
