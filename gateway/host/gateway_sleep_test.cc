// Tests that a sleeping gateway wakes for every event: a link, a logon, an order, a message of a
// session that was long silent.
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "gateway/config/config.h"
#include "gateway/host/assembly.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"
#include "msg/handlers.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/wait.h"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 200 * kNsPerS;
// Shorter than a sleep: an order that is answered only when a sleep ends fails the test.
constexpr int64_t kAnswerPatienceNs = 30 * kNsPerS;

// Sleeps as soon as there is nothing to do, until it is woken: a lost wake-up would cause a very
// long sleep, and be counted.
WaitOptions Sleepy() {
  WaitOptions options;
  options.policy = WaitPolicy::kSpinThenPark;
  options.spins_alone = 1;
  options.park_after_ns = 0;
  options.park_limit_ns = 50 * kNsPerS;
  return options;
}

class GatewaySleepTest : public testing::Test {
 protected:
  static constexpr uint32_t kLastId = 24;  // of the sessions, from 7 on

  void SetUp() override {
    for (uint32_t id = 7; id <= kLastId; ++id) {
      config_.sessions.push_back(TestSession(id, 1, folder_.path()));
      ASSERT_TRUE(WritePrivateFile(config_.sessions.back().key_file, TestKeyText(id)).ok());
    }
    // Nobody stays hot, and a turn looks at one: only one that looks everywhere notices them all.
    config_.sessions_common.layer.hot_sessions_max = 1;
    config_.sessions_common.layer.cold_after_turns = 1;
    config_.sessions_common.layer.cold_looks = 1;
    config_.sessions_common.layer.logon_timeout_ns = 60 * kNsPerS;
    config_.link.dead_after_ns = kPatienceNs;  // a sleeper sends no heartbeats either
    absl::StatusOr<std::unique_ptr<Assembly>> made = Assembly::Create(config_, nullptr);
    ASSERT_TRUE(made.ok()) << made.status();
    assembly_ = *std::move(made);
    waiter_ = std::make_unique<Waiter>(Sleepy());
    ASSERT_TRUE(assembly_->WakeWith(*waiter_).ok());
    thread_ = std::thread([this] {
      Loop loop{*this};
      while (!stopping_.load(std::memory_order_relaxed)) waiter_->Idle(loop.Turn(), loop);
    });
  }
  absl::StatusOr<std::unique_ptr<Session>> Connect(uint32_t id) {
    SessionOptions options{.uri = config_.listen[0],
                           .session = id,
                           .key_file = folder_ / std::to_string(id) + ".key",
                           .heartbeat_ns = 20 * kNsPerS,
                           .connect_timeout_ns = kPatienceNs};
    options.link.dead_after_ns = kPatienceNs;
    return Session::Connect(options);
  }
  // After a while in which the gateway has nothing to do: sends an order and waits for its answer.
  // The client does nothing else that could wake the gateway.
  void OrderIsAnswered(Session& session) {
    usleep(2'000);
    const int64_t deadline_ns = MonotonicNowNs() + kAnswerPatienceNs;
    bool answered = false;
    ASSERT_EQ(session.Send(NewOrder{.cl_ord_id = session.NextClOrdId(),
                                    .price = price_ += kNsPerS / 100,
                                    .qty = 10,
                                    .instrument = 1,
                                    .account = 1,
                                    .side = Side::kBuy,
                                    .ord_type = OrdType::kLimit}),
              SendStatus::kOk);
    while (!answered && MonotonicNowNs() < deadline_ns) {
      session.Poll(Handlers{[&](const ExecutionReport&) { answered = true; }}, 64);
    }
    ASSERT_TRUE(answered) << "the gateway slept on";
  }

 private:
  // A Sleeper.
  struct Loop {
    GatewaySleepTest& test;
    SteadyUnixClock clock = {};

    bool Arm() noexcept {
      const bool certain = test.assembly_->gateway().ArmWake();
      if (!certain) test.uncertain_.store(true, std::memory_order_relaxed);
      return certain;
    }
    bool Turn() { return test.assembly_->gateway().DoWork(clock.NowNs()); }
    void Disarm() noexcept { test.assembly_->gateway().DisarmWake(); }
  };

 protected:
  const TemporaryFolder folder_ = *TemporaryFolder::Make("/tmp");
  int64_t price_ = 99 * kNsPerS;
  GatewayConfig config_ = TestConfig(folder_.path());
  std::unique_ptr<Assembly> assembly_;
  std::unique_ptr<Waiter> waiter_;
  // Shared with the gateway's thread; these order nothing else.
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> uncertain_ = false;
  std::thread thread_;
};

TEST_F(GatewaySleepTest, WhateverComesWakesIt) {
  const auto seven = Connect(7);
  const auto eight = Connect(8);
  std::vector<absl::StatusOr<std::unique_ptr<Session>>> silent;
  for (uint32_t id = 9; id <= kLastId; ++id) {
    silent.push_back(Connect(id));
    EXPECT_TRUE(silent.back().ok()) << silent.back().status();
  }
  EXPECT_TRUE(seven.ok()) << seven.status();
  EXPECT_TRUE(eight.ok()) << eight.status();
  if (seven.ok() && eight.ok()) {
    for (int round = 0; round != 20 && !HasFailure(); ++round) {
      OrderIsAnswered(**seven);
      OrderIsAnswered(**eight);
    }
  }
  stopping_.store(true, std::memory_order_relaxed);
  if (seven.ok()) (*seven)->Logout();  // wakes it one more time
  thread_.join();
  if (uncertain_) GTEST_SKIP() << "this kernel has no membarrier(2): sleeps are short instead";
  EXPECT_GT(waiter_->counters().parks, 0u);
  EXPECT_EQ(waiter_->counters().parks_timed_out, 0u);
}

}  // namespace
}  // namespace ringway
