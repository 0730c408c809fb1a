// RingLink makes a Link of two rings in memory: frames, credit, state lines and liveness over any
// MemoryPort.
//
// What must always hold (RING.md draws the bytes):
// - The last frame, a granule for the next head and one for the closing frame never reach further
//   than consumed + ring.
// - The head word behind the last published frame is never payload, so that none passes for a head.
//   Ordered ports: it is an older frame's head, whose seq nobody expects any more, or the sender
//   has cleared it before that frame is published. Others: the receiver clears it before its
//   granule's credit goes back.
// - A frame is judged on a private copy; what is handed up can no longer change.
// - A span of the mirror is written again only when it is consumed and, where writes complete,
//   completed.
// - No frame straddles the ring's end: PAD fills the rest.
//
// The per-message code is in ring_link_send.h and ring_link_receive.h, the rest in
// ring_link_upkeep.h and ring_link_end.h; all are included below.
// Thread rule: one thread per link. Poll() is not called from its own sink; everything else may be.
// Lifetime: owns its port; allocates in the constructor and never again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/born_here.h"
#include "base/cache_line.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/prefetch.h"
#include "transport/frame.h"
#include "transport/link.h"
#include "transport/link_memory.h"
#include "transport/liveness.h"
#include "transport/memory_port.h"
#include "transport/options.h"
#include "transport/state_line.h"

namespace ringway {

// Aligned apart, so that two links of one process on two threads do not share cache lines.
template <MemoryPort P>
class alignas(kWriterSpacingBytes) RingLink {
 public:
  using Port = P;
  static constexpr uint32_t kGatherFramesMax = 64;
  // While frames are gathered, the ring's lines up to here ahead of them are prefetched, half of
  // them at a time.
  static constexpr uint64_t kPrefetchBytes = 16 * kGranuleBytes;

  // `options` are the settled ones: both ends construct with equal ring_bytes, payload_bytes_max,
  // crc and first_seq, and `peer_heartbeat_interval_ns` is what the peer announced. REQUIRES:
  // port.ring_bytes() == options.ring_bytes, within frame.h's bounds; both rings zeroed.
  RingLink(P port, const LinkOptions& options, const LinkIdentity& identity,
           int64_t peer_heartbeat_interval_ns);
  // In a forked child the link belongs to the parent; the child releases it without sending
  // anything.
  ~RingLink() { Close(); }
  static void* operator new(std::size_t bytes) { return LinkMemory::Take(bytes); }
  static void operator delete(void* memory) noexcept { LinkMemory::GiveUp(memory); }
  RingLink(const RingLink&) = delete;
  RingLink& operator=(const RingLink&) = delete;

  // --- Link ---
  Claim TryClaim(uint32_t payload_bytes) noexcept;
  SendStatus Commit(uint8_t type, Publish publish) noexcept;
  SendStatus Flush() noexcept;
  template <RecordSink S>
  uint32_t Poll(S&& sink, uint32_t budget) noexcept;
  ArrivalSign Arrival() const noexcept;
  Record Peek() const noexcept;
  LinkState Maintain(int64_t now_ns) noexcept;
  void Close(uint8_t code = 0) noexcept;
  LinkState state() const noexcept { return state_; }
  CloseReason close_reason() const noexcept { return close_reason_; }
  uint8_t peer_close_code() const noexcept { return peer_close_code_; }
  uint32_t epoch() const noexcept { return identity_.epoch; }
  const Caps& caps() const noexcept { return caps_; }
  const LinkCounters& counters() const noexcept;

  // Drops an uncommitted claim.
  void Abort() noexcept { send_.claim = kNoClaim; }

  // --- Who it belongs to ---
  const LinkIdentity& identity() const noexcept { return identity_; }
  uint64_t peer_key() const noexcept { return identity_.peer_key; }
  const LinkNonces& nonces() const noexcept { return identity_.nonces; }

  // --- Takeover ---
  // Neither side sends any more. True once Poll() finds all that will ever have come; false while
  // the port is still ending the peer's power to write: call it again, or let Maintain() end the
  // link when all is delivered. Where the port cannot stop the peer (shared memory), what comes
  // later is left unread.
  bool Sever() noexcept;

  // --- Sleeping; wait.h drives these ---
  // Asks the peer to make wake_fd() readable with its next publication. True when it is certain to,
  // provided that the caller then passes wait.h's barrier and polls once more before it sleeps;
  // false: sleep only briefly.
  bool ArmWake() noexcept;
  // Drains pending wake-ups from wake_fd() and withdraws the request; on ports without ordered
  // stores the request stands until the peer has answered it, so that the next sleep costs no
  // write.
  void DisarmWake() noexcept;
  int wake_fd() const noexcept { return port_.wake_fd(); }

  // For tests and for counters that only the port knows.
  P& port() noexcept { return port_; }

 private:
  // A claim in progress is its head word without the type. Its seq is the next frame's, so that a
  // claim ends with its commit. This value, whose seq no frame has, means none.
  static constexpr uint64_t kNoClaim = 0;
  // The longest wait for the peer's access to be revoked, before the link ends anyway.
  static constexpr int64_t kSeverLimitNs = kNsPerS;

  // Everything Commit() and TryClaim() touch on every message is in the first line.
  struct alignas(kCacheLineBytes) SendSide {
    std::byte* mirror;
    uint64_t write_pos = 0;    // where the next frame starts; u64, never wraps
    uint64_t claim_limit = 0;  // a frame ending up to here takes the fast path; 0: not sending
    uint64_t claim = kNoClaim;
    const StateLine* peer_state;
    uint64_t next_seq;  // its low half is the next frame's seq
    uint32_t mask;      // ring bytes - 1
    uint32_t payload_bytes_max;
    bool crc;
    uint32_t claim_bytes;  // of the claimed frame
    // -- second line --
    alignas(kCacheLineBytes) uint64_t withheld_head = 0;  // ordered: publishes the gathered frames
    uint64_t withheld_pos = 0;
    uint64_t credit_pos = 0;       // the peer has consumed up to here, as far as known
    uint64_t want_credit_pos = 0;  // the first frame to end behind this asks for credit
    uint64_t prefetch_pos = 0;     // reaching this, a gathered frame asks for the lines to come
    uint32_t gathered = 0;         // frames not published, PADs included
    uint32_t crc_seed;
    bool* interior;  // ordered: of each granule, that it lay inside a frame and begins with payload
    // Ports without ordered stores:
    uint64_t posted_pos = 0;  // frames in [posted_pos, write_pos) wait to be posted
    uint64_t writes_posted = 0;
    uint64_t writes_completed = 0;
    uint64_t completed_pos = 0;  // the port has done with the mirror up to here
    uint64_t signalled_pos = 0;  // up to here a completion was asked for
    bool flush_wanted = false;   // post at the next completion
    bool wake_next = false;      // the next write wakes the peer
  };

  // What a closed receiving half polls: no frame ever arrives here.
  alignas(kGranuleBytes) static constexpr std::byte kNothing[kGranuleBytes] = {};

  // Everything Poll() touches on every message is in the first line.
  struct alignas(kCacheLineBytes) ReceiveSide {
    const std::byte* ring;
    uint64_t read_pos = 0;
    uint64_t expected_seq;    // its low half is the seq to come
    uint64_t credit_due_pos;  // reaching this gives credit back
    std::byte* copy;          // private memory for one frame, granule-aligned
    uint32_t mask;
    uint32_t plain_len_end;  // payloads below are plain: one granule, no CRC; 0: none are
    uint32_t payload_bytes_max;
    uint32_t crc_seed;
    bool crc;
    bool held = false;               // copy has a record that the sink did not take
    uint8_t held_type;               // its type
    uint32_t held_bytes;             // and its payload's length
    uint64_t torn_pos = UINT64_MAX;  // where Poll() last saw a head without its tail
  };

  // --- ring_link_send.h ---
  Claim TryClaimSlow(uint32_t payload_bytes) noexcept;
  Claim MakeClaim(uint32_t payload_bytes, uint8_t flags) noexcept;
  SendStatus CommitWithoutClaim() const noexcept;
  void FinishFrame(std::byte* frame, uint64_t frame_bytes, uint32_t seq, uint64_t head) noexcept;
  uint32_t CrcOf(const std::byte* frame, uint64_t frame_bytes, uint64_t head) const noexcept;
  void Withhold(std::byte* frame, uint64_t head) noexcept;
  void ClearHead(uint64_t pos) noexcept;
  void MarkInterior(uint64_t pos, uint32_t payload_bytes) noexcept;
  void PrefetchRing() noexcept;
  SendStatus CommitGathered(std::byte* frame, uint64_t frame_bytes, uint64_t head,
                            Publish publish) noexcept;
  bool PutPad() noexcept;
  void PutControl(ControlKind kind, uint8_t code) noexcept;
  void PostPending(uint32_t writes_max) noexcept;
  bool Post(uint64_t end_pos, uint64_t bytes) noexcept;
  void Reap() noexcept;
  void WakeIfSleeping() noexcept;
  void WakePeer() noexcept;

  // --- ring_link_receive.h ---
  uint64_t CopyFrame(const std::byte* frame, uint64_t frame_bytes) noexcept;
  bool CopyIsWhole(uint64_t frame_bytes, uint64_t head, uint64_t tail_word) noexcept;
  void SeenTorn() noexcept;
  bool FrameIsWhole(const std::byte* frame, uint64_t frame_bytes, uint64_t head) noexcept;
  uint32_t PollFrames(auto& sink, uint32_t budget) noexcept;
  uint32_t OfferHeld(auto& sink, uint32_t budget) noexcept;
  uint64_t TakeOther(const std::byte* frame, uint64_t pos, uint64_t word) noexcept;
  void LookAtUnusual(const std::byte* frame, uint64_t head) noexcept;
  void ClearGranules(uint64_t pos, uint64_t frame_bytes) noexcept;
  void Take(uint64_t pos, uint64_t frame_bytes, uint64_t next_pos) noexcept;

  // --- ring_link_upkeep.h ---
  void GiveCredit() noexcept;
  void SendState() noexcept;
  void SetStateFlags(uint32_t flags) noexcept;
  void UpdateClaimLimit() noexcept;
  uint64_t CreditLimit() const noexcept;
  void NoteWakes() noexcept;
  void ReadPeerState() noexcept;
  void TakeCredit(uint64_t consumed) noexcept;
  void TakePeerFlags(uint32_t flags) noexcept;
  void JudgeLife(int64_t now_ns) noexcept;
  void JudgeTorn(int64_t now_ns) noexcept;
  bool FrameIsWaiting() const noexcept;
  void PeerIsGone(CloseReason reason) noexcept;
  bool IsUp() const noexcept { return state_ != LinkState::kClosed; }
  uint64_t PublishedPos() const noexcept;

  // --- ring_link_end.h ---
  void End(CloseReason reason) noexcept;
  bool CutOff() noexcept;

  SendSide send_;
  ReceiveSide receive_;

  P port_;
  LinkState state_ = LinkState::kLive;
  CloseReason close_reason_ = CloseReason::kNone;
  uint8_t peer_close_code_ = 0;
  SendStatus send_status_ = SendStatus::kOk;  // the result of a claim once the link has ended
  mutable LinkCounters counters_;             // some are computed on request
  uint64_t own_frames_sent_ = 0;              // PAD and CTRL
  uint64_t own_frames_received_ = 0;
  uint64_t skipped_bytes_ = 0;    // behind PADs
  uint64_t frames_gathered_ = 0;  // ordered ports: published in batches
  uint64_t batches_published_ = 0;
  Caps caps_;

  BornHere born_here_;
  LinkOptions options_;
  LinkIdentity identity_;
  LinkMemory::Array<std::byte> copy_memory_;
  LinkMemory::Array<bool> interior_memory_;
  StateLine own_line_{};  // what this side says; ordered ports keep it in port_.own_state() as well
  bool state_due_ = false;  // a state line could not be posted: try again
  uint32_t woken_gen_ = 0;  // the peer's arm_gen that was last answered by a wake-up
  uint32_t peer_arm_ack_ = 0;
  uint64_t wakes_noted_ = 0;  // of port_.WakesReceived()

  Liveness life_;
  bool peer_gone_ = false;  // nothing new will come; what is in the ring is still delivered
  bool severed_ = false;    // ... and the port has seen to it
  CloseReason gone_reason_ = CloseReason::kPeerDead;
  int64_t gone_since_ns_ = INT64_MIN;
  uint64_t peer_heartbeat_ = 0;
  int64_t last_peer_check_ns_ = 0;
  uint64_t torn_judged_pos_ = UINT64_MAX;
  int64_t torn_since_ns_ = 0;

  // end_pos_of_write_[n % kWritesMax]: the mirror position up to which write n and those before it
  // reach.
  std::array<uint64_t, kWritesMax> end_pos_of_write_{};
};

}  // namespace ringway

#include "transport/ring_link_end.h"      // IWYU pragma: export
#include "transport/ring_link_receive.h"  // IWYU pragma: export
#include "transport/ring_link_send.h"     // IWYU pragma: export
#include "transport/ring_link_upkeep.h"   // IWYU pragma: export
