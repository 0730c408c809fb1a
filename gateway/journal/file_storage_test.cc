// Tests that a journal in files survives what its process, its disk and other gateways do.
#include "gateway/journal/file_storage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"
#include "tests/deny_syscall.h"

namespace ringway {
namespace {

constexpr uint64_t kSegmentBytes = kSegmentBytesMin;

// A disk that fails when it is told to.
class FailingOperations final : public SystemFileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    const int error = write_error.load();
    // A failing disk takes a part.
    if (error != 0 && bytes.size() > 512)
      SystemFileOperations::WriteAt(fd, bytes.first(512), offset);
    return error != 0 ? error : SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    ++syncs;
    while (syncs_wait) std::this_thread::sleep_for(std::chrono::microseconds(100));
    const int error = sync_error.load();
    return error != 0 ? error : SystemFileOperations::Sync(fd);
  }

  uint64_t FreeBytes(int fd) noexcept override {
    return std::min<uint64_t>(free_bytes, SystemFileOperations::FreeBytes(fd));
  }

  std::atomic<uint64_t> free_bytes{UINT64_MAX};
  std::atomic<int> write_error{0};
  std::atomic<int> sync_error{0};
  std::atomic<int> syncs{0};
  std::atomic<bool> syncs_wait{false};
};

class FileStorageTest : public testing::FileJournalTest<FailingOperations> {
 protected:
  FileStorageTest() { options_.sync_interval_ns = FileStorageOptions{}.sync_interval_ns; }

  // From here on the disk is the sync's alone.
  bool Prepared() {
    return Eventually([&] { return storage_->ready() == options_.spare_segments; });
  }
};

TEST_F(FileStorageTest, GoesOnWhereItEnded) {
  JournalCursor end;
  for (uint32_t start = 1; start <= 4; ++start) {
    ASSERT_TRUE(Open().ok());
    EXPECT_EQ(end_.cursor, end);
    EXPECT_EQ(writer_->start(), start);
    EXPECT_FALSE(end_.tear.has_value());
    for (int i = 0; i < 1500; ++i) {
      ASSERT_TRUE(Eventually([&] { return writer_->State() == JournalState::kOk; }));
      Append();
    }
    end = writer_->end();
    Close();
    EXPECT_FALSE(std::filesystem::exists(
        FindJournal(options_.directory, "/dev/shm", false)->image_directory));
  }
  EXPECT_GT(end.position, 9 * kSegmentBytes);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(records_ + 1, end.next_sequence);
}

TEST_F(FileStorageTest, DurableComesWhenAskedForAndByItself) {
  options_.sync_interval_ns = 3600 * kNsPerS;
  ASSERT_TRUE(Open().ok());
  const uint64_t first = Append();
  EXPECT_LT(storage_->durable(), first);
  storage_->BeginSync();
  EXPECT_TRUE(Eventually([&] { return storage_->durable() >= first; }));
  Close();
  options_.sync_interval_ns = 5 * kNsPerMs;
  ASSERT_TRUE(Open().ok());
  const uint64_t second = Append();
  EXPECT_TRUE(Eventually([&] { return storage_->durable() >= second; }));
}

// The thread's filter answers each call that would wake somebody, and errno keeps what it answers.
TEST_F(FileStorageTest, AStepThatRequestsASyncMakesNoSystemCallToWakeAnyone) {
  options_.sync_interval_ns = 20 * kNsPerMs;  // ends the sleep that no wake ended
  ASSERT_TRUE(Open().ok());
  bool filtered = false;
  bool would_wake = false;
  std::thread writer([&] {
    filtered = DenySyscall(SYS_futex, EPERM);
    if (!filtered) return;
    // Until it has been asleep once.
    for (int i = 0; i < 1'000 && !would_wake; ++i) {
      errno = 0;
      Append();
      storage_->RequestSync();
      ASSERT_EQ(errno, 0);
      storage_->WakeSync();
      would_wake = errno == EPERM;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  writer.join();
  if (!filtered) GTEST_SKIP() << "this system installs no filters of system calls";
  EXPECT_TRUE(would_wake);
}

TEST_F(FileStorageTest, ASyncThatFailedIsFinal) {
  ASSERT_TRUE(Open().ok());
  const uint64_t safe = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->durable() >= safe; }));
  ASSERT_TRUE(Prepared());
  disk_.sync_error = EIO;
  const uint64_t lost = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->fault() == JournalFault::kSyncFailed; }));
  EXPECT_EQ(writer_->State(), JournalState::kReserve);
  disk_.sync_error = 0;  // the disk says that all is well again; what it dropped it does not say
  const int syncs = disk_.syncs;
  Append();
  storage_->BeginSync();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(disk_.syncs, syncs);
  EXPECT_GE(storage_->durable(), safe);
  EXPECT_LT(storage_->durable(), lost);
  EXPECT_EQ(storage_->fault(), JournalFault::kSyncFailed);
  // Memory holds on until it is full, and no step is lost to a restart on a disk that works.
  uint64_t steps = 0;
  for (; writer_->State() == JournalState::kReserve; ++steps) Append();
  EXPECT_GT(steps, kSegmentBytes / 256);
  EXPECT_EQ(writer_->State(), JournalState::kFull);
  const JournalCursor end = writer_->end();
  Close();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(end_.cursor, end);
}

TEST_F(FileStorageTest, WhatIsWrittenWhileASyncRunsWaitsForTheNext) {
  options_.sync_interval_ns = 3600 * kNsPerS;
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Prepared());
  const int before = disk_.syncs;
  disk_.syncs_wait = true;
  const uint64_t first = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return disk_.syncs == before + 1; }));
  const uint64_t second = Append();
  disk_.syncs_wait = false;
  ASSERT_TRUE(Eventually([&] { return storage_->durable() >= first; }));
  EXPECT_EQ(storage_->durable(), first);
  storage_->BeginSync();
  EXPECT_TRUE(Eventually([&] { return storage_->durable() == second; }));
}

TEST_F(FileStorageTest, AWriteErrorIsFinal) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Prepared());
  disk_.write_error = EIO;
  const uint64_t lost = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->fault() == JournalFault::kWriteError; }));
  disk_.write_error = 0;
  Append();
  storage_->BeginSync();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(storage_->durable(), lost);
  EXPECT_EQ(writer_->State(), JournalState::kReserve);
}

TEST_F(FileStorageTest, AFullDiskLeavesTheReserveAndEndsWhenThereIsRoom) {
  options_.sync_interval_ns = 3600 * kNsPerS;  // only the making of segments writes
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Prepared());
  disk_.write_error = ENOSPC;
  while (writer_->State() == JournalState::kOk) Append();
  EXPECT_EQ(writer_->State(), JournalState::kReserve);
  ASSERT_TRUE(Eventually([&] { return storage_->fault() == JournalFault::kNoSpace; }));
  for (int i = 0; i < 100; ++i) Append();  // cancels and reports go on
  disk_.write_error = 0;
  ASSERT_TRUE(Eventually([&] { return writer_->State() == JournalState::kOk; }));
  const uint64_t end = Append();
  storage_->BeginSync();
  EXPECT_TRUE(Eventually([&] { return storage_->durable() >= end; }));
}

// Snapshots fall behind a flood: what is left of the disk is for those who do not fill it.
TEST_F(FileStorageTest, WhereSnapshotsMakeRoomScarceRoomIsUsedSlowlyUntilThereIsMore) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Prepared());
  storage_->KeepFrom(1);
  disk_.free_bytes = kSegmentBytes;  // the next segment, after 8 s
  const uint32_t ready = storage_->ready();
  while (storage_->ready() == ready) Append();
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Reports(), "room for 1 more segments"); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(storage_->behind());
  EXPECT_EQ(storage_->fault(), JournalFault::kNone);
  disk_.free_bytes = UINT64_MAX;
  EXPECT_TRUE(Prepared());
  EXPECT_FALSE(storage_->behind());
}

TEST_F(FileStorageTest, OneGatewayAtATime) {
  ASSERT_TRUE(Open().ok());
  const absl::StatusOr<std::unique_ptr<FileStorage>> second = FileStorage::Open(options_);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_TRUE(absl::StrContains(second.status().message(), "in use by another gateway"));
  // Reading is allowed meanwhile.
  const uint64_t end = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->durable() >= end; }));
  auto source = FileSource::Open(options_.directory, options_.memory_directory);
  ASSERT_TRUE(source.ok());
  JournalReader reader(**source);
  ASSERT_TRUE(reader.Open().ok());
  JournalRecord record;
  while (reader.Next(record) == JournalReader::Result::kRecord) {
  }
  ASSERT_TRUE(reader.status().ok());
  EXPECT_EQ(reader.end().cursor, writer_->end());
  Close();
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileStorageTest, OldSegmentsGoWhenNobodyNeedsThem) {
  ASSERT_TRUE(Open().ok());
  while (writer_->end().position < 6 * kSegmentBytes) {
    ASSERT_TRUE(Eventually([&] { return writer_->State() == JournalState::kOk; }));
    Append();
  }
  const JournalCursor kept = writer_->end();
  EXPECT_EQ(access(storage_->place().SegmentPath(1).c_str(), F_OK), 0);
  storage_->KeepFrom(kept.position);
  EXPECT_TRUE(
      Eventually([&] { return access(storage_->place().SegmentPath(6).c_str(), F_OK) != 0; }));
  EXPECT_EQ(access(storage_->place().SegmentPath(7).c_str(), F_OK), 0);
  Append();
  Close();
  auto source = FileSource::Open(options_.directory, options_.memory_directory);
  ASSERT_TRUE(source.ok());
  JournalReader reader(**source);
  EXPECT_TRUE(reader.Open(kept).ok());
}

TEST_F(FileStorageTest, OptionsThatMakeNoSenseAreRefused) {
  options_.segment_bytes = 4096;
  EXPECT_TRUE(absl::IsInvalidArgument(Open()));
  options_.segment_bytes = kSegmentBytes;
  options_.images_max = 2;
  EXPECT_TRUE(absl::IsInvalidArgument(Open()));
  options_.images_max = 4;
  const std::string memory = std::exchange(options_.memory_directory, root_);
  const absl::Status status = Open();
  if (!status.ok()) {  // where the test's own folder is not in memory
    EXPECT_TRUE(absl::StrContains(status.message(), "RAM file system")) << status;
  }
  options_.memory_directory = memory;
  options_.directory = root_ + "/none/j";
  EXPECT_FALSE(Open().ok());
}

// What a killed writer had noted down is all there, whenever it was killed.
TEST_F(FileStorageTest, NothingThatWasAppendedIsLostToAKill) {
  auto* const reached = static_cast<std::atomic<uint64_t>*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(static_cast<void*>(reached), MAP_FAILED);
  Random random(11);
  uint64_t next = 1;
  for (int kill_number = 0; kill_number < 25; ++kill_number) {
    reached->store(0);
    const pid_t child = fork();
    if (child == 0) {
      if (!Open().ok()) _exit(1);
      for (;;) {
        if (writer_->State() != JournalState::kOk) continue;
        Append();
        // What a peer may have seen by now.
        reached->store(writer_->end().next_sequence, std::memory_order_release);
        if (random.Below(64) == 0) storage_->BeginSync();
      }
    }
    ASSERT_TRUE(Eventually([&] { return reached->load() > next + 10; }));
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(3000)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    // A tool sees the same before anybody has recovered it.
    auto source = FileSource::Open(options_.directory, options_.memory_directory);
    ASSERT_TRUE(source.ok()) << source.status();
    ASSERT_FALSE((*source)->power_may_have_failed());
    JournalReader reader(**source);
    ASSERT_TRUE(reader.Open().ok());
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) {
    }
    ASSERT_TRUE(reader.status().ok()) << reader.status();
    next = reader.end().cursor.next_sequence;
    ASSERT_GE(next, reached->load()) << "kill " << kill_number;
    ASSERT_LE(next, reached->load() + 2);  // the record under way, and a segment's first
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(end_.cursor.next_sequence, next);
  EXPECT_EQ(records_ + 1, next);
  munmap(reached, 4096);
  // From now on it is on the disk: a copy of the folder finds no images.
  ASSERT_TRUE(Prepared());
  const std::string copy = root_ + "/copy";
  std::filesystem::copy(options_.directory, copy);
  auto source = FileSource::Open(copy, options_.memory_directory);
  ASSERT_TRUE(source.ok()) << source.status();
  JournalReader reader(**source);
  ASSERT_TRUE(reader.Open().ok());
  JournalRecord record;
  while (reader.Next(record) == JournalReader::Result::kRecord) {
  }
  EXPECT_GE(reader.end().cursor.next_sequence, next) << reader.status();
}

TEST_F(FileStorageTest, WithoutItsImagesOnlyWhatIsDurableIsSure) {
  options_.sync_interval_ns = 3600 * kNsPerS;
  ASSERT_TRUE(Open().ok());
  const uint64_t safe = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->durable() >= safe; }));
  const JournalCursor durable = writer_->end();
  ASSERT_TRUE(Prepared());
  disk_.sync_error = EIO;  // so that Close() brings nothing home
  Append();
  const std::string images = storage_->place().image_directory;
  Close();
  disk_.sync_error = 0;
  ASSERT_GT(std::filesystem::remove_all(images), 1u);  // the machine lost its power
  options_.boot_id = "second";
  // The failed sync's bytes may be there, or not.
  ASSERT_TRUE(Open().ok());
  EXPECT_GE(end_.cursor.position, durable.position);
}

}  // namespace
}  // namespace ringway
