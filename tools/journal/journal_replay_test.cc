// Tests that replay and snapshot agree with each other, even if the oldest segments are gone.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/crc32c.h"
#include "gateway/config/config.h"
#include "gateway/config/kept_config.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/snapshot_file.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tools/journal/journal_command.h"

namespace ringway {
namespace {

constexpr uint64_t kOrders = 3'000;
constexpr int64_t kNow = 1'700'000'000 * kNsPerS;

constexpr const char* kConfig = R"(
listen = ["shm:/nowhere"]
[pools]
orders_max = 10000
positions_max = 100
executions_remembered = 1000
[routing]
default_venue = 1
[[instrument]]
id = 1
symbol = "TEST"
reference_price = 100
[[account]]
id = 1
[[session]]
id = 7
key_file = "/nowhere"
accounts = [1]
[session.limits]
duplicate_orders_max = "off"
messages_per_second = "off"
[[venue]]
id = 1
connector = "exchange"
)";

struct Answer {
  int status;
  std::string out;
  std::string err;
};

std::string Contents(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

Answer Call(const std::vector<std::string>& words) {
  std::FILE* const out = std::tmpfile();
  std::FILE* const err = std::tmpfile();
  const int status = RunJournalCommand(words, out, err);
  return {status, Contents(out), Contents(err)};
}

class JournalReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* tmp = std::getenv("TEST_TMPDIR");
    std::string pattern = std::string(tmp != nullptr ? tmp : "/tmp") + "/replay-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    const LoadedConfig loaded = LoadConfig(kConfig);
    ASSERT_TRUE(loaded.ok()) << loaded.errors[0].what;
    auto storage = FileStorage::Open({.directory = directory_, .segment_bytes = kSegmentBytesMin});
    ASSERT_TRUE(storage.ok()) << storage.status();
    const auto hash = KeepConfig(directory_, loaded.config);
    ASSERT_TRUE(hash.ok()) << hash.status();
    ASSERT_TRUE((*storage)->Start({}).ok());
    JournalWriter writer(**storage, {}, 1, kNow, *hash);
    Engine engine(MakeEngineConfig(loaded.config));
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
  void TearDown() override { std::filesystem::remove_all(directory_); }

  template <class M>
  void Record(Engine& engine, JournalWriter& writer, Origin origin, uint32_t id, const M& message) {
    alignas(8) std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const Input input{origin, id, M::kType, {payload.data(), Encode(message, payload.data())}};
    effects_->Clear();
    engine.Step(++now_ns_, input, *effects_);
    while (writer.State() == JournalState::kFull) usleep(100);
    writer.Append(now_ns_, input, 0, *effects_);
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

  std::string directory_;
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
  std::string tight = kConfig;
  const std::string limits = "[session.limits]\n";
  tight.insert(tight.find(limits) + limits.size(), "quantity_max = 5\n");
  std::ofstream(path) << tight;
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
