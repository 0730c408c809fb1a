// Tests that the duty loop records every step before any of its effects leaves, whatever the
// journal's segments do meanwhile; and tests what waits until the record is durable.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/core/duty_loop.h"
#include "gateway/core/duty_loop_fakes.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class GatewayJournalTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kSegmentBytes = uint64_t{1} << 20;
  static constexpr uint32_t kBudget = 256;

  static constexpr SessionId kOther = 8;

  static EngineConfig TwoSessions() {
    EngineConfig config = MakeConfig();
    config.sessions.push_back(config.sessions[0]);
    config.sessions.back().id = kOther;
    config.pools.orders_max = 100'000;
    return config;
  }

  GatewayJournalTest() : engine_(TwoSessions()) {
    storage_.Prepare(2);
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 1, kStartNs, 1);
    gateway_ = std::make_unique<DutyLoop<FakeSessions>>(DutyLoop<FakeSessions>::Parts{
        .engine = engine_,
        .sessions = sessions_,
        .venues = {{kVenue, &connector_, 10'000}},
        .session_ids = {kSession, kOther},
        .positions_max = 100,
        .accept_links = nullptr,
        .journal = writer_.get(),
        .report = [this](std::string_view line) { said_.emplace_back(line); },
        .limits = {.session_budget = kBudget}});
    gateway_->Start(kStartNs, 1);
    storage_.Sync();
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
    sessions_.requests.push_back(
        Own(Origin::kSessionUp, kSession, Logon{.session = kSession, .next_seq_in = 1}));
    Turn();
  }

  // A second gateway that starts from what the first one left.
  void StartSecond(std::vector<SessionId> send_when_durable = {}) {
    gateway_.reset();
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 2, now_ns_, 1);
    gateway_ = std::make_unique<DutyLoop<FakeSessions>>(
        DutyLoop<FakeSessions>::Parts{.engine = engine_,
                                      .sessions = sessions_,
                                      .venues = {{kVenue, &connector_, 10'000}},
                                      .session_ids = {kSession, kOther},
                                      .send_when_durable = std::move(send_when_durable),
                                      .positions_max = 100,
                                      .accept_links = nullptr,
                                      .journal = writer_.get()});
    gateway_->Start(now_ns_, 2);
  }

  void Turn() { gateway_->DoWork(now_ns_ += kNsPerMs / 10); }

  void Order(uint64_t cl_ord_id, SessionId session = kSession) {
    sessions_.requests.push_back(Own(Origin::kSession, session,
                                     NewOrder{.cl_ord_id = cl_ord_id,
                                              .price = 100 * kNsPerS,
                                              .qty = 10,
                                              .instrument = 1,
                                              .account = 1,
                                              .side = Side::kBuy,
                                              .ord_type = OrdType::kLimit}));
  }

  // One is sent, and its venue reports that it has it, in a report with a number.
  void OrderIsTaken() {
    Order(1);
    Turn();
    ASSERT_EQ(connector_.sent.size(), 1u);
    connector_.numbers = true;
    connector_.Say(ExecutionReport{.cl_ord_id = As<NewOrder>(connector_.sent[0]).cl_ord_id,
                                   .exec_id = 1,
                                   .exec_type = ExecType::kNew,
                                   .ord_status = OrdStatus::kNew,
                                   .side = Side::kBuy,
                                   .leaves_qty = 10});
    Turn();
  }

  std::vector<OrderReject> RejectsOf(SessionId session) const {
    std::vector<OrderReject> rejects;
    for (const Effect& report : sessions_.reports) {
      if (report.type == FrameType::kOrderReject && report.id == session) {
        rejects.push_back(As<OrderReject>(report));
      }
    }
    return rejects;
  }

  // Number of new orders recorded so far.
  uint64_t OrdersInTheJournal() {
    uint64_t orders = 0;
    ForEachRecord([&](const JournalRecord& record) {
      JournaledStep step;
      orders += record.header.type == RecordType::kStep && ReadStep(record.body, step) &&
                step.input.type == FrameType::kNewOrder;
    });
    return orders;
  }

  template <class F>
  void ForEachRecord(F&& f) {
    JournalReader reader(journal_);
    EXPECT_TRUE(reader.Open().ok());
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) f(record);
    EXPECT_TRUE(reader.status().ok()) << reader.status();
  }

  int64_t now_ns_ = kStartNs;
  Engine engine_;
  FakeSessions sessions_;
  FakeConnector connector_;
  std::vector<std::string> said_;  // lines reported to operators
  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, kSegmentBytes};
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<DutyLoop<FakeSessions>> gateway_;
};

TEST_F(GatewayJournalTest, OperatorsHearWhenReportsThatNobodyAcknowledgedGo) {
  sessions_.view.kept.from = 90;
  sessions_.view.acknowledged = 5;
  for (int turn = 0; turn != 50; ++turn) Turn();
  EXPECT_TRUE(said_.empty()) << said_[0];
  storage_.RemoveBefore(storage_.written());
  for (int turn = 0; turn != 50; ++turn) Turn();
  ASSERT_EQ(said_.size(), 2u) << "a line for each session, once";
  EXPECT_NE(said_[0].find("has not acknowledged its reports from number 5 on"), std::string::npos);
}

// Waking a thread is a system call: neither a step nor what it sends waits for it.
TEST_F(GatewayJournalTest, ASyncIsBegunOnceATurnAndWhenEverythingHasLeft) {
  sessions_.holds = true;
  Order(1);
  Order(2);
  const uint32_t requested = storage_.syncs_requested;
  const uint32_t wakes = storage_.wakes;
  std::size_t acks = 0;
  sessions_.on_flush = [&](const std::vector<Effect>& reports) {
    acks += reports.size();
    EXPECT_EQ(storage_.wakes, wakes);
  };
  connector_.on_send = [&](std::span<const Effect>) { EXPECT_EQ(storage_.wakes, wakes); };
  Turn();
  EXPECT_EQ(acks, 2u);
  EXPECT_EQ(connector_.sent.size(), 2u);
  EXPECT_GE(storage_.syncs_requested, requested + 2);
  EXPECT_EQ(storage_.wakes, wakes + 1);
  sessions_.on_flush = nullptr;
  connector_.on_send = nullptr;
  Turn();
  EXPECT_EQ(storage_.wakes, wakes + 1) << "nothing was recorded that anyone waits for";
}

// A turn records more than twice the longest record, so that a segment ends within it.
TEST_F(GatewayJournalTest, ATurnsRecordsGoOnInTheNextSegment) {
  constexpr uint64_t kOrders = 9'000;
  for (uint64_t id = 1; id <= kOrders; ++id) {
    Order(id);
    if (id % kBudget == 0) Turn();
    if (storage_.ready() == 0) storage_.Prepare();
  }
  while (!sessions_.requests.empty()) Turn();
  EXPECT_GE(journal_.segments().size(), 3u) << "no segment's end was met";
  EXPECT_EQ(OrdersInTheJournal(), kOrders);
}

TEST_F(GatewayJournalTest, NothingLeavesBeforeItIsRecorded) {
  uint64_t sent = 0;
  uint64_t acknowledged = 0;
  connector_.on_send = [&](std::span<const Effect> requests) {
    sent += requests.size();
    EXPECT_GE(OrdersInTheJournal(), sent);
  };
  sessions_.on_flush = [&](const std::vector<Effect>& reports) {
    for (const Effect& report : reports) acknowledged += report.type == FrameType::kOrderAck;
    EXPECT_GE(OrdersInTheJournal(), acknowledged);
  };
  for (uint64_t id = 1; id <= 50; ++id) {
    Order(id);
    if (id % 7 == 0) Turn();
  }
  while (!sessions_.requests.empty()) Turn();
  EXPECT_EQ(sent, 50u);
  EXPECT_EQ(acknowledged, 50u);
}

TEST_F(GatewayJournalTest, ReportsThatWerePromisedDurableWaitForIt) {
  sessions_.holds = true;
  Order(1);
  Turn();
  Turn();
  EXPECT_EQ(sessions_.released_out, 0u);
  EXPECT_GT(storage_.syncs_requested, 0u);
  EXPECT_EQ(connector_.sent.size(), 1u) << "the order itself does not wait";
  storage_.Sync();
  Turn();
  EXPECT_EQ(sessions_.released_out, engine_.next_seq_out(kSession));
}

TEST_F(GatewayJournalTest, AVenueIsConfirmedWhatIsDurable) {
  ASSERT_NO_FATAL_FAILURE(OrderIsTaken());
  Turn();
  EXPECT_EQ(connector_.confirmed, 0u);
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.confirmed, 1u);
}

// Reports that become durable only now were numbered by the venue's previous incarnation.
TEST_F(GatewayJournalTest, AVenueThatBeganAnewIsConfirmedNothingOfBefore) {
  connector_.numbers = true;
  for (int i = 0; i < 3; ++i) {
    connector_.Say(VenueStatus{.state = VenueState::kUp});
    Turn();
  }
  ++connector_.logon_count;  // of its next incarnation
  connector_.said = 0;
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.confirmed, 0u);
  connector_.Say(VenueStatus{.state = VenueState::kUp});
  Turn();
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.confirmed, 1u);
}

TEST_F(GatewayJournalTest, AVenueIsToldToForgetNothingThatADiskThatFailedMayNotHave) {
  ASSERT_NO_FATAL_FAILURE(OrderIsTaken());
  storage_.Fail(JournalFault::kSyncFailed);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.confirmed, 0u);
}

// Otherwise a stale count after a power loss could make later requests pass for earlier ones.
TEST_F(GatewayJournalTest, AfterAVenuesLogonNothingLeavesBeforeItsCountIsDurable) {
  connector_.counts = true;
  ++connector_.logon_count;
  Turn();
  Order(1);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_TRUE(connector_.sent.empty());
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
}

TEST_F(GatewayJournalTest, AStopIsTheLastRecordAndSaysInWhichState) {
  Order(1);
  Turn();
  for (int i = 0; i < 30; ++i) Turn();  // timers, which are not recorded
  gateway_->RecordStop();
  ReplayedGateway past({.config_of = [](uint64_t) { return TwoSessions(); }});
  ForEachRecord([&](const JournalRecord& record) {
    const absl::Status applied = past.Apply(record);
    ASSERT_TRUE(applied.ok()) << applied;
  });
  EXPECT_TRUE(past.stopped());
  EXPECT_EQ(past.engine().StateHash(), engine_.StateHash());
}

TEST_F(GatewayJournalTest, AfterAFailedSyncNobodyWaitsAndOrdersAreRefused) {
  sessions_.holds = true;
  Order(1);
  Turn();
  storage_.Fail(JournalFault::kSyncFailed);
  Turn();
  EXPECT_TRUE(sessions_.gave_up);
  EXPECT_EQ(sessions_.released_out, engine_.next_seq_out(kSession));
  sessions_.reports.clear();
  Order(2);
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1}));
  Turn();
  ASSERT_FALSE(sessions_.reports.empty());
  EXPECT_EQ(As<OrderReject>(sessions_.reports[0]).reason, RejectReason::kJournalUnavailable);
  ASSERT_EQ(connector_.sent.size(), 2u);
  EXPECT_EQ(connector_.sent[1].type, FrameType::kCancel);
  EXPECT_FALSE(gateway_->Failed());
}

TEST_F(GatewayJournalTest, AfterAFinalFailureItEndsOnlyWhenReportsHaveNoRoomLeft) {
  storage_.Fail(JournalFault::kWriteError);
  uint64_t reports = 0;
  for (; !gateway_->Failed(); ++reports) {
    ASSERT_LT(reports, 100'000u);
    connector_.Say(
        ExecutionReport{.cl_ord_id = reports, .exec_id = reports, .exec_type = ExecType::kNew});
    Turn();
  }
  EXPECT_GT(reports, 1'000u);
  const uint64_t position = writer_->end().position;
  for (int i = 0; i < 10; ++i) Turn();
  EXPECT_EQ(writer_->end().position, position);
}

TEST_F(GatewayJournalTest, ADiskThatIsBehindHoldsBackWhoFloodsItAndNobodyElse) {
  // No further segment becomes ready: only this one and the spare one exist.
  uint64_t id = 1;
  for (int turn = 0; turn < 40; ++turn) {
    for (uint32_t i = 0; i != kBudget; ++i) Order(id++);
    Turn();
  }
  EXPECT_TRUE(gateway_->BackPressured());
  ASSERT_FALSE(sessions_.requests.empty()) << "the flood waits in its ring";
  EXPECT_TRUE(RejectsOf(kSession).empty());
  EXPECT_FALSE(gateway_->Failed());

  sessions_.requests.clear();
  const std::size_t reports = sessions_.reports.size();
  for (uint64_t other = 1; other <= 200; ++other) {
    Order(other, kOther);
    Turn();
    ASSERT_TRUE(sessions_.requests.empty()) << "order " << other << " of the other session waits";
  }
  EXPECT_EQ(sessions_.reports.size(), reports + 200);
  EXPECT_TRUE(RejectsOf(kOther).empty());

  storage_.Prepare(2);
  Order(id);
  Turn();
  EXPECT_TRUE(sessions_.requests.empty()) << "the disk has caught up";
  EXPECT_EQ(storage_.fault(), JournalFault::kNone);
}

TEST_F(GatewayJournalTest, AFullDiskHasOrdersWaitThenRefusedAndTakesThemAgainWhenThereIsRoom) {
  storage_.Fail(JournalFault::kNoSpace);
  uint64_t id = 1;
  for (int turn = 0; turn < 40; ++turn) {
    for (uint32_t i = 0; i != kBudget; ++i) Order(id++);
    Turn();
  }
  ASSERT_TRUE(gateway_->BackPressured());
  EXPECT_TRUE(RejectsOf(kSession).empty());
  // A cancel behind orders that have no share is taken once they are refused.
  sessions_.requests.erase(sessions_.requests.begin() + 3, sessions_.requests.end());
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 999'999, .orig_cl_ord_id = 1}));
  connector_.sent.clear();
  for (int i = 0; i < 12'000; ++i) Turn();
  EXPECT_FALSE(gateway_->Failed()) << "it goes on with what room there is";
  ASSERT_EQ(RejectsOf(kSession).size(), 3u);
  EXPECT_EQ(RejectsOf(kSession)[0].reason, RejectReason::kJournalUnavailable);
  ASSERT_EQ(connector_.sent.size(), 1u);
  EXPECT_EQ(connector_.sent[0].type, FrameType::kCancel);
  // A session that recorded little still has a share.
  Order(1, kOther);
  Turn();
  EXPECT_TRUE(sessions_.requests.empty());
  EXPECT_TRUE(RejectsOf(kOther).empty());

  storage_.Fail(JournalFault::kNone);
  storage_.Prepare(2);
  sessions_.reports.clear();
  for (int i = 0; i < 10; ++i) Turn();
  Order(id);
  Turn();
  EXPECT_TRUE(sessions_.requests.empty());
  EXPECT_TRUE(RejectsOf(kSession).empty());
}

TEST_F(GatewayJournalTest, ReferencePricesAreConflatedWhileTheDiskIsBehindAndNoneIsLost) {
  int64_t price = 100 * kNsPerS;
  const auto say = [&] {
    price += kNsPerS / 1'000;
    connector_.Say(ReferencePrice{
        .transact_time = static_cast<uint64_t>(now_ns_), .price = price, .instrument = 1});
  };
  for (int i = 0; i < 40'000; ++i) {
    say();
    if (i % 200 == 0) Turn();
  }
  while (!connector_.says.empty()) Turn();
  const uint64_t position = writer_->end().position;
  for (int i = 0; i < 10'000; ++i) {
    say();
    if (i % 200 == 0) Turn();
  }
  while (!connector_.says.empty()) Turn();
  EXPECT_EQ(writer_->end().position, position) << "they use no room";
  Order(1);
  Turn();
  EXPECT_EQ(connector_.sent.size(), 1u) << "and leave it to sessions";
  storage_.Prepare(2);
  for (int i = 0; i < 3; ++i) Turn();
  ReferencePrice last;
  ForEachRecord([&](const JournalRecord& record) {
    JournaledStep step;
    if (record.header.type == RecordType::kStep && ReadStep(record.body, step) &&
        step.input.type == FrameType::kReferencePrice) {
      ASSERT_EQ(Decode(step.input.payload, last), DecodeStatus::kOk);
    }
  });
  EXPECT_EQ(last.price, price);
}

TEST_F(GatewayJournalTest, CancelsThatOvertakeOrdersAreRecordedAndDurableBeforeTheyLeave) {
  connector_.counts = true;
  ++connector_.logon_count;
  Turn();
  storage_.Sync();
  Order(1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  connector_.takes = 0;
  for (uint64_t id = 2; id <= 5; ++id) Order(id);
  Turn();
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 6, .orig_cl_ord_id = 1}));
  Turn();
  connector_.takes = UINT32_MAX;
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u) << "nothing leaves before the record is durable";
  storage_.Sync();
  for (int i = 0; i < 2; ++i) Turn();
  ASSERT_EQ(connector_.sent.size(), 6u);
  EXPECT_EQ(connector_.sent[1].type, FrameType::kCancel);

  // A replay of the journal finds the requests in the order in which they left.
  ReplayedGateway past({.config_of = [](uint64_t) { return TwoSessions(); }});
  ForEachRecord([&](const JournalRecord& record) { ASSERT_TRUE(past.Apply(record).ok()); });
  const ReplayedVenue* venue = past.venue(kVenue);
  ASSERT_NE(venue, nullptr);
  ASSERT_EQ(venue->requests.size(), connector_.sent.size());
  for (std::size_t i = 0; i != connector_.sent.size(); ++i) {
    EXPECT_EQ(VenueRequestId(venue->requests[i]), VenueRequestId(connector_.sent[i]));
  }
}

TEST_F(GatewayJournalTest, AVenueThatLoggedOnIsSentNothingBeforeItsCountIsDurable) {
  connector_.counts = true;
  ++connector_.logon_count;
  Turn();
  Order(1);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_TRUE(connector_.sent.empty());
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
}

// The disk fails after a logon is recorded and before the record is durable: after a power loss it
// would be unknown which requests the venue counted.
TEST_F(GatewayJournalTest,
       AVenueWhoseCountCannotBecomeDurableIsSentNothingAndItsRequestsAreAnswered) {
  connector_.counts = true;
  Order(1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  ++connector_.logon_count;
  Turn();
  Order(2);
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1}));
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  storage_.Fail(JournalFault::kSyncFailed);
  sessions_.reports.clear();
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
  ASSERT_EQ(sessions_.reports.size(), 2u);
  EXPECT_EQ(As<ExecutionReport>(sessions_.reports[0]).exec_type, ExecType::kRejected);
  EXPECT_EQ(As<CancelReject>(sessions_.reports[1]).reason, CancelRejectReason::kVenueUnavailable);
  gateway_->Stop(now_ns_);
  Turn();
  EXPECT_TRUE(gateway_->Stopped()) << "nothing waits for what never comes";
}

TEST_F(GatewayJournalTest, WhatIsSentBehindAConnectorsOwnAnswerWaitsUntilThatIsDurable) {
  connector_.counts = true;
  Order(1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  // The order never arrived: its place in the venue's count goes to the next request.
  connector_.Say(ExecutionReport{.cl_ord_id = VenueRequestId(connector_.sent[0]),
                                 .exec_id = kConnectorExecIdBits | 1,
                                 .exec_type = ExecType::kRejected,
                                 .ord_status = OrdStatus::kRejected,
                                 .side = Side::kBuy,
                                 .reason = RejectReason::kVenueUnavailable});
  Turn();
  Order(2);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.sent.size(), 2u);
}

// Session kOther is configured so that none of its orders leaves before its record is durable.
class GatewaySendAfterTest : public GatewayJournalTest {
 protected:
  GatewaySendAfterTest() {
    StartSecond({kOther});
    storage_.Sync();
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
  }
  // Its order 1, which has left.
  void SendFirst() {
    Order(1, kOther);
    Turn();
    storage_.Sync();
    Turn();
    ASSERT_EQ(connector_.sent.size(), 1u);
  }
  void Cancel(uint64_t cl_ord_id, uint64_t orig_cl_ord_id) {
    sessions_.requests.push_back(
        Own(Origin::kSession, kOther,
            ringway::Cancel{.cl_ord_id = cl_ord_id, .orig_cl_ord_id = orig_cl_ord_id}));
  }
};

TEST_F(GatewaySendAfterTest, AnOrderLeavesWhenItIsDurableAndInItsPlace) {
  connector_.counts = true;
  Order(1);
  Order(2, kOther);
  Order(3);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u) << "what came before it does not wait";
  EXPECT_TRUE(RejectsOf(kOther).empty());
  storage_.Sync();
  Turn();
  ASSERT_EQ(connector_.sent.size(), 3u);
  EXPECT_LT(VenueRequestId(connector_.sent[1]), VenueRequestId(connector_.sent[2]));
  Order(4);
  Turn();
  EXPECT_EQ(connector_.sent.size(), 4u) << "others wait for nothing of their own";
}

TEST_F(GatewaySendAfterTest, AReplaceLeavesWhenItIsDurable) {
  ASSERT_NO_FATAL_FAILURE(SendFirst());
  sessions_.requests.push_back(
      Own(Origin::kSession, kOther,
          Replace{.cl_ord_id = 2, .orig_cl_ord_id = 1, .price = 100 * kNsPerS, .qty = 20}));
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.sent.size(), 2u);
}

TEST_F(GatewaySendAfterTest, ACancelOvertakesAtAVenueThatDoesNotCount) {
  ASSERT_NO_FATAL_FAILURE(SendFirst());
  Order(2, kOther);
  Turn();
  Cancel(3, 1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 2u);
  EXPECT_EQ(connector_.sent[1].type, FrameType::kCancel);
}

TEST_F(GatewaySendAfterTest, ACountingVenueGetsACancelWithTheOrdersBeforeIt) {
  connector_.counts = true;
  ASSERT_NO_FATAL_FAILURE(SendFirst());
  Order(2, kOther);
  Turn();
  Cancel(3, 1);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
  storage_.Sync();
  Turn();
  ASSERT_EQ(connector_.sent.size(), 3u);
  EXPECT_EQ(connector_.sent[1].type, FrameType::kNewOrder);
  EXPECT_EQ(connector_.sent[2].type, FrameType::kCancel);
}

TEST_F(GatewaySendAfterTest, WhatCanNeverBeDurableNeverLeaves) {
  Order(1, kOther);
  Turn();
  ASSERT_TRUE(connector_.sent.empty());
  storage_.Fail(JournalFault::kWriteError);
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_TRUE(connector_.sent.empty());
  bool rejected = false;
  for (const Effect& report : sessions_.reports) {
    if (report.type != FrameType::kExecutionReport) continue;
    rejected |= As<ExecutionReport>(report).exec_type == ExecType::kRejected &&
                As<ExecutionReport>(report).reason == RejectReason::kJournalUnavailable;
  }
  EXPECT_TRUE(rejected);
}

// Requests behind it would have a different place in the venue's count than in the journal.
TEST_F(GatewaySendAfterTest, ACountingVenueGetsNothingBehindWhatCanNeverBeDurable) {
  connector_.counts = true;
  Order(1);
  Turn();
  ASSERT_EQ(connector_.sent.size(), 1u);
  Order(2, kOther);
  Turn();
  storage_.Fail(JournalFault::kWriteError);
  Turn();
  sessions_.requests.push_back(
      Own(Origin::kSession, kSession, ringway::Cancel{.cl_ord_id = 3, .orig_cl_ord_id = 1}));
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), 1u);
  EXPECT_EQ(sessions_.reports.back().type, FrameType::kCancelReject);
}

class GatewayFirstSyncTest : public GatewayJournalTest {
 protected:
  GatewayFirstSyncTest() {
    sessions_.budgets.clear();
    sessions_.reports.clear();
    StartSecond();
  }
};

TEST_F(GatewayFirstSyncTest, NothingIsTakenBeforeTheStartIsDurable) {
  Order(1);
  for (int i = 0; i < 10; ++i) Turn();
  EXPECT_TRUE(sessions_.budgets.empty());
  EXPECT_FALSE(gateway_->started());
  EXPECT_FALSE(gateway_->Failed());
  storage_.Sync();
  Turn();
  EXPECT_TRUE(gateway_->started());
  EXPECT_TRUE(sessions_.requests.empty());
}

TEST_F(GatewayFirstSyncTest, AStopBeforeTheStartIsDurableEndsAtOnceAndTakesNothing) {
  Order(1);
  Turn();
  gateway_->Stop(now_ns_);
  Turn();
  EXPECT_TRUE(gateway_->Stopped());
  EXPECT_TRUE(sessions_.budgets.empty());
}

TEST_F(GatewayFirstSyncTest, AStartWhoseFirstSyncFailsEnds) {
  Order(1);
  storage_.Fail(JournalFault::kSyncFailed);
  Turn();
  EXPECT_TRUE(gateway_->Failed());
  EXPECT_TRUE(sessions_.budgets.empty()) << "nothing was taken";
}

}  // namespace
}  // namespace ringway
