// Tests that every request and every report arrives exactly once, wherever a link dies.

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "gateway/session/session_layer.h"
#include "gateway/session/testing/test_archive.h"
#include "gateway/session/testing/world.h"
#include "gtest/gtest.h"
#include "msg/auth.h"
#include "msg/session_core.h"
#include "msg/session_protocol.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {
namespace {

// Sends orders 1..30, three per turn; the link dies in turn `cut_turn`, before or after the
// gateway's half of it; `arriving` of the records in flight in each direction still arrive.
void RunWithOneCut(uint32_t cut_turn, bool after_gateway, uint64_t arriving, uint32_t room) {
  SCOPED_TRACE(testing::Message() << "turn " << cut_turn << " after_gateway " << after_gateway
                                  << " arriving " << arriving << " room " << room);
  constexpr uint64_t kOrders = 30;
  World world({7});
  world.room = room;
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  uint64_t next = 1;
  for (uint32_t turn = 0; turn != 40; ++turn) {
    world.now_ns += 2 * kNsPerMs;
    for (int i = 0; i != 3 && next <= kOrders; ++i) {
      if (world.Order(client, next) != SendStatus::kOk) break;
      ++next;
    }
    if (turn == cut_turn && !after_gateway) client.link->Cut(arriving);
    world.GatewayTurn(2);
    if (turn == cut_turn && after_gateway) client.link->Cut(arriving);
    world.ClientTurn(client, 2);
    if (client.core.state() == SessionState::kLost) world.Connect(client);
  }
  world.Run({&client}, 40);
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_EQ(world.requests[7], Range(1, kOrders));
  EXPECT_EQ(client.acked, Range(1, kOrders));
  EXPECT_TRUE(client.gaps.empty());
  EXPECT_EQ(client.core.counters().logons, 2u);
}

TEST(ResumeTest, ExactlyOnceInBothDirectionsWhereverTheLinkDies) {
  for (uint32_t turn = 0; turn != 16; ++turn) {
    for (const bool after_gateway : {false, true}) {
      for (uint64_t arriving = 0; arriving != 8; ++arriving) {
        for (const uint32_t room : {4u, 256u}) RunWithOneCut(turn, after_gateway, arriving, room);
      }
    }
  }
}

// A client's messages about reports that a dying link still delivered wait until it is logged on.
TEST(ResumeTest, TheLogonIsTheFirstWordOnANewLink) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t n = 1; n <= kAcknowledgeEvery; ++n) {
    ASSERT_EQ(world.Order(client, n), SendStatus::kOk);
  }
  while (world.requests[7].size() != kAcknowledgeEvery) world.GatewayTurn();
  client.link->Cut(2 * kAcknowledgeEvery);
  for (int turn = 0; turn != 4; ++turn) world.ClientTurn(client);
  ASSERT_EQ(client.acked.size(), kAcknowledgeEvery);
  ASSERT_EQ(client.core.state(), SessionState::kLost);
  world.Connect(client);
  world.Run({&client});
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_EQ(world.layer->counters().logons_rejected, 0u);
}

TEST(ResumeTest, ExactlyOnceThroughManyDeaths) {
  World world({7});
  world.room = 32;
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  uint64_t next = 1;
  for (uint32_t turn = 0; turn != 20'000; ++turn) {
    world.now_ns += kNsPerMs;
    for (int i = 0; i != 2; ++i) {
      if (world.Order(client, next) == SendStatus::kOk) ++next;
    }
    if (turn % 17 == 3) client.link->Cut(turn % 5);
    if (turn % 3 != 0) world.GatewayTurn(3);
    if (turn % 4 != 0) world.ClientTurn(client, 3);
    if (client.core.state() == SessionState::kLost) world.Connect(client);
  }
  world.Run({&client}, 600);
  if (client.core.state() == SessionState::kLost) world.LogOn(client);
  world.Run({&client}, 600);
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_GT(next, 5'000u);
  EXPECT_EQ(world.requests[7], Range(1, next - 1));
  EXPECT_EQ(client.acked, Range(1, next - 1));
  EXPECT_TRUE(client.gaps.empty());
}

TEST(ResumeTest, WhatTheStoreHasNoRoomForComesFromTheArchive) {
  constexpr uint64_t kMissed = 20 * kTestSlots;
  TestArchive archive;
  World world({7}, {.archive = &archive});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  client.link->Cut(0);
  world.Run({&client});
  for (uint64_t n = 1; n <= kMissed; ++n) world.Report(7, OrderAck{.cl_ord_id = n});
  world.Connect(client);
  uint64_t reported = kMissed;
  for (int turn = 0; turn != 600; ++turn) {
    world.Run({&client}, 1);
    // Its reports go on meanwhile, and its link is lost in between.
    if (turn < 200) world.Report(7, OrderAck{.cl_ord_id = ++reported});
    if (turn % 40 == 20 && turn < 200) {
      client.link->Cut(3);
      world.Run({&client});
      world.Connect(client);
    }
  }
  EXPECT_EQ(client.acked, Range(1, reported));
  EXPECT_TRUE(client.gaps.empty());
  EXPECT_EQ(client.snapshot.size(), kSnapshotOrders) << "of the first logon";
  EXPECT_GE(world.layer->counters().reports_recalled, kMissed - kTestSlots);
  EXPECT_GE(archive.ended, 1);
}

TEST(ResumeTest, WhatTheArchiveHasLostEndsInASnapshot) {
  TestArchive archive;
  archive.lost = true;
  World world({7}, {.archive = &archive});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  client.link->Cut(0);
  world.Run({&client});
  for (uint64_t n = 1; n <= 2 * kTestSlots; ++n) world.Report(7, OrderAck{.cl_ord_id = n});
  world.Connect(client);
  world.Run({&client});
  ASSERT_EQ(client.logouts.size(), 1u);
  EXPECT_EQ(client.logouts[0].reason, LogoutReason::kReportsUnavailable);
  EXPECT_EQ(world.layer->counters().recalls_failed, 1u);
  EXPECT_EQ(world.layer->counters().slow_consumers, 0u);
  ASSERT_TRUE(world.LogOn(client));
  world.Run({&client}, 20);
  EXPECT_EQ(client.core.state(), SessionState::kLive);
  EXPECT_EQ(client.snapshot.size(), 2 * kSnapshotOrders);
  EXPECT_EQ(client.gaps.size(), 1u);
}

TEST(ResumeTest, ClientThatLostItsMemoryGetsNumbersAndASnapshot) {
  World world({7});
  {
    TestClient client(7);
    ASSERT_TRUE(world.LogOn(client));
    for (uint64_t i = 1; i <= 5; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
    world.Run({&client});
  }
  world.Run({});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  EXPECT_EQ(client.core.next_seq_out(), 6u);
  EXPECT_EQ(client.snapshot.size(), kSnapshotOrders);
  EXPECT_TRUE(client.acked.empty());
  EXPECT_EQ(world.ups.back().second.next_seq_in, 0u);
  ASSERT_EQ(world.Order(client, 6), SendStatus::kOk);
  world.Run({&client});
  EXPECT_EQ(world.requests[7], Range(1, 6));
  EXPECT_EQ(client.acked, Range(6, 6));
}

TEST(ResumeTest, ProcessThatSavedItsNumbersGoesOnFromThem) {
  World world({7});
  ResumeState saved;
  {
    TestClient client(7);
    ASSERT_TRUE(world.LogOn(client));
    for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
    world.Run({&client});
    saved = {client.core.incarnation(), client.core.next_seq_out(), client.core.next_seq_in()};
    // Sent and processed, but not in what was saved; its ack is never read.
    ASSERT_EQ(world.Order(client, 4), SendStatus::kOk);
    world.GatewayTurn();
  }
  world.Run({});
  TestClient client(7, 7, saved);
  ASSERT_TRUE(world.LogOn(client));
  world.Run({&client});
  EXPECT_EQ(client.core.next_seq_out(), 5u) << "the gateway's count wins";
  EXPECT_EQ(client.acked, Range(4, 4));
  EXPECT_TRUE(client.snapshot.empty());
}

TEST(ResumeTest, RequestsThatDiedWithTheirProcessAreBridged) {
  World world({7});
  ResumeState saved;
  {
    TestClient client(7);
    ASSERT_TRUE(world.LogOn(client));
    for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
    saved = {client.core.incarnation(), client.core.next_seq_out(), client.core.next_seq_in()};
    client.link->Cut(1);
  }
  world.Run({});
  EXPECT_EQ(world.requests[7], Range(1, 1));
  TestClient client(7, 7, saved);
  ASSERT_TRUE(world.LogOn(client));
  EXPECT_EQ(client.core.counters().requests_lost, 2u);
  ASSERT_EQ(world.Order(client, 4), SendStatus::kOk);
  world.Run({&client});
  EXPECT_EQ(world.requests[7], (std::vector<uint64_t>{1, 4}));
  EXPECT_EQ(world.layer->counters().requests_lost, 2u);
  EXPECT_EQ(world.layer->session(7)->next_seq_in(), 5u);
}

TEST(ResumeTest, GatewayThatForgotTheSessionSaysSo) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  ASSERT_EQ(world.Order(client, 1), SendStatus::kOk);
  world.Run({&client});
  World amnesiac({7});
  client.link->Cut(0);
  world.ClientTurn(client);
  EXPECT_FALSE(amnesiac.LogOn(client));
  EXPECT_EQ(client.core.logon_reject_reason(), LogonRejectReason::kSequenceTooHigh);
  client.core.Forget(RandomIncarnation());
  EXPECT_TRUE(amnesiac.LogOn(client));
  EXPECT_EQ(client.core.next_seq_out(), 1u);
}

TEST(ResumeTest, GatewayRestoredFromAJournalGoesOn) {
  TestClient client(7);
  uint64_t incarnation = 0;
  {
    World world({7});
    ASSERT_TRUE(world.LogOn(client));
    for (uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
    world.Run({&client});
    incarnation = world.layer->session(7)->incarnation();
    ASSERT_EQ(world.Order(client, 4), SendStatus::kOk);
  }
  // The new process knows 3 requests and the 5 reports (2 of them the snapshot) from its journal.
  std::vector<SessionConfig> configs;
  configs.push_back({.id = 7,
                     .key = TestKey(7),
                     .incarnation = incarnation,
                     .next_seq_in = 4,
                     .next_seq_out = 6});
  World world({7});
  world.layer = *SessionLayer<LoopLink>::Create({}, configs);
  world.next_report[7] = 6;
  world.Run({&client}, 1);
  ASSERT_EQ(client.core.state(), SessionState::kLost);
  ASSERT_TRUE(world.LogOn(client));
  EXPECT_EQ(world.requests[7], Range(4, 4));
  EXPECT_EQ(client.acked, Range(1, 4));
}

TEST(ResumeTest, WhatIsNoLongerKeptIsBridgedByGapFillAndSnapshot) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  client.link->Cut(0);
  world.Run({&client}, 2);
  ASSERT_EQ(client.core.state(), SessionState::kLost);
  for (uint64_t i = 1; i <= kTestSlots + 10; ++i) world.Report(7, OrderAck{.cl_ord_id = i});
  client.snapshot.clear();
  ASSERT_TRUE(world.LogOn(client));
  ASSERT_EQ(client.gaps.size(), 1u);
  EXPECT_EQ(client.core.counters().reports_lost, kTestSlots / 2 + 10)
      << "half the store is kept free for the snapshot";
  EXPECT_EQ(client.snapshot.size(), kSnapshotOrders);
  EXPECT_EQ(client.acked.back(), kTestSlots + 10);
}

// A session that was promised durable answers, and to which nothing else is due.
TEST(ResumeTest, AReportLeavesWhenItIsAsSafeAsWasPromised) {
  World world({7}, {.durability_max = Durability::kDurable});
  RawPeer client;
  client.link = world.NewLink();
  client.LogOn(7, 1, 0, 0, Durability::kDurable);
  world.GatewayTurn();
  client.Poll();
  ASSERT_EQ(client.Last<LogonAck>().durability, Durability::kDurable);
  world.layer->Release(7, world.next_report[7], 1);  // the snapshot
  world.GatewayTurn();
  client.Poll();
  client.received.clear();
  client.Send(NewOrder{.cl_ord_id = 1, .qty = 1});
  for (int turn = 0; turn != 5; ++turn) world.GatewayTurn();
  world.layer->Flush();
  client.Poll();
  ASSERT_EQ(world.requests[7], Range(1, 1));
  for (const auto& [type, payload] : client.received) EXPECT_NE(type, FrameType::kOrderAck);
  client.received.clear();
  world.layer->Release(7, world.next_report[7], 2);
  world.layer->Flush();
  client.Poll();
  ASSERT_FALSE(client.received.empty());
  EXPECT_EQ(client.received.front().type, FrameType::kOrderAck);
}

// Requests are sent again because they were not durable, and become durable meanwhile.
TEST(ResumeTest, WhatBecomesDurableWhileItIsSentAgainIsAcknowledgedWhenItHasCome) {
  constexpr uint64_t kOrders = 250;
  constexpr uint64_t kResent = kAcknowledgeEvery + 10;
  World world({7}, {.durability_max = Durability::kDurable});
  world.room = 2'048;
  RawPeer client;
  const auto log_on = [&](uint64_t next_seq_out, uint64_t next_seq_in) {
    client.link = world.NewLink();
    client.LogOn(7, 1, next_seq_out, next_seq_in, Durability::kDurable);
    world.GatewayTurn();
    client.Poll();
  };
  const auto acknowledged = [&] {
    Heartbeat heartbeat;
    for (const auto& [type, payload] : client.received) {
      if (type == FrameType::kHeartbeat) (void)Decode(payload, heartbeat);
    }
    return heartbeat.next_seq_in;
  };
  log_on(0, 0);
  for (uint64_t i = 1; i <= kOrders; ++i) client.Send(NewOrder{.cl_ord_id = i, .qty = 1});
  for (int turn = 0; turn != 40; ++turn) world.GatewayTurn();
  ASSERT_EQ(world.requests[7], Range(1, kOrders));
  client.link->Cut(0);
  world.Run({}, 2);
  client.received.clear();
  log_on(kOrders + 1, 1);
  EXPECT_EQ(client.Last<LogonAck>().next_seq_in, 1u) << "nothing is durable";
  for (uint64_t i = 1; i <= kResent; ++i) client.Send(NewOrder{.cl_ord_id = i, .qty = 1});
  for (int turn = 0; turn != 40; ++turn) world.GatewayTurn();
  world.layer->Release(7, world.next_report[7], kOrders + 1);
  world.layer->Flush();
  client.Poll();
  EXPECT_EQ(acknowledged(), kResent + 1);
  for (uint64_t i = kResent + 1; i <= kOrders; ++i) {
    client.Send(NewOrder{.cl_ord_id = i, .qty = 1});
  }
  for (int turn = 0; turn != 40; ++turn) world.GatewayTurn();
  world.now_ns += 2 * kNsPerS;  // a heartbeat is due
  world.GatewayTurn();
  world.layer->Flush();
  client.Poll();
  EXPECT_EQ(acknowledged(), kOrders + 1);
  EXPECT_EQ(world.requests[7], Range(1, kOrders)) << "each once";
}

TEST(ResumeTest, ResendRequestOnALiveLinkRepeatsAndDuplicatesAreDropped) {
  World world({7});
  TestClient client(7);
  ASSERT_TRUE(world.LogOn(client));
  for (uint64_t i = 1; i <= 5; ++i) ASSERT_EQ(world.Order(client, i), SendStatus::kOk);
  world.Run({&client});
  // Reports 1 and 2 were the snapshot; nothing was acknowledged yet, a heartbeat interval is 1 s.
  ASSERT_EQ(SendUnnumbered(*client.link, ResendRequest{.begin_seq = 3}), SendStatus::kOk);
  world.Run({&client});
  EXPECT_EQ(client.core.counters().duplicates_dropped, 5u);
  EXPECT_EQ(client.acked, Range(1, 5));
  ASSERT_EQ(world.Order(client, 6), SendStatus::kOk);
  world.Run({&client});
  EXPECT_EQ(client.acked, Range(1, 6));
}

}  // namespace
}  // namespace ringway
