// The secret of this process's hash tables, and the hash that is keyed with it.
//
// Peers choose the keys of most tables: clOrdIds, prices, execution identifiers. Whoever knows the
// places of keys in a table can choose keys that all fall into one place, and make every lookup
// slow. So a key's place depends on a secret that no peer knows. Nothing else may depend on it: it
// is neither saved nor part of StateHash(), and a replay draws another one.
//
// Thread rule: plain data and pure functions.
#pragma once

#include <cstdint>

namespace ringway {

struct TableSecret {
  uint64_t first;
  uint64_t second;

  // From the kernel's generator. CHECKs that there is one.
  static TableSecret Draw();
};

// Two rounds of 64 x 64 -> 128 bit multiplication with the secret between them, as in wyhash (Wang
// Yi, public domain). One round is not enough: it is linear in the key, so that keys which collide
// under one secret collide under others too.
inline uint64_t KeyedHash(uint64_t key, uint64_t more, const TableSecret& secret) noexcept {
  const auto mixed = static_cast<unsigned __int128>(key ^ secret.first) * (more ^ secret.second);
  const auto folded = static_cast<unsigned __int128>(static_cast<uint64_t>(mixed) ^ secret.first) *
                      (static_cast<uint64_t>(mixed >> 64) ^ secret.second);
  return static_cast<uint64_t>(folded >> 64) ^ static_cast<uint64_t>(folded);
}

}  // namespace ringway
