// Implements full_scenario.h: a disk fills up under a gateway.
#include "tests/softroce/disk/full_scenario.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "tests/softroce/disk/gateway_run.h"
#include "tests/softroce/disk/judgement.h"
#include "tests/softroce/disk/strategy.h"

namespace ringway::disk {
namespace {

constexpr uint64_t kSegments = 3;           // one in use and two spare ones: no room for a fourth
constexpr uint64_t kSlackBytes = 1u << 20;  // for other files in the folder
constexpr uint32_t kOrdersMax = 60'000;     // far more than a segment holds
constexpr uint32_t kOrdersMin = 1'000;      // far fewer
constexpr uint32_t kWindow = 256;
constexpr int64_t kSendOnNs = 8 * kNsPerS;
constexpr int64_t kRoomPatienceNs = 10 * kNsPerS;  // the gateway checks once a second

uint64_t FreeBytes(const std::string& folder) {
  struct statvfs info {};
  EXPECT_EQ(statvfs(folder.c_str(), &info), 0) << folder;
  return uint64_t{info.f_bavail} * info.f_frsize;
}

// Writes a file that leaves this much room. Written, not only reserved.
void LeaveRoom(const std::string& folder, const std::string& ballast, uint64_t bytes) {
  const uint64_t free_bytes = FreeBytes(folder);
  ASSERT_GT(free_bytes, bytes) << folder << " is too small for this test";
  const int fd = open(ballast.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0) << ballast;
  const std::vector<char> block(64 << 10, 1);
  for (uint64_t left = free_bytes - bytes; left != 0;) {
    const ssize_t written = write(fd, block.data(), std::min<uint64_t>(left, block.size()));
    ASSERT_GT(written, 0);
    left -= static_cast<uint64_t>(written);
  }
  ASSERT_EQ(fsync(fd), 0);
  close(fd);
}

// A gateway on a disk that is nearly full, and a strategy.
struct Scene {
  std::string ballast;  // the file that fills it
  std::unique_ptr<GatewayRun> gateway;
  std::unique_ptr<Strategy> strategy;

  void Begin(const std::string& folder) {
    ballast = folder + "/ballast";
    ASSERT_NO_FATAL_FAILURE(LeaveRoom(folder, ballast, kSegments * kSegmentBytes + kSlackBytes));
    auto made = GatewayRun::Make(folder + "/journal");
    ASSERT_TRUE(made.ok()) << made.status();
    gateway = *std::move(made);
    ASSERT_TRUE(gateway->Start().ok());
    auto connected = Strategy::Connect(gateway->Options(Durability::kDurable));
    ASSERT_TRUE(connected.ok()) << connected.status();
    strategy = *std::move(connected);
  }
};

}  // namespace

void OrdersWaitForRoom(const std::string& folder) {
  Scene scene;
  ASSERT_NO_FATAL_FAILURE(scene.Begin(folder));
  GatewayRun& run = *scene.gateway;
  Strategy& strategy = *scene.strategy;

  // Until the disk is full.
  const uint32_t sent = strategy.Trade(kOrdersMax, kWindow);
  ASSERT_TRUE(strategy.Settle()) << strategy.Waiting() << run.Ask("status") << run.Log();
  EXPECT_GT(sent, kOrdersMin);
  EXPECT_GT(strategy.refusals(), 0u) << "all " << sent << " orders found room";
  EXPECT_EQ(strategy.Durable().size(), strategy.acks()) << "the disk took what it was given";
  ExpectRefusedOnlyForTheJournal(strategy);

  // Cancels pass, orders do not.
  const std::vector<uint64_t> open_orders = strategy.Open();
  ASSERT_FALSE(open_orders.empty());
  const uint32_t canceled = strategy.cancels();
  for (const uint64_t id : open_orders) ASSERT_TRUE(strategy.Cancel(id));
  ASSERT_TRUE(strategy.Settle()) << run.Log();
  EXPECT_EQ(strategy.cancels() - canceled, open_orders.size());
  const uint32_t acks = strategy.acks();
  for (int i = 0; i != 10; ++i) ASSERT_NE(strategy.SendOrder(), 0u);
  ASSERT_TRUE(strategy.Settle());
  EXPECT_EQ(strategy.acks(), acks) << "an order was taken without room for it";

  // There is room again.
  ASSERT_EQ(unlink(scene.ballast.c_str()), 0);
  ASSERT_TRUE(strategy.PollUntil(
      [&] {
        usleep(100'000);
        return strategy.SendOrder() != 0 && strategy.Settle() && strategy.acks() > acks;
      },
      kRoomPatienceNs))
      << run.Log();
  const uint32_t refusals = strategy.refusals();
  EXPECT_EQ(strategy.Trade(500, kWindow), 500u);
  ASSERT_TRUE(strategy.Settle());
  EXPECT_EQ(strategy.refusals(), refusals) << "there is room";
  ExpectRefusedOnlyForTheJournal(strategy);

  run.Kill();
  const JournalContents journal = ReadJournal(run.journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  ExpectAllOf(strategy, journal);
  ExpectGoesOn(run, strategy);
  testing::Test::RecordProperty("orders_until_full", static_cast<int>(sent));
}

void SendingOnHarmsNobody(const std::string& folder) {
  Scene scene;
  ASSERT_NO_FATAL_FAILURE(scene.Begin(folder));
  GatewayRun& run = *scene.gateway;
  Strategy& strategy = *scene.strategy;

  const int64_t end_ns = MonotonicNowNs() + kSendOnNs;
  while (MonotonicNowNs() < end_ns && strategy.session().state() == SessionState::kLive) {
    strategy.Trade(kOrdersMax, kWindow);
  }
  EXPECT_GT(strategy.refusals(), 1u) << "it was refused once and went on";
  EXPECT_EQ(strategy.session().state(), SessionState::kLive)
      << Name(strategy.session().end()) << ", " << Name(strategy.session().logout_reason()) << "\n"
      << run.Log();
  EXPECT_FALSE(run.WaitForEnd(0)) << run.Log();
  EXPECT_NE(run.Ask("status").find("noSpace"), std::string::npos) << run.Ask("status");
  ExpectRefusedOnlyForTheJournal(strategy);

  // A start on a full disk is refused, with the remedy. Then there is room.
  run.Kill();
  const JournalContents journal = ReadJournal(run.journal(), kSession);
  EXPECT_TRUE(journal.status.ok()) << journal.status;
  ExpectAcknowledgedOf(strategy, journal);
  const absl::Status refused = run.Start();
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(std::string(refused.message()).find("make room there"), std::string::npos) << refused;
  ASSERT_EQ(unlink(scene.ballast.c_str()), 0);
  ExpectGoesOn(run, strategy);
}

}  // namespace ringway::disk
