// How calls are taken on their way to the system.
#include "gateway/journal/testing/disk_trace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"

extern "C" {
// The system's own, by the linker's --wrap.
int __real_openat(int folder, const char* name, int flags, ...);
int __real_mkdir(const char* path, mode_t mode);
ssize_t __real_write(int fd, const void* bytes, size_t count);
ssize_t __real_pwrite(int fd, const void* bytes, size_t count, off_t offset);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_renameat(int from_folder, const char* from, int to_folder, const char* to);
int __real_unlinkat(int folder, const char* name, int flags);
ssize_t __real_getrandom(void* bytes, size_t count, unsigned flags);
}

namespace ringway::testing {
namespace {

// The trace that records; null: none.
std::atomic<DiskTrace*> recording{nullptr};

std::mutex random_mutex;
std::optional<Random> random_numbers;  // of getrandom(), under random_mutex

}  // namespace

// One call: holds the trace's lock while it lasts, where it concerns the folder.
class DiskTrace::Calls {
 public:
  Calls() : trace_(recording.load(std::memory_order_acquire)) {
    if (trace_ != nullptr) lock_ = std::unique_lock(trace_->mutex_);
  }

  // What an open file is to the trace. All are false for what it does not watch.
  bool IsFolder(int fd) const {
    return trace_ != nullptr && trace_->folder_.number != 0 && InodeOf(fd) == trace_->folder_;
  }
  bool IsParent(int fd) const { return trace_ != nullptr && InodeOf(fd) == trace_->parent_; }
  std::optional<uint32_t> FileOf(int fd) const {
    if (trace_ == nullptr) return std::nullopt;
    const auto found = trace_->files_.find(InodeOf(fd));
    if (found == trace_->files_.end()) return std::nullopt;
    return found->second;
  }
  bool IsDirectory(const char* path) const {
    return trace_ != nullptr && path == trace_->directory_;
  }

  // Before the call: false, with errno, where the process is dead.
  bool MayChange() {
    if (trace_->operations_left_ == 0) {
      errno = EIO;
      return false;
    }
    --trace_->operations_left_;
    promise_ = trace_->promise_();
    return true;
  }
  // After it, where it changed something.
  void Record(DiskOperation operation) {
    trace_->Add(std::move(operation));
    trace_->promises_.push_back(promise_);
  }
  uint32_t NewFile(int fd) {
    const uint32_t file = trace_->file_count_++;
    trace_->files_[InodeOf(fd)] = file;
    return file;
  }
  // A file was made elsewhere, perhaps with the inode of one that is no more.
  void Forget(int fd) {
    if (trace_ != nullptr) trace_->files_.erase(InodeOf(fd));
  }
  void SeeFolder() {
    struct stat info {};
    if (stat(trace_->directory_.c_str(), &info) == 0) {
      trace_->folder_ = {info.st_dev, info.st_ino};
    }
  }

 private:
  static Inode InodeOf(int fd) {
    struct stat info {};
    if (fd < 0 || fstat(fd, &info) != 0) return {};
    return {info.st_dev, info.st_ino};
  }

  DiskTrace* const trace_;
  std::unique_lock<std::mutex> lock_;
  Promise promise_;
};

DiskTrace::DiskTrace(std::string directory, std::function<Promise()> promise)
    : directory_(std::move(directory)), promise_(std::move(promise)), base_(ReadDisk(directory_)) {
  const std::string parent = directory_.substr(0, directory_.rfind('/'));
  struct stat info {};
  RINGWAY_CHECK(stat(parent.c_str(), &info) == 0, "the folder above is there");
  parent_ = {info.st_dev, info.st_ino};
  if (stat(directory_.c_str(), &info) == 0) folder_ = {info.st_dev, info.st_ino};
  for (const auto& [name, bytes] : base_.files) {
    RINGWAY_CHECK(stat((directory_ + "/" + name).c_str(), &info) == 0, "a file stays");
    files_[{info.st_dev, info.st_ino}] = file_count_++;
  }
  RINGWAY_CHECK(recording.exchange(this, std::memory_order_acq_rel) == nullptr,
                "one trace at a time");
}

DiskTrace::~DiskTrace() { End(); }

void DiskTrace::End() {
  DiskTrace* self = this;
  if (!recording.compare_exchange_strong(self, nullptr, std::memory_order_acq_rel)) return;
  promises_.push_back(promise_());
}

void DiskTrace::KillAfter(uint64_t operations) {
  const std::lock_guard lock(mutex_);
  operations_left_ = operations;
}

std::size_t DiskTrace::count() const {
  const std::lock_guard lock(mutex_);
  return operations_.size();
}

void SeedSystemRandom(uint64_t seed) {
  const std::lock_guard lock(random_mutex);
  random_numbers.emplace(seed);
}

}  // namespace ringway::testing

using ringway::testing::DiskOperation;
using ringway::testing::DiskTrace;
using DiskKind = ringway::testing::DiskOperation::Kind;

extern "C" {

int __wrap_openat(int folder, const char* name, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if ((flags & O_CREAT) == 0) return __real_openat(folder, name, flags, mode);
  DiskTrace::Calls call;
  if (!call.IsFolder(folder)) {
    const int fd = __real_openat(folder, name, flags, mode);
    if (fd >= 0) call.Forget(fd);
    return fd;
  }
  if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return __real_openat(folder, name, flags, mode);
  }
  if (!call.MayChange()) return -1;
  const int fd = __real_openat(folder, name, flags, mode);
  if (fd >= 0) {
    DiskOperation operation{.kind = DiskKind::kCreate, .name = name, .to = {}, .bytes = {}};
    operation.file = call.NewFile(fd);
    call.Record(std::move(operation));
  }
  return fd;
}

int __wrap_mkdir(const char* path, mode_t mode) {
  DiskTrace::Calls call;
  if (!call.IsDirectory(path)) return __real_mkdir(path, mode);
  if (!call.MayChange()) return -1;
  const int result = __real_mkdir(path, mode);
  if (result == 0) {
    call.SeeFolder();
    call.Record({.kind = DiskKind::kMakeFolder, .name = {}, .to = {}, .bytes = {}});
  }
  return result;
}

ssize_t __wrap_pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  DiskTrace::Calls call;
  const std::optional<uint32_t> file = call.FileOf(fd);
  if (!file.has_value()) return __real_pwrite(fd, bytes, count, offset);
  if (!call.MayChange()) return -1;
  const ssize_t written = __real_pwrite(fd, bytes, count, offset);
  if (written > 0) {
    call.Record(
        {.kind = DiskKind::kWrite,
         .file = *file,
         .offset = static_cast<uint64_t>(offset),
         .name = {},
         .to = {},
         .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))});
  }
  return written;
}

ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
  DiskTrace::Calls call;
  const std::optional<uint32_t> file = call.FileOf(fd);
  if (!file.has_value()) return __real_write(fd, bytes, count);
  if (!call.MayChange()) return -1;
  const off_t offset = lseek(fd, 0, SEEK_CUR);
  const ssize_t written = __real_write(fd, bytes, count);
  if (written > 0) {
    call.Record(
        {.kind = DiskKind::kWrite,
         .file = *file,
         .offset = static_cast<uint64_t>(offset),
         .name = {},
         .to = {},
         .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))});
  }
  return written;
}

int __wrap_fsync(int fd) {
  DiskTrace::Calls call;
  const std::optional<uint32_t> file = call.FileOf(fd);
  const bool folder = call.IsFolder(fd);
  if (!file.has_value() && !folder && !call.IsParent(fd)) return __real_fsync(fd);
  if (!call.MayChange()) return -1;
  const int result = __real_fsync(fd);
  if (result == 0) {
    call.Record({.kind = file.has_value() ? DiskKind::kSyncFile
                         : folder         ? DiskKind::kSyncFolder
                                          : DiskKind::kSyncParent,
                 .file = file.value_or(0),
                 .name = {},
                 .to = {},
                 .bytes = {}});
  }
  return result;
}

int __wrap_fdatasync(int fd) {
  DiskTrace::Calls call;
  const std::optional<uint32_t> file = call.FileOf(fd);
  if (!file.has_value()) return __real_fdatasync(fd);
  if (!call.MayChange()) return -1;
  const int result = __real_fdatasync(fd);
  if (result == 0) {
    call.Record({.kind = DiskKind::kSyncFile, .file = *file, .name = {}, .to = {}, .bytes = {}});
  }
  return result;
}

int __wrap_renameat(int from_folder, const char* from, int to_folder, const char* to) {
  DiskTrace::Calls call;
  if (!call.IsFolder(from_folder) || !call.IsFolder(to_folder)) {
    return __real_renameat(from_folder, from, to_folder, to);
  }
  if (!call.MayChange()) return -1;
  const int result = __real_renameat(from_folder, from, to_folder, to);
  if (result == 0) {
    call.Record({.kind = DiskKind::kRename, .name = from, .to = to, .bytes = {}});
  }
  return result;
}

int __wrap_unlinkat(int folder, const char* name, int flags) {
  DiskTrace::Calls call;
  if (!call.IsFolder(folder)) return __real_unlinkat(folder, name, flags);
  if (!call.MayChange()) return -1;
  const int result = __real_unlinkat(folder, name, flags);
  if (result == 0) {
    call.Record({.kind = DiskKind::kUnlink, .name = name, .to = {}, .bytes = {}});
  }
  return result;
}

ssize_t __wrap_getrandom(void* bytes, size_t count, unsigned flags) {
  const std::lock_guard lock(ringway::testing::random_mutex);
  if (!ringway::testing::random_numbers.has_value()) return __real_getrandom(bytes, count, flags);
  for (std::size_t at = 0; at < count;) {
    const uint64_t number = ringway::testing::random_numbers->Next();
    const std::size_t part = std::min(sizeof(number), count - at);
    std::memcpy(static_cast<char*>(bytes) + at, &number, part);
    at += part;
  }
  return static_cast<ssize_t>(count);
}

}  // extern "C"
