// Child processes: starts a program, detects that it is ready, watches it, stops it and reads its
// log.
//
// A child is in its own process group, so that Ctrl-C reaches only its parent, which then stops
// what it started, in order; and it dies with its parent, so that nothing is left behind even if
// that is killed. Signals go only to the ids of its own children. Thread rule: one thread. A Child
// is stopped, if need be by SIGKILL, on destruction.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway {

inline constexpr int kAnyCore = -1;

struct ChildSpec {
  std::string name;                    // for messages
  std::vector<std::string> argv;       // argv[0] is the program's path
  std::string log_path = {};           // takes stderr; "": it has that of this process
  std::string output_path = {};        // takes stdout; "": as stderr
  int error_fd = -1;                   // takes stderr in place of the log
  int core = kAnyCore;                 // index into the allowed cores
  int pass_fd = -1;                    // stays open in the child, under the same number
  std::function<void()> prepare = {};  // called in the child, before the program is executed
};

class Child {
 public:
  // Errors: the system's reason. A program that cannot be executed ends with status 127 and logs
  // why.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const ChildSpec& spec);
  // A copy of this process, which calls the function and exits with its result.
  static absl::StatusOr<std::unique_ptr<Child>> Fork(const std::function<int()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& name() const noexcept { return spec_.name; }
  pid_t pid() const noexcept { return pid_; }

  // Whether a line of its output starts with "ready" or "PROGRAM ready".
  bool IsReady() const;
  // Errors: it ended, or was not ready in time; with the end of its log.
  absl::Status AwaitReady(int64_t patience_ns);

  // Whether it runs; reaps it once it has ended.
  bool Running();
  // Waits for its end. False: it still runs.
  bool AwaitEnd(int64_t patience_ns);
  // "" for exit status 0, otherwise "exit status 3" or "killed by signal 9".
  std::string End() const;
  // The exit status, or the number of the signal that ended it, negative; INT32_MIN: it still runs.
  int EndStatus() const noexcept;

  // Nothing is sent to one that was seen to end.
  void Signal(int number) const;
  // Ends it as a crash does.
  void Kill();
  // Asks it to end (SIGTERM), waits this long, then forces it (SIGKILL). Returns End(), and
  // mentions a SIGKILL.
  std::string Stop(int64_t patience_ns);

  std::string Log() const;
  // The last lines of its log, each prefixed with "  | ".
  std::string LogTail(size_t lines_max) const;

 private:
  Child(const ChildSpec& spec, pid_t pid) : spec_(spec), pid_(pid) {}

  ChildSpec spec_;
  pid_t pid_;
  std::optional<int> wait_status_;
  bool killed_ = false;
};

// The path of a program that belongs to the same build as this one: next to this program, or where
// Bazel puts it. Errors: NotFound, naming the command that builds it.
absl::StatusOr<std::string> FindProgram(std::string_view name, std::string_view bazel_package);

// The path of this program. Errors: the system's reason.
absl::StatusOr<std::string> OwnPath();

}  // namespace ringway
