// Tests that every event is accounted for, and that every execution of another order is explained
// by its cause.

#include "tools/replay/match.h"

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

class ReplayMatchTest : public testing::Test {
 protected:
  void Add(LobsterType type, uint64_t order_id, uint64_t size, int64_t price = 1000) {
    LobsterEvent event;
    event.line = events_.size() + 1;
    event.type = type;
    event.order_id = order_id;
    event.size = size;
    event.price = price;
    events_.push_back(event);
    const bool takes = type == LobsterType::kVisibleExecution;
    (takes ? aggressing_ : resting_).request_outcomes[event.line] = takes ? "filled" : "done";
  }
  // The replay's exchange executed `qty` of line `taker` against line `maker`.
  void Match(uint64_t taker, uint64_t maker, uint64_t qty, int64_t price = 1000) {
    ++match_id_;
    price *= kPriceUnitsPerLobsterUnit;
    resting_.fills.push_back({match_id_, maker, qty, price});
    aggressing_.fills.push_back({match_id_, taker, qty, price});
  }
  ReplayReport Compare() { return CompareWithFile(PlanReplay(events_), resting_, aggressing_); }

  std::vector<LobsterEvent> events_;
  StrategyResult resting_;
  StrategyResult aggressing_;
  uint64_t match_id_ = 0;
};

TEST_F(ReplayMatchTest, TheSameOrderIsTheSameHoweverOftenItIsTaken) {
  Add(LobsterType::kNewOrder, 7, 100);
  Add(LobsterType::kVisibleExecution, 7, 40);
  Add(LobsterType::kVisibleExecution, 7, 60);
  Match(2, 1, 40);
  Match(3, 1, 60);
  const ReplayReport report = Compare();
  EXPECT_EQ(report.executions, 2u);
  EXPECT_EQ(report.same_resting_order, 2u);
  EXPECT_EQ(report.same_resting_order_share(), 1.0);
  EXPECT_TRUE(report.accounted());
}

TEST_F(ReplayMatchTest, AnotherOrderAheadAndWhatItLeadsToAreToldApart) {
  Add(LobsterType::kNewOrder, 7, 50);
  Add(LobsterType::kNewOrder, 8, 50);
  Add(LobsterType::kVisibleExecution, 8, 50);  // the file's exchange took the later order
  Add(LobsterType::kVisibleExecution, 7, 50);
  Match(3, 1, 50);
  Match(4, 2, 50);
  const ReplayReport report = Compare();
  EXPECT_EQ(report.same_resting_order, 0u);
  EXPECT_EQ(report.other.at("other_order_ahead_at_price"), 1u);
  EXPECT_EQ(report.other.at("taken_by_earlier_execution"), 1u);
}

TEST_F(ReplayMatchTest, APartOfTheSameOrderIsNotTheSame) {
  Add(LobsterType::kNewOrder, 7, 10);
  Add(LobsterType::kNewOrder, 8, 50);
  Add(LobsterType::kVisibleExecution, 8, 50);
  Match(3, 1, 10);
  Match(3, 2, 40);
  const ReplayReport report = Compare();
  EXPECT_EQ(report.same_resting_order, 0u);
  EXPECT_EQ(report.other.at("other_order_ahead_at_price"), 1u);
}

TEST_F(ReplayMatchTest, WhatKeptTheBookInStepIsCountedApart) {
  Add(LobsterType::kNewOrder, 7, 50);
  Add(LobsterType::kNewOrder, 8, 50);
  Add(LobsterType::kVisibleExecution, 8, 50);
  Match(3, 1, 50);
  resting_.request_outcomes[3] = "done";
  const ReplayReport report = Compare();
  EXPECT_EQ(report.kept_in_step, 1u);
  EXPECT_EQ(report.sent, 3u);
  EXPECT_TRUE(report.accounted());
}

TEST_F(ReplayMatchTest, ABetterPriceAheadIsACauseOfItsOwn) {
  Add(LobsterType::kNewOrder, 7, 50, 990);
  Add(LobsterType::kNewOrder, 8, 50, 1000);
  Add(LobsterType::kVisibleExecution, 8, 50, 1000);
  Match(3, 1, 50, 990);
  EXPECT_EQ(Compare().other.at("better_price_ahead"), 1u);
}

TEST_F(ReplayMatchTest, RefusalsAndEmptyBooksAreNamed) {
  Add(LobsterType::kNewOrder, 7, 50);
  Add(LobsterType::kVisibleExecution, 7, 50);
  aggressing_.request_outcomes[2] = "rejected";
  Add(LobsterType::kVisibleExecution, 7, 50);
  aggressing_.request_outcomes[3] = "canceled";
  const ReplayReport report = Compare();
  EXPECT_EQ(report.other.at("aggressor_rejected"), 1u);
  EXPECT_EQ(report.other.at("resting_order_not_in_book"), 1u);
}

TEST_F(ReplayMatchTest, AReducedOrderHasLessToTake) {
  Add(LobsterType::kNewOrder, 7, 100);
  Add(LobsterType::kPartialCancel, 7, 60);
  Add(LobsterType::kVisibleExecution, 7, 40);
  Match(3, 1, 40);
  EXPECT_EQ(Compare().same_resting_order, 1u);
}

TEST_F(ReplayMatchTest, SkippedEventsAreNoExecutionsAndAreCounted) {
  Add(LobsterType::kVisibleExecution, 99, 10);
  Add(LobsterType::kHiddenExecution, 0, 10);
  const ReplayReport report = Compare();
  EXPECT_EQ(report.executions, 0u);
  EXPECT_EQ(report.skipped.at("unknown_order"), 1u);
  EXPECT_EQ(report.skipped.at("hidden_execution"), 1u);
  EXPECT_EQ(report.sent, 0u);
  EXPECT_TRUE(report.accounted());
  EXPECT_EQ(report.same_resting_order_share(), 0.0);
}

TEST_F(ReplayMatchTest, AnEventThatWasNeverSentIsNotAccountedFor) {
  Add(LobsterType::kNewOrder, 7, 10);
  resting_.request_outcomes.clear();
  const ReplayReport report = Compare();
  EXPECT_FALSE(report.accounted());
  EXPECT_EQ(report.outcomes.at("new_order").at("not_sent"), 1u);
}

TEST_F(ReplayMatchTest, AnUnansweredEventIsNotAccountedFor) {
  Add(LobsterType::kNewOrder, 7, 10);
  resting_.request_outcomes[1] = "accepted_only";
  EXPECT_FALSE(Compare().accounted());
}

}  // namespace
}  // namespace ringway::flow
