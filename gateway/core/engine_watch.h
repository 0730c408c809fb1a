// What happens in the engine that an operator has to hear of at once, and does not ask for?
//
// Once a tick the counters are compared with what they were; a line is said when one of these has
// risen, once a second at most for each: reports about orders that are not known here, and orders
// that outlived their day. Thread rule: the engine's thread. A line allocates.
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

  // What the engine has counted by now is known.
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
  // A counter that has been told up to here.
  struct Told {
    uint64_t count;
    int64_t time_ns = INT64_MIN / 2;

    // By how much it has risen; 0: not at all, or it was told of less than a second ago.
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
