// How far a session's sequence numbers may go, and how far at once.
//
// What the session layer and the engine accept, a start takes back: both bound it by these.
#pragma once

#include <cstdint>

namespace ringway {

// A client may leave out request numbers, by a logon and a GapFill, when its gateway has lost what
// it had recorded; never more than so many at once: the records of 2^32 requests are 700 GB.
inline constexpr uint64_t kSequenceJumpMax = uint64_t{1} << 32;

// A session that has come so far, in either direction, is over: it is logged out and refused. At a
// million messages a second that takes nine years.
inline constexpr uint64_t kSequenceEnd = (uint64_t{1} << 48) - (uint64_t{1} << 40);

}  // namespace ringway
