// Tests of the alarm for reports that the journal gives up.
#include "gateway/core/retention_watch.h"

#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(RetentionWatch, ASessionThatKeepsUpIsAtNoRisk) {
  RetentionWatch watch(1);
  for (uint64_t n = 1; n != 1'000; ++n) {
    // All but the last ten are acknowledged, and those ten are in memory.
    EXPECT_FALSE(watch.Look(0, {n, n, n + 10}, {n * 1'000, n * 1'000}));
  }
}

TEST(RetentionWatch, WhatIsStillInMemoryIsAtNoRisk) {
  RetentionWatch watch(1);
  EXPECT_FALSE(watch.Look(0, {5, 5, 5}, {1'000, 0}));
  EXPECT_FALSE(watch.Look(0, {5, 5, 900}, {9'000, 8'000}));
}

TEST(RetentionWatch, AnAlarmComesOnceWhenWhatIsNotInMemoryGoes) {
  RetentionWatch watch(2);
  EXPECT_FALSE(watch.Look(0, {5, 5, 5}, {1'000, 0}));
  EXPECT_FALSE(watch.Look(0, {5, 5, 6}, {2'000, 0}));
  // Report 5 is at position 1,000 or later.
  EXPECT_FALSE(watch.Look(0, {5, 50, 90}, {9'000, 1'000}));
  EXPECT_TRUE(watch.Look(0, {5, 50, 90}, {9'000, 1'001}));
  EXPECT_FALSE(watch.Look(0, {5, 60, 99}, {9'500, 2'000}));
  EXPECT_FALSE(watch.Look(1, {5, 5, 6}, {9'500, 2'000})) << "another session";
  // The client catches up, then falls behind again.
  EXPECT_FALSE(watch.Look(0, {99, 99, 99}, {9'600, 2'000}));
  EXPECT_FALSE(watch.Look(0, {99, 99, 99}, {9'600, 2'000}));
  EXPECT_FALSE(watch.Look(0, {99, 150, 200}, {20'000, 9'600}));
  EXPECT_TRUE(watch.Look(0, {99, 150, 200}, {20'000, 9'601}));
}

// Marks also move on for a client that is always some reports behind, as on a long link.
TEST(RetentionWatch, MarksMoveOnWithTheAcknowledgements) {
  RetentionWatch watch(1);
  for (uint64_t n = 100; n != 1'000; ++n) {
    const uint64_t oldest = n < 300 ? 0 : (n - 200) * 1'000;
    EXPECT_FALSE(watch.Look(0, {n - 50, n - 20, n}, {n * 1'000, oldest})) << n;
  }
}

TEST(RetentionWatch, ARestartKnowsOfNoAcknowledgement) {
  RetentionWatch watch(1);
  EXPECT_FALSE(watch.Look(0, {40, 40, 90}, {5'000, 4'000})) << "in memory";
  EXPECT_FALSE(watch.Look(0, {40, 60, 110}, {6'000, 4'000}))
      << "what went before is an earlier process's to tell";
  EXPECT_TRUE(watch.Look(0, {40, 60, 110}, {6'000, 4'001}));
}

TEST(RetentionWatch, TheLineNamesSessionReportsAndRemedy) {
  const std::string line = RetentionWatch::Line(7, {5, 50, 90});
  for (const char* part : {"ALARM", "session 7", "from number 5 on", "before 50", "keep_bytes"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
}

}  // namespace
}  // namespace ringway
