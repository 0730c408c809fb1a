// The sequence numbers of a session: numbering, keeping, resending and deduplicating messages.
//
// Outbound is one end's sending half, Inbound its receiving half; every end of every session uses
// the same classes. Neither interprets messages. msg/session_protocol.h states the rules. Thread
// rule: one thread each. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/check.h"
#include "base/probe.h"
#include "msg/resend_store.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

class Outbound {
 public:
  // A long resend must not keep a duty loop from its other work.
  static constexpr uint32_t kPumpMax = 256;

  explicit Outbound(uint32_t slots) : store_(slots) {}

  // See ResendStore.
  void TouchMemory() noexcept { store_.TouchMemory(); }

  // The number of the next new message.
  uint64_t next_seq() const noexcept { return store_.next(); }
  // The number of the next message to be put on the link: what Heartbeat.nextSeqOut says.
  uint64_t next_on_link() const noexcept { return cursor_; }
  // Whether everything that may be sent is on the link.
  bool caught_up() const noexcept { return cursor_ >= end() && !gap_fill_due_; }
  const ResendStore& store() const noexcept { return store_; }
  // Everything before it is acknowledged. May be older than what is kept, if the oldest was
  // dropped.
  uint64_t first_unacknowledged() const noexcept { return acknowledged_; }

  // Messages from `seq` on are held in the store until a later call releases them. Initially none
  // is held.
  void HoldFrom(uint64_t seq) noexcept { held_from_ = seq; }
  // Calls amend(FrameType, std::span<std::byte> payload) on the messages held in the store, to
  // correct them.
  template <class F>
  void AmendHeld(F&& amend) noexcept {
    for (uint64_t seq = std::max(held_from_, store_.first()); seq < store_.next(); ++seq) {
      store_.Amend(seq, amend);
    }
  }

  // Forgets everything; the next new message is number `seq`.
  void Restart(uint64_t seq) noexcept {
    store_.Restart(seq);
    cursor_ = acknowledged_ = seq;
    gap_fill_due_ = false;
  }

  // Starts a new link, whose peer expects number `expected`. Returns how many messages from there
  // on are no longer kept; a GapFill tells the peer. After such a gap at most the `keep_max` newest
  // are sent, so that there is room for what replaces the lost ones.
  // REQUIRES: expected <= next_seq().
  uint64_t ResumeAt(uint64_t expected, uint32_t keep_max) noexcept {
    acknowledged_ = expected;
    store_.ReleaseBelow(expected);
    if (store_.first() != expected) {
      while (store_.count() > keep_max) store_.DropOldest();
    }
    cursor_ = store_.first();
    gap_fill_due_ = cursor_ != expected;
    return cursor_ - expected;
  }

  // Starts a new link, which goes on with number `seq`. Nothing is released: a peer that has
  // received a message may still lose it. False, and nothing happens, if `seq` is no longer kept or
  // was never given.
  bool ResumeFrom(uint64_t seq) noexcept {
    if (seq < store_.first() || seq > store_.next()) return false;
    cursor_ = seq;
    gap_fill_due_ = false;
    return true;
  }

  // Starts a new link, whose peer expects `expected`, which is older than what is kept: the owner
  // resends from elsewhere, by PutRecalled(), until behind() is false.
  void ResumeBehind(uint64_t expected) noexcept {
    cursor_ = acknowledged_ = expected;
    gap_fill_due_ = false;
  }
  bool behind() const noexcept { return cursor_ < store_.first(); }
  // REQUIRES: behind(); `slot` is number next_on_link().
  template <Link L>
  SendStatus PutRecalled(L& link, const ResendStore::Slot& slot, Publish publish) noexcept {
    const SendStatus status = TellGap(link);
    return status == SendStatus::kOk ? Put(link, slot, publish) : status;
  }
  // Drops the oldest message although it is still unsent: as after ResumeBehind().
  // REQUIRES: MakeRoom() found none.
  void FallBehind() noexcept { store_.DropOldest(); }

  // Handles a request to resend everything from `begin` on. False if that was acknowledged before
  // or never sent.
  bool Rewind(uint64_t begin) noexcept {
    if (begin < store_.first() || begin > cursor_) return false;
    cursor_ = begin;
    gap_fill_due_ = true;
    return true;
  }

  // The peer has processed everything below `seq`. False if that was never sent.
  bool Acknowledge(uint64_t seq) noexcept {
    if (seq > cursor_) return false;
    acknowledged_ = std::max(acknowledged_, seq);
    store_.ReleaseBelow(seq);
    return true;
  }

  // Numbers, keeps and sends a message; kOk promises that it reaches the peer exactly once, if need
  // be over a later link. Any other result: nothing happened.
  template <Link L, Message M>
  SendStatus Send(L& link, const M& message, Publish publish) noexcept {
    if (!caught_up() || store_.full()) [[unlikely]]
      return SendStatus::kBackPressured;
    const Claim claim = link.TryClaim(PayloadBytes(message));
    if (!claim) return claim.status;
    Encode(message, claim.data);
    RINGWAY_PROBE(session_request_claimed);
    CommitNext(link, M::kType, publish);
    RINGWAY_PROBE(session_request_put);
    Keep(message);
    RINGWAY_PROBE(session_request_kept);
    return SendStatus::kOk;
  }
  // As Send(), for a message that is encoded already.
  template <Link L>
  SendStatus SendEncoded(L& link, FrameType type, std::span<const std::byte> payload,
                         Publish publish) noexcept {
    if (!caught_up() || store_.full()) [[unlikely]]
      return SendStatus::kBackPressured;
    const SendStatus status = Put(link, type, payload, publish);
    if (status == SendStatus::kOk) Keep(type, payload);
    return status;
  }

  // Whether a new message would be the next on the link.
  bool SendsNext() const noexcept {
    return cursor_ == store_.next() && cursor_ < held_from_ && !gap_fill_due_;
  }
  // Numbers, sends and keeps a message; one that the link has no room for is kept, and Pump() sends
  // it. REQUIRES: SendsNext(), !store().full().
  template <Link L>
  SendStatus SendAndKeep(L& link, FrameType type, std::span<const std::byte> payload,
                         Publish publish) noexcept {
    const SendStatus status = Put(link, type, payload, publish);
    Keep(type, payload);
    return status;
  }

  // Ensures that Keep() has room. Acknowledgements still in flight must not end a peer that reads
  // well, so messages already on the link are dropped first. False if everything kept is still
  // unsent: the peer does not read.
  bool MakeRoom() noexcept {
    if (!store_.full()) return true;
    if (cursor_ == store_.first()) return false;
    store_.DropOldest();
    return true;
  }

  // The next message to be put on the link, or nullptr when all are there. Valid until it is
  // acknowledged.
  const ResendStore::Slot* Front() const noexcept {
    return cursor_ < end() ? &store_.at(cursor_) : nullptr;
  }
  // Front() was put on the link. REQUIRES: it is not nullptr.
  void Pop() noexcept { ++cursor_; }
  // Puts Front() on the link. REQUIRES: it is not nullptr.
  template <class L>
  SendStatus PutFront(L& link, Publish publish) noexcept {
    return Put(link, store_.at(cursor_), publish);
  }

  // Numbers and keeps a message; Pump() sends it. REQUIRES: !store().full().
  template <Message M>
  void Keep(const M& message) noexcept {
    store_.Stage(message);
    store_.Append();
  }
  void Keep(FrameType type, std::span<const std::byte> payload) noexcept {
    store_.StageEncoded(type, payload);
    store_.Append();
  }

  // As Keep(), but for a full store, whose oldest message is dropped. For use while no link is
  // being fed.
  void KeepDroppingOldest(FrameType type, std::span<const std::byte> payload) noexcept {
    if (store_.full()) store_.DropOldest();
    Keep(type, payload);
    cursor_ = std::max(cursor_, store_.first());
  }

  // Sends what is not on the link yet, as far as there is room, at most kPumpMax messages at a
  // time. kOk: caught up. REQUIRES: !behind().
  template <Link L>
  SendStatus Pump(L& link, Publish publish) noexcept {
    if (const SendStatus told = TellGap(link); told != SendStatus::kOk) return told;
    for (uint32_t count = 0; cursor_ < end(); ++count) {
      if (count == kPumpMax) return SendStatus::kBackPressured;
      const SendStatus status = PutFront(link, publish);
      if (status != SendStatus::kOk) return status;
    }
    return SendStatus::kOk;
  }

 private:
  // Puts number next_on_link() on the link. A new message is kept after that: the peer does not
  // wait for the copy.
  template <class L>
  SendStatus Put(L& link, FrameType type, std::span<const std::byte> payload,
                 Publish publish) noexcept {
    const Claim claim = link.TryClaim(static_cast<uint32_t>(payload.size()));
    if (!claim) return claim.status;
    std::memcpy(claim.data, payload.data(), payload.size());
    CommitNext(link, type, publish);
    return SendStatus::kOk;
  }

  // A link that ends here may or may not have delivered the record. Either way the message counts
  // as sent: the next logon tells what arrived, and the rest is resent from the store.
  template <class L>
  void CommitNext(L& link, FrameType type, Publish publish) noexcept {
    (void)link.Commit(static_cast<uint8_t>(type), publish);
    ++cursor_;
  }

  // Sends GapFill first if the peer expects another number.
  template <Link L>
  SendStatus TellGap(L& link) noexcept {
    if (!gap_fill_due_) return SendStatus::kOk;
    const SendStatus status = SendUnnumbered(link, GapFill{.new_seq = cursor_});
    if (status != SendStatus::kOk) return status;
    RINGWAY_PROBE(session_gap_told);
    gap_fill_due_ = false;
    return status;
  }

  template <class L>
  SendStatus Put(L& link, const ResendStore::Slot& slot, Publish publish) noexcept {
    return Put(link, slot.type, slot.bytes(), publish);
  }

  uint64_t end() const noexcept { return std::min(store_.next(), held_from_); }

  ResendStore store_;
  uint64_t cursor_ = 1;  // first() <= cursor_ <= next(), while a link is being fed
  uint64_t held_from_ = UINT64_MAX;
  uint64_t acknowledged_ = 1;
  bool gap_fill_due_ = false;  // cursor_ is not what the peer expects: GapFill goes first
};

class Inbound {
 public:
  // The number of the next message to be processed; everything below has been.
  uint64_t next_seq() const noexcept { return next_; }
  // The number of the message that arrives next on this link.
  uint64_t arriving_seq() const noexcept { return arriving_; }
  // Messages processed since Acknowledged() was last called.
  uint32_t unacknowledged() const noexcept { return unacknowledged_; }
  void Acknowledged() noexcept { unacknowledged_ = 0; }

  // Forgets everything; the next message is number `seq`.
  void Restart(uint64_t seq) noexcept { arriving_ = next_ = seq; }
  // Starts a new link, on which the peer continues with `seq`: where processing stopped, or
  // earlier.
  // REQUIRES: seq <= next_seq().
  void ResumeAt(uint64_t seq) noexcept { arriving_ = seq; }

  // Counts an arrived message. True: process it; false: it was processed before.
  bool Count() noexcept {
    const bool is_new = arriving_ == next_;
    ++arriving_;
    if (is_new) {
      ++next_;
      ++unacknowledged_;
    }
    return is_new;
  }

  // Undoes the latest Count() that returned true: the message was not processed after all and is
  // counted again later.
  void Uncount() noexcept {
    --arriving_;
    --next_;
    --unacknowledged_;
  }

  // Handles a GapFill. Returns how many messages will never come.
  uint64_t FillGap(uint64_t new_seq) noexcept {
    arriving_ = new_seq;
    if (new_seq <= next_) return 0;
    const uint64_t lost = new_seq - next_;
    next_ = new_seq;
    return lost;
  }

 private:
  uint64_t next_ = 1;
  uint64_t arriving_ = 1;  // <= next_; lower while the peer repeats what was processed
  uint32_t unacknowledged_ = 0;
};

}  // namespace ringway
