// Which cores this thread may use, how it stays on one, and how it waits without leaving it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace ringway {

// Tells the core that this is a spin loop (PAUSE).
inline void CpuPause() noexcept { __builtin_ia32_pause(); }

// Cores in the calling thread's affinity mask, at least 1.
uint32_t AllowedCoreCount() noexcept;

// Pins the calling thread to the index-th core of its affinity mask.
// Errors: InvalidArgument when the mask has no such core; Internal with the system's reason.
absl::Status PinToAllowedCore(uint32_t index);

// Pins the calling thread like PinToAllowedCore(), and keeps the process's other threads, as far as
// there are any by now, to the rest of its affinity mask. Where the mask has one core only, they
// share it. Errors: as PinToAllowedCore().
absl::Status TakeAllowedCore(uint32_t index);

}  // namespace ringway
