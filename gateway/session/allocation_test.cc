// Tests that nothing allocates memory once a session is connected or a topic has its subscribers.

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/clock.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/publisher.h"
#include "msg/subscriber.h"
#include "msg/testing/loop_link.h"
#include "msg/topic.h"
#include "schema/messages.h"
#include "tests/alloc_count.h"
#include "transport/link.h"

namespace ringway {
namespace {

TEST(AllocationTest, ConnectedSessionsAllocateNothing) {
  World world({7, 8});
  TestClient seven(7);
  TestClient eight(8);
  ASSERT_TRUE(world.LogOn(seven));
  ASSERT_TRUE(world.LogOn(eight));
  const uint64_t before = AllocationCount();
  for (uint64_t i = 1; i <= 10'000; ++i) {
    world.now_ns += kNsPerMs;  // 10 s: heartbeats, too
    (void)world.Order(seven, i);
    (void)eight.core.Send(NewOrder{.cl_ord_id = i, .stop_price = 1}, Publish::kGather);
    (void)eight.core.Flush();
    world.ClientTurn(seven);
    world.ClientTurn(eight);
    world.GatewayTurn();
  }
  EXPECT_EQ(AllocationCount() - before, 0u);
  EXPECT_GT(seven.acked.size(), 9'000u);
  EXPECT_GT(eight.acked.size(), 9'000u);
}

TEST(AllocationTest, PublishingAllocatesNothing) {
  for (const SlowSubscriber slow : {SlowSubscriber::kDisconnect, SlowSubscriber::kConflate}) {
    BasicPublisher<LoopLink> publisher({.slow = slow});
    LoopPair quick = MakeLoopPair(1, 1, 8);
    LoopPair stuck = MakeLoopPair(2, 1, 8);
    publisher.Accept(std::move(quick.listener));
    publisher.Accept(std::move(stuck.listener));
    BasicSubscriber<LoopLink> subscriber(std::move(quick.client));
    uint64_t updates = 0;
    const uint64_t before = AllocationCount();
    for (uint64_t i = 0; i != 10'000; ++i) {
      (void)publisher.Publish(i % 100, 130, std::as_bytes(std::span(&i, 1)));
      subscriber.Poll([&](const Update&) { ++updates; }, 16);
      publisher.Poll(static_cast<int64_t>(i) * kNsPerMs / 100);
    }
    EXPECT_EQ(AllocationCount() - before, 0u);
    EXPECT_EQ(updates, 10'000u);
  }
}

}  // namespace
}  // namespace ringway
