// Tests of when a session is on: zones, days, weeks, and clocks that change.
#include "protocol/fix/schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"

namespace ringway::fix {
namespace {

int64_t At(const std::string& text, const std::string& zone = "UTC") {
  absl::TimeZone loaded;
  EXPECT_TRUE(absl::LoadTimeZone(zone, &loaded));
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, loaded, &time, &error)) << error;
  return absl::ToUnixNanos(time);
}

Schedule Made(const ScheduleConfig& config) {
  const auto schedule = Schedule::Make(config);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return *schedule;
}

void ExpectPeriod(const Schedule& schedule, int64_t now, bool on, int64_t start, int64_t until) {
  const Schedule::Period period = schedule.At(now);
  EXPECT_EQ(period.on, on);
  EXPECT_EQ(period.start_ns, start);
  EXPECT_EQ(period.until_ns, until);
}

TEST(Schedule, IsDailyOnGivenDays) {
  const Schedule schedule =
      Made({.start = "08:00:00", .end = "17:30:00", .days = "mon tue wed thu fri"});
  // 2026-11-27 is a Friday.
  ExpectPeriod(schedule, At("2026-11-27 12:00:00"), true, At("2026-11-27 08:00:00"),
               At("2026-11-27 17:30:00"));
  ExpectPeriod(schedule, At("2026-11-27 08:00:00"), true, At("2026-11-27 08:00:00"),
               At("2026-11-27 17:30:00"));
  ExpectPeriod(schedule, At("2026-11-27 17:30:00"), false, At("2026-11-27 08:00:00"),
               At("2026-11-30 08:00:00"));
  ExpectPeriod(schedule, At("2026-11-29 12:00:00"), false, At("2026-11-27 08:00:00"),
               At("2026-11-30 08:00:00"));
  ExpectPeriod(schedule, At("2026-11-30 07:59:59"), false, At("2026-11-27 08:00:00"),
               At("2026-11-30 08:00:00"));
}

TEST(Schedule, GoesOverMidnightInItsZone) {
  const Schedule schedule = Made(
      {.time_zone = "America/Chicago", .start = "17:00:00", .end = "16:00:00", .days = "sun mon"});
  const auto chicago = [](const std::string& text) { return At(text, "America/Chicago"); };
  // 2026-11-29 is a Sunday.
  ExpectPeriod(schedule, chicago("2026-11-30 03:00:00"), true, chicago("2026-11-29 17:00:00"),
               chicago("2026-11-30 16:00:00"));
  ExpectPeriod(schedule, chicago("2026-11-30 16:30:00"), false, chicago("2026-11-29 17:00:00"),
               chicago("2026-11-30 17:00:00"));
  ExpectPeriod(schedule, chicago("2026-12-02 12:00:00"), false, chicago("2026-11-30 17:00:00"),
               chicago("2026-12-06 17:00:00"));
}

TEST(Schedule, AroundTheClockHasAPeriodADay) {
  const Schedule schedule = Made({});
  ExpectPeriod(schedule, At("2026-11-30 23:59:59"), true, At("2026-11-30 00:00:00"),
               At("2026-12-01 00:00:00"));
  ExpectPeriod(schedule, At("2026-12-01 00:00:00"), true, At("2026-12-01 00:00:00"),
               At("2026-12-02 00:00:00"));
}

TEST(Schedule, IsWeekly) {
  const Schedule schedule =
      Made({.start = "22:00:00", .end = "21:00:00", .start_day = "sun", .end_day = "Fri"});
  ExpectPeriod(schedule, At("2026-12-01 12:00:00"), true, At("2026-11-29 22:00:00"),
               At("2026-12-04 21:00:00"));
  ExpectPeriod(schedule, At("2026-12-05 12:00:00"), false, At("2026-11-29 22:00:00"),
               At("2026-12-06 22:00:00"));
  // From Sunday to the next Sunday.
  const Schedule whole =
      Made({.start = "22:00:00", .end = "22:00:00", .start_day = "sun", .end_day = "sun"});
  ExpectPeriod(whole, At("2026-12-05 12:00:00"), true, At("2026-11-29 22:00:00"),
               At("2026-12-06 22:00:00"));
}

TEST(Schedule, FollowsTheClocksOfItsZone) {
  const Schedule schedule =
      Made({.time_zone = "America/New_York", .start = "02:30:00", .end = "17:00:00"});
  // 2026-03-08: 02:30 is skipped, so it starts at the jump, 07:00 UTC.
  EXPECT_EQ(schedule.At(At("2026-03-08 12:00:00")).start_ns, At("2026-03-08 07:00:00"));
  EXPECT_EQ(schedule.At(At("2026-03-07 12:00:00")).start_ns, At("2026-03-07 07:30:00"));
  EXPECT_EQ(schedule.At(At("2026-03-09 12:00:00")).start_ns, At("2026-03-09 06:30:00"));
  // 2026-11-01: 01:30 comes twice, the first counts.
  const Schedule twice =
      Made({.time_zone = "America/New_York", .start = "01:30:00", .end = "17:00:00"});
  EXPECT_EQ(twice.At(At("2026-11-01 12:00:00")).start_ns, At("2026-11-01 05:30:00"));
}

// A loop that looks only at until_ns sees the same as one that looks at every quarter of an hour.
TEST(Schedule, ChangesExactlyWhenItSaid) {
  const Schedule schedule = Made({.time_zone = "Europe/Zurich",
                                  .start = "18:00:00",
                                  .end = "17:45:00",
                                  .days = "mon tue wed thu sun"});
  Schedule::Period period = schedule.At(At("2026-01-01 00:00:00"));
  for (int64_t now = At("2026-01-01 00:00:00"); now < At("2027-01-01 00:00:00");
       now += 900 * kNsPerS) {
    if (now >= period.until_ns) period = schedule.At(now);
    const Schedule::Period fresh = schedule.At(now);
    ASSERT_EQ(fresh.on, period.on);
    ASSERT_EQ(fresh.start_ns, period.start_ns);
    ASSERT_EQ(fresh.until_ns, period.until_ns);
    ASSERT_GT(fresh.until_ns, now);
    ASSERT_LE(fresh.start_ns, now);
  }
}

TEST(Schedule, RefusesWithTheKey) {
  const auto error = [](const ScheduleConfig& config) {
    return std::string(Schedule::Make(config).status().message());
  };
  EXPECT_NE(error({.time_zone = "Mars/Olympus"}).find("time_zone"), std::string::npos);
  for (const char* time : {"8:00:00", "24:00:00", "08:60:00", "08:00", "08:00:0x", ""}) {
    EXPECT_NE(error({.start = time}).find("start"), std::string::npos) << time;
    EXPECT_NE(error({.end = time}).find("end"), std::string::npos) << time;
  }
  EXPECT_NE(error({.days = "mon monday"}).find("days"), std::string::npos);
  EXPECT_NE(error({.start_day = "mon"}).find("start_day"), std::string::npos);
  EXPECT_NE(error({.start_day = "mon", .end_day = "x"}).find("end_day"), std::string::npos);
  EXPECT_NE(error({.days = "mon", .start_day = "mon", .end_day = "tue"}).find("days"),
            std::string::npos);
}

}  // namespace
}  // namespace ringway::fix
