#include "base/cpu.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

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

absl::Status TakeAllowedCore(uint32_t index) {
  cpu_set_t rest;
  if (sched_getaffinity(0, sizeof(rest), &rest) != 0) {
    return absl::ErrnoToStatus(errno, "sched_getaffinity");
  }
  if (absl::Status pinned = PinToAllowedCore(index); !pinned.ok()) return pinned;
  cpu_set_t own;
  if (sched_getaffinity(0, sizeof(own), &own) != 0) {
    return absl::ErrnoToStatus(errno, "sched_getaffinity");
  }
  CPU_XOR(&rest, &rest, &own);
  DIR* const threads = CPU_COUNT(&rest) == 0 ? nullptr : opendir("/proc/self/task");
  if (threads == nullptr) return absl::OkStatus();
  while (const dirent* entry = readdir(threads)) {
    const auto thread = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    // A thread that has just ended needs no core.
    if (thread != 0 && thread != gettid()) {
      static_cast<void>(sched_setaffinity(thread, sizeof(rest), &rest));
    }
  }
  closedir(threads);
  return absl::OkStatus();
}

}  // namespace ringway
