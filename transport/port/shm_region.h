// The memory that one side of a shared-memory link writes: a sealed memfd with its state line and
// its outgoing ring.
//
//   0     state line (64 bytes; the rest of the page is zero)
//   4096  ring
//
// The writer maps it writable, normally touches every page, then seals it: nobody, including the
// writer, can shrink it, grow it or map it writable again (memfd_create(2), fcntl(2)
// F_SEAL_FUTURE_WRITE). The reader checks that before it maps. Thread rule: set-up code; the
// mapping itself is used by the link's thread. Lifetime: unmapped on destruction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "transport/state_line.h"
#include "transport/unique_fd.h"

namespace ringway {

inline constexpr uint64_t kShmRingOffset = 4096;
inline constexpr uint64_t kShmHugePageBytes = 2u << 20;

// The size of a region for this ring, with ordinary or with huge pages.
uint64_t ShmRegionBytes(uint32_t ring_bytes, bool huge_pages) noexcept;

// The kernel charges a page to the process that touches it first, and the page stays while anybody
// maps it. kUntouched: this process touches no page before it is used, because the peer has proved
// nothing; such memory has ordinary pages.
enum class ShmPages { kTouched, kUntouched };

// How to treat pages of a peer's region that nobody has touched yet.
enum class ShmPeerPages {
  kMake,       // reading allocates them for the reader: clients
  kMustExist,  // refused: listeners, for peers with full service
  kUntouched,
};

class ShmRegion {
 public:
  // Creates, maps, touches and seals. `huge_pages` is a preference.
  // Errors: ResourceExhausted (memory, descriptors), Unimplemented (kernel older than 5.1), naming
  // the call.
  static absl::StatusOr<ShmRegion> Create(uint32_t ring_bytes, bool huge_pages,
                                          ShmPages pages = ShmPages::kTouched);

  // Checks what a peer passed and maps it read-only.
  // Errors: PermissionDenied when it is not sealed; InvalidArgument when it is of the wrong kind or
  // size, or has pages that do not exist yet (with kMustExist, and huge pages always): reading
  // would charge them to this process.
  static absl::StatusOr<ShmRegion> MapPeer(UniqueFd fd, uint32_t ring_bytes, uint64_t region_bytes,
                                           ShmPeerPages pages);

  ShmRegion() = default;
  ShmRegion(ShmRegion&& other) noexcept;
  ShmRegion& operator=(ShmRegion&& other) noexcept;
  ~ShmRegion();

  StateLine* state() const noexcept { return reinterpret_cast<StateLine*>(base_); }
  std::byte* ring() const noexcept { return base_ + kShmRingOffset; }
  uint64_t bytes() const noexcept { return bytes_; }
  bool huge_pages() const noexcept { return huge_pages_; }
  int fd() const noexcept { return fd_.get(); }
  // The mapping stays; the descriptor is only needed to pass the region on.
  void CloseFd() noexcept { fd_.Reset(); }

 private:
  ShmRegion(UniqueFd fd, std::byte* base, uint64_t bytes, bool huge_pages) noexcept
      : fd_(std::move(fd)), base_(base), bytes_(bytes), huge_pages_(huge_pages) {}

  UniqueFd fd_;
  std::byte* base_ = nullptr;
  uint64_t bytes_ = 0;
  bool huge_pages_ = false;
};

}  // namespace ringway
