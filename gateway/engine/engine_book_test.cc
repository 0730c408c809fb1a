// Tests of orders whose venue restarted and has lost its book.
#include <cstdint>
#include <vector>

#include "gateway/engine/engine_fixture.h"

namespace ringway {
namespace {

class EngineBookTest : public EngineTest {
 protected:
  void LoseBook() {
    SetVenue(1, VenueState::kDown);
    Work();
    SetVenue(1, VenueState::kBookLost);
  }
  // The messages to the session from the latest step and the work over many orders after it.
  struct Told {
    std::vector<ExecutionReport> reports;
    uint32_t cancel_rejects = 0;
  };
  Told Work() {
    Told told;
    for (;; Timer()) {
      for (const EffectView& effect : effects()) {
        ExecutionReport report;
        if (effect.type == FrameType::kExecutionReport && effect.target == Target::kSession &&
            Decode(effect.bytes(), report) == DecodeStatus::kOk) {
          told.reports.push_back(report);
        }
        told.cancel_rejects += effect.type == FrameType::kCancelReject;
      }
      if (!engine().HasWork()) return told;
    }
  }
};

TEST_F(EngineBookTest, EveryOrderThatWasSentEndsAndSaysWhy) {
  const uint64_t live = Live(Buy(11));
  FromVenue(ExecType::kPartialFill, live, 40);
  Accepted(Buy(12));
  LoseBook();
  const std::vector<ExecutionReport> reports = Work().reports;
  ASSERT_EQ(reports.size(), 2u);
  for (const ExecutionReport& report : reports) {
    EXPECT_EQ(report.exec_type, ExecType::kCanceled);
    EXPECT_EQ(report.ord_status, OrdStatus::kCanceled);
    EXPECT_EQ(report.reason, RejectReason::kVenueLostBook);
    EXPECT_EQ(report.leaves_qty, 0u);
  }
  EXPECT_EQ(reports[0].cum_qty, 40u) << "what was heard of its fills stays booked";
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(engine().position(100, 7).quantity, 40);
  EXPECT_EQ(engine().position(100, 7).open_buy, 0u);
  EXPECT_EQ(counters().books_lost, 1u);
  EXPECT_EQ(engine().FindExposureError(), "");
}

TEST_F(EngineBookTest, ABookIsLostWholeOrNotAtAll) {
  Live(Buy(11));
  SetVenue(1, VenueState::kBookLost, 7);
  Work();
  EXPECT_EQ(engine().open_orders(), 1u);
  EXPECT_EQ(counters().malformed_reports, 1u);
}

TEST_F(EngineBookTest, RequestsThatWerePendingHaveTheirAnswers) {
  Live(Buy(11));
  SendReplace(13, 11, 150, 9'990);
  SendCancel(12, 11);
  LoseBook();
  EXPECT_EQ(Work().cancel_rejects, 2u);
  EXPECT_EQ(engine().open_orders(), 0u);
}

// The venue is up again before the last lost order was visited, and takes new ones.
TEST_F(EngineBookTest, WhatIsSentSinceIsInTheNewBookAndNoStepIsUnbounded) {
  constexpr uint64_t kOrders = 300;
  for (uint64_t id = 1; id <= kOrders; ++id) Live(Buy(id));
  SetVenue(1, VenueState::kDown);
  Work();
  SetVenue(1, VenueState::kBookLost);
  SetVenue(1, VenueState::kUp);
  const uint64_t fresh = Live(Buy(kOrders + 1));
  // An order of a session that the search visits later.
  const uint64_t other = Live(Limit(1, Side::kBuy, 100, 10'000, 200), 2);
  EXPECT_GT(engine().open_orders(), 2u) << "one step cannot have looked at all";
  Work();
  EXPECT_EQ(engine().open_orders(), 2u);
  FromVenue(ExecType::kFill, other, 100);
  ASSERT_TRUE(engine().FindOrder(1, kOrders + 1).has_value());
  EXPECT_EQ(engine().FindOrder(1, kOrders + 1)->status, OrdStatus::kNew);
  // A venue that only goes down for a while has lost nothing.
  SetVenue(1, VenueState::kDown);
  Work();
  EXPECT_EQ(engine().open_orders(), 1u);
  FromVenue(ExecType::kFill, fresh, 100);
  EXPECT_EQ(engine().FindOrder(1, kOrders + 1)->status, OrdStatus::kFilled);
}

TEST_F(EngineBookTest, AnOrderThatItsVenueBringsBackLaterIsLostNoMore) {
  const uint64_t filled = Live(Buy(11));
  FromVenue(ExecType::kFill, filled, 100);
  LoseBook();
  Work();
  SetVenue(1, VenueState::kUp);
  Work();
  ExecutionReport bust = Execution(ExecType::kBusted, filled, 100);
  bust.leaves_qty = 100;
  bust.ord_status = OrdStatus::kNew;
  FromVenue(bust);
  ASSERT_EQ(engine().open_orders(), 1u);
  SetVenue(1, VenueState::kDown);
  Work();
  EXPECT_EQ(engine().open_orders(), 1u);
}

TEST_F(EngineBookTest, ALossThatIsHalfToldGoesOnInAnotherProcess) {
  for (uint64_t id = 1; id <= 300; ++id) Live(Buy(id));
  LoseBook();
  Timer();
  ASSERT_GT(engine().open_orders(), 0u);
  ASSERT_LT(engine().open_orders(), 300u);
  const std::vector<std::byte> saved = Saved();
  const uint64_t hash = engine().StateHash();
  ASSERT_EQ(Adopt(saved, SmallFirm()), "");
  EXPECT_EQ(engine().StateHash(), hash);
  Work();
  EXPECT_EQ(engine().open_orders(), 0u);
  EXPECT_EQ(engine().FindExposureError(), "");
}

}  // namespace
}  // namespace ringway
