// Tests that a topic keeps its promises to fast and slow subscribers alike.

#include "msg/topic.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gtest/gtest.h"
#include "msg/publisher.h"
#include "msg/subscriber.h"
#include "msg/testing/loop_link.h"
#include "tests/socket_uri.h"
#include "transport/link.h"

namespace ringway {
namespace {

constexpr uint8_t kType = 130;

struct Listener {
  std::unique_ptr<BasicSubscriber<LoopLink>> subscriber;
  std::vector<std::pair<uint64_t, uint64_t>> updates;  // key, value
  void Poll(uint32_t budget = 1'000'000) {
    subscriber->Poll(
        [this](const Update& update) {
          EXPECT_EQ(update.type, kType);
          uint64_t value = 0;
          ASSERT_EQ(update.payload.size(), sizeof(value));
          std::memcpy(&value, update.payload.data(), sizeof(value));
          updates.emplace_back(update.key, value);
        },
        budget);
  }
};

struct TopicTest : testing::Test {
  int64_t now_ns = kNsPerS;
  uint64_t links = 0;

  Listener Subscribe(BasicPublisher<LoopLink>& publisher, uint32_t room = 8) {
    LoopPair pair = MakeLoopPair(++links, 1, room);
    publisher.Accept(std::move(pair.listener));
    return {std::make_unique<BasicSubscriber<LoopLink>>(std::move(pair.client)), {}};
  }
  static PublishStatus Put(BasicPublisher<LoopLink>& publisher, uint64_t key, uint64_t value) {
    return publisher.Publish(key, kType, std::as_bytes(std::span(&value, 1)));
  }
};

TEST_F(TopicTest, EverySubscriberGetsEverythingInOrder) {
  BasicPublisher<LoopLink> publisher({});
  Listener a = Subscribe(publisher);
  Listener b = Subscribe(publisher);
  for (uint64_t i = 0; i != 100; ++i) {
    ASSERT_EQ(Put(publisher, i % 3, i), PublishStatus::kOk);
    a.Poll();
    b.Poll();
  }
  ASSERT_EQ(a.updates.size(), 100u);
  EXPECT_EQ(a.updates, b.updates);
  for (uint64_t i = 0; i != 100; ++i) EXPECT_EQ(a.updates[i].second, i);
}

TEST_F(TopicTest, SlowSubscriberIsDisconnectedAndNobodyElseNotices) {
  BasicPublisher<LoopLink> publisher({});
  Listener quick = Subscribe(publisher);
  Listener slow = Subscribe(publisher);
  for (uint64_t i = 0; i != 20; ++i) {
    ASSERT_EQ(Put(publisher, 1, i), PublishStatus::kOk);
    quick.Poll();
  }
  EXPECT_EQ(quick.updates.size(), 20u);
  EXPECT_EQ(publisher.counters().slow_disconnects, 1u);
  slow.Poll();
  EXPECT_EQ(slow.updates.size(), 8u) << "what was in its ring still arrives";
  slow.Poll();
  slow.subscriber->Maintain(now_ns);
  EXPECT_FALSE(slow.subscriber->connected());
  publisher.Poll(now_ns);
  publisher.Poll(now_ns + 2 * kNsPerS);
  EXPECT_EQ(publisher.subscriber_count(), 1u);
}

TEST_F(TopicTest, ConflatedSubscriberGetsTheLatestOfEachKeyAndNeverAnOlderOneAfterIt) {
  Random random(42);
  BasicPublisher<LoopLink> publisher({.slow = SlowSubscriber::kConflate, .keys_max = 16});
  Listener quick = Subscribe(publisher, 4096);
  Listener slow = Subscribe(publisher, 4);
  std::map<uint64_t, uint64_t> latest;
  for (uint64_t i = 1; i <= 3'000; ++i) {
    const uint64_t key = random.Below(16) * 1'000'003;
    latest[key] = i;
    ASSERT_EQ(Put(publisher, key, i), PublishStatus::kOk);
    quick.Poll();
    if (random.Chance(0.1)) slow.Poll(1 + static_cast<uint32_t>(random.Below(3)));
  }
  EXPECT_EQ(quick.updates.size(), 3'000u);
  for (int i = 0; i != 20; ++i) {
    publisher.Poll(now_ns += kNsPerMs);
    slow.Poll();
  }
  std::map<uint64_t, uint64_t> seen;
  for (const auto& [key, value] : slow.updates) {
    EXPECT_GT(value, seen[key]) << "an older update after a newer one";
    seen[key] = value;
  }
  EXPECT_EQ(seen, latest);
  EXPECT_EQ(publisher.subscriber(0).conflated, 0u);
  EXPECT_GT(publisher.subscriber(1).conflated, 0u);
  EXPECT_EQ(publisher.subscriber(1).waiting, 0u);
  EXPECT_EQ(publisher.subscriber(1).sent + publisher.subscriber(1).conflated, 3'000u);
}

TEST_F(TopicTest, NewSubscriberOfAConflatingPublisherBeginsWithTheLatestOfEachKey) {
  BasicPublisher<LoopLink> publisher({.slow = SlowSubscriber::kConflate});
  for (uint64_t i = 0; i != 30; ++i) ASSERT_EQ(Put(publisher, i % 10, i), PublishStatus::kOk);
  Listener late = Subscribe(publisher, 4);
  for (int i = 0; i != 5; ++i) {
    late.Poll();
    publisher.Poll(now_ns);
  }
  ASSERT_EQ(late.updates.size(), 10u);
  for (uint64_t i = 0; i != 10; ++i) EXPECT_EQ(late.updates[i], std::pair(i, 20 + i));
}

TEST_F(TopicTest, WhatCannotBePublishedIsRefusedForAll) {
  BasicPublisher<LoopLink> publisher(
      {.slow = SlowSubscriber::kConflate, .keys_max = 2, .payload_bytes_max = 8});
  Listener listener = Subscribe(publisher);
  const uint64_t value = 1;
  const auto bytes = std::as_bytes(std::span(&value, 1));
  EXPECT_EQ(publisher.Publish(1, 127, bytes), PublishStatus::kBadType);
  EXPECT_EQ(publisher.Publish(1, 240, bytes), PublishStatus::kBadType);
  EXPECT_EQ(publisher.Publish(1, kType, std::as_bytes(std::span("123456789"))),
            PublishStatus::kTooLarge);
  EXPECT_EQ(Put(publisher, 1, 1), PublishStatus::kOk);
  EXPECT_EQ(Put(publisher, 2, 1), PublishStatus::kOk);
  EXPECT_EQ(Put(publisher, 3, 1), PublishStatus::kTooManyKeys);
  listener.Poll();
  EXPECT_EQ(listener.updates.size(), 2u);
}

TEST_F(TopicTest, SubscribersBeyondTheMaximumAreRefused) {
  BasicPublisher<LoopLink> publisher({.subscribers_max = 1});
  Listener first = Subscribe(publisher);
  Listener second = Subscribe(publisher);
  second.Poll();
  second.subscriber->Maintain(now_ns);
  EXPECT_FALSE(second.subscriber->connected());
  EXPECT_EQ(publisher.counters().subscribers_refused, 1u);
}

TEST_F(TopicTest, GarbageIsNoUpdate) {
  LoopPair pair = MakeLoopPair(1);
  BasicSubscriber<LoopLink> subscriber(std::move(pair.client));
  for (const auto& [type, bytes] : {std::pair{uint8_t{200}, 7u}, {uint8_t{5}, 64u}}) {
    ASSERT_TRUE(pair.listener->TryClaim(bytes));
    ASSERT_EQ(pair.listener->Commit(type, Publish::kNow), SendStatus::kOk);
  }
  subscriber.Poll([](const Update&) { FAIL(); }, 8);
  EXPECT_EQ(subscriber.refused_count(), 2u);
}

TEST(TopicOverSharedMemory, PublisherAndSubscriberMeet) {
  const std::string uri = TestSocketUri("topic");
  const auto publisher = Publisher::Listen({.uri = uri, .slow = SlowSubscriber::kConflate});
  ASSERT_TRUE(publisher.ok()) << publisher.status();
  const uint64_t value = 5;
  ASSERT_EQ((*publisher)->Publish(9, kType, std::as_bytes(std::span(&value, 1))),
            PublishStatus::kOk);
  const auto subscriber = Subscriber::Connect({.uri = uri});
  ASSERT_TRUE(subscriber.ok()) << subscriber.status();
  uint64_t key = 0;
  const int64_t deadline_ns = MonotonicNowNs() + 20 * kNsPerS;
  while (key == 0 && MonotonicNowNs() < deadline_ns) {
    (*publisher)->Poll();
    (*subscriber)->Poll([&](const Update& update) { key = update.key; }, 8);
  }
  EXPECT_EQ(key, 9u);
}

TEST(TopicOverSharedMemory, ForkedChildCannotReachItsParentsEnds) {
  const std::string uri = TestSocketUri("fork");
  auto publisher = *Publisher::Listen({.uri = uri});
  auto subscriber = *Subscriber::Connect({.uri = uri});
  const int64_t deadline_ns = MonotonicNowNs() + 20 * kNsPerS;
  while (publisher->subscriber_count() == 0 && MonotonicNowNs() < deadline_ns) publisher->Poll();

  const pid_t pid = fork();
  if (pid == 0) {
    if (publisher->Publish(1, kType, {}) != PublishStatus::kForked) _exit(1);
    publisher->Poll();
    if (subscriber->connected() || subscriber->Poll([](const Update&) {}, 8) != 0) _exit(2);
    subscriber.reset();
    publisher.reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);

  // The listener still accepts, and both ends are linked.
  const auto second = Subscriber::Connect({.uri = uri});
  ASSERT_TRUE(second.ok()) << second.status();
  while (publisher->subscriber_count() != 2 && MonotonicNowNs() < deadline_ns) publisher->Poll();
  ASSERT_EQ(publisher->Publish(9, kType, {}), PublishStatus::kOk);
  for (Subscriber* each : {subscriber.get(), second->get()}) {
    uint64_t key = 0;
    while (key == 0 && MonotonicNowNs() < deadline_ns) {
      publisher->Poll();
      each->Poll([&](const Update& update) { key = update.key; }, 8);
    }
    EXPECT_EQ(key, 9u);
  }
}

TEST(TopicOptions, NonsenseIsNamed) {
  EXPECT_FALSE(Validate(PublisherOptions{.keys_max = 0}).ok());
  EXPECT_FALSE(Validate(PublisherOptions{.subscribers_max = 0}).ok());
  EXPECT_FALSE(Validate(PublisherOptions{.payload_bytes_max = 4000}).ok());
}

}  // namespace
}  // namespace ringway
