// What a journal says, record by record, for tests that compare it with what was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/source.h"

namespace ringway::testing {

struct HistoryRecord {
  uint64_t position = 0;
  uint64_t end = 0;
  std::string bytes;  // header and body

  bool operator==(const HistoryRecord&) const = default;
};

// Records that follow each other.
using History = std::vector<HistoryRecord>;

// All that a reader gives, from the oldest segment on; `end` is its end.
inline absl::Status ReadHistory(JournalSource& source, History& history, JournalEnd& end) {
  history.clear();
  JournalReader reader(source);
  if (absl::Status opened = reader.Open(); !opened.ok()) return opened;
  JournalRecord record;
  while (reader.Next(record) == JournalReader::Result::kRecord) {
    std::string bytes(reinterpret_cast<const char*>(&record.header), sizeof(record.header));
    bytes.append(reinterpret_cast<const char*>(record.body.data()), record.body.size());
    history.push_back({record.position, record.end(), std::move(bytes)});
  }
  if (reader.status().ok()) end = reader.end();
  return reader.status();
}

// Where in `whole` the records of `part` begin, without a gap and to the last byte; SIZE_MAX where
// they are not a part of it. An empty part begins at 0.
inline std::size_t FindPart(const History& whole, const History& part) {
  if (part.empty()) return 0;
  std::size_t begin = 0;
  while (begin < whole.size() && whole[begin].position != part.front().position) ++begin;
  if (whole.size() - begin < part.size()) return SIZE_MAX;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (whole[begin + i] != part[i]) return SIZE_MAX;
  }
  return begin;
}

// Goes on with what a later reading found: it may lack the oldest records and have more at the end.
// False where it is another history.
inline bool Extend(History& whole, const History& later) {
  if (later.empty()) return whole.empty();
  std::size_t begin = 0;
  while (begin < whole.size() && whole[begin].position != later.front().position) ++begin;
  if (begin == whole.size() && !whole.empty()) return false;
  if (later.size() < whole.size() - begin) return false;
  for (std::size_t i = 0; i < later.size(); ++i) {
    if (begin + i < whole.size()) {
      if (whole[begin + i] != later[i]) return false;
    } else {
      whole.push_back(later[i]);
    }
  }
  return true;
}

}  // namespace ringway::testing
