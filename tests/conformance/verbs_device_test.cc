// Tests of what the device does for a link: it gathers, reports what it grants, reads the mirror,
// and wakes a sleeper. (The cost of a message: tests/bench/rdma_budget_test.cc.)
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tests/conformance/verbs_fixture.h"
#include "transport/wait.h"

namespace ringway {
namespace {

// A busy send queue gathers: the same frames leave in few writes.
TEST_F(VerbsLinkTest, FramesBehindABusyQueueLeaveAsOneWrite) {
  LinkOptions options;
  options.rdma.ack_timeout = 20;  // 4.3 s: a slow acknowledgement does not count as lost
  ASSERT_NO_FATAL_FAILURE(Join(options));
  // Longer than sending all of them takes.
  network_.Netem("delay 250ms");
  const VerbsCounters before = from_->port().counters();
  constexpr uint64_t kMessages = 500;
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t n = 0; n < kMessages; ++n) ASSERT_TRUE(Send(*from_, n));
  const int64_t posted_ns = MonotonicNowNs() - start_ns;
  for (uint64_t n = 0; n < kMessages; ++n) {
    ASSERT_TRUE(WaitUntil([&] {
      from_->Maintain(MonotonicNowNs());
      uint64_t value = UINT64_MAX;
      const uint32_t count = to_->Poll(
          [&](const Record& record) { std::memcpy(&value, record.payload.data(), sizeof(value)); },
          1);
      EXPECT_TRUE(count == 0 || value == n);
      return count != 0;
    }));
  }
  const VerbsCounters& after = from_->port().counters();
  const uint64_t writes =
      (after.work_requests - before.work_requests) - (after.state_lines - before.state_lines);
  RecordProperty("writes_of_500_frames", static_cast<int>(writes));
  RecordProperty("posting_took_us", static_cast<int>(posted_ns / kNsPerUs));
  // One by one while the queue had room, then whatever had gathered by each completion.
  EXPECT_LE(writes, 2 * kDataWritesMax);
}

TEST_F(VerbsLinkTest, WhatTheDeviceGrantsIsInCapsAndInTheReport) {
  std::vector<std::string> lines;
  ListenOptions listen;
  listen.link.payload_bytes_max = 1500;
  Listen(listen);
  ConnectOptions connect;
  connect.report = [&](std::string_view line) { lines.emplace_back(line); };
  connect.link.rdma.ack_timeout = 12;
  connect.link.rdma.retry_count = 3;
  absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect(connect);
  ASSERT_TRUE(from.ok()) << from.status();
  const Caps& caps = (*from)->caps();
  EXPECT_GE(caps.inline_bytes_max, 64u);
  EXPECT_EQ(caps.payload_bytes_max, 1500u);
  EXPECT_TRUE(caps.crc);
  EXPECT_FALSE(caps.ordered_stores);
  EXPECT_FALSE(caps.data_in_order) << "rxe says no; nothing rests on it either way";
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  for (const std::string& part :
       {std::string("RoCE v2 of the link's own address"), RdmaAddress("RINGWAY_RDMA_A"),
        std::string("path MTU"), std::string("noticed after 67 to 268 ms")}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " is not in: " << all;
  }
}

TEST_F(VerbsLinkTest, WithoutInlineTheMirrorIsTheSource) {
  LinkOptions options;
  options.rdma.inline_bytes_max = 0;
  ASSERT_NO_FATAL_FAILURE(Join(options));
  if (from_->caps().inline_bytes_max >= 64) {
    GTEST_SKIP() << "this device always takes " << from_->caps().inline_bytes_max << " inline";
  }
  int64_t now_ns = kNsPerS;
  // More than fill the ring.
  for (uint64_t n = 0; n < 5'000; ++n) {
    ASSERT_TRUE(WaitUntil([&] { return Send(*from_, n); }));
    ASSERT_EQ(Receive(*to_), n);
    if (n % 16 != 0) continue;
    now_ns += kNsPerMs;
    from_->Maintain(now_ns);
    to_->Maintain(now_ns);
  }
  EXPECT_EQ(from_->port().counters().inlined, 0u);
  EXPECT_EQ(from_->state(), LinkState::kLive);
  EXPECT_EQ(to_->state(), LinkState::kLive);
}

struct OneLinkSleeper {
  VerbsLink& link;
  uint64_t received = 0;
  // How many had been received when the peer last knew that it goes to sleep. Pairs with the
  // sender's acquire load.
  std::atomic<uint64_t> asleep_after{UINT64_MAX};
  bool Arm() {
    const bool certain = link.ArmWake();
    if (certain) asleep_after.store(received, std::memory_order_release);
    return certain;
  }
  bool Turn() {
    const uint32_t count = link.Poll([](const Record&) {}, 64);
    received += count;
    link.Maintain(MonotonicNowNs());
    return count != 0;
  }
  void Disarm() { link.DisarmWake(); }
};

TEST_F(VerbsLinkTest, ASleeperIsWokenByTheDevice) {
  LinkOptions options;
  options.heartbeat_interval_ns = kNsPerS;
  options.dead_after_ns = 100 * kNsPerS;
  ASSERT_NO_FATAL_FAILURE(Join(options));
  constexpr uint64_t kSleeps = 20;
  std::atomic<uint64_t> received{0};  // pairs with the sender's acquire loads
  OneLinkSleeper sleeper{*to_};
  WaitCounters counters;
  std::thread receiver([&] {
    WaitOptions wait;
    wait.park_limit_ns = 20 * kNsPerS;  // a lost wake-up fails the test
    wait.park_limit_uncertain_ns = kNsPerMs;
    Waiter waiter(wait);
    EXPECT_TRUE(waiter.Watch(to_->wake_fd()).ok());
    while (sleeper.received < kSleeps) {
      waiter.Sleep(sleeper);
      while (sleeper.Turn()) {
      }
      received.store(sleeper.received, std::memory_order_release);
    }
    counters = waiter.counters();
  });
  int64_t longest_ns = 0;
  for (uint64_t n = 0; n < kSleeps; ++n) {
    // Turns the sender's loop until the receiver has learned that its request was seen, and sleeps.
    ASSERT_TRUE(WaitUntil([&] {
      from_->Maintain(MonotonicNowNs());
      return sleeper.asleep_after.load(std::memory_order_acquire) == n;
    }));
    usleep(50'000);
    const int64_t start_ns = MonotonicNowNs();
    EXPECT_TRUE(Send(*from_, n));
    EXPECT_TRUE(WaitUntil([&] { return received.load(std::memory_order_acquire) == n + 1; }));
    longest_ns = std::max(longest_ns, MonotonicNowNs() - start_ns);
  }
  receiver.join();
  EXPECT_LT(longest_ns, 10 * kNsPerS) << "woken by the limit of its sleep, not by the device";
  EXPECT_EQ(to_->port().WakesReceived(), kSleeps);
  EXPECT_EQ(from_->counters().wakes_sent, from_->port().counters().wakes);
  RecordProperty("longest_wake_us", static_cast<int>(longest_ns / kNsPerUs));
  RecordProperty("parks", static_cast<int>(counters.parks));
}

}  // namespace
}  // namespace ringway
