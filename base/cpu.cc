#include "base/cpu.h"

#include <sched.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace ringway {

uint32_t AllowedCoreCount() noexcept {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count < 1 ? 1u : static_cast<uint32_t>(count);
}

absl::Status PinToAllowedCore(uint32_t index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
    return absl::ErrnoToStatus(errno, "sched_getaffinity");
  }
  uint32_t seen = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || seen++ != index) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    if (sched_setaffinity(0, sizeof(one), &one) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot pin this thread to core ", core));
    }
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("core index ", index, " asked for, but this thread may use only ", seen,
                   " cores: lower the index or widen its affinity mask"));
}

}  // namespace ringway
