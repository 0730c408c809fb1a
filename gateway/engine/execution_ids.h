// Has this venue sent this execution report before?
//
// Remembers the latest execution identifiers of all venues, exactly; the oldest are forgotten.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/huge_array.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/flat_index.h"

namespace ringway {

class ExecutionIds {
 public:
  explicit ExecutionIds(uint32_t remembered)
      : ring_(std::max(remembered, 1u)), index_(size_t{std::max(remembered, 1u)} * 2 + 8) {}

  // Brings what Remember() touches into the cache.
  void Prefetch(uint32_t venue, uint64_t exec_id) const noexcept {
    index_.Prefetch({exec_id, uint64_t{venue} + 1});
  }

  // Remembers the identifier; answers false when it was remembered already.
  bool Remember(uint32_t venue, uint64_t exec_id) noexcept {
    const Execution execution{exec_id, uint64_t{venue} + 1};
    Execution& oldest = ring_[next_];
    if (index_.Find(execution) != nullptr) return false;
    if (!oldest.empty()) index_.Erase(index_.Find(oldest));
    index_.FindOrInsert(execution);
    oldest = execution;
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
    // What the next one will push out is found in the cache then.
    index_.Prefetch(ring_[next_]);
    return true;
  }

  // What the engine saves (archive.h); the index follows from the ring.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& venues) {
    ArchiveRing(archive, self.ring_, self.next_, self.index_.size(), "execution identifiers",
                [&](auto& execution, [[maybe_unused]] bool kept) {
                  archive(execution.exec_id, execution.venue);
                  if constexpr (A::kLoads) {
                    archive.Require(execution.venue != 0, "an execution without a venue");
                    if (!archive.ok()) return;
                    const uint64_t saved = execution.venue - 1;
                    if (saved < venues.now.size() && venues.now[saved] == Numbers::kGone) {
                      execution = {};  // a place without an identifier does no harm
                      return;
                    }
                    execution.venue = uint64_t{archive.IndexOf(venues, saved)} + 1;
                    if (!kept) return;
                    archive.Require(self.index_.Find(execution) == nullptr,
                                    "an execution identifier is there twice");
                    if (archive.ok()) self.index_.FindOrInsert(execution);
                  }
                });
  }

  uint64_t StateHash() const noexcept {
    uint64_t hash = next_;
    for (const Execution& execution : ring_.span())
      hash = MixHash(hash ^ execution.exec_id, execution.venue);
    return hash;
  }

 private:
  struct Execution {
    uint64_t exec_id;
    uint64_t venue;  // index + 1; 0: an empty place

    uint64_t Hash() const noexcept { return MixHash(exec_id >> 2, venue << 56); }
    uint64_t Neighbour() const noexcept { return exec_id & 3; }
    bool SameKey(const Execution& other) const noexcept {
      return exec_id == other.exec_id && venue == other.venue;
    }
    bool empty() const noexcept { return venue == 0; }
  };

  HugeArray<Execution> ring_;
  size_t next_ = 0;
  FlatIndex<Execution> index_;
};

}  // namespace ringway
