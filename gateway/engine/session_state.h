// The engine's state of a session and of a venue's day, and the work left over from earlier steps.
//
// Sequence numbers start at 1. next_seq_in counts every numbered message of the client, refused or
// not, and what its GapFills skip; next_seq_out counts every report, but no SessionReject. Work
// that may concern many orders (mass cancel, cancel on disconnect, snapshot) walks the session's
// open orders in bounded batches; it covers the orders that were open when it began, and an order
// that closes moves the walk on.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/core/indices.h"
#include "gateway/core/step.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/order.h"

namespace ringway {

// A walk over the open orders of a session that were entered before it began.
struct Walk {
  Slot at = kNoSlot;          // the next order; kNoSlot: done
  uint64_t end_order_id = 0;  // orders from this one on are younger than the walk

  bool active() const noexcept { return at != kNoSlot; }

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.at, self.end_order_id);
  }
};

// A search through the open orders of all sessions for those of one venue after another.
struct VenueSweep {
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit VenueSweep(size_t venues) : wanted(venues) {}

  std::vector<uint8_t> wanted;  // by venue: its orders have to be searched
  VenueIndex venue{kNone};      // the one being searched
  SessionIndex session{0};
  Walk walk;

  uint32_t unfinished() const noexcept {
    uint32_t count = venue != kNone;
    for (const uint8_t venue_wanted : wanted) count += venue_wanted;
    return count;
  }

  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& sessions, const Numbers& venues) {
    ArchiveTable(
        archive, venues, self.wanted,
        [&archive](auto& venue_wanted) {
          archive(venue_wanted);
          archive.Require(venue_wanted <= 1, "a venue is neither searched for nor not");
        },
        [](uint8_t) { return true; });
    archive(self.venue, self.session, self.walk);
    if constexpr (A::kLoads) {
      archive.Require(self.venue == kNone || self.venue < venues.now.size(),
                      "a search for orders at no venue");
      if (!archive.ok()) return;
      if (self.venue != kNone) self.venue = VenueIndex{venues.now[self.venue]};
      if (sessions.same) return;
      // The search through the sessions begins anew.
      if (self.venue != kNone) self.wanted[self.venue] = 1;
      self.venue = VenueIndex{kNone};
      self.session = SessionIndex{0};
      self.walk = {};
    }
  }
};

// A venue's latest report, and which session got it: the report's details go there too.
struct ToldReport {
  uint64_t request = 0;  // identifier of the venue request that it named; 0: no session got it
  uint64_t exec_id = 0;  // 0: it was a reject
  uint64_t order_id = 0;
  uint64_t cl_ord_id = 0;  // as sent to the session
  SessionIndex session{0};

  template <class Self, class A>
  static void Archive(Self& self, A& archive, const Numbers& sessions) {
    archive(self.request, self.exec_id, self.order_id, self.cl_ord_id, self.session);
    if constexpr (A::kLoads) {
      if (self.request != 0) self.session = SessionIndex{archive.IndexOf(sessions, self.session)};
    }
  }
};

// A venue's trading day, and those before it (engine_day.cc).
struct VenueDay {
  // A report that a venue repeats after a weekend, or a week away, belongs to one of these.
  static constexpr std::size_t kEarlierMax = 8;
  struct Earlier {
    uint32_t day = 0;      // 0: none
    int64_t began_ns = 0;  // since the Unix epoch
  };

  uint32_t day = 0;                          // 0: none has begun
  int64_t began_ns = 0;                      // since the Unix epoch
  std::array<Earlier, kEarlierMax> earlier;  // newest first
  uint64_t first_order_id = 0;  // orders below it were entered before it began; 0: unknown
  uint64_t first_before = 0;    // likewise for the day before

  void Begin(uint32_t number, int64_t now_ns) noexcept {
    std::shift_right(earlier.begin(), earlier.end(), 1);
    earlier[0] = {day, began_ns};
    day = number;
    began_ns = now_ns;
  }
  // The day of a time since the Unix epoch; for one before all known days the earliest of them, or
  // 0 where there were none before.
  uint32_t At(uint64_t when_ns) const noexcept {
    if (when_ns >= static_cast<uint64_t>(began_ns)) return day;
    for (const Earlier& one : earlier) {
      if (when_ns >= static_cast<uint64_t>(one.began_ns)) return one.day;
    }
    return earlier.back().day;
  }

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.day, self.began_ns, self.first_order_id, self.first_before);
    bool possible = self.began_ns >= 0;
    Earlier later{self.day, self.began_ns};
    for (auto& one : self.earlier) {
      archive(one.day, one.began_ns);
      possible = possible && one.began_ns >= 0 && one.began_ns <= later.began_ns &&
                 (one.day < later.day || one.day == 0);
      later = one;
    }
    archive.Require(possible, "a trading day that cannot be");
  }
};

// A search for positions, and holdings of sessions, that nobody needs: first none counts as
// referred to, then those of all orders do, then the others are freed.
struct IdlePositionsJob {
  enum class Phase : uint8_t { kNone, kClear, kClearHoldings, kRefer, kFree, kFreeHoldings };
  Phase phase = Phase::kNone;
  uint32_t at = 0;  // the next position, holding, or slot of an order

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.phase, self.at);
    archive.Require(self.phase <= Phase::kFreeHoldings,
                    "a search for idle positions that cannot be");
  }
};

struct MassCancelJob {
  Walk walk;
  bool active = false;
  MassCancel request = {};
  uint32_t affected = 0;
  uint32_t not_sent = 0;

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.walk, self.active, self.request, self.affected, self.not_sent);
    archive.Require(IsKnown(self.request.side), "a mass cancel of no side");
  }
};

// Sends open orders first, then positions, then the end.
struct SnapshotJob {
  Walk walk;
  bool active = false;
  uint32_t index = 0;      // orders sent
  uint32_t count = 0;      // as there were when it began
  uint32_t position = 0;   // the next to visit
  uint32_t positions = 0;  // number sent

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.walk, self.active, self.index, self.count, self.position, self.positions);
  }
};

// Cancels that the gateway owes on its own account: for a session that is gone, and for orders that
// an operator canceled (kCancelWanted). Each stays owed until its order ends. One that the venue
// refuses is retried after a delay, which doubles up to kRetryLongestNs; one that could not reach
// the venue is retried when the venue can be reached again.
inline constexpr int64_t kRetryFirstNs = 100'000'000;
inline constexpr int64_t kRetryLongestNs = 5'000'000'000;

struct RetryJob {
  Walk walk;                         // sends what is owed
  int64_t due_ns = 0;                // when the next begins; 0: nothing was refused
  int64_t delay_ns = kRetryFirstNs;  // of the next refusal
  bool wanted = false;               // there may be orders that an operator canceled
  // the walk encountered one, or an operator canceled one since it began
  bool met = false;

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.walk, self.due_ns, self.delay_ns, self.wanted, self.met);
    archive.Require(
        self.due_ns >= 0 && self.delay_ns >= kRetryFirstNs && self.delay_ns <= kRetryLongestNs,
        "a retry of cancels that cannot be");
  }
};

// An operator's cancel: of the orders that were open when it was given.
struct CancelCommand {
  OperatorCancel request = {};
  uint64_t end_order_id = 0;  // orders from this one on are younger than the command

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.request, self.end_order_id);
    archive.Require(IsKnown(self.request.side), "an operator's cancel of no side");
  }
};

// Goes through the sessions one after the other. Further cancels wait for their turn.
struct OperatorCancelJob {
  static constexpr uint32_t kWaitingMax = 16;

  bool active = false;
  CancelCommand cancel;
  uint32_t next_session = 0;  // by index: its orders come after this walk
  uint32_t end_session = 0;
  Walk walk;
  // Of this cancel and those before it that it followed immediately.
  uint32_t affected = 0;
  uint32_t not_sent = 0;
  uint32_t waiting_count = 0;
  std::array<CancelCommand, kWaitingMax> waiting = {};  // the first waiting_count, oldest first

  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.active, self.cancel, self.next_session, self.end_session, self.walk, self.affected,
            self.not_sent);
    const size_t count = archive.Count(self.waiting_count, kWaitingMax, "operators' cancels");
    if constexpr (A::kLoads) self.waiting_count = static_cast<uint32_t>(count);
    for (size_t at = 0; at < count; ++at) archive(self.waiting[at]);
    archive.Require(self.active || count == 0, "an operator's cancel waits for none");
  }
};

// What happens to a session's open orders while it is not logged on.
enum class Absence : uint8_t {
  kNone,    // it is logged on, or they stay in any case
  kPaused,  // they stay until the next start of the gateway, which begins the grace period
  kGrace,   // they are canceled at grace_end_ns unless it returns
  kGone,    // they are canceled; those that a venue that is down holds, when it is back
};
constexpr bool IsKnown(Absence absence) noexcept { return absence <= Absence::kGone; }

struct EngineSession {
  SessionId id = 0;
  bool up = false;
  bool cancel_on_disconnect = false;  // the client asked for kLogout at its latest logon
  Absence absence = Absence::kNone;
  Durability durability = Durability::kMemory;  // promised at the latest logon
  uint32_t snapshot_round = 0;  // counts snapshots; orders carry the one that they were part of
  uint64_t next_seq_in = 1;     // of the next request
  uint64_t next_seq_out = 1;    // of the next report
  uint64_t incarnation = 0;     // of the latest logon
  int64_t grace_end_ns = 0;     // of kGrace
  Walk disconnect;              // cancels all open orders
  RetryJob retry;
  MassCancelJob mass_cancel;
  SnapshotJob snapshot;

  // Everything but `id`, which is configured.
  template <class Self, class A>
  static void Archive(Self& self, A& archive) {
    archive(self.up, self.cancel_on_disconnect, self.absence, self.durability, self.snapshot_round,
            self.next_seq_in, self.next_seq_out, self.incarnation, self.grace_end_ns,
            self.disconnect, self.retry, self.mass_cancel, self.snapshot);
  }
};

}  // namespace ringway
