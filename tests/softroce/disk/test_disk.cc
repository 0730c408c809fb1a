// Implements test_disk.h. The script is found in the sources, from the root of the build.
#include "tests/softroce/disk/test_disk.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/child_process.h"

namespace ringway::disk {
namespace {

constexpr useconds_t kLookUs = 5'000;

}  // namespace

bool InVm() { return getenv("RINGWAY_SOFTROCE_VM") != nullptr; }

void TestDisk::Tell(const std::string& word, const std::function<void()>& meanwhile) {
  const auto shell =
      Child::Start({.name = "disk.sh " + word,
                    .argv = {"/bin/sh", "-c", "sh tests/softroce/disk/disk.sh " + word}});
  ASSERT_TRUE(shell.ok()) << shell.status();
  while ((*shell)->Running()) {
    if (meanwhile) meanwhile();
    usleep(kLookUs);
  }
  EXPECT_EQ((*shell)->End(), "") << word;
}

}  // namespace ringway::disk
