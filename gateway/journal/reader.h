// Reads a journal record by record, and finds its end.
//
// Returns the records in order, each checked: checksum, sequence, chain. At a bad record the bytes
// behind it decide:
//
//   nothing believable             the last record was not finished: the journal ends here
//   believable records, none of    a power failure destroyed parts of what was never durable: the
//   which says that this place     journal ends here (only if power may have failed)
//   was durable
//   anything else                  damage: an error that names file, offset and remedy
//
// A reader changes nothing. Bytes behind the end stay and are never read again: where there are any
// the writer continues in a new segment, whose first record says where the one before ended.
//
// Thread rule: one thread. Lifetime: the source outlives the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/journal/format.h"
#include "gateway/journal/record.h"
#include "gateway/journal/source.h"

namespace ringway {

// What was behind the end and is ignored.
struct JournalTear {
  std::string file;
  uint64_t offset;   // in that file: the journal's end
  uint64_t bytes;    // up to the file's last byte that is not zero
  uint64_t records;  // whole records behind a hole, never durable, also in later segments
};

struct JournalEnd {
  JournalCursor cursor;
  uint32_t start = 0;           // of the last record; 0: there is none
  int64_t time_ns = 0;          // of the latest record; the next process's clock begins no earlier
  uint64_t segment_number = 0;  // the segment that the end lies in; 0: there is none
  uint32_t version = 0;         // of that segment's format; 0: there is none
  uint64_t durable = 0;         // what the last record says was on stable storage
  // So many segments behind it, without a gap, hold nothing but their headers.
  uint64_t blank_behind = 0;
  std::optional<JournalTear> tear;
};

class JournalReader {
 public:
  enum class Result : uint8_t { kRecord, kEnd, kFailed };

  explicit JournalReader(JournalSource& source);

  // Goes to `from`, as a snapshot kept it, or to the oldest record there is. Call it once, first.
  // Errors: NotFound (`from` is older than what is kept), FailedPrecondition (no record ends at
  // `from`), DataLoss, and what the source says.
  absl::Status Open(const std::optional<JournalCursor>& from = std::nullopt);

  // kRecord: `out` is the next, its body valid until the next call. kEnd: see end(). kFailed: see
  // status(); both stay.
  Result Next(JournalRecord& out);

  const absl::Status& status() const noexcept { return status_; }
  // REQUIRES: Next() answered kEnd.
  const JournalEnd& end() const noexcept { return end_; }

 private:
  struct Segment {
    SegmentHeader header;
    uint32_t seed;
    // Its first record is believable; then what it says.
    bool begun = false;
    RecordHeader start;
    uint64_t previous_end = 0;
  };
  // What is believable behind a bad record.
  struct Evidence {
    uint64_t records = 0;
    uint64_t durable_max = 0;
    uint64_t first_position = 0;
  };

  absl::Status ReadHeaders();
  absl::Status CheckHeader(std::size_t index);
  absl::Status ReadStart(std::size_t index);
  // The bytes of segment `index` from `offset`, as many as a record may need.
  absl::Status Window(std::size_t index, uint64_t offset, std::span<const std::byte>& out);
  Result Enter(std::size_t index);
  Result EndOrFail();
  // `used_end` becomes the offset behind the last byte from `begin` on that is not zero, if any.
  absl::Status Search(std::size_t index, uint64_t begin, Evidence& evidence, uint64_t& used_end);
  Result Fail(absl::Status status);
  absl::Status Damage(uint64_t offset, const std::string& what) const;

  JournalSource& source_;
  std::vector<Segment> segments_;
  std::vector<std::byte> window_;
  std::size_t window_index_ = SIZE_MAX;
  uint64_t window_offset_ = 0;
  std::size_t window_bytes_ = 0;

  std::size_t index_ = 0;  // the segment in use
  uint64_t offset_ = 0;    // of the next record in it
  JournalCursor cursor_;   // what the next record must follow
  uint32_t start_ = 0;
  int64_t time_ns_ = 0;
  uint64_t durable_ = 0;
  bool ended_ = false;
  absl::Status status_;
  JournalEnd end_;
};

}  // namespace ringway
