// The record file of an end of a fault run, of which a killed process loses nothing.
//
// A file of 32-byte records, each appended by one write(2): what has been written is in the kernel
// and outlives the process. An end writes kSent before it sends, and kReceived before the message
// can be acknowledged. Thread rule: one writer; concurrent readers.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "base/random.h"

namespace ringway::faults {

enum class RecordKind : uint32_t {
  kStart = 1,  // a process took over the file; number: its id
  kUp,         // logged on
  kDown,       // link or session lost; content: the end's longest turn since it last received, ns
  kSent,       // about to be sent, perhaps again after a kStart
  kReceived,
};

struct Record {
  RecordKind kind;
  uint32_t epoch;    // of the link; 0 without one
  uint64_t number;   // of the message, from 1 in each direction
  uint64_t content;  // what the message carried
  int64_t t_ns;      // CLOCK_MONOTONIC: the same clock at both ends
};
static_assert(sizeof(Record) == 32 && std::is_trivially_copyable_v<Record>);

// The content of message `number`, each way: unique, so that a receiver can identify it.
inline uint64_t RequestContent(uint64_t number) noexcept { return Random(number).Next() >> 2; }
inline uint64_t ReportContent(uint64_t number) noexcept { return Random(~number).Next(); }

class RecordWriter {
 public:
  // Appends to the existing file, starting with kStart. If the file cannot be written the process
  // ends: a run without its records proves nothing.
  explicit RecordWriter(const std::string& path);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void Write(RecordKind kind, uint32_t epoch, uint64_t number, uint64_t content) noexcept;

 private:
  int fd_;
};

// Follows a file that another process writes.
class RecordReader {
 public:
  explicit RecordReader(std::string path) : path_(std::move(path)) {}

  // All complete records so far; none while there is no file.
  const std::vector<Record>& Read();

 private:
  std::string path_;
  std::vector<Record> records_;
};

}  // namespace ringway::faults
