// Tests of what a start keeps of the process before: its last segment, blank ones, and images.
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace {

// This process is killed when it has asked the disk, or a folder, for so much more.
std::atomic<int> kill_after{INT32_MAX};

void CountTowardsTheKill() noexcept {
  if (kill_after.fetch_sub(1) == 0) raise(SIGKILL);
}

}  // namespace

// In place of the C library's: notes and names go past FileOperations.
extern "C" int fsync(int fd) {
  CountTowardsTheKill();
  return static_cast<int>(syscall(SYS_fsync, fd));
}
extern "C" int unlinkat(int folder, const char* name, int flags) noexcept {
  CountTowardsTheKill();
  return static_cast<int>(syscall(SYS_unlinkat, folder, name, flags));
}

namespace ringway {
namespace {

constexpr uint64_t kSegmentBytes = kSegmentBytesMin;

ino_t InodeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

class CountedOperations final : public SystemFileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    CountTowardsTheKill();
    return SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    CountTowardsTheKill();
    const int error = sync_error.load();
    return error != 0 ? error : SystemFileOperations::Sync(fd);
  }

  std::atomic<int> sync_error{0};
};

class FileAdoptionTest : public testing::FileJournalTest<CountedOperations> {
 protected:
  void Write(int records) {
    for (int i = 0; i < records; ++i) Append();
    end_before_ = writer_->end();
  }
  // Until a later segment is under way, unsynced.
  void WriteOn() {
    const uint64_t number = storage_->last_number();
    while (storage_->last_number() == number) {
      ASSERT_TRUE(Eventually([&] { return writer_->State() == JournalState::kOk; }));
      Append();
    }
    Write(3);
  }
  bool AllPrepared() {
    return Eventually([&] { return storage_->ready() == options_.spare_segments; });
  }
  std::string Image(uint64_t number) const {
    return images_ + "/" + JournalPlace::ImageName(number);
  }
  // Behind everything that was written to this file.
  void Scribble(const std::string& path, uint64_t offset) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << "scribble";
  }
  std::size_t Segments() const {
    const auto numbers = storage_->place().folder->NumbersIn(".segment");
    return numbers.ok() ? numbers->size() : 0;
  }
  void ExpectThatAllIsThere() const { EXPECT_EQ(end_.cursor, end_before_); }

  JournalCursor end_before_;
};

TEST_F(FileAdoptionTest, StartsUseUpNoSegments) {
  for (int start = 0; start < 6; ++start) {
    ASSERT_TRUE(Open().ok());
    ExpectThatAllIsThere();
    Write(5);
    EXPECT_EQ(storage_->last_number(), 1u);
    ASSERT_TRUE(AllPrepared());
    EXPECT_EQ(Segments(), 3u);
    // Killed, or ended in order.
    start % 2 == 0 ? Leave() : Close();
  }
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  // Records of several starts in one segment leave it whole.
  WriteOn();
  WriteOn();
  Close();
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
}

TEST_F(FileAdoptionTest, AfterAKillTheImagesAreThoseOfTheProcessBefore) {
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  std::vector<ino_t> before;
  for (uint64_t number = 1; number <= 3; ++number) {
    before.push_back(InodeOf(Image(number)));
    before.push_back(InodeOf(Segment(number)));
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(storage_->place().image_directory, images_);
  ASSERT_TRUE(AllPrepared());
  std::vector<ino_t> after;
  for (uint64_t number = 1; number <= 3; ++number) {
    after.push_back(InodeOf(Image(number)));
    after.push_back(InodeOf(Segment(number)));
  }
  EXPECT_EQ(after, before);
}

TEST_F(FileAdoptionTest, WhatLiesBehindTheEndIsNotOverwritten) {
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  const uint64_t behind = end_before_.position + 128;
  Scribble(Image(1), behind);
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  ASSERT_TRUE(end_.tear.has_value());
  Write(1);
  EXPECT_EQ(storage_->last_number(), 2u);
  Close();
  std::ifstream file(Segment(1), std::ios::binary);
  file.seekg(static_cast<std::streamoff>(behind));
  std::string text(8, '\0');
  file.read(text.data(), 8);
  EXPECT_EQ(text, "scribble");
}

TEST_F(FileAdoptionTest, ASegmentThatIsNotBlankIsNoSpare) {
  for (const bool killed : {true, false}) {
    ASSERT_TRUE(Open().ok());
    ExpectThatAllIsThere();
    Write(5);
    ASSERT_TRUE(AllPrepared());
    const uint64_t spare = storage_->last_number() + 1;
    images_ = storage_->place().image_directory;
    killed ? Leave() : Close();
    Scribble(killed ? Image(spare) : Segment(spare), kSegmentBytes - 8);
    const ino_t before = InodeOf(Segment(spare));
    // Its inode shall be no other file's meanwhile.
    std::filesystem::create_hard_link(Segment(spare), root_ + (killed ? "/one" : "/two"));
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(AllPrepared());
    EXPECT_NE(InodeOf(Segment(spare)), before);
    WriteOn();
    EXPECT_EQ(storage_->last_number(), spare);
    Close();
  }
}

TEST_F(FileAdoptionTest, AnotherLengthOfSegmentsIsThatOfTheNextOnes) {
  uint64_t bytes = kSegmentBytes;
  for (int start = 0; start < 6; ++start) {
    options_.segment_bytes = bytes;
    ASSERT_TRUE(Open().ok());
    ExpectThatAllIsThere();
    Write(5);
    EXPECT_EQ(std::filesystem::file_size(Segment(storage_->last_number())), bytes);
    ASSERT_TRUE(AllPrepared());
    if (start % 3 == 2) WriteOn();
    start % 2 == 0 ? Leave() : Close();
    bytes = start % 2 == 0 ? 2 * kSegmentBytes : kSegmentBytes;
  }
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
}

TEST_F(FileAdoptionTest, FewerSparesThanThereAreLeaveNone) {
  options_.spare_segments = 3;
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  options_.spare_segments = 1;
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  ASSERT_TRUE(AllPrepared());
  EXPECT_EQ(Segments(), 2u);
  EXPECT_FALSE(std::filesystem::exists(Image(3)));
  WriteOn();
  Close();
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
}

TEST_F(FileAdoptionTest, AnImageThatItsMakerDidNotFinishIsFinished) {
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  {
    std::fstream image(Image(2), std::ios::in | std::ios::out | std::ios::binary);
    image << std::string(sizeof(SegmentHeader), '\0');
  }
  ASSERT_TRUE(Open().ok());
  WriteOn();
  EXPECT_EQ(storage_->last_number(), 2u);
  Leave();
  // One that has not even its length.
  std::filesystem::resize_file(Image(3), 0);
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  WriteOn();
}

TEST_F(FileAdoptionTest, AKillAtAnyByteOfAnImagesHeaderIsNoDamage) {
  options_.segment_bytes = 4 * kSegmentBytes;  // all of these starts go on in the first
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  std::string header(sizeof(SegmentHeader), '\0');
  std::ifstream(Segment(2), std::ios::binary)
      .read(header.data(), static_cast<std::streamsize>(header.size()));
  for (std::size_t at = 0; at <= header.size(); ++at) {
    // From its front, or from its end.
    for (const bool front : {true, false}) {
      std::string part = header;
      part.replace(front ? at : 0, front ? header.size() - at : at, front ? header.size() - at : at,
                   '\0');
      std::fstream(Image(2), std::ios::in | std::ios::out | std::ios::binary) << part;
      const ino_t before = InodeOf(Image(2));
      ASSERT_TRUE(Open().ok()) << at;
      ExpectThatAllIsThere();
      Write(0);
      ASSERT_TRUE(AllPrepared());
      EXPECT_EQ(InodeOf(Image(2)), before);
      std::string now(header.size(), '\0');
      std::ifstream(Image(2), std::ios::binary)
          .read(now.data(), static_cast<std::streamsize>(now.size()));
      EXPECT_EQ(now, header) << at;
      Leave();
    }
  }
  // With a record behind it, or as another header, it is damage.
  std::fstream(Image(2), std::ios::in | std::ios::out | std::ios::binary)
      << '\0' + header.substr(1) + "record";
  EXPECT_TRUE(absl::IsDataLoss(Open()));
  std::fstream(Image(2), std::ios::in | std::ios::out | std::ios::binary)
      << static_cast<char>(header[0] ^ 1) + header.substr(1) + std::string(6, '\0');
  EXPECT_TRUE(absl::IsDataLoss(Open()));
  std::fstream(Image(2), std::ios::in | std::ios::out | std::ios::binary) << header;
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
}

TEST_F(FileAdoptionTest, AnImageWhoseSegmentIsOnTheDiskIsThatOfALaterSegment) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(AllPrepared());
  images_ = storage_->place().image_directory;
  const ino_t first = InodeOf(Image(1));
  const auto goes_on = [&](uint64_t number) {
    while (storage_->last_number() < number) {
      if (writer_->State() == JournalState::kOk) Append();
      storage_->BeginSync();
    }
    return Eventually([&] { return !std::filesystem::exists(Image(number - 1)); }) && AllPrepared();
  };
  ASSERT_TRUE(goes_on(2));  // its image is idle when segment 5 is made
  ASSERT_TRUE(goes_on(3));
  uint64_t again = 0;
  for (uint64_t number = 3; number <= 5; ++number) {
    if (InodeOf(Image(number)) == first) again = number;
  }
  ASSERT_NE(again, 0u);
  std::ifstream file(Image(again), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(bytes.size(), kSegmentBytes);
  EXPECT_EQ(bytes.find_first_not_of('\0', sizeof(SegmentHeader)), std::string::npos);
  Write(3);
  Leave();
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  EXPECT_FALSE(std::filesystem::exists(images_ + "/idle"));
}

// Where a loss was accepted another copy of the journal may go on elsewhere: no salt is used twice.
TEST_F(FileAdoptionTest, AfterALossNoSegmentIsKept) {
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  Leave();
  std::filesystem::remove_all(images_);
  options_.accept_loss = true;
  const ino_t spare = InodeOf(Segment(2));
  std::filesystem::create_hard_link(Segment(2), root_ + "/held");
  ASSERT_TRUE(Open().ok());
  EXPECT_NE(InodeOf(Segment(2)), spare);
  Write(1);
  EXPECT_EQ(storage_->last_number(), end_.segment_number + 1);
}

// Kills each start one request to the disk later than the one before, until one is done.
TEST_F(FileAdoptionTest, AStartThatIsKilledAnywhereLeavesAllForTheNext) {
  enum class Before { kKilled, kTorn, kOrderly };
  for (const Before before : {Before::kKilled, Before::kTorn, Before::kOrderly}) {
    ASSERT_TRUE(Open().ok());
    ExpectThatAllIsThere();
    WriteOn();  // images of two segments hold what the disk has not
    ASSERT_TRUE(AllPrepared());
    const uint64_t number = storage_->last_number();
    before == Before::kOrderly ? Close() : Leave();
    if (before == Before::kTorn) Scribble(Image(number), kSegmentBytes - 4096);
    bool done = false;
    int kills = 0;
    for (; !done; ++kills) {
      ASSERT_LT(kills, 1'000);
      const pid_t child = fork();
      if (child == 0) {
        kill_after = kills;
        _exit(Open().ok() ? 0 : 1);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "kill " << kills;
      done = !WIFSIGNALED(status);
    }
    EXPECT_GT(kills, 5);
    ASSERT_TRUE(Open().ok());
    EXPECT_GE(end_.cursor.position, end_before_.position);
    Write(1);
    Close();
  }
}

// `running` names the new first segment, and images of earlier ones are still there.
TEST_F(FileAdoptionTest, ImagesOfEarlierSegmentsMayBeLeftByAKill) {
  ASSERT_TRUE(Open().ok());
  Write(5);
  ASSERT_TRUE(AllPrepared());
  WriteOn();
  Leave();
  ASSERT_TRUE(std::filesystem::exists(Image(1)));
  std::filesystem::copy(Image(1), root_ + "/first");
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  EXPECT_FALSE(std::filesystem::exists(Image(1)));
  Write(2);
  Leave();
  std::filesystem::copy(root_ + "/first", Image(1));
  ASSERT_TRUE(Open().ok());
  ExpectThatAllIsThere();
  EXPECT_FALSE(std::filesystem::exists(Image(1)));
}

}  // namespace
}  // namespace ringway
