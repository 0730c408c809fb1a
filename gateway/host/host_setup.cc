// Requests cores, locked memory and signal handling from the system.
#include "gateway/host/host_setup.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/cpu.h"

namespace ringway {
namespace {

constexpr std::array kStopSignals{SIGTERM, SIGINT, SIGHUP};

std::atomic<int> stop_signal{0};
std::atomic<bool> held{false};
static_assert(std::atomic<int>::is_always_lock_free,
              "signal handlers may touch lock-free atomics only");

void NoteStopSignal(int number) { stop_signal.store(number, std::memory_order_relaxed); }

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kStopSignals) sigaddset(&set, number);
  return set;
}

bool IsIgnored(int number) {
  struct sigaction action {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

std::string MemoryWarning(const std::string& cause) {
  return absl::StrCat("memory is not locked: ", cause,
                      "; a page fault can stand in an order's way. Set LimitMEMLOCK=infinity in "
                      "the systemd unit (or "
                      "`ulimit -l unlimited`), or host.lock_memory = false to accept it");
}

struct Mapping {
  uintptr_t begin = 0;
  std::size_t bytes = 0;
};

// What is mapped now, except tables that allocate their pages as they grow (base/lazy_array.h):
// what thousands of sessions may need at most is more than a machine has. They are what is mapped
// without reserve, which the kernel forgets where vm.overcommit_memory is 2.
std::vector<Mapping> MappingsToLock() {
  std::vector<Mapping> mappings;
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping;
  for (std::string line; std::getline(smaps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char space = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR "%c", &begin, &end, &space) == 3) {
      mapping = {begin, end - begin};
    } else if (line.starts_with("VmFlags:") && line.find(" nr") == std::string::npos) {
      mappings.push_back(mapping);
    }
  }
  return mappings;
}

std::string LockMemory() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  const bool unlimited = limit.rlim_cur == RLIM_INFINITY || geteuid() == 0;
  const std::vector<Mapping> mappings = MappingsToLock();
  if (mappings.empty()) return MemoryWarning("/proc/self/smaps cannot be read");
  std::size_t bytes = 0;
  for (const Mapping& each : mappings) bytes += each.bytes;
  if (!unlimited && bytes > limit.rlim_cur) {
    return MemoryWarning(absl::StrCat("it has ", bytes >> 10, " KiB, and RLIMIT_MEMLOCK is ",
                                      limit.rlim_cur >> 10, " KiB"));
  }
  // Growing tables lock what they use, later memory is resident at once. Under a limit that could
  // make an allocation fail: only present memory is locked.
  if (unlimited && (mlockall(MCL_CURRENT | MCL_ONFAULT) != 0 || mlockall(MCL_FUTURE) != 0)) {
    return MemoryWarning(std::strerror(errno));
  }
  // Other threads may map and unmap meanwhile, and the kernel's own pages are no memory to lock.
  for (const Mapping& each : mappings) {
    static_cast<void>(mlock(reinterpret_cast<const void*>(each.begin), each.bytes));
  }
  return {};
}

}  // namespace

void HoldSignals() {
  struct sigaction action {};
  action.sa_handler = NoteStopSignal;
  sigemptyset(&action.sa_mask);
  for (const int number : kStopSignals) {
    if (number != SIGHUP || !IsIgnored(number)) sigaction(number, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  held.store(true, std::memory_order_relaxed);
}

void ReleaseSignals() {
  held.store(false, std::memory_order_relaxed);
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignal() noexcept {
  const int noted = stop_signal.load(std::memory_order_relaxed);
  if (noted != 0 || !held.load(std::memory_order_relaxed)) [[likely]]
    return noted;
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  for (const int number : kStopSignals) {
    if (sigismember(&pending, number) == 1) return number;
  }
  return 0;
}

std::vector<std::string> ApplyHostConfig(const HostConfig& host) {
  std::vector<std::string> warnings;
  if (host.lock_memory) {
    if (std::string warning = LockMemory(); !warning.empty())
      warnings.push_back(std::move(warning));
  }
  if (host.core != HostConfig::kAnyCore) {
    const absl::Status status = TakeAllowedCore(static_cast<uint32_t>(host.core));
    if (!status.ok()) {
      warnings.push_back(
          absl::StrCat("the engine's thread is not pinned: ", std::string(status.message()),
                       "; correct host.core or the process's CPU affinity"));
    }
  }
  return warnings;
}

}  // namespace ringway
