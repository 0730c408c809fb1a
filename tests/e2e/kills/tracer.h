// How is a real process stopped dead at a named probe?
//
// Processes are started under ptrace. A breakpoint (int3) is put over the nop of a probe; whichever
// thread comes to it stops, is counted and goes on, and at the wanted time the process gets
// SIGKILL. Without a breakpoint a traced process runs at full speed.
//
// Thread rule: one thread; the process that traces has no other children. Lifetime: everything that
// still runs is killed with the tracer, also when the tracer's own process is (PTRACE_O_EXITKILL).
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

// The hit-th time that the process comes to the probe is its last.
struct Trap {
  std::string probe;
  uint32_t hit = 1;  // from 1
};

// A process that is gone.
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

  // Starts argv[0], of which both outputs are appended to `log`, as number `process`. A trap is set
  // before its first instruction. Errors: the system's; NotFound where it has no such probe.
  // REQUIRES: that number is not running.
  absl::Status Start(int process, const std::vector<std::string>& argv, const std::string& log,
                     const std::optional<Trap>& trap);

  // Sets a trap in a running process, in place of the one it has. Errors: as Start().
  absl::Status Set(int process, const Trap& trap);
  // Takes the trap out again. False: it has none (any more).
  bool Clear(int process);

  // REQUIRES: the number is running.
  void Signal(int process, int signal);

  // Lets everything go on that has stopped. Answers a process that has ended, one a call.
  std::optional<End> Turn();

  bool running(int process) const { return children_.count(process) != 0; }
  pid_t pid(int process) const { return children_.at(process).pid; }
  // How often the trap was come to since it was set.
  uint32_t hits(int process) const { return children_.at(process).hits; }

 private:
  struct Child {
    pid_t pid = 0;
    uint64_t load_base = 0;
    const ProbePlaces* probes = nullptr;
    std::optional<Trap> trap = std::nullopt;
    uint32_t hits = 0;
    bool killed_at_probe = false;
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
