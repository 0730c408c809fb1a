// The store of sent messages that the peer has not acknowledged yet.
//
// A ring of fixed slots, indexed by sequence number, allocated once. It holds the numbers [first(),
// next()): messages are appended at next() and released below what the peer acknowledged. An empty
// store begins at its first slot again, so that a peer that keeps up keeps few slots in the cache.
// A slot's memory is not allocated until first written, unless TouchMemory() was called.
// Thread rule: one thread, TouchMemory() any. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/cache_line.h"
#include "base/check.h"
#include "base/lazy_array.h"
#include "base/prefetch.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

class ResendStore {
 public:
  struct alignas(2 * kCacheLineBytes) Slot {
    uint16_t payload_bytes = 0;
    FrameType type{};
    alignas(8) std::array<std::byte, kTwoGranulePayloadBytes> payload;

    std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
  };
  static_assert(sizeof(Slot) == 2 * kCacheLineBytes);
  static_assert(kPayloadBytesMax <= kTwoGranulePayloadBytes, "every message fits a slot");

  // Room for at least `slots` messages (rounded up to a power of two); the first is number 1.
  explicit ResendStore(uint32_t slots)
      : slots_(std::bit_ceil(std::max(slots, 1u))), mask_(slots_.size() - 1) {}

  // Allocates the memory of all slots now.
  void TouchMemory() noexcept { slots_.Touch(); }

  uint64_t first() const noexcept { return first_; }
  uint64_t next() const noexcept { return next_; }
  uint32_t capacity() const noexcept { return static_cast<uint32_t>(slots_.size()); }
  uint32_t count() const noexcept { return static_cast<uint32_t>(next_ - first_); }
  uint32_t room() const noexcept { return capacity() - count(); }
  bool full() const noexcept { return count() == capacity(); }

  // REQUIRES: first() <= seq < next().
  const Slot& at(uint64_t seq) const noexcept { return slots_[(seq - origin_) & mask_]; }

  // Calls amend(FrameType, std::span<std::byte> payload) on the message stored as number `seq`, to
  // correct it in place. REQUIRES: first() <= seq < next().
  template <class F>
  void Amend(uint64_t seq, F& amend) noexcept {
    Slot& slot = SlotOf(seq);
    amend(slot.type, std::span<std::byte>(slot.payload.data(), slot.payload_bytes));
  }

  // Writes the message into the slot of next(); it is in the store only after Append().
  // REQUIRES: !full().
  template <Message M>
  const Slot& Stage(const M& message) noexcept {
    Slot& slot = SlotOf(next_);
    slot.type = M::kType;
    slot.payload_bytes = static_cast<uint16_t>(Encode(message, slot.payload.data()));
    return slot;
  }

  // As above, for a message that is encoded already. REQUIRES: it fits a slot.
  const Slot& StageEncoded(FrameType type, std::span<const std::byte> payload) noexcept {
    RINGWAY_CHECK(payload.size() <= kTwoGranulePayloadBytes, "a message does not fit a slot");
    Slot& slot = SlotOf(next_);
    slot.type = type;
    slot.payload_bytes = static_cast<uint16_t>(payload.size());
    std::memcpy(slot.payload.data(), payload.data(), payload.size());
    return slot;
  }

  // Stores what was staged, as number next(). REQUIRES: !full().
  void Append() noexcept {
    RINGWAY_CHECK(!full(), "the resend store has no room");
    ++next_;
    // Prefetches the slot of the next message.
    const auto* next = reinterpret_cast<const char*>(&SlotOf(next_));
    Prefetch(next);
    Prefetch(next + kCacheLineBytes);
  }

  // The peer has processed everything below `seq`. REQUIRES: seq <= next().
  void ReleaseBelow(uint64_t seq) noexcept {
    RINGWAY_CHECK(seq <= next_, "released what was never sent");
    if (seq <= first_) return;
    first_ = seq;
    if (first_ == next_) origin_ = next_;
  }

  // Drops the oldest. REQUIRES: count() > 0.
  void DropOldest() noexcept {
    RINGWAY_CHECK(first_ != next_, "nothing to drop");
    ++first_;
  }

  // Forgets everything; the next to be appended is `seq`.
  void Restart(uint64_t seq) noexcept { first_ = next_ = origin_ = seq; }

 private:
  Slot& SlotOf(uint64_t seq) noexcept { return slots_[(seq - origin_) & mask_]; }

  LazyArray<Slot> slots_;
  uint64_t mask_;
  uint64_t origin_ = 1;  // the number whose slot is the first
  uint64_t first_ = 1;
  uint64_t next_ = 1;
};

}  // namespace ringway
