// Tests that a session that is silent, slow, greedy or broken harms only itself.

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/session_core.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

TEST(ConductTest, SilentClientIsLoggedOutAfterThreeHeartbeats) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  world.now_ns += 3 * kNsPerS - 20 * kNsPerMs;
  world.GatewayTurn();
  EXPECT_TRUE(world.downs.empty());
  world.now_ns += 100 * kNsPerMs;
  world.GatewayTurn();
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0].second, LogoutReason::kHeartbeatTimeout);
  client.core.Poll(client, 64);
  EXPECT_EQ(client.core.logout_reason(), LogoutReason::kHeartbeatTimeout);
}

TEST(ConductTest, SilentGatewayIsGivenUpAfterThreeHeartbeats) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  world.ClientTurn(client);
  for (int i = 0; i != 31; ++i) {
    world.now_ns += 100 * kNsPerMs;
    world.ClientTurn(client);
  }
  EXPECT_EQ(client.core.end(), SessionEnd::kHeartbeatTimeout);
}

TEST(ConductTest, AnEndThatWasItselfStoppedDoesNotTakeTheOtherForDead) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  world.now_ns += 60 * kNsPerS;  // both were
  world.GatewayTurn();
  EXPECT_TRUE(world.downs.empty());
  world.ClientTurn(client);
  world.Run({&client});
  EXPECT_EQ(client.core.state(), SessionState::kLive);
}

TEST(ConductTest, HeartbeatsKeepAnIdleSessionAlive) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (int i = 0; i != 300; ++i) {
    world.now_ns += 100 * kNsPerMs;
    world.ClientTurn(client);
    world.GatewayTurn();
  }
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_LT(client.link->counters().frames_sent, 60u);
}

TEST(ConductTest, ARequestThatIsNotTakenHoldsBackItsSessionAloneAndNothingIsLost) {
  World world({7, 8});
  TestClient held(7);
  TestClient other(8);
  ASSERT_TRUE(world.LogOn(held));
  ASSERT_TRUE(world.LogOn(other));
  world.refuse = [](const Input& input) {
    return input.origin == Origin::kSession && input.id == 7;
  };
  for (uint64_t id = 1; id <= 20; ++id) {
    ASSERT_EQ(world.Order(held, id), SendStatus::kOk);
    ASSERT_EQ(world.Order(other, id), SendStatus::kOk);
  }
  // Longer than the silence that would end a session.
  world.Run({&held, &other}, 2'000);
  EXPECT_TRUE(world.requests[7].empty());
  EXPECT_EQ(other.acked.size(), 20u);
  EXPECT_EQ(held.core.state(), SessionState::kLive);
  EXPECT_EQ(world.layer->session(7)->next_seq_in(), 1u) << "what waits is not counted";
  world.refuse = nullptr;
  world.Run({&held, &other});
  ASSERT_EQ(world.requests[7].size(), 20u);
  for (uint64_t id = 1; id <= 20; ++id) EXPECT_EQ(world.requests[7][id - 1], id);
}

TEST(ConductTest, ARequestThatWaitsWhenItsLinkEndsIsSentAgainByTheClient) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  world.refuse = [](const Input& input) { return input.origin == Origin::kSession; };
  for (uint64_t id = 1; id <= 3; ++id) ASSERT_EQ(world.Order(client, id), SendStatus::kOk);
  world.Run({&client});
  client.link->Cut(0);
  world.refuse = nullptr;
  ASSERT_TRUE(world.LogOn(client));
  world.Run({&client});
  EXPECT_EQ(world.requests[7], (std::vector<uint64_t>{1, 2, 3}));
}

TEST(ConductTest, ASessionsEndThatIsNotTakenIsToldLater) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  world.refuse = [](const Input& input) { return input.origin == Origin::kSessionDown; };
  client.link->Cut(0);
  world.Run({&client});
  EXPECT_TRUE(world.downs.empty());
  world.refuse = nullptr;
  world.Run({&client});
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0].first, 7u);
}

TEST(ConductTest, HeldBackSessionsAreServedAndNotJudgedSilent) {
  World world({7});
  world.room = 16;
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 40; ++i) world.Report(7, OrderAck{.cl_ord_id = i});
  uint64_t sent = 0;
  // A minute in which no request is taken: the client's ring is full, so no heartbeat fits either.
  for (int i = 0; i != 600; ++i) {
    while (world.Order(client, sent + 1) == SendStatus::kOk) ++sent;
    world.now_ns += 100 * kNsPerMs;
    world.GatewayTurn(0);
    world.ClientTurn(client);
  }
  EXPECT_TRUE(world.requests[7].empty());
  ASSERT_TRUE(world.downs.empty()) << Name(world.downs[0].second);
  EXPECT_EQ(client.core.state(), SessionState::kLive) << "the gateway's heartbeats went on";
  EXPECT_EQ(client.acked, Range(1, 40)) << "reports went on";
  world.Run({&client});
  EXPECT_EQ(world.requests[7], Range(1, sent));
}

TEST(ConductTest, SilenceIsJudgedAnewAfterSessionsWereHeldBack) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (int i = 0; i != 100; ++i) {
    world.now_ns += 100 * kNsPerMs;
    world.GatewayTurn(0);
  }
  world.now_ns += 3 * kNsPerS - 20 * kNsPerMs;
  world.GatewayTurn();
  EXPECT_TRUE(world.downs.empty());
  world.now_ns += 100 * kNsPerMs;
  world.GatewayTurn();
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0].second, LogoutReason::kHeartbeatTimeout);
}

TEST(ConductTest, RequestsOfALinkThatDiedWhileHeldBackStillCount) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  client.link->Cut(3);
  for (int i = 0; i != 10; ++i) {
    world.now_ns += 2 * kNsPerMs;
    world.GatewayTurn(0);
  }
  world.Run({});
  EXPECT_EQ(world.requests[7], Range(1, 3));
  ASSERT_EQ(world.downs.size(), 1u);
}

TEST(ConductTest, AcknowledgementsKeepUpWithAnyRate) {
  World world({7}, {.records_per_turn = kTestSlots});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  const int64_t start_ns = world.now_ns;
  uint64_t next = 1;
  while (next <= 20 * kTestSlots) {  // 20 times what both stores hold, in no time at all
    if (world.Order(client, next) == SendStatus::kOk) {
      ++next;
    } else {
      world.GatewayTurn();
      client.core.Poll(client, 256);
    }
  }
  world.Run({&client});
  EXPECT_LT(world.now_ns - start_ns, kNsPerS);
  EXPECT_EQ(client.acked, Range(1, next - 1));
  EXPECT_EQ(client.core.state(), SessionState::kLive);
}

TEST(ConductTest, FullStoreAndFullLinkAreBackPressureNotLoss) {
  World world({7}, {.records_per_turn = kTestSlots});
  world.room = 2 * kTestSlots;
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  uint64_t sent = 0;
  while (world.Order(client, sent + 1) == SendStatus::kOk) ++sent;
  EXPECT_EQ(sent, kTestSlots);
  EXPECT_EQ(world.Order(client, sent + 1), SendStatus::kBackPressured);
  world.Run({&client}, 40);
  EXPECT_EQ(client.acked, Range(1, sent));
  EXPECT_EQ(world.Order(client, sent + 1), SendStatus::kOk);
}

TEST(ConductTest, SlowConsumerCostsOnlyItselfAndReturnsToASnapshot) {
  World world({7, 8});
  world.room = 64;
  TestClient slow(7);
  TestClient quick(8);
  ASSERT_TRUE(world.LogOn(slow));
  ASSERT_TRUE(world.LogOn(quick));
  uint64_t next = 1;
  for (; world.downs.empty(); ++next) {
    ASSERT_LT(next, 2u * kTestSlots);
    world.Report(7, OrderAck{.cl_ord_id = next});
    world.Report(8, OrderAck{.cl_ord_id = next});
    if (next % 16 == 0) world.Run({&quick}, 1);
  }
  world.Run({&quick});
  EXPECT_EQ(world.downs[0].first, 7u);
  EXPECT_EQ(world.downs[0].second, LogoutReason::kSlowConsumer);
  EXPECT_EQ(quick.acked, Range(1, next - 1));
  EXPECT_EQ(quick.core.state(), SessionState::kLive);
  EXPECT_EQ(world.layer->counters().slow_consumers, 1u);

  slow.snapshot.clear();
  world.Run({&slow});
  EXPECT_NE(slow.core.state(), SessionState::kLive);
  const std::vector<uint64_t> before = slow.acked;
  world.Connect(slow);
  world.Run({&slow, &quick}, 40);
  EXPECT_EQ(slow.core.state(), SessionState::kLive);
  // Nothing twice, nothing out of order; and where something is missing, the client was told.
  for (size_t i = 1; i < slow.acked.size(); ++i) EXPECT_LT(slow.acked[i - 1], slow.acked[i]);
  EXPECT_EQ(slow.acked.back(), next - 1);
  EXPECT_EQ(slow.acked.size() + slow.core.counters().reports_lost, next - 1);
}

TEST(ConductTest, GreedySessionLeavesOthersTheirTurn) {
  World world({7, 8}, {.records_per_turn = 4});
  TestClient greedy(7);
  TestClient modest(8);
  ASSERT_TRUE(world.LogOn(greedy));
  ASSERT_TRUE(world.LogOn(modest));
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(world.Order(greedy, i), SendStatus::kOk);
  ASSERT_EQ(world.Order(modest, 1), SendStatus::kOk);
  world.GatewayTurn();
  EXPECT_EQ(world.requests[7].size(), 4u);
  EXPECT_EQ(world.requests[8].size(), 1u);
  // A budget smaller than what one session may take: the first session polled changes every turn.
  ASSERT_EQ(world.Order(modest, 2), SendStatus::kOk);
  world.GatewayTurn(4);
  world.GatewayTurn(4);
  EXPECT_EQ(world.requests[8].size(), 2u);
}

TEST(ConductTest, ColdSessionsAreHeardWithinTheirTurns) {
  World world({1, 2, 3}, {.cold_after_turns = 10, .cold_looks = 1, .hot_sessions_max = 2});
  TestClient a(1), b(2), c(3);
  for (TestClient* client : {&a, &b, &c}) ASSERT_TRUE(world.LogOn(*client));
  for (int i = 0; i != 50; ++i) world.GatewayTurn();
  ASSERT_EQ(world.Order(b, 1), SendStatus::kOk);
  for (int i = 0; i != 8; ++i) world.GatewayTurn();
  EXPECT_EQ(world.requests[2].size(), 1u);
}

TEST(ConductTest, SessionsNeitherShareNumbersNorReports) {
  World world({7, 8});
  TestClient seven(7);
  TestClient eight(8);
  ASSERT_TRUE(world.LogOn(seven));
  ASSERT_TRUE(world.LogOn(eight));
  for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(seven, i), SendStatus::kOk);
  ASSERT_EQ(world.Order(eight, 100), SendStatus::kOk);
  world.Run({&seven, &eight});
  EXPECT_EQ(seven.acked, Range(1, 3));
  EXPECT_EQ(eight.acked, Range(100, 100));
  seven.link->Cut(0);
  world.Run({&seven, &eight});
  EXPECT_EQ(eight.core.state(), SessionState::kLive);
  EXPECT_EQ(eight.core.next_seq_out(), 2u);
}

TEST(ConductTest, LogoutIsAnsweredBehindWhatWasOnTheWay) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  client.core.Logout();
  EXPECT_EQ(world.Order(client, 4), SendStatus::kClosed);
  world.Run({&client});
  EXPECT_EQ(client.core.state(), SessionState::kLoggedOut);
  EXPECT_EQ(client.core.end(), SessionEnd::kRequested);
  EXPECT_EQ(client.acked, Range(1, 3));
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0].second, LogoutReason::kRequested);
  ASSERT_TRUE(world.LogOn(client));
  EXPECT_EQ(client.core.next_seq_out(), 4u);
}

TEST(ConductTest, StoppingGatewayLogsEverybodyOut) {
  World world({7, 8});
  TestClient seven(7);
  TestClient eight(8);
  ASSERT_TRUE(world.LogOn(seven));
  ASSERT_TRUE(world.LogOn(eight));
  world.layer->Stop(world.now_ns);
  world.Run({&seven, &eight});
  EXPECT_EQ(seven.core.logout_reason(), LogoutReason::kGatewayStopping);
  EXPECT_EQ(eight.core.logout_reason(), LogoutReason::kGatewayStopping);
  EXPECT_EQ(world.downs.size(), 2u);
  world.now_ns += 2 * kNsPerS;
  world.GatewayTurn();
  EXPECT_TRUE(world.layer->stopped());
  EXPECT_FALSE(world.LogOn(seven));
}

// --- Broken clients, driven by hand ---

struct BrokenClient : testing::Test {
  World world{{7, 8}};
  TestClient good{8};
  RawPeer bad;

  void SetUp() override {
    ASSERT_TRUE(world.LogOn(good));
    bad.link = world.NewLink();
    bad.LogOn(7, 1);
    world.GatewayTurn();
    bad.Poll();
    bad.received.clear();
  }
  SessionReject Answer() {
    world.GatewayTurn();
    bad.Poll();
    return bad.Last<SessionReject>();
  }
  void TearDown() override {
    ASSERT_EQ(world.Order(good, 1), SendStatus::kOk);
    world.Run({&good});
    EXPECT_EQ(good.acked, Range(1, 1)) << "the other session was hurt";
  }
};

TEST_F(BrokenClient, EachViolationIsNamedAndNumbersStayRight) {
  const auto expect = [this](uint64_t seq, uint8_t type, SessionRejectReason reason) {
    const SessionReject reject = Answer();
    EXPECT_EQ(reject.ref_seq, seq);
    EXPECT_EQ(reject.ref_type, type);
    EXPECT_EQ(reject.reason, reason) << Name(reject.reason);
  };
  const auto garbage = std::as_bytes(std::span("0123456"));
  bad.SendBytes(60, garbage);  // a request type of a future version: counted
  expect(1, 60, SessionRejectReason::kUnknownMessageType);
  bad.SendBytes(32, garbage);
  expect(2, 32, SessionRejectReason::kMalformedMessage);
  bad.Send(OrderAck{.cl_ord_id = 1});
  expect(3, 64, SessionRejectReason::kMessageNotAllowed);
  bad.SendBytes(200, garbage);  // not numbered
  expect(0, 200, SessionRejectReason::kUnknownMessageType);
  bad.SendBytes(5, garbage);
  expect(0, 5, SessionRejectReason::kMalformedMessage);
  bad.Send(Heartbeat{.next_seq_out = 4, .next_seq_in = 1'000});
  expect(0, 5, SessionRejectReason::kSequenceGap);
  bad.Send(NewOrder{.cl_ord_id = 77});
  world.GatewayTurn();
  EXPECT_EQ(world.requests[7], Range(77, 77));
  EXPECT_EQ(world.layer->session(7)->next_seq_in(), 5u);
}

TEST_F(BrokenClient, SequenceJumpsAreRefused) {
  bad.Send(GapFill{.new_seq = 1'000});
  EXPECT_EQ(Answer().reason, SessionRejectReason::kSequenceGap);
  bad.Send(ResendRequest{.begin_seq = 1'000});
  EXPECT_EQ(Answer().reason, SessionRejectReason::kSequenceGap);
  bad.Send(ResendRequest{.begin_seq = 0});
  EXPECT_EQ(Answer().reason, SessionRejectReason::kSequenceGap);
  bad.Send(Heartbeat{.next_seq_out = 9, .next_seq_in = 1});
  world.GatewayTurn();
  bad.Poll();
  EXPECT_EQ(bad.Last<ResendRequest>().begin_seq, 1u);
  EXPECT_EQ(world.layer->session(7)->next_seq_in(), 1u);
}

TEST_F(BrokenClient, ReservedBitsAreRefused) {
  Logout logout;
  auto* bytes = reinterpret_cast<std::byte*>(&logout);
  bytes[sizeof(logout) - 1] = std::byte{1};
  bad.Send(logout);
  EXPECT_EQ(Answer().reason, SessionRejectReason::kReservedFieldNotZero);
}

TEST_F(BrokenClient, SecondLogonIsRefused) {
  bad.LogOn(7, 1);
  EXPECT_EQ(Answer().reason, SessionRejectReason::kMessageNotAllowed);
}

TEST_F(BrokenClient, TooManyViolationsEndTheSession) {
  for (uint32_t i = 0; i != 100; ++i) bad.SendBytes(0, {});
  world.GatewayTurn();
  bad.Poll();
  EXPECT_EQ(bad.Last<Logout>().reason, LogoutReason::kProtocolError);
  EXPECT_EQ(bad.received.size(), SessionLayerOptions{}.violations_max + 1);
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0], (std::pair{SessionId{7}, LogoutReason::kProtocolError}));
  EXPECT_EQ(bad.link->state(), LinkState::kClosed);
}

TEST_F(BrokenClient, AbsurdLogonNumbersAreRefused) {
  for (const auto& [out, in] :
       {std::pair{uint64_t{1}, uint64_t{1'000}}, std::pair{UINT64_MAX, uint64_t{1}}}) {
    RawPeer peer{world.NewLink(), {}};
    peer.LogOn(7, 1, out, in);
    world.GatewayTurn();
    peer.Poll();
    EXPECT_EQ(peer.Last<LogonReject>().reason, LogonRejectReason::kSequenceTooHigh);
  }
  EXPECT_TRUE(world.layer->session(7)->live()) << "a refused logon must not hurt the live one";
}

}  // namespace
}  // namespace ringway
