// Tests of the order in which names and bytes reach the disk, so that power may go at any moment.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/folder.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

uint64_t InodeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Keeps what a loss of power would leave: names as their folder was synced last, and which files
// were synced.
class WatchedOperations final : public SystemFileOperations {
 public:
  int Sync(int fd) noexcept override {
    syncs_begun.fetch_add(1);
    while (syncs_wait.load()) std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (sync_error.load() != 0) return sync_error.load();
    struct stat info {};
    fstat(fd, &info);
    const std::lock_guard lock(mutex_);
    synced_.insert(info.st_ino);
    return SystemFileOperations::Sync(fd);
  }
  int SyncFolder(int fd) noexcept override {
    if (folder_error.load() != 0) return folder_error.load();
    struct stat info {};
    fstat(fd, &info);
    std::set<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd/" + std::to_string(fd))) {
      names.insert(entry.path().filename());
    }
    const std::lock_guard lock(mutex_);
    names_[info.st_ino] = std::move(names);
    return SystemFileOperations::SyncFolder(fd);
  }
  bool synced(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return synced_.contains(InodeOf(path));
  }
  bool has_name(const std::string& folder, const std::string& name) {
    const std::lock_guard lock(mutex_);
    return names_[InodeOf(folder)].contains(name);
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    synced_.clear();
    names_.clear();
  }

  std::atomic<int> sync_error{0};
  std::atomic<int> folder_error{0};
  std::atomic<int> syncs_begun{0};
  std::atomic<bool> syncs_wait{false};

 private:
  std::mutex mutex_;
  std::set<uint64_t> synced_;
  std::map<uint64_t, std::set<std::string>> names_;
};

class FileOrderTest : public testing::FileJournalTest<WatchedOperations> {
 protected:
  ~FileOrderTest() override {
    disk_.syncs_wait = false;
    Close();
  }
};

TEST_F(FileOrderTest, TheFoldersOwnNameIsOnTheDiskBeforeAnythingIsRecorded) {
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(disk_.has_name(root_, "j"));
  Close();
  // Made by a process that ended before it synced anything.
  options_.directory = root_ + "/k";
  ASSERT_EQ(mkdir(options_.directory.c_str(), 0700), 0);
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(disk_.has_name(root_, "k"));
}

// The process that wrote it was killed before its sync, and its images are gone: the page cache has
// the bytes, and perhaps nothing else.
TEST_F(FileOrderTest, WhatAStartCallsDurableItHasSynced) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  while (storage_->ready() == options_.spare_segments) Append();  // into a second segment
  Append();
  Leave();
  std::filesystem::remove_all(images_);
  options_.boot_id = "second";
  disk_.Forget();
  ASSERT_TRUE(Open().ok());
  ASSERT_GT(end_.cursor.position, 0u);
  for (const uint64_t number : {1, 2}) {
    EXPECT_TRUE(disk_.synced(Segment(number))) << number;
    EXPECT_TRUE(disk_.has_name(options_.directory, JournalPlace::SegmentName(number))) << number;
  }
}

TEST_F(FileOrderTest, AStartThatCannotSyncWhatItFoundIsRefused) {
  ASSERT_TRUE(Open().ok());
  Append();
  Close();
  disk_.sync_error = EIO;
  const absl::Status status = Open();
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.message(), "000000000001.segment")) << status;
}

TEST_F(FileOrderTest, VoidSegmentsAreGoneForGoodBeforeNewOnesAreThere) {
  ASSERT_TRUE(Open().ok());
  Append();
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  Close();  // segments 2 and 3 were only prepared
  ASSERT_TRUE(std::filesystem::exists(Segment(3)));
  disk_.folder_error = EIO;
  EXPECT_FALSE(Open().ok());
  // Where names do not come to the disk none is removed: a hole would pass for damage.
  EXPECT_TRUE(std::filesystem::exists(Segment(2)));
  EXPECT_TRUE(std::filesystem::exists(Segment(3)));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/preparing"));
}

TEST_F(FileOrderTest, ASegmentIsLetGoOnlyWhenTheOneBeforeItIsGoneForGood) {
  ASSERT_TRUE(Open().ok());
  while (storage_->completed().number < 3) {
    if (writer_->State() == JournalState::kOk) Append();
    storage_->BeginSync();
  }
  Close();
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  disk_.folder_error = EIO;
  storage_->KeepFrom(3 * options_.segment_bytes);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(Segment(1)); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(std::filesystem::exists(Segment(2)));
  // A sync that succeeds later says nothing about that name: a hole may be left otherwise.
  disk_.folder_error = 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(std::filesystem::exists(Segment(2)));
  Close();
  ASSERT_TRUE(Open().ok());
  storage_->KeepFrom(3 * options_.segment_bytes);
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(Segment(3)); }));
  EXPECT_FALSE(std::filesystem::exists(Segment(2)));
}

// Until the next segment's first record is whole the image says that none is missing.
TEST_F(FileOrderTest, AnImageStaysUntilTheNextSegmentHasARecord) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  const std::string first = storage_->place().ImagePath(1);
  Append();
  const uint64_t end = storage_->written();
  (void)storage_->TakeNext();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->completed().number == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(access(first.c_str(), F_OK), 0);
  storage_->Publish(end + 512);
  EXPECT_TRUE(Eventually([&] { return access(first.c_str(), F_OK) != 0; }));
}

TEST_F(FileOrderTest, ASegmentIsUsedOnlyWhenItsNameIsOnTheDisk) {
  ASSERT_TRUE(Open().ok());
  for (uint64_t number = 1; number <= storage_->ready() + 1; ++number) {
    EXPECT_TRUE(disk_.has_name(options_.directory, JournalPlace::SegmentName(number))) << number;
  }
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  disk_.folder_error = EIO;
  while (storage_->ready() == options_.spare_segments) Append();
  ASSERT_TRUE(Eventually([&] { return storage_->fault() == JournalFault::kWriteError; }));
  EXPECT_LT(storage_->ready(), options_.spare_segments);
}

TEST_F(FileOrderTest, AnImageGoesOnlyWhenItsSegmentIsSynced) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Eventually([&] { return storage_->ready() == options_.spare_segments; }));
  const std::string first = storage_->place().ImagePath(1);
  disk_.syncs_wait = true;
  const int begun = disk_.syncs_begun;
  while (storage_->ready() == options_.spare_segments) Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return disk_.syncs_begun > begun; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(access(first.c_str(), F_OK), 0);
  disk_.syncs_wait = false;
  EXPECT_TRUE(Eventually([&] { return access(first.c_str(), F_OK) != 0; }));
}

TEST_F(FileOrderTest, AStartLetsImagesGoOnlyWhenTheyAreHome) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < 10; ++i) Append();
  const JournalCursor end = writer_->end();
  Leave();
  disk_.sync_error = EIO;
  EXPECT_FALSE(Open().ok());
  EXPECT_TRUE(std::filesystem::exists(images_ + "/" + JournalPlace::ImageName(1)));
  EXPECT_TRUE(std::filesystem::exists(options_.directory + "/running"));
  disk_.sync_error = 0;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(end_.cursor, end);
}

// What is bad in an image that is there was not torn by a loss of power.
TEST_F(FileOrderTest, DamageInAnImageIsNoTear) {
  ASSERT_TRUE(Open().ok());
  uint64_t middle = 0;
  for (int i = 0; i < 10; ++i) (i == 5 ? middle : end_.durable) = Append();
  Leave();
  {
    std::fstream image(images_ + "/" + JournalPlace::ImageName(1),
                       std::ios::in | std::ios::out | std::ios::binary);
    image.seekp(static_cast<std::streamoff>(middle - 16));
    image.put('\x55');
  }
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "is damaged")) << status;
}

TEST_F(FileOrderTest, AnImageOfAnotherUseOfItsNumberIsNotTaken) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < 10; ++i) Append();
  Leave();
  std::string before(kSegmentBytesMin, '\0');
  std::ifstream(Segment(1), std::ios::binary).read(before.data(), kSegmentBytesMin);
  {
    std::fstream image(images_ + "/" + JournalPlace::ImageName(1),
                       std::ios::in | std::ios::out | std::ios::binary);
    image.seekp(offsetof(SegmentHeader, salt));
    image.put('\x55');
  }
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "do not belong together")) << status;
  std::string after(kSegmentBytesMin, '\0');
  std::ifstream(Segment(1), std::ios::binary).read(after.data(), kSegmentBytesMin);
  EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace ringway
