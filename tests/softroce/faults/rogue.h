// Rogue strategies: each logs on and then lies.
//
// Each is the whole life of a process: it logs on session kRogueSession, does one thing that no
// honest end does, directly in the peer's memory, and returns an exit status: kRogueEnded if the
// peer then ended the link, kRogueTolerated if it continued, anything else if it did not get that
// far. Every order that it does send is recorded, so that what arrives can be judged.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::faults {

inline constexpr uint32_t kRogueSession = 2;
inline constexpr int kRogueEnded = 10;
inline constexpr int kRogueTolerated = 11;

enum class Lie : uint8_t {
  kGarbage,        // random words all over the ring, then impossible heads
  kRewoundCredit,  // a valid state line that takes credit back
  kChangedFrames,  // frames whose price changes after they were committed
  kOldEpoch,       // a ring full of the last link's frames; and a dial with its epoch
  kWrongKey,       // a write by a key that the peer never gave
};

int RunRogue(Lie lie, const std::string& uri, const std::string& record_file);

}  // namespace ringway::faults
