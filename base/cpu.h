// Cores and threads: which cores a thread may use, pinning, and the pause of a spin loop.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace ringway {

// Tells the core that this is a spin loop (PAUSE).
inline void CpuPause() noexcept { __builtin_ia32_pause(); }

// Cores in the calling thread's affinity mask, at least 1.
uint32_t AllowedCoreCount() noexcept;

// Pins the calling thread to the index-th core of its affinity mask.
// Errors: InvalidArgument if the mask has no such core; Internal with the system's reason.
absl::Status PinToAllowedCore(uint32_t index);

// Pins the calling thread like PinToAllowedCore(), and restricts the process's other current
// threads to the rest of its affinity mask. If the mask has only one core, they share it. Errors:
// as PinToAllowedCore().
absl::Status TakeAllowedCore(uint32_t index);

}  // namespace ringway
