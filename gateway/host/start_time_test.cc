// Tests that a clock that contradicts the journal is reported or refused, and that time returns to
// the true time.
#include "gateway/host/start_time.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

constexpr int64_t kHourNs = 3'600 * kNsPerS;
constexpr int64_t kDayNs = 24 * kHourNs;
constexpr int64_t kWallNs = 1'800'000'000 * kNsPerS;

class StartTimeTest : public ::testing::Test {
 protected:
  absl::StatusOr<int64_t> Choose(int64_t journal_ns, bool accept = false) {
    said_.clear();
    return ChooseStartTime(kWallNs, journal_ns,
                           {.ahead_max_ns = kHourNs,
                            .accept_clock = accept,
                            .report = [this](std::string_view line) { said_ += line; }});
  }

  std::string said_;
};

TEST_F(StartTimeTest, AnOrdinaryStartSaysNothing) {
  EXPECT_EQ(*Choose(0), kWallNs);
  EXPECT_EQ(*Choose(kWallNs - 3 * kDayNs), kWallNs);
  EXPECT_EQ(*Choose(kWallNs + kNsPerS / 2), kWallNs + kNsPerS / 2);
  EXPECT_EQ(said_, "");
}

TEST_F(StartTimeTest, AJournalThatIsAheadIsToldAndBeyondTheBoundRefused) {
  EXPECT_EQ(*Choose(kWallNs + kHourNs), kWallNs + kHourNs);
  EXPECT_NE(said_.find("ahead by 3600 s"), std::string::npos) << said_;
  const absl::Status refused = Choose(kWallNs + 100 * kDayNs).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_NE(refused.message().find("ahead by 100 days"), std::string::npos) << refused;
  EXPECT_NE(refused.message().find("--accept-clock"), std::string::npos) << refused;
  EXPECT_EQ(*Choose(kWallNs + 100 * kDayNs, true), kWallNs + 100 * kDayNs);
  EXPECT_NE(said_.find("100 days"), std::string::npos) << said_;
}

TEST_F(StartTimeTest, AClockThatIsImplausiblyAheadIsToldAndByYearsRefused) {
  EXPECT_EQ(*Choose(kWallNs - 100 * kDayNs), kWallNs);
  EXPECT_NE(said_.find("off for 100 days?"), std::string::npos) << said_;
  EXPECT_TRUE(absl::IsFailedPrecondition(Choose(kWallNs - 400 * kDayNs).status()));
  EXPECT_EQ(*Choose(kWallNs - 400 * kDayNs, true), kWallNs);
}

TEST(TimeLeadTest, TimeGoesOnSlowerUntilItIsTrueAgainAndNeverBack) {
  TimeLead lead(kWallNs, kWallNs + kHourNs);
  int64_t last_ns = 0;
  for (int64_t passed_ns = 0; passed_ns <= 11 * kHourNs; passed_ns += kNsPerS / 3) {
    const int64_t now_ns = lead.At(kWallNs + passed_ns);
    ASSERT_GT(now_ns, last_ns);
    ASSERT_GE(now_ns, kWallNs + passed_ns);
    last_ns = now_ns;
    if (passed_ns > 10 * kHourNs) {
      ASSERT_EQ(now_ns, kWallNs + passed_ns);
    }
  }
  EXPECT_FALSE(lead.ahead());
  TimeLead none(kWallNs, kWallNs - kHourNs);
  EXPECT_EQ(none.At(kWallNs + 1), kWallNs + 1);
}

}  // namespace
}  // namespace ringway
