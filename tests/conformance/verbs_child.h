// How a test of RDMA links runs its other end in a process of its own: this program again, with a
// test of it that is disabled otherwise.
//
// Forking alone would share the device's open files and the connection manager's between the two.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace ringway {

class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
  }

  // Runs the test "Child.DISABLED_<name>" with `argument` in its environment (Argument()).
  void Start(const std::string& name, const std::string& argument) {
    ASSERT_LT(process_, 0);
    process_ = fork();
    ASSERT_GE(process_, 0);
    if (process_ != 0) return;
    setenv("RINGWAY_CHILD_ARGUMENT", argument.c_str(), 1);
    unsetenv("GTEST_OUTPUT");
    const std::string filter = "--gtest_filter=Child.DISABLED_" + name;
    execl("/proc/self/exe", "child", filter.c_str(), "--gtest_also_run_disabled_tests",
          "--gtest_brief=1", nullptr);
    _exit(127);
  }
  static std::string Argument() {
    const char* const argument = std::getenv("RINGWAY_CHILD_ARGUMENT");
    return argument == nullptr ? "" : argument;
  }

  void Signal(int signal) {
    ASSERT_GT(process_, 0);
    ASSERT_EQ(kill(process_, signal), 0);
  }
  // Ends it as a crash does.
  void Kill() {
    Signal(SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  // Non-blocking: true once it has ended by itself; its exit status, 0 if its test passed, is then
  // in exit_status().
  bool HasEnded() {
    if (process_ <= 0) return true;
    int status = 0;
    if (waitpid(process_, &status, WNOHANG) != process_) return false;
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    process_ = -1;
    return true;
  }
  int exit_status() const { return exit_status_; }

 private:
  pid_t process_ = -1;
  int exit_status_ = -1;
};

}  // namespace ringway
