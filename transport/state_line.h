// The state line, one cache line from receiver to sender: how far it has read, its heartbeat, and
// whether it sleeps.
//
// One writer (the receiver), one reader (the sender). transport/RING.md draws the bytes. On ports
// with ordered stores each word is its own atomic, written in place, and `crc` stays 0. On the
// others the line is sent as a whole, with a CRC, and the reader checks a copy first.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/cache_line.h"
#include "base/crc32c.h"

namespace ringway {

// StateLine::flags. Unknown bits are ignored: a newer peer may say more.
inline constexpr uint32_t kStateSleeping = 0x1;  // wake me when you publish
inline constexpr uint32_t kStateClosed = 0x8;    // nothing is read here any more

struct alignas(kCacheLineBytes) StateLine {
  uint64_t consumed;   // ring position (bytes since the start) up to which granules may be reused
  uint64_t next_seq;   // the frame sequence number expected next
  uint64_t heartbeat;  // rises while the receiver's loop turns
  uint32_t epoch;
  uint32_t flags;
  uint32_t arm_gen;   // rises each time the receiver goes to sleep
  uint32_t arm_ack;   // the peer's arm_gen that this side has seen
  uint64_t reserved;  // 0
  uint64_t t_ns;  // the receiver's clock at the last heartbeat; for people, never used in decisions
  uint32_t reserved1;  // 0
  uint32_t crc;        // CRC32C of bytes [0, 60), seeded as frames are; 0 on ordered ports
};
static_assert(sizeof(StateLine) == 64);
static_assert(std::is_trivially_copyable_v<StateLine>);
static_assert(offsetof(StateLine, consumed) == 0);
static_assert(offsetof(StateLine, next_seq) == 8);
static_assert(offsetof(StateLine, heartbeat) == 16);
static_assert(offsetof(StateLine, epoch) == 24);
static_assert(offsetof(StateLine, flags) == 28);
static_assert(offsetof(StateLine, arm_gen) == 32);
static_assert(offsetof(StateLine, arm_ack) == 36);
static_assert(offsetof(StateLine, reserved) == 40);
static_assert(offsetof(StateLine, t_ns) == 48);
static_assert(offsetof(StateLine, reserved1) == 56);
static_assert(offsetof(StateLine, crc) == 60);

inline uint32_t StateLineCrc(uint32_t seed, const StateLine& line) noexcept {
  return Crc32c(seed, std::as_bytes(std::span(&line, 1)).first(offsetof(StateLine, crc)));
}

// Words of memory that another process may write or read at any moment. The caller names the order
// and, beside the call, the partner.
template <class T>
T LoadShared(const T& word, std::memory_order order) noexcept {
  // atomic_ref<const T> is not in C++20; a load writes nothing, so read-only mappings are safe.
  static_assert(std::atomic_ref<T>::is_always_lock_free);
  return std::atomic_ref<T>(const_cast<T&>(word)).load(order);
}
template <class T>
void StoreShared(T& word, std::type_identity_t<T> value, std::memory_order order) noexcept {
  static_assert(std::atomic_ref<T>::is_always_lock_free);
  std::atomic_ref<T>(word).store(value, order);
}

// The 64-bit word at an 8-byte aligned place of a ring.
inline uint64_t& WordAt(std::byte* at) noexcept { return *reinterpret_cast<uint64_t*>(at); }
inline const uint64_t& WordAt(const std::byte* at) noexcept {
  return *reinterpret_cast<const uint64_t*>(at);
}

}  // namespace ringway
