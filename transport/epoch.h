// Which of two epochs of a peer is the later one, and which comes next.
//
// Epochs are serial numbers (RFC 1982): they wrap from 2^32 - 1 to 1, and of two the later one is
// less than 2^31 ahead. No epoch is the last, whatever a peer offers, so none locks it out.
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
