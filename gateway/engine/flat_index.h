// A fixed hash table that finds a key in about one cache line, for as long as the gateway runs,
// whatever keys peers choose.
//
// Open addressing with linear probing over 16-byte entries, four to a line. Erasing shifts the
// following entries back instead of leaving tombstones, so the table never degrades. Capacity is
// any number: an entry's home is the high half of hash * capacity. The hash is keyed
// (table_secret.h), so that nobody can choose keys with homes close together. Keys that are counted
// up are better off in a LineIndex (line_index.h). Fixed size; callers check HasRoom() before
// inserting. Not thread-safe; a pointer to an entry is valid until the next Insert or Erase.
//
// Bound of a probe. A lookup passes at most the run of used entries in which it begins. Runs longer
// than 4096 occur by chance only, and the chance is below 2^-50 for a table that is as full as it
// can be: exp(-n (a - 1 - ln a)) for a load a = 7/8 and n = 4096 homes. Beyond it lookups are
// merely slow: a refusal would depend on the secret, and so would a replay.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/check.h"
#include "base/huge_array.h"
#include "base/prefetch.h"
#include "gateway/engine/table_secret.h"

namespace ringway {

// Spreads a key over 64 bits; the multiply-and-fold step of wyhash. For fingerprints only: a key's
// place in a table must not depend on the key alone.
constexpr uint64_t MixHash(uint64_t key, uint64_t seed = 0) noexcept {
  const auto product =
      static_cast<unsigned __int128>(key ^ 0xa0761d6478bd642fu ^ seed) * 0xe7037ed1a0b428dbu;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

// An all-zero entry is a free place. Hash() is KeyedHash() of the key.
template <class E>
concept IndexEntry = std::is_trivially_copyable_v<E> && sizeof(E) == 16 &&
                     requires(const E& entry, const TableSecret& secret) {
  { entry.Hash(secret) }
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
  FlatIndex(size_t capacity, const TableSecret& secret)
      : entries_(capacity), secret_(secret), size_max_(capacity / 8 * 7) {
    RINGWAY_CHECK(capacity >= 8, "an index needs room");
  }

  bool HasRoom(size_t more) const noexcept { return size_ + more <= size_max_; }
  size_t size() const noexcept { return size_; }
  // The longest run of used entries: the most that a lookup passes. Walks the table.
  size_t LongestRun() const noexcept {
    size_t longest = 0;
    size_t run = 0;
    // Twice round, for the run that wraps around the end.
    for (size_t at = 0; at < 2 * entries_.size() && run < entries_.size(); ++at) {
      run = entries_[at % entries_.size()].empty() ? 0 : run + 1;
      longest = std::max(longest, run);
    }
    return longest;
  }

  // The home of the key. Callers that do several operations with a key compute it once.
  size_t Home(const E& key) const noexcept {
    return static_cast<size_t>(
        (static_cast<unsigned __int128>(key.Hash(secret_)) * entries_.size()) >> 64);
  }
  void Prefetch(size_t home) const noexcept { ringway::Prefetch(&entries_[home]); }
  void Prefetch(const E& key) const noexcept { Prefetch(Home(key)); }

  // The entry with the key of `key`, or null.
  E* Find(const E& key, size_t home) noexcept {
    for (size_t at = home;; at = Next(at)) {
      E& entry = entries_[at];
      if (entry.empty()) return nullptr;
      if (entry.SameKey(key)) return &entry;
    }
  }
  E* Find(const E& key) noexcept { return Find(key, Home(key)); }
  const E* Find(const E& key, size_t home) const noexcept {
    return const_cast<FlatIndex*>(this)->Find(key, home);
  }
  const E* Find(const E& key) const noexcept { return Find(key, Home(key)); }

  // The entry with the key of `entry`, inserted as it stands if there was none.
  // REQUIRES: HasRoom(1).
  E* FindOrInsert(const E& entry, size_t home) noexcept {
    size_t at = home;
    for (; !entries_[at].empty(); at = Next(at)) {
      if (entries_[at].SameKey(entry)) return &entries_[at];
    }
    RINGWAY_CHECK(size_ < size_max_, "an index is full");
    ++size_;
    entries_[at] = entry;
    return &entries_[at];
  }
  E* FindOrInsert(const E& entry) noexcept { return FindOrInsert(entry, Home(entry)); }

  void Erase(E* erased) noexcept {
    size_t hole = static_cast<size_t>(erased - &entries_[0]);
    for (size_t at = Next(hole); !entries_[at].empty(); at = Next(at)) {
      // An entry may move into the hole unless its home lies behind the hole.
      if (Distance(Home(entries_[at]), at) < Distance(hole, at)) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = E{};
    --size_;
  }

 private:
  size_t Next(size_t at) const noexcept { return at + 1 == entries_.size() ? 0 : at + 1; }
  size_t Distance(size_t from, size_t to) const noexcept {
    return to >= from ? to - from : to + entries_.size() - from;
  }

  HugeArray<E> entries_;
  const TableSecret secret_;
  size_t size_ = 0;
  size_t size_max_;
};

}  // namespace ringway
