// kEngineRelease: which answers the engine gives.
//
// A journal is replayed by giving its inputs to an engine, which must answer as it did then. So the
// number rises with every change after which an engine may answer an input otherwise, or come to
// another state, than before: a release that meets records of another one behind the newest
// snapshot refuses to replay them (docs/adr/0027). gateway/recovery/release_test.cc replays a
// journal of this release and fails when its answers have changed.
#pragma once

#include <cstdint>

namespace ringway {

inline constexpr uint32_t kEngineRelease = 1;
// Of journals from before releases were counted.
inline constexpr uint32_t kEngineReleaseUnknown = 0;

}  // namespace ringway
