// Implements record.h: appends records to the file, and reads them while it grows.
#include "tests/softroce/faults/record.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

namespace ringway::faults {

RecordWriter::RecordWriter(const std::string& path)
    : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  RINGWAY_CHECK(fd_ >= 0, "the record file cannot be opened");
  Write(RecordKind::kStart, 0, static_cast<uint64_t>(getpid()), 0);
}

RecordWriter::~RecordWriter() { close(fd_); }

void RecordWriter::Write(RecordKind kind, uint32_t epoch, uint64_t number,
                         uint64_t content) noexcept {
  const Record record{kind, epoch, number, content, MonotonicNowNs()};
  RINGWAY_CHECK(write(fd_, &record, sizeof(record)) == sizeof(record),
                "the record file cannot be written");
}

const std::vector<Record>& RecordReader::Read() {
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return records_;
  Record some[256];
  for (;;) {
    const ssize_t bytes =
        pread(fd, some, sizeof(some), static_cast<off_t>(records_.size() * sizeof(Record)));
    const size_t count = bytes > 0 ? static_cast<size_t>(bytes) / sizeof(Record) : 0;
    if (count == 0) break;
    records_.insert(records_.end(), some, some + count);
  }
  close(fd);
  return records_;
}

}  // namespace ringway::faults
