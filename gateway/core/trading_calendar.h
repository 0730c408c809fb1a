// TradingCalendar: when a venue's trading days begin.
//
// Every day at one time of day, in the venue's time zone. Pure functions of the time and of the
// machine's time zone data: the engine is told the results (Origin::kTradingDay), so a replay needs
// neither. Where clocks are put forward over that time of day, the day begins at that moment; where
// that time occurs twice, at the first. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace ringway {

class TradingCalendar {
 public:
  struct Day {
    uint32_t number;   // its date in the venue's time zone, in days since 1970-01-01
    int64_t began_ns;  // since the Unix epoch
    int64_t ends_ns;   // when the next one begins
  };

  // "HH:MM ZONE" or "HH:MM:SS ZONE"; ZONE is a name of the IANA time zone database, such as
  // "America/Chicago", or "UTC", or an offset from it, "+09:00". Errors: InvalidArgument with cause
  // and remedy.
  static absl::StatusOr<TradingCalendar> Parse(std::string_view text);

  // The trading day at this time, from 1970-01-03 on.
  Day DayAt(int64_t unix_ns) const;

 private:
  TradingCalendar(int32_t second_of_day, absl::TimeZone zone)
      : second_of_day_(second_of_day), zone_(zone) {}
  int64_t BeginOf(absl::CivilDay date) const;

  int32_t second_of_day_;
  absl::TimeZone zone_;
};

}  // namespace ringway
