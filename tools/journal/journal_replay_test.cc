// Tests that replay and snapshot agree with each other, even if the oldest segments are gone.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/crc32c.h"
#include "base/private_files.h"
#include "gateway/config/config.h"
#include "gateway/config/kept_config.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/snapshot_file.h"
#include "gateway/testing/test_config.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tools/journal/testing/journal_answer.h"

namespace ringway {
namespace {

constexpr uint64_t kOrders = 3'000;
constexpr int64_t kNow = 1'700'000'000 * kNsPerS;

class JournalReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.pools.orders_max = 10'000;
    config_.sessions = {TestSession(7, 1, "/nowhere")};
    LiftLimits(config_.sessions[0].engine.limits);
    auto storage = FileStorage::Open({.directory = directory_, .segment_bytes = kSegmentBytesMin});
    ASSERT_TRUE(storage.ok()) << storage.status();
    const auto hash = KeepConfig(directory_, config_);
    ASSERT_TRUE(hash.ok()) << hash.status();
    ASSERT_TRUE((*storage)->Start({}).ok());
    JournalWriter writer(**storage, {}, 1, kNow, *hash);
    Engine engine(MakeEngineConfig(config_));
    Record(engine, writer, Origin::kVenue, 1, VenueStatus{.venue = 1, .state = VenueState::kUp});
    for (uint64_t id = 1; id <= kOrders; ++id) {
      Record(engine, writer, Origin::kSession, 7,
             NewOrder{.cl_ord_id = id,
                      .price = 99 * kNsPerS,
                      .qty = 1 + id % 10,
                      .instrument = 1,
                      .account = 1,
                      .side = Side::kBuy,
                      .ord_type = OrdType::kLimit});
    }
    ASSERT_EQ(engine.open_orders(), kOrders);
    state_hash_ = engine.StateHash();
  }

  template <class M>
  void Record(Engine& engine, JournalWriter& writer, Origin origin, uint32_t id, const M& message) {
    alignas(8) std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const Input input{origin, id, M::kType, {payload.data(), Encode(message, payload.data())}};
    effects_->Clear();
    engine.Step(++now_ns_, input, *effects_);
    while (writer.State() == JournalState::kFull) usleep(100);
    testing::AppendStep(writer, now_ns_, input, 0, *effects_);
  }

  // Makes a snapshot of the first two segments; then, by the command, one of all.
  void MakeBoth() {
    auto replay = KeptReplayOptions(directory_);
    ASSERT_TRUE(replay.ok()) << replay.status();
    auto place = FindJournal(directory_, "/dev/shm", false);
    ASSERT_TRUE(place.ok()) << place.status();
    const auto made =
        MakeSnapshot({.place = *place, .last_segment = 2, .replay = *replay, .report = nullptr});
    ASSERT_TRUE(made.ok()) << made.status();
    older_ = made->head.position;
    const Answer answer = Call({"snapshot", directory_});
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_TRUE(absl::StartsWith(answer.out, "snapshot: position ")) << answer.out;
    EXPECT_TRUE(absl::StrContains(answer.out, " 3001 steps, ")) << answer.out;
    EXPECT_TRUE(absl::StrContains(Call({"snapshot", directory_}).out, " 0 of them replayed"));
  }
  std::string HashText() const {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "state hash %016llx",
                  static_cast<unsigned long long>(state_hash_));
    return text.data();
  }

  GatewayConfig config_ = TestConfig("/nowhere");
  const TemporaryFolder folder_ = *TemporaryFolder::Make();
  const std::string directory_ = folder_.path();
  std::unique_ptr<Effects> effects_ = std::make_unique<Effects>();
  int64_t now_ns_ = kNow;
  uint64_t state_hash_ = 0;
  uint64_t older_ = 0;
};

TEST_F(JournalReplayTest, TheWholeJournalMeetsItsSnapshots) {
  ASSERT_NO_FATAL_FAILURE(MakeBoth());
  const Answer answer = Call({"replay", directory_});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(absl::StrContains(answer.out, HashText())) << answer.out;
  EXPECT_TRUE(absl::StrContains(answer.out, "snapshots: 2 hold the state")) << answer.out;
}

TEST_F(JournalReplayTest, WithoutItsOldestSegmentItBeginsWithASnapshot) {
  ASSERT_NO_FATAL_FAILURE(MakeBoth());
  std::filesystem::remove(directory_ + "/000000000001.segment");
  EXPECT_EQ(Call({"verify", directory_}).status, 0);
  EXPECT_EQ(Call({"dump", directory_, "--limit", "3"}).status, 0);
  const Answer answer = Call({"replay", directory_});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(absl::StrContains(answer.out,
                                "from the snapshot at position " + std::to_string(older_) + " on"))
      << answer.out;
  EXPECT_TRUE(absl::StrContains(answer.out, HashText())) << answer.out;

  std::filesystem::remove(SnapshotPath(directory_, older_));
  EXPECT_EQ(Call({"replay", directory_}).status, 0) << "the newest ends the journal";
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().extension() == ".snapshot") std::filesystem::remove(entry.path());
  }
  const Answer none = Call({"replay", directory_});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(absl::StrContains(none.err, "no snapshot to begin from")) << none.err;
}

TEST_F(JournalReplayTest, ASnapshotOfAnotherStateIsNamed) {
  ASSERT_NO_FATAL_FAILURE(MakeBoth());
  const std::string path = SnapshotPath(directory_, older_);
  SnapshotHead head;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(file.read(reinterpret_cast<char*>(&head), sizeof(head)));
  ++head.state_hash;
  head.crc = Crc32c(0, std::as_bytes(std::span(&head, 1)).first(offsetof(SnapshotHead, crc)));
  file.seekp(0);
  ASSERT_TRUE(file.write(reinterpret_cast<const char*>(&head), sizeof(head)));
  file.close();
  const Answer answer = Call({"replay", directory_});
  EXPECT_EQ(answer.status, 1);
  EXPECT_TRUE(absl::StrContains(
      answer.err, "the snapshot at position " + std::to_string(older_) + " holds another state"))
      << answer.err;
}

TEST_F(JournalReplayTest, AnotherConfigurationsDecisionsAreListed) {
  const std::string path = directory_ + "/tight.toml";
  config_.sessions[0].engine.limits.quantity_max = 5;
  ASSERT_TRUE(WritePrivateFile(path, PrintConfig(config_)).ok());
  Answer answer = Call({"replay", directory_, "--what-if", path});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '\n'), kOrders / 2 + 1)
      << "half of the orders are larger, and a summary";
  EXPECT_TRUE(absl::StrContains(answer.out, "\"changed\":1500,\"refusedNow\":1500")) << answer.out;

  // Also from a snapshot on: the rest of the journal is checked.
  ASSERT_NO_FATAL_FAILURE(MakeBoth());
  std::filesystem::remove(directory_ + "/000000000001.segment");
  answer = Call({"replay", directory_, "--what-if", path});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(absl::StrContains(answer.out, "\"summary\":true")) << answer.out;
  EXPECT_FALSE(absl::StrContains(answer.out, "\"changed\":1500,")) << answer.out;

  std::ofstream(path) << "lisen = 1\n";
  answer = Call({"replay", directory_, "--what-if", path});
  EXPECT_EQ(answer.status, 1);
  EXPECT_TRUE(absl::StrContains(answer.err, "tight.toml:1:1: lisen")) << answer.err;
  EXPECT_EQ(Call({"verify", directory_, "--what-if", path}).status, 2);
}

TEST_F(JournalReplayTest, ASnapshotIsNotMadeBesideAGateway) {
  const auto lock = LockJournal(directory_);
  ASSERT_TRUE(lock.ok()) << lock.status();
  const Answer answer = Call({"snapshot", directory_});
  EXPECT_EQ(answer.status, 1);
  EXPECT_TRUE(absl::StrContains(answer.err, "is in use by another gateway")) << answer.err;
}

}  // namespace
}  // namespace ringway
