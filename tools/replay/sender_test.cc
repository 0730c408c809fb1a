// Tests that a file's steps are cut into runs that leave none out and mix no flows.

#include "tools/replay/sender.h"

#include <string>

#include "gtest/gtest.h"

namespace ringway::flow {
namespace {

std::vector<ReplayStep> Steps(const std::string& kinds) {
  std::vector<ReplayStep> steps;
  for (const char kind : kinds) {
    ReplayStep step;
    step.action = kind == 'n'   ? ReplayAction::kNew
                  : kind == 'c' ? ReplayAction::kCancel
                  : kind == 't' ? ReplayAction::kTake
                                : ReplayAction::kSkip;
    steps.push_back(step);
  }
  return steps;
}

constexpr ReplayFlow kRests = ReplayFlow::kResting;
constexpr ReplayFlow kTakes = ReplayFlow::kAggressing;

TEST(ReplayFlowTest, RunsChangeWhereTheFlowChanges) {
  const std::vector<ReplayRun> expected = {{0, 2, kRests}, {2, 3, kTakes}, {3, 5, kRests}};
  EXPECT_EQ(CutIntoRuns(Steps("nctcn")), expected);
}

TEST(ReplayFlowTest, SkippedStepsBelongToTheRunThatTheyLieIn) {
  const std::vector<ReplayRun> expected = {{0, 4, kRests}, {4, 8, kTakes}};
  EXPECT_EQ(CutIntoRuns(Steps("-n--tt--")), expected);
}

TEST(ReplayFlowTest, SkippedStepsDoNotPartARun) {
  const std::vector<ReplayRun> expected = {{0, 4, kTakes}};
  EXPECT_EQ(CutIntoRuns(Steps("t--t")), expected);
}

TEST(ReplayFlowTest, NothingToSendIsNoRun) {
  EXPECT_TRUE(CutIntoRuns(Steps("---")).empty());
  EXPECT_TRUE(CutIntoRuns(Steps("")).empty());
}

}  // namespace
}  // namespace ringway::flow
