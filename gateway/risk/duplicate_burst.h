// Pre-trade check: bursts of identical orders, as a malfunctioning strategy sends them.
//
// Identical means: same account, instrument, side, type, prices and quantity. Orders are counted
// per session and kind in windows that open with the first order of the kind; those beyond
// duplicate_orders_max in one window are refused. Every session remembers its 64 latest kinds, in
// 16 sets of 4 that a hash chooses; a new kind evicts the oldest of its set. Orders that a later
// check refuses count too. Limit and value: orders within the window.
#pragma once

#include <cstdint>

#include "gateway/engine/archive.h"
#include "gateway/engine/flat_index.h"
#include "gateway/risk/request.h"

namespace ringway {

class DuplicateBurst {
 public:
  static constexpr RiskCheck kCheck = RiskCheck::kDuplicateBurst;

  explicit DuplicateBurst(const EngineConfig& config) : sets_(config.sessions.size() * kSets) {
    for (const EngineSessionConfig& session : config.sessions) {
      RINGWAY_CHECK(session.limits.duplicate_window_ns > 0, "duplicate_window_ns");
    }
  }

  [[gnu::always_inline]] Verdict Check(const RiskRequest& request) noexcept {
    const SessionLimits& limits = request.session_limits;
    if (limits.duplicate_orders_max == 0 || request.is_replace) return {};
    const uint64_t hash = Fingerprint(request);
    Set& set = sets_[request.session * kSets + hash % kSets];
    const uint64_t kind = hash | 1;  // 0 marks an unused way
    static_assert(kWays == 4);
    Way(&ways)[kWays] = set.ways;
    if (ways[0].kind == kind) return Count(ways[0], request.now_ns, limits);
    if (ways[1].kind == kind) return Count(ways[1], request.now_ns, limits);
    if (ways[2].kind == kind) return Count(ways[2], request.now_ns, limits);
    if (ways[3].kind == kind) return Count(ways[3], request.now_ns, limits);
    Way& oldest = OlderOf(OlderOf(ways[0], ways[1]), OlderOf(ways[2], ways[3]));
    oldest = {kind, request.now_ns, 1};
    return {};
  }

  // State that the engine saves (archive.h). Kinds contain indices: where the configuration's order
  // of accounts or instruments has changed, windows begin anew.
  template <class Self, class A>
  static void Archive(Self& self, A& archive, const StateAround& around) {
    const Numbers& sessions = around.sessions;
    const bool same_kinds = around.accounts.same && around.instruments.same;
    for (size_t at = 0; at < sessions.saved.size(); ++at) {
      const bool keep = same_kinds && sessions.now[at] != Numbers::kGone;
      for (size_t set = 0; set < kSets && archive.ok(); ++set) {
        Set ways{};
        if constexpr (!A::kLoads) ways = self.sets_[at * kSets + set];
        archive.Records(ways.ways);
        for (const Way& way : ways.ways) {
          archive.Require(way.opened_ns >= 0 && way.opened_ns <= around.now_ns && way.count >= 0 &&
                              way.count <= UINT32_MAX,
                          "a window of duplicate orders that cannot be");
        }
        if constexpr (A::kLoads) {
          if (keep) self.sets_[sessions.now[at] * kSets + set] = ways;
        }
      }
    }
  }

 private:
  static constexpr uint32_t kSets = 16;
  static constexpr uint32_t kWays = 4;
  struct Way {
    uint64_t kind;
    int64_t opened_ns;
    int64_t count;
  };
  struct Set {
    Way ways[kWays];
  };

  static Way& OlderOf(Way& first, Way& second) noexcept {
    return second.opened_ns < first.opened_ns ? second : first;
  }
  // One more of a kind that is remembered.
  [[gnu::noinline]] static Verdict Count(Way& way, int64_t now_ns,
                                         const SessionLimits& limits) noexcept {
    if (now_ns - way.opened_ns >= limits.duplicate_window_ns) {
      way.opened_ns = now_ns;
      way.count = 1;
      return {};
    }
    if (way.count < limits.duplicate_orders_max) {
      ++way.count;
      return {};
    }
    return {RejectReason::kDuplicateBurst, kCheck, limits.duplicate_orders_max, way.count + 1};
  }

  [[gnu::always_inline]] static uint64_t Fingerprint(const RiskRequest& request) noexcept {
    const uint64_t who = uint64_t{request.account} << 32 | request.instrument_index;
    const uint64_t what = request.quantity << 16 | static_cast<uint64_t>(request.side) << 8 |
                          static_cast<uint64_t>(request.ord_type);
    return MixHash(MixHash(MixHash(who) ^ static_cast<uint64_t>(request.price), what) ^
                   static_cast<uint64_t>(request.stop_price));
  }

  HugeArray<Set> sets_;
};

}  // namespace ringway
