// Tests of liveness.h.
#include "transport/liveness.h"

#include <gtest/gtest.h>

namespace ringway {
namespace {

constexpr LivenessLimits kLimits = {
    .heartbeat_ns = 10, .suspect_after_ns = 30, .dead_after_ns = 100};

// Turns every nanosecond up to this time.
Life TurnTo(Liveness& life, int64_t from_ns, int64_t to_ns) {
  for (int64_t now_ns = from_ns; now_ns <= to_ns; ++now_ns) life.Turn(now_ns);
  return life.Judge(to_ns);
}

TEST(LivenessTest, SilenceMakesSuspectThenDeadAndASignAliveAgain) {
  Liveness life(kLimits, 1'000);
  EXPECT_EQ(TurnTo(life, 1'000, 1'030), Life::kAlive);
  EXPECT_EQ(TurnTo(life, 1'031, 1'031), Life::kSuspect);
  EXPECT_EQ(TurnTo(life, 1'032, 1'100), Life::kSuspect);
  EXPECT_EQ(TurnTo(life, 1'101, 1'101), Life::kDead);
  life.Heard(1'101);
  EXPECT_EQ(TurnTo(life, 1'102, 1'131), Life::kAlive);
}

TEST(LivenessTest, SilenceBeforeTheFirstTurnDoesNotCount) {
  Liveness life(kLimits);
  EXPECT_EQ(TurnTo(life, 1'000'000, 1'000'030), Life::kAlive);
  EXPECT_EQ(TurnTo(life, 1'000'031, 1'000'031), Life::kSuspect);
}

TEST(LivenessTest, SilenceWhileThisEndStoodStillDoesNotCount) {
  Liveness life(kLimits, 1'000);
  EXPECT_EQ(TurnTo(life, 1'000, 1'020), Life::kAlive);
  EXPECT_EQ(TurnTo(life, 2'000, 2'030), Life::kAlive);
  EXPECT_EQ(TurnTo(life, 2'031, 2'101), Life::kDead);
}

TEST(LivenessTest, AHeartbeatIsDueAtOnceAndThenEveryInterval) {
  Liveness life(kLimits);
  EXPECT_TRUE(life.HeartbeatDue(5));
  life.Sent(5);
  EXPECT_FALSE(life.HeartbeatDue(14));
  EXPECT_TRUE(life.HeartbeatDue(15));
  EXPECT_FALSE(Liveness(kLimits, 5).HeartbeatDue(14));
}

TEST(LivenessTest, WithoutLimitsNothingIsSentOrJudged) {
  Liveness life({}, 0);
  EXPECT_FALSE(life.HeartbeatDue(INT64_MAX / 4));
  EXPECT_EQ(TurnTo(life, INT64_MAX / 4, INT64_MAX / 4), Life::kAlive);
}

}  // namespace
}  // namespace ringway
