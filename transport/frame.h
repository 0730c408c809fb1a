// The layout of a frame in a ring: its constants, and the packing of its first and last word.
//
// transport/RING.md draws these bytes; the static_asserts below hold every offset it names.
// Pure functions and constants: no thread rule, no lifetime.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "transport/link.h"

namespace ringway {

static_assert(std::endian::native == std::endian::little, "rings are little-endian memory");

// A ring consists of granules; a frame starts on a granule boundary and fills whole granules.
inline constexpr uint32_t kGranuleBytes = 64;
inline constexpr uint32_t kFrameHeadBytes = 8;
inline constexpr uint32_t kFrameTailBytes = 8;
inline constexpr uint32_t kFrameOverheadBytes = kFrameHeadBytes + kFrameTailBytes;

// A ring is a power of two in this range. The lower bound lets the largest frame be a quarter of
// the ring and still hold a useful record; the upper bound is the most that a listener maps for an
// unproved peer.
inline constexpr uint32_t kRingBytesMin = 4u << 10;
inline constexpr uint32_t kRingBytesMax = 64u << 20;

// The link's own frames. Both are exactly one granule long.
inline constexpr uint8_t kFrameTypePad = 240;      // the rest of the ring, up to its end, is unused
inline constexpr uint8_t kFrameTypeControl = 241;  // payload: PackControl()
static_assert(kFrameTypePad >= kFirstReservedFrameType);
static_assert(kFrameTypeControl >= kFirstReservedFrameType);

enum class ControlKind : uint8_t {
  kClose = 1,  // orderly end: no frame follows
};
inline constexpr uint32_t kControlPayloadBytes = sizeof(uint64_t);

// The payload of a CTRL frame: the kind, then a code of the layer above, then zeros.
constexpr uint64_t PackControl(ControlKind kind, uint8_t code) noexcept {
  return static_cast<uint64_t>(kind) | uint64_t{code} << 8;
}
// Whether the payload announces an orderly end. Its code is ControlCode().
constexpr bool IsClose(uint64_t control) noexcept {
  return (control & ~uint64_t{0xff00}) == static_cast<uint64_t>(ControlKind::kClose);
}
constexpr uint8_t ControlCode(uint64_t control) noexcept {
  return static_cast<uint8_t>(control >> 8);
}
static_assert(PackControl(ControlKind::kClose, 0) == 1);

// Frame flags. All other bits are zero; a frame with any of them set is refused.
inline constexpr uint8_t kFrameWantCredit = 0x01;  // the sender would like a state line soon
inline constexpr uint8_t kFrameFlagsKnown = kFrameWantCredit;

struct FrameHead {
  uint32_t seq;  // from 1, dense per direction, 0 is never used
  uint16_t len;  // payload bytes
  uint8_t type;
  uint8_t flags;
};
static_assert(sizeof(FrameHead) == kFrameHeadBytes);
static_assert(offsetof(FrameHead, seq) == 0);
static_assert(offsetof(FrameHead, len) == 4);
static_assert(offsetof(FrameHead, type) == 6);
static_assert(offsetof(FrameHead, flags) == 7);

struct FrameTail {
  uint32_t
      crc;  // CRC32C of bytes [0, F-8) seeded with the link's identity; 0 where none was negotiated
  uint32_t seq;  // the head's, again
};
static_assert(sizeof(FrameTail) == kFrameTailBytes);
static_assert(offsetof(FrameTail, crc) == 0);
static_assert(offsetof(FrameTail, seq) == 4);

constexpr uint64_t PackHead(const FrameHead& head) noexcept {
  return std::bit_cast<uint64_t>(head);
}
constexpr FrameHead UnpackHead(uint64_t word) noexcept { return std::bit_cast<FrameHead>(word); }
constexpr uint64_t PackTail(const FrameTail& tail) noexcept {
  return std::bit_cast<uint64_t>(tail);
}
constexpr FrameTail UnpackTail(uint64_t word) noexcept { return std::bit_cast<FrameTail>(word); }
constexpr uint32_t HeadSeq(uint64_t word) noexcept { return static_cast<uint32_t>(word); }

// Bytes that a frame with this payload takes in the ring; a 48-byte payload makes exactly one
// granule.
constexpr uint64_t FrameBytes(uint64_t payload_bytes) noexcept {
  return (payload_bytes + kFrameOverheadBytes + kGranuleBytes - 1) & ~uint64_t{kGranuleBytes - 1};
}
static_assert(FrameBytes(0) == 64 && FrameBytes(48) == 64 && FrameBytes(49) == 128);

// Sequence numbers skip 0, which is what an empty granule holds. The 64-bit form also counts
// frames; its low half is the frame's seq.
constexpr uint64_t NextLongSeq(uint64_t seq) noexcept {
  ++seq;
  if (static_cast<uint32_t>(seq) == 0) [[unlikely]]
    ++seq;
  return seq;
}
// The count of numbers in [first, next). REQUIRES: both came from the same 32-bit start.
constexpr uint64_t LongSeqDistance(uint64_t first, uint64_t next) noexcept {
  return next - first - ((next >> 32) - (first >> 32));
}
static_assert(NextLongSeq(UINT32_MAX) == (uint64_t{1} << 32) + 1);
static_assert(LongSeqDistance(UINT32_MAX, NextLongSeq(UINT32_MAX)) == 1);

// The largest payload a ring of this size can carry: a frame is at most a quarter of the ring, so
// that a frame, a PAD and a quarter ring of credit not yet returned always fit together; `len` is
// 16 bits.
constexpr uint32_t PayloadBytesMaxOf(uint32_t ring_bytes) noexcept {
  const uint32_t quarter = ring_bytes / 4 - kFrameOverheadBytes;
  constexpr uint32_t kLenMax = 65535 / kGranuleBytes * kGranuleBytes - kFrameOverheadBytes;
  return quarter < kLenMax ? quarter : kLenMax;
}

}  // namespace ringway
