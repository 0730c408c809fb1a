// Which segments of the journal contain which reports of a session, so that a recall need not read
// from the oldest record on.
//
// Filled by every reader of the journal: the start's replay, and recalls. If a segment is missing
// from the index, a recall only begins earlier. Thread rule: one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/core/step.h"
#include "gateway/journal/format.h"

namespace ringway {

class ReportIndex {
 public:
  // 40 bytes each. Segments beyond are not indexed.
  static constexpr std::size_t kEntriesMax = std::size_t{1} << 20;

  // One reading of the journal, record by record, from any place on.
  struct Pass {
    std::optional<JournalCursor> segment;  // behind its first record; none: it began in the middle
    absl::flat_hash_map<SessionId, bool> noted;  // in this segment
  };
  static void EnterSegment(Pass& pass, const JournalCursor& behind_first_record) {
    pass.segment = behind_first_record;
    pass.noted.clear();
  }

  // The session's report `seq` is in the pass's segment.
  void Note(Pass& pass, SessionId session, uint64_t seq) {
    if (!pass.segment || !pass.noted.try_emplace(session, true).second) return;
    std::vector<Entry>& entries = sessions_[session];
    const auto at = std::ranges::lower_bound(entries, seq, {}, &Entry::seq);
    if (at != entries.end() && at->seq == seq) return;
    if (count_ == kEntriesMax) return;
    entries.insert(at, {seq, *pass.segment});
    ++count_;
  }

  // Where reading has to begin to find the session's report `seq`; none: at the oldest record.
  std::optional<JournalCursor> Find(SessionId session, uint64_t seq) const {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return std::nullopt;
    const auto behind = std::ranges::upper_bound(found->second, seq, {}, &Entry::seq);
    if (behind == found->second.begin()) return std::nullopt;
    return std::prev(behind)->segment;
  }

  std::size_t count() const noexcept { return count_; }

 private:
  struct Entry {
    uint64_t seq;  // the session's first in the segment
    JournalCursor segment;
  };
  absl::flat_hash_map<SessionId, std::vector<Entry>> sessions_;  // ascending
  std::size_t count_ = 0;
};

}  // namespace ringway
