// Tests that a gateway that begins with a snapshot is the one that was, whatever became of
// snapshots meanwhile.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "base/crc32c.h"
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

TEST(SnapshotTest, ASnapshotAndTheRestAreTheWholeJournal) {
  RecordedFlow flow(1);
  for (int process = 0; process < 3; ++process) {
    flow.Open();
    flow.Run(3'000);
    if (process == 2) flow.LogOn(2, 77, 9);
    flow.Close();
  }
  Recovered whole = RecoverWhole(flow);
  EXPECT_EQ(whole.past.start(), 3u);
  EXPECT_EQ(whole.past.session(2)->incarnation, 77u);
  EXPECT_EQ(whole.past.session(2)->epoch, 9u);
  EXPECT_EQ(whole.past.session(1)->reports.count(), 256u);
  EXPECT_FALSE(whole.past.venue(1)->requests.empty());
  const uint64_t last = whole.end.segment_number;
  ASSERT_GE(last, 6u);
  uint64_t before = 0;
  for (uint64_t segment = 1; segment <= last; ++segment) {
    const auto made = MakeSnapshot(MakeOptions(flow, segment));
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_GT(made->head.position, before);
    before = made->head.position;
    EXPECT_EQ(made->file_bytes, std::filesystem::file_size(
                                    SnapshotPath(flow.place().directory, made->head.position)));
    Recovered recovered = RecoverNow(flow);
    EXPECT_EQ(recovered.snapshot_position, made->head.position);
    EXPECT_EQ(recovered.steps_applied, whole.past.steps() - made->head.steps);
    ExpectSame(recovered, whole);
    EXPECT_LE(SnapshotPositions(flow.place().directory).size(), 2u) << "the newest two are kept";
  }
  EXPECT_EQ(before, whole.end.cursor.position);
  EXPECT_TRUE(flow.passed_over().empty()) << flow.passed_over()[0];
  // Nothing new: nothing is made.
  const auto again = MakeSnapshot(MakeOptions(flow));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->steps_applied, 0u);
  EXPECT_EQ(again->head.position, before);
}

TEST(SnapshotTest, SegmentsThatGoWhileItIsReadAreNotMissed) {
  RecordedFlow flow(3);
  flow.Open();
  flow.RunSegments(4);
  flow.Close();
  const auto made = MakeSnapshot(MakeOptions(flow, 3));
  ASSERT_TRUE(made.ok()) << made.status();
  const auto source = FileSource::OpenCompleted(flow.place(), UINT64_MAX);
  ASSERT_TRUE(source.ok()) << source.status();
  for (const uint64_t gone : {1, 2}) std::filesystem::remove(flow.place().SegmentPath(gone));
  const auto recovered = Recover(**source, flow.Options(flow.place()));
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->snapshot_position, made->head.position);
  EXPECT_EQ((*source)->segments().front().number, 3u);
}

TEST(SnapshotTest, AProcessThatBeganWithASnapshotWritesOn) {
  RecordedFlow flow(2);
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  ASSERT_TRUE(MakeSnapshot(MakeOptions(flow)).ok());
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  Recovered recovered = RecoverNow(flow);
  EXPECT_GT(recovered.snapshot_position, 0u);
  EXPECT_EQ(recovered.past.engine().StateHash(), flow.engine().StateHash());
  Recovered whole = RecoverWhole(flow);
  ExpectSame(recovered, whole);
}

// Ends the process instead of its `number`-th operation on the disk, from 1, having done a part.
class EndingOperations final : public SystemFileOperations {
 public:
  explicit EndingOperations(int number) : left_(number) {}
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    if (--left_ == 0) {
      SystemFileOperations::WriteAt(fd, bytes.first(bytes.size() / 2), offset);
      _exit(9);
    }
    return SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    if (--left_ == 0) _exit(9);
    return SystemFileOperations::Sync(fd);
  }

 private:
  int left_;
};

TEST(SnapshotTest, AProcessThatEndsWhileItMakesOneLeavesTheOneBefore) {
  RecordedFlow flow(3);
  flow.Open();
  flow.Run(4'000);
  flow.Close();
  const auto first = MakeSnapshot(MakeOptions(flow, 2));
  ASSERT_TRUE(first.ok()) << first.status();
  Recovered whole = RecoverWhole(flow);
  int status = 9 << 8;
  int ended = 0;
  for (; status == 9 << 8; ++ended) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      EndingOperations operations(ended + 1);
      MakeSnapshotOptions options = MakeOptions(flow);
      options.operations = &operations;
      _exit(MakeSnapshot(options).ok() ? 0 : 1);
    }
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    Recovered recovered = RecoverNow(flow);
    ExpectSame(recovered, whole);
    if (status != 9 << 8) continue;
    EXPECT_EQ(recovered.snapshot_position, first->head.position);
    EXPECT_TRUE(std::filesystem::exists(flow.place().directory + "/snapshot.unfinished"));
  }
  EXPECT_EQ(status, 0);
  EXPECT_GE(ended, 4) << "two parts, the head, the sync";
  const std::vector<uint64_t> both = SnapshotPositions(flow.place().directory);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(RecoverNow(flow).snapshot_position, both[1]);

  // Renamed, but the folder not synced: after a power failure the old name is there again.
  std::filesystem::rename(SnapshotPath(flow.place().directory, both[1]),
                          flow.place().directory + "/snapshot.unfinished");
  Recovered recovered = RecoverNow(flow);
  EXPECT_EQ(recovered.snapshot_position, both[0]);
  ExpectSame(recovered, whole);
  ASSERT_TRUE(MakeSnapshot(MakeOptions(flow)).ok());
  EXPECT_EQ(SnapshotPositions(flow.place().directory), both);
  EXPECT_TRUE(flow.passed_over().empty()) << flow.passed_over()[0];
}

class FailingOperations final : public SystemFileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    return write_error != 0 ? write_error : SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    return sync_error != 0 ? sync_error : SystemFileOperations::Sync(fd);
  }
  int write_error = 0;
  int sync_error = 0;
};

TEST(SnapshotTest, ADiskThatFailsLeavesNoSnapshot) {
  RecordedFlow flow(4);
  flow.Open();
  flow.Run(2'000);
  flow.Close();
  FailingOperations operations;
  MakeSnapshotOptions options = MakeOptions(flow);
  options.operations = &operations;
  operations.write_error = ENOSPC;
  EXPECT_EQ(MakeSnapshot(options).status().code(), absl::StatusCode::kResourceExhausted);
  operations.write_error = 0;
  operations.sync_error = EIO;
  EXPECT_FALSE(MakeSnapshot(options).ok());
  EXPECT_TRUE(SnapshotPositions(flow.place().directory).empty());
  EXPECT_FALSE(std::filesystem::exists(flow.place().directory + "/snapshot.unfinished"));
  operations.sync_error = 0;
  EXPECT_TRUE(MakeSnapshot(options).ok());
}

TEST(SnapshotTest, ADamagedOneIsPassedOver) {
  RecordedFlow flow(5);
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  const auto older = MakeSnapshot(MakeOptions(flow, 2));
  ASSERT_TRUE(older.ok()) << older.status();
  const auto newer = MakeSnapshot(MakeOptions(flow));
  ASSERT_TRUE(newer.ok()) << newer.status();
  Recovered whole = RecoverWhole(flow);
  const std::string path = SnapshotPath(flow.place().directory, newer->head.position);
  const std::string copy = path + ".copy";
  std::filesystem::copy_file(path, copy);
  const uint64_t bytes = newer->file_bytes;
  for (const bool cut : {false, true}) {
    for (uint64_t at = 0; at < bytes; at = at < 128 ? at + 3 : at + bytes / 20 + 1) {
      Damage(path, at, cut);
      flow.passed_over().clear();
      Recovered recovered = RecoverNow(flow);
      EXPECT_EQ(recovered.snapshot_position, older->head.position) << "byte " << at;
      ExpectSame(recovered, whole);
      ASSERT_EQ(flow.passed_over().size(), 1u) << "byte " << at;
      EXPECT_TRUE(absl::StartsWith(flow.passed_over()[0], path + " is skipped: "));
      std::filesystem::copy_file(copy, path, std::filesystem::copy_options::overwrite_existing);
    }
  }
  // Both: the journal is there.
  Damage(path, 500, false);
  Damage(SnapshotPath(flow.place().directory, older->head.position), 500, false);
  flow.passed_over().clear();
  Recovered recovered = RecoverNow(flow);
  EXPECT_EQ(recovered.snapshot_position, 0u);
  EXPECT_EQ(flow.passed_over().size(), 2u);
  ExpectSame(recovered, whole);
  // A new one takes the place of both.
  std::filesystem::remove(copy);
  const auto mended = MakeSnapshot(MakeOptions(flow));
  ASSERT_TRUE(mended.ok()) << mended.status();
  EXPECT_EQ(SnapshotPositions(flow.place().directory), std::vector{mended->head.position});
}

TEST(SnapshotTest, OneThatTheJournalDoesNotGoOnFromIsPassedOver) {
  RecordedFlow flow(6);
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  ASSERT_TRUE(MakeSnapshot(MakeOptions(flow)).ok());
  const uint64_t position = SnapshotPositions(flow.place().directory).back();
  // The journal loses its end, which the snapshot holds.
  const uint64_t last = RecoverNow(flow).end.segment_number;
  // With what was prepared behind it.
  for (uint64_t number = last; std::filesystem::remove(flow.place().SegmentPath(number));) ++number;
  flow.passed_over().clear();
  EXPECT_EQ(RecoverNow(flow).snapshot_position, 0u);
  ASSERT_EQ(flow.passed_over().size(), 1u);
  EXPECT_TRUE(absl::StrContains(flow.passed_over()[0], "no record of the journal ends at position"))
      << flow.passed_over()[0];

  // Nor is one of another journal.
  RecordedFlow other(6);
  other.Open();
  other.Run(3'000);
  other.Close();
  std::filesystem::copy_file(SnapshotPath(flow.place().directory, position),
                             SnapshotPath(other.place().directory, position));
  EXPECT_EQ(RecoverNow(other).snapshot_position, 0u);
  ASSERT_EQ(other.passed_over().size(), 1u);
  EXPECT_TRUE(absl::StrContains(other.passed_over()[0], "is of another journal"));
}

TEST(SnapshotTest, OnesThatGoOnBehindTheJournalsEndAreFoundAndCanBeSetAside) {
  RecordedFlow flow(13);
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  const auto made = MakeSnapshot(MakeOptions(flow));
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string directory = flow.place().directory;
  const uint64_t id = flow.place().journal_id;
  const uint64_t position = made->head.position;
  const auto behind = [&](uint64_t end) { return *SnapshotsBehind(directory, id, end); };
  EXPECT_TRUE(behind(position).empty());
  ASSERT_EQ(behind(position - 8).size(), 1u);
  EXPECT_EQ(behind(position - 8)[0].next_sequence, made->head.next_sequence);
  EXPECT_TRUE(SnapshotsBehind(directory, id + 1, 0)->empty()) << "of another journal";
  ASSERT_TRUE(SetSnapshotAside(directory, position).ok());
  EXPECT_TRUE(behind(0).empty());
  EXPECT_TRUE(std::filesystem::exists(SnapshotPath(directory, position) + ".lost"));
}

// Its checksums hold, as those of one that another engine wrote would.
TEST(SnapshotTest, OneWhoseStateHasAnotherHashIsPassedOver) {
  RecordedFlow flow(14);
  flow.Open();
  flow.Run(2'000);
  flow.Close();
  const auto made = MakeSnapshot(MakeOptions(flow));
  ASSERT_TRUE(made.ok()) << made.status();
  SnapshotHead head = made->head;
  head.state_hash ^= 1;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(&head, 1));
  head.crc = Crc32c(0, bytes.first(offsetof(SnapshotHead, crc)));
  std::fstream file(SnapshotPath(flow.place().directory, head.position),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.write(reinterpret_cast<const char*>(&head), sizeof(head));
  file.close();
  EXPECT_EQ(RecoverNow(flow).snapshot_position, 0u);
  ASSERT_EQ(flow.passed_over().size(), 1u);
  EXPECT_TRUE(absl::StrContains(flow.passed_over()[0], "another hash")) << flow.passed_over()[0];
}

TEST(SnapshotTest, ARenamedOneIsPassedOver) {
  RecordedFlow flow(12);
  flow.Open();
  flow.Run(2'000);
  flow.Close();
  ASSERT_TRUE(MakeSnapshot(MakeOptions(flow)).ok());
  const std::string directory = flow.place().directory;
  const uint64_t position = SnapshotPositions(directory).back();
  std::filesystem::rename(SnapshotPath(directory, position), SnapshotPath(directory, position + 8));
  EXPECT_EQ(RecoverNow(flow).snapshot_position, 0u);
  ASSERT_EQ(flow.passed_over().size(), 1u);
  EXPECT_TRUE(absl::StrContains(flow.passed_over()[0], "rename it back"));
}

TEST(SnapshotTest, FewerReportsAreKeptWhereThereIsLessRoom) {
  RecordedFlow flow(7);
  flow.Open();
  flow.Run(3'000);
  flow.Close();
  ASSERT_TRUE(MakeSnapshot(MakeOptions(flow)).ok());
  auto source = FileSource::Open(flow.place().directory, "/dev/shm");
  ASSERT_TRUE(source.ok());
  RecoverOptions options = flow.Options(flow.place());
  options.replay = RecordedFlow::Replay(32);
  auto recovered = Recover(**source, options);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_GT(recovered->snapshot_position, 0u);
  const ResendStore& reports = recovered->past.session(1)->reports;
  EXPECT_EQ(reports.count(), 32u);
  EXPECT_EQ(reports.next(), flow.engine().next_seq_out(1));
}

}  // namespace
}  // namespace ringway
