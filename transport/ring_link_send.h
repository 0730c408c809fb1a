// The sending datapath of RingLink: claim, fill, commit and publish one message.
//
// Included by ring_link.h only. Fast paths are TryClaim() and Commit(); what they call behind
// [[unlikely]] is out of line.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/probe.h"
#include "transport/ring_link.h"

namespace ringway {

template <MemoryPort P>
inline Claim RingLink<P>::MakeClaim(uint32_t payload_bytes, uint8_t flags) noexcept {
  send_.claim = PackHead(
      {static_cast<uint32_t>(send_.next_seq), static_cast<uint16_t>(payload_bytes), 0, flags});
  send_.claim_bytes = static_cast<uint32_t>(FrameBytes(payload_bytes));
  if constexpr (P::kOrderedStores) MarkInterior(send_.write_pos, payload_bytes);
  RINGWAY_PROBE(link_claimed);
  std::byte* const payload = send_.mirror + (send_.write_pos & send_.mask) + kFrameHeadBytes;
  return Claim{payload, payload_bytes, SendStatus::kOk};
}

template <MemoryPort P>
[[gnu::always_inline]] inline Claim RingLink<P>::TryClaim(uint32_t payload_bytes) noexcept {
  if (send_.write_pos + FrameBytes(payload_bytes) > send_.claim_limit ||
      payload_bytes > send_.payload_bytes_max) [[unlikely]] {
    return TryClaimSlow(payload_bytes);
  }
  return MakeClaim(payload_bytes, 0);
}

template <MemoryPort P>
[[gnu::noinline]] Claim RingLink<P>::TryClaimSlow(uint32_t payload_bytes) noexcept {
  send_.claim = kNoClaim;
  if (send_status_ != SendStatus::kOk) return Claim::Refused(send_status_);
  if (payload_bytes > send_.payload_bytes_max) return Claim::Refused(SendStatus::kTooLarge);
  const uint64_t frame_bytes = FrameBytes(payload_bytes);
  const uint64_t lap_end = (send_.write_pos | send_.mask) + 1;
  const bool pad = send_.write_pos + frame_bytes > lap_end;
  const uint64_t end = (pad ? lap_end : send_.write_pos) + frame_bytes;
  if (end > CreditLimit() || end > send_.want_credit_pos) {
    ReadPeerState();
    if constexpr (!P::kOrderedStores) Reap();
    if (send_status_ != SendStatus::kOk) return Claim::Refused(send_status_);
  }
  if (end > CreditLimit() || (pad && !PutPad())) {
    Flush();  // gathered frames must be published, or their room would never come back
    ++counters_.back_pressured;
    return Claim::Refused(send_status_ == SendStatus::kOk ? SendStatus::kBackPressured
                                                          : send_status_);
  }
  uint8_t flags = 0;
  if (end > send_.want_credit_pos) {
    flags = kFrameWantCredit;
    send_.want_credit_pos = UINT64_MAX;  // asked once per credit
  }
  UpdateClaimLimit();
  return MakeClaim(payload_bytes, flags);
}

// I2 on ordered ports: where the next frame will start, an interior granule of an older frame may
// begin with any payload. A granule that began with a head still has its old seq, which nobody
// expects, and is left alone, so most frames cost the peer no cache line but their own. Relaxed:
// the release store that publishes (Commit(), Flush()) comes after it.
template <MemoryPort P>
inline void RingLink<P>::ClearHead(uint64_t pos) noexcept {
  const uint64_t offset = pos & send_.mask;
  bool& interior = send_.interior[offset / kGranuleBytes];
  if (!interior) [[likely]]
    return;
  interior = false;
  StoreShared(WordAt(send_.mirror + offset), 0, std::memory_order_relaxed);
}

// Marks the granules after the first that a payload will occupy, even if it is never committed.
template <MemoryPort P>
inline void RingLink<P>::MarkInterior(uint64_t pos, uint32_t payload_bytes) noexcept {
  const uint64_t frame_bytes = FrameBytes(payload_bytes);
  if (frame_bytes == kGranuleBytes) return;
  bool* const second = send_.interior + (pos & send_.mask) / kGranuleBytes + 1;
  if (frame_bytes <= 4 * kGranuleBytes) [[likely]] {
    // The last one first, so that no compiler makes a call of these stores.
    second[frame_bytes / kGranuleBytes - 2] = true;
    second[0] = true;
    second[(frame_bytes / kGranuleBytes - 1) / 2] = true;
    return;
  }
  std::memset(second, true, frame_bytes / kGranuleBytes - 1);
}

template <MemoryPort P>
[[gnu::noinline]] uint32_t RingLink<P>::CrcOf(const std::byte* frame, uint64_t frame_bytes,
                                              uint64_t head) const noexcept {
  const uint32_t crc = Crc32c(send_.crc_seed, std::as_bytes(std::span(&head, 1)));
  return Crc32c(crc, std::span(frame + kFrameHeadBytes, frame + frame_bytes - kFrameTailBytes));
}

// Writes the tail stamp and, if negotiated, the CRC over everything before it.
template <MemoryPort P>
inline void RingLink<P>::FinishFrame(std::byte* frame, uint64_t frame_bytes, uint32_t seq,
                                     uint64_t head) noexcept {
  std::byte* const tail = frame + frame_bytes - kFrameTailBytes;
  uint32_t crc = 0;
  if (send_.crc) crc = CrcOf(frame, frame_bytes, head);
  const uint64_t stamp = PackTail({crc, seq});
  __builtin_memcpy(tail, &stamp, sizeof(stamp));
}

template <MemoryPort P>
inline void RingLink<P>::Withhold(std::byte* frame, uint64_t head) noexcept {
  if (send_.gathered++ == 0) {
    send_.withheld_head = head;
    send_.withheld_pos = send_.write_pos;
  } else {
    // Becomes visible with the withheld head: Poll() acquires that one first.
    StoreShared(WordAt(frame), head, std::memory_order_relaxed);
  }
}

template <MemoryPort P>
[[gnu::noinline, gnu::cold]] SendStatus RingLink<P>::CommitWithoutClaim() const noexcept {
  RINGWAY_CHECK(send_status_ != SendStatus::kOk, "Commit() without a claim");
  return send_status_;  // the link ended between claim and commit
}

template <MemoryPort P>
[[gnu::always_inline]] inline SendStatus RingLink<P>::Commit(uint8_t type,
                                                             Publish publish) noexcept {
  const uint64_t claim = send_.claim;
  const uint32_t seq = static_cast<uint32_t>(send_.next_seq);
  if (HeadSeq(claim) != seq) [[unlikely]]
    return CommitWithoutClaim();
  RINGWAY_CHECK(type < kFirstReservedFrameType, "types from 240 belong to the link");
  const uint64_t frame_bytes = send_.claim_bytes;
  const uint64_t pos = send_.write_pos;
  const uint64_t end = pos + frame_bytes;
  std::byte* const frame = send_.mirror + (pos & send_.mask);
  const uint64_t head = claim | PackHead({0, 0, type, 0});
  FinishFrame(frame, frame_bytes, seq, head);
  RINGWAY_PROBE(link_filled);

  if constexpr (P::kOrderedStores) {
    ClearHead(end);
    if (publish == Publish::kGather || send_.gathered != 0) {
      return CommitGathered(frame, frame_bytes, head, publish);
    }
    // Pairs with the acquire load in Poll().
    StoreShared(WordAt(frame), head, std::memory_order_release);
    RINGWAY_PROBE(link_published);
    send_.write_pos = end;
    send_.next_seq = NextLongSeq(send_.next_seq);
    WakeIfSleeping();
    return SendStatus::kOk;
  } else {
    StoreShared(WordAt(frame), head, std::memory_order_relaxed);
    send_.write_pos = end;
    send_.next_seq = NextLongSeq(send_.next_seq);
    if (++send_.gathered >= kGatherFramesMax || publish == Publish::kNow) {
      Flush();
      return send_status_;
    }
    return SendStatus::kOk;
  }
}

// Takes the lines of later frames away from the reader's core before they are filled: a store
// buffer alone waits for few of them at a time. Only while frames are gathered, since the reader
// polls the line of a frame that is published alone; and only where there is credit, since
// further on it still reads.
template <MemoryPort P>
[[gnu::noinline]] void RingLink<P>::PrefetchRing() noexcept {
  const uint64_t begin = send_.write_pos + kPrefetchBytes / 2;
  const uint64_t end = std::min(begin + kPrefetchBytes / 2, send_.claim_limit);
  for (uint64_t at = begin; at < end; at += kGranuleBytes) {
    PrefetchForWrite(send_.mirror + (at & send_.mask));
  }
  send_.prefetch_pos = send_.write_pos + kPrefetchBytes / 2;
}

// Ordered ports: withholds a frame that is to be published with others.
template <MemoryPort P>
inline SendStatus RingLink<P>::CommitGathered(std::byte* frame, uint64_t frame_bytes, uint64_t head,
                                              Publish publish) noexcept {
  Withhold(frame, head);
  RINGWAY_PROBE(link_gathered);
  send_.write_pos += frame_bytes;
  send_.next_seq = NextLongSeq(send_.next_seq);
  if (send_.write_pos >= send_.prefetch_pos) [[unlikely]]
    PrefetchRing();
  if (send_.gathered >= kGatherFramesMax || publish == Publish::kNow) Flush();
  return SendStatus::kOk;
}

template <MemoryPort P>
[[gnu::noinline]] SendStatus RingLink<P>::Flush() noexcept {
  if constexpr (P::kOrderedStores) {
    if (send_.gathered != 0) {
      // Publishes every gathered frame at once. Pairs with the acquire load in Poll().
      StoreShared(WordAt(send_.mirror + (send_.withheld_pos & send_.mask)), send_.withheld_head,
                  std::memory_order_release);
      RINGWAY_PROBE(link_flushed);
      frames_gathered_ += send_.gathered;
      send_.gathered = 0;
      ++batches_published_;
      WakeIfSleeping();
    }
  } else {
    if (send_.posted_pos != send_.write_pos) PostPending(kDataWritesMax);
  }
  return send_status_;
}

// Fills the ring from write_pos to its end. False: no send slot is free now.
template <MemoryPort P>
[[gnu::noinline]] bool RingLink<P>::PutPad() noexcept {
  if constexpr (!P::kOrderedStores) {
    Reap();
    if (send_.writes_posted - send_.writes_completed >= kDataWritesMax + kPadWritesMax)
      return false;
  }
  const uint32_t seq = static_cast<uint32_t>(send_.next_seq);
  std::byte* const frame = send_.mirror + (send_.write_pos & send_.mask);
  const uint64_t head = PackHead({seq, 0, kFrameTypePad, 0});
  FinishFrame(frame, kGranuleBytes, seq, head);
  send_.next_seq = NextLongSeq(send_.next_seq);
  ++counters_.pads_sent;
  ++own_frames_sent_;
  const uint64_t lap_end = (send_.write_pos | send_.mask) + 1;
  if constexpr (P::kOrderedStores) {
    ClearHead(lap_end);
    RINGWAY_PROBE(link_padded);
    Withhold(frame, head);  // published with the frame that it makes room for
    --frames_gathered_;     // a PAD is not the sender's
    skipped_bytes_ += lap_end - send_.write_pos - kGranuleBytes;
  } else {
    StoreShared(WordAt(frame), head, std::memory_order_relaxed);
    if (!Post(lap_end, send_.write_pos + kGranuleBytes - send_.posted_pos)) return false;
    send_.gathered = 0;
  }
  send_.write_pos = lap_end;
  return true;
}

// Sends the closing frame; its granule and send slot are reserved at all times.
template <MemoryPort P>
[[gnu::noinline]] void RingLink<P>::PutControl(ControlKind kind, uint8_t code) noexcept {
  Flush();
  const uint32_t seq = static_cast<uint32_t>(send_.next_seq);
  std::byte* const frame = send_.mirror + (send_.write_pos & send_.mask);
  const uint64_t control = PackControl(kind, code);
  __builtin_memcpy(frame + kFrameHeadBytes, &control, sizeof(control));
  const uint64_t head = PackHead({seq, kControlPayloadBytes, kFrameTypeControl, 0});
  FinishFrame(frame, kGranuleBytes, seq, head);
  send_.next_seq = NextLongSeq(send_.next_seq);
  ++own_frames_sent_;
  const uint64_t end = send_.write_pos + kGranuleBytes;
  if constexpr (P::kOrderedStores) {
    ClearHead(end);
    // Pairs with the acquire load in Poll().
    StoreShared(WordAt(frame), head, std::memory_order_release);
    send_.write_pos = end;
    ++batches_published_;
    WakeIfSleeping();
  } else {
    StoreShared(WordAt(frame), head, std::memory_order_relaxed);
    send_.write_pos = end;
    PostPending(kDataWritesMax + kPadWritesMax + kStateWritesMax + kControlWritesMax);
  }
}

// Ports without ordered stores: posts the waiting frames, as one write per lap, while fewer than
// `writes_max` writes are outstanding; otherwise they are posted at the next completion.
template <MemoryPort P>
[[gnu::noinline]] void RingLink<P>::PostPending(uint32_t writes_max) noexcept {
  if constexpr (!P::kOrderedStores) {
    while (send_.posted_pos != send_.write_pos) {
      if (send_.writes_posted - send_.writes_completed >= writes_max) {
        Reap();
        if (send_.writes_posted - send_.writes_completed >= writes_max) {
          send_.flush_wanted = true;
          return;
        }
      }
      const uint64_t lap_end = (send_.posted_pos | send_.mask) + 1;
      const uint64_t end = send_.write_pos < lap_end ? send_.write_pos : lap_end;
      if (!Post(end, end - send_.posted_pos)) return;
    }
    send_.flush_wanted = false;
    send_.gathered = 0;
  }
}

// Posts `bytes` from posted_pos as one write and continues at end_pos.
template <MemoryPort P>
bool RingLink<P>::Post(uint64_t end_pos, uint64_t bytes) noexcept {
  if constexpr (!P::kOrderedStores) {
    WakeIfSleeping();
    const uint64_t number = send_.writes_posted++;
    // Also signals every eighth of the ring: a few large frames must not leave a whole lap without
    // a completion.
    const bool signalled =
        (number + 1) % kSignalEveryWrites == 0 || end_pos - send_.signalled_pos > send_.mask / 8;
    if (signalled) send_.signalled_pos = end_pos;
    end_pos_of_write_[number % kWritesMax] = end_pos;
    const uint64_t offset = send_.posted_pos & send_.mask;
    send_.posted_pos = end_pos;
    ++counters_.writes_posted;
    counters_.bytes_posted += bytes;
    const WriteFlags flags{signalled, send_.wake_next};
    send_.wake_next = false;
    if (!port_.Write(offset, static_cast<uint32_t>(bytes), flags)) [[unlikely]] {
      PeerIsGone(CloseReason::kPeerDead);
      return false;
    }
  }
  return true;
}

// Collects the completions of writes.
template <MemoryPort P>
void RingLink<P>::Reap() noexcept {
  if constexpr (!P::kOrderedStores) {
    const uint64_t completed = port_.CompletedWrites();
    if (completed == send_.writes_completed) return;
    RINGWAY_CHECK(completed > send_.writes_completed && completed <= send_.writes_posted,
                  "the port completed writes that were never posted");
    counters_.completions += 1;
    send_.writes_completed = completed;
    send_.completed_pos = end_pos_of_write_[(completed - 1) % kWritesMax];
    UpdateClaimLimit();
  }
}

template <MemoryPort P>
inline void RingLink<P>::WakeIfSleeping() noexcept {
  // Pairs with ArmWake(), which stores the flag, then passes wait.h's barrier, then checks the ring
  // again: either this load sees the flag or that check sees what was just published.
  if (LoadShared(send_.peer_state->flags, std::memory_order_acquire) & kStateSleeping)
      [[unlikely]] {
    WakePeer();
  }
}

// Wakes once per sleep: a wake-up stays pending until the sleeper has seen it.
template <MemoryPort P>
[[gnu::noinline, gnu::cold]] void RingLink<P>::WakePeer() noexcept {
  const uint32_t gen = LoadShared(send_.peer_state->arm_gen, std::memory_order_acquire);
  if (gen == woken_gen_) return;
  woken_gen_ = gen;
  ++counters_.wakes_sent;
  if constexpr (P::kOrderedStores) {
    port_.Wake();
  } else {
    send_.wake_next = true;
  }
}

}  // namespace ringway
