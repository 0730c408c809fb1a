// Tests that snapshots are made while a gateway writes, and that only those segments go that nobody
// needs.
#include "gateway/recovery/snapshot_keeper.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gateway/journal/file_source.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/snapshot_file.h"
#include "gateway/recovery/testing/recorded_flow.h"
#include "gateway/recovery/testing/recovered.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using testing::Damage;
using testing::ExpectSame;
using testing::MakeOptions;
using testing::RecordedFlow;
using testing::RecoverNow;
using testing::RecoverWhole;
using testing::SnapshotPositions;

bool Eventually(const std::function<bool()>& done) {
  for (int i = 0; i < 20'000 && !done(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return done();
}

SnapshotKeeperOptions KeeperOptions(const RecordedFlow& flow) {
  return {.directory = flow.place().directory,
          .snapshot_bytes = 3 * kSegmentBytesMin,
          .keep_bytes = 0,
          .make =
              [&flow](uint64_t last_segment, const std::function<bool()>&) {
                return MakeSnapshot(MakeOptions(flow, last_segment)).status();
              },
          .report = [](std::string_view line) { ADD_FAILURE() << line; }};
}

TEST(SnapshotKeeperTest, MakesThemWhileAGatewayWritesAndLetsOldSegmentsGo) {
  RecordedFlow flow(8);
  flow.Open();
  SnapshotKeeperOptions options = KeeperOptions(flow);
  options.keep_bytes = 2 * kSegmentBytesMin;
  std::optional<SnapshotKeeper> keeper(std::in_place, flow.storage(), options, 0);
  ASSERT_TRUE(keeper->Start().ok());
  uint64_t before = 0;
  for (int snapshot = 0; snapshot < 3; ++snapshot) {
    flow.RunSegments(3);
    ASSERT_TRUE(Eventually([&] { return keeper->position() > before; }));
    before = keeper->position();
  }
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(flow.place().SegmentPath(1)); }));
  keeper.reset();
  flow.Close();
  const std::vector<uint64_t> positions = SnapshotPositions(flow.place().directory);
  ASSERT_EQ(positions.size(), 2u);
  Recovered recovered = RecoverNow(flow);
  EXPECT_EQ(recovered.snapshot_position, positions[1]);
  EXPECT_EQ(recovered.past.engine().StateHash(), flow.engine().StateHash());

  // The older of the two goes on as well.
  Damage(SnapshotPath(flow.place().directory, positions[1]), 300, false);
  Recovered older = RecoverNow(flow);
  EXPECT_EQ(older.snapshot_position, positions[0]);
  ExpectSame(older, recovered);

  // Without any there is nothing to begin from, and that is said.
  for (const uint64_t position : positions) {
    std::filesystem::remove(SnapshotPath(flow.place().directory, position));
  }
  auto source = FileSource::Open(flow.place().directory, "/dev/shm");
  ASSERT_TRUE(source.ok());
  const auto nothing = Recover(**source, flow.Options(flow.place()));
  EXPECT_EQ(nothing.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(nothing.status().message(), "no snapshot to begin from"))
      << nothing.status();
}

TEST(SnapshotKeeperTest, KeepsEverySegmentUnlessToldOtherwise) {
  RecordedFlow flow(9);
  flow.Open();
  std::optional<SnapshotKeeper> keeper(std::in_place, flow.storage(), KeeperOptions(flow), 0);
  ASSERT_TRUE(keeper->Start().ok());
  uint64_t before = 0;
  for (int snapshot = 0; snapshot < 2; ++snapshot) {
    flow.RunSegments(3);
    ASSERT_TRUE(Eventually([&] { return keeper->position() > before; }));
    before = keeper->position();
  }
  keeper.reset();
  flow.Close();
  Recovered recovered = RecoverNow(flow);
  Recovered whole = RecoverWhole(flow);
  EXPECT_EQ(recovered.snapshot_position, before);
  ExpectSame(recovered, whole);
}

TEST(SnapshotKeeperTest, SegmentsThatTheOlderOfTwoSnapshotsNeedsStay) {
  RecordedFlow flow(12);
  flow.Open();
  SnapshotKeeperOptions options = KeeperOptions(flow);
  options.snapshot_bytes = 4 * kSegmentBytesMin;
  options.keep_bytes = 1;
  std::optional<SnapshotKeeper> keeper(std::in_place, flow.storage(), options, 0);
  ASSERT_TRUE(keeper->Start().ok());
  uint64_t before = 0;
  for (int snapshot = 0; snapshot < 2; ++snapshot) {
    flow.RunSegments(4);
    ASSERT_TRUE(Eventually([&] { return keeper->position() > before; }));
    before = keeper->position();
  }
  ASSERT_TRUE(Eventually([&] { return !std::filesystem::exists(flow.place().SegmentPath(1)); }));
  // Whatever else goes has its turn now.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  keeper.reset();
  const std::vector<uint64_t> positions = SnapshotPositions(flow.place().directory);
  ASSERT_EQ(positions.size(), 2u);
  const uint64_t older = positions[0] / kSegmentBytesMin + 1;  // it goes on in this one or the next
  EXPECT_TRUE(std::filesystem::exists(flow.place().SegmentPath(older)));
  EXPECT_TRUE(std::filesystem::exists(flow.place().SegmentPath(older + 1)));
  flow.Close();
}

TEST(SnapshotKeeperTest, AFailedAttemptIsToldAndRepeatedLater) {
  RecordedFlow flow(10);
  flow.Open();
  std::atomic<int> attempts{0};
  std::atomic<int> told{0};
  SnapshotKeeperOptions options = KeeperOptions(flow);
  options.make = [&](uint64_t last_segment, const std::function<bool()>&) -> absl::Status {
    if (attempts.fetch_add(1) == 0) return absl::ResourceExhaustedError("no room");
    return MakeSnapshot(MakeOptions(flow, last_segment)).status();
  };
  options.report = [&](std::string_view line) {
    EXPECT_NE(line.find("no room"), std::string_view::npos) << line;
    ++told;
  };
  SnapshotKeeper keeper(flow.storage(), options, 0);
  ASSERT_TRUE(keeper.Start().ok());
  flow.RunSegments(3);
  ASSERT_TRUE(Eventually([&] { return told == 1; }));
  EXPECT_EQ(keeper.position(), 0u);
  flow.RunSegments(3);
  ASSERT_TRUE(Eventually([&] { return keeper.position() != 0; }));
  EXPECT_EQ(attempts, 2);
}

TEST(SnapshotKeeperTest, OneThatIsDueForTooLongIsAnAlarmUntilItIsMade) {
  RecordedFlow flow(13);
  flow.Open();
  std::atomic<bool> slow{true};
  std::atomic<int> alarms{0};
  std::atomic<int> ends{0};
  SnapshotKeeperOptions options = KeeperOptions(flow);
  options.late_after_ns = 1;
  options.make = [&](uint64_t last_segment, const std::function<bool()>& stops) {
    while (slow && !stops()) std::this_thread::yield();
    return MakeSnapshot(MakeOptions(flow, last_segment)).status();
  };
  options.report = [&](std::string_view line) {
    alarms += line.find("ALARM: a snapshot is due since") != std::string_view::npos ? 1 : 0;
    ends += line.find("that was late is made") != std::string_view::npos ? 1 : 0;
  };
  SnapshotKeeper keeper(flow.storage(), options, 0);
  ASSERT_TRUE(keeper.Start().ok());
  EXPECT_EQ(keeper.due_since_ns(), 0);
  flow.RunSegments(3);
  ASSERT_TRUE(Eventually([&] { return alarms == 1; }));
  EXPECT_NE(keeper.due_since_ns(), 0);
  EXPECT_EQ(ends, 0);
  slow = false;
  ASSERT_TRUE(Eventually([&] { return ends == 1; }));
  EXPECT_NE(keeper.position(), 0u);
  EXPECT_EQ(keeper.due_since_ns(), 0);
  EXPECT_EQ(alarms, 1) << "once for each time";
}

TEST(SnapshotKeeperTest, EndsWhileOneIsBeingMade) {
  RecordedFlow flow(11);
  flow.Open();
  std::atomic<bool> making{false};
  SnapshotKeeperOptions options = KeeperOptions(flow);
  options.make = [&](uint64_t, const std::function<bool()>& stops) -> absl::Status {
    making = true;
    while (!stops()) std::this_thread::yield();
    return absl::CancelledError("stopped");
  };
  SnapshotKeeper keeper(flow.storage(), options, 0);
  ASSERT_TRUE(keeper.Start().ok());
  flow.RunSegments(3);
  EXPECT_TRUE(Eventually([&] { return making.load(); }));
}

}  // namespace
}  // namespace ringway
