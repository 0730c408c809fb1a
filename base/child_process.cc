// Implements child_process.h: what happens between fork and exec, and how a child ends.
#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/private_files.h"
#include "base/within.h"

namespace ringway {
namespace {

constexpr int kCannotExecute = 127;
constexpr size_t kLogLinesTold = 20;

// Without a path returns `otherwise`. Truncated here, so that a search for the ready line does not
// find that of an earlier run.
int Open(const std::string& path, int otherwise) {
  if (path.empty()) return otherwise;
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

// Runs in the child, between fork and exec; never returns.
[[noreturn]] void Execute(const ChildSpec& spec, int output, int log, pid_t parent) {
  const auto fail = [&](const char* what) {
    const std::string text = absl::StrCat(what, ": ", spec.argv[0], ": ", strerror(errno), "\n");
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    _exit(kCannotExecute);
  };
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(spec.error_fd >= 0 ? spec.error_fd : log, STDERR_FILENO) < 0) {
    fail("cannot redirect its output");
  }
  close(null);
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) fail("its parent is gone");
  if (spec.pass_fd >= 0 && fcntl(spec.pass_fd, F_SETFD, 0) != 0) fail("cannot pass it a file");
  if (spec.core != kAnyCore) {
    const absl::Status pinned = PinToAllowedCore(static_cast<uint32_t>(spec.core));
    if (!pinned.ok()) fail(std::string(pinned.message()).c_str());
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (spec.prepare) spec.prepare();
  std::vector<char*> argv;
  for (const std::string& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  fail("cannot execute");
  _exit(kCannotExecute);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const ChildSpec& spec) {
  const int log = Open(spec.log_path, STDERR_FILENO);
  if (log < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", spec.log_path));
  const int output = Open(spec.output_path, spec.log_path.empty() ? STDOUT_FILENO : log);
  const pid_t parent = getpid();
  fflush(nullptr);
  const pid_t pid = output < 0 ? -1 : fork();
  const int reason = errno;
  if (pid == 0) Execute(spec, output, log, parent);
  for (const int fd : {log, output}) {
    if (fd > STDERR_FILENO && (fd == log || output != log)) close(fd);
  }
  if (pid < 0) return absl::ErrnoToStatus(reason, absl::StrCat("cannot start ", spec.name));
  return std::unique_ptr<Child>(new Child(spec, pid));
}

absl::StatusOr<std::unique_ptr<Child>> Child::Fork(const std::function<int()>& body) {
  const pid_t parent = getpid();
  fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int status = body();
    fflush(nullptr);
    _exit(status);
  }
  return std::unique_ptr<Child>(new Child({.name = "a child", .argv = {}}, pid));
}

Child::~Child() { Kill(); }

void Child::Signal(int number) const {
  if (!wait_status_) kill(pid_, number);
}

void Child::Kill() {
  if (!Running()) return;
  Signal(SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  wait_status_ = status;
}

bool Child::IsReady() const {
  std::ifstream output(spec_.output_path.empty() ? spec_.log_path : spec_.output_path);
  for (std::string line; std::getline(output, line);) {
    if (line.starts_with("ready") || line.substr(line.find(' ') + 1).starts_with("ready")) {
      return true;
    }
  }
  return false;
}

absl::Status Child::AwaitReady(int64_t patience_ns) {
  (void)Within(patience_ns, [this] { return IsReady() || !Running(); });
  if (IsReady() && Running()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(spec_.name, " is not ready (", End(),
                                             "); the end of its log:\n", LogTail(kLogLinesTold)));
}

bool Child::Running() {
  if (wait_status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  wait_status_ = status;
  return false;
}

bool Child::AwaitEnd(int64_t patience_ns) {
  if (!Running()) return true;
  // Sleeps, so as not to disturb a program that is measured.
  pollfd end{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
  const int64_t deadline_ns = MonotonicNowNs() + patience_ns;
  for (int64_t left_ns = patience_ns; Running() && left_ns > 0;
       left_ns = deadline_ns - MonotonicNowNs()) {
    poll(&end, 1, end.fd < 0 ? 1 : static_cast<int>(left_ns / kNsPerMs + 1));
  }
  if (end.fd >= 0) close(end.fd);
  return !Running();
}

std::string Child::End() const {
  if (!wait_status_) return "still running";
  const char* forced = killed_ ? " after it did not end when asked" : "";
  if (WIFSIGNALED(*wait_status_)) {
    return absl::StrCat("killed by signal ", WTERMSIG(*wait_status_), forced);
  }
  const int status = WEXITSTATUS(*wait_status_);
  return status == 0 ? "" : absl::StrCat("exit status ", status, forced);
}

int Child::EndStatus() const noexcept {
  if (!wait_status_) return INT32_MIN;
  return WIFSIGNALED(*wait_status_) ? -WTERMSIG(*wait_status_) : WEXITSTATUS(*wait_status_);
}

std::string Child::Stop(int64_t patience_ns) {
  if (Running()) Signal(SIGTERM);
  killed_ = !AwaitEnd(patience_ns);
  Kill();
  return End();
}

std::string Child::Log() const { return ReadWholeFile(spec_.log_path); }

std::string Child::LogTail(size_t lines_max) const {
  std::ifstream log(spec_.log_path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(log, line);) {
    lines.push_back(line);
    if (lines.size() > lines_max) lines.pop_front();
  }
  std::string tail;
  for (const std::string& line : lines) absl::StrAppend(&tail, "  | ", line, "\n");
  return tail.empty() ? "  | (its log is empty)\n" : tail;
}

absl::StatusOr<std::string> OwnPath() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
  return path.string();
}

absl::StatusOr<std::string> FindProgram(std::string_view name, std::string_view bazel_package) {
  const absl::StatusOr<std::string> own = OwnPath();
  if (!own.ok()) return own.status();
  const std::filesystem::path here = std::filesystem::path(*own).parent_path();
  const std::filesystem::path built = std::filesystem::path(bazel_package) / name;
  std::filesystem::path path = here / name;
  for (std::filesystem::path root = here; access(path.c_str(), X_OK) != 0;) {
    path = root / built;
    if (root == root.root_path()) break;
    root = root.parent_path();
  }
  if (access(path.c_str(), X_OK) == 0) return path.string();
  return absl::NotFoundError(absl::StrCat("the program ", std::string(name), " is not in ",
                                          here.string(), " or its build; build it: bazel build //",
                                          std::string(bazel_package), ":", std::string(name)));
}

}  // namespace ringway
