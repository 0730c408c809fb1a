// Tests that this release of the engine answers what is recorded as it did then, and refuses what
// another release recorded.
//
// testing/release-N holds a journal that release N of the engine wrote, in the format of its time.
// That of the present release must replay to the last byte; those of earlier ones must be read.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/engine/engine_release.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/testing/recorded_flow.h"
#include "gateway/recovery/testing/recovered.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using testing::MakeOptions;
using testing::RecordedFlow;

constexpr const char* kWhatNow =
    "The engine answers a recorded input otherwise than its release did. If that is meant, raise "
    "kEngineRelease; then, and where only the tests' configuration has changed, write "
    "gateway/recovery/testing/release-N anew: RINGWAY_WRITE_RELEASE=DIRECTORY release_test";

// A copy: a test's own files are links, which a journal never follows.
std::string Fixture(uint32_t release) {
  const std::string name = absl::StrCat("release-", release);
  const std::string copy = ::testing::TempDir() + name;
  std::filesystem::remove_all(copy);
  std::filesystem::create_directory(copy);
  for (const auto& file : std::filesystem::directory_iterator("gateway/recovery/testing/" + name)) {
    std::filesystem::copy_file(file.path(), copy + "/" + file.path().filename().string());
  }
  return copy;
}

absl::StatusOr<Recovered> RecoverFrom(const std::string& directory, bool accept_release = false) {
  const auto place = FindJournal(directory, "/dev/shm", false);
  if (!place.ok()) return place.status();
  auto source = FileSource::Open(directory, "/dev/shm");
  if (!source.ok()) return source.status();
  ReplayOptions replay = RecordedFlow::Replay();
  replay.accept_release = accept_release;
  return Recover(**source, {.directory = directory,
                            .journal_id = place->journal_id,
                            .replay = replay,
                            .report = nullptr});
}

// What this release would record, kept where the variable says.
TEST(ReleaseTest, WritesItsJournalWhereAsked) {
  const char* to = std::getenv("RINGWAY_WRITE_RELEASE");
  if (to == nullptr) GTEST_SKIP() << "RINGWAY_WRITE_RELEASE names no directory";
  RecordedFlow flow(20);
  flow.Open();
  flow.Run(250);
  flow.Stop();
  flow.Close();
  std::filesystem::create_directories(to);
  for (const char* name : {"journal", "000000000001.segment"}) {
    std::filesystem::copy_file(flow.place().directory + "/" + name, std::string(to) + "/" + name,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST(ReleaseTest, ThisReleaseAnswersAsItsJournalSays) {
  auto recovered = RecoverFrom(Fixture(kEngineRelease));
  ASSERT_TRUE(recovered.ok()) << recovered.status() << "\n" << kWhatNow;
  EXPECT_GT(recovered->past.steps(), 200u);
  EXPECT_EQ(recovered->past.engine_release(), kEngineRelease);
  EXPECT_TRUE(recovered->past.stopped());
}

TEST(ReleaseTest, JournalsOfEveryReleaseAreRead) {
  for (uint32_t release = 1; release <= kEngineRelease; ++release) {
    auto source = FileSource::Open(Fixture(release), "/dev/shm");
    ASSERT_TRUE(source.ok()) << source.status();
    JournalReader reader(**source);
    ASSERT_TRUE(reader.Open().ok());
    uint32_t steps = 0;
    uint32_t named = 0;
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
      steps += record.header.type == RecordType::kStep;
      GatewayStartBody start;
      if (record.header.type != RecordType::kGatewayStart) continue;
      ASSERT_TRUE(ReadGatewayStart(record.body, start));
      named = start.engine_release;
    }
    EXPECT_TRUE(reader.status().ok()) << reader.status();
    EXPECT_GT(steps, 200u) << "release " << release;
    EXPECT_EQ(named, release);
  }
}

TEST(ReleaseTest, AStartBeforeReleasesWereCountedIsReadAsOfNoRelease) {
  constexpr std::array<std::byte, kGatewayStartBytesV1> kBody{std::byte{5}};
  GatewayStartBody start;
  ASSERT_TRUE(ReadGatewayStart(kBody, start));
  EXPECT_EQ(start.config_hash, 5u);
  EXPECT_EQ(start.engine_release, kEngineReleaseUnknown);
}

TEST(ReleaseTest, StepsOfAnotherReleaseAreRefusedUnlessASnapshotHoldsThemOrThatIsAccepted) {
  RecordedFlow flow(21);
  flow.Open(kEngineRelease + 1);
  flow.Run(500);
  flow.Stop();
  flow.Close();
  const std::string directory = flow.place().directory;
  const auto refused = RecoverFrom(directory);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  for (const char* said : {"release 2", "release 1", "stop it in order", "--accept-release"}) {
    EXPECT_TRUE(absl::StrContains(refused.status().message(), said)) << refused.status();
  }
  auto accepted = RecoverFrom(directory, true);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->past.engine().StateHash(), flow.engine().StateHash());

  // As the other release's orderly stop would have made it.
  MakeSnapshotOptions options = MakeOptions(flow);
  options.replay.accept_release = true;
  ASSERT_TRUE(MakeSnapshot(options).ok());
  auto recovered = RecoverFrom(directory);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->steps_applied, 0u);
  EXPECT_EQ(recovered->past.engine().StateHash(), flow.engine().StateHash());

  // This release goes on, and its own steps are replayed.
  flow.Open();
  flow.Run(500);
  flow.Close();
  auto both = RecoverFrom(directory);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->past.engine().StateHash(), flow.engine().StateHash());
}

TEST(ReleaseTest, AStopThatLeftAnotherStateThanItsReplayIsNamed) {
  RecordedFlow flow(22);
  flow.Open();
  flow.Run(300);
  flow.Stop(flow.engine().StateHash() ^ 1);
  flow.Close();
  auto recovered = RecoverFrom(flow.place().directory);
  EXPECT_TRUE(absl::IsDataLoss(recovered.status())) << recovered.status();
  EXPECT_TRUE(absl::StrContains(recovered.status().message(), "stopped in")) << recovered.status();
}

}  // namespace
}  // namespace ringway
