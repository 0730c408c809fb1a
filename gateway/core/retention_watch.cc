// RetentionWatch's slow part: the text of the alarm.
#include "gateway/core/retention_watch.h"

#include "absl/strings/str_cat.h"

namespace ringway {

std::string RetentionWatch::Line(SessionId session, const Reports& reports) {
  return absl::StrCat(
      "journal: ALARM: session ", session, " has not acknowledged its reports from number ",
      reports.acknowledged, " on; those before ", reports.kept,
      " are in the journal alone, which no longer reaches back that far (keep_bytes). When it "
      "returns it is logged out once, gets a snapshot of its open orders and positions, and has to "
      "compare its fills with the venue's. Remedy: raise journal.keep_bytes, and see why the "
      "session does not read");
}

}  // namespace ringway
