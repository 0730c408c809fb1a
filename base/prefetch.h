// Prefetches of a cache line. They never fault, whatever the address.
//
// They are assembly: GCC 12 drops a small function that holds nothing but __builtin_prefetch.
#pragma once

namespace ringway {

// The line of `address`, for this core to read or write data of its own.
[[gnu::always_inline]] inline void Prefetch(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetcht0 (%0)" : : "r"(address));
#else
  __builtin_prefetch(address);
#endif
}

// The line of `address`, which another core has read: takes it away from there, so that the store
// to come does not wait. A processor without the instruction ignores it.
[[gnu::always_inline]] inline void PrefetchForWrite(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw (%0)" : : "r"(address));
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace ringway
