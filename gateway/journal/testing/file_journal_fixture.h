// A journal in files, which one process after another has: the fixture of FileStorage's tests.
//
// Folders on the disk and in memory are its own and go with it. Nothing is synced but when it is
// asked for, unless a test sets options_.sync_interval_ns. `Operations` is the disk: a
// FileOperations whose `sync_error`, an atomic errno, makes every sync fail while it is not 0.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway::testing {

template <class Operations>
class FileJournalTest : public ::testing::Test {
 protected:
  FileJournalTest() {
    std::string pattern = ::testing::TempDir() + "journal-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::string memory = "/dev/shm/ringway-test-XXXXXX";
    EXPECT_NE(mkdtemp(memory.data()), nullptr);
    options_.directory = root_ + "/j";
    options_.memory_directory = memory;
    options_.segment_bytes = kSegmentBytesMin;
    options_.sync_interval_ns = 3'600 * kNsPerS;
    options_.operations = &disk_;
    options_.boot_id = "first";
    options_.report = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      reports_ += std::string(line) + "\n";
    };
  }
  ~FileJournalTest() override {
    Close();
    std::filesystem::remove_all(options_.memory_directory);
    std::filesystem::remove_all(root_);
  }

  // A process comes: opens, reads to the end, starts.
  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<FileStorage>> opened = FileStorage::Open(options_);
    if (!opened.ok()) return opened.status();
    JournalReader reader((*opened)->source());
    if (absl::Status status = reader.Open(); !status.ok()) return status;
    JournalRecord record;
    records_ = 0;
    while (reader.Next(record) == JournalReader::Result::kRecord) ++records_;
    if (!reader.status().ok()) return reader.status();
    end_ = reader.end();
    if (absl::Status status = (*opened)->Start(end_); !status.ok()) return status;
    storage_ = *std::move(opened);
    writer_ =
        std::make_unique<JournalWriter>(*storage_, end_.cursor, storage_->start_number(), 1, 9);
    return absl::OkStatus();
  }
  void Close() {
    writer_.reset();
    storage_.reset();
  }
  // Ends as a killed process does: what it wrote is in memory alone, in images_.
  void Leave() {
    images_ = storage_->place().image_directory;
    disk_.sync_error = EIO;
    Close();
    disk_.sync_error = 0;
    ASSERT_TRUE(std::filesystem::exists(images_));
  }
  uint64_t Append() {
    MakeNewOrderStep(writer_->end().next_sequence, *step_);
    return testing::AppendStep(*writer_, 1, step_->input(), 0, step_->effects);
  }
  std::string Segment(uint64_t number) const {
    return options_.directory + "/" + JournalPlace::SegmentName(number);
  }
  std::string Reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  // Waits until `done`, at most 20 s.
  template <class F>
  bool Eventually(F done) {
    for (int i = 0; i < 20'000 && !done(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return done();
  }

  std::string root_;
  Operations disk_;
  FileStorageOptions options_;
  std::mutex mutex_;
  std::string reports_;
  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
  JournalEnd end_;        // where the process began to write
  uint64_t records_ = 0;  // that it found
  std::string images_;
  std::unique_ptr<SampleStep> step_ = std::make_unique<SampleStep>();
};

}  // namespace ringway::testing
