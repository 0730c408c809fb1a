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

// Makes present memory resident. Tables that allocate their pages as they grow (base/lazy_array.h)
// stay as they are: what a thousand sessions may need at most is more than a machine has. They are
// what is mapped without reserve.
void MakeResident() {
  struct Mapping {
    uintptr_t begin;
    uintptr_t end;
    int advice;
  };
  std::vector<Mapping> mappings;
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping{};
  for (std::string line; std::getline(smaps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    std::array<char, 5> rights{};
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, rights.data()) ==
        3) {
      // As mlock(2) does it: what is written privately gets its own pages.
      const bool writes = rights[1] == 'w' && rights[3] == 'p';
      mapping = {begin, end, writes ? MADV_POPULATE_WRITE : MADV_POPULATE_READ};
    } else if (line.starts_with("VmFlags:") && line.find(" nr") == std::string::npos) {
      mappings.push_back(mapping);
    }
  }
  // What cannot be touched, as the kernel's own pages, needs no touch.
  for (const Mapping& each : mappings) {
    static_cast<void>(
        madvise(reinterpret_cast<void*>(each.begin), each.end - each.begin, each.advice));
  }
}

std::string LockMemory() {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  const bool unlimited = limit.rlim_cur == RLIM_INFINITY || geteuid() == 0;
  // Under a limit, locking future memory could make an allocation fail later: only present memory
  // is locked.
  if (mlockall((unlimited ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT) | MCL_ONFAULT) == 0) {
    MakeResident();
    return {};
  }
  const std::string reason = std::strerror(errno);
  if (unlimited) return MemoryWarning(reason);
  return MemoryWarning(absl::StrCat(reason, " (RLIMIT_MEMLOCK is ", limit.rlim_cur >> 10, " KiB)"));
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
