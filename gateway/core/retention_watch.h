// An alarm for the moment at which the journal gives up reports that a session may still ask for.
//
// A session keeps its latest reports in memory. Older ones that its client has not acknowledged are
// in the journal alone, whose oldest segments go (journal.keep_bytes). Where a report lies in the
// journal is not known exactly: each look notes the number of the next report and the journal's
// end, and a noted pair counts as soon as everything before it is acknowledged. So the alarm may
// come early, by what the journal grew between two looks, and never late. Of what clients
// acknowledged before a restart nothing is known: what is in memory then counts as not
// acknowledged. Thread rule: the engine's thread. Only Line() allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/core/step.h"

namespace ringway {

class RetentionWatch {
 public:
  // Of one session, as numbers of its reports.
  struct Reports {
    uint64_t acknowledged;  // before it the client has all
    uint64_t kept;          // from it on they are in memory
    uint64_t next;          // the next to be made
  };
  // Positions.
  struct Journal {
    uint64_t end;
    uint64_t oldest;  // before it nothing is left
  };

  explicit RetentionWatch(std::size_t sessions) : marks_(sessions) {}

  // True, once, when reports that may be asked for are gone; again when the session has been well
  // since.
  bool Look(std::size_t session, const Reports& reports, const Journal& journal) noexcept {
    Marks& marks = marks_[session];
    if (reports.acknowledged >= marks.later.report) {
      marks.earlier = std::exchange(marks.later, {reports.next, journal.end});
    }
    const bool at_risk =
        reports.acknowledged < reports.kept && marks.earlier.position < journal.oldest;
    const bool told = std::exchange(marks.told, at_risk);
    return at_risk && !told;
  }

  static std::string Line(SessionId session, const Reports& reports);

 private:
  // Reports from this number on lie at this position or behind it.
  struct Mark {
    uint64_t report = 0;
    uint64_t position = 0;
  };
  struct Marks {
    Mark earlier;  // everything before its report is acknowledged
    Mark later;
    bool told = false;
  };

  std::vector<Marks> marks_;  // by session
};

}  // namespace ringway
