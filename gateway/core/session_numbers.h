// Limits on a session's sequence numbers: the highest, and the largest jump.
//
// The session layer, the engine and a start's recovery all apply these same limits.
#pragma once

#include <cstdint>

namespace ringway {

// A client may skip request numbers, by a logon and a GapFill, when its gateway has lost what it
// had recorded; never more than this many at once: the records of 2^32 requests are 700 GB.
inline constexpr uint64_t kSequenceJumpMax = uint64_t{1} << 32;

// A session that reaches this number, in either direction, is over: it is logged out and refused.
// At a million messages a second that takes nine years.
inline constexpr uint64_t kSequenceEnd = (uint64_t{1} << 48) - (uint64_t{1} << 40);

}  // namespace ringway
