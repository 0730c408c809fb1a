// Implements shm_region.h: creates and seals a region, and checks a peer's.
#include "transport/port/shm_region.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

constexpr uint64_t kPageBytes = 4096;

// F_SEAL_FUTURE_WRITE, Linux 5.1; older headers do not name it.
constexpr int kSealFutureWrite = 0x0010;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | kSealFutureWrite;

constexpr uint64_t RoundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

absl::Status SystemError(absl::StatusCode code, absl::string_view what) {
  return absl::Status(code, absl::StrCat(what, ": ", absl::ErrnoToStatus(errno, "").message()));
}

// Linux 6.3; older headers do not name it. Under vm.memfd_noexec=2 the flag is required; before 6.3
// it is rejected.
constexpr unsigned int kMemfdNoexecSeal = 0x0008u;

absl::StatusOr<UniqueFd> CreateMemfd(unsigned int flags) {
  UniqueFd fd(memfd_create("ringway", flags));
  if (!fd && errno == EACCES) fd = UniqueFd(memfd_create("ringway", flags | kMemfdNoexecSeal));
  if (fd) return fd;
  const char* remedy = "";
  if (errno == ENOSYS || errno == EPERM || errno == EACCES) {
    remedy = " (allow this system call in the container's seccomp filter)";
  } else if (errno == EMFILE || errno == ENFILE) {
    remedy = " (allow more open files: LimitNOFILE=, ulimit -n)";
  }
  return SystemError(absl::StatusCode::kResourceExhausted,
                     absl::StrCat("memfd_create for shared memory", remedy));
}

absl::StatusOr<UniqueFd> CreateSized(uint64_t bytes, unsigned int extra_flags) {
  absl::StatusOr<UniqueFd> fd = CreateMemfd(MFD_CLOEXEC | MFD_ALLOW_SEALING | extra_flags);
  if (!fd.ok()) return fd;
  if (ftruncate(fd->get(), static_cast<off_t>(bytes)) != 0) {
    return SystemError(absl::StatusCode::kResourceExhausted,
                       absl::StrCat("sizing shared memory to ", bytes, " bytes"));
  }
  return fd;
}

}  // namespace

uint64_t ShmRegionBytes(uint32_t ring_bytes, bool huge_pages) noexcept {
  return RoundUp(kShmRingOffset + ring_bytes, huge_pages ? kShmHugePageBytes : kPageBytes);
}

absl::StatusOr<ShmRegion> ShmRegion::Create(uint32_t ring_bytes, bool huge_pages, ShmPages pages) {
  const bool touched = pages == ShmPages::kTouched;
  huge_pages &= touched;
  const uint64_t bytes = ShmRegionBytes(ring_bytes, huge_pages);
  constexpr unsigned int kHuge2MiB = MFD_HUGETLB | MFD_HUGE_2MB;
  absl::StatusOr<UniqueFd> fd = CreateSized(bytes, huge_pages ? kHuge2MiB : 0);
  void* base = MAP_FAILED;
  if (fd.ok()) {
    // MAP_POPULATE takes the page faults here, not in the first messages. mmap itself reserves huge
    // pages, so that touching them later cannot fail.
    base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (touched ? MAP_POPULATE : 0),
                fd->get(), 0);
  }
  if (base == MAP_FAILED) {
    if (huge_pages) return Create(ring_bytes, false);
    if (!fd.ok()) return fd.status();
    return SystemError(absl::StatusCode::kResourceExhausted,
                       absl::StrCat("mapping ", bytes, " bytes of shared memory"));
  }
  ShmRegion region(*std::move(fd), static_cast<std::byte*>(base), bytes, huge_pages);
  // MAP_POPULATE is best effort.
  for (uint64_t at = 0; touched && at < bytes; at += kPageBytes) region.base_[at] = std::byte{0};
  if (fcntl(region.fd(), F_ADD_SEALS, kSeals) != 0) {
    if (huge_pages) return Create(ring_bytes, false);
    return SystemError(absl::StatusCode::kUnimplemented,
                       "sealing shared memory against later writers (needs Linux 5.1)");
  }
  return region;
}

absl::StatusOr<ShmRegion> ShmRegion::MapPeer(UniqueFd fd, uint32_t ring_bytes,
                                             uint64_t region_bytes, ShmPeerPages pages) {
  if (!fd) return absl::InvalidArgumentError("the peer passed no memory");
  const bool huge_pages = region_bytes != ShmRegionBytes(ring_bytes, false);
  if (huge_pages && region_bytes != ShmRegionBytes(ring_bytes, true)) {
    return absl::InvalidArgumentError(absl::StrCat("the peer's memory is said to be ", region_bytes,
                                                   " bytes, a ring of ", ring_bytes, " takes ",
                                                   ShmRegionBytes(ring_bytes, false)));
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return SystemError(absl::StatusCode::kInvalidArgument, "fstat");
  if (!S_ISREG(info.st_mode))
    return absl::InvalidArgumentError("what the peer passed is not memory");
  // Only a memfd answers F_GET_SEALS.
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0) return absl::InvalidArgumentError("what the peer passed is a file, not a memfd");
  if ((seals & kSeals) != kSeals) {
    return absl::PermissionDeniedError(
        "the peer's memory is not sealed against shrinking, growing and later writers");
  }
  // After the seals: now the size can no longer change.
  if (fstat(fd.get(), &info) != 0 || static_cast<uint64_t>(info.st_size) != region_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the peer's memory is ", info.st_size,
                                                   " bytes, not the announced ", region_bytes));
  }
  // F_SEAL_FUTURE_WRITE also prevents holes: a page that exists stays. A huge page that does not
  // exist could be unavailable when it is read.
  const bool must_exist = huge_pages || pages == ShmPeerPages::kMustExist;
  constexpr uint64_t kBlockBytes = 512;
  if (must_exist && static_cast<uint64_t>(info.st_blocks) * kBlockBytes < region_bytes) {
    return absl::InvalidArgumentError(
        "the peer's memory has pages that nobody has touched: it must write them first");
  }
  void* const base =
      mmap(nullptr, region_bytes, PROT_READ,
           MAP_SHARED | (pages == ShmPeerPages::kUntouched ? 0 : MAP_POPULATE), fd.get(), 0);
  if (base == MAP_FAILED) {
    return SystemError(absl::StatusCode::kResourceExhausted, "mapping the peer's memory");
  }
  ShmRegion region(std::move(fd), static_cast<std::byte*>(base), region_bytes, huge_pages);
  region.CloseFd();
  return region;
}

ShmRegion::ShmRegion(ShmRegion&& other) noexcept
    : fd_(std::move(other.fd_)),
      base_(std::exchange(other.base_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      huge_pages_(other.huge_pages_) {}

ShmRegion& ShmRegion::operator=(ShmRegion&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  std::swap(huge_pages_, other.huge_pages_);
  return *this;
}

ShmRegion::~ShmRegion() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

}  // namespace ringway
