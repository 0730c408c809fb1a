// PairKey: the entry of a pair of indices, such as an account and an instrument, in a hash table.
#pragma once

#include <cstdint>

#include "gateway/engine/flat_index.h"

namespace ringway {

struct PairKey {
  uint64_t key;  // first << 32 | second | 1 << 63
  uint64_t index;

  static PairKey Of(uint32_t first, uint32_t second) noexcept {
    return {uint64_t{1} << 63 | uint64_t{first} << 32 | second, 0};
  }
  uint64_t Hash(const TableSecret& secret) const noexcept { return KeyedHash(key, 0, secret); }
  bool SameKey(const PairKey& other) const noexcept { return key == other.key; }
  bool empty() const noexcept { return key == 0; }
};

}  // namespace ringway
