// Implements engine_core.h from the threads' files in /proc.
#include "tests/e2e/hostile/engine_core.h"

#include <fcntl.h>
#include <sched.h>
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

constexpr int64_t kCountedWithinNs = 20 * kNsPerMs;
constexpr uint32_t kNapUs = 20;

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

ThreadTimes::Times ThreadTimes::Read() const {
  std::array<char, 96> text{};
  long long ran_ns = 0;
  long long waited_ns = 0;
  if (file_ < 0 || pread(file_, text.data(), text.size() - 1, 0) <= 0 ||
      std::sscanf(text.data(), "%lld %lld", &ran_ns, &waited_ns) != 2) {
    return {};
  }
  return {.ran_ns = ran_ns, .waited_ns = waited_ns};
}

int64_t EngineCore::Sleeps() const {
  std::ifstream status(absl::StrCat("/proc/", gateway_, "/task/", gateway_, "/status"));
  int64_t sleeps = 0;
  for (std::string line; std::getline(status, line);) {
    if (std::sscanf(line.c_str(), "voluntary_ctxt_switches: %ld", &sleeps) == 1) return sleeps;
  }
  return 0;
}

EngineCore::Mark EngineCore::Now() const {
  if (!engine_.known()) return {};
  const ThreadTimes::Times before = engine_.Read();
  const int64_t deadline_ns = MonotonicNowNs() + kCountedWithinNs;
  for (;;) {
    const ThreadTimes::Times now = engine_.Read();
    const int64_t now_ns = MonotonicNowNs();
    if (now.ran_ns != before.ran_ns || now_ns > deadline_ns) {
      return {.gone_ns = now_ns - now.ran_ns - now.waited_ns, .sleeps = Sleeps()};
    }
    usleep(kNapUs);
  }
}

std::string EngineCore::Intruders() const {
  cpu_set_t own;
  if (sched_getaffinity(gateway_, sizeof(own), &own) != 0 || CPU_COUNT(&own) != 1) return "";
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
    CPU_AND(&allowed, &allowed, &own);
    if (CPU_COUNT(&allowed) == 0) continue;
    std::string name;
    std::getline(std::ifstream(absl::StrCat("/proc/", thread, "/comm")), name);
    absl::StrAppend(&intruders, intruders.empty() ? "" : ", ", name);
  }
  return intruders;
}

}  // namespace ringway::hostile
