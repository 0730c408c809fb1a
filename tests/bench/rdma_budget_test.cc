// Tests that a message over RDMA costs the device what the protocol's budget says, and no more.
//
// The port counts what it posts; both ends are in this process, time is virtual.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/conformance/rdma_row.h"

namespace ringway {
namespace {

constexpr uint8_t kType = 32;
constexpr uint32_t kOrderBytes = 48;  // of payload: one granule
constexpr uint32_t kOrders = 4096;    // a whole ring of them
// Orders between two polls of the receiver; together with writes not yet reported complete fewer
// than kDataWritesMax.
constexpr uint32_t kAtOnce = 16;
static_assert(kAtOnce + kSignalEveryWrites <= kDataWritesMax && kOrders % kAtOnce == 0);
constexpr int64_t kLongNs = kNsPerS;  // no heartbeat falls due while orders are counted

struct Spent {
  VerbsCounters before;
  explicit Spent(VerbsLink& link) : before(link.port().counters()) {}
  uint64_t Of(VerbsLink& link, uint64_t VerbsCounters::*counter) const {
    return link.port().counters().*counter - before.*counter;
  }
};

class RdmaBudget : public ::testing::Test {
 protected:
  void SetUp() override {
    LinkOptions options;
    options.heartbeat_interval_ns = kLongNs;
    options.dead_after_ns = 100 * kLongNs;
    ASSERT_NO_FATAL_FAILURE(harness_.Make(options));
    Both([&](VerbsLink& link) { link.Maintain(harness_.now_ns); });
    harness_.Advance(0);
  }

  void Both(auto&& action) {
    action(*harness_.links[0]);
    action(*harness_.links[1]);
  }

  // Commits one order on end 0; if that is back-pressured, first takes what has arrived.
  void Send(Publish publish) {
    Claim claim = sender().TryClaim(kOrderBytes);
    for (int i = 0; !claim && i < 100; ++i) {
      ASSERT_EQ(claim.status, SendStatus::kBackPressured);
      Receive();
      claim = sender().TryClaim(kOrderBytes);
    }
    ASSERT_TRUE(claim);
    std::memset(claim.data, 7, kOrderBytes);
    ASSERT_EQ(sender().Commit(kType, publish), SendStatus::kOk);
  }

  void Receive() {
    harness_.Advance(0);
    received_ += receiver().Poll([](const Record&) {}, UINT32_MAX);
    harness_.Advance(0);
    // As for single orders: no write waits behind others.
    ASSERT_TRUE(WaitUntil([this] {
      VerbsPort& port = sender().port();
      return port.counters().work_requests - port.CompletedWrites() < kSignalEveryWrites;
    }));
  }

  VerbsLink& sender() { return *harness_.links[0]; }
  VerbsLink& receiver() { return *harness_.links[1]; }

  TwoDevicesHarness harness_;
  uint64_t received_ = 0;
};

TEST_F(RdmaBudget, AnOrderIsOneInlineRequestAndOneDoorbell) {
  ASSERT_GE(sender().caps().inline_bytes_max, 64u);
  const Spent spent(sender());
  for (uint32_t i = 0; i < kOrders; ++i) {
    ASSERT_NO_FATAL_FAILURE(Send(Publish::kNow));
    if (i % kAtOnce == kAtOnce - 1) {
      ASSERT_NO_FATAL_FAILURE(Receive());
    }
  }
  EXPECT_EQ(received_, kOrders);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::state_lines), 0u);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::work_requests), kOrders);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::doorbells), kOrders);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::inlined), kOrders);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::wakes), 0u);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::bytes_posted), kOrders * 64u);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::signalled), kOrders / kSignalEveryWrites);
}

TEST_F(RdmaBudget, TheReceiverWritesAStateLineForAQuarterOfTheRing) {
  const Spent spent(receiver());
  for (uint32_t i = 0; i < kOrders; ++i) {
    ASSERT_NO_FATAL_FAILURE(Send(Publish::kNow));
    if (i % kAtOnce == kAtOnce - 1) {
      ASSERT_NO_FATAL_FAILURE(Receive());
    }
  }
  const uint64_t granules_per_line = receiver().caps().ring_bytes / 4 / 64;
  EXPECT_EQ(granules_per_line, 1024u);
  const uint64_t lines = spent.Of(receiver(), &VerbsCounters::state_lines);
  EXPECT_GE(lines, 1u);
  EXPECT_LE(lines, kOrders / granules_per_line);
  EXPECT_EQ(spent.Of(receiver(), &VerbsCounters::work_requests), lines);
}

TEST_F(RdmaBudget, GatheredOrdersShareARequest) {
  const uint32_t together = sender().caps().gather_frames_max;
  constexpr uint32_t kGathered = 1024;  // of a fresh ring: no PAD comes between
  const Spent spent(sender());
  for (uint32_t i = 0; i < kGathered; ++i) {
    ASSERT_NO_FATAL_FAILURE(Send(Publish::kGather));
    if (i % together == together - 1) {
      ASSERT_NO_FATAL_FAILURE(Receive());
    }
  }
  EXPECT_EQ(received_, kGathered);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::work_requests), kGathered / together);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::doorbells), kGathered / together);
  EXPECT_EQ(spent.Of(sender(), &VerbsCounters::bytes_posted), kGathered * 64u);
}

}  // namespace
}  // namespace ringway
