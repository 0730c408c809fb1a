#include "tests/bench/contest.h"

#include <cmath>

namespace ringway::bench {
namespace {

constexpr uint32_t kBounceRounds = 500;

double TimeBounce(BouncedLines& lines, uint64_t& round, double ns_per_tick) {
  const uint64_t start = ReadTsc();
  for (uint32_t i = 0; i < kBounceRounds; ++i) lines.Ping(++round);
  return static_cast<double>(ReadTsc() - start) * ns_per_tick / (2.0 * kBounceRounds);
}

void AnswerBounce(BouncedLines& lines, uint64_t& round) {
  for (uint32_t i = 0; i < kBounceRounds; ++i) lines.Pong(++round);
}

}  // namespace

bool ContestTimes::In(size_t cycle, Distance distance) const {
  const double ns = bounce_ns[cycle];
  return ns > 0 && (distance == Distance::kNear ? ns <= kNearNsMax : ns >= kFarNsMin);
}

std::vector<double> ContestTimes::Ratios(size_t contestant, int reference,
                                         Distance distance) const {
  std::vector<double> out;
  for (size_t cycle = 0; cycle < bounce_ns.size(); ++cycle) {
    if (!In(cycle, distance)) continue;
    const double base =
        reference < 0 ? bounce_ns[cycle] : round_ns[static_cast<size_t>(reference)][cycle];
    out.push_back(round_ns[contestant][cycle] / base);
  }
  return out;
}

std::vector<double> ContestTimes::Values(size_t contestant, Distance distance) const {
  return Values(contestant, distance, 1, 0);
}

std::vector<double> ContestTimes::Values(size_t contestant, Distance distance, uint32_t step,
                                         uint32_t first) const {
  std::vector<double> out;
  for (size_t cycle = first; cycle < bounce_ns.size(); cycle += step) {
    if (In(cycle, distance)) out.push_back(round_ns[contestant][cycle]);
  }
  return out;
}

std::vector<double> ContestTimes::Bounces(Distance distance) const {
  std::vector<double> out;
  for (size_t cycle = 0; cycle < bounce_ns.size(); ++cycle) {
    if (In(cycle, distance)) out.push_back(bounce_ns[cycle]);
  }
  return out;
}

ContestTimes RunContest(BouncedLines& lines, const std::vector<Contestant>& contestants,
                        uint32_t cycles) {
  const double ns_per_tick = MeasureTscNsPerTick();
  RINGWAY_CHECK(ns_per_tick > 0, "the bench needs an invariant time-stamp counter");
  ContestTimes times;
  times.round_ns.resize(contestants.size());
  uint64_t round = 0;
  double before = TimeBounce(lines, round, ns_per_tick);
  for (uint32_t cycle = 0; cycle < cycles; ++cycle) {
    for (size_t i = 0; i < contestants.size(); ++i) {
      const uint64_t start = ReadTsc();
      contestants[i].left(cycle, contestants[i].rounds);
      times.round_ns[i].push_back(static_cast<double>(ReadTsc() - start) * ns_per_tick /
                                  contestants[i].rounds);
    }
    const double after = TimeBounce(lines, round, ns_per_tick);
    // Two blocks around the cycle that differ by more than a quarter: the distance changed, or
    // another process ran.
    const bool agree = std::abs(before - after) < 0.25 * std::min(before, after);
    times.bounce_ns.push_back(agree ? (before + after) / 2 : 0);
    before = after;
  }
  return times;
}

void AnswerContest(BouncedLines& lines, const std::vector<Contestant>& contestants,
                   uint32_t cycles) {
  uint64_t round = 0;
  AnswerBounce(lines, round);
  for (uint32_t cycle = 0; cycle < cycles; ++cycle) {
    for (const Contestant& contestant : contestants) contestant.right(cycle, contestant.rounds);
    AnswerBounce(lines, round);
  }
}

}  // namespace ringway::bench
