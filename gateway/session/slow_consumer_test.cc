// Tests that a client that reads slowly is throttled, not logged out, and learns the reason if it
// is.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/session/report_archive.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/testing/test_archive.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/session_core.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

constexpr uint32_t kRoom = 64;

struct SlowConsumer : testing::Test {
  // Answers in flight to the client.
  uint64_t Unread() { return world->requests[7].size() - client.acked.size(); }
  // Sends until there is no room, and lets the gateway take what it can.
  void SendAllThatFits(int turns = 1) {
    for (int i = 0; i != turns; ++i) {
      while (world->Order(client, sent + 1) == SendStatus::kOk) ++sent;
      world->GatewayTurn();
    }
  }
  // Fills the link and half the store.
  void Crowd() {
    SendAllThatFits(400);
    ASSERT_TRUE(world->layer->session(7)->crowded());
    world->Run({}, 1);
  }
  void LogOn(ReportArchive* archive = nullptr) {
    world.emplace(std::vector<SessionId>{7, 8},
                  SessionLayerOptions{.slow_consumer_after_ns = 5 * kNsPerS, .archive = archive});
    world->room = kRoom;
    ASSERT_TRUE(world->LogOn(client));
  }

  std::optional<World> world;
  TestClient client{7};
  uint64_t sent = 0;
};

TEST_F(SlowConsumer, SenderThatReadsSeldomKeepsItsSession) {
  LogOn();
  for (int round = 0; round != 3'000; ++round) {
    SendAllThatFits(20);
    world->now_ns += 900 * kNsPerMs;
    world->ClientTurn(client, 1 + static_cast<uint32_t>(round % 3));
    ASSERT_TRUE(world->downs.empty()) << "round " << round;
    ASSERT_LE(Unread(), kTestSlots / 2 + kRoom + SessionLayerOptions{}.records_per_turn);
  }
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_EQ(world->layer->counters().slow_consumers, 0u);
  world->Run({&client}, 400);
  EXPECT_EQ(client.acked, Range(1, sent));
}

TEST_F(SlowConsumer, HeldRequestsCostOthersNothing) {
  LogOn();
  TestClient other(8);
  ASSERT_TRUE(world->LogOn(other));
  Crowd();
  const size_t taken = world->requests[7].size();
  for (uint64_t i = 1; i <= 1'000; ++i) {
    ASSERT_EQ(world->Order(other, i), SendStatus::kOk);
    world->GatewayTurn();
    world->ClientTurn(other);
  }
  EXPECT_EQ(other.acked, Range(1, 1'000));
  EXPECT_EQ(world->requests[7].size(), taken) << "requests of the slow session were not held";
  // The client reads, and everything continues.
  world->Run({&client}, 400);
  EXPECT_EQ(client.acked, Range(1, sent));
}

TEST_F(SlowConsumer, TakingNothingForTooLongEndsTheSessionAndTellsItWhy) {
  LogOn();
  Crowd();
  world->now_ns += 4 * kNsPerS;
  world->GatewayTurn();
  EXPECT_TRUE(world->downs.empty());
  world->now_ns += 2 * kNsPerS;
  world->GatewayTurn();
  ASSERT_EQ(world->downs.size(), 1u);
  EXPECT_EQ(world->downs[0].second, LogoutReason::kSlowConsumer);
  EXPECT_EQ(world->layer->counters().slow_consumers, 1u);
  // The link was full: there was no room for a Logout.
  for (int i = 0; i != 10; ++i) world->ClientTurn(client);
  EXPECT_EQ(client.core.state(), SessionState::kLoggedOut);
  EXPECT_EQ(client.core.end(), SessionEnd::kLoggedOutByGateway);
  EXPECT_EQ(client.core.logout_reason(), LogoutReason::kSlowConsumer);
  ASSERT_EQ(client.logouts.size(), 1u) << "the handler hears of it, once";
  EXPECT_EQ(client.logouts[0].reason, LogoutReason::kSlowConsumer);
  // Nothing is lost for a client that returns.
  ASSERT_TRUE(world->LogOn(client));
  world->Run({&client}, 400);
  EXPECT_EQ(world->requests[7], Range(1, sent));
  EXPECT_EQ(client.acked, Range(1, sent));
  EXPECT_TRUE(client.gaps.empty());
}

TEST_F(SlowConsumer, ReportsBeyondTheStoreComeFromTheArchiveOnTheSameLink) {
  TestArchive archive;
  LogOn(&archive);
  constexpr uint64_t kReports = 8 * kTestSlots;
  for (uint64_t n = 1; n <= kReports; ++n) {
    world->Report(7, OrderAck{.cl_ord_id = n});
    if (n % 64 == 0) {
      world->now_ns += 2 * kNsPerMs;
      world->GatewayTurn();
      world->ClientTurn(client, 4);
    }
  }
  EXPECT_TRUE(world->downs.empty());
  world->Run({&client}, 200);
  EXPECT_EQ(client.acked, Range(1, kReports));
  EXPECT_TRUE(client.gaps.empty());
  EXPECT_GT(world->layer->counters().reports_recalled, kReports / 2);
  EXPECT_EQ(archive.ended, 1);
  // Requests proceed as well.
  ASSERT_EQ(world->Order(client, 1), SendStatus::kOk);
  world->Run({&client});
  EXPECT_EQ(client.acked.back(), 1u);
}

TEST_F(SlowConsumer, DeathOfAFullLinkIsNoticedAtOnceAndItsRequestsCount) {
  LogOn();
  Crowd();
  while (world->Order(client, sent + 1) == SendStatus::kOk) ++sent;
  client.link->Cut(kRoom);
  world->Run({}, 40);
  ASSERT_EQ(world->downs.size(), 1u);
  EXPECT_EQ(world->downs[0].second, LogoutReason::kUnset);
  EXPECT_EQ(world->requests[7], Range(1, sent));
}

TEST_F(SlowConsumer, EveryLogoutReachesAClientWhoseLinkIsFull) {
  LogOn();
  for (uint64_t i = 1; i <= 2 * kRoom; ++i) world->Report(7, OrderAck{.cl_ord_id = i});
  world->layer->Stop(world->now_ns);
  for (int i = 0; i != 10; ++i) world->ClientTurn(client);
  EXPECT_EQ(client.core.end(), SessionEnd::kLoggedOutByGateway);
  EXPECT_EQ(client.core.logout_reason(), LogoutReason::kGatewayStopping);
}

}  // namespace
}  // namespace ringway
