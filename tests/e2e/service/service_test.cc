// Tests that the shipped unit, under a real systemd, loses nothing when its gateway is killed.
//
// A systemd runs as the first process of its own namespaces, with the unit of deploy/. The gateway
// is killed at the moment the last of some orders is acknowledged (in memory: the journal is synced
// only once a second), systemd restarts it, and it must know every one. Skipped if there is no
// systemd, or if namespaces cannot be made.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 600 * kNsPerS;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr const char* kConfig = R"(
listen = ["shm:/run/ringway/gateway.sock"]
allowed_users = [0]
[admin]
socket = "/run/ringway/admin.sock"
[host]
wait = "park"
lock_memory = false
[journal]
allow_volatile = true
directory = "/var/lib/ringway/journal"
memory_directory = "/run/ringway"
segment_bytes = "4MiB"
sync_interval = "1s"
[pools]
orders_max = 1000
positions_max = 100
executions_remembered = 1000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
reference_age_max = "off"
[[account]]
id = 1
[account.limits]
notional_max = "off"
position_max = "off"
gross_notional_max = "off"
[[session]]
id = 1
key_file = "/etc/ringway/keys/1.key"
accounts = [1]
[session.limits]
collar_bps = "off"
notional_max = "off"
duplicate_orders_max = "off"
messages_per_second = "off"
[[venue]]
id = 1
connector = "exchange"
)";

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/lib/systemd/systemd", X_OK) != 0) GTEST_SKIP() << "there is no systemd";
    if (std::system("unshare --mount --pid --ipc --uts --cgroup --fork true 2> /dev/null") != 0) {
      GTEST_SKIP() << "no namespaces can be made here (this takes root)";
    }
    std::array<char, 40> folder{"/tmp/ringway-service-XXXXXX"};
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder.data();
    namespace fs = std::filesystem;
    fs::copy_file("gateway/ringway-gateway", folder_ + "/ringway-gateway");
    fs::copy_file("tools/ringway/ringway", folder_ + "/ringway");
    fs::copy_file("tests/e2e/service/flow", folder_ + "/flow");
    fs::copy_file("tests/e2e/service/inside.sh", folder_ + "/inside.sh");
    fs::copy_file("tests/e2e/service/driver.sh", folder_ + "/driver.sh");
    fs::copy_file("deploy/ringway-gateway.service", folder_ + "/ringway-gateway.service");
    std::ofstream(folder_ + "/gateway.toml") << kConfig;
    std::ofstream(folder_ + "/1.key") << std::string(64, 'a') << "\n";
    ASSERT_EQ(chmod((folder_ + "/1.key").c_str(), 0600), 0);
    ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  }
  void TearDown() override {
    if (systemd_ > 0) {
      kill(systemd_, SIGKILL);  // its namespaces, and all in them, go with it
      waitpid(systemd_, nullptr, 0);
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void Start() {
    systemd_ = fork();
    ASSERT_GE(systemd_, 0);
    if (systemd_ != 0) return;
    const std::string log = folder_ + "/systemd.log";
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT, 0600);
    const int none = open("/dev/null", O_RDONLY);
    dup2(none, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execlp("unshare", "unshare", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork",
           "--kill-child", "bash", (folder_ + "/inside.sh").c_str(), folder_.c_str(), nullptr);
    _exit(127);
  }
  bool Done() {
    for (const int64_t until_ns = MonotonicNowNs() + kPatienceNs; MonotonicNowNs() < until_ns;) {
      if (std::filesystem::exists(folder_ + "/done")) return true;
      if (waitpid(systemd_, nullptr, WNOHANG) == systemd_) {
        systemd_ = 0;
        return false;
      }
      usleep(10'000);
    }
    return false;
  }
  std::string Logs() {
    std::string logs;
    for (const char* name : {"/systemd.log", "/driver.log", "/unit.log"}) {
      logs += std::string(name) + ":\n" + ReadAll(folder_ + name);
    }
    return logs;
  }

  std::string folder_;
  pid_t systemd_ = 0;
};

TEST_F(ServiceTest, AGatewayThatIsKilledAndRestartedBySystemdHasLostNothing) {
  Start();
  ASSERT_TRUE(Done()) << Logs();
  ASSERT_EQ(ReadAll(folder_ + "/acknowledged"), "200\n") << Logs();
  const nlohmann::json status =
      nlohmann::json::parse(ReadAll(folder_ + "/status.json"), nullptr, false);
  ASSERT_FALSE(status.is_discarded()) << Logs();
  EXPECT_EQ(status["orders"]["received"], 200) << Logs();
  // Files of others in the unit's folder stay when it stops; the journal's memory has been moved to
  // the disk.
  EXPECT_EQ(ReadAll(folder_ + "/left"), "exchange.sock\n") << Logs();
  EXPECT_EQ(ReadAll(folder_ + "/state"), "inactive\n") << Logs();
}

}  // namespace
}  // namespace ringway
