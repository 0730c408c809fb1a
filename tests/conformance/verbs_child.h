// The child process of RDMA tests, which runs a link's other end: the same program, whose main()
// runs the child's part instead of the tests.
//
// Forking alone would share the open files of the device and of the connection manager between the
// two.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace ringway {

inline constexpr const char* kChildFlag = "--child";

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

  // Runs this program as the child, which dies with its parent.
  void Start(const std::string& argument) {
    ASSERT_LT(process_, 0);
    process_ = fork();
    ASSERT_GE(process_, 0);
    if (process_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unsetenv("GTEST_OUTPUT");
    execl("/proc/self/exe", "child", kChildFlag, argument.c_str(), nullptr);
    _exit(127);
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
  // Non-blocking: true once it has ended by itself; exit_status() is then 0 if none of its
  // expectations failed.
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

// The main() of such a program: runs the tests or, started as the child, `child` with Start()'s
// argument. GoogleTest's expectations work in both.
template <class Child>
int RunTestsOrChild(int argc, char** argv, Child child) {
  const bool is_child = argc == 3 && std::string_view(argv[1]) == kChildFlag;
  const std::string argument = is_child ? argv[2] : "";
  testing::InitGoogleTest(&argc, argv);
  if (!is_child) return RUN_ALL_TESTS();
  child(argument);
  return testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
}

}  // namespace ringway
