// Tests that nothing goes by the wall clock that must not: it steps by an hour, forwards and back,
// under orders and between two of the gateway's processes.
#include "base/clock.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <memory>
#include <string>

#include "base/private_files.h"
#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/journal_contents.h"
#include "tests/softroce/disk/judgement.h"
#include "tests/softroce/disk/strategy.h"
#include "tests/softroce/disk/test_disk.h"

namespace ringway::disk {
namespace {

constexpr int64_t kHourNs = 3'600 * kNsPerS;
constexpr int64_t kLookNs = kNsPerS + kNsPerS / 5;  // more than a heartbeat interval
constexpr int64_t kAnswerMaxNs = 5 * kNsPerS;  // on an emulated machine; a step is 720 times that
constexpr uint32_t kOrders = 200;
constexpr uint32_t kWindow = 32;

void Set(int64_t unix_ns) {
  const timespec time = {.tv_sec = unix_ns / kNsPerS, .tv_nsec = unix_ns % kNsPerS};
  ASSERT_EQ(clock_settime(CLOCK_REALTIME, &time), 0) << "the clock cannot be set";
}

class ClockTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!InVm()) GTEST_SKIP() << kOnlyInVm;
    // In memory: sockets and logs need no file system of the host.
    ASSERT_EQ(setenv("TMPDIR", "/dev/shm", 1), 0);
    offset_ns_ = UnixNowNs() - MonotonicNowNs();
    auto run = GatewayRun::Make(place_ / "journal");
    ASSERT_TRUE(run.ok()) << run.status();
    run_ = *std::move(run);
    const absl::Status started = run_->Start();
    ASSERT_TRUE(started.ok()) << started;
    auto strategy = Strategy::Connect(run_->Options(Durability::kDurable));
    ASSERT_TRUE(strategy.ok()) << strategy.status();
    strategy_ = *std::move(strategy);
  }
  void TearDown() override {
    if (offset_ns_ != 0) Set(MonotonicNowNs() + offset_ns_);
  }

  static void Step(int64_t by_ns) { ASSERT_NO_FATAL_FAILURE(Set(UnixNowNs() + by_ns)); }

  const TemporaryFolder place_ = *TemporaryFolder::Make("/dev/shm");
  std::unique_ptr<GatewayRun> run_;
  std::unique_ptr<Strategy> strategy_;
  int64_t offset_ns_ = 0;
};

TEST_F(ClockTest, StepsUnderOrdersAreNotNoticed) {
  for (const int64_t step_ns : {kHourNs, -2 * kHourNs, kHourNs}) {
    ASSERT_EQ(strategy_->Trade(kOrders, kWindow), kOrders);
    ASSERT_NO_FATAL_FAILURE(Step(step_ns));  // orders and acks are in flight
    ASSERT_EQ(strategy_->Trade(kOrders, kWindow), kOrders) << "after a step of " << step_ns;
    strategy_->PollUntil([] { return false; }, kLookNs);
    ASSERT_EQ(strategy_->session().state(), SessionState::kLive)
        << "a session ended for a step of " << step_ns << "\n"
        << run_->Log();
    ASSERT_TRUE(strategy_->Settle()) << run_->Log();
  }
  EXPECT_EQ(strategy_->refusals(), 0u);
  EXPECT_EQ(strategy_->Durable().size(), 6 * kOrders);
  EXPECT_LT(strategy_->answer_longest_ns(), kAnswerMaxNs);
  run_->Kill();
  const JournalContents journal = ReadJournal(run_->journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  ExpectAllOf(*strategy_, journal);
  EXPECT_LT(journal.last_ns - journal.first_ns, kHourNs / 2) << "a step came into the journal";
}

TEST_F(ClockTest, StepsBetweenTwoProcessesTurnNothingBack) {
  ASSERT_EQ(strategy_->Trade(kOrders, kWindow), kOrders);
  for (const int64_t step_ns : {-kHourNs, 2 * kHourNs, -kHourNs}) {
    ASSERT_EQ(strategy_->Trade(kOrders, kWindow), kOrders);
    run_->Kill();
    ASSERT_NO_FATAL_FAILURE(Step(step_ns));
    ASSERT_NO_FATAL_FAILURE(ExpectGoesOn(*run_, *strategy_));
  }
  EXPECT_EQ(strategy_->refusals(), 0u);
  EXPECT_LT(strategy_->answer_longest_ns(), Strategy::kPatienceNs);
  run_->Kill();
  const JournalContents journal = ReadJournal(run_->journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  EXPECT_EQ(journal.starts, 4u);
  ExpectAllOf(*strategy_, journal);
  EXPECT_GT(journal.last_ns - journal.first_ns, kHourNs / 2) << "the clock was not stepped";
}

}  // namespace
}  // namespace ringway::disk
