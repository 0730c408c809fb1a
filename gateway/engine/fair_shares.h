// FairShares: when the room that all owners share is used up, the owner that holds most gives
// something up.
//
// So an owner that fills the room evicts its own items, and every other owner keeps at least room /
// owners. Counts are exact. The richest owner is found without sorting: gains are compared as they
// happen, and every call checks one more owner, so that the result may lag by as many calls as
// there are owners. Engine thread only; deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gateway/engine/archive.h"

namespace ringway {

class FairShares {
 public:
  explicit FairShares(size_t owners) : held_(owners) {}

  void Gain(uint32_t owner) noexcept {
    if (++held_[owner] > held_[richest_]) richest_ = owner;
  }
  // REQUIRES: held(owner) != 0.
  void Lose(uint32_t owner) noexcept { --held_[owner]; }
  uint32_t held(uint32_t owner) const noexcept { return held_[owner]; }

  // The owner that has to give something up; it holds something. REQUIRES: some owner does.
  uint32_t TakeRichest() noexcept {
    hand_ = hand_ + 1 == held_.size() ? 0 : hand_ + 1;
    if (held_[hand_] > held_[richest_]) richest_ = hand_;
    // Everything it held is gone before the search came around: rare, and one pass over the counts.
    if (held_[richest_] == 0) [[unlikely]]
      richest_ = static_cast<uint32_t>(std::ranges::max_element(held_) - held_.begin());
    return richest_;
  }
  // Whom TakeRichest() would answer, unless somebody gains or loses before; for prefetching.
  // REQUIRES: there are owners.
  uint32_t likely() const noexcept {
    const uint32_t hand = hand_ + 1 == held_.size() ? 0 : hand_ + 1;
    return held_[hand] > held_[richest_] ? hand : richest_;
  }

  // State that the engine saves (archive.h), after the owners' items were loaded and gained. Where
  // owners have other indices the search begins anew.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& owners) {
    uint32_t richest = self.richest_;
    uint32_t hand = self.hand_;
    archive(richest, hand);
    archive.Require(
        owners.saved.empty() || (richest < owners.saved.size() && hand < owners.saved.size()),
        "the holder of most is nobody");
    if constexpr (A::kLoads) {
      self.richest_ = owners.same ? richest : 0;
      self.hand_ = owners.same ? hand : 0;
    }
  }

 private:
  std::vector<uint32_t> held_;  // by owner
  uint32_t richest_ = 0;
  uint32_t hand_ = 0;
};

}  // namespace ringway
