// EngineWatch: reports engine events that need an operator's attention at once.
//
// Once a tick it compares the engine's counters with their previous values. It reports a line, at
// most one a second for each, when one of these has risen: reports about orders that are not known
// here, and orders that outlived their day. Thread rule: the engine's thread. A line allocates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/engine/engine.h"

namespace ringway {

class EngineWatch {
 public:
  using Report = std::function<void(std::string_view line)>;

  // What the engine has counted by now is not reported again.
  explicit EngineWatch(const Engine& engine) noexcept
      : unknown_{engine.counters().unknown_reports}, overdue_{engine.counters().overdue} {}

  void Look(int64_t now_ns, const Engine& engine, const Report& report) {
    const EngineCounters& counters = engine.counters();
    if (const uint64_t overdue = overdue_.News(now_ns, counters.overdue)) [[unlikely]]
      report(OverdueLine(overdue, counters));
    if (const uint64_t unknown = unknown_.News(now_ns, counters.unknown_reports)) [[unlikely]]
      report(UnknownLine(unknown, engine.unknown_reports().back()));
  }

  // "venue 1: trading day 2026-11-29 has begun".
  static std::string TradingDayLine(VenueId venue, uint32_t day);

 private:
  // A counter, reported up to this value.
  struct Told {
    uint64_t count;
    int64_t time_ns = INT64_MIN / 2;

    // By how much it has risen; 0: not at all, or the last line about it is less than a second old.
    uint64_t News(int64_t now_ns, uint64_t counter) noexcept {
      constexpr int64_t kPauseNs = 1'000'000'000;
      if (counter == count || now_ns - time_ns < kPauseNs) [[likely]]
        return 0;
      const uint64_t risen = counter - count;
      count = counter;
      time_ns = now_ns;
      return risen;
    }
  };

  static std::string OverdueLine(uint64_t orders, const EngineCounters& counters);
  static std::string UnknownLine(uint64_t reports, const UnknownReport& latest);

  Told unknown_;
  Told overdue_;
};

}  // namespace ringway
