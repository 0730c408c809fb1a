// The session protocol: what both ends of a session agree on beyond the schema.
//
// Numbering. Application messages (frame types 32..127) are numbered from 1 in each direction, by
// counting them: a link is in order and without gaps, so the number need not travel. Session
// messages (1..31) are not counted. A session outlives its links. Each end keeps what it sent until
// the other says that it was processed (Heartbeat.nextSeqIn, LogonAck.nextSeqIn), and on a new link
// continues where the other stopped. GapFill(n) says "the next message on this link is number n".
//
// Thread rule: constants and pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

// Logon.version.
inline constexpr uint16_t kSessionProtocolVersion = 1;

// An end that has processed this many messages since its last Heartbeat sends one at once, so that
// the other's resend store drains at any message rate.
inline constexpr uint32_t kAcknowledgeEvery = 128;

// Room for what a Heartbeat still in flight acknowledges, and as much again.
inline constexpr uint32_t kResendSlotsMin = 4 * kAcknowledgeEvery;

// After this many heartbeat intervals of silence the other end counts as gone.
inline constexpr uint32_t kHeartbeatsMissedMax = 3;

// What a gateway accepts as Logon.heartbeatNs; values outside are clamped, and LogonAck.heartbeatNs
// says what applies.
inline constexpr int64_t kHeartbeatNsMin = 10'000'000;
inline constexpr int64_t kHeartbeatNsMax = 60'000'000'000;

// Sequence numbers above this are refused: at a billion messages per second they last for 3 days,
// and no arithmetic on them can overflow.
inline constexpr uint64_t kSequenceMax = uint64_t{1} << 48;

// Ranges of frame types (schema/ringway.capnp).
constexpr bool IsSessionType(uint8_t type) noexcept { return type >= 1 && type < 32; }
constexpr bool IsRequestType(uint8_t type) noexcept { return type >= 32 && type < 64; }
constexpr bool IsReportType(uint8_t type) noexcept { return type >= 64 && type < 128; }
constexpr bool IsNumbered(uint8_t type) noexcept {
  return IsRequestType(type) || IsReportType(type);
}

// Whether the payload's root word and length agree, so that Decode() of any message will succeed.
inline bool IsWellFormed(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kRootBytes) return false;
  uint64_t root = 0;
  std::memcpy(&root, payload.data(), kRootBytes);
  const auto words = static_cast<uint16_t>(root >> 32);
  return (root == RootWord(words) || root == kCanonicalEmptyRoot) &&
         payload.size() == kRootBytes + words * kWordBytes && words <= kDataWordsAcceptedMax;
}

// Sends one message that is not kept for resending.
template <Link L, Message M>
SendStatus SendUnnumbered(L& link, const M& message) noexcept {
  const Claim claim = link.TryClaim(PayloadBytes(message));
  if (!claim) return claim.status;
  Encode(message, claim.data);
  return link.Commit(static_cast<uint8_t>(M::kType), Publish::kNow);
}

}  // namespace ringway
