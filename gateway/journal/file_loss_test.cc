// Tests that a journal that lost what was on stable storage is told from one that ends where it
// should.
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class BrokenOperations final : public SystemFileOperations {
 public:
  int WriteAt(int fd, std::span<const std::byte> bytes, uint64_t offset) noexcept override {
    const int error = sync_error.load();
    return error != 0 ? error : SystemFileOperations::WriteAt(fd, bytes, offset);
  }
  int Sync(int fd) noexcept override {
    return sync_error.load() != 0 ? sync_error.load() : SystemFileOperations::Sync(fd);
  }
  std::atomic<int> sync_error{0};
};

class FileLossTest : public testing::FileJournalTest<BrokenOperations> {
 protected:
  // A process that fills two segments and a part of the third.
  void FillSegments() {
    while (storage_->completed().number < 2) {
      if (writer_->State() == JournalState::kOk) Append();
      storage_->BeginSync();
    }
    for (int i = 0; i < 10; ++i) Append();
  }
  // The process is killed and the machine loses its power: images are gone.
  void LosePower() {
    disk_.sync_error = EIO;
    Append();  // a sync that was asked for before may still take all the rest
    Leave();
    std::filesystem::remove_all(images_);
    options_.boot_id += "+";
  }
  void RemoveFrom(uint64_t number) {
    while (std::filesystem::remove(Segment(number))) ++number;
  }
  // Refused, whatever is tried again; with the loss accepted it starts, once is enough.
  void ExpectRefusal(const std::string& said) {
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = Open();
      ASSERT_TRUE(absl::IsFailedPrecondition(status)) << status;
      for (const std::string& part : {std::string("ALARM"), std::string("--accept-loss"), said}) {
        EXPECT_TRUE(absl::StrContains(status.message(), part)) << part << " not in " << status;
      }
    }
    options_.accept_loss = true;
    ASSERT_TRUE(Open().ok());
    EXPECT_TRUE(absl::StrContains(reports_, "This is accepted")) << reports_;
    Close();
    options_.accept_loss = false;
    EXPECT_TRUE(Open().ok());
  }
};

TEST_F(FileLossTest, NeitherAnOrderlyEndNorAKillNorALossOfPowerIsAnAlarm) {
  std::set<uint32_t> starts;
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(Open().ok());
    EXPECT_TRUE(starts.insert(storage_->start_number()).second);
    FillSegments();
    Close();
    ASSERT_TRUE(Open().ok());
    EXPECT_TRUE(starts.insert(storage_->start_number()).second);
    FillSegments();
    LosePower();
    ASSERT_TRUE(Open().ok());  // and nothing of this start is ever on the disk
    EXPECT_TRUE(starts.insert(storage_->start_number()).second) << "a start's number comes twice";
    LosePower();
    ASSERT_TRUE(Open().ok());
    EXPECT_TRUE(starts.insert(storage_->start_number()).second) << "a start's number comes twice";
    Close();
    EXPECT_FALSE(absl::StrContains(reports_, "ALARM") || absl::StrContains(reports_, "warning"))
        << reports_;
  }
}

// Numbers are limited: starts that end before they record anything use none up.
TEST_F(FileLossTest, AStartThatRecordsNothingUsesNoNumber) {
  for (int round = 0; round < 3; ++round) {
    absl::StatusOr<std::unique_ptr<FileStorage>> opened = FileStorage::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    ASSERT_TRUE((*opened)->Start({}).ok());
    EXPECT_EQ((*opened)->start_number(), 1u);
  }
}

TEST_F(FileLossTest, ALastSegmentThatIsMissingAfterAnOrderlyEndIsALoss) {
  ASSERT_TRUE(Open().ok());
  FillSegments();
  Close();
  RemoveFrom(3);
  ExpectRefusal("Records from number ");
}

TEST_F(FileLossTest, ASegmentThatCameHomeAndIsMissingAfterALossOfPowerIsALoss) {
  ASSERT_TRUE(Open().ok());
  FillSegments();
  const std::string first = storage_->place().ImagePath(2);
  for (int i = 0; i < 20'000 && access(first.c_str(), F_OK) == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  LosePower();
  RemoveFrom(2);
  ExpectRefusal("Records from number ");
}

TEST_F(FileLossTest, AllSegmentsGoneIsALoss) {
  ASSERT_TRUE(Open().ok());
  FillSegments();
  Close();
  RemoveFrom(1);
  ExpectRefusal("Records from number 1 on are gone");
}

TEST_F(FileLossTest, SegmentsOfAnOlderCopyAreALoss) {
  ASSERT_TRUE(Open().ok());
  FillSegments();
  Close();
  const std::string segment = Segment(3);
  std::filesystem::copy_file(segment, root_ + "/older");
  ASSERT_TRUE(Open().ok());
  FillSegments();
  Close();
  RemoveFrom(3);
  std::filesystem::rename(root_ + "/older", segment);
  ExpectRefusal("an older copy was restored");
}

TEST_F(FileLossTest, ACopyOfARunningJournalIsALossAndOneOfAClosedJournalIsTold) {
  ASSERT_TRUE(Open().ok());
  FillSegments();
  LosePower();
  const std::string original = options_.directory;
  options_.directory = root_ + "/copy";
  std::filesystem::copy(original, options_.directory);
  std::filesystem::permissions(options_.directory, std::filesystem::perms::owner_all);
  ExpectRefusal("this is a copy of a journal");
  Close();
  reports_.clear();
  const std::string closed = options_.directory;
  options_.directory = root_ + "/second";
  std::filesystem::copy(closed, options_.directory);
  std::filesystem::permissions(options_.directory, std::filesystem::perms::owner_all);
  EXPECT_TRUE(Open().ok());
  EXPECT_TRUE(absl::StrContains(reports_, "is a copy of a journal that was closed in order"))
      << reports_;
}

TEST_F(FileLossTest, WithoutItsProgressNoteAJournalIsNotBelieved) {
  ASSERT_TRUE(Open().ok());
  Append();
  Close();
  std::filesystem::remove(options_.directory + "/progress");
  ExpectRefusal("progress is missing");
  Close();
  std::string text;
  std::getline(std::ifstream(options_.directory + "/progress"), text, '\0');
  text[text.find("position ") + 9] ^= 1;
  std::ofstream(options_.directory + "/progress") << text;
  ExpectRefusal("progress is damaged");
}

}  // namespace
}  // namespace ringway
