// Ladder: the prices of one side of one instrument that have orders, best first.
//
// A sorted array with the best price at its end. Why an array: nearly all activity is at or next to
// the best price, where finding is a step or two from the end and inserting moves a handful of
// 16-byte rungs; a sweep or a fill-or-kill check reads them in a straight line. A tree would cost a
// miss per node for a better worst case that the fixed capacity bounds here (moving 4096 rungs
// takes about 2 us).
//
// Prices are kept as keys that rise towards the best: the price for bids and for stops that sell,
// the negated price for offers and for stops that buy. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "base/check.h"
#include "exchange/order.h"

namespace ringway::exchange {

class Ladder {
 public:
  struct Rung {
    int64_t key;
    Slot level;
  };

  explicit Ladder(uint32_t capacity)
      : rungs_(std::make_unique<Rung[]>(capacity)), capacity_(capacity) {}

  bool empty() const noexcept { return count_ == 0; }
  bool full() const noexcept { return count_ == capacity_; }
  uint32_t count() const noexcept { return count_; }

  // REQUIRES: not empty.
  const Rung& best() const noexcept { return rungs_[count_ - 1]; }

  // Worst first.
  std::span<const Rung> rungs() const noexcept { return {rungs_.get(), count_}; }

  // The level at the key, or kNoSlot.
  Slot Find(int64_t key) const noexcept {
    const uint32_t at = LowerBound(key);
    return at != count_ && rungs_[at].key == key ? rungs_[at].level : kNoSlot;
  }

  // REQUIRES: not full, and no rung has the key.
  void Insert(int64_t key, Slot level) noexcept {
    RINGWAY_CHECK(count_ != capacity_, "a full ladder takes no price");
    const uint32_t at = LowerBound(key);
    std::copy_backward(&rungs_[at], &rungs_[count_], &rungs_[count_ + 1]);
    rungs_[at] = {.key = key, .level = level};
    ++count_;
  }

  // REQUIRES: a rung has the key.
  void Erase(int64_t key) noexcept {
    const uint32_t at = LowerBound(key);
    RINGWAY_CHECK(at != count_ && rungs_[at].key == key, "only a price that is there can go");
    std::copy(&rungs_[at + 1], &rungs_[count_], &rungs_[at]);
    --count_;
  }

 private:
  static constexpr uint32_t kStepsFromBest = 8;

  // The index of the first rung whose key is not below the given one.
  uint32_t LowerBound(int64_t key) const noexcept {
    const uint32_t near = count_ > kStepsFromBest ? count_ - kStepsFromBest : 0;
    uint32_t at = count_;
    while (at != near && rungs_[at - 1].key >= key) --at;
    if (at != near || near == 0) return at;
    const Rung* found =
        std::lower_bound(rungs_.get(), rungs_.get() + near, key,
                         [](const Rung& rung, int64_t sought) { return rung.key < sought; });
    return static_cast<uint32_t>(found - rungs_.get());
  }

  std::unique_ptr<Rung[]> rungs_;
  uint32_t capacity_;
  uint32_t count_ = 0;
};

}  // namespace ringway::exchange
