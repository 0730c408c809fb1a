// Tests that the reader returns what was written, cuts what was torn, and refuses what is damaged.
#include "gateway/journal/reader.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gateway/journal/ahead_reader.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using testing::MemoryJournal;
using testing::MemoryStorage;
using testing::SampleStep;

struct ReadBack {
  std::vector<RecordHeader> records;
  std::vector<uint64_t> positions;
  std::string bytes;  // heads and bodies
  absl::Status status;
  JournalEnd end;
};

template <class Reader>
ReadBack ReadWith(JournalSource& source, const std::optional<JournalCursor>& from) {
  ReadBack out;
  Reader reader(source);
  out.status = reader.Open(from);
  if (!out.status.ok()) return out;
  JournalRecord record;
  JournalReader::Result result;
  while ((result = reader.Next(record)) == JournalReader::Result::kRecord) {
    out.records.push_back(record.header);
    out.positions.push_back(record.position);
    out.bytes.append(reinterpret_cast<const char*>(&record.header), sizeof(record.header));
    out.bytes.append(reinterpret_cast<const char*>(record.body.data()), record.body.size());
  }
  out.status = reader.status();
  if (result == JournalReader::Result::kEnd) out.end = reader.end();
  return out;
}

// Both readers give the same, an error's text included. Of thousands of readings that are alike the
// second one does every sixteenth, as `turn` counts them.
ReadBack ReadAll(JournalSource& source, const std::optional<JournalCursor>& from = {},
                 int turn = 0) {
  ReadBack read = ReadWith<JournalReader>(source, from);
  if (turn % 16 != 0) return read;
  const ReadBack ahead = ReadWith<AheadReader>(source, from);
  EXPECT_EQ(ahead.status, read.status);
  EXPECT_EQ(ahead.positions, read.positions);
  EXPECT_EQ(ahead.bytes, read.bytes);
  EXPECT_EQ(ahead.end.cursor, read.end.cursor);
  EXPECT_EQ(ahead.end.time_ns, read.end.time_ns);
  EXPECT_EQ(ahead.end.blank_behind, read.end.blank_behind);
  EXPECT_EQ(ahead.end.tear.has_value(), read.end.tear.has_value());
  return read;
}

class JournalReaderTest : public ::testing::Test {
 protected:
  // Appends `count` steps; segments are prepared as they are needed. Syncs every `sync_every`.
  JournalCursor Write(int count, int sync_every, const JournalCursor& end = {},
                      uint32_t start = 1) {
    MemoryStorage storage(journal_, kSegmentBytesMin, 1000 + start);
    storage.Prepare(2);
    JournalWriter writer(storage, end, start, 1, 9);
    for (int i = 0; i < count; ++i) {
      if (storage.ready() < 2) storage.Prepare();
      MakeRandomStep(random_, *step_);
      EXPECT_EQ(writer.State(), JournalState::kOk);
      cursors_.push_back(writer.end());
      testing::AppendStep(writer, i, step_->input(), step_->venue_report_seq, step_->effects);
      if (i % sync_every == 0) storage.Sync();
    }
    return writer.end();
  }
  // The byte at a position.
  std::byte& At(MemoryJournal& journal, uint64_t position) {
    return journal.bytes(position / kSegmentBytesMin)[position % kSegmentBytesMin];
  }

  MemoryJournal journal_;
  Random random_{7};
  std::unique_ptr<SampleStep> step_ = std::make_unique<SampleStep>();
  std::vector<JournalCursor> cursors_;  // before each step
};

TEST_F(JournalReaderTest, AnEmptyJournalEndsAtItsBeginning) {
  ReadBack read = ReadAll(journal_);
  EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(read.end.cursor, JournalCursor{});
  EXPECT_EQ(read.end.segment_number, 0u);
  MemoryStorage(journal_).Prepare(2);  // never begun
  read = ReadAll(journal_);
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.end.cursor, JournalCursor{});
  EXPECT_EQ(read.end.segment_number, 0u);
}

TEST_F(JournalReaderTest, GivesEveryRecordOverManySegments) {
  const JournalCursor end = Write(800, 10);
  const ReadBack read = ReadAll(journal_);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_GT(end.position, 4 * kSegmentBytesMin);
  EXPECT_EQ(read.end.cursor, end);
  EXPECT_EQ(read.end.start, 1u);
  EXPECT_EQ(read.end.time_ns, 799) << "the last step's";
  EXPECT_EQ(read.end.segment_number, end.position / kSegmentBytesMin + 1);
  EXPECT_EQ(read.records.size() + 1, end.next_sequence);
  for (std::size_t i = 0; i < read.records.size(); ++i) {
    ASSERT_EQ(read.records[i].sequence, i + 1);
  }
}

// A segment that was put back from another life of the journal has the right place and numbers.
TEST_F(JournalReaderTest, ASegmentOfAnotherPastIsNotReadOn) {
  const auto write = [this](uint64_t cl_ord_id) {
    MemoryJournal journal;
    MemoryStorage storage(journal);
    storage.Prepare(3);
    JournalWriter writer(storage, {}, 1, 1, 9);
    while (writer.end().position < 2 * kSegmentBytesMin) {
      MakeNewOrderStep(cl_ord_id, *step_);
      testing::AppendStep(writer, 1, step_->input(), 0, step_->effects);
    }
    return journal;
  };
  MemoryJournal ours = write(1);
  MemoryJournal theirs = write(2);
  const ReadBack whole = ReadAll(ours);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  ours.bytes(1) = theirs.bytes(1);
  const ReadBack read = ReadAll(ours);
  EXPECT_TRUE(absl::IsDataLoss(read.status)) << read.status;
  EXPECT_LT(read.records.size(), whole.records.size() / 2 + 2);
}

TEST_F(JournalReaderTest, GoesOnAtAnyCursor) {
  const JournalCursor end = Write(600, 10);
  for (std::size_t i = 0; i < cursors_.size(); i += 37) {
    const ReadBack read = ReadAll(journal_, cursors_[i]);
    ASSERT_TRUE(read.status.ok()) << read.status;
    ASSERT_FALSE(read.records.empty());
    // A step, or the new segment that it had to begin.
    ASSERT_EQ(read.records.front().sequence, cursors_[i].next_sequence);
    ASSERT_EQ(read.end.cursor, end);
  }
  EXPECT_TRUE(ReadAll(journal_, end).records.empty());
  JournalCursor wrong = cursors_[50];
  wrong.previous_crc ^= 1;
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadAll(journal_, wrong).status));
  JournalCursor ahead = end;
  ahead.position += 64;
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadAll(journal_, ahead).status));
}

TEST_F(JournalReaderTest, ATailTornAtAnyByteIsCut) {
  const JournalCursor end = Write(40, 1000);
  const uint64_t last = cursors_.back().position;
  ASSERT_EQ(ReadAll(journal_).positions.back(), last);  // no segment began with it
  for (uint64_t keep = last; keep < end.position; ++keep) {
    for (const bool power_failed : {false, true}) {
      MemoryJournal torn = journal_.Copy();
      torn.power_failed = power_failed;
      // What was not written yet is zero, or (after a power failure) anything.
      for (uint64_t at = keep; at < end.position; ++at) {
        At(torn, at) = power_failed ? static_cast<std::byte>(random_.Next()) : std::byte{0};
      }
      const ReadBack read = ReadAll(torn);
      ASSERT_TRUE(read.status.ok()) << read.status;
      if (read.end.cursor == end) continue;  // what was taken away was zeros: nothing is torn
      ASSERT_EQ(read.end.cursor, cursors_.back()) << keep;
      if (keep > last + 8) {
        ASSERT_TRUE(read.end.tear.has_value());
        EXPECT_EQ(read.end.tear->offset, last % kSegmentBytesMin);
      }
    }
  }
}

TEST_F(JournalReaderTest, AnyChangedByteInTheMiddleIsDamage) {
  const JournalCursor end = Write(500, 5);
  const ReadBack whole = ReadAll(journal_);
  ASSERT_TRUE(whole.status.ok());
  // Everything that belongs to a record which was durable before the last one was written.
  const uint64_t durable = whole.records.back().durable;
  ASSERT_GT(durable, end.position / 2);
  for (int i = 0; i < 2000; ++i) {
    const auto victim = static_cast<std::size_t>(random_.Below(whole.records.size() - 1));
    const uint64_t position =
        whole.positions[victim] + random_.Below(whole.records[victim].bytes());
    if (whole.positions[victim] + whole.records[victim].bytes() > durable) continue;
    const std::byte before = At(journal_, position);
    // Single bits, and whole bytes.
    At(journal_, position) ^= i % 2 == 0 ? std::byte{1} << random_.Below(8)
                                         : static_cast<std::byte>(1 + random_.Below(255));
    for (const bool power_failed : {false, true}) {
      journal_.power_failed = power_failed;
      const ReadBack read = ReadAll(journal_, {}, i);
      ASSERT_TRUE(absl::IsDataLoss(read.status))
          << "position " << position << ": " << read.status << " of " << end.position;
      ASSERT_TRUE(absl::StrContains(read.status.message(), "segment ")) << read.status;
      ASSERT_TRUE(absl::StrContains(read.status.message(), "restore the file")) << read.status;
    }
    At(journal_, position) = before;
  }
  EXPECT_TRUE(ReadAll(journal_).status.ok());
}

TEST_F(JournalReaderTest, AnyChangedByteOfAHeaderIsDamage) {
  Write(300, 5);
  for (std::size_t segment = 0; segment < journal_.segments().size(); ++segment) {
    for (std::size_t offset = 0; offset < sizeof(SegmentHeader); ++offset) {
      journal_.bytes(segment)[offset] ^= std::byte{0x10};
      EXPECT_FALSE(ReadAll(journal_).status.ok()) << segment << ' ' << offset;
      journal_.bytes(segment)[offset] ^= std::byte{0x10};
    }
  }
}

TEST_F(JournalReaderTest, APowerFailureMayTakeWhatWasNeverDurable) {
  const JournalCursor end = Write(60, 1000);  // durable: the first step alone
  // A page in the middle never reached the disk; what is behind it did.
  const JournalCursor& hole = cursors_[20];
  At(journal_, hole.position + 50) ^= std::byte{1};
  EXPECT_TRUE(absl::IsDataLoss(ReadAll(journal_).status)) << "without a power failure";
  journal_.power_failed = true;
  const ReadBack read = ReadAll(journal_);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.end.cursor, hole);
  ASSERT_TRUE(read.end.tear.has_value());
  EXPECT_GT(read.end.tear->records, 30u);
  EXPECT_LT(hole.position, end.position);
}

TEST_F(JournalReaderTest, WhatWasCutNeverComesBack) {
  Write(60, 1000);
  journal_.power_failed = true;
  At(journal_, cursors_[20].position + 50) ^= std::byte{1};
  const ReadBack cut = ReadAll(journal_);
  ASSERT_TRUE(cut.status.ok());
  // As FileStorage::Start does: nothing lies behind the segment of the end.
  while (journal_.segments().back().number > cut.end.segment_number) journal_.PopBack();
  const JournalCursor end = Write(50, 10, cut.end.cursor, cut.end.start + 1);
  for (const bool power_failed : {false, true}) {
    journal_.power_failed = power_failed;
    const ReadBack read = ReadAll(journal_);
    ASSERT_TRUE(read.status.ok()) << read.status;
    EXPECT_EQ(read.end.cursor, end);
    EXPECT_EQ(read.end.start, 2u);
    EXPECT_EQ(read.records.size() + 1, end.next_sequence);
  }
}

TEST_F(JournalReaderTest, RecycledBytesNeverReplay) {
  const JournalCursor end = Write(400, 10);
  // The last segment's salt changes, its records stay: they are of another use of the space.
  const std::size_t index = end.position / kSegmentBytesMin;
  ASSERT_GT(index, 1u);
  SegmentHeader header;
  std::memcpy(&header, journal_.bytes(index).data(), sizeof(header));
  header.salt ^= 1;
  header.crc = SegmentHeaderCrc(header);
  std::memcpy(journal_.bytes(index).data(), &header, sizeof(header));
  const ReadBack read = ReadAll(journal_);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.end.segment_number, index);
  EXPECT_LT(read.end.cursor.position, header.first_position);
  // Nor do those of the segment before, copied to where the end is.
  std::vector<std::byte>& to = journal_.bytes(index);
  const std::vector<std::byte>& from = journal_.bytes(index - 1);
  std::memcpy(to.data() + sizeof(header), from.data() + sizeof(header),
              kSegmentBytesMin - sizeof(header));
  EXPECT_EQ(ReadAll(journal_).end.cursor, read.end.cursor);
}

TEST_F(JournalReaderTest, AMissingSegmentIsAnError) {
  Write(500, 10);
  MemoryJournal gap;
  for (std::size_t i = 0; i < journal_.segments().size(); ++i) {
    if (i != 1) gap.Add(i + 1, kSegmentBytesMin) = journal_.bytes(i);
  }
  const ReadBack read = ReadAll(gap);
  EXPECT_TRUE(absl::IsDataLoss(read.status));
  EXPECT_TRUE(absl::StrContains(read.status.message(), "is missing")) << read.status;
  // Old ones may go from the front; then an old cursor is refused.
  MemoryJournal young;
  for (std::size_t i = 1; i < journal_.segments().size(); ++i) {
    young.Add(i + 1, kSegmentBytesMin) = journal_.bytes(i);
  }
  EXPECT_TRUE(ReadAll(young).status.ok());
  EXPECT_TRUE(absl::IsNotFound(ReadAll(young, cursors_[0]).status));
}

}  // namespace
}  // namespace ringway
