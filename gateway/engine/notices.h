// Notices: broadcasts to many sessions, and the progress of each.
//
// A short queue of kill switches, venue states and positions. Each goes to the sessions that it
// concerns, some sessions per step. When the queue is full a notice is dropped and counted: what it
// announces holds all the same.
#pragma once

#include <array>
#include <cstdint>

#include "gateway/core/indices.h"
#include "schema/messages.h"

namespace ringway {

struct Notice {
  FrameType type;  // kRiskState, kVenueStatus or kPositionReport: selects the member that counts
  RiskState risk = {};
  VenueStatus venue = {};
  // account and instrument only; the quantity is looked up when it is sent
  PositionReport position = {};
};

class Notices {
 public:
  static constexpr uint32_t kNoticesMax = 256;

  bool empty() const noexcept { return count_ == 0; }
  uint32_t count() const noexcept { return count_; }

  // False: there is no room.
  [[nodiscard]] bool Push(const Notice& notice) noexcept {
    if (count_ == kNoticesMax) return false;
    queue_[(first_ + count_++) % kNoticesMax] = notice;
    return true;
  }
  // State that the engine saves (archive.h). When loading, keeps the notices that `keep(const
  // Notice&)` accepts.
  template <class Self, class A, class Keep>
  static void Archive(Self& self, A& archive, Keep keep) {
    const size_t count = archive.Count(self.count_, kNoticesMax, "notices");
    SessionIndex next_session = self.next_session_;
    archive(next_session);
    for (uint32_t place = 0; place < count && archive.ok(); ++place) {
      Notice notice = self.at(place);
      archive(notice.type, notice.risk, notice.venue, notice.position);
      if constexpr (A::kLoads) {
        if (keep(notice)) {
          (void)self.Push(notice);
          if (place == 0) self.next_session_ = next_session;
        }
      }
    }
  }

  // The notice at `place` behind the front. REQUIRES: place < count().
  const Notice& at(uint32_t place) const noexcept { return queue_[(first_ + place) % kNoticesMax]; }
  // REQUIRES: !empty().
  const Notice& front() const noexcept { return queue_[first_]; }
  // The next session to be notified.
  SessionIndex next_session() const noexcept { return next_session_; }
  void Told() noexcept { ++next_session_; }
  // Sends the front to every session anew.
  void TellAgain() noexcept { next_session_ = SessionIndex{0}; }
  void Pop() noexcept {
    first_ = (first_ + 1) % kNoticesMax;
    --count_;
    next_session_ = SessionIndex{0};
  }

 private:
  std::array<Notice, kNoticesMax> queue_ = {};
  uint32_t first_ = 0;
  uint32_t count_ = 0;
  SessionIndex next_session_{0};
};

}  // namespace ringway
