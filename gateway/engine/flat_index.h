// How is a key found in a fixed table in about one cache line, for as long as the gateway runs?
//
// Open addressing with linear probing over 16-byte entries, four to a line. Erasing shifts what
// follows back instead of leaving tombstones, so the table never degrades. Capacity is any number:
// an entry's home is the high half of hash * capacity. Fixed size; whoever inserts asks HasRoom()
// first. Not thread-safe; a pointer to an entry is good until the next Insert or Erase.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/check.h"
#include "base/huge_array.h"

namespace ringway {

// Spreads a key over 64 bits; the multiply-and-fold step of wyhash.
constexpr uint64_t MixHash(uint64_t key, uint64_t seed = 0) noexcept {
  const auto product =
      static_cast<unsigned __int128>(key ^ 0xa0761d6478bd642fu ^ seed) * 0xe7037ed1a0b428dbu;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

// An all-zero entry is an empty place. Keys that are counted up may share lines: Hash() then leaves
// out the lowest two bits, which Neighbour() gives.
template <class E>
concept IndexEntry = std::is_trivially_copyable_v<E> && sizeof(E) == 16 &&
                     requires(const E& entry) {
  { entry.Hash() }
  noexcept->std::same_as<uint64_t>;
  { entry.SameKey(entry) }
  noexcept->std::same_as<bool>;
  { entry.empty() }
  noexcept->std::same_as<bool>;
};

template <IndexEntry E>
class FlatIndex {
 public:
  // At most 7/8 of `capacity` entries are ever in use. REQUIRES: capacity >= 8.
  explicit FlatIndex(size_t capacity) : entries_(capacity), size_max_(capacity / 8 * 7) {
    RINGWAY_CHECK(capacity >= 8, "an index needs room");
  }

  bool HasRoom(size_t more) const noexcept { return size_ + more <= size_max_; }
  size_t size() const noexcept { return size_; }
  std::span<const E> entries() const noexcept { return entries_.span(); }

  void Prefetch(const E& key) const noexcept { __builtin_prefetch(&entries_[Home(key)], 1); }

  // The entry with the key of `key`, or null.
  E* Find(const E& key) noexcept {
    for (size_t at = Home(key);; at = Next(at)) {
      E& entry = entries_[at];
      if (entry.empty()) return nullptr;
      if (entry.SameKey(key)) return &entry;
    }
  }
  const E* Find(const E& key) const noexcept { return const_cast<FlatIndex*>(this)->Find(key); }

  // The entry with the key of `entry`, inserted as it stands if there was none.
  // REQUIRES: HasRoom(1).
  E* FindOrInsert(const E& entry) noexcept {
    size_t at = Home(entry);
    for (; !entries_[at].empty(); at = Next(at)) {
      if (entries_[at].SameKey(entry)) return &entries_[at];
    }
    RINGWAY_CHECK(size_ < size_max_, "an index is full");
    ++size_;
    entries_[at] = entry;
    return &entries_[at];
  }

  void Erase(E* erased) noexcept {
    size_t hole = static_cast<size_t>(erased - &entries_[0]);
    for (size_t at = Next(hole); !entries_[at].empty(); at = Next(at)) {
      // An entry may move into the hole unless its home lies behind the hole.
      if (Distance(Home(entries_[at]), at) >= Distance(hole, at)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole] = E{};
    --size_;
  }

 private:
  // Neighbours, whose keys differ in the low bits only, have homes in one cache line.
  size_t Home(const E& entry) const noexcept {
    constexpr bool kNeighbours = requires { entry.Neighbour(); };
    const size_t homes = kNeighbours ? entries_.size() / 4 : entries_.size();
    const auto home =
        static_cast<size_t>((static_cast<unsigned __int128>(entry.Hash()) * homes) >> 64);
    if constexpr (kNeighbours) return home * 4 + entry.Neighbour() % 4;
    return home;
  }
  size_t Next(size_t at) const noexcept { return at + 1 == entries_.size() ? 0 : at + 1; }
  size_t Distance(size_t from, size_t to) const noexcept {
    return to >= from ? to - from : to + entries_.size() - from;
  }

  HugeArray<E> entries_;
  size_t size_ = 0;
  size_t size_max_;
};

}  // namespace ringway
