// Does the duty loop record every step before anything of it leaves, whatever the journal's
// segments do meanwhile, and what waits until the record is durable?
#include <cstdint>
#include <memory>

#include "gateway/engine/engine.h"
#include "gateway/gateway.h"
#include "gateway/gateway_fakes.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class GatewayJournalTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kSegmentBytes = uint64_t{1} << 20;
  static constexpr uint32_t kBudget = 256;

  GatewayJournalTest() : engine_(MakeConfig()) {
    storage_.Prepare(2);
    writer_ = std::make_unique<JournalWriter>(storage_, JournalCursor{}, 1, kStartNs, 1);
    gateway_ = std::make_unique<Gateway<FakeSessions>>(
        Gateway<FakeSessions>::Parts{.engine = engine_,
                                     .sessions = sessions_,
                                     .venues = {{kVenue, &connector_, 10'000}},
                                     .session_ids = {kSession},
                                     .positions_max = 100,
                                     .accept_links = nullptr,
                                     .journal = writer_.get(),
                                     .limits = {.session_budget = kBudget}});
    gateway_->Start(kStartNs, 1);
    connector_.Say(VenueStatus{.venue = kVenue, .state = VenueState::kUp});
    Turn();
    sessions_.requests.push_back(
        Own(Origin::kSessionUp, kSession, Logon{.session = kSession, .next_seq_in = 1}));
    Turn();
  }

  void Turn() { gateway_->DoWork(now_ns_ += kNsPerMs / 10); }

  void Order(uint64_t cl_ord_id) {
    sessions_.requests.push_back(Own(Origin::kSession, kSession,
                                     NewOrder{.cl_ord_id = cl_ord_id,
                                              .price = 100 * kNsPerS,
                                              .qty = 10,
                                              .instrument = 1,
                                              .account = 1,
                                              .side = Side::kBuy,
                                              .ord_type = OrdType::kLimit}));
  }

  // How many new orders are recorded, up to now.
  uint64_t OrdersInTheJournal() {
    JournalReader reader(journal_);
    EXPECT_TRUE(reader.Open().ok());
    uint64_t orders = 0;
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      JournaledStep step;
      orders += record.header.type == RecordType::kStep && ReadStep(record.body, step) &&
                step.input.type == FrameType::kNewOrder;
    }
    EXPECT_TRUE(reader.status().ok()) << reader.status();
    return orders;
  }

  int64_t now_ns_ = kStartNs;
  Engine engine_;
  FakeSessions sessions_;
  FakeConnector connector_;
  ringway::testing::MemoryJournal journal_;
  ringway::testing::MemoryStorage storage_{journal_, kSegmentBytes};
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<Gateway<FakeSessions>> gateway_;
};

// A turn records twice the longest record and more: a segment's end comes in the middle of one.
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
  Turn();
  EXPECT_EQ(connector_.confirmed, 0u);
  storage_.Sync();
  Turn();
  EXPECT_EQ(connector_.confirmed, 1u);
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

TEST_F(GatewayJournalTest, WithoutRoomForATurnItEndsAndNothingMoreLeaves) {
  storage_.Fail(JournalFault::kNoSpace);
  for (uint64_t id = 1; !gateway_->Failed(); ++id) {
    Order(id);
    Turn();
  }
  const std::size_t sent = connector_.sent.size();
  const std::size_t reports = sessions_.reports.size();
  for (int i = 0; i < 10; ++i) Turn();
  EXPECT_EQ(connector_.sent.size(), sent);
  EXPECT_EQ(sessions_.reports.size(), reports);
}

}  // namespace
}  // namespace ringway
