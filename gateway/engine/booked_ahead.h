// BookedAhead: what venues had reported as filled of orders that are forgotten, where that was
// booked before the fills' own reports came.
//
// Such a report may come when its order is forgotten. Its total says whether it is booked already.
// The latest orders of each venue are remembered. Allocates at construction only. Engine thread
// only.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/order.h"

namespace ringway {

class BookedAhead {
 public:
  static constexpr uint32_t kRemembered = 1'024;  // of each venue

  struct Forgotten {
    uint64_t order_id;   // its identifiers at the venue lie from here
    uint64_t newest_id;  // to here, in one slot (order.h)
    uint64_t cum_qty;    // booked in all
  };

  explicit BookedAhead(size_t venues) : rings_(venues) {
    for (Ring& ring : rings_) ring.orders.reserve(kRemembered);
  }

  void Remember(VenueIndex venue, const Forgotten& forgotten) noexcept {
    Ring& ring = rings_[venue];
    if (ring.orders.size() < kRemembered) {
      ring.orders.push_back(forgotten);
    } else {
      ring.orders[ring.oldest] = forgotten;
      ring.oldest = (ring.oldest + 1) % kRemembered;
    }
  }

  // What is booked of the order that a venue request belongs to; null: nothing ahead of a report.
  uint64_t* Find(VenueIndex venue, uint64_t request_id) noexcept {
    for (Forgotten& order : rings_[venue].orders) {
      if (request_id >= order.order_id && request_id <= order.newest_id &&
          SlotOf(request_id) == SlotOf(order.order_id)) {
        return &order.cum_qty;
      }
    }
    return nullptr;
  }

  // State that the engine saves (archive.h).
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& venues) {
    ArchiveTable(
        archive, venues, self.rings_,
        [&archive](auto& ring) {
          const size_t count = archive.Count(ring.orders.size(), kRemembered, "forgotten orders");
          if constexpr (A::kLoads) ring.orders.resize(count);
          for (size_t at = 0; at < count; ++at) {
            auto& order = ring.orders[(ring.oldest + at) % kRemembered];
            archive(order.order_id, order.newest_id, order.cum_qty);
          }
        },
        [](const Ring&) { return true; });
  }

 private:
  struct Ring {
    std::vector<Forgotten> orders;
    uint32_t oldest = 0;  // index; 0 until all places are used
  };

  std::vector<Ring> rings_;  // by venue
};

}  // namespace ringway
