// Runs and judges a plan, and shrinks one that fails.
#include "tests/sim/run.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sim/checker.h"
#include "tests/sim/world.h"

namespace ringway::sim {

Outcome RunPlan(const Plan& plan, Recorders& recorders) {
  Outcome outcome;
  {
    World world(plan, recorders);
    outcome.error = world.Run();
    outcome.turns = world.turns();
  }
  std::vector<std::span<const Event>> records;
  for (const Recorder& recorder : recorders) {
    if (recorder.events().empty()) continue;
    records.emplace_back(recorder.events());
    outcome.hash = FoldSeed(outcome.hash, plan.seed, recorder.hash());
    for (const Event& event : recorder.events()) {
      ++outcome.events[static_cast<size_t>(event.kind)];
      outcome.orders +=
          event.kind == EventKind::kStrategySent && event.type == FrameType::kNewOrder;
      outcome.executions +=
          event.kind == EventKind::kStrategyReceived && event.type == FrameType::kExecutionReport;
    }
  }
  // A world that does not fall quiet has promises open, which says no more than that.
  if (!outcome.error.empty()) return outcome;
  const auto add = [&outcome](const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
      absl::StrAppend(&outcome.error, outcome.error.empty() ? "" : "\n",
                      std::string(Name(finding.violation)), ": ", finding.text);
    }
  };
  for (const std::span<const Event> record : records) add(Check(record));
  add(CheckTrades(records));
  return outcome;
}

Outcome RunTwice(const Plan& plan, Recorders& recorders) {
  Outcome first = RunPlan(plan, recorders);
  if (!first.error.empty()) return first;
  const Outcome second = RunPlan(plan, recorders);
  if (first.hash != second.hash) {
    first.error = absl::StrCat("two runs, two hashes: ", absl::Hex(first.hash), " and ",
                               absl::Hex(second.hash));
  }
  return first;
}

Edits Shrink(uint64_t seed, const Edits& edits, uint32_t runs_max, Recorders& recorders) {
  Edits best = edits;
  uint32_t runs = 0;
  const auto fails = [&](const Edits& candidate) {
    ++runs;
    if (RunPlan(MakePlan(seed, candidate), recorders).error.empty()) return false;
    best = candidate;
    return true;
  };

  // Kinds of faults, one after the other.
  const Plan whole = MakePlan(seed, edits);
  for (uint32_t kind = 0; kind != kFaults && runs < runs_max; ++kind) {
    if (!whole.on[kind]) continue;
    Edits candidate = best;
    candidate.without.push_back(static_cast<Fault>(kind));
    (void)fails(candidate);
  }
  // Strikes that are left, in ever smaller groups. Places are those of the seed's own list.
  std::vector<uint32_t> left;
  Edits undropped;
  undropped.with = edits.with;
  const Plan own = MakePlan(seed, undropped);
  for (uint32_t place = 0; place != own.strikes.size(); ++place) {
    const auto has = [place](const std::vector<uint32_t>& places) {
      return std::find(places.begin(), places.end(), place) != places.end();
    };
    const Fault fault = own.strikes[place].fault;
    const bool without =
        std::find(best.without.begin(), best.without.end(), fault) != best.without.end();
    if (!without && !has(best.dropped_strikes)) left.push_back(place);
  }
  for (size_t group = left.size(); group != 0 && runs < runs_max; group /= 2) {
    for (size_t first = 0; first < left.size() && runs < runs_max;) {
      const auto begin = left.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end =
          left.begin() + static_cast<std::ptrdiff_t>(std::min(first + group, left.size()));
      Edits candidate = best;
      candidate.dropped_strikes.insert(candidate.dropped_strikes.end(), begin, end);
      if (fails(candidate)) {
        left.erase(begin, end);
      } else {
        first += group;
      }
    }
  }
  // Orders: half as many, as long as it fails.
  for (uint32_t orders = MakePlan(seed, best).orders; orders > 1 && runs < runs_max;) {
    orders -= orders / 2;
    Edits candidate = best;
    candidate.orders = orders;
    if (!fails(candidate) || orders == 1) break;
  }
  return best;
}

}  // namespace ringway::sim
