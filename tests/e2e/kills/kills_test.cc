// Tests that nothing is lost, doubled or out of order wherever a process is killed.
//
// One row for each probe and each process that reaches it: the process is killed there, at a random
// hit, and restarted while orders flow. A probe that is never reached fails its row.
#include <gtest/gtest.h>
#include <stdio.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/random.h"
#include "tests/e2e/kills/long_run.h"
#include "tests/e2e/kills/run.h"
#include "tests/e2e/kills/table.h"

namespace ringway::kills {
namespace {

constexpr uint64_t kSeed = 20261123;
constexpr uint32_t kPauseUs = 500;
constexpr uint64_t kLongOrders = 40'000;
constexpr uint64_t kUnbounded = uint64_t{1} << 40;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

TEST(KillsTest, AtEveryProbe) {
  printf("seed %lu\n", kSeed);
  auto run = KillRun::Start({.seed = kSeed, .orders = kUnbounded, .pause_us = kPauseUs});
  ASSERT_TRUE(run.ok()) << Text(run.status());
  Random random(kSeed);
  std::set<std::string> probes;
  const int64_t start_ns = MonotonicNowNs();
  for (const Row& row : Table()) {
    const absl::Status back = (*run)->AwaitTraffic();
    ASSERT_TRUE(back.ok()) << "before " << row.probe << ": " << Text(back);
    const int64_t row_ns = MonotonicNowNs();
    const absl::Status killed = Kill(**run, row, random);
    EXPECT_TRUE(killed.ok()) << NameOf(row.process) << " at " << row.probe << ": " << Text(killed);
    ASSERT_TRUE(killed.ok() || absl::IsDeadlineExceeded(killed));
    printf("%6.2f s  %-9s %-26s %4.0f ms\n", static_cast<double>(row_ns - start_ns) / kNsPerS,
           NameOf(row.process).c_str(), row.probe,
           static_cast<double>(MonotonicNowNs() - row_ns) / kNsPerMs);
    probes.insert(row.probe);
  }
  const absl::StatusOr<Outcome> outcome = (*run)->Finish();
  ASSERT_TRUE(outcome.ok()) << Text(outcome.status());
  Print(*outcome, MonotonicNowNs() - start_ns);
  EXPECT_TRUE(outcome->clean());
  EXPECT_GE(probes.size(), 40u);
  EXPECT_GT(outcome->fills, 0u);
  EXPECT_GT(outcome->replaces, 0u);
  EXPECT_GT(outcome->mass_cancels, 0u);
  EXPECT_GT(outcome->halts, 0u);
  EXPECT_GT(outcome->halt_refusals, 0u);
  EXPECT_GT(outcome->books_lost, 0u);
}

TEST(KillsTest, InALongRun) {
  const absl::StatusOr<Outcome> outcome =
      LongRun({.orders = kLongOrders, .kills = 8, .seed = kSeed});
  ASSERT_TRUE(outcome.ok()) << Text(outcome.status());
  EXPECT_TRUE(outcome->clean());
  EXPECT_GE(outcome->orders, kLongOrders);
  EXPECT_GT(outcome->replaces, 0u);
  EXPECT_GT(outcome->mass_cancels, 0u);
  EXPECT_GT(outcome->halts, 0u);
  EXPECT_GT(outcome->halt_refusals, 0u);
  EXPECT_GT(outcome->books_lost, 0u);
}

}  // namespace
}  // namespace ringway::kills
