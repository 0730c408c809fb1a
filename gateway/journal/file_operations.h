// What the journal asks of a disk, so that a test can answer instead.
//
// Thread rule: called by the journal's background threads, two at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringway {

class FileOperations {
 public:
  virtual ~FileOperations() = default;
  // All of `bytes` at `offset`. Answers 0 or an errno.
  virtual int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept = 0;
  // fdatasync. Answers 0 or an errno.
  virtual int Sync(int fd) noexcept = 0;
  // What this process may still use of the file system that `fd` is on; UINT64_MAX where nobody
  // counts.
  virtual uint64_t FreeBytes(int fd) noexcept = 0;
};

class SystemFileOperations : public FileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override;
  int Sync(int fd) noexcept override;
  uint64_t FreeBytes(int fd) noexcept override;
};

}  // namespace ringway
