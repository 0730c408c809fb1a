// Implements engine_core.h: reads the threads' files in /proc, and naps on the engine's core.
#include "tests/e2e/hostile/engine_core.h"

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace ringway::hostile {
namespace {

constexpr int64_t kNapNs = 250 * kNsPerUs;
// Timers wake a thread later than asked by less than this, on a core that runs.
constexpr int64_t kLateNs = 100 * kNsPerUs;

int64_t LateBy(int64_t due_ns) {
  const int64_t late_ns = MonotonicNowNs() - due_ns;
  return late_ns > kLateNs ? late_ns : 0;
}

// The only core on which this thread may run; -1 if there are several.
int OnlyCoreOf(pid_t thread) {
  cpu_set_t allowed;
  if (sched_getaffinity(thread, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) != 1) {
    return -1;
  }
  int core = 0;
  while (!CPU_ISSET(core, &allowed)) ++core;
  return core;
}

std::vector<pid_t> ThreadsOf(pid_t process) {
  std::vector<pid_t> threads;
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", process, "/task"), gone)) {
    threads.push_back(std::atoi(entry.path().filename().c_str()));
  }
  return threads;
}

}  // namespace

ThreadTimes::ThreadTimes(pid_t process, pid_t thread)
    : file_(open(absl::StrCat("/proc/", process, "/task/", thread, "/schedstat").c_str(),
                 O_RDONLY | O_CLOEXEC)) {}

ThreadTimes::~ThreadTimes() {
  if (file_ >= 0) close(file_);
}

int64_t ThreadTimes::WaitedNs() const {
  std::array<char, 96> text{};
  long long ran_ns = 0;
  long long waited_ns = 0;
  if (file_ < 0 || pread(file_, text.data(), text.size() - 1, 0) <= 0 ||
      std::sscanf(text.data(), "%lld %lld", &ran_ns, &waited_ns) != 2) {
    return 0;
  }
  return waited_ns;
}

EngineCore::EngineCore(pid_t gateway) : gateway_(gateway), engine_(gateway, gateway) {
  if (const int core = OnlyCoreOf(gateway); core >= 0) {
    napper_ = std::thread([this, core] { Nap(core); });
  }
}

EngineCore::~EngineCore() {
  ended_.store(true, std::memory_order_relaxed);
  if (napper_.joinable()) napper_.join();
}

void EngineCore::Nap(int core) {
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(static_cast<size_t>(core), &own);
  const sched_param lowest{.sched_priority = 1};
  if (sched_setaffinity(0, sizeof(own), &own) != 0 ||
      sched_setscheduler(0, SCHED_FIFO, &lowest) != 0) {
    return;
  }
  while (!ended_.load(std::memory_order_relaxed)) {
    const int64_t due_ns = MonotonicNowNs() + kNapNs;
    {
      const std::lock_guard lock(mutex_);
      stood_still_ns_ += LateBy(due_ns_);
      due_ns_ = due_ns;
    }
    const timespec due{.tv_sec = due_ns / kNsPerS, .tv_nsec = due_ns % kNsPerS};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
  }
}

// The engine may answer before the thread that naps is back on the core: counted as of now.
int64_t EngineCore::StoodStillNs() const {
  const std::lock_guard lock(mutex_);
  return stood_still_ns_ + LateBy(due_ns_);
}

int64_t EngineCore::Sleeps() const {
  std::ifstream status(absl::StrCat("/proc/", gateway_, "/task/", gateway_, "/status"));
  int64_t sleeps = 0;
  for (std::string line; std::getline(status, line);) {
    if (std::sscanf(line.c_str(), "voluntary_ctxt_switches: %ld", &sleeps) == 1) return sleeps;
  }
  return 0;
}

std::string EngineCore::Intruders() const {
  const int core = OnlyCoreOf(gateway_);
  if (core < 0) return "";
  std::string intruders;
  std::vector<pid_t> threads = ThreadsOf(gateway_);
  for (size_t i = 0; i != threads.size(); ++i) {
    const pid_t thread = threads[i];
    std::ifstream started(absl::StrCat("/proc/", thread, "/task/", thread, "/children"));
    for (pid_t child = 0; started >> child;) {
      for (const pid_t of_child : ThreadsOf(child)) threads.push_back(of_child);
    }
    cpu_set_t allowed;
    if (thread == gateway_ || sched_getaffinity(thread, sizeof(allowed), &allowed) != 0) continue;
    if (!CPU_ISSET(core, &allowed)) continue;
    std::string name;
    std::getline(std::ifstream(absl::StrCat("/proc/", thread, "/comm")), name);
    absl::StrAppend(&intruders, intruders.empty() ? "" : ", ", name);
  }
  return intruders;
}

}  // namespace ringway::hostile
