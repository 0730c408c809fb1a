// Tests that an operator is told of clock events, and not too often.
#include "base/clock_notice.h"

#include <string>

#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(ClockNoticeTest, FirstAndLastDisagreementAreTold) {
  ClockNotice notice;
  EXPECT_EQ(notice.Text(0, 0), "");
  EXPECT_NE(notice.Text(1, 0).find("was put right"), std::string::npos);
  for (uint32_t n = 2; n != SteadyUnixClock::kRebasesMax; ++n) EXPECT_EQ(notice.Text(n, 0), "");
  EXPECT_NE(notice.Text(SteadyUnixClock::kRebasesMax, 0).find("read instead"), std::string::npos);
  EXPECT_EQ(notice.Text(SteadyUnixClock::kRebasesMax, 0), "");
}

TEST(ClockNoticeTest, EverySuspendIsToldWithItsLength) {
  ClockNotice notice;
  EXPECT_NE(notice.Text(0, 3'600 * kNsPerS).find("3600 s"), std::string::npos);
  EXPECT_NE(notice.Text(0, 3'660 * kNsPerS).find(" 60 s"), std::string::npos);
  EXPECT_EQ(notice.Text(0, 3'660 * kNsPerS), "");
}

}  // namespace
}  // namespace ringway
