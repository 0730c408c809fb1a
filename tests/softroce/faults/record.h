// What does each end of a fault run leave behind, so that a killed process loses none of it?
//
// A file of 32-byte records, each appended by one write(2): what has been written is the kernel's
// and outlives the process. An end writes kSent before it sends, and kReceived before anything of
// it can be acknowledged. Thread rule: one writer; anybody may read meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "base/random.h"

namespace ringway::faults {

enum class RecordKind : uint32_t {
  kStart = 1,  // a process took the file over; number: its id
  kUp,         // logged on
  kDown,       // link or session lost; content: the end's longest turn since it last received, ns
  kSent,       // about to be sent, perhaps again after a kStart
  kReceived,
};

struct Record {
  RecordKind kind;
  uint32_t epoch;    // of the link; 0 where it has none
  uint64_t number;   // of the message, from 1 in each direction
  uint64_t content;  // what the message carried
  int64_t t_ns;      // CLOCK_MONOTONIC: the same clock at both ends
};
static_assert(sizeof(Record) == 32 && std::is_trivially_copyable_v<Record>);

// What message `number` carries, each way: a receiver can tell it from any other.
inline uint64_t RequestContent(uint64_t number) noexcept { return Random(number).Next() >> 2; }
inline uint64_t ReportContent(uint64_t number) noexcept { return Random(~number).Next(); }

class RecordWriter {
 public:
  // Appends to what is there, beginning with kStart. A file that cannot be written ends the
  // process: a run without its records proves nothing.
  explicit RecordWriter(const std::string& path);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void Write(RecordKind kind, uint32_t epoch, uint64_t number, uint64_t content) noexcept;

 private:
  int fd_;
};

// Follows a file that somebody else writes.
class RecordReader {
 public:
  explicit RecordReader(std::string path) : path_(std::move(path)) {}

  // All whole records so far; none while there is no file.
  const std::vector<Record>& Read();

 private:
  std::string path_;
  std::vector<Record> records_;
};

}  // namespace ringway::faults
