// What does a strategy do that has logged on and then lies?
//
// Each is a process's whole life: it logs session kRogueSession on, does one thing that no honest
// end does, straight to the peer's memory, and answers an exit status: kRogueEnded when the peer
// then ended the link, kRogueTolerated when it went on, anything else when it did not get that far.
// Every order that it does send is recorded, so that what arrives can be judged.
#pragma once

#include <cstdint>
#include <string>

namespace ringway::faults {

inline constexpr uint32_t kRogueSession = 2;
inline constexpr int kRogueEnded = 10;
inline constexpr int kRogueTolerated = 11;

enum class Lie : uint8_t {
  kGarbage,        // random words all over the ring, then heads that cannot be
  kRewoundCredit,  // a valid state line that takes credit back
  kChangedFrames,  // frames whose price changes after they were committed
  kOldEpoch,       // a ring full of the last link's frames; and a dial with its epoch
  kWrongKey,       // a write by a key that the peer never gave
};

int RunRogue(Lie lie, const std::string& uri, const std::string& record_file);

}  // namespace ringway::faults
