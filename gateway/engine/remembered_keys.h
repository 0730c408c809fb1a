// RememberedKeys: the latest keys of several owners, in shared room.
//
// Each owner's keys are forgotten oldest first. When the room is used up, the owner that holds most
// forgets one (fair_shares.h): an owner that brings many keys cannot evict the others'. Allocates
// at construction only. Engine thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/huge_array.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/fair_shares.h"

namespace ringway {

class RememberedKeys {
 public:
  struct Key {
    uint64_t key;
    uint32_t owner;     // index
    uint32_t mark = 0;  // kept with the key
  };

  // REQUIRES: room >= 1.
  RememberedKeys(uint32_t room, size_t owners) : places_(room), lists_(owners), shares_(owners) {}

  // Remembers a key. First calls forget(Key) if one has to be evicted for it.
  template <class F>
  [[gnu::always_inline]] void Remember(Key remembered, F&& forget) noexcept {
    const uint32_t owner = remembered.owner;
    uint32_t at = used_;
    if (used_ < places_.size()) [[unlikely]] {
      ++used_;
    } else {
      const uint32_t from = shares_.TakeRichest();
      List& list = lists_[from];
      at = list.first;
      forget(Key{places_[at].key, from, places_[at].mark});
      list.first = places_[at].next;
      if (list.first == kNone) list.last = kNone;
      shares_.Lose(from);
    }
    places_[at] = {remembered.key, kNone, remembered.mark};
    List& list = lists_[owner];
    (list.last == kNone ? list.first : places_[list.last].next) = at;
    list.last = at;
    shares_.Gain(owner);
  }

  // The key that is probably forgotten next; an owner index beyond all: none yet.
  Key NextToGo() const noexcept {
    if (used_ < places_.size()) return {0, kNone};
    const uint32_t from = shares_.likely();
    const uint32_t first = lists_[from].first;
    return first == kNone ? Key{0, kNone} : Key{places_[first].key, from, places_[first].mark};
  }
  size_t size() const noexcept { return used_; }
  uint32_t held(uint32_t owner) const noexcept { return shares_.held(owner); }

  // State that the engine saves (archive.h): by owner, oldest first. each(Key&) archives one key;
  // while loading it returns whether the key is kept (an owner that is not configured has index
  // kNone). Where there is less room than before, forget(Key) is called for what has to go.
  template <class Self, class A, class Each, class Forget>
  static void Archive(Self& self, A& archive, const Numbers& owners, Each each, Forget forget) {
    for (size_t saved = 0; saved < owners.saved.size() && archive.ok(); ++saved) {
      const uint32_t owner = owners.now[saved];
      size_t count = 0;
      if constexpr (!A::kLoads) count = self.shares_.held(owner);
      count = archive.Count(count, kRoomMax, "remembered keys");
      uint32_t at = kNone;
      if constexpr (!A::kLoads) at = self.lists_[owner].first;
      for (size_t i = 0; i < count && archive.ok(); ++i) {
        if constexpr (A::kLoads) {
          Key key{0, owner};
          if (each(key) && archive.ok()) self.Remember(key, forget);
        } else {
          Key key{self.places_[at].key, owner, self.places_[at].mark};
          (void)each(key);
          at = self.places_[at].next;
        }
      }
    }
    FairShares::Archive(self.shares_, archive, owners);
  }

  static constexpr uint32_t kNone = UINT32_MAX;

 private:
  static constexpr size_t kRoomMax = UINT32_MAX;
  struct Place {
    uint64_t key;
    uint32_t next;  // of the same owner, younger
    uint32_t mark;
  };
  struct List {
    uint32_t first = kNone;  // the oldest
    uint32_t last = kNone;
  };

  HugeArray<Place> places_;
  uint32_t used_ = 0;  // places from here on were never used
  std::vector<List> lists_;
  FairShares shares_;
};

}  // namespace ringway
