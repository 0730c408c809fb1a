// Tests of a start after a kill: which images are believed, and what is said when they are gone,
// foreign or too small.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

// A disk that fails, or is small, when it is told to.
class TestOperations final : public SystemFileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    const int error = write_error.load();
    return error != 0 ? error : SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    const int error = sync_error.load();
    return error != 0 ? error : SystemFileOperations::Sync(fd);
  }
  uint64_t FreeBytes(int fd) noexcept override {
    struct stat info {};
    const bool memory = fstat(fd, &info) == 0 && info.st_ino == memory_inode;
    return memory ? memory_bytes : disk_bytes;
  }

  uint64_t FileSystem(int) noexcept override { return file_system; }

  uint64_t file_system = 0;
  std::atomic<int> write_error{0};
  std::atomic<int> sync_error{0};
  uint64_t memory_inode = 0;
  uint64_t memory_bytes = UINT64_MAX;
  uint64_t disk_bytes = UINT64_MAX;
};

class FileRecoveryTest : public testing::FileJournalTest<TestOperations> {
 protected:
  FileRecoveryTest() {
    struct stat info {};
    EXPECT_EQ(stat(options_.memory_directory.c_str(), &info), 0);
    disk_.memory_inode = info.st_ino;
  }
  void Leave() {
    FileJournalTest::Leave();
    reports_.clear();
  }
  void RecordAndLeave() {
    ASSERT_TRUE(Open().ok());
    for (int i = 0; i < 10; ++i) Append();
    recorded_end_ = writer_->end().next_sequence;
    Leave();
  }

  uint64_t recorded_end_ = 0;
};

TEST_F(FileRecoveryTest, WhatAKilledProcessLeftIsBroughtHomeAndNothingIsLeftInMemory) {
  RecordAndLeave();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(end_.cursor.next_sequence, recorded_end_);
  Close();
  EXPECT_FALSE(std::filesystem::exists(images_));
  EXPECT_TRUE(std::filesystem::is_empty(options_.memory_directory));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/j/running"));
}

TEST_F(FileRecoveryTest, AnotherMemoryDirectoryDoesNotHideWhatIsInTheFormer) {
  RecordAndLeave();
  std::string other = "/dev/shm/ringway-test-XXXXXX";
  ASSERT_NE(mkdtemp(other.data()), nullptr);
  const std::string former = std::exchange(options_.memory_directory, other);
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(end_.cursor.next_sequence, recorded_end_);
  Close();
  std::filesystem::remove_all(former);
}

TEST_F(FileRecoveryTest, ImagesThatAreGoneWithinOneBootAreALossThatAnOperatorHasToAccept) {
  RecordAndLeave();
  std::filesystem::remove_all(images_);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "ALARM")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "--accept-loss")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "RemoveIPC")) << status;
  }
  options_.accept_loss = true;
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(absl::StrContains(Reports(), "ALARM")) << Reports();
  Close();
  options_.accept_loss = false;
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileRecoveryTest, ASingleImageThatIsGoneIsALossToo) {
  ASSERT_TRUE(Open().ok());
  // A later segment is under way, and the first has come home.
  while (storage_->completed().number < 1) {
    if (writer_->State() == JournalState::kOk) Append();
    storage_->BeginSync();
  }
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  const std::string first = storage_->place().ImagePath(1);
  ASSERT_TRUE(Eventually([&] { return access(first.c_str(), F_OK) != 0; }));
  Append();
  const uint64_t under_way = storage_->last_number();
  Leave();
  ASSERT_TRUE(std::filesystem::remove(images_ + "/" + JournalPlace::ImageName(under_way)));
  EXPECT_TRUE(absl::IsFailedPrecondition(Open()));
}

TEST_F(FileRecoveryTest, ImagesThatWentWithTheMachineAreNoAlarm) {
  RecordAndLeave();
  std::filesystem::remove_all(images_);
  options_.boot_id = "second";
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(Reports(), "");
}

// Power took a record and left the one behind it. Then a start was killed in its first record, or
// before: its images are there, and the place that power tore is no damage.
TEST_F(FileRecoveryTest, AProcessThatRecordedNothingTellsNothingOfWhatPowerTookBefore) {
  const auto synced = [&] { return storage_->durable() == storage_->written(); };
  ASSERT_TRUE(Open().ok());
  const uint64_t end = Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually(synced));
  const uint64_t torn_end = Append();
  Append();
  Leave();
  std::filesystem::remove_all(images_);
  {
    std::fstream segment(Segment(1), std::ios::in | std::ios::out | std::ios::binary);
    segment.seekp(static_cast<std::streamoff>(end));
    segment << std::string(torn_end - end, '\0');
  }
  options_.boot_id = "second";
  auto opened = FileStorage::Open(options_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  {
    JournalReader reader((*opened)->source());
    JournalRecord record;
    ASSERT_TRUE(reader.Open().ok());
    while (reader.Next(record) == JournalReader::Result::kRecord) {
    }
    ASSERT_TRUE((*opened)->Start(reader.end()).ok());
  }
  const std::string images = (*opened)->place().image_directory;
  const std::string running = options_.directory + "/running";
  std::filesystem::copy(images, root_ + "/images", std::filesystem::copy_options::recursive);
  std::filesystem::copy(running, root_ + "/running");
  opened->reset();
  for (const bool began_one : {false, true}) {
    std::filesystem::copy(root_ + "/images", images, std::filesystem::copy_options::recursive);
    std::filesystem::copy(root_ + "/running", running);
    if (began_one) {
      std::fstream image(images + "/" + JournalPlace::ImageName(2),
                         std::ios::in | std::ios::out | std::ios::binary);
      image.seekp(sizeof(SegmentHeader) + offsetof(RecordHeader, sequence));
      image.put('\x05');
    }
    {
      const auto source = FileSource::Open(options_.directory, options_.memory_directory);
      ASSERT_TRUE(source.ok()) << source.status();
      JournalReader reader(**source);
      JournalRecord record;
      ASSERT_TRUE(reader.Open().ok());
      while (reader.Next(record) == JournalReader::Result::kRecord) {
      }
      EXPECT_TRUE(reader.status().ok()) << reader.status();
    }
    opened = FileStorage::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    JournalReader reader((*opened)->source());
    JournalRecord record;
    ASSERT_TRUE(reader.Open().ok());
    while (reader.Next(record) == JournalReader::Result::kRecord) {
    }
    ASSERT_TRUE(reader.status().ok()) << reader.status();
    EXPECT_EQ(reader.end().cursor.position, end);
    opened->reset();
    std::filesystem::remove_all(images);
    std::filesystem::remove(running);
  }
}

TEST_F(FileRecoveryTest, ImagesOfAnotherFileSystemsJournalAreNotTaken) {
  RecordAndLeave();
  std::string text;
  std::getline(std::ifstream(images_ + "/owner"), text, '\0');
  std::ofstream(images_ + "/owner") << absl::StrReplaceAll(text, {{"device ", "device 9"}});
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(std::filesystem::exists(images_));
}

TEST_F(FileRecoveryTest, AFolderOfImagesThatIsOpenToOthersIsNotBelieved) {
  RecordAndLeave();
  ASSERT_EQ(chmod(images_.c_str(), 0777), 0);
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), images_)) << status;
  // A link to one that is fine is not followed either.
  ASSERT_EQ(chmod(images_.c_str(), 0700), 0);
  std::filesystem::rename(images_, images_ + ".moved");
  std::filesystem::create_directory_symlink(images_ + ".moved", images_);
  EXPECT_FALSE(Open().ok());
}

TEST_F(FileRecoveryTest, NothingThatIsPlantedInTheJournalsFolderIsFollowedOrWaitedFor) {
  ASSERT_TRUE(Open().ok());
  Close();
  std::ofstream(root_ + "/precious") << "precious";
  for (const char* name : {"preparing", "running.new", "journal.new"}) {
    std::filesystem::create_symlink("../precious", root_ + "/j/" + name);
  }
  ASSERT_TRUE(Open().ok());
  Append();
  Close();
  std::string text;
  std::getline(std::ifstream(root_ + "/precious"), text);
  EXPECT_EQ(text, "precious");
  std::filesystem::remove(root_ + "/j/lock");
  ASSERT_EQ(mkfifo((root_ + "/j/lock").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Open()));
}

TEST_F(FileRecoveryTest, OthersCannotHoldTheLock) {
  ASSERT_TRUE(Open().ok());
  Close();
  struct stat info {};
  ASSERT_EQ(stat((root_ + "/j/lock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(FileRecoveryTest, AFolderThatOthersMayWriteIsNoPlaceForAJournal) {
  ASSERT_EQ(mkdir((root_ + "/j").c_str(), 0700), 0);
  ASSERT_EQ(chmod((root_ + "/j").c_str(), 0777), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(Open()));
  ASSERT_EQ(chmod((root_ + "/j").c_str(), 0700), 0);
  ASSERT_EQ(chmod(options_.memory_directory.c_str(), 0777), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(Open()));
  ASSERT_EQ(chmod(options_.memory_directory.c_str(), 01777), 0);  // as /dev/shm
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileRecoveryTest, RoomForAllThatTheOptionsNeedIsThereBeforeItStarts) {
  disk_.memory_bytes = 4 * kSegmentBytesMin - 1;
  absl::Status status = Open();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "--shm-size")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "segment_bytes")) << status;
  disk_.memory_bytes = 4 * kSegmentBytesMin;
  disk_.disk_bytes = 3 * kSegmentBytesMin - 1;
  status = Open();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "keep_bytes")) << status;
  EXPECT_TRUE(std::filesystem::is_empty(options_.memory_directory));
  disk_.disk_bytes = 3 * kSegmentBytesMin;
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileRecoveryTest, AFolderWhereNothingLastsIsRefusedUnlessThatIsAllowed) {
  for (const uint64_t kind : {uint64_t{OVERLAYFS_SUPER_MAGIC}, uint64_t{TMPFS_MAGIC}}) {
    disk_.file_system = kind;
    options_.allow_volatile = false;
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "journal.allow_volatile")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "a volume")) << status;
    options_.allow_volatile = true;
    EXPECT_TRUE(Open().ok());
    EXPECT_TRUE(absl::StrContains(Reports(), "would be lost")) << Reports();
    Close();
  }
  disk_.file_system = EXT4_SUPER_MAGIC;
  options_.allow_volatile = false;
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileRecoveryTest, AStartThatFailsLeavesNothingInMemory) {
  disk_.write_error = EIO;
  EXPECT_FALSE(Open().ok());
  EXPECT_TRUE(std::filesystem::is_empty(options_.memory_directory));
  disk_.write_error = 0;
  EXPECT_TRUE(Open().ok());
}

TEST_F(FileRecoveryTest, ImagesOfJournalsThatDoNotExistAnyMoreAreRemovedAndNoOthers) {
  RecordAndLeave();
  const std::string left = images_;
  options_.directory = root_ + "/second";
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(std::filesystem::exists(left));  // its journal is there
  Close();
  std::filesystem::rename(root_ + "/j", root_ + "/renamed");
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(std::filesystem::exists(left));  // under another name
  Close();
  const std::string foreign = options_.memory_directory + "/ringway-journal-1-2";
  ASSERT_EQ(mkdir(foreign.c_str(), 0700), 0);
  // On a file system that is not mounted now.
  std::ofstream(foreign + "/owner") << "device 18446744073709551615\ninode 1\njournal /none/j\n";
  std::filesystem::remove_all(root_ + "/renamed");
  ASSERT_TRUE(Open().ok());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(foreign));
  EXPECT_TRUE(absl::StrContains(Reports(), "does not exist any more")) << Reports();
}

TEST_F(FileRecoveryTest, AFaultIsToldWhenItComesAndWhenItEndsOnceEach) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments - 1; }) ||
              storage_->ready() == options_.spare_segments);
  disk_.write_error = ENOSPC;
  while (writer_->State() == JournalState::kOk) Append();
  ASSERT_TRUE(Eventually([&] { return storage_->fault() == JournalFault::kNoSpace; }));
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(Reports(), "no room for another"); }));
  disk_.write_error = 0;
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Reports(), "there is room again"); }));
  const std::string told = Reports();
  EXPECT_EQ(told.find("no room for another"), told.rfind("no room for another")) << told;
  disk_.sync_error = EIO;
  Append();
  storage_->BeginSync();
  // Whichever thread met it first: the one that syncs, or the one that prepares a segment.
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(Reports(), "syncFailed") || absl::StrContains(Reports(), "writeError");
  }));
}

}  // namespace
}  // namespace ringway
