// Reads a journal that a gateway may begin to write at any time.
//
// A gateway that starts keeps, reuses and removes the images that were opened before. So what
// cannot be read, or reads as damage, is opened and read once more from where it was last whole,
// and counts only if it is the same again.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"

namespace ringway {

class LiveReader {
 public:
  using Result = JournalReader::Result;
  // Where to start reading.
  using Begin =
      std::function<absl::StatusOr<std::optional<JournalCursor>>(const FileSource& source)>;

  LiveReader(std::string directory, std::string memory_directory)
      : directory_(std::move(directory)), memory_directory_(std::move(memory_directory)) {}

  // Errors: FileSource::Open()'s, JournalReader::Open()'s, and those of `begin`, which is asked
  // again where opening is tried again.
  absl::Status Open(const Begin& begin);

  // As JournalReader::Next().
  Result Next(JournalRecord& out);

  const absl::Status& status() const noexcept { return status_; }
  // REQUIRES: Next() answered kEnd.
  const JournalEnd& end() const noexcept { return end_; }

 private:
  absl::Status OpenOnce(const Begin& begin);

  const std::string directory_;
  const std::string memory_directory_;
  std::unique_ptr<FileSource> source_;
  std::unique_ptr<JournalReader> reader_;
  std::optional<JournalCursor> cursor_;  // behind the last record; none: where it began
  uint32_t start_ = 0;                   // of the last record
  int64_t time_ns_ = 0;
  bool tried_again_ = false;  // since the last record
  absl::Status status_;
  JournalEnd end_;
};

}  // namespace ringway
