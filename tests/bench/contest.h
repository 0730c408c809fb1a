// Times contestants against each other: in short alternating blocks, by the same two processes,
// classed by the momentary distance of the two cores.
//
// On shared machines the distance between two cores changes within minutes: only measurements close
// in time are comparable. Each cycle times every contestant once, between two blocks of the bare
// bounced lines; a cycle counts as *near* or *far* when both of these agree, and its ratios are
// taken within the cycle.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/bench/pair.h"
#include "tests/bench/raw_limits.h"

namespace ringway::bench {

// One-way nanoseconds of the bare bounce that separate near from far; a cycle between the two
// limits belongs to neither.
inline constexpr double kNearNsMax = 130;
inline constexpr double kFarNsMin = 170;

// What each side does for one block of `rounds`, the blocks counted from 0; the right side may be
// called before or after the left.
struct Contestant {
  std::string name;
  std::function<void(uint32_t block, uint32_t rounds)> left;
  std::function<void(uint32_t block, uint32_t rounds)> right;
  uint32_t rounds = 1000;
};

// Nanoseconds per round of every contestant in every cycle.
struct ContestTimes {
  std::vector<double> bounce_ns;  // one way, mean of the two blocks around the cycle; 0: disagreed
  std::vector<std::vector<double>> round_ns;  // [contestant][cycle]

  enum class Distance { kNear, kFar };
  // Values of a contestant divided by those of another (or by the bounce, `reference` < 0) in the
  // cycles of a class.
  std::vector<double> Ratios(size_t contestant, int reference, Distance distance) const;
  std::vector<double> Values(size_t contestant, Distance distance) const;
  // Those of every `step`th cycle from `first` on.
  std::vector<double> Values(size_t contestant, Distance distance, uint32_t step,
                             uint32_t first) const;
  std::vector<double> Bounces(Distance distance) const;

 private:
  bool In(size_t cycle, Distance distance) const;
};

// The left side's whole run; the right side calls AnswerContest() with the same list.
ContestTimes RunContest(BouncedLines& lines, const std::vector<Contestant>& contestants,
                        uint32_t cycles);
void AnswerContest(BouncedLines& lines, const std::vector<Contestant>& contestants,
                   uint32_t cycles);

}  // namespace ringway::bench
