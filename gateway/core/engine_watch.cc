// EngineWatch's slow part: formats the lines for operators.
#include "gateway/core/engine_watch.h"

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace ringway {
namespace {

absl::string_view Text(std::string_view name) { return {name.data(), name.size()}; }

}  // namespace

std::string EngineWatch::TradingDayLine(VenueId venue, uint32_t day) {
  return absl::StrCat("venue ", venue, ": trading day ",
                      absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + day), " has begun");
}

std::string EngineWatch::OverdueLine(uint64_t orders, const EngineCounters& counters) {
  return absl::StrCat(
      orders, " more orders were still open when the day or date for which they were ",
      "sent was over (", counters.overdue, " since the start, of which ", counters.overdue_ended,
      " ended here as their venue is configured): the venues are asked to cancel "
      "them until they have ended");
}

std::string EngineWatch::UnknownLine(uint64_t reports, const UnknownReport& latest) {
  return absl::StrCat(
      "warning: venue ", latest.venue,
      " reports about an order that is not known here: ", Text(Name(latest.exec_type)), " of ",
      latest.last_qty, ", side ", Text(Name(latest.side)), ", account ", latest.account,
      ", instrument ", latest.instrument, ", request ", latest.venue_request_id, ", execution ",
      latest.exec_id, "; ",
      latest.booked ? "its position follows it"
                    : "nothing was booked: compare the position with the venue's",
      reports == 1 ? "" : absl::StrCat("; and ", reports - 1, " more (see `ringway status`)"));
}

}  // namespace ringway
