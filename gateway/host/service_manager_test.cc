// Tests that systemd is notified: ready, alive, stopping, and that a long start makes progress.
#include "gateway/host/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

// Listens as systemd does.
class ServiceManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    name_ = "@ringway-notify-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size())),
              0);
    setenv("NOTIFY_SOCKET", name_.c_str(), 1);
    setenv("WATCHDOG_USEC", "2000000", 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(fd_);
  }
  // The next datagram; "" if there is none.
  std::string Heard() const {
    std::array<char, 512> text;
    const ssize_t bytes = recv(fd_, text.data(), text.size(), 0);
    return bytes < 0 ? "" : std::string(text.data(), static_cast<size_t>(bytes));
  }

  std::string name_;
  int fd_ = -1;
};

TEST_F(ServiceManagerTest, ALongStartAsksForMoreTime) {
  const ServiceManager manager;
  manager.Starting("replaying the journal");
  EXPECT_EQ(Heard(), "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=replaying the journal");
  manager.Ready("2 sessions");
  EXPECT_EQ(Heard(), "READY=1\nSTATUS=2 sessions");
  manager.Stopping();
  EXPECT_EQ(Heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, TheWatchdogHearsATurnAtHalfItsInterval) {
  ServiceManager manager;
  manager.Turned(5 * kNsPerS);
  EXPECT_EQ(Heard(), "WATCHDOG=1");
  manager.Turned(5 * kNsPerS + kNsPerS / 2);
  EXPECT_EQ(Heard(), "");
  manager.Turned(6 * kNsPerS);
  EXPECT_EQ(Heard(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, WithoutSystemdNothingIsSaid) {
  unsetenv("NOTIFY_SOCKET");
  ServiceManager manager;
  manager.Ready("");
  manager.Turned(kNsPerS);
  EXPECT_EQ(Heard(), "");
}

}  // namespace
}  // namespace ringway
