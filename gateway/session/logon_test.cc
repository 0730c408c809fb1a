// Tests who can log on, and who cannot.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
#include "msg/session_core.h"
#include "msg/session_protocol.h"
#include "msg/testing/loop_link.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {
namespace {

TEST(LogonTest, BothSidesProveTheKeyAndAgreeOnNumbers) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  EXPECT_EQ(client.core.next_seq_out(), 1u);
  EXPECT_EQ(client.core.open_orders_at_logon(), kSnapshotOrders);
  EXPECT_EQ(client.snapshot.size(), kSnapshotOrders);
  ASSERT_EQ(world.ups.size(), 1u);
  EXPECT_EQ(world.ups[0].second.next_seq_in, 0u);
  const Logon& journaled = world.ups[0].second;
  EXPECT_EQ(journaled.mac1 | journaled.mac2 | journaled.mac3, 0u)
      << "proofs must not reach journals";
  EXPECT_EQ(journaled.mac0, 1u) << "the link's epoch stands in the proof's place";
  ASSERT_EQ(world.Order(client, 1), SendStatus::kOk);
  world.Run({&client});
  EXPECT_EQ(world.requests[7], Range(1, 1));
  EXPECT_EQ(client.acked, Range(1, 1));
}

// A client that knows that its link was admitted must find it so in the next process: the engine's
// record comes first. The snapshot, made in the same step, follows the answer.
TEST(LogonTest, TheAnswerLeavesBehindTheEnginesStepAndBeforeItsReports) {
  World world({7});
  RawPeer peer{world.NewLink(), {}};
  Logon logon{.session = 7, .version = kSessionProtocolVersion, .incarnation = 1};
  Sign(TestKey(7), {peer.link->nonces(), peer.link->epoch()}, logon);
  peer.Send(logon);
  bool stepped = false;
  world.refuse = [&](const Input& input) {
    stepped = input.origin == Origin::kSessionUp;
    peer.Poll();
    EXPECT_TRUE(peer.received.empty()) << "answered before the step";
    return false;
  };
  world.GatewayTurn();
  ASSERT_TRUE(stepped);
  peer.Poll();
  ASSERT_EQ(peer.received.size(), 1 + kSnapshotOrders);
  EXPECT_EQ(peer.received[0].type, FrameType::kLogonAck);
  EXPECT_EQ(peer.received[1].type, FrameType::kOpenOrder);
}

TEST(LogonTest, AClientThatNamesNoHeartbeatIntervalIsGivenUpAfterAsLongASilenceAsItsLink) {
  LinkOptions link;
  link.dead_after_ns = 6 * kNsPerS;
  EXPECT_EQ(HeartbeatDefaultNs(link), 2 * kNsPerS);
  link.dead_after_ns = kNsPerMs;
  EXPECT_EQ(HeartbeatDefaultNs(link), kHeartbeatNsMin);
  link.dead_after_ns = 86'400 * kNsPerS;
  EXPECT_EQ(HeartbeatDefaultNs(link), kHeartbeatNsMax);
}

// The layer's answer to one raw first message; nothing else may follow.
LogonReject RejectionOf(World& world, RawPeer& peer) {
  world.GatewayTurn();
  peer.Poll();
  EXPECT_EQ(peer.received.size(), 1u);
  EXPECT_EQ(peer.link->state(), LinkState::kClosed);
  EXPECT_TRUE(world.ups.empty());
  return peer.Last<LogonReject>();
}

TEST(LogonTest, WrongKeyAndUnknownSessionGetTheSameRejectAndNothingElse) {
  for (const auto& [session, key] : {std::pair{7u, 8}, std::pair{9u, 9}}) {
    World world({7});
    RawPeer peer{world.NewLink(), {}};
    Logon logon{.session = session, .version = kSessionProtocolVersion, .incarnation = 1};
    Sign(TestKey(static_cast<uint8_t>(key)), {peer.link->nonces(), peer.link->epoch()}, logon);
    peer.Send(logon);
    EXPECT_EQ(RejectionOf(world, peer).reason, LogonRejectReason::kAuthenticationFailed);
    EXPECT_EQ(world.layer->counters().logons_rejected, 1u);
  }
}

TEST(LogonTest, ClientWithAWrongKeyIsToldSo) {
  World world({7});
  TestClient client(7, 8);
  EXPECT_FALSE(world.LogOn(client));
  EXPECT_EQ(client.core.end(), SessionEnd::kLogonRejected);
  EXPECT_EQ(client.core.logon_reject_reason(), LogonRejectReason::kAuthenticationFailed);
}

TEST(LogonTest, LogonRecordedOnAnEarlierLinkIsWorthless) {
  World world({7});
  RawPeer first{world.NewLink(), {}};
  Logon recorded{.session = 7, .version = kSessionProtocolVersion, .incarnation = 1};
  Sign(TestKey(7), {first.link->nonces(), first.link->epoch()}, recorded);
  RawPeer second{world.NewLink(), {}};
  second.Send(recorded);
  EXPECT_EQ(RejectionOf(world, second).reason, LogonRejectReason::kAuthenticationFailed);
}

TEST(LogonTest, ChangedLogonIsNotAuthentic) {
  World world({7});
  RawPeer peer{world.NewLink(), {}};
  Logon logon{.session = 7, .version = kSessionProtocolVersion, .incarnation = 1};
  Sign(TestKey(7), {peer.link->nonces(), peer.link->epoch()}, logon);
  logon.cancel_on_disconnect = 1;
  peer.Send(logon);
  EXPECT_EQ(RejectionOf(world, peer).reason, LogonRejectReason::kAuthenticationFailed);
}

TEST(LogonTest, AnythingBeforeALogonIsRefused) {
  World world({7});
  for (const uint8_t type : {0, 2, 5, 32, 33, 66, 130, 239}) {
    RawPeer peer{world.NewLink(), {}};
    peer.SendBytes(type, {});
    EXPECT_EQ(RejectionOf(world, peer).reason, LogonRejectReason::kNotALogon) << int{type};
  }
  RawPeer order{world.NewLink(), {}};
  order.Send(NewOrder{.cl_ord_id = 1});
  EXPECT_EQ(RejectionOf(world, order).reason, LogonRejectReason::kNotALogon);
  RawPeer garbled{world.NewLink(), {}};
  garbled.SendBytes(1, std::as_bytes(std::span("garbage garbage")));
  EXPECT_EQ(RejectionOf(world, garbled).reason, LogonRejectReason::kNotALogon);
  EXPECT_TRUE(world.requests[7].empty());
}

TEST(LogonTest, OtherVersionIsTold) {
  World world({7});
  RawPeer peer{world.NewLink(), {}};
  peer.Send(Logon{.session = 7, .version = 2, .incarnation = 1});
  const LogonReject reject = RejectionOf(world, peer);
  EXPECT_EQ(reject.reason, LogonRejectReason::kVersionNotSupported);
  EXPECT_EQ(reject.version, kSessionProtocolVersion);
}

TEST(LogonTest, GatewayWithoutTheKeyIsRefusedByTheClient) {
  LoopPair pair = MakeLoopPair(1);
  TestClient client(7);
  client.core.Attach(std::move(pair.client), 0);
  client.core.Maintain(0);
  RawPeer impostor{std::move(pair.listener), {}};
  impostor.Poll();
  const auto asked = impostor.Last<Logon>();
  LogonAck ack{.session = 7,
               .version = kSessionProtocolVersion,
               .incarnation = asked.incarnation,
               .next_seq_out = 1,
               .next_seq_in = 1,
               .heartbeat_ns = kNsPerS,
               // The client's own proof, reflected.
               .mac0 = asked.mac0,
               .mac1 = asked.mac1,
               .mac2 = asked.mac2,
               .mac3 = asked.mac3};
  impostor.Send(ack);
  client.core.Poll(client, 16);
  EXPECT_EQ(client.core.end(), SessionEnd::kNotAuthentic);
  EXPECT_EQ(client.core.Send(NewOrder{}, Publish::kNow), SendStatus::kClosed);
}

TEST(LogonTest, SilentLinkIsDroppedAndCrowdIsBounded) {
  World world({7}, {.links_before_logon_max = 2});
  RawPeer first{world.NewLink(), {}};
  const auto second = world.NewLink();
  const auto third = world.NewLink();
  first.Poll();
  EXPECT_EQ(first.Last<LogonReject>().reason, LogonRejectReason::kGatewayFull);
  world.now_ns += 6 * kNsPerS;
  world.GatewayTurn();
  EXPECT_EQ(second->state(), LinkState::kClosed);
  EXPECT_EQ(third->state(), LinkState::kClosed);
  EXPECT_EQ(world.layer->counters().logons_timed_out, 2u);
  TestClient client(7);
  EXPECT_TRUE(world.LogOn(client));
}

TEST(LogonTest, ACrowdOfOneHolderCostsOnlyItsOwnPlaces) {
  World world({7}, {.links_before_logon_max = 8});
  world.identity.holder = 1'001;
  TestClient honest(7);
  world.Connect(honest);
  world.identity.holder = 1'000;
  std::vector<std::unique_ptr<LoopLink>> crowd;
  for (int i = 0; i != 1'000; ++i) crowd.push_back(world.NewLink());
  EXPECT_EQ(world.layer->counters().links_refused, 993u);
  EXPECT_EQ(crowd.back()->state(), LinkState::kLive);
  world.Run({&honest});
  EXPECT_EQ(honest.core.state(), SessionState::kLive);
}

TEST(LogonTest, AProvedKeyHasPlacesOfItsOwn) {
  World world({7, 8}, {.links_before_logon_max = 8});
  world.identity = {.peer_key = 7, .key_proved = true, .holder = 1'000};
  TestClient honest(7);
  world.Connect(honest);
  // Whatever others do, with or without a key of their own, and as the same user.
  std::vector<std::unique_ptr<LoopLink>> crowd;
  for (int i = 0; i != 1'000; ++i) {
    world.identity = {.peer_key = 8, .key_proved = i % 2 == 0, .holder = 1'000};
    crowd.push_back(world.NewLink());
  }
  world.Run({&honest}, 80);
  EXPECT_EQ(honest.core.state(), SessionState::kLive);
  // The newest links of one key stay.
  uint32_t live = 0;
  for (const auto& link : crowd) live += link->state() == LinkState::kLive ? 1 : 0;
  EXPECT_EQ(live, 8u + GuestRoom<LoopLink>::kGuestsPerKeyMax);
}

TEST(LogonTest, ATurnChecksOneLogon) {
  World world({7, 8, 9});
  std::vector<RawPeer> peers;
  for (const SessionId session : {7u, 8u, 9u}) {
    peers.push_back({world.NewLink(), {}});
    peers.back().LogOn(session, 1);
  }
  RawPeer wrong{world.NewLink(), {}};
  wrong.LogOn(99, 1);
  for (uint64_t turn = 1; turn <= 4; ++turn) {
    world.GatewayTurn();
    const SessionLayerCounters& counters = world.layer->counters();
    EXPECT_EQ(counters.logons + counters.logons_rejected, turn);
  }
  EXPECT_EQ(world.layer->counters().logons, 3u);
}

TEST(LogonTest, MoreGuestsThanATurnLooksAtAllHaveTheirTurn) {
  World world({7}, {.links_before_logon_max = 300});
  std::vector<std::unique_ptr<LoopLink>> crowd;
  for (int i = 0; i != 299; ++i) crowd.push_back(world.NewLink());
  TestClient client(7);
  world.Connect(client);
  world.Run({&client}, 10);
  EXPECT_EQ(client.core.state(), SessionState::kLive);
}

TEST(LogonTest, NewLogonSupersedesTheLiveOneOnlyWhenAuthentic) {
  World world({7});
  TestClient old_client(7);
  ASSERT_TRUE(world.LogOn(old_client));
  TestClient impostor(7, 8);
  EXPECT_FALSE(world.LogOn(impostor));
  world.Run({&old_client});
  EXPECT_EQ(old_client.core.state(), SessionState::kLive);

  TestClient new_client(7);
  ASSERT_TRUE(world.LogOn(new_client));
  world.Run({&old_client, &new_client});
  EXPECT_EQ(old_client.core.state(), SessionState::kLoggedOut);
  EXPECT_EQ(old_client.core.logout_reason(), LogoutReason::kSupersededByNewLogon);
  EXPECT_EQ(new_client.core.state(), SessionState::kLive);
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0].second, LogoutReason::kSupersededByNewLogon);

  // The old process must not take it back with its old numbers.
  EXPECT_FALSE(world.LogOn(old_client));
  EXPECT_EQ(old_client.core.logon_reject_reason(), LogonRejectReason::kStaleEpoch);
}

TEST(LogonTest, RequestsThatTheOldLinkBroughtAreNotLostWhenSuperseded) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  ASSERT_EQ(world.Order(client, 1), SendStatus::kOk);
  TestClient successor(7);
  world.Connect(successor);
  world.ClientTurn(successor);
  world.Run({&successor});
  EXPECT_EQ(world.requests[7], Range(1, 1));
  EXPECT_EQ(successor.core.next_seq_out(), 2u);
}

TEST(LogonTest, AFullOldLinkIsEmptiedInTurnsBeforeTheNewOneBegins) {
  World world({7, 8}, {.records_per_turn = 4});
  TestClient client(7);
  TestClient other(8);
  ASSERT_TRUE(world.LogOn(client));
  ASSERT_TRUE(world.LogOn(other));
  for (uint64_t i = 1; i <= 200; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  TestClient successor(7);
  world.Connect(successor);
  world.ClientTurn(successor);
  size_t before = 0;
  for (uint64_t turn = 1; world.layer->counters().logons != 3; ++turn) {
    ASSERT_LT(turn, 100u);
    ASSERT_EQ(world.Order(other, turn), SendStatus::kOk);
    world.GatewayTurn();
    EXPECT_LE(world.requests[7].size() - before, 4u) << "no turn takes more than any other";
    before = world.requests[7].size();
    EXPECT_EQ(world.requests[8].size(), turn) << "others have their turn";
    if (before != 200) {
      EXPECT_NE(successor.core.state(), SessionState::kLive);
    }
  }
  world.Run({&successor});
  EXPECT_EQ(successor.core.state(), SessionState::kLive);
  EXPECT_EQ(world.requests[7], Range(1, 200));
  EXPECT_EQ(successor.core.next_seq_out(), 201u);
  ASSERT_EQ(world.ups.size(), 3u);
  ASSERT_EQ(world.downs.size(), 1u);
  EXPECT_EQ(world.downs[0], (std::pair{SessionId{7}, LogoutReason::kSupersededByNewLogon}));
}

TEST(LogonTest, TheLatestOfSeveralWaitingLogonsCounts) {
  World world({7}, {.records_per_turn = 1});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  std::deque<TestClient> successors;
  for (int i = 0; i != 5; ++i) successors.emplace_back(7);
  for (TestClient& successor : successors) {
    world.Connect(successor);
    world.ClientTurn(successor);
    world.GatewayTurn();
  }
  for (int i = 0; i != 200; ++i) {
    world.now_ns += kNsPerMs;
    world.GatewayTurn();
    for (TestClient& successor : successors) world.ClientTurn(successor);
  }
  for (int i = 0; i != 4; ++i) {
    EXPECT_EQ(successors[i].core.logon_reject_reason(), LogonRejectReason::kStaleEpoch) << i;
  }
  EXPECT_EQ(successors[4].core.state(), SessionState::kLive);
  EXPECT_EQ(world.requests[7], Range(1, 100));
  EXPECT_EQ(world.layer->counters().logons, 2u);
}

TEST(LogonTest, AnOldLinkThatIsNotEmptiedInTimeDoesNotHoldUpTheNewOne) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 10; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  TestClient successor(7);
  world.Connect(successor);
  world.ClientTurn(successor);
  world.refuse = [](const Input& input) { return input.origin == Origin::kSession; };
  for (int i = 0; i != 1'100; ++i) {
    world.now_ns += kNsPerMs;
    world.GatewayTurn();
    world.ClientTurn(successor);
  }
  EXPECT_EQ(successor.core.state(), SessionState::kLive);
  EXPECT_TRUE(world.requests[7].empty()) << "a client that remembers them sends them again";
}

TEST(LogonTest, ASuccessorThatGivesUpLeavesTheSessionFree) {
  World world({7}, {.records_per_turn = 1});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 20; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  {
    TestClient successor(7);
    world.Connect(successor);
    world.ClientTurn(successor);
    world.GatewayTurn();
  }
  world.Run({}, 40);
  EXPECT_EQ(world.requests[7], Range(1, 20));
  EXPECT_EQ(world.layer->live_count(), 0u);
  TestClient next(7);
  EXPECT_TRUE(world.LogOn(next));
}

TEST(LogonTest, RefusedByTheListenersEpoch) {
  std::vector<SessionConfig> configs;
  configs.push_back({.id = 7, .key = TestKey(7)});
  auto layer = SessionLayer<LoopLink>::Create(
      {}, configs, [](SessionId session, uint32_t epoch) { return session == 7 && epoch > 5; });
  ASSERT_TRUE(layer.ok());
  for (const uint32_t epoch : {5u, 6u}) {
    LoopPair pair = MakeLoopPair(epoch, epoch);
    (*layer)->Accept(std::move(pair.listener), 0);
    RawPeer peer{std::move(pair.client), {}};
    peer.LogOn(7, 1);
    (*layer)->Poll(
        0, [](const Input&) {}, 8);
    peer.Poll();
    if (epoch == 5) {
      EXPECT_EQ(peer.Last<LogonReject>().reason, LogonRejectReason::kStaleEpoch);
    } else {
      EXPECT_EQ(peer.Last<LogonAck>().next_seq_in, 1u);
    }
  }
}

TEST(LogonTest, ConfigurationErrorsAreNamedTogether) {
  std::vector<SessionConfig> configs;
  configs.push_back({.id = 0, .key = TestKey(1)});
  configs.push_back({.id = 3, .key = TestKey(1), .report_slots = 1});
  configs.push_back({.id = 3, .key = TestKey(1)});
  const auto layer = SessionLayer<LoopLink>::Create({.violations_max = 65}, configs);
  ASSERT_FALSE(layer.ok());
  const std::string text(layer.status().message());
  for (const char* part :
       {"session 0", "violations_max", "report_slots", "session 3 is there twice"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

}  // namespace
}  // namespace ringway
