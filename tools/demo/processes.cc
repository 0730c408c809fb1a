// Implements processes.h: what happens between fork and exec, and how a child ends.
#include "tools/demo/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"

namespace ringway::demo {
namespace {

constexpr int kCannotExecute = 127;
constexpr int64_t kWaitStepNs = 2 * kNsPerMs;
// sockaddr_un has 108 bytes; this leaves room for the names below the directory.
constexpr size_t kDirectoryBytesMax = 70;

void SleepNs(int64_t duration_ns) {
  const timespec duration = {duration_ns / kNsPerS, duration_ns % kNsPerS};
  nanosleep(&duration, nullptr);
}

// Runs in the child, between fork and exec; never returns.
[[noreturn]] void Execute(const ChildSpec& spec, int log, pid_t parent) {
  const auto fail = [&](const char* what) {
    const std::string text = absl::StrCat(what, ": ", spec.argv[0], ": ", strerror(errno), "\n");
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    _exit(kCannotExecute);
  };
  const int null = open("/dev/null", O_RDONLY);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
      dup2(log, STDERR_FILENO) < 0) {
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
  std::vector<char*> argv;
  for (const std::string& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  fail("cannot execute");
  _exit(kCannotExecute);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const ChildSpec& spec) {
  // Truncated here, so that a search for the ready line does not find that of an earlier run.
  const int log =
      open(spec.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", spec.log_path));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  const int reason = errno;
  if (pid == 0) Execute(spec, log, parent);
  close(log);
  if (pid < 0) return absl::ErrnoToStatus(reason, absl::StrCat("cannot start ", spec.name));
  return std::unique_ptr<Child>(new Child(spec, pid));
}

Child::~Child() {
  if (!Running()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

bool Child::IsReady() const {
  const std::string program = std::filesystem::path(spec_.argv[0]).filename().string();
  std::ifstream log(spec_.log_path);
  for (std::string line; std::getline(log, line);) {
    if (line.starts_with("ready") || line.starts_with(program + " ready")) return true;
  }
  return false;
}

bool Child::Running() {
  if (wait_status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  wait_status_ = status;
  return false;
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

std::string Child::Stop(int64_t patience_ns) {
  if (Running()) kill(pid_, SIGTERM);
  for (const int64_t deadline_ns = MonotonicNowNs() + patience_ns; Running();) {
    if (!killed_ && MonotonicNowNs() > deadline_ns) {
      killed_ = true;
      kill(pid_, SIGKILL);
    }
    SleepNs(kWaitStepNs);
  }
  return End();
}

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
  const std::filesystem::path beside = here / name;
  const std::filesystem::path built = (here / "../.." / bazel_package / name).lexically_normal();
  for (const std::filesystem::path& path : {beside, built}) {
    if (access(path.c_str(), X_OK) == 0) return path.string();
  }
  return absl::NotFoundError(absl::StrCat(
      "the program ", std::string(name), " is neither ", beside.string(), " nor ", built.string(),
      "; build it: bazel build //", std::string(bazel_package), ":", std::string(name)));
}

absl::StatusOr<std::unique_ptr<PrivateDirectory>> PrivateDirectory::Make() {
  const char* set = getenv("TMPDIR");
  std::string base = set == nullptr ? "/tmp" : set;
  if (base.empty() || base.size() > kDirectoryBytesMax) base = "/tmp";
  std::string path = absl::StrCat(base, "/ringway-demo-XXXXXX");
  // mkdtemp creates with mode 0700.
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make a directory below ", base));
  }
  return std::unique_ptr<PrivateDirectory>(new PrivateDirectory(path));
}

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;  // failure is harmless
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace ringway::demo
