// Tests that every LOBSTER event becomes the right request or a counted skip.

#include "tools/replay/plan.h"

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

LobsterEvent Event(uint64_t line, LobsterType type, uint64_t order_id, uint64_t size) {
  LobsterEvent event;
  event.line = line;
  event.type = type;
  event.order_id = order_id;
  event.size = size;
  event.price = 1000;
  event.buy = true;
  return event;
}

TEST(ReplayPlanTest, EachTypeBecomesItsRequest) {
  const std::vector<LobsterEvent> events = {
      Event(1, LobsterType::kNewOrder, 9, 100), Event(2, LobsterType::kPartialCancel, 9, 30),
      Event(3, LobsterType::kVisibleExecution, 9, 20), Event(4, LobsterType::kDelete, 9, 50)};
  const std::vector<ReplayStep> steps = PlanReplay(events);
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].action, ReplayAction::kNew);
  EXPECT_EQ(steps[1].action, ReplayAction::kReduce);
  EXPECT_EQ(steps[2].action, ReplayAction::kTake);
  EXPECT_EQ(steps[3].action, ReplayAction::kCancel);
  for (const ReplayStep& step : steps) EXPECT_EQ(step.root_line, 1u);
  EXPECT_EQ(steps[2].flow(), ReplayFlow::kAggressing);
  EXPECT_EQ(steps[3].flow(), ReplayFlow::kResting);
}

TEST(ReplayPlanTest, AReplaceLowersTheOriginalByAllPartialCancelsButNotByExecutions) {
  const std::vector<LobsterEvent> events = {Event(1, LobsterType::kNewOrder, 9, 100),
                                            Event(2, LobsterType::kPartialCancel, 9, 30),
                                            Event(3, LobsterType::kVisibleExecution, 9, 20),
                                            Event(4, LobsterType::kPartialCancel, 9, 10)};
  const std::vector<ReplayStep> steps = PlanReplay(events);
  EXPECT_EQ(steps[1].total_qty, 70u);
  EXPECT_EQ(steps[3].total_qty, 60u);
  EXPECT_EQ(steps[2].executed_qty, 20u);
}

TEST(ReplayPlanTest, AStepTellsWhyItIsSkipped) {
  const std::vector<LobsterEvent> events = {
      Event(1, LobsterType::kDelete, 5, 1),        Event(2, LobsterType::kVisibleExecution, 5, 1),
      Event(3, LobsterType::kPartialCancel, 5, 1), Event(4, LobsterType::kHiddenExecution, 0, 1),
      Event(5, LobsterType::kHalt, 0, 0),          Event(6, LobsterType::kNewOrder, 5, 1),
      Event(7, LobsterType::kCrossTrade, 0, 100)};
  const std::vector<ReplayStep> steps = PlanReplay(events);
  constexpr SkipCause kCauses[] = {SkipCause::kUnknownOrder, SkipCause::kUnknownOrder,
                                   SkipCause::kUnknownOrder, SkipCause::kHiddenExecution,
                                   SkipCause::kHalt,         SkipCause::kNone,
                                   SkipCause::kCrossTrade};
  ASSERT_EQ(steps.size(), std::size(kCauses));
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].skip_cause, kCauses[i]) << i;
    EXPECT_EQ(steps[i].action, i == 5 ? ReplayAction::kNew : ReplayAction::kSkip) << i;
  }
}

}  // namespace
}  // namespace ringway::flow
