// Tests that the duty loop carries everything in order, applies backpressure for venues that are
// slow, down or chatty, serves operators, and stops in order.
#include "gateway/core/duty_loop.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gateway/admin/admin_command.h"
#include "gateway/admin/admin_mailbox.h"
#include "gateway/core/duty_loop_fakes.h"
#include "gateway/core/gateway_status.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

class GatewayTest : public testing::Test {
 protected:
  static constexpr uint32_t kPendingMax = 300;
  static constexpr uint32_t kBudget = 256;

  explicit GatewayTest(const EngineConfig& config = MakeConfig())
      : engine_(config),
        gateway_({.engine = engine_,
                  .sessions = sessions_,
                  .venues = {{kVenue, &connector_, kPendingMax}},
                  .session_ids = {kSession},
                  .positions_max = 100,
                  .accept_links = [this](int64_t) { return std::exchange(link_arrives_, false); },
                  .mailbox = &mailbox_,
                  .limits = {.session_budget = kBudget}}) {
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
    sessions_.requests.push_back(
        Own(Origin::kSessionUp, kSession, Logon{.session = kSession, .next_seq_in = 1}));
    for (int i = 0; i < 4; ++i) Turn();  // the broadcast has left
    sessions_.reports.clear();
    connector_.bursts = 0;
  }

  // The next tick takes a link.
  bool link_arrives_ = false;

  bool Turn() {
    now_ns_ += kNsPerMs / 10;
    return gateway_.DoWork(now_ns_);
  }

  void Order(uint64_t cl_ord_id, int64_t price = 100 * kNsPerS) {
    sessions_.requests.push_back(Own(Origin::kSession, kSession,
                                     NewOrder{.cl_ord_id = cl_ord_id,
                                              .price = price,
                                              .qty = 10,
                                              .instrument = 1,
                                              .account = 1,
                                              .side = Side::kBuy,
                                              .ord_type = OrdType::kLimit}));
  }

  std::vector<Effect> ReportsOf(FrameType type) const {
    std::vector<Effect> found;
    for (const Effect& report : sessions_.reports) {
      if (report.type == type) found.push_back(report);
    }
    return found;
  }

  // Asks as an operator does: from another thread, while the loop turns.
  AdminReply Ask(const std::string& line) {
    const AdminCommand command = ParseAdminCommand(line).command;
    AdminReply reply;
    bool answered = false;
    std::thread asker([&] {
      answered =
          mailbox_.Ask(LaneOf(command.verb), {command, 1000}, std::chrono::seconds(10), reply);
    });
    std::atomic<bool> done = false;
    std::thread joiner([&] {
      asker.join();
      done = true;
    });
    while (!done) Turn();
    joiner.join();
    EXPECT_TRUE(answered);
    return reply;
  }

  int64_t now_ns_ = kStartNs;
  Engine engine_;
  FakeSessions sessions_;
  FakeConnector connector_;
  AdminMailbox mailbox_;
  DutyLoop<FakeSessions> gateway_;
};

TEST_F(GatewayTest, AnOrderGoesOutAndItsReportsComeBackInOneTurnEach) {
  Order(1);
  EXPECT_TRUE(Turn());
  ASSERT_EQ(connector_.sent.size(), 1u);
  EXPECT_EQ(connector_.bursts, 1u);
  const auto sent = As<NewOrder>(connector_.sent[0]);
  ASSERT_EQ(ReportsOf(FrameType::kOrderAck).size(), 1u);

  connector_.Say(ExecutionReport{.cl_ord_id = sent.cl_ord_id,
                                 .exec_id = 1,
                                 .instrument = 1,
                                 .account = 1,
                                 .exec_type = ExecType::kFill,
                                 .ord_status = OrdStatus::kFilled,
                                 .side = Side::kBuy,
                                 .venue = kVenue,
                                 .cum_qty = 10,
                                 .last_qty = 10,
                                 .last_price = 100 * kNsPerS});
  EXPECT_TRUE(Turn());
  const std::vector<Effect> fills = ReportsOf(FrameType::kExecutionReport);
  ASSERT_EQ(fills.size(), 1u);
  EXPECT_EQ(As<ExecutionReport>(fills[0]).cl_ord_id, 1u);

  GatewayStatus status;
  gateway_.FillStatus(status);
  ASSERT_EQ(status.positions.size(), 1u);
  EXPECT_EQ(status.positions[0].position, 10);
  EXPECT_EQ(status.positions[0].traded.bought, 10u);
  EXPECT_EQ(status.positions[0].traded.sold, 0u);
  EXPECT_EQ(status.sessions.at(0).counts.requests, 1u);
  EXPECT_EQ(status.sessions.at(0).counts.acks, 1u);
  ASSERT_TRUE(status.sessions.at(0).link.has_value());
  EXPECT_EQ(status.sessions.at(0).link->frames_received, 5u);
  EXPECT_EQ(status.totals.filled, 1u);
}

TEST_F(GatewayTest, ATurnThatTookALinkFoundWork) {
  // A caller that went to sleep after it would hear nothing of the link: it was armed without it.
  link_arrives_ = true;
  for (int turns = 0; link_arrives_ && turns != 20; ++turns) {
    const bool worked = Turn();
    EXPECT_EQ(worked, !link_arrives_);
  }
  EXPECT_FALSE(link_arrives_);
  EXPECT_FALSE(Turn());
}

TEST_F(GatewayTest, EffectsLeaveInTheOrderOfTheRequestsInOneBurst) {
  for (uint64_t i = 1; i <= 100; ++i) Order(i, static_cast<int64_t>(9'900 + i) * kNsPerS / 100);
  Turn();
  EXPECT_EQ(connector_.bursts, 1u);
  ASSERT_EQ(connector_.sent.size(), 100u);
  for (uint64_t i = 1; i <= 100; ++i) {
    EXPECT_EQ(As<NewOrder>(connector_.sent[i - 1]).price,
              static_cast<int64_t>(9'900 + i) * kNsPerS / 100);
  }
  EXPECT_EQ(sessions_.budgets.back(), kBudget);
}

TEST_F(GatewayTest, ASessionFillsItsShareOfAVenueThatTakesNothingAndNothingIsLost) {
  connector_.takes = 0;
  constexpr uint64_t kOrders = 2'000;
  for (uint64_t i = 1; i <= kOrders; ++i) Order(i);
  for (int i = 0; i < 50; ++i) Turn();
  EXPECT_TRUE(gateway_.BackPressured());
  EXPECT_EQ(sessions_.budgets.back(), kBudget) << "sessions are polled all the same";
  GatewayStatus status;
  gateway_.FillStatus(status);
  EXPECT_EQ(status.venues.at(0).waiting, kPendingMax / 2) << "the rest is for others";
  EXPECT_EQ(sessions_.requests.size(), kOrders - kPendingMax / 2) << "wait in the ring";
  EXPECT_EQ(status.venues.at(0).counters.grown, 0u);

  connector_.takes = 7;  // a venue that recovers slowly
  for (int i = 0; i < 1'000 && connector_.sent.size() < kOrders; ++i) Turn();
  ASSERT_EQ(connector_.sent.size(), kOrders);
  EXPECT_EQ(ReportsOf(FrameType::kOrderAck).size(), kOrders);
  uint64_t last = 0;
  for (const Effect& ack : ReportsOf(FrameType::kOrderAck)) {
    EXPECT_EQ(As<OrderAck>(ack).cl_ord_id, last + 1);
    last = As<OrderAck>(ack).cl_ord_id;
  }
  Turn();
  EXPECT_FALSE(gateway_.BackPressured());
}

TEST_F(GatewayTest, OrdersThatWaitedLongEnoughForTheirVenueAreRefusedAndCancelsGoOn) {
  Order(1);
  Turn();
  connector_.takes = 0;
  for (uint64_t i = 2; i <= 1'000; ++i) Order(i);
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 5'000, .orig_cl_ord_id = 1}));
  for (int i = 0; i < 900; ++i) Turn();  // 90 ms
  EXPECT_TRUE(ReportsOf(FrameType::kOrderReject).empty());
  for (int i = 0; i < 200; ++i) Turn();
  EXPECT_TRUE(sessions_.requests.empty());
  const std::vector<Effect> rejects = ReportsOf(FrameType::kOrderReject);
  ASSERT_EQ(rejects.size(), 999 - kPendingMax / 2);
  for (const Effect& reject : rejects) {
    EXPECT_EQ(As<OrderReject>(reject).reason, RejectReason::kVenueBusy);
    EXPECT_EQ(As<OrderReject>(reject).venue, kVenue);
  }
  connector_.takes = 1;
  connector_.sent.clear();
  Turn();
  ASSERT_FALSE(connector_.sent.empty());
  EXPECT_EQ(connector_.sent[0].type, FrameType::kCancel) << "cancels overtake the orders that wait";
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 4; ++i) Turn();
  Order(2'000);
  Turn();
  EXPECT_EQ(ReportsOf(FrameType::kOrderReject).size(), rejects.size()) << "there is room again";
}

TEST_F(GatewayTest, AnOrderCanceledBeforeItLeftNeverLeaves) {
  connector_.takes = 0;
  for (uint64_t id = 1; id <= 3; ++id) Order(id);
  Turn();
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 4, .orig_cl_ord_id = 2}));
  Turn();
  const std::vector<Effect> reports = ReportsOf(FrameType::kExecutionReport);
  ASSERT_EQ(reports.size(), 1u) << "it is answered at once";
  const auto canceled = As<ExecutionReport>(reports[0]);
  EXPECT_EQ(canceled.exec_type, ExecType::kCanceled);
  EXPECT_EQ(canceled.cl_ord_id, 4u);
  EXPECT_EQ(canceled.orig_cl_ord_id, 2u);
  EXPECT_EQ(engine_.open_orders(), 2u);
  connector_.takes = UINT32_MAX;
  Turn();
  ASSERT_EQ(connector_.sent.size(), 2u);
  for (const Effect& request : connector_.sent) EXPECT_EQ(request.type, FrameType::kNewOrder);
}

TEST_F(GatewayTest, AVenueThatCountsRequestsGetsACancelInPlaceOfAnOrderCanceledInTime) {
  connector_.counts = true;
  connector_.takes = 0;
  Order(1);
  Turn();
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 2, .orig_cl_ord_id = 1}));
  Turn();
  ASSERT_EQ(ReportsOf(FrameType::kExecutionReport).size(), 1u);
  EXPECT_EQ(engine_.open_orders(), 0u);
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 3; ++i) Turn();
  ASSERT_EQ(connector_.sent.size(), 2u) << "as many as it would count";
  for (const Effect& request : connector_.sent) EXPECT_EQ(request.type, FrameType::kCancel);
}

TEST_F(GatewayTest, OnlyAVenueThatIsDownAnswersWhatWaits) {
  Order(1);
  Turn();
  connector_.Say(ExecutionReport{.cl_ord_id = As<NewOrder>(connector_.sent.at(0)).cl_ord_id,
                                 .exec_id = 1,
                                 .exec_type = ExecType::kNew,
                                 .ord_status = OrdStatus::kNew,
                                 .side = Side::kBuy,
                                 .leaves_qty = 10});
  connector_.takes = 0;
  Order(2);
  Turn();
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1}));
  Turn();
  sessions_.reports.clear();
  for (const VenueState state : {VenueState::kHalted, VenueState::kUp}) {
    connector_.Say(VenueStatus{.venue = kVenue, .state = state});
    for (int i = 0; i < 20; ++i) Turn();
    EXPECT_TRUE(ReportsOf(FrameType::kExecutionReport).empty());
    EXPECT_TRUE(ReportsOf(FrameType::kCancelReject).empty());
  }
  connector_.sent.clear();
  connector_.takes = UINT32_MAX;
  Turn();
  EXPECT_EQ(connector_.sent.size(), 2u);
}

TEST_F(GatewayTest, AVenueThatGoesDownIsAnsweredAcrossTurns) {
  connector_.takes = 0;
  for (uint64_t i = 1; i <= kPendingMax / 2; ++i) Order(i);
  Turn();
  sessions_.reports.clear();
  connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kDown});
  Turn();
  const std::size_t first = ReportsOf(FrameType::kExecutionReport).size();
  EXPECT_GT(first, 0u);
  EXPECT_LT(first, kPendingMax / 2) << "a turn's work is bounded";
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_EQ(ReportsOf(FrameType::kExecutionReport).size(), kPendingMax / 2);
  EXPECT_TRUE(connector_.sent.empty());
  EXPECT_EQ(engine_.open_orders(), 0u);
}

TEST_F(GatewayTest, VenuesAreHeardWhileSessionsAreHeldBack) {
  Order(1);
  Turn();
  const auto first = As<NewOrder>(connector_.sent.at(0));
  connector_.takes = 0;
  for (uint64_t i = 2; i <= 1'000; ++i) Order(i);
  for (int i = 0; i < 10; ++i) Turn();
  ASSERT_TRUE(gateway_.BackPressured());
  connector_.Say(ExecutionReport{.cl_ord_id = first.cl_ord_id,
                                 .exec_id = 1,
                                 .exec_type = ExecType::kFill,
                                 .ord_status = OrdStatus::kFilled,
                                 .side = Side::kBuy,
                                 .cum_qty = 10,
                                 .last_qty = 10,
                                 .last_price = 100 * kNsPerS});
  Turn();
  EXPECT_EQ(ReportsOf(FrameType::kExecutionReport).size(), 1u);
}

TEST_F(GatewayTest, WhatWasNeverSentIsRejectedWhenItsVenueGoesDownNotSentLater) {
  connector_.takes = 0;
  Order(1);
  Order(2);
  Turn();
  ASSERT_EQ(ReportsOf(FrameType::kOrderAck).size(), 2u);
  connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kDown});
  for (int i = 0; i < 20; ++i) Turn();
  const std::vector<Effect> reports = ReportsOf(FrameType::kExecutionReport);
  ASSERT_EQ(reports.size(), 2u);
  for (const Effect& report : reports) {
    EXPECT_EQ(As<ExecutionReport>(report).exec_type, ExecType::kRejected);
    EXPECT_EQ(As<ExecutionReport>(report).reason, RejectReason::kVenueUnavailable);
  }
  Order(3);
  Turn();
  const std::vector<Effect> rejects = ReportsOf(FrameType::kOrderReject);
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(As<OrderReject>(rejects[0]).reason, RejectReason::kVenueUnavailable);

  connector_.takes = UINT32_MAX;
  connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_TRUE(connector_.sent.empty()) << "the market never sees an order that was rejected";
  EXPECT_EQ(engine_.open_orders(), 0u);
  EXPECT_EQ(engine_.totals().venue_rejected, 2u);
}

TEST_F(GatewayTest, WhatWasTakenBeforeTheVenueWentDownIsInDoubt) {
  constexpr uint32_t kOrders = 20;  // more than status looks at in one go
  for (uint32_t id = 1; id <= kOrders; ++id) {
    Order(id);
    Turn();
  }
  ASSERT_EQ(connector_.sent.size(), kOrders);
  EXPECT_EQ(Ask("status").status.in_doubt, 0u);
  connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kDown});
  for (int i = 0; i < 20; ++i) Turn();
  GatewayStatus status;
  gateway_.FillStatus(status);
  EXPECT_EQ(status.in_doubt, kOrders);
  EXPECT_EQ(status.open_orders, kOrders);
  EXPECT_EQ(Ask("status").status.in_doubt, kOrders) << "an operator is told so too";
}

TEST_F(GatewayTest, KillRefusesOrdersLetsCancelsPassAndArmLiftsIt) {
  Order(1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  const auto sent = As<NewOrder>(connector_.sent[0]);
  connector_.Say(ExecutionReport{.cl_ord_id = sent.cl_ord_id,
                                 .exec_id = 1,
                                 .exec_type = ExecType::kNew,
                                 .ord_status = OrdStatus::kNew,
                                 .side = Side::kBuy,
                                 .leaves_qty = 10});
  Turn();
  EXPECT_TRUE(Ask("kill session 7 loop in strategy").ok);
  Order(2);
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1}));
  Turn();
  const std::vector<Effect> rejects = ReportsOf(FrameType::kOrderReject);
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(As<OrderReject>(rejects[0]).reason, RejectReason::kKillSwitch);
  ASSERT_EQ(connector_.sent.size(), 2u);
  EXPECT_EQ(connector_.sent[1].type, FrameType::kCancel);
  const AdminReply killed = Ask("status");
  EXPECT_TRUE(killed.status.sessions.at(0).killed);
  EXPECT_EQ(killed.status.sessions.at(0).counts.rejects.at(
                static_cast<std::size_t>(RejectReason::kKillSwitch)),
            1u);

  EXPECT_TRUE(Ask("arm session 7 by Anna").ok);
  Order(4);
  Turn();
  EXPECT_EQ(connector_.sent.size(), 3u);
  EXPECT_FALSE(Ask("sessions").status.sessions.at(0).killed);
}

TEST_F(GatewayTest, AKillReachesWhatWaitsForItsVenue) {
  connector_.takes = 0;
  for (uint64_t id = 1; id <= 3; ++id) Order(id);
  Turn();
  ASSERT_EQ(engine_.open_orders(), 3u);
  sessions_.reports.clear();
  EXPECT_TRUE(Ask("kill account 1 fat finger").ok);
  const std::vector<Effect> reports = ReportsOf(FrameType::kExecutionReport);
  ASSERT_EQ(reports.size(), 3u);
  for (const Effect& report : reports) {
    EXPECT_EQ(As<ExecutionReport>(report).ord_status, OrdStatus::kRejected);
    EXPECT_EQ(As<ExecutionReport>(report).reason, RejectReason::kKillSwitch);
  }
  EXPECT_EQ(engine_.open_orders(), 0u);
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 4; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 0u);
}

TEST_F(GatewayTest, AKillLeavesTheWaitingOrdersOfOthersAlone) {
  connector_.takes = 0;
  Order(1);
  Turn();
  EXPECT_TRUE(Ask("kill session 8 not ours").ok);
  connector_.takes = UINT32_MAX;
  Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
}

TEST_F(GatewayTest, AnOperatorsCancelAsksTheVenues) {
  for (uint64_t id = 1; id <= 3; ++id) Order(id);
  Turn();
  connector_.sent.clear();
  EXPECT_TRUE(Ask("cancel session 7 buy because strategy is gone").ok);
  for (int i = 0; i < 20; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 3u);
  for (const Effect& request : connector_.sent) EXPECT_EQ(request.type, FrameType::kCancel);
  GatewayStatus status;
  gateway_.FillStatus(status);
  EXPECT_FALSE(status.operator_cancel.under_way);
  EXPECT_EQ(status.operator_cancel.affected, 3u);
}

TEST_F(GatewayTest, AKillThatCancelsEndsWhatWaitsAndCancelsWhatLeft) {
  for (uint64_t id = 1; id <= 2; ++id) Order(id);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 2u);
  connector_.takes = 0;
  for (uint64_t id = 3; id <= 4; ++id) Order(id);
  Turn();
  EXPECT_TRUE(Ask("kill-and-cancel instrument 1 halted").ok);
  EXPECT_EQ(engine_.open_orders(), 2u) << "what waited never leaves";
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 20; ++i) Turn();
  ASSERT_EQ(connector_.sent.size(), 4u);
  EXPECT_EQ(connector_.sent[2].type, FrameType::kCancel);
  EXPECT_EQ(connector_.sent[3].type, FrameType::kCancel);
  Order(5);
  Turn();
  EXPECT_EQ(connector_.sent.size(), 4u);
  const GatewayStatus status = Ask("status").status;
  EXPECT_EQ(status.killed_instruments.total, 1u);
  EXPECT_EQ(status.killed_instruments.shown, std::vector<uint32_t>{1});
  EXPECT_EQ(status.killed_accounts.total, 0u);
  EXPECT_TRUE(Ask("arm instrument 1 by Anna").ok);
  Order(6);
  Turn();
  EXPECT_EQ(connector_.sent.size(), 5u);
  EXPECT_TRUE(Ask("status").status.killed_instruments.shown.empty());
}

TEST_F(GatewayTest, AnOperatorSaysWhatAnAccountHolds) {
  EXPECT_TRUE(Ask("position account 1 instrument 1 set 40 at 99 by Anna because day start").ok);
  EXPECT_TRUE(Ask("position account 1 instrument 1 add -15 by Anna because phone trade").ok);
  EXPECT_EQ(engine_.position(1, 1).quantity, 25);
  const AdminReply refused =
      Ask("position account 1 instrument 1 set 999999999999999 by Anna because typo");
  EXPECT_FALSE(refused.ok);
  EXPECT_EQ(engine_.position(1, 1).quantity, 25);
}

TEST_F(GatewayTest, AnOperatorSetsTheReferencePrice) {
  EXPECT_TRUE(Ask("reference instrument 1 123.5 by Anna").ok);
  EXPECT_EQ(engine_.reference_price(1), 123'500'000'000);
}

class BreachTest : public GatewayTest {
 protected:
  BreachTest() : GatewayTest(KillOnBreach()) {}
  static EngineConfig KillOnBreach() {
    EngineConfig config = MakeConfig();
    config.sessions[0].limits.on_breach = BreachPolicy::kKill;
    return config;
  }
};

TEST_F(BreachTest, ABreachEndsWhatWaitsForItsVenue) {
  connector_.takes = 0;
  for (uint64_t id = 1; id <= 3; ++id) Order(id);
  Turn();
  ASSERT_EQ(engine_.open_orders(), 3u);
  sessions_.requests.push_back(Own(Origin::kSession, kSession,
                                   NewOrder{.cl_ord_id = 4,
                                            .price = 100 * kNsPerS,
                                            .qty = 200'000,
                                            .instrument = 1,
                                            .account = 1,
                                            .side = Side::kBuy,
                                            .ord_type = OrdType::kLimit}));
  Turn();
  EXPECT_EQ(engine_.open_orders(), 0u);
  EXPECT_EQ(ReportsOf(FrameType::kExecutionReport).size(), 3u);
  EXPECT_EQ(ReportsOf(FrameType::kOrderReject).size(), 1u);
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 4; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 0u);
  EXPECT_TRUE(Ask("sessions").status.sessions.at(0).killed);
}

TEST_F(GatewayTest, OperatorsAreServedWhileSessionsAreHeldBack) {
  for (uint64_t i = 1; i <= 700; ++i) Order(i);
  for (int i = 0; i < 10; ++i) Turn();
  ASSERT_EQ(connector_.sent.size(), 700u);
  connector_.takes = 0;
  for (uint64_t i = 701; i <= 2'000; ++i) Order(i);
  for (int i = 0; i < 10; ++i) Turn();
  EXPECT_TRUE(gateway_.BackPressured());
  EXPECT_TRUE(Ask("kill all market is broken").ok);
  EXPECT_TRUE(Ask("status").status.killed);
  EXPECT_TRUE(Ask("cancel all because the market is broken").ok);
  for (int i = 0; i < 40; ++i) Turn();
  GatewayStatus status;
  gateway_.FillStatus(status);
  EXPECT_FALSE(status.operator_cancel.under_way) << "a venue that takes nothing holds up no work";
  EXPECT_EQ(status.operator_cancel.affected, 700u);
  EXPECT_EQ(status.venues.at(0).waiting, 700u) << "of what waited, the orders were killed";
}

TEST_F(GatewayTest, OpenOrdersAreShownBounded) {
  for (uint64_t i = 1; i <= 150; ++i) Order(i);
  for (int i = 0; i < 3; ++i) Turn();
  const AdminReply reply = Ask("orders 7");
  EXPECT_EQ(reply.status.orders_open, 150u);
  EXPECT_EQ(reply.status.orders.size(), GatewayStatus::kOrdersShownMax);
  EXPECT_EQ(reply.status.orders.front().cl_ord_id, 1u);
}

TEST_F(GatewayTest, StopWaitsUntilEverythingHasLeft) {
  connector_.takes = 0;
  Order(1);
  Turn();
  EXPECT_FALSE(gateway_.stop_requested());
  Ask("stop");
  EXPECT_TRUE(gateway_.stop_requested());
  gateway_.Stop(now_ns_);
  Turn();
  EXPECT_FALSE(gateway_.Stopped()) << "a request still waits for its venue";
  connector_.takes = 1;
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_TRUE(gateway_.Stopped());
}

TEST_F(GatewayTest, AnIdleTurnSaysSo) {
  for (int i = 0; i < 5; ++i) Turn();
  EXPECT_FALSE(Turn());
}

}  // namespace
}  // namespace ringway
