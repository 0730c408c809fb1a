// Implements verbs_memory.h: maps memory, and reads the limit on pinned memory.
#include "transport/port/verbs_memory.h"

#include <linux/capability.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kHugePageBytes = 2u << 20;

}  // namespace

absl::StatusOr<VerbsMemory> VerbsMemory::Map(uint64_t bytes_wanted, bool huge_pages) {
  const uint64_t unit = huge_pages ? kHugePageBytes : kPageBytes;
  const uint64_t bytes = (bytes_wanted + unit - 1) / unit * unit;
  const int flags =
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | (huge_pages ? MAP_HUGETLB | MAP_HUGE_2MB : 0);
  void* const base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (base == MAP_FAILED) {
    if (huge_pages) return Map(bytes_wanted, false);
    return absl::ResourceExhaustedError(
        absl::StrCat("mapping ", bytes, " bytes for an RDMA link: ", std::strerror(errno)));
  }
  VerbsMemory memory;
  memory.base_ = static_cast<std::byte*>(base);
  memory.bytes_ = bytes;
  memory.huge_pages_ = huge_pages;
  // If a forked child wrote here, copy-on-write would take the device's pages away from this
  // process.
  if (madvise(base, bytes, MADV_DONTFORK) != 0) {
    return absl::InternalError(absl::StrCat("madvise(MADV_DONTFORK): ", std::strerror(errno)));
  }
  // MAP_POPULATE is best effort.
  for (uint64_t at = 0; at < bytes; at += kPageBytes) memory.base_[at] = std::byte{0};
  return memory;
}

VerbsMemory::VerbsMemory(VerbsMemory&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      huge_pages_(other.huge_pages_) {}

VerbsMemory& VerbsMemory::operator=(VerbsMemory&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  std::swap(huge_pages_, other.huge_pages_);
  return *this;
}

VerbsMemory::~VerbsMemory() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

LockLimits ReadLockLimits() {
  LockLimits limits;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    limits.limit_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmPin:")) {
      limits.pinned_bytes = std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
    } else if (line.starts_with("CapEff:")) {
      const uint64_t capabilities = std::strtoull(line.c_str() + 7, nullptr, 16);
      limits.unlimited = (capabilities >> CAP_IPC_LOCK & 1) != 0;
    }
  }
  return limits;
}

absl::Status CheckLockable(uint64_t bytes, const LockLimits& limits) {
  if (limits.unlimited || limits.limit_bytes == UINT64_MAX ||
      (limits.pinned_bytes <= limits.limit_bytes &&
       bytes <= limits.limit_bytes - limits.pinned_bytes)) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "an RDMA link needs ", bytes, " bytes of locked memory; this process may lock ",
      limits.limit_bytes, " (RLIMIT_MEMLOCK) and has ", limits.pinned_bytes,
      " pinned. Remedy: ulimit -l unlimited, LimitMEMLOCK=infinity in its systemd unit, "
      "--ulimit memlock=-1:-1 for its container, or the capability CAP_IPC_LOCK; or a smaller "
      "ring"));
}

}  // namespace ringway
