// Tests that registered memory shares no page, and that a limit on locked memory that is too low is
// explained.
#include "transport/port/verbs_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace ringway {
namespace {

TEST(VerbsMemoryTest, IsZeroedAndWholePages) {
  absl::StatusOr<VerbsMemory> memory = VerbsMemory::Map(4097, false);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->bytes(), 8192u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->base()) % 4096, 0u);
  EXPECT_TRUE(std::all_of(memory->base(), memory->base() + memory->bytes(),
                          [](std::byte byte) { return byte == std::byte{0}; }));
  EXPECT_FALSE(memory->huge_pages());
}

TEST(VerbsMemoryTest, HugePagesAreAWish) {
  absl::StatusOr<VerbsMemory> memory = VerbsMemory::Map(4096, true);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->bytes(), memory->huge_pages() ? 2u << 20 : 4096u);
}

TEST(VerbsMemoryTest, ChildrenDoNotInheritIt) {
  absl::StatusOr<VerbsMemory> memory = VerbsMemory::Map(4096, false);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // A system call that reads it reports that nothing is mapped there.
    int fds[2];
    if (pipe(fds) != 0) _exit(2);
    _exit(write(fds[1], memory->base(), 1) < 0 && errno == EFAULT ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(VerbsMemoryTest, TooLittleLockableMemoryNamesFiguresAndRemedies) {
  EXPECT_TRUE(CheckLockable(1000, {.limit_bytes = 1000}).ok());
  EXPECT_TRUE(CheckLockable(1000, {.limit_bytes = UINT64_MAX, .pinned_bytes = 5000}).ok());
  EXPECT_TRUE(CheckLockable(1000, {.limit_bytes = 10, .unlimited = true}).ok());
  EXPECT_FALSE(CheckLockable(1000, {.limit_bytes = 1500, .pinned_bytes = 501}).ok());
  EXPECT_FALSE(CheckLockable(1, {.limit_bytes = 10, .pinned_bytes = 20}).ok());
  const absl::Status status = CheckLockable(528'384, {.limit_bytes = 65'536, .pinned_bytes = 4096});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  for (const char* part : {"528384", "65536", "4096", "RLIMIT_MEMLOCK", "ulimit -l", "LimitMEMLOCK",
                           "memlock=-1:-1", "CAP_IPC_LOCK"}) {
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << part;
  }
}

TEST(VerbsMemoryTest, LimitsAreReadFromTheSystem) {
  const LockLimits limits = ReadLockLimits();
  EXPECT_GT(limits.limit_bytes, 0u);
  EXPECT_EQ(limits.pinned_bytes, 0u);  // this process pins nothing
}

}  // namespace
}  // namespace ringway
