// ExecutionIds: detects execution reports that a venue has sent before.
//
// Remembers the latest execution identifiers of all venues, exactly, each with its trading day: a
// venue may restart its count every day. The oldest are forgotten, of the venue that has most
// (remembered_keys.h), so that no venue can make another's repeats pass.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/line_index.h"
#include "gateway/engine/remembered_keys.h"

namespace ringway {

class ExecutionIds {
 public:
  ExecutionIds(uint32_t remembered, size_t venues, const TableSecret& secret)
      : keys_(std::max(remembered, 1u), venues),
        index_(size_t{std::max(remembered, 1u)} * 2 + 8, secret) {}

  // Prefetches what Remember() touches.
  void Prefetch(VenueIndex venue, uint32_t day, uint64_t exec_id) const noexcept {
    index_.Prefetch(index_.Home(KeyOf({exec_id, venue, day})));
  }

  // Remembers the identifier; false when it was remembered already. `day`: 0, or the venue's number
  // of its trading day.
  bool Remember(VenueIndex venue, uint32_t day, uint64_t exec_id) noexcept {
    const RememberedKeys::Key key{exec_id, venue, day};
    const Execution execution = KeyOf(key);
    const size_t home = index_.Home(execution);
    if (index_.Find(execution, home) != nullptr) return false;
    keys_.Remember(key, [this](RememberedKeys::Key gone) { Forget(gone); });
    index_.Insert(execution, home);
    // Prefetches what the next one will evict.
    const RememberedKeys::Key next = keys_.NextToGo();
    if (next.owner != RememberedKeys::kNone) {
      next_to_go_ = KeyOf(next);
      next_home_ = index_.Home(next_to_go_);
      index_.Prefetch(next_home_);
    }
    return true;
  }

  // State that the engine saves (archive.h); the index is derived from the keys.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& venues) {
    RememberedKeys::Archive(
        self.keys_, archive, venues,
        [&](auto& key) {
          archive(key.key, key.mark);
          if constexpr (A::kLoads) {
            // Of a venue that is no longer configured: it cannot send repeats.
            if (key.owner == Numbers::kGone) return false;
            const Execution execution = KeyOf(key);
            archive.Require(self.index_.Find(execution) == nullptr,
                            "an execution identifier is there twice");
            if (archive.ok()) self.index_.FindOrInsert(execution);
          }
          return true;
        },
        [&]([[maybe_unused]] RememberedKeys::Key key) {
          if constexpr (A::kLoads) self.Forget(key);
        });
  }

 private:
  struct Execution {
    uint64_t exec_id;
    uint32_t day;
    uint16_t venue;  // index + 1; 0: a free place
    uint8_t lines_from_home;
    uint8_t passed_by;

    uint64_t Hash(const TableSecret& secret) const noexcept {
      return KeyedHash(exec_id >> 2, uint64_t{day} << 16 | venue, secret);
    }
    uint64_t Neighbour() const noexcept { return exec_id & 3; }
    bool SameKey(const Execution& other) const noexcept {
      return exec_id == other.exec_id && day == other.day && venue == other.venue;
    }
    bool empty() const noexcept { return venue == 0; }
  };

  static Execution KeyOf(const RememberedKeys::Key& key) noexcept {
    return {key.key, key.mark, static_cast<uint16_t>(key.owner + 1), 0, 0};
  }
  void Forget(const RememberedKeys::Key& key) noexcept {
    const Execution gone = KeyOf(key);
    index_.Erase(index_.Find(gone, next_to_go_.SameKey(gone) ? next_home_ : index_.Home(gone)));
  }

  RememberedKeys keys_;
  LineIndex<Execution> index_;
  // What is probably forgotten next, and its home. Derived; not saved.
  Execution next_to_go_ = {};
  size_t next_home_ = 0;
};

}  // namespace ringway
