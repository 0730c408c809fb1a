// When a session is on: from a time of the day to another, in a named time zone, on given days or
// once a week.
//
// Numbers belong to a period: the next period begins with 1. A time that the zone skips counts as
// the moment of the jump, one that comes twice as the first. A Schedule does not change and is
// looked up by any thread. At() does not allocate.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ringway::fix {

struct ScheduleConfig {
  std::string time_zone = "UTC";  // a name of the tz database
  std::string start = "00:00:00";
  std::string end = "00:00:00";  // not after the start: it is on the next day (or week)
  // Daily: the days on which a period may start, as "mon tue wed thu fri". Empty: every day.
  std::string days = {};
  // Weekly: the day of the start and the day of the end, as "sun" and "fri". Both or none, and then
  // no `days`.
  std::string start_day = {};
  std::string end_day = {};
};

class Schedule {
 public:
  static absl::StatusOr<Schedule> Make(const ScheduleConfig& config);

  struct Period {
    bool on = false;
    int64_t start_ns = 0;  // of the period, or of the one before if it is not on
    int64_t until_ns = 0;  // when the answer changes
  };
  Period At(int64_t unix_ns) const noexcept;

 private:
  Schedule() = default;

  // The period that starts on the day so many days after `day`.
  struct Bounds {
    int64_t start_ns;
    int64_t end_ns;
  };
  Bounds BoundsOf(absl::CivilDay day) const noexcept;
  bool StartsOn(absl::CivilDay day) const noexcept;

  absl::TimeZone zone_;
  int32_t start_s_ = 0;  // of the day
  int32_t end_s_ = 0;
  int32_t days_long_ = 0;   // days from that of the start to that of the end
  uint8_t start_days_ = 0;  // bit 0: Monday
};

}  // namespace ringway::fix
