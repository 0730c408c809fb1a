// ./run sim: many seeds, each twice; what they did, and the command that repeats one that fails.
#include <stdio.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/output.h"
#include "tests/sim/events.h"
#include "tests/sim/plan.h"
#include "tests/sim/run.h"

namespace ringway::sim {
namespace {

constexpr uint32_t kShrinkRunsMax = 200;

struct Options {
  uint64_t seed = 1;
  uint64_t seeds = 100;
  Edits edits;
  bool trace = false;
};

// Where a fault list is not one, the command line is refused.
auto Into(std::vector<Fault>& out) {
  return [&out](const std::string& names) {
    const absl::StatusOr<std::vector<Fault>> faults = ParseFaults(names);
    if (!faults.ok()) throw CLI::ValidationError(std::string(faults.status().message()));
    out = *faults;
  };
}

// Parses the command line. Returns an exit status if there is nothing more to do.
std::optional<int> Parse(int argc, char** argv, Options& options) {
  CLI::App app("strategies, gateway and exchange under a virtual clock, with seeded faults",
               "./run sim");
  app.option_defaults()->take_last();
  app.add_flag_callback(
      "--nightly", [&] { options.seeds = 10'000; }, "10,000 seeds");
  app.add_option("--seeds", options.seeds,
                 "so many seeds (100), from the first one on, each run twice")
      ->check(CLI::Range(1u, UINT32_MAX));
  app.add_option("--seed", options.seed, "the first one (1)");
  app.add_option("--orders", options.edits.orders,
                 "so many orders per seed instead of as many as the seed draws")
      ->check(CLI::Range(1u, UINT32_MAX));
  app.add_option_function<std::string>("--with", Into(options.edits.with),
                                       "these happen, whatever a seed draws: --with bad-machine")
      ->type_name("FAULT,...");
  app.add_option_function<std::string>("--without", Into(options.edits.without),
                                       "these do not happen")
      ->type_name("FAULT,...");
  app.add_option("--drop", options.edits.dropped_strikes,
                 "nor these strikes, by their places in the seed's list: --drop 1,2")
      ->type_name("PLACE")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_flag("--trace", options.trace, "print every event of the last seed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

// Of this process: other programs on the machine do not count.
double ProcessorSeconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / kNsPerS;
}

void Explain(uint64_t seed, const Options& options, const Outcome& outcome, Recorders& recorders) {
  printf("\nseed %lu FAILED\n%s\n%s", seed, outcome.error.c_str(),
         Text(MakePlan(seed, options.edits)).c_str());
  printf("repeat:   ./run sim --seeds 1 --seed %lu%s\n", seed, Flags(options.edits).c_str());
  fflush(stdout);
  const Edits small = Shrink(seed, options.edits, kShrinkRunsMax, recorders);
  const Outcome still = RunPlan(MakePlan(seed, small), recorders);
  printf("shrunk:   ./run sim --seeds 1 --seed %lu%s\n%s%s\n", seed, Flags(small).c_str(),
         Text(MakePlan(seed, small)).c_str(), still.error.c_str());
}

int Main(int argc, char** argv) {
  Options options;
  if (const std::optional<int> done = Parse(argc, argv, options)) return *done;
  Recorders recorders;
  Outcome sum;
  std::array<uint64_t, kFaults> strikes{};
  uint64_t failed = 0;
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t seed = options.seed; seed != options.seed + options.seeds; ++seed) {
    const Plan plan = MakePlan(seed, options.edits);
    const Outcome outcome = RunTwice(plan, recorders);
    sum.hash = FoldSeed(sum.hash, seed, outcome.hash);
    sum.orders += outcome.orders;
    sum.executions += outcome.executions;
    sum.turns += outcome.turns;
    for (const Strike& strike : plan.strikes) ++strikes[static_cast<size_t>(strike.fault)];
    for (uint32_t fault = 0; fault != kFaults; ++fault) {
      strikes[fault] += plan.on[fault] && !Strikes(static_cast<Fault>(fault));
    }
    if (!outcome.error.empty()) {
      ++failed;
      Explain(seed, options, outcome, recorders);
    }
  }
  const double seconds = static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerS;
  if (options.trace) {
    for (const Recorder& recorder : recorders) {
      for (const Event& event : recorder.events()) printf("%s\n", Text(event).c_str());
    }
  }
  printf("%lu seeds, each twice: %lu orders, %lu executions, %lu turns; %lu failed\n",
         options.seeds, sum.orders, sum.executions, sum.turns, failed);
  printf("faults:");
  for (uint32_t fault = 0; fault != kFaults; ++fault) {
    const std::string_view name = Name(static_cast<Fault>(fault));
    printf(" %.*s %lu", static_cast<int>(name.size()), name.data(), strikes[fault]);
  }
  // Both runs of a seed simulate its orders.
  const double simulated = 2 * static_cast<double>(sum.orders);
  const double processor = ProcessorSeconds();
  printf("\n%.1f s, of which %.1f on the processor: %.0f simulated orders per second of it\n",
         seconds, processor, simulated / processor);
  printf("hash: %016lx\n", sum.hash);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringway::sim

int main(int argc, char** argv) {
  const int status = ringway::sim::Main(argc, argv);
  const int printed = ringway::EndOutput("sim");
  return status != 0 ? status : printed;
}
