// The slow path of RingLink: set-up, credit, state lines, heartbeats and liveness of the peer. Runs
// once a millisecond or once per quarter ring.
//
// Included by ring_link.h only.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/probe.h"
#include "transport/ring_link.h"

namespace ringway {

// Frames and state lines of another link, or of an earlier epoch of this one, fail the CRC.
inline uint32_t CrcSeedOf(const LinkIdentity& identity) noexcept {
  uint32_t seed = Crc32c(0, std::as_bytes(std::span(&identity.peer_key, 1)));
  seed = Crc32c(seed, std::as_bytes(std::span(&identity.epoch, 1)));
  seed = Crc32c(seed, identity.nonces.client);
  return Crc32c(seed, identity.nonces.listener);
}

inline LivenessLimits LimitsOf(const LinkOptions& options,
                               int64_t peer_heartbeat_interval_ns) noexcept {
  const int64_t suspect_after_ns = peer_heartbeat_interval_ns * options.suspect_after_missed;
  return {.heartbeat_ns = options.heartbeat_interval_ns,
          .suspect_after_ns = suspect_after_ns,
          .dead_after_ns = std::max(options.dead_after_ns, suspect_after_ns)};
}

template <MemoryPort P>
RingLink<P>::RingLink(P port, const LinkOptions& options, const LinkIdentity& identity,
                      int64_t peer_heartbeat_interval_ns)
    : port_(std::move(port)),
      options_(options),
      identity_(identity),
      life_(LimitsOf(options, peer_heartbeat_interval_ns)) {
  const uint64_t ring_bytes = options.ring_bytes;
  RINGWAY_CHECK(ring_bytes == port_.ring_bytes(), "port and options disagree on the ring");
  RINGWAY_CHECK(
      ring_bytes >= kRingBytesMin && ring_bytes <= kRingBytesMax && std::has_single_bit(ring_bytes),
      "ring size");
  RINGWAY_CHECK(options.payload_bytes_max <= PayloadBytesMaxOf(options.ring_bytes),
                "payload limit");
  RINGWAY_CHECK(options.first_seq != 0, "sequence numbers skip 0");

  const bool crc = options.crc || !P::kOrderedStores;
  const uint32_t crc_seed = CrcSeedOf(identity);
  send_.mirror = port_.mirror();
  send_.mask = static_cast<uint32_t>(ring_bytes - 1);
  send_.peer_state = port_.peer_state();
  send_.next_seq = options.first_seq;
  send_.payload_bytes_max = options.payload_bytes_max;
  send_.crc = crc;
  send_.crc_seed = crc_seed;
  if constexpr (P::kOrderedStores) {
    interior_memory_ = LinkMemory::TakeArray<bool>(ring_bytes / kGranuleBytes);
    send_.interior = interior_memory_.get();
  }
  send_.want_credit_pos = ring_bytes - ring_bytes / 4;

  const uint64_t copy_bytes = FrameBytes(options.payload_bytes_max) + kWriterSpacingBytes;
  copy_memory_ = LinkMemory::TakeArray<std::byte>(copy_bytes);
  receive_.ring = port_.ring();
  receive_.mask = static_cast<uint32_t>(ring_bytes - 1);
  receive_.credit_due_pos = ring_bytes / 4;
  receive_.copy = copy_memory_.get();
  receive_.expected_seq = options.first_seq;
  receive_.payload_bytes_max = options.payload_bytes_max;
  receive_.crc = crc;
  constexpr uint32_t kPlainLenEnd = kGranuleBytes - kFrameOverheadBytes + 1;
  receive_.plain_len_end = crc ? 0 : std::min(kPlainLenEnd, options.payload_bytes_max + 1);
  receive_.crc_seed = crc_seed;

  caps_.ring_bytes = options.ring_bytes;
  caps_.payload_bytes_max = options.payload_bytes_max;
  caps_.gather_frames_max = kGatherFramesMax;
  caps_.ordered_stores = P::kOrderedStores;
  caps_.crc = crc;
  port_.Describe(caps_);

  own_line_.epoch = identity.epoch;
  own_line_.next_seq = options.first_seq;
  UpdateClaimLimit();
  SendState();
}

template <MemoryPort P>
const LinkCounters& RingLink<P>::counters() const noexcept {
  // Computed here instead of counted per message.
  counters_.frames_sent = LongSeqDistance(options_.first_seq, send_.next_seq) - own_frames_sent_;
  counters_.frames_received =
      LongSeqDistance(options_.first_seq, receive_.expected_seq) - own_frames_received_;
  if constexpr (P::kOrderedStores) {
    // A write is a publishing store: one per frame that was not gathered, and one per batch.
    const uint64_t alone = counters_.frames_sent - frames_gathered_ - send_.gathered;
    counters_.writes_posted = alone + batches_published_;
    counters_.bytes_posted = send_.write_pos - skipped_bytes_;
  }
  return counters_;
}

template <MemoryPort P>
[[gnu::noinline]] void RingLink<P>::GiveCredit() noexcept {
  receive_.credit_due_pos = receive_.read_pos + options_.ring_bytes / 4;
  RINGWAY_PROBE(link_credit_due);
  if constexpr (P::kOrderedStores) {
    SendState();
    WakeIfSleeping();
  } else {
    WakeIfSleeping();  // by the state line itself
    SendState();
  }
  RINGWAY_PROBE(link_credit_given);
}

// Publishes own_line_. On ordered ports word by word; `consumed` last, because only its order
// matters.
template <MemoryPort P>
void RingLink<P>::SendState() noexcept {
  own_line_.consumed = receive_.read_pos;
  own_line_.next_seq = receive_.expected_seq;
  if constexpr (P::kOrderedStores) {
    StateLine& line = *port_.own_state();
    StoreShared(line.next_seq, own_line_.next_seq, std::memory_order_relaxed);
    StoreShared(line.heartbeat, own_line_.heartbeat, std::memory_order_relaxed);
    StoreShared(line.epoch, own_line_.epoch, std::memory_order_relaxed);
    StoreShared(line.t_ns, own_line_.t_ns, std::memory_order_relaxed);
    StoreShared(line.arm_gen, own_line_.arm_gen, std::memory_order_relaxed);
    // Release: a reader that sees the flag sees its arm_gen. Pairs with WakeIfSleeping() and
    // ReadPeerState().
    StoreShared(line.flags, own_line_.flags, std::memory_order_release);
    // Release: the copies from the ring are done. Pairs with the acquire load in ReadPeerState().
    StoreShared(line.consumed, own_line_.consumed, std::memory_order_release);
    ++counters_.state_lines_sent;
  } else {
    state_due_ = true;
    constexpr uint32_t kWrites = kDataWritesMax + kPadWritesMax + kStateWritesMax;
    if (send_.writes_posted - send_.writes_completed >= kWrites) {
      Reap();
      if (send_.writes_posted - send_.writes_completed >= kWrites)
        return;  // Maintain() tries again
    }
    state_due_ = false;
    own_line_.crc = StateLineCrc(send_.crc_seed, own_line_);
    const uint64_t number = send_.writes_posted++;
    end_pos_of_write_[number % kWritesMax] = send_.posted_pos;
    const bool signalled = (number + 1) % kSignalEveryWrites == 0;
    if (signalled) send_.signalled_pos = send_.posted_pos;
    ++counters_.state_lines_sent;
    ++counters_.writes_posted;
    counters_.bytes_posted += sizeof(StateLine);
    const WriteFlags flags{signalled, std::exchange(send_.wake_next, false)};
    if (!port_.WriteState(own_line_, flags)) PeerIsGone(CloseReason::kPeerDead);
  }
}

template <MemoryPort P>
void RingLink<P>::SetStateFlags(uint32_t flags) noexcept {
  own_line_.flags = flags;
  SendState();
}

template <MemoryPort P>
bool RingLink<P>::ArmWake() noexcept {
  if (!IsUp()) return true;  // nothing more will arrive
  if constexpr (!P::kOrderedStores) {
    // In this order: a wake-up from before the port was armed is counted, one from after it makes
    // the descriptor readable.
    port_.ArmWake();
    Reap();
    NoteWakes();
  }
  if ((own_line_.flags & kStateSleeping) == 0) {
    ++own_line_.arm_gen;
    SetStateFlags(own_line_.flags | kStateSleeping);
  }
  if constexpr (P::kOrderedStores) {
    return port_.wake_is_certain();
  } else {
    // The peer's writes wake this side once the peer has seen the flag, which it acknowledges; what
    // it wrote before that acknowledgement is in the ring already.
    ReadPeerState();
    return port_.wake_is_certain() && peer_arm_ack_ == own_line_.arm_gen;
  }
}

template <MemoryPort P>
void RingLink<P>::DisarmWake() noexcept {
  if ((own_line_.flags & kStateSleeping) == 0) return;
  if constexpr (P::kOrderedStores) SetStateFlags(own_line_.flags & ~kStateSleeping);
  port_.DrainWake();
  if constexpr (!P::kOrderedStores) {
    Reap();
    NoteWakes();
  }
}

// The peer answers each wake-up request once; after that the next sleep needs a new request. Until
// then an open request costs nothing, and makes the next sleep certain at once.
template <MemoryPort P>
void RingLink<P>::NoteWakes() noexcept {
  if constexpr (!P::kOrderedStores) {
    const uint64_t wakes = port_.WakesReceived();
    if (wakes == wakes_noted_) return;
    wakes_noted_ = wakes;
    own_line_.flags &= ~kStateSleeping;  // sent with the next state line
  }
}

template <MemoryPort P>
uint64_t RingLink<P>::CreditLimit() const noexcept {
  uint64_t free_from = send_.credit_pos;
  if constexpr (!P::kOrderedStores) free_from = std::min(free_from, send_.completed_pos);
  // One granule for the cleared head behind the last frame, one for the closing frame.
  return free_from + send_.mask + 1 - 2 * kGranuleBytes;
}

template <MemoryPort P>
void RingLink<P>::UpdateClaimLimit() noexcept {
  if (send_status_ != SendStatus::kOk) {
    send_.claim_limit = 0;
    return;
  }
  const uint64_t lap_end = (send_.write_pos | send_.mask) + 1;
  send_.claim_limit = std::min({lap_end, CreditLimit(), send_.want_credit_pos});
}

template <MemoryPort P>
uint64_t RingLink<P>::PublishedPos() const noexcept {
  if constexpr (P::kOrderedStores) {
    return send_.gathered != 0 ? send_.withheld_pos : send_.write_pos;
  } else {
    return send_.posted_pos;
  }
}

template <MemoryPort P>
void RingLink<P>::TakeCredit(uint64_t consumed) noexcept {
  if (consumed == send_.credit_pos) return;
  if (consumed < send_.credit_pos || consumed > PublishedPos() || consumed % kGranuleBytes != 0) {
    End(CloseReason::kPeerViolated);
    return;
  }
  send_.credit_pos = consumed;
  send_.want_credit_pos = consumed + send_.mask + 1 - (send_.mask + 1) / 4;
  UpdateClaimLimit();
}

template <MemoryPort P>
void RingLink<P>::TakePeerFlags(uint32_t flags) noexcept {
  if (flags & kStateClosed) PeerIsGone(CloseReason::kPeerClosed);
}

template <MemoryPort P>
void RingLink<P>::ReadPeerState() noexcept {
  if (!IsUp()) return;
  StateLine line;
  const StateLine& shared = *send_.peer_state;
  if constexpr (P::kOrderedStores) {
    line.epoch = LoadShared(shared.epoch, std::memory_order_relaxed);
    if (line.epoch == 0) return;  // the peer is still setting up
    line.heartbeat = LoadShared(shared.heartbeat, std::memory_order_relaxed);
    // Pairs with the release stores in SendState().
    line.flags = LoadShared(shared.flags, std::memory_order_acquire);
    line.consumed = LoadShared(shared.consumed, std::memory_order_acquire);
  } else {
    const std::byte* const from = reinterpret_cast<const std::byte*>(&shared);
    uint64_t words[sizeof(StateLine) / sizeof(uint64_t)];
    for (std::size_t i = 0; i < std::size(words); ++i) {
      words[i] = LoadShared(WordAt(from + i * sizeof(uint64_t)), std::memory_order_acquire);
    }
    std::memcpy(&line, words, sizeof(line));
    if (line.epoch == 0 || line.crc != StateLineCrc(send_.crc_seed, line))
      return;  // arriving: look again
    peer_arm_ack_ = line.arm_ack;
    if (line.arm_gen != own_line_.arm_ack) {
      own_line_.arm_ack = line.arm_gen;
      state_due_ = true;
    }
  }
  if (line.epoch != identity_.epoch) {
    End(CloseReason::kPeerViolated);
    return;
  }
  peer_heartbeat_ = line.heartbeat;
  TakeCredit(line.consumed);
  TakePeerFlags(line.flags);
}

// A head is present that Poll() has not found torn: something is still to be delivered.
template <MemoryPort P>
bool RingLink<P>::FrameIsWaiting() const noexcept {
  if (receive_.torn_pos == receive_.read_pos) return false;
  // Pairs with the release stores in Commit() and Flush().
  const std::byte* const frame = receive_.ring + (receive_.read_pos & receive_.mask);
  const uint64_t word = LoadShared(WordAt(frame), std::memory_order_acquire);
  return HeadSeq(word) == static_cast<uint32_t>(receive_.expected_seq);
}

// Nothing is sent from here on; frames in the ring are still delivered before the link ends.
template <MemoryPort P>
void RingLink<P>::PeerIsGone(CloseReason reason) noexcept {
  if (peer_gone_) return;
  peer_gone_ = true;
  gone_reason_ = reason;
  send_status_ = SendStatus::kClosed;
  send_.claim_limit = 0;
  send_.claim = kNoClaim;
  receive_.torn_pos = UINT64_MAX;  // the torn frame may be whole by now: Poll() must look again
}

template <MemoryPort P>
void RingLink<P>::JudgeTorn(int64_t now_ns) noexcept {
  if (receive_.torn_pos != receive_.read_pos) return;
  if (torn_judged_pos_ != receive_.read_pos) {
    torn_judged_pos_ = receive_.read_pos;
    torn_since_ns_ = now_ns;
  } else if (now_ns - torn_since_ns_ > options_.torn_limit_ns) {
    ++counters_.frames_refused;
    End(CloseReason::kPeerViolated);
  }
}

template <MemoryPort P>
void RingLink<P>::JudgeLife(int64_t now_ns) noexcept {
  if (!peer_gone_ && now_ns - last_peer_check_ns_ >= options_.peer_check_interval_ns) {
    last_peer_check_ns_ = now_ns;
    if (port_.PeerGone()) PeerIsGone(CloseReason::kPeerDead);
  }
  const Life life = life_.Judge(now_ns);
  if (life == Life::kDead) PeerIsGone(CloseReason::kPeerDead);
  state_ = peer_gone_ || life != Life::kAlive ? LinkState::kSuspect : LinkState::kLive;
  if (peer_gone_) {
    if (gone_since_ns_ == INT64_MIN) gone_since_ns_ = now_ns;
    // A device that does not answer must not keep the link open for ever.
    const bool final = CutOff() || now_ns - gone_since_ns_ > kSeverLimitNs;
    // What the peer had committed is delivered first.
    if (final && !FrameIsWaiting()) End(gone_reason_);
  }
}

template <MemoryPort P>
LinkState RingLink<P>::Maintain(int64_t now_ns) noexcept {
  if (!IsUp()) return state_;
  life_.Turn(now_ns);
  if (life_.HeartbeatDue(now_ns) || state_due_) {
    life_.Sent(now_ns);
    ++own_line_.heartbeat;
    own_line_.t_ns = static_cast<uint64_t>(now_ns);
    SendState();
  }
  if constexpr (!P::kOrderedStores) {
    Reap();
    if (send_.flush_wanted) PostPending(kDataWritesMax);
  }
  const uint64_t heartbeat_before = peer_heartbeat_;
  ReadPeerState();
  if (peer_heartbeat_ != heartbeat_before) life_.Heard(now_ns);
  if (IsUp()) JudgeTorn(now_ns);
  if (IsUp()) JudgeLife(now_ns);
  return state_;
}

}  // namespace ringway
