// Tests that a thread that cannot be started gives an error that names the limit.
#include "base/thread.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

TEST(StartThreadTest, RunsUnderItsName) {
  std::atomic<bool> ran{false};
  std::thread thread;
  ASSERT_TRUE(StartThread(thread, "ringway-test", [&] { ran = true; }).ok());
  thread.join();
  EXPECT_TRUE(ran);
}

TEST(StartThreadTest, ALimitIsNamedAndNothingIsThrown) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs the address space that this test takes away";
#endif
  const pid_t child = fork();
  if (child == 0) {
    // No room for a stack.
    const rlimit none{1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_AS, &none) != 0) _exit(1);
    // A thread may reuse the stack of an earlier one.
    for (int i = 0; i < 8; ++i) {
      std::thread thread;
      const absl::Status status = StartThread(thread, "ringway-test", [] { pause(); });
      if (status.ok()) {
        thread.detach();
        continue;
      }
      if (!absl::IsResourceExhausted(status)) _exit(2);
      if (status.message().find("TasksMax") == std::string::npos) _exit(3);
      _exit(thread.joinable() ? 4 : 0);
    }
    _exit(5);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ringway
