// How often this program has allocated: for tests of the promise that nothing does after start.
//
// Linking //tests:alloc_count replaces the global operator new. Thread rule: any thread; the count
// is the program's.
#pragma once

#include <cstdint>

namespace ringway {

// Calls of any operator new so far, in all threads.
uint64_t AllocationCount() noexcept;

}  // namespace ringway
