// ./run sim: many seeds, each twice; what they did, and the command that repeats one that fails.
#include <stdio.h>
#include <time.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/output.h"
#include "tests/sim/events.h"
#include "tests/sim/plan.h"
#include "tests/sim/run.h"

namespace ringway::sim {
namespace {

constexpr const char* kUsage =
    "usage: ./run sim [--seeds N] [--seed S] [--nightly] [--orders N] [--with FAULT,...]\n"
    "                 [--without FAULT,...] [--drop PLACE,...] [--trace]\n"
    "  --seeds N    so many seeds (100), from the first one on, each run twice\n"
    "  --seed S     the first one (1)\n"
    "  --nightly    10,000 seeds\n"
    "  --orders N   so many orders per seed instead of as many as the seed draws\n"
    "  --with       these faults happen, whatever a seed draws: --with bad-machine\n"
    "  --without    these faults do not happen\n"
    "  --drop       nor these strikes, by their places in the seed's list\n"
    "  --trace      print every event of the last seed\n";
constexpr uint32_t kShrinkRunsMax = 200;

struct Options {
  uint64_t seed = 1;
  uint64_t seeds = 100;
  Edits edits;
  bool trace = false;
  bool help = false;
};

absl::StatusOr<uint64_t> ParseNumber(std::string_view flag, std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(flag), " wants a number, not \"", std::string(text), "\""));
  }
  return number;
}

absl::Status ParseOne(std::string_view flag, std::string_view value, Options& options) {
  if (flag == "--with" || flag == "--without") {
    absl::StatusOr<std::vector<Fault>> faults = ParseFaults(value);
    if (!faults.ok()) return faults.status();
    (flag == "--with" ? options.edits.with : options.edits.without) = *std::move(faults);
    return absl::OkStatus();
  }
  if (flag == "--drop") {
    for (const auto place : absl::StrSplit(absl::string_view(value.data(), value.size()), ',')) {
      const auto number = ParseNumber(flag, {place.data(), place.size()});
      if (!number.ok()) return number.status();
      options.edits.dropped_strikes.push_back(static_cast<uint32_t>(*number));
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<uint64_t> number = ParseNumber(flag, value);
  if (!number.ok()) return number.status();
  if (flag == "--seed") {
    options.seed = *number;
  } else if (flag == "--seeds" && *number != 0) {
    options.seeds = *number;
  } else if (flag == "--orders" && *number != 0 && *number <= UINT32_MAX) {
    options.edits.orders = static_cast<uint32_t>(*number);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("no option, or out of range: ", std::string(flag), " ", std::string(value)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Options> Parse(const std::vector<std::string_view>& words) {
  Options options;
  for (size_t i = 0; i != words.size(); ++i) {
    if (words[i] == "--nightly") {
      options.seeds = 10'000;
    } else if (words[i] == "--trace") {
      options.trace = true;
    } else if (words[i] == "--help") {
      options.help = true;
    } else if (i + 1 == words.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("no option, or without its value: ", std::string(words[i])));
    } else {
      const absl::Status status = ParseOne(words[i], words[i + 1], options);
      if (!status.ok()) return status;
      ++i;
    }
  }
  return options;
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

int Main(const std::vector<std::string_view>& words) {
  const absl::StatusOr<Options> options = Parse(words);
  if (!options.ok()) {
    fprintf(stderr, "sim: %s\n%s", std::string(options.status().message()).c_str(), kUsage);
    return 2;
  }
  if (options->help) {
    fputs(kUsage, stdout);
    return 0;
  }
  Recorders recorders;
  Outcome sum;
  std::array<uint64_t, kFaults> strikes{};
  uint64_t failed = 0;
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t seed = options->seed; seed != options->seed + options->seeds; ++seed) {
    const Plan plan = MakePlan(seed, options->edits);
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
      Explain(seed, *options, outcome, recorders);
    }
  }
  const double seconds = static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerS;
  if (options->trace) {
    for (const Recorder& recorder : recorders) {
      for (const Event& event : recorder.events()) printf("%s\n", Text(event).c_str());
    }
  }
  printf("%lu seeds, each twice: %lu orders, %lu executions, %lu turns; %lu failed\n",
         options->seeds, sum.orders, sum.executions, sum.turns, failed);
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
  const int status = ringway::sim::Main(std::vector<std::string_view>(argv + 1, argv + argc));
  const int printed = ringway::EndOutput("sim");
  return status != 0 ? status : printed;
}
