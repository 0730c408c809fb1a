// The store of sent messages that the peer has not acknowledged yet.
//
// Fixed slots in blocks, their addresses reserved once. It holds the numbers [first(), next()):
// messages are appended at next() and released below what the peer acknowledged. A block whose
// messages are all released is the next to be used, and an empty store begins at the start of a
// block again: so the memory in use is what a peer lags behind, not what the store may hold, and a
// peer that keeps up keeps few slots in the cache. A block's memory is not allocated until first
// written; TouchMemory() allocates that of the first ones.
// Thread rule: one thread, TouchMemory() any. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

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

  // Blocks that TouchMemory() allocates: 64 KiB. The messages kept move from one to the next.
  static constexpr uint32_t kBlocksTouched = 2;
  static constexpr uint32_t kBlockSlots = 256;

  // Room for at least `slots` messages (rounded up to a power of two); the first is number 1.
  explicit ResendStore(uint32_t slots)
      : capacity_(std::bit_ceil(std::max(slots, 1u))),
        block_bits_(static_cast<uint32_t>(std::countr_zero(std::min(capacity_, kBlockSlots)))),
        // One more: those that are kept begin and end within blocks.
        blocks_((capacity_ >> block_bits_) + 1),
        slots_(size_t{blocks_} << block_bits_),
        block_of_(std::bit_ceil(blocks_)),
        map_mask_(block_of_.size() - 1) {
    free_.reserve(blocks_);
    for (uint32_t block = blocks_; block-- != 0;) free_.push_back(block);
    TakeBlock(0);
  }

  // Allocates the memory that a peer which keeps up needs.
  void TouchMemory() noexcept { slots_.Touch(size_t{kBlocksTouched} << block_bits_); }

  uint64_t first() const noexcept { return first_; }
  uint64_t next() const noexcept { return next_; }
  uint32_t capacity() const noexcept { return capacity_; }
  uint32_t count() const noexcept { return static_cast<uint32_t>(next_ - first_); }
  uint32_t room() const noexcept { return capacity() - count(); }
  bool full() const noexcept { return count() == capacity(); }

  // REQUIRES: first() <= seq < next().
  const Slot& at(uint64_t seq) const noexcept { return slots_[PlaceOf(seq)]; }

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
    const uint64_t index = next_ - origin_;
    if ((index & (BlockSlots() - 1)) == 0) [[unlikely]]
      TakeBlock(index >> block_bits_);
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
    FreeReleased();
  }

  // Drops the oldest. REQUIRES: count() > 0.
  void DropOldest() noexcept {
    RINGWAY_CHECK(first_ != next_, "nothing to drop");
    ++first_;
    FreeReleased();
  }

  // Forgets everything; the next to be appended is `seq`.
  void Restart(uint64_t seq) noexcept {
    first_ = next_;
    FreeReleased();
    first_ = next_ = origin_ = seq;
  }

 private:
  uint64_t BlockSlots() const noexcept { return uint64_t{1} << block_bits_; }
  uint64_t PlaceOf(uint64_t seq) const noexcept {
    const uint64_t index = seq - origin_;
    return (uint64_t{block_of_[(index >> block_bits_) & map_mask_]} << block_bits_) +
           (index & (BlockSlots() - 1));
  }
  Slot& SlotOf(uint64_t seq) noexcept { return slots_[PlaceOf(seq)]; }

  // There is one: the messages kept are in at most `blocks_` of them.
  void TakeBlock(uint64_t number) noexcept {
    block_of_[number & map_mask_] = free_.back();
    free_.pop_back();
  }
  // Frees the blocks before that of first(). The block of next() stays.
  void FreeReleased() noexcept {
    const uint64_t kept = (first_ - origin_) >> block_bits_;
    for (; freed_ != kept; ++freed_) free_.push_back(block_of_[freed_ & map_mask_]);
    if (first_ != next_) return;
    block_of_[0] = block_of_[kept & map_mask_];
    freed_ = 0;
    origin_ = next_;
  }

  uint32_t capacity_;
  uint32_t block_bits_;  // of the slots of a block
  uint32_t blocks_;
  LazyArray<Slot> slots_;
  std::vector<uint32_t> block_of_;  // by the number of a block from origin_ on: its place in slots_
  uint64_t map_mask_;
  std::vector<uint32_t> free_;  // the next to be used last
  uint64_t freed_ = 0;          // blocks from origin_ on
  uint64_t origin_ = 1;         // the number whose slot is the first of a block
  uint64_t first_ = 1;
  uint64_t next_ = 1;
};

}  // namespace ringway
