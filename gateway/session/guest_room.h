// Links that have not logged on yet: their places, their time limits, and the order in which they
// are polled.
//
// A link whose key was proved in its handshake is accounted to its key: each key has
// kGuestsPerKeyMax places of its own, and a newer link replaces the oldest one. All others are
// accounted to a user or an address; they share `unproved_max` places, and when these are taken the
// oldest link of the user or address with most of them is evicted (transport/fair_share.h). A turn
// takes a message from one guest at most, so that it checks one proof. Thread rule: one thread.
// Allocates nothing after construction but what links need.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/fair_share.h"
#include "transport/link.h"

namespace ringway {

template <Link L>
class GuestRoom {
 public:
  static constexpr uint32_t kGuestsPerKeyMax = 2;
  // The most guests visited in one turn.
  static constexpr std::size_t kVisitsPerTurn = 64;

  // `keys`: the number of keys that can be proved.
  GuestRoom(uint32_t unproved_max, std::size_t keys)
      : unproved_max_(unproved_max), guests_max_(unproved_max + keys * kGuestsPerKeyMax) {
    guests_.reserve(guests_max_);
  }

  bool empty() const noexcept { return guests_.empty(); }
  // Whether every guest is visited in every turn.
  bool sees_all() const noexcept { return guests_.size() <= kVisitsPerTurn; }

  // Takes a new link. Returns the link that no longer has a place, another or this one, or null.
  std::unique_ptr<L> Add(std::unique_ptr<L> link, int64_t now_ns, int64_t deadline_ns) {
    Guest guest{.link = std::move(link),
                .arrival = ++arrivals_,
                .deadline_ns = deadline_ns,
                .maintained_ns = now_ns};
    const auto& identity = guest.link->identity();
    guest.proved = identity.key_proved;
    guest.holder = identity.key_proved ? identity.peer_key : identity.holder;
    const std::size_t gone = InTheWayOf(guest);
    std::unique_ptr<L> evicted;
    if (gone < guests_.size()) evicted = Take(gone);
    if (guests_.size() == guests_max_) return std::move(guest.link);
    if (!guest.proved) ++unproved_;
    guests_.push_back(std::move(guest));
    return evicted;
  }

  // One turn, up to the first guest with a message: heard(link, logon, reason), where `reason` is
  // unset for a logon that can be decoded. Calls ended(link, late) for links that are over. True
  // when there was a message.
  template <class Heard, class Ended>
  bool Poll(int64_t now_ns, Heard&& heard, Ended&& ended) {
    for (std::size_t i = std::min(guests_.size(), kVisitsPerTurn); i != 0 && !empty(); --i) {
      if (next_ >= guests_.size()) next_ = 0;
      Guest& guest = guests_[next_];
      Logon logon;
      LogonRejectReason reason = LogonRejectReason::kNotALogon;
      auto receive = [&](const Record& record) noexcept {
        if (record.type == static_cast<uint8_t>(FrameType::kLogon) &&
            Decode(record.payload, logon) == DecodeStatus::kOk) {
          reason = LogonRejectReason::kUnset;
        }
      };
      if (guest.link->Poll(receive, 1) != 0) {
        heard(Take(next_), logon, reason);
        return true;
      }
      const bool due = now_ns - guest.maintained_ns >= kNsPerMs;
      if (due) guest.maintained_ns = now_ns;
      const LinkState state = due ? guest.link->Maintain(now_ns) : guest.link->state();
      const bool late = now_ns > guest.deadline_ns;
      if (late || state == LinkState::kClosed) {
        ended(Take(next_), late);
      } else {
        ++next_;
      }
    }
    return false;
  }

  template <class F>
  void ForEach(F&& f) {
    for (Guest& guest : guests_) f(*guest.link);
  }
  // REQUIRES: !empty().
  std::unique_ptr<L> TakeAny() { return Take(guests_.size() - 1); }

 private:
  struct Guest {
    std::unique_ptr<L> link;
    uint64_t holder = 0;
    bool proved = false;
    uint64_t arrival = 0;
    int64_t deadline_ns = 0;
    int64_t maintained_ns = 0;
  };

  // The index of the guest that must be evicted for this one, or the number of guests.
  std::size_t InTheWayOf(const Guest& newcomer) {
    const auto same_key = [&](const Guest& g) { return g.proved && g.holder == newcomer.holder; };
    if (newcomer.proved) {
      if (std::count_if(guests_.begin(), guests_.end(), same_key) < kGuestsPerKeyMax) {
        return guests_.size();
      }
    } else if (unproved_ < unproved_max_) {
      return guests_.size();
    }
    return share_.ToGiveUp(
        guests_, newcomer.holder, [](const Guest& g) { return g.holder; },
        [](const Guest& g) { return g.arrival; },
        [&](const Guest& g) { return newcomer.proved ? same_key(g) : !g.proved; });
  }

  std::unique_ptr<L> Take(std::size_t index) {
    std::unique_ptr<L> link = std::move(guests_[index].link);
    if (!guests_[index].proved) --unproved_;
    if (index + 1 != guests_.size()) guests_[index] = std::move(guests_.back());
    guests_.pop_back();
    return link;
  }

  const uint32_t unproved_max_;
  const std::size_t guests_max_;
  std::vector<Guest> guests_;
  uint32_t unproved_ = 0;
  uint64_t arrivals_ = 0;
  std::size_t next_ = 0;  // visited first in the next turn
  FairShare share_;
};

}  // namespace ringway
