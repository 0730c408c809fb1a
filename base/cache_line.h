// The size of a cache line, and the alignment of a ring granule to it.
#pragma once

#include <cstddef>

namespace ringway {

// x86-64 and most arm64 server cores. Fixed rather than
// std::hardware_destructive_interference_size, which may differ between compilers and so between
// two ends of a shared ring.
inline constexpr std::size_t kCacheLineBytes = 64;

// Adjacent-line prefetchers fetch pairs of lines: data of two writers is kept this far apart.
inline constexpr std::size_t kWriterSpacingBytes = 128;

}  // namespace ringway
