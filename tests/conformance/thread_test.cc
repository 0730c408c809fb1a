// Tests that two threads that share plain memory, as the two ends of one link, synchronise only
// through the link's own words.
//
// Under --config=tsan this shows that honest peers never race: both ends touch the same addresses.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "transport/port/memory.h"
#include "transport/ring_link.h"

namespace ringway {
namespace {

using DirectLink = RingLink<DirectPort>;

void Produce(DirectLink& link, uint64_t count) {
  int64_t now_ns = kNsPerS;
  for (uint64_t n = 0; n < count;) {
    const uint32_t bytes = static_cast<uint32_t>(8 + n * 13 % 300);
    Claim claim = link.TryClaim(bytes);
    if (!claim) {
      ASSERT_EQ(claim.status, SendStatus::kBackPressured);
      link.Maintain(++now_ns);
      std::this_thread::yield();
      continue;
    }
    std::memset(claim.data, static_cast<int>(n & 0xff), bytes);
    std::memcpy(claim.data, &n, sizeof(n));
    ASSERT_EQ(link.Commit(1, n % 7 == 0 ? Publish::kNow : Publish::kGather), SendStatus::kOk);
    ++n;
  }
  link.Close();
}

void Consume(DirectLink& link, uint64_t count) {
  int64_t now_ns = kNsPerS;
  uint64_t expected = 0;
  while (link.state() == LinkState::kLive || link.state() == LinkState::kSuspect) {
    const uint32_t taken = link.Poll(
        [&](const Record& record) {
          uint64_t n;
          std::memcpy(&n, record.payload.data(), sizeof(n));
          ASSERT_EQ(n, expected);
          ASSERT_EQ(record.payload.size(), 8 + n * 13 % 300);
          if (record.payload.size() > 8) {
            ASSERT_EQ(record.payload.back(), static_cast<std::byte>(n & 0xff));
          }
          ++expected;
        },
        64);
    link.Maintain(++now_ns);
    if (taken == 0) std::this_thread::yield();
  }
  EXPECT_EQ(link.close_reason(), CloseReason::kPeerClosed);
  EXPECT_EQ(expected, count);
}

TEST(ThreadTest, EachWordHasOneWriterAndOneOrder) {
  LinkOptions options;
  options.ring_bytes = kRingBytesMin;
  options.payload_bytes_max = 512;
  options.heartbeat_interval_ns = 1;  // a state line at every turn
  options.dead_after_ns = 3600 * kNsPerS;
  const auto wire = std::make_shared<DirectWire>(options.ring_bytes);
  const auto make = [&](int end) {
    return std::make_unique<DirectLink>(DirectPort(wire, end), options, LinkIdentity{},
                                        3600 * kNsPerS);
  };
  const std::unique_ptr<DirectLink> from = make(0);
  const std::unique_ptr<DirectLink> to = make(1);
  constexpr uint64_t kCount = 100'000;
  std::thread producer([&] { Produce(*from, kCount); });
  Consume(*to, kCount);
  producer.join();
}

}  // namespace
}  // namespace ringway
