// A logon as the engine and the journal see it: what the client asked for, without its proof.
//
// The proof is worthless without its link, so mac1 to mac3 are zero, and mac0 holds the link's
// epoch. A journal that was written before epochs were recorded has zero there.
#pragma once

#include <cstdint>

#include "schema/messages.h"

namespace ringway {

inline Logon ForJournal(Logon logon, uint32_t epoch) noexcept {
  logon.mac0 = epoch;
  logon.mac1 = logon.mac2 = logon.mac3 = 0;
  return logon;
}

// The epoch of the link that a journaled logon came over; 0: not recorded.
inline uint32_t EpochOf(const Logon& journaled) noexcept {
  return static_cast<uint32_t>(journaled.mac0);
}

}  // namespace ringway
