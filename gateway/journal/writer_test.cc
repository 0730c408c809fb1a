// Tests that the writer lays down the bytes that JOURNAL.md draws, and never more than there is
// room for.
#include "gateway/journal/writer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "gateway/journal/record.h"
#include "gateway/journal/testing/memory_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gtest/gtest.h"
#include "tests/alloc_count.h"

namespace ringway {
namespace {

using testing::IsStep;
using testing::MakeNewOrderStep;
using testing::MakeRandomStep;
using testing::MemoryJournal;
using testing::MemoryStorage;
using testing::SampleStep;

constexpr int64_t kNow = 1'700'000'000'000'000'000;

class JournalWriterTest : public ::testing::Test {
 protected:
  JournalWriterTest() : storage_(journal_) { storage_.Prepare(2); }

  JournalWriter Begin() { return JournalWriter(storage_, JournalCursor{}, 1, kNow, 99); }

  uint64_t Append(JournalWriter& writer, const SampleStep& step) {
    return testing::AppendStep(writer, kNow, step.input(), step.venue_report_seq, step.effects);
  }

  // The record at `offset` of a segment, its CRC checked here by the definition.
  JournalRecord RecordAt(std::size_t index, std::size_t offset) {
    const std::vector<std::byte>& bytes = journal_.bytes(index);
    SegmentHeader segment;
    std::memcpy(&segment, bytes.data(), sizeof(segment));
    JournalRecord record{};
    std::memcpy(&record.header, bytes.data() + offset, sizeof(record.header));
    record.position = segment.first_position + offset;
    if (record.header.bytes() < sizeof(RecordHeader)) return record;
    const std::span whole(bytes.data() + offset, record.header.bytes());
    const uint32_t seed = Crc32cSoftware(0, std::as_bytes(std::span(&segment.salt, 1)));
    const uint32_t words_and_type =
        record.header.words + (uint32_t{static_cast<uint8_t>(record.header.type)} << 16);
    EXPECT_EQ(record.header.crc, Crc32cSoftware(seed + words_and_type, whole.subspan(8)));
    record.body = whole.subspan(sizeof(RecordHeader));
    return record;
  }

  MemoryJournal journal_;
  MemoryStorage storage_;
  std::unique_ptr<SampleStep> step_ = std::make_unique<SampleStep>();
};

TEST_F(JournalWriterTest, BeginsWithItsSegmentAndItself) {
  JournalWriter writer = Begin();
  const JournalRecord first = RecordAt(0, sizeof(SegmentHeader));
  EXPECT_EQ(first.header.type, RecordType::kSegmentStart);
  EXPECT_EQ(first.header.sequence, 1u);
  EXPECT_EQ(first.header.previous_crc, 0u);
  EXPECT_EQ(first.header.start, 1u);
  SegmentStartBody start{.previous_end = 1};
  ASSERT_TRUE(ReadBody(first.body, start));
  EXPECT_EQ(start.previous_end, 0u);
  const JournalRecord second = RecordAt(0, sizeof(SegmentHeader) + first.header.bytes());
  EXPECT_EQ(second.header.type, RecordType::kGatewayStart);
  EXPECT_EQ(second.header.sequence, 2u);
  EXPECT_EQ(second.header.previous_crc, first.header.crc);
  EXPECT_EQ(second.header.time_ns, kNow);
  GatewayStartBody body{};
  ASSERT_TRUE(ReadBody(second.body, body));
  EXPECT_EQ(body.config_hash, 99u);
  EXPECT_EQ(writer.end(), second.cursor());
  EXPECT_EQ(storage_.written(), second.end());
}

TEST_F(JournalWriterTest, ANewOrderTakes232Bytes) {
  JournalWriter writer = Begin();
  MakeNewOrderStep(5, *step_);
  const uint64_t before = writer.end().position;
  const uint64_t end = Append(writer, *step_);
  EXPECT_EQ(end - before, 232u);
  EXPECT_EQ(storage_.written(), end);
  const JournalRecord record = RecordAt(0, before);
  EXPECT_EQ(record.header.type, RecordType::kStep);
  EXPECT_TRUE(IsStep(record.body, *step_));
}

TEST_F(JournalWriterTest, EveryStepReadsBackAndChains) {
  JournalWriter writer = Begin();
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    MakeRandomStep(random, *step_);
    if (storage_.ready() < 2) storage_.Prepare();
    ASSERT_EQ(writer.State(), JournalState::kOk);
    JournalCursor before = writer.end();
    Append(writer, *step_);
    const uint64_t segment = (writer.end().position - 1) / kSegmentBytesMin;
    if (before.position / kSegmentBytesMin != segment) {
      const JournalRecord start = RecordAt(segment, sizeof(SegmentHeader));
      ASSERT_EQ(start.header.previous_crc, before.previous_crc);
      before = start.cursor();
    }
    const JournalRecord record = RecordAt(segment, before.position % kSegmentBytesMin);
    ASSERT_TRUE(IsStep(record.body, *step_)) << "step " << i;
    ASSERT_EQ(record.header.previous_crc, before.previous_crc);
    ASSERT_EQ(record.header.sequence, before.next_sequence);
    ASSERT_EQ(record.cursor(), writer.end());
  }
}

TEST_F(JournalWriterTest, ANewSegmentNamesTheEndOfTheLast) {
  JournalWriter writer = Begin();
  MakeNewOrderStep(1, *step_);
  JournalCursor before;
  // As in a turn of the gateway, whose steps are many: nobody asks before each.
  ASSERT_GE(writer.RoomBytes(), kSegmentBytesMin / 2);
  while (writer.end().position < kSegmentBytesMin) {
    before = writer.end();
    Append(writer, *step_);
  }
  const JournalRecord first = RecordAt(1, sizeof(SegmentHeader));
  EXPECT_EQ(first.header.type, RecordType::kSegmentStart);
  EXPECT_EQ(first.header.sequence, before.next_sequence);
  EXPECT_EQ(first.header.previous_crc, before.previous_crc);
  SegmentStartBody start{};
  ASSERT_TRUE(ReadBody(first.body, start));
  EXPECT_EQ(start.previous_end, before.position);
}

TEST_F(JournalWriterTest, ReserveThenFullAndNoStepHalfFits) {
  JournalWriter writer = Begin();
  EXPECT_EQ(writer.State(), JournalState::kOk);  // one spare segment
  MakeNewOrderStep(1, *step_);
  while (writer.State() == JournalState::kOk) Append(writer, *step_);
  EXPECT_EQ(storage_.ready(), 0u);
  EXPECT_EQ(writer.State(), JournalState::kReserve);
  // The longest step there is goes in as long as the state says so.
  step_->payload.resize(kInputPayloadBytesMax);
  step_->effects.Clear();
  for (uint32_t i = 0; i < kEffectsPerStepMax; ++i) {
    std::array<std::byte, sizeof(Effect::payload)> payload{};
    AddEncoded(step_->effects, Target::kSession, 1, FrameType::kExecutionReport, payload);
  }
  uint32_t longest = 0;
  for (; writer.State() == JournalState::kReserve; ++longest) {
    EXPECT_EQ(Append(writer, *step_) % 8, 0u);
  }
  EXPECT_GE(longest, 2u);
  EXPECT_EQ(writer.State(), JournalState::kFull);
  EXPECT_DEATH(Append(writer, *step_), "without asking whether it fits");
  storage_.Prepare(2);
  EXPECT_EQ(writer.State(), JournalState::kOk);
  Append(writer, *step_);
}

TEST_F(JournalWriterTest, AnyFaultMeansReserve) {
  JournalWriter writer = Begin();
  for (const JournalFault fault :
       {JournalFault::kNoSpace, JournalFault::kWriteError, JournalFault::kSyncFailed}) {
    storage_.Fail(fault);
    EXPECT_EQ(writer.State(), JournalState::kReserve) << Name(fault);
  }
  storage_.Fail(JournalFault::kNone);
  EXPECT_EQ(writer.State(), JournalState::kOk);
}

TEST_F(JournalWriterTest, RecordsCarryHowFarDurableHadCome) {
  JournalWriter writer = Begin();
  MakeNewOrderStep(1, *step_);
  const uint64_t first_end = Append(writer, *step_);
  EXPECT_EQ(RecordAt(0, first_end - 232).header.durable, 0u);
  storage_.Sync();
  const uint64_t second_end = Append(writer, *step_);
  EXPECT_EQ(RecordAt(0, second_end - 232).header.durable, first_end);
  writer.Mark(kNow);  // not everything is durable: nothing to say yet
  EXPECT_EQ(writer.end().position, second_end);
  storage_.Sync();
  writer.Mark(kNow);
  const JournalRecord mark = RecordAt(0, second_end);
  EXPECT_EQ(mark.header.type, RecordType::kMark);
  EXPECT_EQ(mark.header.durable, second_end);
  storage_.Sync();
  const uint64_t end = writer.end().position;
  writer.Mark(kNow);  // once is enough
  EXPECT_EQ(writer.end().position, end);
}

TEST_F(JournalWriterTest, AppendingAllocatesNothing) {
  JournalWriter writer = Begin();
  MakeNewOrderStep(1, *step_);
  const uint64_t before = AllocationCount();
  for (int i = 0; i < 600 && writer.State() != JournalState::kFull; ++i) Append(writer, *step_);
  writer.Append(kNow, VenueCursorBody{.venue = 1,
                                      .requests_waiting = 0,
                                      .incarnation = 2,
                                      .requests_sent = 3,
                                      .reports_received = 4});
  writer.Append(kNow, StateHashBody{.state_hash = 5});
  storage_.Sync();
  writer.Mark(kNow);
  EXPECT_EQ(AllocationCount(), before);
  EXPECT_GT(writer.end().next_sequence, 500u);
}

}  // namespace
}  // namespace ringway
