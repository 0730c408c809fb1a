// What the journal asks of a disk, so that a test can answer instead.
//
// Thread rule: called by the journal's background threads, two at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ringway {

class FileOperations {
 public:
  virtual ~FileOperations() = default;
  // All of `bytes` at `offset`. Answers 0 or an errno.
  virtual int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept = 0;
  // fdatasync. Answers 0 or an errno.
  virtual int Sync(int fd) noexcept = 0;
  // fsync of a folder: which names it has. Answers 0 or an errno.
  virtual int SyncFolder(int fd) noexcept = 0;
  // Bytes that this process may still use of the file system that `fd` is on; UINT64_MAX if the
  // file system does not count them.
  virtual uint64_t FreeBytes(int fd) noexcept = 0;
  // The kind of file system that `fd` is on, as statfs says it; 0 where it does not.
  virtual uint64_t FileSystem(int fd) noexcept = 0;
};

// Why files on a file system of this kind (FileSystem()) may not last; empty: they do, as far as is
// known.
std::string_view WhyVolatile(uint64_t file_system) noexcept;

class SystemFileOperations : public FileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override;
  int Sync(int fd) noexcept override;
  int SyncFolder(int fd) noexcept override;
  uint64_t FreeBytes(int fd) noexcept override;
  uint64_t FileSystem(int fd) noexcept override;
};

}  // namespace ringway
