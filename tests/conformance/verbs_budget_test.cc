// What does a message cost at the device, and does the device wake a sleeper?
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

// PROTOCOL: one work request and one doorbell a message, inline, one completion in 16, at most one
// state line per 1,024 granules of the receiver.
TEST_F(VerbsLinkTest, A48ByteOrderKeepsToItsBudget) {
  ListenOptions listen;
  listen.link.heartbeat_interval_ns = kNsPerS;
  Listen(listen);
  ConnectOptions connect;
  connect.link = listen.link;
  absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect(connect);
  ASSERT_TRUE(from.ok()) << from.status();
  const std::unique_ptr<VerbsLink> to = Accept();
  const VerbsCounters sent_before = (*from)->port().counters();
  const VerbsCounters answered_before = to->port().counters();
  constexpr uint64_t kMessages = 4096;
  for (uint64_t n = 0; n < kMessages; ++n) {
    ASSERT_TRUE(WaitUntil([&] { return Send(**from, n); }));
    ASSERT_EQ(Receive(*to), n);
  }
  const VerbsCounters& sent = (*from)->port().counters();
  const VerbsCounters& answered = to->port().counters();
  EXPECT_EQ(sent.work_requests - sent_before.work_requests, kMessages);
  EXPECT_EQ(sent.doorbells - sent_before.doorbells, kMessages);
  EXPECT_EQ(sent.inlined - sent_before.inlined, kMessages);
  EXPECT_EQ(sent.bytes_posted - sent_before.bytes_posted, kMessages * 64);
  EXPECT_LE(sent.signalled - sent_before.signalled, kMessages / 16 + 1);
  EXPECT_EQ(sent.state_lines, sent_before.state_lines);
  EXPECT_EQ(sent.wakes, 0u);
  EXPECT_EQ(answered.state_lines - answered_before.state_lines, kMessages / 1024);
  EXPECT_EQ(answered.work_requests - answered_before.work_requests, kMessages / 1024);
}

// A busy send queue gathers: the same frames leave as few writes.
TEST_F(VerbsLinkTest, FramesBehindABusyQueueLeaveAsOneWrite) {
  Listen({});
  absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect();
  ASSERT_TRUE(from.ok()) << from.status();
  const std::unique_ptr<VerbsLink> to = Accept();
  const std::string interface = RdmaAddress("RINGWAY_RDMA_INTERFACE_A");
  RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" netem " + interface + " delay 100ms");
  const VerbsCounters before = (*from)->port().counters();
  constexpr uint64_t kMessages = 500;
  const int64_t start_ns = MonotonicNowNs();
  for (uint64_t n = 0; n < kMessages; ++n) ASSERT_TRUE(Send(**from, n));
  const int64_t posted_ns = MonotonicNowNs() - start_ns;
  for (uint64_t n = 0; n < kMessages; ++n) {
    if (n % 8 == 0) (*from)->Maintain(MonotonicNowNs());
    ASSERT_TRUE(WaitUntil([&] {
      (*from)->Maintain(MonotonicNowNs());
      uint64_t value = UINT64_MAX;
      const uint32_t count = to->Poll(
          [&](const Record& record) { std::memcpy(&value, record.payload.data(), sizeof(value)); },
          1);
      EXPECT_TRUE(count == 0 || value == n);
      return count != 0;
    }));
  }
  RunCommand("sh \"$RINGWAY_SOFTROCE_DEVICES\" netem " + interface + " off");
  const VerbsCounters& after = (*from)->port().counters();
  const uint64_t writes =
      (after.work_requests - before.work_requests) - (after.state_lines - before.state_lines);
  RecordProperty("writes_of_500_frames", static_cast<int>(writes));
  RecordProperty("posting_took_us", static_cast<int>(posted_ns / kNsPerUs));
  // One by one while the queue had room, then whatever had come together at each completion.
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
  ListenOptions listen;
  listen.link.rdma.inline_bytes_max = 0;
  Listen(listen);
  ConnectOptions connect;
  connect.link = listen.link;
  absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect(connect);
  ASSERT_TRUE(from.ok()) << from.status();
  const std::unique_ptr<VerbsLink> to = Accept();
  if ((*from)->caps().inline_bytes_max >= 64) {
    GTEST_SKIP() << "this device always takes " << (*from)->caps().inline_bytes_max << " inline";
  }
  int64_t now_ns = kNsPerS;
  for (uint64_t n = 0; n < 10'000; ++n) {
    ASSERT_TRUE(WaitUntil([&] { return Send(**from, n); }));
    ASSERT_EQ(Receive(*to), n);
    if (n % 16 != 0) continue;
    now_ns += kNsPerMs;
    (*from)->Maintain(now_ns);
    to->Maintain(now_ns);
  }
  EXPECT_EQ((*from)->port().counters().inlined, 0u);
  EXPECT_EQ((*from)->state(), LinkState::kLive);
  EXPECT_EQ(to->state(), LinkState::kLive);
}

struct OneLinkSleeper {
  VerbsLink& link;
  uint64_t received = 0;
  std::atomic<uint64_t> certain_sleeps{0};  // pairs with the sender's acquire load
  bool Arm() {
    const bool certain = link.ArmWake();
    if (certain) certain_sleeps.fetch_add(1, std::memory_order_release);
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
  ListenOptions listen;
  listen.link.heartbeat_interval_ns = kNsPerS;
  listen.link.dead_after_ns = 100 * kNsPerS;
  Listen(listen);
  ConnectOptions connect;
  connect.link = listen.link;
  absl::StatusOr<std::unique_ptr<VerbsLink>> from = Connect(connect);
  ASSERT_TRUE(from.ok()) << from.status();
  const std::unique_ptr<VerbsLink> to = Accept();
  constexpr uint64_t kSleeps = 20;
  std::atomic<uint64_t> received{0};  // pairs with the sender's acquire loads
  OneLinkSleeper sleeper{*to};
  WaitCounters counters;
  std::thread receiver([&] {
    WaitOptions options;
    options.park_limit_ns = 20 * kNsPerS;  // a wake-up that is lost fails the test
    options.park_limit_uncertain_ns = kNsPerMs;
    Waiter waiter(options);
    EXPECT_TRUE(waiter.Watch(to->wake_fd()).ok());
    while (sleeper.received < kSleeps) {
      waiter.Sleep(sleeper);
      while (sleeper.Turn()) {
      }
      received.store(sleeper.received, std::memory_order_release);
    }
    counters = waiter.counters();
  });
  int64_t longest_ns = 0;
  uint64_t sleeps_before = 0;
  for (uint64_t n = 0; n < kSleeps; ++n) {
    // The sender's loop turns until the receiver has heard that its request was seen, and sleeps.
    ASSERT_TRUE(WaitUntil([&] {
      (*from)->Maintain(MonotonicNowNs());
      return sleeper.certain_sleeps.load(std::memory_order_acquire) > sleeps_before;
    }));
    usleep(50'000);
    sleeps_before = sleeper.certain_sleeps.load(std::memory_order_acquire);
    const int64_t start_ns = MonotonicNowNs();
    EXPECT_TRUE(Send(**from, n));
    EXPECT_TRUE(WaitUntil([&] { return received.load(std::memory_order_acquire) == n + 1; }));
    longest_ns = std::max(longest_ns, MonotonicNowNs() - start_ns);
  }
  receiver.join();
  EXPECT_LT(longest_ns, 10 * kNsPerS) << "woken by the limit of its sleep, not by the device";
  EXPECT_EQ(to->port().WakesReceived(), kSleeps);
  EXPECT_EQ((*from)->counters().wakes_sent, (*from)->port().counters().wakes);
  RecordProperty("longest_wake_us", static_cast<int>(longest_ns / kNsPerUs));
  RecordProperty("parks", static_cast<int>(counters.parks));
}

}  // namespace
}  // namespace ringway
