// What happens to one incoming frame: look, copy, check, hand up. The receiving hot half of
// RingLink.
//
// Included by ring_link.h only. The fast path is Poll(); what it calls behind [[unlikely]] is out
// of line.
#pragma once

#include "transport/ring_link.h"

namespace ringway {

// Copies the frame to private memory and says whether the copy is whole. Not whole: look again
// later.
template <MemoryPort P>
inline bool RingLink<P>::FrameIsWhole(const std::byte* frame, uint64_t frame_bytes,
                                      uint64_t head) noexcept {
  std::byte* const copy = receive_.copy;
  // One granule at a time with a constant size: vector moves, no call.
  __builtin_memcpy(copy, frame, kGranuleBytes);
  for (uint64_t at = kGranuleBytes; at < frame_bytes; at += kGranuleBytes) {
    __builtin_memcpy(copy + at, frame + at, kGranuleBytes);
  }
  // From here on the compiler must not read the ring in place of the copy: the peer may be changing
  // it.
  asm volatile("" : : "r"(copy), "r"(frame) : "memory");
  uint64_t copied_head;
  __builtin_memcpy(&copied_head, copy, sizeof(copied_head));
  uint64_t tail_word;
  __builtin_memcpy(&tail_word, copy + frame_bytes - kFrameTailBytes, sizeof(tail_word));
  const FrameTail tail = UnpackTail(tail_word);
  bool whole = copied_head == head && tail.seq == HeadSeq(head);
  if (receive_.crc && whole) {
    whole = tail.crc == Crc32c(receive_.crc_seed, {copy, frame_bytes - kFrameTailBytes});
  }
  if (!whole) [[unlikely]] {
    ++counters_.frames_torn;
    receive_.torn_pos = receive_.read_pos;
  }
  return whole;
}

// Moves past an accepted frame; gives credit when it is due.
template <MemoryPort P>
inline void RingLink<P>::Take(uint64_t pos, uint64_t frame_bytes, uint64_t next_pos) noexcept {
  if constexpr (!P::kOrderedStores) {
    // I2: an old payload must never pass for a head, so every granule is cleared before its credit
    // goes back.
    for (uint64_t at = pos; at < pos + frame_bytes; at += kGranuleBytes) {
      StoreShared(WordAt(port_.ring() + (at & receive_.mask)), 0, std::memory_order_relaxed);
    }
  }
  receive_.read_pos = next_pos;
  receive_.expected_seq = NextSeq(receive_.expected_seq);
  if (next_pos >= receive_.credit_due_pos) [[unlikely]]
    GiveCredit();
}

// PAD and CTRL, and every head that no honest peer writes.
template <MemoryPort P>
[[gnu::noinline]] typename RingLink<P>::Look RingLink<P>::LookAtUnusual(const std::byte* frame,
                                                                        uint64_t word) noexcept {
  const FrameHead head = UnpackHead(word);
  const uint64_t pos = receive_.read_pos;
  if (head.type == kFrameTypePad && head.len == 0 && head.flags == 0) {
    if (!FrameIsWhole(frame, kGranuleBytes, word)) return Look::kNothing;
    Take(pos, kGranuleBytes, (pos | receive_.mask) + 1);
    return Look::kAgain;
  }
  if (head.type == kFrameTypeControl && head.len == kControlPayloadBytes && head.flags == 0) {
    if (!FrameIsWhole(frame, kGranuleBytes, word)) return Look::kNothing;
    ControlKind kind;
    __builtin_memcpy(&kind, receive_.copy + kFrameHeadBytes, sizeof(kind));
    if (kind == ControlKind::kClose) {
      Take(pos, kGranuleBytes, pos + kGranuleBytes);
      End(LinkState::kClosed, CloseReason::kPeerClosed);
      return Look::kNothing;
    }
  }
  // The head is complete (bytes of it that have not arrived are zero, and could only make it
  // smaller).
  if constexpr (!P::kOrderedStores) {
    // ... except that a PAD's or CTRL's own bytes may still be on their way.
    if (head.type >= kFirstReservedFrameType && head.len < kControlPayloadBytes &&
        head.flags == 0 && (head.type == kFrameTypePad || head.type == kFrameTypeControl)) {
      ++counters_.frames_torn;
      receive_.torn_pos = receive_.read_pos;
      return Look::kNothing;
    }
  }
  ++counters_.frames_refused;
  End(LinkState::kClosed, CloseReason::kPeerViolated);
  return Look::kNothing;
}

template <MemoryPort P>
template <RecordSink S>
inline uint32_t RingLink<P>::Poll(S&& sink, uint32_t budget) noexcept {
  constexpr uint32_t kPadsPerPollMax = 2;
  uint32_t pads = 0;
  uint32_t count = 0;
  while (count < budget && receive_.open) {
    const uint64_t pos = receive_.read_pos;
    const uint64_t offset = pos & receive_.mask;
    const std::byte* const frame = receive_.ring + offset;
    // Pairs with the release stores in Commit() and Flush(); on other ports with nothing: the copy
    // is checked.
    const uint64_t word = LoadShared(WordAt(frame), std::memory_order_acquire);
    if (HeadSeq(word) != receive_.expected_seq) break;  // not there yet
    const FrameHead head = UnpackHead(word);
    const uint64_t frame_bytes = FrameBytes(head.len);
    if (head.type >= kFirstReservedFrameType || (head.flags & ~kFrameFlagsKnown) != 0 ||
        head.len > receive_.payload_bytes_max || offset + frame_bytes > receive_.mask + 1)
        [[unlikely]] {
      // One PAD per lap and a lap per call: a peer that writes PADs for ever must not hold this
      // loop.
      if (LookAtUnusual(frame, word) == Look::kAgain && ++pads < kPadsPerPollMax) continue;
      break;
    }
    if (!FrameIsWhole(frame, frame_bytes, word)) [[unlikely]]
      break;
    if (head.flags & kFrameWantCredit) [[unlikely]]
      receive_.credit_due_pos = 0;
    Take(pos, frame_bytes, pos + frame_bytes);
    ++counters_.frames_received;
    counters_.payload_bytes_received += head.len;
    ++count;
    sink(Record{head.type, {receive_.copy + kFrameHeadBytes, head.len}});
  }
  if constexpr (!P::kOrderedStores) {
    if (send_.flush_wanted) [[unlikely]]
      PostPending(kDataWritesMax);
  }
  return count;
}

}  // namespace ringway
