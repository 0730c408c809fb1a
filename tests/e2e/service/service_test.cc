// Tests that the shipped unit, under a real systemd, loses nothing when its gateway is killed.
//
// A systemd runs as the first process of its own namespaces, with the unit of deploy/. The gateway
// is killed at the moment the last of some orders is acknowledged (in memory: the journal is synced
// only once a second), systemd restarts it, and it must know every one. Skipped if there is no
// systemd, or if namespaces cannot be made.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gateway/config/config.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ringway {
namespace {

constexpr int64_t kPatienceNs = 600 * kNsPerS;

GatewayConfig UnitsConfig() {
  GatewayConfig config = TestConfig("/run/ringway");
  config.allowed_users = {0};
  config.journal = TestJournal("/var/lib/ringway/journal");
  config.journal.memory_directory = "/run/ringway";
  config.journal.sync_interval_ns = kNsPerS;
  config.instruments[0].reference_age_max_ns = 0;
  LiftLimits(config.accounts[0].limits);
  config.sessions = {TestSession(1, 1, "/etc/ringway/keys")};
  LiftLimits(config.sessions[0].engine.limits);
  return config;
}

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/lib/systemd/systemd", X_OK) != 0) GTEST_SKIP() << "there is no systemd";
    if (std::system("unshare --mount --pid --ipc --uts --cgroup --fork true 2> /dev/null") != 0) {
      GTEST_SKIP() << "no namespaces can be made here (this takes root)";
    }
    namespace fs = std::filesystem;
    for (const char* file : {"gateway/ringway-gateway", "tools/ringway/ringway",
                             "tests/e2e/service/flow", "tests/e2e/service/inside.sh",
                             "tests/e2e/service/driver.sh", "deploy/ringway-gateway.service"}) {
      fs::copy_file(file, folder_ / fs::path(file).filename().string());
    }
    ASSERT_TRUE(WritePrivateFile(folder_ / "gateway.toml", PrintConfig(UnitsConfig())).ok());
    ASSERT_TRUE(WritePrivateFile(folder_ / "1.key", TestKeyText(1)).ok());
    ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
    absl::StatusOr<std::unique_ptr<Child>> systemd = Child::Start(
        {.name = "systemd",
         .argv = {"/usr/bin/unshare", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork",
                  "--kill-child", "bash", folder_ / "inside.sh", folder_.path()},
         .log_path = folder_ / "systemd.log"});
    ASSERT_TRUE(systemd.ok()) << systemd.status();
    systemd_ = *std::move(systemd);
  }

  bool Done() {
    const auto done = [this] { return std::filesystem::exists(folder_ / "done"); };
    return Within(kPatienceNs, [&] { return done() || !systemd_->Running(); }) && done();
  }
  std::string Logs() {
    std::string logs;
    for (const char* name : {"systemd.log", "driver.log", "unit.log"}) {
      logs += std::string(name) + ":\n" + ReadWholeFile(folder_ / name);
    }
    return logs;
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("/tmp");
  std::unique_ptr<Child> systemd_;  // its namespaces, and all in them, end with it
};

TEST_F(ServiceTest, AGatewayThatIsKilledAndRestartedBySystemdHasLostNothing) {
  ASSERT_TRUE(Done()) << Logs();
  ASSERT_EQ(ReadWholeFile(folder_ / "acknowledged"), "200\n") << Logs();
  const nlohmann::json status =
      nlohmann::json::parse(ReadWholeFile(folder_ / "status.json"), nullptr, false);
  ASSERT_FALSE(status.is_discarded()) << Logs();
  EXPECT_EQ(status["orders"]["received"], 200) << Logs();
  // Files of others in the unit's folder stay when it stops; the journal's memory has been moved to
  // the disk.
  EXPECT_EQ(ReadWholeFile(folder_ / "left"), "exchange.sock\n") << Logs();
  EXPECT_EQ(ReadWholeFile(folder_ / "state"), "inactive\n") << Logs();
}

}  // namespace
}  // namespace ringway
