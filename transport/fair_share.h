// Chooses what to evict when a bounded table is full: the oldest entry of the holder with the most
// entries.
//
// A holder is whoever answers for an entry: a user, an address, a proved key. A holder that floods
// the table therefore loses its own places; a holder with few entries loses none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ringway {

// What becomes of a newcomer whose own holder has the most, or as many as any other.
enum class Newcomer : uint8_t {
  kReplaces,   // it takes the place of its holder's oldest: an entry costs little to make
  kIsRefused,  // its holder keeps what it has: an entry is costly to make
};

template <class Holder>
class BasicFairShare {
 public:
  // Holders that are counted separately; any beyond these share one count. Bounds the work per
  // call.
  static constexpr std::size_t kHoldersMax = 64;

  BasicFairShare() { counts_.reserve(kHoldersMax); }

  // The index in `entries` of the entry to evict for a newcomer that belongs to holder `newcomer`,
  // or entries.size() if none may go. holder_of(entry) is its holder; arrival_of(entry) rises with
  // every arrival; entries for which may_go(entry) is false stay. Among holders of equal size the
  // newcomer's own is chosen first; with kIsRefused only a holder goes that has more than the
  // newcomer's would with one more. Allocates nothing.
  template <class Entries, class HolderOf, class ArrivalOf, class MayGo>
  std::size_t ToGiveUp(const Entries& entries, const Holder& newcomer, HolderOf&& holder_of,
                       ArrivalOf&& arrival_of, MayGo&& may_go,
                       Newcomer otherwise = Newcomer::kReplaces) {
    counts_.clear();
    Holder biggest = newcomer;
    uint32_t biggest_count = 0;
    uint32_t own_count = 0;
    for (const auto& entry : entries) {
      if (!may_go(entry)) continue;
      const Holder holder = holder_of(entry);
      const uint32_t count = Count(holder);
      if (holder == newcomer) own_count = count;
      if (count > biggest_count || (count == biggest_count && holder == newcomer)) {
        biggest = holder;
        biggest_count = count;
      }
    }
    std::size_t oldest = entries.size();
    if (otherwise == Newcomer::kIsRefused && biggest_count <= own_count + 1) return oldest;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!may_go(entries[i]) || holder_of(entries[i]) != biggest) continue;
      if (oldest == entries.size() || arrival_of(entries[i]) < arrival_of(entries[oldest])) {
        oldest = i;
      }
    }
    return oldest;
  }

 private:
  uint32_t Count(const Holder& holder) {
    for (auto& [known, count] : counts_) {
      if (known == holder) return ++count;
    }
    if (counts_.size() == kHoldersMax) return 1;
    counts_.emplace_back(holder, 1);
    return 1;
  }

  std::vector<std::pair<Holder, uint32_t>> counts_;
};

using FairShare = BasicFairShare<uint64_t>;

}  // namespace ringway
