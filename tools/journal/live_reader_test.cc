// Tests that a journal that a gateway begins to write while it is read is read whole, and that
// damage stays damage.
#include "tools/journal/live_reader.h"

#include <atomic>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/file_journal_fixture.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

class TestOperations final : public SystemFileOperations {
 public:
  int Sync(int fd) noexcept override {
    const int error = sync_error.load();
    return error != 0 ? error : SystemFileOperations::Sync(fd);
  }

  std::atomic<int> sync_error{0};
};

absl::StatusOr<std::optional<JournalCursor>> FromTheBeginning(const FileSource&) {
  return std::optional<JournalCursor>();
}

class LiveReaderTest : public testing::FileJournalTest<TestOperations> {
 protected:
  // Several segments, of which nothing is on the disk.
  void RecordAndLeave() {
    ASSERT_TRUE(Open().ok());
    while (storage_->last_number() != 3) {
      ASSERT_TRUE(Eventually([&] { return storage_->ready() != 0; }));
      Append();
    }
    end_sequence_ = writer_->end().next_sequence;
    Leave();
  }

  uint64_t end_sequence_ = 0;
};

TEST_F(LiveReaderTest, AGatewayThatStartsMeanwhileIsNoDamage) {
  RecordAndLeave();
  LiveReader reader(options_.directory, options_.memory_directory);
  ASSERT_TRUE(reader.Open(FromTheBeginning).ok());
  auto source = FileSource::Open(options_.directory, options_.memory_directory);
  ASSERT_TRUE(source.ok());
  JournalReader other(**source);
  ASSERT_TRUE(other.Open().ok());
  JournalRecord record{};
  uint64_t sequence = 0;
  for (; sequence < 10; ++sequence) {
    ASSERT_EQ(reader.Next(record), LiveReader::Result::kRecord);
    ASSERT_EQ(other.Next(record), JournalReader::Result::kRecord);
  }
  ASSERT_TRUE(Open().ok());  // the gateway, which removes the images of earlier segments
  JournalReader::Result result;
  while ((result = other.Next(record)) == JournalReader::Result::kRecord) {
  }
  EXPECT_EQ(result, JournalReader::Result::kFailed) << "what was opened is gone";
  while ((result = reader.Next(record)) == LiveReader::Result::kRecord) {
    ASSERT_EQ(record.header.sequence, ++sequence);
  }
  EXPECT_EQ(result, LiveReader::Result::kEnd) << reader.status();
  EXPECT_GE(sequence + 1, end_sequence_);
  EXPECT_NE(reader.end().start, 0u);
}

TEST_F(LiveReaderTest, DamageIsDamageTheSecondTimeToo) {
  ASSERT_TRUE(Open().ok());
  for (int i = 0; i < 10; ++i) Append();
  storage_->BeginSync();
  ASSERT_TRUE(Eventually([&] { return storage_->durable() == storage_->written(); }));
  Append();  // says that those before it were durable
  Close();
  std::fstream file(Segment(1), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(1'000);
  file << "damage";
  file.close();
  LiveReader reader(options_.directory, options_.memory_directory);
  ASSERT_TRUE(reader.Open(FromTheBeginning).ok());
  JournalRecord record;
  LiveReader::Result result;
  while ((result = reader.Next(record)) == LiveReader::Result::kRecord) {
  }
  EXPECT_EQ(result, LiveReader::Result::kFailed);
  EXPECT_TRUE(absl::IsDataLoss(reader.status())) << reader.status();
  EXPECT_EQ(reader.Next(record), LiveReader::Result::kFailed) << "it stays";
}

}  // namespace
}  // namespace ringway
