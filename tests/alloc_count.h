// Counts this program's allocations, for tests of the promise that nothing allocates after the
// start.
//
// Linking //tests:alloc_count replaces the global operator new. Thread rule: any thread; the count
// covers the whole program.
#pragma once

#include <cstdint>

namespace ringway {

// Calls of any operator new so far, in all threads.
uint64_t AllocationCount() noexcept;

}  // namespace ringway
