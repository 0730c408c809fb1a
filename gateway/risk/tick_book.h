// TickBook: the best price at which an account itself rests on one side of an instrument.
//
// A set of price ticks with counts for every (position, side): add, remove and best in a bounded
// number of table accesses however many orders rest, without allocation. A radix tree of 64-way
// bitmaps, only as high as the spread of the ticks requires: a bit of level 1 says that orders rest
// at a tick, a bit of level n + 1 that a word of level n exists. Level 0 counts the orders at a
// tick where they are more than one. All nodes of all trees live in one fixed hash table, keyed
// (tree, level, prefix), so memory follows the number of orders and, by its logarithm, the width of
// prices; a lone order uses none. There is room for all orders at any ticks. The caller keeps the
// best tick of each tree and passes it in; smaller is better.
//
//   level 2  [ 1 . . 1 ]          key: 63 used  62..42 tree  41..39 level  38..0 tick >> 6 * level
//   level 1  [ 1 1 . ] [ . 1 . ]
//   level 0   3  -        7       <- orders at the tick; no node: one
//
// Cost: at most 1 + kLevels accesses to add; to find the next best when the last order at the best
// tick goes, at most 2 * kLevels.
#pragma once

#include <bit>
#include <cstdint>

#include "gateway/engine/engine_config.h"
#include "gateway/engine/flat_index.h"

namespace ringway {

inline constexpr uint64_t kNoTick = UINT64_MAX;

class TickBook {
 public:
  static constexpr uint32_t kLevels = 6;  // bitmaps; 64^6 = 2^36 ticks
  static_assert(kTicksMax <= uint64_t{1} << (6 * kLevels));

  TickBook(size_t nodes_max, const TableSecret& secret) : nodes_(nodes_max, secret) {}

  // Best tick of a tree, and the level of its highest node. All-empty: {kNoTick, 0}.
  struct Top {
    uint64_t& best;
    uint8_t& level;
  };

  // The number of bitmaps from a tick to the top of a tree whose ticks are all below `ticks`.
  static constexpr uint32_t LevelsFor(uint64_t ticks) noexcept {
    uint32_t levels = 1;
    while (levels < kLevels && ticks > uint64_t{1} << (6 * levels)) ++levels;
    return levels;
  }
  // Room for this many orders at any ticks: each has at most one word of every level for itself,
  // and two at one tick share all of them and a count. One more, for an order that moves.
  static constexpr size_t NodesFor(size_t orders, uint32_t levels) noexcept {
    return (orders + 1) * levels * 8 / 7 + 16;
  }

  // Where Add() begins, for callers that prefetch it.
  size_t Home(uint32_t tree, uint64_t tick) const noexcept {
    return nodes_.Home(KeyOf(tree, 1, tick >> 6));
  }
  void Prefetch(size_t home) const noexcept { nodes_.Prefetch(home); }
  // All that Add() touches in most cases.
  void Prefetch(uint32_t tree, uint64_t tick) const noexcept {
    nodes_.Prefetch(KeyOf(tree, 0, tick));
    Prefetch(Home(tree, tick));
  }

  // Adds an order at `tick`. REQUIRES: room for it (NodesFor), tick < kTicksMax,
  // tree < 2 * kPositionsMax, home == Home(tree, tick).
  [[gnu::always_inline]] void Add(uint32_t tree, uint64_t tick, size_t home, Top top) noexcept {
    if (top.best == kNoTick) {
      top.best = tick;
      top.level = 0;
      return;
    }
    // Grows until the existing ticks and the new one are under one node.
    while (tick >> (6 * top.level) != top.best >> (6 * top.level)) Grow(tree, top);
    for (uint32_t level = 1; level <= top.level; ++level) {
      const Node wanted = KeyOf(tree, level, tick >> (6 * level));
      if (level != 1) home = nodes_.Home(wanted);
      uint64_t& bits = nodes_.FindOrInsert(wanted, home)->value;
      const uint64_t before = bits;
      bits |= BitOf(tick, level);
      if (before == bits) break;  // orders rest at the tick
      if (before == 0 && level < top.level) continue;
      if (tick < top.best) top.best = tick;
      return;
    }
    uint64_t& count = nodes_.FindOrInsert(KeyOf(tree, 0, tick))->value;
    count = count == 0 ? 2 : count + 1;
  }

  // Removes an order at `tick`. REQUIRES: it was added.
  void Remove(uint32_t tree, uint64_t tick, Top top) noexcept {
    if (Node* count = nodes_.Find(KeyOf(tree, 0, tick))) {
      if (--count->value == 1) nodes_.Erase(count);
      return;
    }
    for (uint32_t level = 1; level <= top.level; ++level) {
      Node* node = nodes_.Find(KeyOf(tree, level, tick >> (6 * level)));
      RINGWAY_CHECK(node != nullptr, "an order leaves a tick at which it does not rest");
      node->value &= ~BitOf(tick, level);
      if (node->value != 0) {
        if (tick == top.best) {
          top.best = Descend(tree, level, tick >> (6 * level), node->value);
        }
        return;
      }
      nodes_.Erase(node);
    }
    RINGWAY_CHECK(tick == top.best, "an order leaves a tick at which it does not rest");
    top.best = kNoTick;
    top.level = 0;
  }

  // Raises a tree that is not empty to its former height; false when it is already higher.
  // REQUIRES: level <= the levels that there is room for.
  bool Raise(uint32_t tree, Top top, uint8_t level) noexcept {
    while (top.level < level) Grow(tree, top);
    return top.level == level;
  }

  // The number of orders at `tick`.
  uint64_t CountAt(uint32_t tree, uint64_t tick, uint64_t best, uint8_t level) const noexcept {
    if (const Node* count = nodes_.Find(KeyOf(tree, 0, tick))) return count->value;
    if (level == 0) return tick == best ? 1 : 0;
    const Node* node = nodes_.Find(KeyOf(tree, 1, tick >> 6));
    return node != nullptr && (node->value & BitOf(tick, 1)) != 0 ? 1 : 0;
  }

  size_t nodes() const noexcept { return nodes_.size(); }

 private:
  struct Node {
    uint64_t key;    // 0: an empty place
    uint64_t value;  // level 0: orders at the tick, at least 2; above: which of 64 children exist

    uint64_t Hash(const TableSecret& secret) const noexcept { return KeyedHash(key, 0, secret); }
    bool SameKey(const Node& other) const noexcept { return key == other.key; }
    bool empty() const noexcept { return key == 0; }
  };

  static Node KeyOf(uint32_t tree, uint32_t level, uint64_t prefix) noexcept {
    static_assert(2 * kPositionsMax <= 1u << 21, "21 bits of a key are the tree");
    return {uint64_t{1} << 63 | uint64_t{tree} << 42 | uint64_t{level} << 39 | prefix, 0};
  }
  static uint64_t BitOf(uint64_t tick, uint32_t level) noexcept {
    return uint64_t{1} << (tick >> (6 * (level - 1)) & 63);
  }

  // Adds a level above the existing ones.
  [[gnu::noinline]] void Grow(uint32_t tree, Top top) noexcept {
    ++top.level;
    nodes_.FindOrInsert(KeyOf(tree, top.level, top.best >> (6 * top.level)))->value =
        BitOf(top.best, top.level);
  }

  // The smallest tick below the word `bits` of `level` at `prefix`.
  uint64_t Descend(uint32_t tree, uint32_t level, uint64_t prefix, uint64_t bits) const noexcept {
    while (true) {
      prefix = prefix << 6 | static_cast<uint64_t>(std::countr_zero(bits));
      if (--level == 0) return prefix;
      bits = nodes_.Find(KeyOf(tree, level, prefix))->value;
    }
  }

  FlatIndex<Node> nodes_;
};

}  // namespace ringway
