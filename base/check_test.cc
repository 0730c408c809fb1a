// Tests that a failed CHECK ends the process even if its message cannot be written.
#include "base/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "base/last_words.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(CheckDeathTest, NamesThePlaceAndRunsTheHookFirst) {
  EXPECT_DEATH(
      {
        SetLastWordsHook([]() noexcept {
          [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, "queued\n", 7);
        });
        RINGWAY_CHECK(1 == 2, "arithmetic");
      },
      "queued\n.*check_test.cc:[0-9]+: CHECK failed: 1 == 2: arithmetic");
}

TEST(Check, AFullPipeDoesNotHoldTheEndUp) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::array<char, 4096> zeros{};
  while (write(ends[1], zeros.data(), zeros.size()) > 0) {
  }
  ASSERT_EQ(errno, EAGAIN);
  ASSERT_EQ(fcntl(ends[1], F_SETFL, 0), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    RINGWAY_CHECK(false, "nobody reads this");
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace ringway
