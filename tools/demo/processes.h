// Child processes of the demo: starts a program, detects that it is ready, watches it, stops it and
// reads its log.
//
// A child is in its own process group, so that Ctrl-C reaches only the demo, which then stops what
// it started, in order; and it dies with its parent, so that nothing is left behind even if the
// demo is killed. Signals go only to the ids of its own children.
// Thread rule: the demo's one thread. A Child is stopped, if need be by SIGKILL, on destruction.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringway::demo {

inline constexpr int kAnyCore = -1;

struct ChildSpec {
  std::string name;               // for messages
  std::vector<std::string> argv;  // argv[0] is the program's path
  std::string log_path;           // takes stdout and stderr
  int core = kAnyCore;            // index into the allowed cores
  int pass_fd = -1;               // stays open in the child, under the same number
};

class Child {
 public:
  // Errors: the system's reason. A program that cannot be executed ends with status 127 and logs
  // why.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const ChildSpec& spec);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& name() const noexcept { return spec_.name; }
  pid_t pid() const noexcept { return pid_; }

  // Whether a line of the log starts with "ready" or "PROGRAM ready".
  bool IsReady() const;

  // Whether it runs; reaps it once it has ended.
  bool Running();
  // REQUIRES: !Running(). "" for exit status 0, otherwise "exit status 3" or "killed by signal 9".
  std::string End() const;

  // Asks it to end (SIGTERM), waits this long, then forces it (SIGKILL). Returns End(), and
  // mentions a SIGKILL.
  std::string Stop(int64_t patience_ns);

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
// Bazel puts it. Errors: NotFound, naming the places and the command that builds it.
absl::StatusOr<std::string> FindProgram(std::string_view name, std::string_view bazel_package);

// The path of this program. Errors: the system's reason.
absl::StatusOr<std::string> OwnPath();

// A directory for sockets and files that only this user can enter; removed with its contents when
// the object is destroyed.
class PrivateDirectory {
 public:
  // Made below $TMPDIR, or /tmp if that is unset or too long for a socket's name.
  static absl::StatusOr<std::unique_ptr<PrivateDirectory>> Make();
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ringway::demo
