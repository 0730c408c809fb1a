// The receiving datapath of RingLink: look at a frame, copy, check and deliver it.
//
// Included by ring_link.h only. The fast path is Poll(); what it calls behind [[unlikely]] is out
// of line.
#pragma once

#include "base/probe.h"
#include "transport/ring_link.h"

namespace ringway {

// Copies the frame to private memory, a granule at a time with a constant size: vector moves, no
// call. Returns the copy's last word.
template <MemoryPort P>
[[gnu::always_inline]] inline uint64_t RingLink<P>::CopyFrame(const std::byte* frame,
                                                              uint64_t frame_bytes) noexcept {
  RINGWAY_PROBE(link_seen);
  std::byte* const copy = receive_.copy;
  for (uint64_t at = 0; at < frame_bytes; at += kGranuleBytes) {
    __builtin_memcpy(copy + at, frame + at, kGranuleBytes);
  }
  // From here on the compiler must not read the ring in place of the copy: the peer may be changing
  // it.
  asm volatile("" : : "r"(copy), "r"(frame) : "memory");
  RINGWAY_PROBE(link_copied);
  uint64_t tail_word;
  __builtin_memcpy(&tail_word, copy + frame_bytes - kFrameTailBytes, sizeof(tail_word));
  return tail_word;
}

// Whether the copy, which ends in tail_word, is the whole frame whose head was seen. If not, try
// again later.
template <MemoryPort P>
[[gnu::always_inline]] inline bool RingLink<P>::CopyIsWhole(uint64_t frame_bytes, uint64_t head,
                                                            uint64_t tail_word) noexcept {
  const std::byte* const copy = receive_.copy;
  const FrameTail tail = UnpackTail(tail_word);
  bool whole = tail.seq == HeadSeq(head);
  if constexpr (!P::kOrderedStores) {
    // The head's other bytes may have arrived between the look and the copy.
    uint64_t copied_head;
    __builtin_memcpy(&copied_head, copy, sizeof(copied_head));
    whole = whole && copied_head == head;
  }
  if (receive_.crc && whole) {
    whole = tail.crc == Crc32c(receive_.crc_seed, {copy, frame_bytes - kFrameTailBytes});
  }
  if (!whole) [[unlikely]]
    SeenTorn();
  return whole;
}

template <MemoryPort P>
[[gnu::noinline, gnu::cold]] void RingLink<P>::SeenTorn() noexcept {
  ++counters_.frames_torn;
  receive_.torn_pos = receive_.read_pos;
}

template <MemoryPort P>
bool RingLink<P>::FrameIsWhole(const std::byte* frame, uint64_t frame_bytes,
                               uint64_t head) noexcept {
  const uint64_t tail_word = CopyFrame(frame, frame_bytes);
  return CopyIsWhole(frame_bytes, head, tail_word);
}

// I2 on ports where the sender cannot ensure it: an old payload must never pass for a head, so
// every granule is cleared before its credit goes back.
template <MemoryPort P>
inline void RingLink<P>::ClearGranules(uint64_t pos, uint64_t frame_bytes) noexcept {
  if constexpr (!P::kOrderedStores) {
    for (uint64_t at = pos; at < pos + frame_bytes; at += kGranuleBytes) {
      StoreShared(WordAt(port_.ring() + (at & receive_.mask)), 0, std::memory_order_relaxed);
    }
  }
}

// Moves past one of the link's own frames.
template <MemoryPort P>
inline void RingLink<P>::Take(uint64_t pos, uint64_t frame_bytes, uint64_t next_pos) noexcept {
  ClearGranules(pos, frame_bytes);
  receive_.read_pos = next_pos;
  receive_.expected_seq = NextLongSeq(receive_.expected_seq);
  if (next_pos >= receive_.credit_due_pos) [[unlikely]]
    GiveCredit();
}

// Handles PAD and CTRL, and every head that no honest peer writes.
template <MemoryPort P>
[[gnu::noinline]] void RingLink<P>::LookAtUnusual(const std::byte* frame, uint64_t word) noexcept {
  const FrameHead head = UnpackHead(word);
  const uint64_t pos = receive_.read_pos;
  if (head.type == kFrameTypePad && head.len == 0 && head.flags == 0) {
    if (!FrameIsWhole(frame, kGranuleBytes, word)) return;
    ++own_frames_received_;
    Take(pos, kGranuleBytes, (pos | receive_.mask) + 1);
    return;
  }
  if (head.type == kFrameTypeControl && head.len == kControlPayloadBytes && head.flags == 0) {
    if (!FrameIsWhole(frame, kGranuleBytes, word)) return;
    uint64_t control;
    __builtin_memcpy(&control, receive_.copy + kFrameHeadBytes, sizeof(control));
    if (IsClose(control)) {
      peer_close_code_ = ControlCode(control);
      ++own_frames_received_;
      Take(pos, kGranuleBytes, pos + kGranuleBytes);
      End(CloseReason::kPeerClosed);
      return;
    }
  }
  // The head is complete (missing bytes are zero, and could only make it smaller).
  if constexpr (!P::kOrderedStores) {
    // ... except that a PAD's or CTRL's own bytes may still be on their way.
    if (head.type >= kFirstReservedFrameType && head.len < kControlPayloadBytes &&
        head.flags == 0 && (head.type == kFrameTypePad || head.type == kFrameTypeControl)) {
      ++counters_.frames_torn;
      receive_.torn_pos = receive_.read_pos;
      return;
    }
  }
  ++counters_.frames_refused;
  End(CloseReason::kPeerViolated);
}

// Handles every frame but the plain ones: copies and checks it. Returns where the next one starts,
// or 0 if there is nothing to deliver: it is not whole, it was the link's own, or the link has
// ended.
template <MemoryPort P>
inline uint64_t RingLink<P>::TakeOther(const std::byte* frame, uint64_t pos,
                                       uint64_t word) noexcept {
  const FrameHead head = UnpackHead(word);
  const uint64_t frame_bytes = FrameBytes(head.len);
  const uint64_t offset = pos & receive_.mask;
  if (head.type >= kFirstReservedFrameType || (head.flags & ~kFrameFlagsKnown) != 0 ||
      head.len > receive_.payload_bytes_max || offset + frame_bytes > uint64_t{receive_.mask} + 1)
      [[unlikely]] {
    LookAtUnusual(frame, word);
    return 0;
  }
  uint64_t next;
  uint64_t tail_word;
  switch (frame_bytes / kGranuleBytes) {
    case 2:
      tail_word = CopyFrame(frame, 2 * kGranuleBytes);
      next = pos + 2 * kGranuleBytes;
      break;
    case 4:
      tail_word = CopyFrame(frame, 4 * kGranuleBytes);
      next = pos + 4 * kGranuleBytes;
      break;
    default:
      tail_word = CopyFrame(frame, frame_bytes);
      next = pos + frame_bytes;
      break;
  }
  if (!CopyIsWhole(frame_bytes, word, tail_word)) [[unlikely]]
    return 0;
  ClearGranules(pos, frame_bytes);
  if (head.flags & kFrameWantCredit) [[unlikely]]
    receive_.credit_due_pos = 0;
  return next;
}

template <MemoryPort P>
inline uint32_t RingLink<P>::PollFrames(auto& sink, uint32_t budget) noexcept {
  // One PAD per lap and a lap per call: a peer that writes PADs for ever must not hold up this
  // loop.
  constexpr uint32_t kPadsPerPollMax = 2;
  uint32_t pads = 0;
  uint32_t count = 0;
  uint64_t pos = receive_.read_pos;
  uint64_t seq = receive_.expected_seq;
  while (count < budget) {
    // Re-reads ring and mask: the sink may have closed the link.
    const std::byte* const frame = receive_.ring + (pos & receive_.mask);
    // Pairs with the release stores in Commit() and Flush(); on other ports with nothing, since the
    // copy is checked.
    const uint64_t word = LoadShared(WordAt(frame), std::memory_order_acquire);
    if (HeadSeq(word) != static_cast<uint32_t>(seq)) break;  // not there yet
    const FrameHead head = UnpackHead(word);
    // Each common size has its own branch and constants: if the next position were computed from
    // this head, every frame would wait for its predecessor to cross from the peer's cache.
    uint64_t next;
    if (P::kOrderedStores && (word >> 48) < kFirstReservedFrameType &&
        head.len < receive_.plain_len_end) [[likely]] {
      // Plain: one granule, no flag, no CRC. It cannot be too long or cross the end.
      if (UnpackTail(CopyFrame(frame, kGranuleBytes)).seq != HeadSeq(word)) [[unlikely]] {
        SeenTorn();
        break;
      }
      next = pos + kGranuleBytes;
    } else {
      next = TakeOther(frame, pos, word);
      if (next == 0) [[unlikely]] {
        if (receive_.read_pos == pos || ++pads >= kPadsPerPollMax) break;
        pos = receive_.read_pos;
        seq = receive_.expected_seq;
        continue;
      }
    }
    pos = next;
    seq = NextLongSeq(seq);
    receive_.read_pos = pos;
    receive_.expected_seq = seq;
    if (pos >= receive_.credit_due_pos) [[unlikely]]
      GiveCredit();
    if (!HandOver(sink, Record{head.type, {receive_.copy + kFrameHeadBytes, head.len}}))
        [[unlikely]] {
      receive_.held = IsUp();  // the sink may have closed the link
      receive_.held_type = head.type;
      receive_.held_bytes = head.len;
      break;
    }
    ++count;
  }
  return count;
}

// Offers the record that the sink refused. Returns whether it was taken.
template <MemoryPort P>
[[gnu::noinline, gnu::cold]] uint32_t RingLink<P>::OfferHeld(auto& sink, uint32_t budget) noexcept {
  const Record held{receive_.held_type, {receive_.copy + kFrameHeadBytes, receive_.held_bytes}};
  if (budget == 0 || !HandOver(sink, held)) return 0;
  receive_.held = false;
  return 1;
}

template <MemoryPort P>
inline ArrivalSign RingLink<P>::Arrival() const noexcept {
  static_assert(offsetof(FrameHead, seq) == 0);
  if (receive_.held) return {};
  if constexpr (!P::kOrderedStores) {
    if (send_.flush_wanted) return {};  // Poll() posts it
  }
  return {receive_.ring + (receive_.read_pos & receive_.mask),
          static_cast<uint32_t>(receive_.expected_seq)};
}

// Only what the head says of the frame's place is checked: nothing beyond the ring is read.
template <MemoryPort P>
inline Record RingLink<P>::Peek() const noexcept {
  const uint64_t offset = receive_.read_pos & receive_.mask;
  const std::byte* const frame = receive_.ring + offset;
  // Pairs with the release stores in Commit() and Flush().
  const uint64_t word = LoadShared(WordAt(frame), std::memory_order_acquire);
  const FrameHead head = UnpackHead(word);
  if (HeadSeq(word) != static_cast<uint32_t>(receive_.expected_seq) ||
      head.type >= kFirstReservedFrameType || head.len > receive_.payload_bytes_max ||
      offset + FrameBytes(head.len) > uint64_t{receive_.mask} + 1) {
    return {};
  }
  return {head.type, {frame + kFrameHeadBytes, head.len}};
}

template <MemoryPort P>
template <RecordSink S>
inline uint32_t RingLink<P>::Poll(S&& sink, uint32_t budget) noexcept {
  uint32_t count = 0;
  if constexpr (SinkMayRefuse<S>) {
    if (receive_.held) [[unlikely]] {
      count = OfferHeld(sink, budget);
      budget = receive_.held ? 0 : budget - count;
    }
  }
  // Most polls find nothing: a load and a comparison. PollFrames() acquires.
  const std::byte* const frame = receive_.ring + (receive_.read_pos & receive_.mask);
  const uint64_t word = LoadShared(WordAt(frame), std::memory_order_relaxed);
  if (HeadSeq(word) == static_cast<uint32_t>(receive_.expected_seq)) {
    count += PollFrames(sink, budget);
  }
  if constexpr (!P::kOrderedStores) {
    if (send_.flush_wanted) [[unlikely]]
      PostPending(kDataWritesMax);
  }
  return count;
}

}  // namespace ringway
