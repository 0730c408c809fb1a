// The order of a peer's epochs: which of two is later, and which comes next.
//
// Epochs are serial numbers (RFC 1982): they wrap from 2^32 - 1 to 1, and the later of two is less
// than 2^31 ahead. No epoch is the last one, so no offer can lock a peer out.
#pragma once

#include <cstdint>

namespace ringway {

// `than` is 0 where no epoch has been admitted yet: every epoch is later. 0 itself is no epoch.
constexpr bool EpochIsLater(uint32_t epoch, uint32_t than) noexcept {
  if (epoch == 0 || than == 0) return epoch != 0;
  return static_cast<int32_t>(epoch - than) > 0;
}

constexpr uint32_t NextEpoch(uint32_t epoch) noexcept {
  return epoch == UINT32_MAX ? 1 : epoch + 1;
}

}  // namespace ringway
