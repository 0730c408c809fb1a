// PairIndex: the numbers of pairs of indices, such as an account and an instrument.
//
// A table of all pairs, where that takes no more memory than a hash table of those in use; else the
// hash table. Fixed size. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/huge_array.h"
#include "base/prefetch.h"
#include "gateway/engine/flat_index.h"
#include "gateway/engine/table_secret.h"
#include "gateway/risk/pair_key.h"

namespace ringway {

class PairIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // At most `pairs_max` have a number at any time.
  PairIndex(size_t firsts, size_t seconds, size_t pairs_max, const TableSecret& secret)
      : seconds_(seconds),
        all_(HoldsAll(firsts, seconds, pairs_max) ? firsts * seconds : 0),
        some_(all_.size() != 0 ? kEntriesMin : EntriesFor(pairs_max), secret) {}

  // A pair, and where its number is.
  struct Name {
    uint32_t first;
    uint32_t second;
    size_t home;
  };
  Name NameOf(uint32_t first, uint32_t second) const noexcept {
    return {first, second,
            all_.size() != 0 ? first * seconds_ + second : some_.Home(PairKey::Of(first, second))};
  }
  void Prefetch(const Name& name) const noexcept {
    all_.size() != 0 ? ringway::Prefetch(&all_[name.home]) : some_.Prefetch(name.home);
  }
  // kNone: it has none.
  uint32_t Find(const Name& name) const noexcept {
    if (all_.size() != 0) [[likely]]
      return all_[name.home] - 1;  // of 0: kNone
    const PairKey* found = some_.Find(PairKey::Of(name.first, name.second), name.home);
    return found == nullptr ? kNone : static_cast<uint32_t>(found->index);
  }
  // REQUIRES: number != kNone, and the pair has none.
  void Insert(const Name& name, uint32_t number) noexcept {
    if (all_.size() != 0) {
      all_[name.home] = number + 1;
    } else {
      some_.FindOrInsert(PairKey::Of(name.first, name.second), name.home)->index = number;
    }
  }
  // REQUIRES: the pair has a number.
  void Erase(const Name& name) noexcept {
    if (all_.size() != 0) {
      all_[name.home] = 0;
    } else {
      some_.Erase(some_.Find(PairKey::Of(name.first, name.second), name.home));
    }
  }

 private:
  static constexpr size_t kEntriesMin = 8;
  static size_t EntriesFor(size_t pairs_max) { return pairs_max * 2 + kEntriesMin; }
  static bool HoldsAll(size_t firsts, size_t seconds, size_t pairs_max) {
    return firsts * seconds <= EntriesFor(pairs_max) * sizeof(PairKey) / sizeof(uint32_t);
  }

  const size_t seconds_;
  HugeArray<uint32_t> all_;  // the number plus 1; 0: none
  FlatIndex<PairKey> some_;
};

}  // namespace ringway
