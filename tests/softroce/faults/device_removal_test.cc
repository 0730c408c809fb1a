// Tests that removing an RDMA device while orders flow affects only its own sessions.
//
// The gateway's own program listens over shared memory and at device B; one strategy connects each
// way, the second from device A. Only a VM may be hurt like this; elsewhere the test skips itself.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "base/within.h"
#include "gateway/testing/gateway_program.h"
#include "gateway/testing/test_config.h"
#include "tests/e2e/kills/link_faults.h"
#include "tests/softroce/disk/strategy.h"

namespace ringway::faults {
namespace {

using disk::Strategy;
using kills::Devices;

constexpr uint16_t kPort = 18660;
constexpr uint32_t kShmSession = 7;
constexpr uint32_t kRdmaSession = 8;
constexpr int kRounds = 3;
constexpr int64_t kPatienceNs = 120 * kNsPerS;

class DeviceRemovalTest : public testing::Test {
 protected:
  void SetUp() override {
    if (getenv("RINGWAY_SOFTROCE_VM") == nullptr) {
      GTEST_SKIP() << "takes a device away from its machine: in a VM only";
    }
    device_ = getenv("RINGWAY_RDMA_DEVICE_B");
    rdma_uri_ = absl::StrCat("rdma://", getenv("RINGWAY_RDMA_B"), ":", kPort);
    GatewayConfig& config = gateway_.config;
    config.listen.push_back(rdma_uri_);
    config.pools = {.orders_max = 20'000, .positions_max = 100, .executions_remembered = 20'000};
    LiftLimits(config.accounts[0].limits);
    for (const uint32_t session : {kShmSession, kRdmaSession}) {
      config.sessions.push_back(TestSession(session, 1, place_.path()));
      LiftLimits(config.sessions.back().engine.limits);
    }
    const absl::Status started = gateway_.Start();
    ASSERT_TRUE(started.ok()) << started;
  }
  void TearDown() override {
    if (IsSkipped()) return;
    shm_.reset();
    rdma_.reset();
    gateway_.Kill();  // it may have the device open
    EXPECT_EQ(Devices("heal"), absl::OkStatus());
  }

  std::string Log() const { return gateway_.Log(); }
  template <class F>
  static bool Await(F&& holds) {
    return Within(kPatienceNs, holds);
  }

  absl::StatusOr<std::unique_ptr<Strategy>> LogOn(uint32_t session, const std::string& uri) const {
    SessionOptions options = gateway_.Options(session);
    options.uri = uri;
    options.heartbeat_ns = kNsPerS;
    return Strategy::Connect(options);
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
      EXPECT_EQ(Devices("device-del " + device_), absl::OkStatus());
      removed = true;
    });
    const bool gone = Await([&] {
      EXPECT_EQ(shm_->Trade(1, 1), 1u) << "an honest session was hurt: " << Log();
      if (rdma_->session().state() == SessionState::kLive) rdma_->SendOrder();
      rdma_->Poll();
      return HasFailure() || (removed && rdma_->session().state() != SessionState::kLive);
    });
    EXPECT_TRUE(gone) << "somebody has the device open: " << Log();
    if (!removed) gateway_.Stop();  // so that the thread ends
    removal.join();
    ASSERT_TRUE(gateway_.Running()) << Log();
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(shm_->session().state(), SessionState::kLive);
    ASSERT_TRUE(shm_->Settle());
  }

  // In memory: sockets need no file system of the host.
  const TemporaryFolder place_ = *TemporaryFolder::Make("/dev/shm");
  std::string rdma_uri_;
  std::string device_;
  GatewayProgram gateway_{place_.path()};
  std::unique_ptr<Strategy> shm_;
  std::unique_ptr<Strategy> rdma_;
};

TEST_F(DeviceRemovalTest, OrdersOverOtherLinksFlowOnAndTheDeviceMayComeBack) {
  auto shm = LogOn(kShmSession, gateway_.config.listen[0]);
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
    ASSERT_EQ(Devices("device-add " + device_), absl::OkStatus());
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
  EXPECT_TRUE(LoggedTimes("nobody can connect") > 0) << Log();
  EXPECT_EQ(gateway_.Stop(), "") << Log();
}

}  // namespace
}  // namespace ringway::faults
