// An open folder, and its files, opened so that no other user can substitute them.
//
// All operations apply to the folder that was opened, even if its path now leads elsewhere. Only
// regular files are opened, no symbolic links, and no open blocks (as a FIFO would). A folder
// opened for writing belongs to this process's user, and no other user may write to it; files are
// always created anew. Thread rule: any thread; const functions change the folder, not the object.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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

enum class FolderUse : uint8_t {
  kRead,     // anybody's
  kWrite,    // this user's, and only this user may write to it
  kPrivate,  // as kWrite, and only this user may read it
};

class Folder {
 public:
  // Errors: what the system says; PermissionDenied, with the remedy, where others could change it.
  static absl::StatusOr<Folder> Open(const std::string& path, FolderUse use);
  // The folder of this name in this one, and no link to one.
  absl::StatusOr<Folder> OpenFolder(const std::string& name, FolderUse use) const;

  // For reading, or for writing too. Errors: NotFound; FailedPrecondition: it is no regular file.
  absl::StatusOr<JournalFile> OpenFile(const std::string& name, bool writes = false) const;
  // A new file, of mode 0600, for reading and writing. What has the name is removed first.
  absl::StatusOr<JournalFile> CreateFile(const std::string& name) const;
  // All of a small file. Errors: as OpenFile; DataLoss where it is longer than `bytes_max`.
  absl::StatusOr<std::string> ReadFile(const std::string& name, std::size_t bytes_max) const;
  // The file holds `text` afterwards, on stable storage, or is as it was.
  absl::Status ReplaceFile(const std::string& name, std::string_view text) const;
  // No error where there is none.
  absl::Status Remove(const std::string& name) const;
  absl::Status Rename(const std::string& from, const std::string& to) const;
  // What fsync on the folder says.
  absl::Status Sync() const;

  // The names in it.
  absl::StatusOr<std::vector<std::string>> Names() const;
  // The numbers of the files that are named NUMBER.suffix, ascending.
  absl::StatusOr<std::vector<uint64_t>> NumbersIn(std::string_view suffix) const;

  int fd() const noexcept { return fd_.fd(); }
  // As it was opened: for messages.
  const std::string& path() const noexcept { return path_; }
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  uid_t owner() const noexcept { return owner_; }
  // Together they identify a folder on this machine, until it restarts.
  uint64_t device() const noexcept { return device_; }
  uint64_t inode() const noexcept { return inode_; }

 private:
  Folder(JournalFile fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static absl::StatusOr<Folder> Check(JournalFile fd, const std::string& path, FolderUse use);

  JournalFile fd_;
  std::string path_;
  uid_t owner_ = 0;
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
};

// Fills `out` from `offset` of the file. Errors: what the system says, with `path`; DataLoss where
// it is shorter.
absl::Status ReadAt(const JournalFile& file, std::span<std::byte> out, uint64_t offset,
                    const std::string& path);

// `what` and the system's text for `error` (an errno), as the kind of status that fits.
absl::Status SystemError(int error, const std::string& what);

}  // namespace ringway
