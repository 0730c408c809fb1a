// Tests that reading ahead gives every record in order, stops wherever its caller stops, uses
// bounded memory, and works without a thread. That it gives what JournalReader gives, also of what
// is torn or damaged: reader_test.
#include "gateway/journal/ahead_reader.h"

#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"
#include "tests/deny_syscall.h"

namespace ringway {
namespace {

using Result = AheadReader::Result;

// Counts what was read of it, and can say that the disk fails.
class CountingSource final : public JournalSource {
 public:
  const std::vector<Segment>& segments() const override { return journal.segments(); }
  absl::Status Read(std::size_t index, uint64_t offset, std::span<std::byte> out) override {
    if (index == bad_segment && offset >= sizeof(SegmentHeader) + kRecordBytesMax) {
      return absl::UnavailableError("the disk fails");
    }
    bytes_read += out.size();
    return journal.Read(index, offset, out);
  }
  bool power_may_have_failed() const override { return false; }

  testing::MemoryJournal journal;
  std::size_t bad_segment = SIZE_MAX;
  std::atomic<uint64_t> bytes_read{0};
};

class AheadReaderTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kSegmentBytes = uint64_t{1} << 20;

  // Many times what the reader has room for.
  AheadReaderTest() {
    testing::MemoryStorage storage(source_.journal, kSegmentBytes);
    auto step = std::make_unique<testing::SampleStep>();
    storage.Prepare(2);
    JournalWriter writer(storage, {}, 1, 1, 9);
    while (writer.end().position < 16 * kSegmentBytes) {
      if (storage.ready() < 2) storage.Prepare();
      testing::MakeNewOrderStep(writer.end().next_sequence, *step);
      testing::AppendStep(writer, 1, step->input(), 0, step->effects);
    }
    end_ = writer.end();
  }
  // Of readers, in this process.
  static std::size_t Threads() {
    std::size_t threads = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::getline(std::ifstream(thread.path() / "comm"), name);
      threads += name == "journal-reader" ? 1 : 0;
    }
    return threads;
  }
  // A thread that was joined is in the system's list for a moment more.
  static bool NoneRuns() {
    for (int i = 0; i < 20'000 && Threads() != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Threads() == 0;
  }
  // How many records there are before `reader` says something else.
  static uint64_t ReadOn(AheadReader& reader, Result& result) {
    uint64_t records = 0;
    for (JournalRecord record; (result = reader.Next(record)) == Result::kRecord; ++records) {
      EXPECT_EQ(record.header.sequence, records + 1);
    }
    return records;
  }

  CountingSource source_;
  JournalCursor end_;
};

TEST_F(AheadReaderTest, GivesEveryRecordInOrder) {
  {
    AheadReader reader(source_);
    ASSERT_TRUE(reader.Open().ok());
    Result result;
    EXPECT_EQ(ReadOn(reader, result) + 1, end_.next_sequence);
    EXPECT_EQ(result, Result::kEnd);
    EXPECT_EQ(reader.end().cursor, end_);
    JournalRecord record;
    EXPECT_EQ(reader.Next(record), Result::kEnd) << "it stays";
  }
  EXPECT_TRUE(NoneRuns());
}

TEST_F(AheadReaderTest, ACallerMayStopAnywhere) {
  for (uint64_t records = 0; records < end_.next_sequence; records = 3 * records + 1) {
    AheadReader reader(source_);
    ASSERT_TRUE(reader.Open().ok());
    JournalRecord record;
    for (uint64_t i = 0; i < records; ++i) ASSERT_EQ(reader.Next(record), Result::kRecord);
  }
  { const AheadReader never_opened(source_); }
  EXPECT_TRUE(NoneRuns());
}

TEST_F(AheadReaderTest, IsAheadByABoundedNumberOfBytes) {
  AheadReader reader(source_);
  ASSERT_TRUE(reader.Open().ok());
  const uint64_t opened = source_.bytes_read;
  JournalRecord record{};
  uint64_t given = 0;
  while (reader.Next(record) == Result::kRecord) {
    if (given == 0) {
      EXPECT_EQ(Threads(), 1u) << "it waits for room";
    }
    given += record.header.bytes();
    // Its blocks, what it reads at a time, and the headers of segments.
    ASSERT_LT(source_.bytes_read - opened, 2 * given + (uint64_t{4} << 20));
  }
}

TEST_F(AheadReaderTest, AnErrorComesBehindTheRecordsBeforeIt) {
  source_.bad_segment = 9;
  JournalReader other(source_);
  ASSERT_TRUE(other.Open().ok());
  uint64_t expected = 0;
  for (JournalRecord record; other.Next(record) == Result::kRecord;) ++expected;
  ASSERT_GT(expected, end_.next_sequence / 2);
  {
    AheadReader reader(source_);
    ASSERT_TRUE(reader.Open().ok());
    Result result;
    EXPECT_EQ(ReadOn(reader, result), expected);
    EXPECT_EQ(result, Result::kFailed);
    EXPECT_EQ(reader.status(), other.status());
  }
  EXPECT_TRUE(NoneRuns());
}

TEST_F(AheadReaderTest, WhereNoThreadCanBeStartedTheCallerReads) {
  uint64_t records = 0;
  bool filtered = false;
  Result result = Result::kRecord;
  std::thread limited([&] {
    filtered = DenySyscall(SYS_clone3, EAGAIN) && DenySyscall(SYS_clone, EAGAIN);
    if (!filtered) return;
    AheadReader reader(source_);
    ASSERT_TRUE(reader.Open().ok());
    EXPECT_EQ(Threads(), 0u);
    records = ReadOn(reader, result);
    EXPECT_EQ(reader.end().cursor, end_);
  });
  limited.join();
  if (!filtered) GTEST_SKIP() << "this system installs no filters of system calls";
  EXPECT_EQ(result, Result::kEnd);
  EXPECT_EQ(records + 1, end_.next_sequence);
}

}  // namespace
}  // namespace ringway
