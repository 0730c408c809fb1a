// Tests of orders on a full disk: on its own tmpfs, without any privilege.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/softroce/disk/full_scenario.h"

namespace ringway::disk {
namespace {

constexpr const char* kSize = "size=40m";

bool Write(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  return written;
}

// Enters a mount namespace in which this process may mount. "" or why there is none.
std::string EnterNamespace() {
  const uid_t uid = getuid();
  const gid_t gid = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return absl::StrCat("no user and mount namespace: ", strerror(errno),
                        "; see user.max_user_namespaces and kernel.unprivileged_userns_clone");
  }
  // As itself, so that files keep their owner.
  if (!Write("/proc/self/setgroups", "deny") ||
      !Write("/proc/self/uid_map", absl::StrCat(uid, " ", uid, " 1")) ||
      !Write("/proc/self/gid_map", absl::StrCat(gid, " ", gid, " 1"))) {
    return absl::StrCat("the user namespace takes no identities: ", strerror(errno));
  }
  return "";
}

class TmpfsFullTest : public testing::Test {
 protected:
  // Once: the namespace stays with the process.
  static void SetUpTestSuite() { why_not_ = EnterNamespace(); }
  void SetUp() override {
    if (!why_not_.empty()) GTEST_SKIP() << why_not_;
    std::array<char, 32> name{"/tmp/ringway-full-XXXXXX"};
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name.data();
    if (mount("ringway-full", folder_.c_str(), "tmpfs", 0, kSize) != 0) {
      GTEST_SKIP() << "no tmpfs in a user namespace: " << strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (folder_.empty()) return;
    if (mounted_) {
      EXPECT_EQ(umount2(folder_.c_str(), MNT_DETACH), 0);
    }
    std::filesystem::remove_all(folder_);
  }

  static std::string why_not_;
  std::string folder_;
  bool mounted_ = false;
};
std::string TmpfsFullTest::why_not_;

TEST_F(TmpfsFullTest, OrdersWaitForRoom) { OrdersWaitForRoom(folder_); }

TEST_F(TmpfsFullTest, SendingOnHarmsNobody) { SendingOnHarmsNobody(folder_); }

}  // namespace
}  // namespace ringway::disk
