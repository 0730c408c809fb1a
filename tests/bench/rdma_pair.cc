#include "tests/bench/rdma_pair.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/cpu.h"

namespace ringway::bench {
namespace {

// Emulated CPUs start programs slowly, and stall when the machine has other work.
constexpr int64_t kReadyLimitNs = 20 * kNsPerS;
constexpr int64_t kClientLimitNs = 60 * kNsPerS;
constexpr int64_t kServerEndLimitNs = 3 * kNsPerS;
constexpr int64_t kReadyLookNs = 50 * kNsPerMs;

// A running program. Killed and waited for on destruction, if it has not ended.
class Program {
 public:
  Program(const std::vector<std::string>& arguments, uint32_t core);
  ~Program() {
    if (!status_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(pid_fd_);
    close(output_fd_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // True if it has ended in time. Sleeps, so as not to disturb a program under measurement.
  bool WaitFor(int64_t limit_ns);
  // The wait status of its end. REQUIRES: it has ended.
  int status() const { return *status_; }
  std::string Output() const;

 private:
  pid_t pid_;
  int pid_fd_;
  int output_fd_;
  std::optional<int> status_;
};

Program::Program(const std::vector<std::string>& arguments, uint32_t core) {
  std::fflush(nullptr);
  output_fd_ = memfd_create("output", MFD_CLOEXEC);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    PinToAllowedCore(core % AllowedCoreCount()).IgnoreError();  // one core: they share it
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(output_fd_, STDOUT_FILENO);
    dup2(output_fd_, STDERR_FILENO);
    std::vector<char*> words;
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    std::fprintf(stderr, "%s: %s\n", words[0], std::strerror(errno));
    _exit(127);
  }
  pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

bool Program::WaitFor(int64_t limit_ns) {
  if (status_) return true;
  pollfd watched{pid_fd_, POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(limit_ns / kNsPerMs)) != 1) return false;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return false;
  status_ = status;
  return true;
}

std::string Program::Output() const {
  std::string all;
  std::array<char, 4096> piece;
  for (off_t at = 0;; at += static_cast<off_t>(piece.size())) {
    const ssize_t bytes = pread(output_fd_, piece.data(), piece.size(), at);
    if (bytes > 0) all.append(piece.data(), static_cast<size_t>(bytes));
    if (bytes < static_cast<ssize_t>(piece.size())) return all;
  }
}

// Whether any process here listens on this TCP port, of either family (proc(5), /proc/net/tcp).
bool IsListening(uint16_t port) {
  char wanted[8];
  std::snprintf(wanted, sizeof(wanted), ":%04X", port);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string slot, local, remote, state;
      words >> slot >> local >> remote >> state;
      const bool same = local.size() > 5 && local.substr(local.size() - 5) == wanted;
      if (same && state == "0A") return true;
    }
  }
  return false;
}

bool IsReady(const Ready& ready, const Program& server, int64_t since_ns) {
  switch (ready.kind) {
    case Ready::Kind::kText:
      return server.Output().find(ready.text) != std::string::npos;
    case Ready::Kind::kPort:
      return IsListening(ready.port);
    case Ready::Kind::kDelay:
      return MonotonicNowNs() - since_ns >= ready.delay_ns;
  }
  return false;
}

std::string LastLine(const std::string& text) {
  const size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return "it said nothing";
  const size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

std::string HowItEnded(const char* who, const Program& program) {
  const int status = program.status();
  return absl::StrCat(who, WIFSIGNALED(status) ? " ended by signal " : " ended with status ",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), ": ",
                      LastLine(program.Output()));
}

// Returns "" if the client ended well.
std::string Meet(const PairCommand& command, Program& server, std::string& client_output) {
  const int64_t start_ns = MonotonicNowNs();
  while (!IsReady(command.ready, server, start_ns)) {
    if (server.WaitFor(kReadyLookNs)) return HowItEnded("server", server);
    if (MonotonicNowNs() - start_ns > kReadyLimitNs)
      return absl::StrCat("server not ready in time: ", LastLine(server.Output()));
  }
  Program client(command.client, 0);
  const bool in_time = client.WaitFor(kClientLimitNs);
  client_output = client.Output();
  if (!in_time) return absl::StrCat("client did not end in time: ", LastLine(client_output));
  const int status = client.status();
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : HowItEnded("client", client);
}

}  // namespace

PairOutcome RunPairCommand(const PairCommand& command) {
  PairOutcome outcome;
  Program server(command.server, 1);
  outcome.why = Meet(command, server, outcome.client);
  outcome.ok = outcome.why.empty();
  if (outcome.ok) server.WaitFor(kServerEndLimitNs);
  outcome.server = server.Output();
  return outcome;
}

}  // namespace ringway::bench
