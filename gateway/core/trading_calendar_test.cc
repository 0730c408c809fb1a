// Tests that trading days begin when a venue's clock says so, whatever that clock does.

#include "gateway/core/trading_calendar.h"

#include <string>

#include "gtest/gtest.h"

namespace ringway {
namespace {

int64_t Ns(const std::string& utc) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, utc, &time, &error)) << error;
  return absl::ToUnixNanos(time);
}

std::string Utc(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(unix_ns), absl::UTCTimeZone());
}

TradingCalendar Of(const std::string& text) {
  const absl::StatusOr<TradingCalendar> calendar = TradingCalendar::Parse(text);
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return *calendar;
}

TEST(TradingCalendarTest, ADayBeginsAtItsTimeAndNotANanosecondBefore) {
  const TradingCalendar calendar = Of("17:00 UTC");
  const int64_t begin = Ns("2026-11-29T17:00:00Z");
  const TradingCalendar::Day day = calendar.DayAt(begin);
  EXPECT_EQ(day.began_ns, begin);
  EXPECT_EQ(Utc(day.ends_ns), "2026-11-30T17:00:00Z");
  EXPECT_EQ(day.number, 20'786u);  // 2026-11-29
  const TradingCalendar::Day before = calendar.DayAt(begin - 1);
  EXPECT_EQ(before.number, day.number - 1);
  EXPECT_EQ(before.ends_ns, begin);
}

TEST(TradingCalendarTest, TheTimeIsTheVenuesWhereItsClocksChange) {
  const TradingCalendar chicago = Of("17:00 America/Chicago");
  EXPECT_EQ(Utc(chicago.DayAt(Ns("2026-07-01T23:00:00Z")).began_ns), "2026-07-01T22:00:00Z");
  EXPECT_EQ(Utc(chicago.DayAt(Ns("2026-12-01T23:30:00Z")).began_ns), "2026-12-01T23:00:00Z");
  // The day on which clocks are put back has 25 hours.
  const TradingCalendar::Day longer = chicago.DayAt(Ns("2026-11-01T01:00:00Z"));
  EXPECT_EQ(longer.ends_ns - longer.began_ns, int64_t{25} * 3'600 * 1'000'000'000);
}

TEST(TradingCalendarTest, ATimeThatIsSkippedOrComesTwiceIsOneMoment) {
  // Chicago's clocks go from 02:00 to 03:00 on 2026-03-08, and from 02:00 to 01:00 on 2026-11-01.
  const TradingCalendar skipped = Of("02:30 America/Chicago");
  EXPECT_EQ(Utc(skipped.DayAt(Ns("2026-03-08T12:00:00Z")).began_ns), "2026-03-08T08:00:00Z");
  const TradingCalendar twice = Of("01:30 America/Chicago");
  EXPECT_EQ(Utc(twice.DayAt(Ns("2026-11-01T12:00:00Z")).began_ns), "2026-11-01T06:30:00Z");
  EXPECT_EQ(Utc(twice.DayAt(Ns("2026-11-01T07:30:00Z")).began_ns), "2026-11-01T06:30:00Z");
}

TEST(TradingCalendarTest, AnOffsetNeedsNoDatabase) {
  EXPECT_EQ(Utc(Of("06:00 +09:00").DayAt(Ns("2026-11-29T00:00:00Z")).began_ns),
            "2026-11-28T21:00:00Z");
  EXPECT_EQ(Utc(Of("23:59:59 -03:30").DayAt(Ns("2026-11-29T12:00:00Z")).began_ns),
            "2026-11-29T03:29:59Z");
}

TEST(TradingCalendarTest, EveryMomentIsInTheDayThatItFinds) {
  for (const char* text : {"00:00 UTC", "02:30 America/Chicago", "17:00 Australia/Lord_Howe"}) {
    const TradingCalendar calendar = Of(text);
    TradingCalendar::Day before = calendar.DayAt(Ns("2025-01-01T00:00:00Z"));
    for (int64_t hour = 1; hour != 3 * 366 * 24; ++hour) {
      const int64_t now = Ns("2025-01-01T00:00:00Z") + hour * 3'600 * 1'000'000'000;
      const TradingCalendar::Day day = calendar.DayAt(now);
      ASSERT_LE(day.began_ns, now);
      ASSERT_GT(day.ends_ns, now);
      ASSERT_TRUE(day.number == before.number ||
                  (day.number == before.number + 1 && day.began_ns == before.ends_ns));
      before = day;
    }
  }
}

TEST(TradingCalendarTest, WhatCannotBeReadNamesCauseAndRemedy) {
  for (const char* text :
       {"", "17:00", "17 UTC", "24:00 UTC", "17:60 UTC", "5:00 UTC", "17:00  UTC", "17:00 UTC ",
        "17:00:00:00 UTC", "-1:00 UTC", "17:00 Chicago", "17:00 America/Nowhere", "17:00 localtime",
        "17:00 /etc/localtime", "17:00 ../../etc/localtime", "17:00 +25:00", "17:00 +9:00",
        "17:00 UTC+09:00"}) {
    const absl::StatusOr<TradingCalendar> calendar = TradingCalendar::Parse(text);
    ASSERT_FALSE(calendar.ok()) << text;
    EXPECT_NE(calendar.status().message().find("America/Chicago"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace ringway
