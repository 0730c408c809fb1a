// The system's own answers.
#include "gateway/journal/file_operations.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace ringway {
namespace {

// A kernel that preempts only at the end of a system call (PREEMPT_NONE) runs no other thread on
// the core before that: writing this much takes some 10 us.
constexpr std::size_t kWriteBytesMax = 64 << 10;

}  // namespace

int SystemFileOperations::WriteAt(int fd, std::span<const std::byte> bytes,
                                  uint64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), std::min(bytes.size(), kWriteBytesMax),
                                   static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return 0;
}

uint64_t SystemFileOperations::FreeBytes(int fd) noexcept {
  struct statfs info {};
  // A RAM file system without a limit has no blocks.
  if (fstatfs(fd, &info) != 0 || info.f_blocks == 0) return UINT64_MAX;
  return static_cast<uint64_t>(info.f_bavail) * static_cast<uint64_t>(info.f_bsize);
}

uint64_t SystemFileOperations::FileSystem(int fd) noexcept {
  struct statfs info {};
  return fstatfs(fd, &info) == 0 ? static_cast<uint64_t>(info.f_type) : 0;
}

std::string_view WhyVolatile(uint64_t file_system) noexcept {
  switch (file_system) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
      return "a file system in memory, which ends with the machine's power";
    case OVERLAYFS_SUPER_MAGIC:
      return "an overlay, as the writable layer of a container, which ends with the container";
    default:
      return {};
  }
}

int SystemFileOperations::Sync(int fd) noexcept { return fdatasync(fd) == 0 ? 0 : errno; }

int SystemFileOperations::SyncFolder(int fd) noexcept { return fsync(fd) == 0 ? 0 : errno; }

}  // namespace ringway
