// A tracer that kills real processes at named probes.
//
// Processes are started under ptrace. A breakpoint (int3) is put over the nop of a probe; any
// thread that reaches it stops, is counted and continues, and at the chosen hit the process gets
// SIGKILL. Without a breakpoint a traced process runs at full speed.
//
// Thread rule: one thread; the tracing process has no other children. Lifetime: processes still
// running are killed with the tracer, even if the tracer's own process is killed
// (PTRACE_O_EXITKILL).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/e2e/kills/probes.h"

namespace ringway::kills {

// Kills the process at the hit-th time that it reaches the probe, or holds the thread that does.
struct Trap {
  std::string probe;
  uint32_t hit = 1;  // from 1
  bool holds = false;
};

// A process that has ended.
struct End {
  int process;  // as given to Start()
  int wait_status;
  bool at_probe;  // by its trap
};

class Tracer {
 public:
  Tracer() = default;
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Starts argv[0] as number `process`, with both outputs appended to `log`. A trap is set before
  // its first instruction. Errors: the system's; NotFound if it has no such probe.
  // REQUIRES: that number is not running.
  absl::Status Start(int process, const std::vector<std::string>& argv, const std::string& log,
                     const std::optional<Trap>& trap);

  // Sets a trap in a running process, replacing any earlier one. Errors: as Start().
  absl::Status Set(int process, const Trap& trap);
  // Removes the trap. False: it has none (any more).
  bool Clear(int process);

  // Whether a thread of it is held at the trap.
  bool holds(int process) const { return children_.at(process).held != 0; }
  // Removes the trap, and lets the thread go on that is held there.
  void Release(int process);

  // REQUIRES: the number is running.
  void Signal(int process, int signal);

  // Resumes everything that has stopped. Returns a process that has ended, one per call.
  std::optional<End> Turn();

  bool running(int process) const { return children_.count(process) != 0; }
  pid_t pid(int process) const { return children_.at(process).pid; }
  // How often the trap was hit since it was set.
  uint32_t hits(int process) const { return children_.at(process).hits; }

 private:
  struct Child {
    pid_t pid = 0;
    uint64_t load_base = 0;
    const ProbePlaces* probes = nullptr;
    std::optional<Trap> trap = std::nullopt;
    uint32_t hits = 0;
    bool killed_at_probe = false;
    pid_t held = 0;  // the thread; 0: none
  };

  absl::StatusOr<const ProbePlaces*> ProbesOf(const std::string& program);
  absl::Status Write(const Child& child, uint8_t opcode);
  Child* ChildOf(pid_t thread);
  void OnStop(Child& child, pid_t thread, int wait_status);

  std::map<std::string, ProbePlaces> programs_;
  std::map<int, Child> children_;
  std::map<pid_t, int> processes_;  // of threads
};

// Whether this process may trace its children: some containers forbid it. Errors: the system's,
// with the remedy.
absl::Status CanTrace();

}  // namespace ringway::kills
