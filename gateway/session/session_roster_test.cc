// Tests of the roster: whom a turn visits, and how many at most.
#include "gateway/session/session_roster.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gtest/gtest.h"
#include "transport/link.h"

namespace ringway {
namespace {

struct FakeSession {
  bool live() const { return is_live; }
  bool quiet() const { return true; }
  ArrivalSign Arrival() const { return {reinterpret_cast<const std::byte*>(&word), 1}; }

  RosterPlace place;
  bool is_live = true;
  alignas(8) uint32_t word = 0;  // 1: something has come
  uint32_t visits = 0;
  uint32_t upkeeps = 0;
};

class SessionRosterTest : public testing::Test {
 protected:
  static constexpr uint32_t kSessions = 100;
  static constexpr uint32_t kHotMax = 4;
  static constexpr uint32_t kColdAfter = 3;
  static constexpr uint32_t kLooks = 8;

  void Add(uint32_t count) {
    for (uint32_t i = 0; i != count; ++i) {
      sessions_.push_back(std::make_unique<FakeSession>());
      roster_.Add(*sessions_.back());
    }
  }
  // Returns how many sessions were visited. One to which something has come takes it.
  uint32_t Turn() {
    uint32_t visits = 0;
    roster_.Visit(
        [&](FakeSession& session) {
          ++visits;
          ++session.visits;
          const bool busy = session.word != 0;
          session.word = 0;
          return busy;
        },
        [] { return true; });
    return visits;
  }
  void Turns(uint32_t count) {
    for (uint32_t i = 0; i != count; ++i) Turn();
  }
  uint32_t ColdCount() const {
    uint32_t count = 0;
    for (const auto& session : sessions_) count += session->place.cold;
    return count;
  }

  std::vector<std::unique_ptr<FakeSession>> sessions_;
  SessionRoster<FakeSession> roster_{
      {.hot_max = kHotMax, .cold_after_turns = kColdAfter, .cold_looks = kLooks}, kSessions};
};

TEST_F(SessionRosterTest, AFewAreAllHot) {
  Add(kHotMax);
  Turns(10 * kColdAfter);
  EXPECT_EQ(ColdCount(), 0u);
  EXPECT_EQ(Turn(), kHotMax);
}

TEST_F(SessionRosterTest, OfManyTheSilentOnesCostNoVisit) {
  Add(kSessions);
  Turns(kColdAfter);
  EXPECT_EQ(ColdCount(), kSessions);
  EXPECT_EQ(Turn(), 0u);
}

TEST_F(SessionRosterTest, WhatComesToAColdOneIsFoundInTheLooksThatThereAre) {
  Add(kSessions);
  Turns(kColdAfter);
  for (uint32_t i = 0; i != kSessions; ++i) {
    FakeSession& session = *sessions_[i];
    const uint32_t before = session.visits;
    session.word = 1;
    Turns((kSessions + kLooks - 1) / kLooks);
    EXPECT_GT(session.visits, before);
    EXPECT_EQ(session.word, 0u);
  }
}

TEST_F(SessionRosterTest, AfterASleepTheNextTurnFindsWhatHasCome) {
  Add(kSessions);
  Turns(kColdAfter);
  for (const uint32_t i : {0u, 41u, 42u, 99u}) sessions_[i]->word = 1;
  roster_.LookEverywhere();
  EXPECT_EQ(Turn(), 4u);
  for (const auto& session : sessions_) EXPECT_EQ(session->word, 0u);
}

TEST_F(SessionRosterTest, LooksBetweenTurnsFindItToo) {
  Add(kSessions);
  EXPECT_TRUE(roster_.SeesInput()) << "too many are hot to look at";
  Turns(kColdAfter);
  EXPECT_FALSE(roster_.SeesInput());
  sessions_[50]->word = 1;
  bool seen = false;
  for (uint32_t i = 0; i != kSessions && !seen; ++i) seen = roster_.SeesInput();
  EXPECT_TRUE(seen);
  EXPECT_TRUE(roster_.SeesInput()) << "it is hot, and has not taken it";
  EXPECT_EQ(Turn(), 1u);
  EXPECT_FALSE(roster_.SeesInput());
}

TEST_F(SessionRosterTest, WithFewLeftAllAreHotAgain) {
  Add(kSessions);
  Turns(kColdAfter);
  for (uint32_t i = 0; i != kSessions - kHotMax; ++i) roster_.Remove(*sessions_[i]);
  EXPECT_EQ(roster_.all().size(), kHotMax);
  EXPECT_EQ(Turn(), kHotMax);
}

TEST_F(SessionRosterTest, ASpentBudgetHitsAnotherOneEachTurn) {
  Add(3);
  std::array<uint32_t, 3> left_out{};
  for (int turn = 0; turn != 30; ++turn) {
    uint32_t budget = 2;
    for (auto& session : sessions_) session->visits = 0;
    roster_.Visit(
        [&](FakeSession& session) {
          --budget;
          ++session.visits;
          return true;
        },
        [&] { return budget != 0; });
    for (size_t i = 0; i != 3; ++i) left_out[i] += sessions_[i]->visits == 0;
  }
  for (const uint32_t times : left_out) EXPECT_EQ(times, 10u);
}

TEST_F(SessionRosterTest, UpkeepGoesAroundInSmallSteps) {
  Add(kSessions);
  Turns(kColdAfter);
  for (const uint32_t i : {7u, 70u}) roster_.Warm(*sessions_[i]);
  int64_t now_ns = kNsPerS;
  const auto turn = [&] {
    uint32_t count = 0;
    roster_.ForDue(now_ns, [&](FakeSession& session) {
      ++count;
      ++session.upkeeps;
    });
    return count;
  };
  for (; now_ns < kNsPerS + 20 * kNsPerMs; now_ns += 10 * kNsPerUs) turn();
  for (auto& session : sessions_) session->upkeeps = 0;
  for (; now_ns < kNsPerS + 120 * kNsPerMs; now_ns += 10 * kNsPerUs) EXPECT_LE(turn(), 2u);
  for (const auto& session : sessions_) {
    EXPECT_NEAR(session->upkeeps, session->place.cold ? 10 : 100, 1);
  }
  // After a sleep each has its turn soon, and no turn is long.
  for (auto& session : sessions_) session->upkeeps = 0;
  now_ns += 60 * kNsPerS;
  for (int i = 0; i != 100; ++i) EXPECT_LE(turn(), 64u);
  for (const auto& session : sessions_) EXPECT_GE(session->upkeeps, 1u);
}

// However sessions come, go, warm and cool: each is visited when something has come to it.
TEST_F(SessionRosterTest, NobodyIsLost) {
  Random random(7);
  Add(kSessions);
  std::vector<bool> in(kSessions, true);
  for (int step = 0; step != 20'000; ++step) {
    const auto i = static_cast<size_t>(random.Below(kSessions));
    FakeSession& session = *sessions_[i];
    switch (random.Below(4)) {
      case 0:
        if (in[i]) {
          roster_.Remove(session);
        } else {
          roster_.Add(session);
        }
        in[i] = !in[i];
        break;
      case 1:
        if (in[i] && session.place.cold) roster_.Warm(session);
        break;
      case 2:
        session.word = 1;
        break;
      default:
        Turn();
    }
    if (step % 100 != 0) continue;
    for (auto& one : sessions_) one->word = 1;
    roster_.LookEverywhere();
    Turn();
    for (size_t at = 0; at != kSessions; ++at) ASSERT_EQ(sessions_[at]->word, in[at] ? 0u : 1u);
  }
}

}  // namespace
}  // namespace ringway
