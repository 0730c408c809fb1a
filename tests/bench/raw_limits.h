// The physical limits that a link is measured against: bare cache lines and bare rings, with
// nothing on top.
//
// They have no validation, no credit protocol and no death detection: only what the hardware must
// do anyway.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "base/cache_line.h"
#include "base/cpu.h"

namespace ringway::bench {

// Makes the compiler believe that the bytes behind `memory` are read here: a copy that nobody reads
// would be deleted, and the reference would be faster than anything that hands a message on.
inline void KeepCopy(const void* memory) noexcept { asm volatile("" : : "r"(memory) : "memory"); }

// Two lines, each with one writer: the least that two processes need to communicate.
struct BouncedLines {
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> ping{0};
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> pong{0};

  void Ping(uint64_t round) noexcept {
    ping.store(round, std::memory_order_release);  // pairs with Pong()
    while (pong.load(std::memory_order_acquire) != round) CpuPause();
  }
  void Pong(uint64_t round) noexcept {
    while (ping.load(std::memory_order_acquire) != round) CpuPause();
    pong.store(round, std::memory_order_release);  // pairs with Ping()
  }
};

// A bare ring of slots whose first word is the sequence number: published slot by slot. The
// consumer returns room a quarter of the ring at a time.
template <uint32_t kSlotBytes>
class SequencedRing {
 public:
  static constexpr uint32_t kSlots = 256 * 1024 / kSlotBytes;

  // `fill` writes the payload into the slot.
  void Push(auto&& fill) noexcept {
    while (sent_ - cached_consumed_ == kSlots) {
      cached_consumed_ = consumed_.load(std::memory_order_acquire);  // pairs with Pop()
      if (sent_ - cached_consumed_ == kSlots) CpuPause();
    }
    Slot& slot = slots_[sent_ % kSlots];
    fill(slot.payload);
    slot.seq.store(++sent_, std::memory_order_release);  // pairs with Pop()
  }

  // False if there is nothing.
  bool Pop(void* payload, uint32_t bytes) noexcept {
    Slot& slot = slots_[received_ % kSlots];
    if (slot.seq.load(std::memory_order_acquire) != received_ + 1) return false;
    std::memcpy(payload, slot.payload, bytes);
    KeepCopy(payload);
    if (++received_ % (kSlots / 4) == 0) consumed_.store(received_, std::memory_order_release);
    return true;
  }

 private:
  struct alignas(kCacheLineBytes) Slot {
    std::atomic<uint64_t> seq{0};
    std::byte payload[kSlotBytes - 8];
  };
  static_assert(sizeof(Slot) == kSlotBytes);

  alignas(kWriterSpacingBytes) uint64_t sent_ = 0;
  uint64_t cached_consumed_ = 0;
  alignas(kWriterSpacingBytes) uint64_t received_ = 0;
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> consumed_{0};
  alignas(kWriterSpacingBytes) Slot slots_[kSlots];
};

// A bare single-producer ring that hands over kBatch elements at a time by one index.
template <uint32_t kElementBytes, uint32_t kBatch = 64>
class BatchedRing {
 public:
  static constexpr uint32_t kElements = 256 * 1024 / kElementBytes;

  // `fill` writes the payload into the element.
  void Push(auto&& fill) noexcept {
    while (sent_ - cached_consumed_ == kElements) {
      cached_consumed_ = consumed_.load(std::memory_order_acquire);  // pairs with Pop()
      if (sent_ - cached_consumed_ == kElements) CpuPause();
    }
    fill(elements_[sent_ % kElements]);
    if (++sent_ % kBatch == 0) Flush();
  }
  void Flush() noexcept { published_.store(sent_, std::memory_order_release); }  // pairs with Pop()

  bool Pop(void* payload, uint32_t bytes) noexcept {
    if (received_ == cached_published_) {
      cached_published_ = published_.load(std::memory_order_acquire);  // pairs with Flush()
      if (received_ == cached_published_) return false;
    }
    std::memcpy(payload, elements_[received_ % kElements], bytes);
    KeepCopy(payload);
    if (++received_ % kBatch == 0) consumed_.store(received_, std::memory_order_release);
    return true;
  }

 private:
  alignas(kWriterSpacingBytes) uint64_t sent_ = 0;
  uint64_t cached_consumed_ = 0;
  alignas(kWriterSpacingBytes) uint64_t received_ = 0;
  uint64_t cached_published_ = 0;
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> published_{0};
  alignas(kWriterSpacingBytes) std::atomic<uint64_t> consumed_{0};
  alignas(kWriterSpacingBytes) std::byte elements_[kElements][kElementBytes];
};

}  // namespace ringway::bench
