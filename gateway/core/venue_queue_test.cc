// Tests what a venue's queue does with requests that must not leave any more, and with their
// shares.
#include "gateway/core/venue_queue.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/connector/connector.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/core/step.h"
#include "gtest/gtest.h"
#include "schema/messages.h"

namespace ringway {
namespace {

constexpr VenueId kVenue = 2;
constexpr uint32_t kOwner = 0;
constexpr uint32_t kPendingMax = 300;

class TakingConnector final : public Connector {
 public:
  uint32_t Send(int64_t, std::span<const Effect> requests) override {
    const auto taken = static_cast<uint32_t>(std::min<std::size_t>(requests.size(), room));
    room -= taken;
    for (const Effect& request : requests.first(taken)) sent.push_back(VenueRequestId(request));
    return taken;
  }
  void Poll(int64_t, VenueSink&) override {}

  uint32_t room = 0;
  std::vector<uint64_t> sent;
};

Effect Order(uint64_t id) {
  return {Target::kVenue, kVenue, 0, NewOrder{.cl_ord_id = id, .qty = 1}};
}
Effect CancelOf(uint64_t orig_id, uint64_t id) {
  return {Target::kVenue, kVenue, 0, Cancel{.cl_ord_id = id, .orig_cl_ord_id = orig_id}};
}

class VenueQueueTest : public testing::Test {
 protected:
  void PushOrders(uint64_t from, uint64_t to) {
    for (uint64_t id = from; id != to; ++id) {
      ASSERT_TRUE(queue_.MayTake(kOwner)) << id;
      EXPECT_FALSE(queue_.Push(Order(id), kOwner));
    }
  }
  std::vector<uint64_t> TakeAllCondemned() {
    std::vector<uint64_t> ids;
    while (queue_.has_condemned()) ids.push_back(VenueRequestId(queue_.TakeCondemned().request));
    return ids;
  }
  static bool All(const Effect&) { return true; }

  TakingConnector connector_;
  VenueQueue queue_{kVenue, connector_, kPendingMax, 2};
};

TEST_F(VenueQueueTest, TheCondemnedKeepTheirSharesUntilTheyAreAnswered) {
  PushOrders(1, 1 + kPendingMax / 2);
  EXPECT_FALSE(queue_.MayTake(kOwner));
  queue_.Condemn(Unseen::kVenueDown, All);
  EXPECT_FALSE(queue_.MayTake(kOwner));
  EXPECT_EQ(queue_.waiting(), kPendingMax / 2);
  EXPECT_EQ(VenueRequestId(queue_.TakeCondemned().request), 1U);
  EXPECT_TRUE(queue_.MayTake(kOwner));
  EXPECT_EQ(TakeAllCondemned().size(), kPendingMax / 2 - 1);
  EXPECT_EQ(queue_.waiting(), 0U);
  EXPECT_EQ(queue_.counters().unsent, kPendingMax / 2);
}

TEST_F(VenueQueueTest, OnlyTheWantedAreCondemnedAndTheRestLeavesBehindThem) {
  PushOrders(1, 11);
  queue_.Condemn(Unseen::kKilled,
                 [](const Effect& order) { return VenueRequestId(order) % 3 == 0; });
  PushOrders(11, 13);
  // A second reason for others, before the first are answered.
  queue_.Condemn(Unseen::kVenueDown,
                 [](const Effect& order) { return VenueRequestId(order) % 5 == 1; });
  std::vector<uint64_t> ids;
  while (queue_.has_condemned()) {
    const VenueQueue::Condemned condemned = queue_.TakeCondemned();
    const uint64_t id = VenueRequestId(condemned.request);
    EXPECT_EQ(condemned.why, id % 3 == 0 ? Unseen::kKilled : Unseen::kVenueDown) << id;
    ids.push_back(id);
  }
  EXPECT_EQ(ids, (std::vector<uint64_t>{1, 3, 6, 9, 11}));
  connector_.room = 100;
  EXPECT_TRUE(queue_.SendBurst(0, UINT64_MAX));
  EXPECT_EQ(connector_.sent, (std::vector<uint64_t>{2, 4, 5, 7, 8, 10, 12}));
  EXPECT_EQ(queue_.waiting(), 0U);
}

TEST_F(VenueQueueTest, TheCondemnedOutliveTheQueuesTidyingUp) {
  uint64_t next = 1;
  std::vector<uint64_t> condemned;
  for (int round = 0; round != 40; ++round) {
    PushOrders(next, next + 100);
    queue_.Condemn(Unseen::kKilled,
                   [next](const Effect& order) { return VenueRequestId(order) == next + 50; });
    condemned.push_back(next + 50);
    EXPECT_EQ(TakeAllCondemned(), std::vector<uint64_t>{next + 50});
    connector_.room = 60;
    EXPECT_TRUE(queue_.SendBurst(0, UINT64_MAX));
    queue_.Condemn(Unseen::kVenueDown, All);
    PushOrders(next + 100, next + 110);
    EXPECT_EQ(TakeAllCondemned().size(), 39U);
    connector_.room = 10;
    EXPECT_TRUE(queue_.SendBurst(0, UINT64_MAX));
    next += 110;
  }
  EXPECT_EQ(connector_.sent.size(), 40U * 70);
  EXPECT_TRUE(std::is_sorted(connector_.sent.begin(), connector_.sent.end()));
  EXPECT_EQ(queue_.counters().grown, 0U);
  EXPECT_EQ(queue_.waiting(), 0U);
}

// The queue drops what ended when its room is used up, here again and again while a condemned order
// waits.
TEST_F(VenueQueueTest, ACondemnedOrderSurvivesTidyingUp) {
  PushOrders(1, 41);
  queue_.Condemn(Unseen::kKilled, [](const Effect& order) { return VenueRequestId(order) == 20; });
  for (uint64_t from = 41; from != 1'541; from += 100) {
    PushOrders(from, from + 100);
    for (uint64_t id = from; id != from + 100; ++id) {
      EXPECT_TRUE(queue_.Push(CancelOf(id, 100'000 + id), kOwner)) << "it had not left";
    }
  }
  EXPECT_EQ(queue_.counters().grown, 0U);
  EXPECT_EQ(TakeAllCondemned(), std::vector<uint64_t>{20});
  connector_.room = 1'000;
  EXPECT_TRUE(queue_.SendBurst(0, UINT64_MAX));
  EXPECT_EQ(connector_.sent.size(), 39U);
  EXPECT_EQ(queue_.waiting(), 0U);
}

TEST_F(VenueQueueTest, CancelsOfTheCondemnedAreAnsweredBehindThem) {
  PushOrders(1, 4);
  queue_.Condemn(Unseen::kVenueDown, All);
  // Its order never leaves, and is still not withdrawn: it has an answer already.
  EXPECT_FALSE(queue_.Push(CancelOf(2, 9), kOwner));
  queue_.Condemn(Unseen::kVenueDown, All);
  EXPECT_EQ(TakeAllCondemned(), (std::vector<uint64_t>{1, 2, 3, 9}));
}

TEST_F(VenueQueueTest, ManyCancelsKeepTheirOrderOverAStandstill) {
  constexpr uint64_t kCancels = 1'000;
  PushOrders(1, 3);
  for (uint64_t id = 10; id != 10 + kCancels; ++id) {
    EXPECT_FALSE(queue_.Push(CancelOf(id + 100'000, id), kOwner));
    if (id % 300 == 0) {
      EXPECT_NE(queue_.PlaceCancels(), 0U);
    }
  }
  for (int burst = 0; queue_.waiting() != 0; ++burst) {
    ASSERT_NE(burst, 1'000);
    connector_.room = 70;
    queue_.SendBurst(0, UINT64_MAX);
  }
  ASSERT_EQ(connector_.sent.size(), kCancels + 2);
  std::vector<uint64_t> cancels;
  for (const uint64_t id : connector_.sent) {
    if (id >= 10) cancels.push_back(id);
  }
  EXPECT_EQ(cancels.size(), kCancels);
  EXPECT_TRUE(std::is_sorted(cancels.begin(), cancels.end()));
}

}  // namespace
}  // namespace ringway
