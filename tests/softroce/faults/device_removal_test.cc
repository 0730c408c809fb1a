// Tests that removing an RDMA device while orders flow affects only its own sessions.
//
// The gateway's own program listens over shared memory and at device B; one strategy connects each
// way, the second from device A. Only a VM may be hurt like this; elsewhere the test skips itself.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "tests/softroce/disk/strategy.h"
#include "tests/softroce/faults/run.h"
#include "tools/demo/processes.h"

namespace ringway::faults {
namespace {

using disk::Strategy;

constexpr uint16_t kPort = 18660;
constexpr uint32_t kShmSession = 7;
constexpr uint32_t kRdmaSession = 8;
constexpr int kRounds = 3;

constexpr const char* kConfig = R"(
listen = ["shm:$DIR/gateway.sock", "$RDMA"]
[admin]
socket = "$DIR/admin.sock"
[host]
wait = "park"
lock_memory = false
[pools]
orders_max = 20000
positions_max = 100
executions_remembered = 20000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
[[account]]
id = 1
[account.limits]
position_max = "off"
gross_notional_max = "off"
[[session]]
id = 7
accounts = [1]
key_file = "$DIR/7.key"
[session.limits]
collar_bps = "off"
duplicate_orders_max = "off"
messages_per_second = "off"
[[session]]
id = 8
accounts = [1]
key_file = "$DIR/8.key"
[session.limits]
collar_bps = "off"
duplicate_orders_max = "off"
messages_per_second = "off"
[[venue]]
id = 1
connector = "exchange"
)";

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  ASSERT_TRUE(file.good()) << path;
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
}

class DeviceRemovalTest : public testing::Test {
 protected:
  void SetUp() override {
    if (getenv("RINGWAY_SOFTROCE_VM") == nullptr) {
      GTEST_SKIP() << "takes a device away from its machine: in a VM only";
    }
    // In memory: sockets need no file system of the host.
    ASSERT_EQ(setenv("TMPDIR", "/dev/shm", 1), 0);
    auto place = demo::PrivateDirectory::Make();
    ASSERT_TRUE(place.ok()) << place.status();
    place_ = *std::move(place);
    device_ = getenv("RINGWAY_RDMA_DEVICE_B");
    rdma_uri_ = absl::StrCat("rdma://", getenv("RINGWAY_RDMA_B"), ":", kPort);
    WriteFile(Path("7.key"), std::string(64, '7') + "\n");
    WriteFile(Path("8.key"), std::string(64, '8') + "\n");
    WriteFile(Path("gateway.toml"),
              absl::StrReplaceAll(kConfig, {{"$DIR", place_->path()}, {"$RDMA", rdma_uri_}}));
    const auto own = demo::OwnPath();
    ASSERT_TRUE(own.ok()) << own.status();
    const std::string program =
        (std::filesystem::path(*own).parent_path() / "../../../gateway/ringway-gateway")
            .lexically_normal()
            .string();
    auto gateway = demo::Child::Start({.name = "the gateway",
                                       .argv = {program, "--config", Path("gateway.toml")},
                                       .log_path = Path("gateway.log")});
    ASSERT_TRUE(gateway.ok()) << gateway.status();
    gateway_ = *std::move(gateway);
    ASSERT_TRUE(Await([this] { return gateway_->IsReady() || !gateway_->Running(); }));
    ASSERT_TRUE(gateway_->Running()) << Log();
  }
  void TearDown() override {
    if (place_ == nullptr) return;
    shm_.reset();
    rdma_.reset();
    gateway_.reset();  // it may have the device open
    EXPECT_TRUE(HealNetwork());
  }

  std::string Path(const std::string& name) const { return place_->path() + "/" + name; }
  std::string Log() const {
    std::ifstream file(Path("gateway.log"));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool Logged(const std::string& part) const { return Log().find(part) != std::string::npos; }

  template <class F>
  static bool Await(F&& holds) {
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    for (; !holds(); usleep(2'000)) {
      if (MonotonicNowNs() > deadline_ns) return false;
    }
    return true;
  }

  absl::StatusOr<std::unique_ptr<Strategy>> LogOn(uint32_t session, const std::string& uri) const {
    return Strategy::Connect({.uri = uri,
                              .session = session,
                              .key_file = Path(absl::StrCat(session, ".key")),
                              .heartbeat_ns = kNsPerS,
                              .connect_timeout_ns = kPatienceNs});
  }

  int LoggedTimes(const std::string& part) const {
    int count = 0;
    const std::string log = Log();
    for (size_t at = log.find(part); at != std::string::npos; at = log.find(part, at + 1)) ++count;
    return count;
  }

  // Removes the device while orders flow both ways; returns when it is gone and its session has
  // noticed.
  void TakeDeviceAway() {
    std::atomic<bool> removed{false};  // sequentially consistent
    std::thread removal([&] {
      EXPECT_TRUE(Devices("device-del " + device_));
      removed = true;
    });
    const bool gone = Await([&] {
      EXPECT_EQ(shm_->Trade(1, 1), 1u) << "an honest session was hurt: " << Log();
      if (rdma_->session().state() == SessionState::kLive) rdma_->SendOrder();
      rdma_->Poll();
      return HasFailure() || (removed && rdma_->session().state() != SessionState::kLive);
    });
    EXPECT_TRUE(gone) << "somebody has the device open: " << Log();
    if (!removed) gateway_->Stop(kPatienceNs);  // so that the thread ends
    removal.join();
    ASSERT_TRUE(gateway_->Running()) << Log();
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(shm_->session().state(), SessionState::kLive);
    ASSERT_TRUE(shm_->Settle());
  }

  std::unique_ptr<demo::PrivateDirectory> place_;
  std::string rdma_uri_;
  std::string device_;
  std::unique_ptr<demo::Child> gateway_;
  std::unique_ptr<Strategy> shm_;
  std::unique_ptr<Strategy> rdma_;
};

TEST_F(DeviceRemovalTest, OrdersOverOtherLinksFlowOnAndTheDeviceMayComeBack) {
  auto shm = LogOn(kShmSession, "shm:" + Path("gateway.sock"));
  ASSERT_TRUE(shm.ok()) << shm.status();
  shm_ = *std::move(shm);
  auto rdma = LogOn(kRdmaSession, absl::StrCat(rdma_uri_, "?source=", getenv("RINGWAY_RDMA_A")));
  ASSERT_TRUE(rdma.ok()) << rdma.status() << Log();
  rdma_ = *std::move(rdma);
  for (int round = 1; round <= kRounds; ++round) {
    ASSERT_EQ(shm_->Trade(50, 4), 50u);
    ASSERT_EQ(rdma_->Trade(50, 4), 50u);
    ASSERT_NO_FATAL_FAILURE(TakeDeviceAway()) << "round " << round;
    ASSERT_TRUE(Await([&] { return LoggedTimes("its links end") >= round; })) << Log();
    ASSERT_TRUE(Devices("device-add " + device_));
    ASSERT_TRUE(Await([&] {
      shm_->Poll();
      return rdma_->Reconnect().ok();
    })) << "round "
        << round << ": " << Log();
  }
  EXPECT_EQ(rdma_->Trade(50, 4), 50u);
  EXPECT_EQ(shm_->Trade(50, 4), 50u);
  EXPECT_TRUE(rdma_->Settle());
  EXPECT_TRUE(shm_->Settle());
  EXPECT_TRUE(rdma_->complaints().empty()) << rdma_->complaints()[0];
  EXPECT_TRUE(shm_->complaints().empty()) << shm_->complaints()[0];
  EXPECT_TRUE(Logged("nobody can connect")) << Log();
  EXPECT_EQ(gateway_->Stop(kPatienceNs), "") << Log();
}

}  // namespace
}  // namespace ringway::faults
