// The memory of an RDMA link, and the check whether this process may pin it.
//
// Each registration has a mapping of its own, so that no two share a page and nothing else shares a
// page with what a peer may write. Thread rule: set-up code; the memory itself belongs to its user.
// Lifetime: unmapped on destruction, after whatever registered it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway {

class VerbsMemory {
 public:
  // Zeroed, touched, not inherited by child processes. `huge_pages` is a preference.
  // Errors: ResourceExhausted.
  static absl::StatusOr<VerbsMemory> Map(uint64_t bytes, bool huge_pages);

  VerbsMemory() = default;
  VerbsMemory(VerbsMemory&& other) noexcept;
  VerbsMemory& operator=(VerbsMemory&& other) noexcept;
  ~VerbsMemory();

  std::byte* base() const noexcept { return base_; }
  uint64_t bytes() const noexcept { return bytes_; }  // whole pages
  bool huge_pages() const noexcept { return huge_pages_; }
  // Leaves it mapped for the life of the process, because a device may still write there.
  void Abandon() noexcept { base_ = nullptr; }

 private:
  std::byte* base_ = nullptr;
  uint64_t bytes_ = 0;
  bool huge_pages_ = false;
};

// The values by which the kernel decides on a registration (ib_umem_get in
// drivers/infiniband/core/umem.c).
struct LockLimits {
  uint64_t limit_bytes = 0;   // RLIMIT_MEMLOCK; UINT64_MAX: none
  uint64_t pinned_bytes = 0;  // by this process already
  bool unlimited = false;     // CAP_IPC_LOCK
};
LockLimits ReadLockLimits();

// Whether this many more bytes can be pinned. Errors: ResourceExhausted with the figures and the
// remedies. Pure.
absl::Status CheckLockable(uint64_t bytes, const LockLimits& limits);

}  // namespace ringway
