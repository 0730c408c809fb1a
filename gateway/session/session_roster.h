// The sessions that are logged on: which of them are visited in a turn.
//
// Hot sessions are visited every turn. One that was silent for long becomes cold: of the cold ones
// a few are looked at in a turn, each with one load where its next record would begin, and one to
// which something has come is hot again. Upkeep goes around the hot ones once a millisecond and
// around the cold ones, whose memory is in no cache, once in ten, a few in a turn. So a turn costs
// much the same with ten sessions and with thousands.
//
// Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "transport/link.h"

namespace ringway {

// Where a session stands; a member `place` of each.
struct RosterPlace {
  uint32_t index = 0;    // in all()
  uint32_t visited = 0;  // index among the hot, or the cold
  uint32_t quiet_turns = 0;
  bool cold = false;
};

// S: has live(), quiet() (a visit would find nothing to do but what Arrival() shows), Arrival() and
// `place`.
template <class S>
class SessionRoster {
 public:
  struct Limits {
    uint32_t hot_max;           // up to this many sessions, all are hot
    uint32_t cold_after_turns;  // a session becomes cold after this many silent turns
    uint32_t cold_looks;        // cold sessions that are looked at in a turn
  };

  SessionRoster(const Limits& limits, size_t sessions_max) : limits_(limits) {
    all_.reserve(sessions_max);
    hot_.reserve(sessions_max);
    cold_.reserve(sessions_max);
  }

  const std::vector<S*>& all() const noexcept { return all_; }

  // REQUIRES: it is not in the roster.
  void Add(S& session) noexcept {
    session.place = {.index = static_cast<uint32_t>(all_.size()),
                     .visited = static_cast<uint32_t>(hot_.size())};
    all_.push_back(&session);
    hot_.push_back(&session);
  }
  // REQUIRES: it is in the roster.
  void Remove(S& session) noexcept {
    if (session.place.cold) Warm(session);
    const RosterPlace place = session.place;
    hot_[place.visited] = hot_.back();
    hot_[place.visited]->place.visited = place.visited;
    hot_.pop_back();
    all_[place.index] = all_.back();
    all_[place.index]->place.index = place.index;
    all_.pop_back();
    if (all_.size() > limits_.hot_max) return;
    while (!cold_.empty()) Warm(*cold_.back().session);
  }
  // REQUIRES: it is cold.
  void Warm(S& session) noexcept {
    const uint32_t at = session.place.visited;
    cold_[at] = cold_.back();
    cold_[at].session->place.visited = at;
    cold_.pop_back();
    session.place.cold = false;
    session.place.quiet_turns = 0;
    session.place.visited = static_cast<uint32_t>(hot_.size());
    hot_.push_back(&session);
  }

  // The next turn looks at every cold session: a sleep must not hide what has come to one.
  void LookEverywhere() noexcept { look_everywhere_ = true; }

  // Between turns: whether something may have come, to one of the hot sessions or of some cold.
  bool SeesInput() noexcept {
    constexpr size_t kHotLooksMax = 8;
    constexpr uint32_t kColdLooks = 4;
    if (hot_.size() > kHotLooksMax) return true;
    for (const S* session : hot_) {
      if (session->live() && session->Arrival().Shows()) return true;
    }
    return LookAtCold(kColdLooks);
  }

  // One turn: visit(S&) of hot sessions, while more(). It returns whether the session was busy. The
  // first one changes, so that a spent budget does not always hit the same ones.
  template <class Visitor, class More>
  void Visit(Visitor&& visit, More&& more) noexcept {
    if (!cold_.empty()) {
      LookAtCold(std::exchange(look_everywhere_, false) ? static_cast<uint32_t>(cold_.size())
                                                        : limits_.cold_looks);
    }
    if (++first_ >= hot_.size()) first_ = 0;
    for (size_t i = 0; i < hot_.size() && more();) {
      const size_t index = first_ + i < hot_.size() ? first_ + i : first_ + i - hot_.size();
      S& session = *hot_[index];
      if (visit(session)) {
        session.place.quiet_turns = 0;
      } else if (++session.place.quiet_turns >= limits_.cold_after_turns && session.live() &&
                 all_.size() > limits_.hot_max) {
        Chill(session);
        continue;
      }
      ++i;
    }
  }

  // upkeep(S&) of the sessions whose turn it is.
  template <class Upkeep>
  void ForDue(int64_t now_ns, Upkeep&& upkeep) noexcept {
    hot_round_.Go(now_ns, hot_, [&](S* session) { upkeep(*session); });
    cold_round_.Go(now_ns, cold_, [&](const Cold& cold) { upkeep(*cold.session); });
  }

 private:
  struct Cold {
    ArrivalSign sign;
    S* session;
  };

  // Goes around a list, evenly in time while turns are short.
  class Round {
   public:
    explicit Round(int64_t period_ns) noexcept : period_ns_(period_ns) {}

    // The list may lose elements while it is visited.
    template <class List, class Visitor>
    void Go(int64_t now_ns, const List& list, Visitor&& visit) noexcept {
      constexpr uint32_t kInTime = 4;
      constexpr uint32_t kBehind = 32;
      if (list.empty()) return;
      const int64_t step_ns = std::max<int64_t>(1, period_ns_ / static_cast<int64_t>(list.size()));
      // After a sleep one round is made up for, not more.
      if (now_ns - due_ns_ > period_ns_) due_ns_ = now_ns - period_ns_;
      const uint32_t most = now_ns - due_ns_ > period_ns_ / 2 ? kBehind : kInTime;
      for (uint32_t i = 0; i != most && due_ns_ <= now_ns && !list.empty(); ++i) {
        due_ns_ += step_ns;
        if (++at_ >= list.size()) at_ = 0;
        const auto element = list[at_];
        visit(element);
      }
    }

   private:
    const int64_t period_ns_;
    int64_t due_ns_ = INT64_MIN / 2;
    size_t at_ = 0;  // visited last
  };

  // True if something has come to one of them.
  bool LookAtCold(uint32_t looks) noexcept {
    bool seen = false;
    for (uint32_t left = std::min(looks, static_cast<uint32_t>(cold_.size())); left != 0; --left) {
      if (cold_at_ >= cold_.size()) cold_at_ = 0;
      if (cold_[cold_at_].sign.Shows()) [[unlikely]] {
        Warm(*cold_[cold_at_].session);
        seen = true;
      } else {
        ++cold_at_;
      }
    }
    return seen;
  }

  void Chill(S& session) noexcept {
    const uint32_t at = session.place.visited;
    hot_[at] = hot_.back();
    hot_[at]->place.visited = at;
    hot_.pop_back();
    session.place.cold = true;
    session.place.visited = static_cast<uint32_t>(cold_.size());
    cold_.push_back({session.Arrival(), &session});
  }

  const Limits limits_;
  std::vector<S*> all_;
  std::vector<S*> hot_;
  std::vector<Cold> cold_;
  size_t first_ = 0;    // among the hot: visited first
  size_t cold_at_ = 0;  // looked at next
  bool look_everywhere_ = false;
  Round hot_round_{kNsPerMs};
  Round cold_round_{10 * kNsPerMs};
};

}  // namespace ringway
