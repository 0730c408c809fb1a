// Whether a session gets from the journal exactly the reports that it has no room for, in order.
#include "gateway/recovery/report_recall.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_operations.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/report_index.h"
#include "gtest/gtest.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

using Answer = ReportArchive::Answer;

// A disk whose syncs last as long as they are told to.
class SlowOperations final : public SystemFileOperations {
 public:
  int Sync(int fd) noexcept override {
    ++syncs_begun;
    while (syncs_wait) std::this_thread::sleep_for(std::chrono::microseconds(100));
    return SystemFileOperations::Sync(fd);
  }
  std::atomic<int> syncs_begun{0};
  std::atomic<bool> syncs_wait{false};
};

class ReportRecallTest : public ::testing::Test {
 protected:
  ReportRecallTest() {
    std::string pattern = ::testing::TempDir() + "recall-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    auto storage = FileStorage::Open({.directory = root_ + "/j",
                                      .segment_bytes = kSegmentBytesMin,
                                      .sync_interval_ns = kNsPerMs,
                                      .operations = &disk_});
    EXPECT_TRUE(storage.ok()) << storage.status();
    storage_ = *std::move(storage);
    EXPECT_TRUE(storage_->Start({}).ok());
    writer_ = std::make_unique<JournalWriter>(*storage_, JournalCursor{}, 1, 1, 9);
    recall_ = std::make_unique<ReportRecall>(*storage_, root_ + "/j", "/dev/shm", ReportIndex(),
                                             [this](std::string_view line) {
                                               const std::lock_guard lock(mutex_);
                                               told_ += std::string(line) + "\n";
                                             });
    EXPECT_TRUE(recall_->Start().ok());
  }
  ~ReportRecallTest() override {
    disk_.syncs_wait = false;
    recall_.reset();
    writer_.reset();
    storage_.reset();
    std::filesystem::remove_all(root_);
  }

  // A step that reports to both sessions, `count` times.
  void Report(uint64_t count) {
    for (; count != 0; --count) {
      while (writer_->State() != JournalState::kOk) std::this_thread::yield();
      effects_.Clear();
      for (const SessionId session : {7u, 8u}) {
        effects_.Add(Target::kSession, session, next_, OrderAck{.cl_ord_id = next_ * 10 + session});
      }
      effects_.Add(Target::kVenue, 7, 0, Cancel{.cl_ord_id = next_});
      ++next_;
      end_ = testing::AppendStep(*writer_, 1, {Origin::kTimer, 0, FrameType{}, {}}, 0, effects_);
    }
  }
  void AwaitDurable() {
    storage_->BeginSync();
    while (storage_->durable() < end_) std::this_thread::yield();
  }
  Answer Await(SessionId session, uint64_t seq, const ResendStore::Slot*& slot) {
    for (int i = 0; i < 20'000; ++i) {
      const Answer answer = recall_->Find(session, seq, slot);
      if (answer != Answer::kComing) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Answer::kComing;
  }
  void ExpectReports(SessionId session, uint64_t from, uint64_t to) {
    recall_->Begin(session, from);
    for (uint64_t seq = from; seq != to; ++seq) {
      const ResendStore::Slot* slot = nullptr;
      ASSERT_EQ(Await(session, seq, slot), Answer::kHere) << "session " << session << " " << seq;
      OrderAck ack;
      ASSERT_EQ(slot->type, FrameType::kOrderAck);
      ASSERT_EQ(Decode(slot->bytes(), ack), DecodeStatus::kOk);
      ASSERT_EQ(ack.cl_ord_id, seq * 10 + session);
    }
  }

  std::string Told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  std::string root_;
  SlowOperations disk_;
  std::mutex mutex_;
  std::string told_;  // to the operator
  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<ReportRecall> recall_;
  Effects effects_;
  uint64_t next_ = 1;
  uint64_t end_ = 0;
};

TEST_F(ReportRecallTest, GivesEveryReportOfTheSessionInOrder) {
  Report(3 * ReportRecall::kChunkReports);
  AwaitDurable();
  ExpectReports(7, 1, next_);
  ExpectReports(8, 5'000, next_);
  recall_->End(7);
  ExpectReports(7, 17, 20);  // and begins anew in the middle of it
  ExpectReports(7, 2, 40);
}

TEST_F(ReportRecallTest, WaitsForTheDisk) {
  Report(100);
  ExpectReports(7, 1, next_);
  const ResendStore::Slot* slot = nullptr;
  EXPECT_EQ(recall_->Find(7, next_, slot), Answer::kComing);
  Report(1'000);
  uint64_t seq = next_ - 1'000;
  for (; seq != next_; ++seq) ASSERT_EQ(Await(7, seq, slot), Answer::kHere);
}

// They are in the file, and a loss of power may take them out of it again.
TEST_F(ReportRecallTest, WhatNoSyncHasCoveredIsNotGivenOut) {
  Report(20);
  AwaitDurable();
  disk_.syncs_wait = true;
  const int begun = disk_.syncs_begun;
  Report(10);
  storage_->BeginSync();
  while (disk_.syncs_begun == begun) std::this_thread::yield();
  const uint64_t first = next_ - 10;
  const ResendStore::Slot* slot = nullptr;
  recall_->Begin(7, first);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(recall_->Find(7, first, slot), Answer::kComing);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  disk_.syncs_wait = false;
  EXPECT_EQ(Await(7, first, slot), Answer::kHere);
}

TEST_F(ReportRecallTest, AJournalThatCannotBeReadIsAnAlarmThatNamesTheSession) {
  Report(2'000);
  AwaitDurable();
  {
    std::fstream file(root_ + "/j/000000000001.segment",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5'000);
    file.write("damage", 6);
  }
  const ResendStore::Slot* slot = nullptr;
  recall_->Begin(7, 1'500);
  EXPECT_EQ(Await(7, 1'500, slot), Answer::kLost);
  for (const char* said : {"ALARM: session 7", "1500", "000000000001.segment", "journal verify"}) {
    EXPECT_NE(Told().find(said), std::string::npos) << said << " is not in " << Told();
  }
}

TEST_F(ReportRecallTest, BeginsWhereTheIndexKnowsTheReportToLie) {
  Report(3 * ReportRecall::kChunkReports);
  AwaitDurable();
  ExpectReports(7, 1, next_);
  const uint64_t all = recall_->records_read();
  // In passing it learned where every session's reports lie.
  ExpectReports(8, next_ - 100, next_);
  EXPECT_LT(recall_->records_read() - all, all / 4);
}

TEST_F(ReportRecallTest, TakesAnIndexThatTheStartHasMade) {
  Report(3 * ReportRecall::kChunkReports);
  AwaitDurable();
  ReportIndex index;
  auto source = FileSource::Open(root_ + "/j", "/dev/shm");
  ASSERT_TRUE(source.ok()) << source.status();
  JournalReader reader(**source);
  ASSERT_TRUE(reader.Open().ok());
  ReportIndex::Pass pass;
  uint64_t records = 0;
  JournalRecord record;
  for (; reader.Next(record) == JournalReader::Result::kRecord; ++records) {
    if (record.header.type == RecordType::kSegmentStart) {
      ReportIndex::EnterSegment(pass, record.cursor());
    }
    JournaledStep step;
    if (record.header.type != RecordType::kStep || !ReadStep(record.body, step)) continue;
    EffectView effect;
    while (NextEffect(step.effects, effect)) {
      if (effect.target == Target::kSession) index.Note(pass, effect.id, effect.seq);
    }
  }
  EXPECT_GT(index.count(), 20u);
  recall_.reset();
  recall_ = std::make_unique<ReportRecall>(*storage_, root_ + "/j", "/dev/shm", std::move(index));
  ASSERT_TRUE(recall_->Start().ok());
  ExpectReports(7, next_ - 100, next_);
  EXPECT_LT(recall_->records_read(), records / 4);
}

TEST(ReportIndexTest, NamesTheSegmentInWhichAReportLies) {
  ReportIndex index;
  ReportIndex::Pass pass;
  index.Note(pass, 7, 1);  // not from a segment's beginning: nothing is known of it
  EXPECT_EQ(index.count(), 0u);
  for (uint64_t segment = 1; segment <= 3; ++segment) {
    ReportIndex::EnterSegment(pass, {.position = segment * 1'000});
    for (uint64_t seq = segment * 10; seq < segment * 10 + 10; ++seq) index.Note(pass, 7, seq);
    if (segment == 2) index.Note(pass, 8, 5);
  }
  EXPECT_EQ(index.count(), 4u);
  EXPECT_FALSE(index.Find(7, 9).has_value());
  EXPECT_EQ(index.Find(7, 10)->position, 1'000u);
  EXPECT_EQ(index.Find(7, 19)->position, 1'000u);
  EXPECT_EQ(index.Find(7, 20)->position, 2'000u);
  EXPECT_EQ(index.Find(7, 99)->position, 3'000u);
  EXPECT_EQ(index.Find(8, 6)->position, 2'000u);
  EXPECT_FALSE(index.Find(9, 1).has_value());
}

TEST_F(ReportRecallTest, SaysWhatIsOlderThanTheJournal) {
  next_ = 100;
  Report(50);
  AwaitDurable();
  const ResendStore::Slot* slot = nullptr;
  recall_->Begin(7, 99);
  EXPECT_EQ(Await(7, 99, slot), Answer::kLost);
  EXPECT_NE(Told().find("session 7: its reports from number 99 on are older"), std::string::npos)
      << Told();
  EXPECT_EQ(Told().find("ALARM"), std::string::npos) << Told();
  ExpectReports(7, 100, next_);
}

}  // namespace
}  // namespace ringway
