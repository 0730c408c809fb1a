// Which files is a journal, and where do they lie?
//
//   DIRECTORY/journal                     24 bytes: which journal this is (JOURNAL.md)
//   DIRECTORY/000000000001.segment ...    the segments, on the disk
//   MEMORY/ringway-journal-ID-INODE/      while a gateway runs, and after it was killed:
//     000000000007.image ...              segments whose newest bytes may not be on the disk yet
//
// MEMORY is a RAM file system (/dev/shm), so an image outlives the process but not the machine's
// power. ID is the journal's random number and INODE that of DIRECTORY/journal: a copy of a journal
// finds no images. Thread rule: free functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway {

// A file descriptor that is closed with it; -1: none.
class JournalFile {
 public:
  JournalFile() = default;
  explicit JournalFile(int fd) noexcept : fd_(fd) {}
  JournalFile(JournalFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  JournalFile& operator=(JournalFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~JournalFile();

  int fd() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct JournalPlace {
  std::string directory;
  std::string image_directory;
  uint64_t journal_id = 0;

  std::string SegmentPath(uint64_t number) const;
  std::string ImagePath(uint64_t number) const;
};

// Finds the journal in `directory`, or makes an empty one there (and the directory) where `create`.
// Errors: NotFound; DataLoss where its file is damaged; what the system says.
absl::StatusOr<JournalPlace> FindJournal(const std::string& directory,
                                         const std::string& memory_directory, bool create);

// The numbers of DIRECTORY's files that are named NUMBER.suffix, ascending; none where there is no
// such directory.
absl::StatusOr<std::vector<uint64_t>> NumbersIn(const std::string& directory,
                                                const std::string& suffix);

bool DirectoryExists(const std::string& path);

// What fsync on the directory says.
absl::Status SyncDirectory(const std::string& directory);

// `what` and the system's word for `error` (an errno), as the kind of status that fits.
absl::Status SystemError(int error, const std::string& what);

}  // namespace ringway
