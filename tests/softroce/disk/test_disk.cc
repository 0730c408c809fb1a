// Implements test_disk.h. The script is found in the sources, from the root of the build.
#include "tests/softroce/disk/test_disk.h"

#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace ringway::disk {
namespace {

constexpr useconds_t kLookUs = 5'000;

}  // namespace

bool InVm() { return getenv("RINGWAY_SOFTROCE_VM") != nullptr; }

void TestDisk::Tell(const std::string& word, const std::function<void()>& meanwhile) {
  const std::string command = absl::StrCat("sh tests/softroce/disk/disk.sh ", word);
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (meanwhile) meanwhile();
    usleep(kLookUs);
  }
  EXPECT_EQ(status, 0) << command;
}

}  // namespace ringway::disk
