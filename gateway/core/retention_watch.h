// An alarm for the moment at which the journal gives up reports that a session may still ask for.
//
// A session keeps its latest reports in memory. Older reports that its client has not acknowledged
// are only in the journal, whose oldest segments are removed (journal.keep_bytes). The exact place
// of a report in the journal is not known: each look notes the number of the next report and the
// journal's end, and a noted pair counts as soon as everything before it is acknowledged. So the
// alarm may come early, by what the journal grew between two looks, and never late. What clients
// acknowledged before a restart is unknown: what is in memory then counts as not acknowledged, and
// may lie anywhere in what is left of the journal.
// Thread rule: the engine's thread. Only Line() allocates.
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
  // Report numbers of one session.
  struct Reports {
    uint64_t acknowledged;  // the client has acknowledged everything before it
    uint64_t kept;          // reports from here on are in memory
    uint64_t next;          // the number of the next report
  };
  // Positions in the journal.
  struct Journal {
    uint64_t end;
    uint64_t oldest;  // everything before it has been removed
  };

  explicit RetentionWatch(std::size_t sessions) : marks_(sessions) {}

  // True, once, when reports that the session may ask for are gone; true again only after the
  // session has recovered.
  bool Look(std::size_t session, const Reports& reports, const Journal& journal) noexcept {
    Marks& marks = marks_[session];
    // What was removed before the first look was an earlier process's to tell.
    if (marks.later.report == 0) marks.later.position = journal.oldest;
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
  // Reports from this number on are at this position or later.
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
