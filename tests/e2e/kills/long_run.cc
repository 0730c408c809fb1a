// Implements long_run.h: draws the kills and prints the report.
#include "tests/e2e/kills/long_run.h"

#include <stdio.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/e2e/kills/link_faults.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/table.h"

namespace ringway::kills {
namespace {

absl::Status KillOne(KillRun& run, uint32_t number, uint32_t strategies, Random& random) {
  if (absl::Status back = run.AwaitTraffic(); !back.ok()) return back;
  if (OverRdma() && number % 2 == 1)
    return LinkFaults()[number / 2 % LinkFaults().size()].inflict(run);
  if (number % 3 == 2) {
    return run.KillNow(static_cast<int>(random.Below(kStrategies + 1 + strategies)));
  }
  const std::span<const Row> table = Table();
  const Row& row = table[random.Below(table.size())];
  const absl::Status killed = Kill(run, row, random);
  // If the row's event is too rare, e.g. a full segment, kills anywhere. The table's own test
  // ensures that every row is reached.
  return absl::IsDeadlineExceeded(killed) ? run.KillNow(row.process) : killed;
}

absl::StatusOr<Outcome> OneRun(uint64_t orders, uint32_t kills, uint64_t seed) {
  const RunOptions options{.seed = seed, .orders = orders};
  absl::StatusOr<std::unique_ptr<KillRun>> run = KillRun::Start(options);
  if (!run.ok()) return run.status();
  Random random(seed);
  for (uint32_t i = 0; i != kills; ++i) {
    // Somebody keeps sending until the last kill.
    absl::Status status = (*run)->AwaitAccepted(orders * (i + 1) / (kills + 2));
    (*run)->Want(std::max(orders, (*run)->accepted() * (kills + 2) / (i + 1)));
    if (status.ok()) status = KillOne(**run, i, options.strategies, random);
    if (!status.ok()) return status;
  }
  (*run)->Want(orders);
  if (absl::Status all = (*run)->AwaitAccepted(orders); !all.ok()) return all;
  return (*run)->Finish();
}

}  // namespace

absl::StatusOr<Outcome> LongRun(const LongRunOptions& options) {
  const int64_t start_ns = MonotonicNowNs();
  const uint64_t runs = std::max<uint64_t>(1, (options.orders + kOrdersOfARun - 1) / kOrdersOfARun);
  Outcome all;
  for (uint64_t i = 0; i != runs; ++i) {
    const uint64_t orders = options.orders * (i + 1) / runs - options.orders * i / runs;
    const auto kills =
        static_cast<uint32_t>(options.kills * (i + 1) / runs - options.kills * i / runs);
    const uint64_t seed = options.seed * 1'000 + i;
    const absl::StatusOr<Outcome> one = OneRun(orders, kills, seed);
    if (!one.ok()) {
      return absl::Status(one.status().code(),
                          absl::StrCat("run ", i + 1, " of ", runs, " with --seed ", options.seed,
                                       ": ", std::string(one.status().message())));
    }
    printf("run %lu of %lu: %lu orders, %u starts of the gateway, %zu findings, %.1f s so far\n",
           i + 1, runs, one->orders, one->gateway_starts,
           one->findings.size() + one->halt_findings.size(),
           static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerS);
    fflush(stdout);
    all.Add(*one);
  }
  Print(all, MonotonicNowNs() - start_ns);
  return all;
}

void Print(const Outcome& outcome, int64_t took_ns) {
  uint32_t kills = 0;
  for (const auto& [kill, count] : outcome.kills) {
    printf("  killed: %-40s %u\n", kill.c_str(), count);
    kills += count;
  }
  for (const sim::Finding& finding : outcome.findings) {
    printf("  FOUND: %s: %s\n", std::string(sim::Name(finding.violation)).c_str(),
           finding.text.c_str());
  }
  for (const std::string& finding : outcome.halt_findings) {
    printf("  FOUND: halt: %s\n", finding.c_str());
  }
  printf(
      "%lu orders, %lu acknowledgements, %lu refusals, %lu fills; %lu events judged, %lu records "
      "of the journal\n"
      "%lu replaces, %lu mass cancels, %lu halts with %lu refusals, %lu books lost\n"
      "%u kills at %zu places, %u starts of the gateway, %.1f s\n"
      "lost: %u, doubled: %u, out of order: %u, findings in all: %zu\n",
      outcome.orders, outcome.acks, outcome.refusals, outcome.fills, outcome.events,
      outcome.journal_records, outcome.replaces, outcome.mass_cancels, outcome.halts,
      outcome.halt_refusals, outcome.books_lost, kills, outcome.kills.size(),
      outcome.gateway_starts, static_cast<double>(took_ns) / kNsPerS, outcome.lost, outcome.doubled,
      outcome.out_of_order, outcome.findings.size() + outcome.halt_findings.size());
  fflush(stdout);
}

}  // namespace ringway::kills
