// Chooses the time of a start, and words the warnings and refusals about clocks.
#include "gateway/host/start_time.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/utc.h"

namespace ringway {
namespace {

// A smaller difference is not reported: a clock that NTP corrects explains it.
constexpr int64_t kUntoldNs = kNsPerS;
// A gateway that was off for longer than holidays last logs it; for longer than a year, it refuses
// to start until confirmed.
constexpr int64_t kDayNs = 86'400 * kNsPerS;
constexpr int64_t kLongOffNs = 10 * kDayNs;
constexpr int64_t kTooLongOffNs = 366 * kDayNs;

std::string Span(int64_t ns) {
  if (ns >= 2 * kDayNs) return absl::StrCat(ns / kDayNs, " days");
  return absl::StrCat(ns / kNsPerS, " s");
}

}  // namespace

absl::StatusOr<int64_t> ChooseStartTime(int64_t wall_ns, int64_t journal_ns,
                                        const StartTimeOptions& options) {
  if (journal_ns == 0) return wall_ns;
  const int64_t ahead_ns = journal_ns - wall_ns;
  const std::string both =
      absl::StrCat("the wall clock says ", FormatUtc(wall_ns), ", the journal's last record ",
                   FormatUtc(journal_ns), ": ");
  if (ahead_ns > std::max(options.ahead_max_ns, kUntoldNs) && !options.accept_clock) {
    return absl::FailedPreconditionError(absl::StrCat(
        both, "the journal is ahead by ", Span(ahead_ns), ", more than host.clock_ahead_max (",
        Span(options.ahead_max_ns),
        "). Either the clock is wrong now, or it was when an earlier process ran. Remedy: set the "
        "clock (timedatectl, chronyc tracking). If it is right: the engine's time cannot go back, "
        "so close the orders that are open and begin with an empty journal directory; or start "
        "once with --accept-clock, and live with times that are ahead for ten times as long"));
  }
  if (-ahead_ns > kTooLongOffNs && !options.accept_clock) {
    return absl::FailedPreconditionError(absl::StrCat(
        both, "the clock is ahead by ", Span(-ahead_ns),
        ". What is recorded under a wrong clock stays in the journal for ever. Remedy: set the "
        "clock (timedatectl, chronyc tracking); if it is right, start once with --accept-clock"));
  }
  if (options.report && ahead_ns > kUntoldNs) {
    options.report(
        absl::StrCat("warning: ", both, "the engine's time is ahead by ", Span(ahead_ns),
                     " and passes a tenth slower until both agree. See that the clock is right"));
  }
  if (options.report && -ahead_ns > kLongOffNs) {
    options.report(absl::StrCat("warning: ", both, "was the gateway off for ", Span(-ahead_ns),
                                "? If not, the clock is wrong: stop, and set it, before orders "
                                "are recorded under it"));
  }
  return std::max(wall_ns, journal_ns);
}

}  // namespace ringway
