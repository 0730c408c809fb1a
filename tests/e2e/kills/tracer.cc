// Implements tracer.h over ptrace.
#include "tests/e2e/kills/tracer.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringway::kills {
namespace {

constexpr uint8_t kBreakpoint = 0xcc;  // int3
constexpr uint8_t kNop = 0x90;

void Continue(pid_t thread, int signal) {
  // The process may have been killed meanwhile; its end is reported next.
  (void)ptrace(PTRACE_CONT, thread, nullptr, reinterpret_cast<void*>(intptr_t{signal}));
}

// The address at which the kernel has loaded the program: its first mapping maps its first byte.
uint64_t LoadBase(pid_t pid) {
  std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
  std::string line;
  std::getline(maps, line);
  return std::strtoull(line.c_str(), nullptr, 16);
}

// The process that a thread belongs to; 0: gone.
pid_t ProcessOf(pid_t thread) {
  std::ifstream status(absl::StrCat("/proc/", thread, "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Tgid:")) return static_cast<pid_t>(std::atoi(line.c_str() + 5));
  }
  return 0;
}

// Never returns.
void Become(const std::vector<std::string>& argv, const std::string& log) {
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  // Stops at the first instruction of the program.
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

Tracer::~Tracer() {
  for (const auto& [process, child] : children_) kill(child.pid, SIGKILL);
  while (!children_.empty()) {
    if (!Turn().has_value()) usleep(200);
  }
}

absl::StatusOr<const ProbePlaces*> Tracer::ProbesOf(const std::string& program) {
  const auto known = programs_.find(program);
  if (known != programs_.end()) return &known->second;
  absl::StatusOr<ProbePlaces> places = ReadProbes(program);
  if (!places.ok()) return places.status();
  return &programs_.emplace(program, *std::move(places)).first->second;
}

absl::Status Tracer::Start(int process, const std::vector<std::string>& argv,
                           const std::string& log, const std::optional<Trap>& trap) {
  RINGWAY_CHECK(!running(process), "a process is started when its predecessor is gone");
  const absl::StatusOr<const ProbePlaces*> probes = ProbesOf(argv[0]);
  if (!probes.ok()) return probes.status();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) Become(argv, log);
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
    return absl::UnavailableError(
        absl::StrCat(argv[0], " cannot be started under ptrace (wait status ", status,
                     "): build it, and allow ptrace in this container (--cap-add=SYS_PTRACE)"));
  }
  constexpr intptr_t kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SETOPTIONS, pid, nullptr, reinterpret_cast<void*>(kOptions)) != 0) {
    return absl::ErrnoToStatus(errno, "PTRACE_SETOPTIONS");
  }
  Child& child = children_[process];
  child = {};
  child.pid = pid;
  child.load_base = LoadBase(pid);
  child.probes = *probes;
  processes_[pid] = process;
  const absl::Status set = trap.has_value() ? Set(process, *trap) : absl::OkStatus();
  Continue(pid, 0);
  return set;
}

absl::Status Tracer::Set(int process, const Trap& trap) {
  Child& child = children_.at(process);
  Clear(process);
  if (child.probes->count(trap.probe) == 0) {
    return absl::NotFoundError(absl::StrCat("the program has no probe ", trap.probe));
  }
  child.trap = trap;
  child.hits = 0;
  return Write(child, kBreakpoint);
}

bool Tracer::Clear(int process) {
  Child& child = children_.at(process);
  if (!child.trap.has_value()) return false;
  (void)Write(child, kNop);  // fails only if the process is gone
  child.trap.reset();
  return true;
}

void Tracer::Release(int process) {
  Clear(process);
  const pid_t held = std::exchange(children_.at(process).held, 0);
  if (held != 0) Continue(held, 0);
}

// Writes to every place of its trap's probe. One byte, so a thread that runs there executes the old
// or the new one.
absl::Status Tracer::Write(const Child& child, uint8_t opcode) {
  const std::string path = absl::StrCat("/proc/", child.pid, "/mem");
  const int memory = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (memory < 0) return absl::ErrnoToStatus(errno, path);
  absl::Status status;
  for (const uint64_t place : child.probes->at(child.trap->probe)) {
    const auto address = static_cast<off_t>(child.load_base + place);
    uint8_t before = 0;
    if (pread(memory, &before, 1, address) != 1 || (before != kNop && before != kBreakpoint)) {
      status = absl::InternalError(absl::StrCat("no nop where ", child.trap->probe, " should be"));
    } else if (pwrite(memory, &opcode, 1, address) != 1) {
      status = absl::ErrnoToStatus(errno, path);
    }
  }
  close(memory);
  return status;
}

void Tracer::Signal(int process, int signal) { kill(children_.at(process).pid, signal); }

Tracer::Child* Tracer::ChildOf(pid_t thread) {
  auto known = processes_.find(thread);
  if (known == processes_.end()) {
    const auto leader = processes_.find(ProcessOf(thread));
    if (leader == processes_.end()) return nullptr;
    known = processes_.emplace(thread, leader->second).first;
  }
  return &children_.at(known->second);
}

void Tracer::OnStop(Child& child, pid_t thread, int wait_status) {
  const int signal = WSTOPSIG(wait_status);
  const bool of_ptrace = wait_status >> 16 != 0;  // a thread was created
  const bool begins = signal == SIGSTOP;          // this is the new thread
  if (of_ptrace || begins) return Continue(thread, 0);
  if (signal != SIGTRAP) return Continue(thread, signal);
  user_regs_struct registers{};
  (void)ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
  const uint64_t place = registers.rip - 1 - child.load_base;
  const bool ours = std::any_of(child.probes->begin(), child.probes->end(), [&](const auto& probe) {
    return std::count(probe.second.begin(), probe.second.end(), place) != 0;
  });
  if (!ours) return Continue(thread, signal);
  // A thread may have hit the trap just before it was removed.
  if (child.trap.has_value() && ++child.hits == child.trap->hit) {
    if (child.trap->holds) {
      child.held = thread;
    } else {
      child.killed_at_probe = true;
      kill(child.pid, SIGKILL);
    }
    return;  // stays stopped until it is gone, or released
  }
  Continue(thread, 0);
}

std::optional<End> Tracer::Turn() {
  int status = 0;
  for (pid_t thread = 0; (thread = waitpid(-1, &status, __WALL | WNOHANG)) > 0;) {
    Child* const child = ChildOf(thread);
    if (child == nullptr) continue;
    if (WIFSTOPPED(status)) {
      OnStop(*child, thread, status);
      continue;
    }
    const int process = processes_.at(thread);
    processes_.erase(thread);
    if (thread != child->pid) continue;  // only a thread
    const End end{process, status, child->killed_at_probe};
    std::erase_if(processes_, [process](const auto& entry) { return entry.second == process; });
    children_.erase(process);
    return end;
  }
  return std::nullopt;
}

absl::Status CanTrace() {
  const pid_t pid = fork();
  if (pid == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
    return absl::PermissionDeniedError(
        "ptrace is forbidden here: allow it, in a container by --cap-add=SYS_PTRACE");
  }
  return absl::OkStatus();
}

}  // namespace ringway::kills
