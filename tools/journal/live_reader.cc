// When a journal is opened again.
#include "tools/journal/live_reader.h"

#include <algorithm>

namespace ringway {

absl::Status LiveReader::OpenOnce(const Begin& begin) {
  reader_.reset();
  absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::Open(directory_, memory_directory_);
  if (!source.ok()) return source.status();
  source_ = *std::move(source);
  const absl::StatusOr<std::optional<JournalCursor>> from = begin(*source_);
  if (!from.ok()) return from.status();
  reader_ = std::make_unique<JournalReader>(*source_);
  absl::Status opened = reader_->Open(*from);
  if (opened.ok()) cursor_ = *from;
  return opened;
}

absl::Status LiveReader::Open(const Begin& begin) {
  if (OpenOnce(begin).ok()) return absl::OkStatus();
  return OpenOnce(begin);
}

LiveReader::Result LiveReader::Next(JournalRecord& out) {
  if (!status_.ok()) return Result::kFailed;
  Result result = reader_->Next(out);
  if (result == Result::kFailed && !std::exchange(tried_again_, true)) {
    status_ = OpenOnce([this](const FileSource&) { return cursor_; });
    if (!status_.ok()) return Result::kFailed;
    result = reader_->Next(out);
  }
  switch (result) {
    case Result::kRecord:
      tried_again_ = false;
      cursor_ = out.cursor();
      start_ = out.header.start;
      time_ns_ = std::max(time_ns_, out.header.time_ns);
      break;
    case Result::kFailed:
      status_ = reader_->status();
      break;
    case Result::kEnd:
      end_ = reader_->end();
      // One that was opened at the end has seen no record.
      end_.start = std::max(end_.start, start_);
      end_.time_ns = std::max(end_.time_ns, time_ns_);
      break;
  }
  return result;
}

}  // namespace ringway
