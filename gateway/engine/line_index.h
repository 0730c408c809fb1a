// A fixed hash table for keys that are counted up: four of them that follow each other share a
// cache line, and a lookup reads that line alone.
//
// 16-byte entries, four to a line. A key's hash, keyed (table_secret.h), chooses its line, its two
// low bits the place there; where that is taken it gets another place of the line, and where the
// line is full one of the next line that is not. Every line counts the entries that passed it by
// when it was full, so a lookup ends at the first line that none passed by, and erasing moves
// nothing. Fixed size; callers check HasRoom() before inserting. Not thread-safe; an entry stays
// where it is until it is erased.
//
// Bound of a probe. A lookup passes lines that were full when an entry passed them by. Runs of full
// lines longer than 1024 occur by chance only, and the chance is below 2^-50 for a table that is as
// full as it can be: exp(-n (a - 1 - ln a)) for a load a = 3/4 and n lines. Beyond it lookups are
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

// An all-zero entry is a free place, whose empty() says so and which has no key's SameKey().
// Hash() is KeyedHash() of the key without its two low bits, which Neighbour() returns. Two members
// are the index's own.
template <class E>
concept LineEntry = std::is_trivially_copyable_v<E> && sizeof(E) == 16 &&
                    requires(const E& entry, const TableSecret& secret) {
  { entry.Hash(secret) }
  noexcept->std::same_as<uint64_t>;
  { entry.Neighbour() }
  noexcept->std::same_as<uint64_t>;
  { entry.SameKey(entry) }
  noexcept->std::same_as<bool>;
  { entry.empty() }
  noexcept->std::same_as<bool>;
  requires std::same_as<decltype(E::lines_from_home), uint8_t>;
  // of the line whose first entry this is, also where this place is free
  requires std::same_as<decltype(E::passed_by), uint8_t>;
};

template <LineEntry E>
class LineIndex {
 public:
  // At most 3/4 of `capacity` entries are ever in use. REQUIRES: capacity >= 8.
  LineIndex(size_t capacity, const TableSecret& secret)
      : entries_(capacity / kPlaces * kPlaces),
        lines_(capacity / kPlaces),
        secret_(secret),
        size_max_(capacity / 8 * 6) {
    RINGWAY_CHECK(capacity >= 8, "an index needs room");
  }

  bool HasRoom(size_t more) const noexcept { return size_ + more <= size_max_; }
  size_t size() const noexcept { return size_; }
  // The most entries that a lookup passes. Walks the table.
  size_t LongestProbe() const noexcept {
    size_t longest = 0;
    size_t run = 0;
    // Twice round, for the run that wraps around the end.
    for (size_t at = 0; at < 2 * lines_ && run < lines_; ++at) {
      run = entries_[at % lines_ * kPlaces].passed_by == 0 ? 0 : run + 1;
      longest = std::max(longest, run);
    }
    return (longest + 1) * kPlaces;
  }

  // The home of the key. Callers that do several operations with a key compute it once.
  size_t Home(const E& key) const noexcept {
    const auto line =
        static_cast<size_t>((static_cast<unsigned __int128>(key.Hash(secret_)) * lines_) >> 64);
    return line * kPlaces + key.Neighbour() % kPlaces;
  }
  void Prefetch(size_t home) const noexcept { ringway::Prefetch(&entries_[home]); }

  // The entry with the key of `key`, or null.
  E* Find(const E& key, size_t home) noexcept {
    if (entries_[home].SameKey(key)) return &entries_[home];
    const size_t first = home / kPlaces;
    size_t line = first;
    do {
      E* const places = &entries_[line * kPlaces];
      if (places[0].SameKey(key)) return &places[0];
      if (places[1].SameKey(key)) return &places[1];
      if (places[2].SameKey(key)) return &places[2];
      if (places[3].SameKey(key)) return &places[3];
      if (places->passed_by == 0) [[likely]]
        return nullptr;
      line = Next(line);
    } while (line != first);  // in a tiny table all lines may have been passed by
    return nullptr;
  }
  E* Find(const E& key) noexcept { return Find(key, Home(key)); }
  const E* Find(const E& key, size_t home) const noexcept {
    return const_cast<LineIndex*>(this)->Find(key, home);
  }
  const E* Find(const E& key) const noexcept { return Find(key, Home(key)); }

  // REQUIRES: HasRoom(1), and no entry has its key.
  E* Insert(const E& entry, size_t home) noexcept {
    RINGWAY_CHECK(size_ < size_max_, "an index is full");
    ++size_;
    E* at = &entries_[home];
    size_t lines_from_home = 0;
    if (!at->empty()) [[unlikely]]
      at = FindFree(home, lines_from_home);
    const uint8_t passed_by = at->passed_by;
    *at = entry;
    at->passed_by = passed_by;
    at->lines_from_home = static_cast<uint8_t>(std::min(lines_from_home, kMany));
    return at;
  }
  // The entry with the key of `entry`, inserted as it stands if there was none.
  // REQUIRES: HasRoom(1).
  E* FindOrInsert(const E& entry, size_t home) noexcept {
    E* const found = Find(entry, home);
    return found != nullptr ? found : Insert(entry, home);
  }
  E* FindOrInsert(const E& entry) noexcept { return FindOrInsert(entry, Home(entry)); }

  void Erase(E* erased) noexcept {
    if (erased->lines_from_home != 0) [[unlikely]]
      LeaveLines(*erased);
    const uint8_t passed_by = erased->passed_by;
    *erased = E{};
    erased->passed_by = passed_by;
    --size_;
  }

 private:
  static constexpr size_t kPlaces = 4;
  // As many or more: of lines passed by, they are counted anew; of entries that passed by, the line
  // stays passed by.
  static constexpr size_t kMany = UINT8_MAX;

  size_t Next(size_t line) const noexcept { return line + 1 == lines_ ? 0 : line + 1; }

  // A free place as near as possible; the lines before it have been passed by once more.
  [[gnu::noinline]] E* FindFree(size_t home, size_t& lines_from_home) noexcept {
    for (size_t line = home / kPlaces;; line = Next(line), ++lines_from_home) {
      E* const places = &entries_[line * kPlaces];
      if (places[0].empty()) return &places[0];
      if (places[1].empty()) return &places[1];
      if (places[2].empty()) return &places[2];
      if (places[3].empty()) return &places[3];
      if (places->passed_by != kMany) ++places->passed_by;
    }
  }
  // The entry, which is not in its home's line, passes none by any more.
  [[gnu::noinline]] void LeaveLines(const E& entry) noexcept {
    const size_t end = static_cast<size_t>(&entry - &entries_[0]) / kPlaces;
    size_t line = entry.lines_from_home != kMany
                      ? (end + lines_ - entry.lines_from_home % lines_) % lines_
                      : Home(entry) / kPlaces;
    for (; line != end; line = Next(line)) {
      E& first = entries_[line * kPlaces];
      if (first.passed_by != kMany) --first.passed_by;
    }
  }

  HugeArray<E> entries_;
  const size_t lines_;
  const TableSecret secret_;
  size_t size_ = 0;
  size_t size_max_;
};

}  // namespace ringway
