// Pre-trade check: repeated automated execution by a session in one instrument on one side.
//
// RTS 6, article 15: after a set number of executions within a window a strategy is disabled until
// a person enables it again. The throttle latches with the execution that reaches the number; from
// then on the session's orders and replaces in that instrument and on that side are refused, until
// an operator arms the session. Cancels pass. A window opens with the first execution after the
// previous window; every fill report counts as one. Limit and value: executions within the window.
//
// A pair of session and instrument is created with the session's first accepted order there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/huge_array.h"
#include "gateway/core/indices.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/flat_index.h"
#include "gateway/risk/pair_key.h"
#include "gateway/risk/request.h"

namespace ringway {

class ExecutionThrottle {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kRepeatedExecution;

  explicit ExecutionThrottle(const EngineConfig& config)
      : sessions_(config.sessions.size()),
        pairs_(PairsMax(config)),
        index_(pairs_.size() * 2 + 8,
               config.table_secret ? *config.table_secret : TableSecret::Draw()) {
    for (size_t session = 0; session < sessions_.size(); ++session) {
      const SessionLimits& limits = config.sessions[session].limits;
      RINGWAY_CHECK(limits.executions_window_ns > 0, "executions_window");
      sessions_[session].executions_max = limits.executions_max;
      sessions_[session].window_ns = limits.executions_window_ns;
    }
  }

  // Whether the session has such a limit. Otherwise every order passes.
  bool Applies(const SessionLimits& limits, const Exposure&) const noexcept {
    return limits.executions_max != 0;
  }
  Verdict Check(const RiskRequest& request) const noexcept {
    return request.session_limits.executions_max != 0 ? CheckPair(request) : Verdict{};
  }

  // Makes room for a session's executions in an instrument. False: there is none.
  [[nodiscard, gnu::always_inline]] bool Join(SessionIndex session,
                                              InstrumentIndex instrument) noexcept {
    if (sessions_[session].executions_max == 0) [[likely]]
      return true;
    return Find(session, instrument) != nullptr || Make(session, instrument) != nullptr;
  }

  // True: the throttle latched just now.
  bool CountExecution(int64_t now_ns, SessionIndex session, InstrumentIndex instrument,
                      BookSide side) noexcept {
    if (pairs_count_ == 0) [[likely]]
      return false;
    Session& counted = sessions_[session];
    // No pair: the order is older than the session's limit.
    Pair* pair = counted.executions_max == 0 ? nullptr : Find(session, instrument);
    if (pair == nullptr) return false;
    if (pair->round != counted.round) {
      pair->sides[kBuySide] = pair->sides[kSellSide] = {};
      pair->round = counted.round;
    }
    Side& of = pair->sides[side];
    if (of.latched != 0) return false;
    if (now_ns - of.opened_ns >= counted.window_ns) of = {now_ns, 0, 0};
    if (++of.executions < counted.executions_max) return false;
    of.latched = 1;
    ++counted.latched;
    return true;
  }

  // An operator armed the session: all its windows begin anew.
  void Arm(SessionIndex session) noexcept {
    ++sessions_[session].round;
    sessions_[session].latched = 0;
  }
  // The sides of instruments in which the session is disabled.
  uint32_t latched(SessionIndex session) const noexcept { return sessions_[session].latched; }

  // State that the engine saves (archive.h). Sessions that no longer have such a limit are dropped.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    ArchiveTable(
        archive, around.sessions, self.sessions_,
        [&archive](auto& session) {
          archive(session.round);
          if constexpr (A::kLoads) session.latched = 0;
        },
        [](const Session&) { return true; });
    const size_t count =
        archive.Count(self.pairs_count_, UINT32_MAX, "pairs of session and instrument");
    for (size_t at = 0; at < count && archive.ok(); ++at) {
      Pair pair{};
      if constexpr (!A::kLoads) pair = self.pairs_[at];
      archive(pair.sides[kBuySide], pair.sides[kSellSide], pair.session, pair.instrument,
              pair.round);
      if constexpr (A::kLoads) self.LoadPair(archive, around, pair);
    }
  }

 private:
  struct Side {
    int64_t opened_ns;
    uint32_t executions;
    uint32_t latched;  // 1: disabled
  };
  // One session in one instrument.
  struct Pair {
    Side sides[2];  // by BookSide
    SessionIndex session;
    InstrumentIndex instrument;
    uint32_t round;  // the session's round when this was current; another: no executions yet
    uint32_t spare;
  };
  struct Session {
    int64_t window_ns = 0;
    uint32_t executions_max = 0;  // 0: not counted
    uint32_t round = 0;           // how often it was armed
    uint32_t latched = 0;
    uint32_t spare = 0;
  };

  [[gnu::noinline]] Verdict CheckPair(const RiskRequest& request) const noexcept {
    const Pair* pair = Find(request.session, request.instrument_index);
    if (pair == nullptr || pair->round != sessions_[request.session].round ||
        pair->sides[request.book_side].latched == 0) [[likely]] {
      return {};
    }
    return {RejectReason::kExecutionThrottle, kCheck, request.session_limits.executions_max,
            pair->sides[request.book_side].executions};
  }

  static size_t PairsMax(const EngineConfig& config) {
    size_t sessions = 0;
    for (const EngineSessionConfig& session : config.sessions) {
      sessions += session.limits.executions_max != 0;
    }
    return std::min<size_t>(sessions * config.instruments.size(), config.pools.positions_max);
  }

  const Pair* Find(SessionIndex session, InstrumentIndex instrument) const noexcept {
    const PairKey* found = index_.Find(PairKey::Of(session, instrument));
    return found == nullptr ? nullptr : &pairs_[found->index];
  }
  Pair* Find(SessionIndex session, InstrumentIndex instrument) noexcept {
    return const_cast<Pair*>(std::as_const(*this).Find(session, instrument));
  }
  [[gnu::noinline]] Pair* Make(SessionIndex session, InstrumentIndex instrument) noexcept {
    if (pairs_count_ == pairs_.size() || !index_.HasRoom(1)) return nullptr;
    index_.FindOrInsert(PairKey::Of(session, instrument))->index = pairs_count_;
    Pair& made = pairs_[pairs_count_++];
    made = {};
    made.session = session;
    made.instrument = instrument;
    made.round = sessions_[session].round;
    return &made;
  }

  // As Archive() read it; indices as saved.
  template <class A>
  void LoadPair(A& archive, const StateAround& around, const Pair& saved) {
    const Numbers& instruments = around.instruments;
    const SessionIndex session{archive.IndexOf(around.sessions, saved.session)};
    for (const Side& side : saved.sides) {
      archive.Require(side.opened_ns >= 0 && side.opened_ns <= around.now_ns && side.latched <= 1,
                      "executions that cannot be");
    }
    if (!archive.ok() || sessions_[session].executions_max == 0) return;
    const bool gone = saved.instrument < instruments.now.size() &&
                      instruments.now[saved.instrument] == Numbers::kGone;
    if (gone) return;
    const InstrumentIndex instrument{archive.IndexOf(instruments, saved.instrument)};
    if (!archive.ok()) return;
    archive.Require(Find(session, instrument) == nullptr, "executions are there twice");
    Pair* made = archive.ok() ? Make(session, instrument) : nullptr;
    archive.Require(made != nullptr, "pairs of session and instrument: raise pools.positions_max");
    if (made == nullptr) return;
    made->sides[kBuySide] = saved.sides[kBuySide];
    made->sides[kSellSide] = saved.sides[kSellSide];
    made->round = saved.round;
    if (made->round != sessions_[session].round) return;
    for (const Side& side : made->sides) sessions_[session].latched += side.latched;
  }

  std::vector<Session> sessions_;  // by session
  HugeArray<Pair> pairs_;
  uint32_t pairs_count_ = 0;
  FlatIndex<PairKey> index_;
};

}  // namespace ringway
