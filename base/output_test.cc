// Tests that a program that prints to a full device reports it.
#include "base/output.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace ringway {
namespace {

// The exit status of a child that prints `bytes` to this path.
int StatusOf(const char* path, size_t bytes) {
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    if (std::freopen(path, "w", stdout) == nullptr) _exit(99);
    const std::string text(bytes, 'x');
    (void)std::fwrite(text.data(), 1, text.size(), stdout);
    _exit(EndOutput("test"));
  }
  int ended = 0;
  EXPECT_EQ(waitpid(pid, &ended, 0), pid);
  return WEXITSTATUS(ended);
}

TEST(OutputTest, FullDeviceFailsThePrinter) {
  EXPECT_EQ(StatusOf("/dev/full", 10), 1) << "found by the flush";
  EXPECT_EQ(StatusOf("/dev/full", 1'000'000), 1) << "found while printing";
}

TEST(OutputTest, AnyOtherDeviceIsFine) {
  EXPECT_EQ(StatusOf("/dev/null", 1'000'000), 0);
  EXPECT_EQ(StatusOf("/dev/full", 0), 0) << "nothing was printed";
}

}  // namespace
}  // namespace ringway
