// A seeded workload on a journal in files: processes that end in order and by kills, one after
// another, in one run of the machine.
//
// As long as a seed is odd each process does the same to the disk each time: the workload waits
// until one of the storage's threads is done before it gives the other one work. Thread rule: the
// test's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/crash_test.h"
#include "gateway/journal/testing/journal_history.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"

namespace ringway::testing {

class CrashWorkload : public CrashTest {
 protected:
  static constexpr int64_t kNoSyncNs = 3'600 * kNsPerS;  // but where it is asked for

  FileStorageOptions Options(std::string boot_id, uint32_t spare_segments) const {
    return {.directory = disk_.path(),
            .memory_directory = memory_,
            .segment_bytes = kSegmentBytesMin,
            .spare_segments = spare_segments,
            .images_max = spare_segments + 2,
            .sync_interval_ns = sync_interval_ns_,
            .boot_id = std::move(boot_id)};
  }

  // A process comes.
  void Open() {
    auto opened = FileStorage::Open(Options(boot_id_, 2));
    Need(opened.status());
    storage_ = *std::move(opened);
    History found;
    JournalEnd end;
    Need(ReadHistory(storage_->source(), found, end));
    RINGWAY_CHECK(Extend(history_, found), "what is read is what was written");
    StorageIs(storage_.get());
    Need(storage_->Start(end));
    end_ = end;
  }
  void MakeWriter() {
    BeginWriting();
    Settle();
  }
  void BeginWriting() {
    SayStart(storage_->start_number());
    writer_ =
        std::make_unique<JournalWriter>(*storage_, end_.cursor, storage_->start_number(), 1, 9);
  }
  // It ends in order.
  void Close() {
    writer_.reset();
    storage_->Close();
    End();
  }
  // It is killed: its images stay, and what was only in them is not on the disk.
  void Kill() {
    trace_->Kill();
    writer_.reset();
    if (storage_ != nullptr) storage_->Close();
    trace_->Revive();
    End();
  }
  // It is killed somewhere in its start, or soon after.
  void KillStart() {
    trace_->KillAfter(random_.Below(45));
    auto opened = FileStorage::Open(Options(boot_id_, 2));
    if (opened.ok()) {
      storage_ = *std::move(opened);
      History found;
      Need(ReadHistory(storage_->source(), found, end_));
      RINGWAY_CHECK(Extend(history_, found), "what is read is what was written");
      StorageIs(storage_.get());
      if (storage_->Start(end_).ok() && random_.Chance(0.5)) {
        BeginWriting();
        Append();
      }
    }
    Kill();
  }
  // It is killed somewhere in its orderly end, or just behind it.
  void KillEnd() {
    Sync();
    trace_->KillAfter(random_.Below(8));
    writer_.reset();
    storage_->Close();
    trace_->Revive();
    End();
  }
  void End() {
    if (storage_ != nullptr) written_ = std::max(written_, storage_->written());
    StorageIs(nullptr);
    storage_.reset();
    ExpectThatTheTraceIsWhole();
    auto source = FileSource::Open(disk_.path(), memory_);
    if (written_ == 0 && !source.ok()) return;  // no journal yet
    Need(source.status());
    History found;
    JournalEnd end;
    Need(ReadHistory(**source, found, end));
    RINGWAY_CHECK(Extend(history_, found), "what is read is what was written");
    // The reader and the writer agree on what was written.
    RINGWAY_CHECK((history_.empty() ? 0 : history_.back().end) == written_,
                  "what is read is what was written");
  }
  void Append() {
    if (random_.Chance(0.3)) {
      MakeRandomStep(random_, *step_);
    } else {
      MakeNewOrderStep(writer_->end().next_sequence, *step_);
    }
    written_ = testing::AppendStep(*writer_, 1, step_->input(), random_.Next(), step_->effects);
  }
  void Sync() {
    storage_->BeginSync();
    Await([&] { return storage_->durable() == storage_->written(); });
    written_ = storage_->written();
  }
  // Some batches, of which not all are synced.
  void Batches(int count) {
    for (; count != 0; --count) {
      for (uint64_t i = 1 + random_.Below(6); i != 0; --i) Append();
      if (random_.Chance(0.7)) Sync();
      if (random_.Chance(0.2)) writer_->Mark(1);
    }
  }
  // Goes on to the next segment, with few syncs.
  void FillSegment() {
    const uint64_t number = storage_->last_number();
    while (storage_->last_number() == number) {
      Append();
      if (random_.Chance(0.01)) Sync();
    }
    Settle();
    if (random_.Chance(0.5)) Batches(1);
    Sync();
    // Its progress is noted.
    Await([&] {
      const auto note = ReadProgressNote(*storage_->place().folder);
      return note.ok() && note->has_value() &&
             (*note)->position > storage_->completed().end - kSegmentBytesMin;
    });
    Settle();
  }
  // A snapshot bears the end of all complete segments but the last `kept`.
  void LetGo(uint64_t kept) {
    const uint64_t from = storage_->completed().end - kept * kSegmentBytesMin;
    auto source = FileSource::OpenCompleted(storage_->place(), storage_->completed().number);
    Need(source.status());
    History found;
    JournalEnd end;
    Need(ReadHistory(**source, found, end));
    RINGWAY_CHECK(Extend(history_, found), "what is read is what was written");
    SayKeepFrom(from);
    storage_->KeepFrom(from);
    Await([&] { return FirstSegmentEnds() > from; });
    Settle();
  }
  uint64_t FirstSegmentEnds() const {
    const auto numbers = storage_->place().folder->NumbersIn(".segment");
    return numbers.ok() && !numbers->empty() ? numbers->front() * kSegmentBytesMin : 0;
  }
  // Until the threads have nothing to do: what follows then comes in the same order each time.
  void Settle() {
    Await([&] { return storage_->ready() == 2; });
    if (!IsRacing()) WaitUntilQuiet();
  }

  // One run of the machine, which begins without a journal.
  void FirstRun() {
    KillStart();
    Open();
    MakeWriter();
    Batches(5);
    FillSegment();
    FillSegment();
    Batches(2);
    LetGo(1);
    Close();
    Open();
    MakeWriter();
    FillSegment();
    FillSegment();
    LetGo(1);  // two at once
    Batches(3);
    Append();
    Kill();
    Open();
    MakeWriter();
    Batches(2);
    // Images of two segments have something that the disk has not.
    for (const uint64_t number = storage_->last_number(); storage_->last_number() == number;) {
      Append();
    }
    Settle();
    Append();
    Kill();
    Open();  // a start that leaves no record
    Close();
    Open();
    MakeWriter();
    Batches(3);
    Close();
  }
  // One that begins with what a loss of power left.
  void LaterRun() {
    if (random_.Chance(0.5)) KillStart();
    Open();
    MakeWriter();
    Batches(3);
    FillSegment();
    if (storage_->completed().end > 3 * kSegmentBytesMin) LetGo(1);
    Batches(1);
    switch (random_.Below(3)) {
      case 0:
        Kill();
        break;
      case 1:
        KillEnd();
        break;
      default:
        Close();
    }
    if (random_.Chance(0.5)) KillStart();
    Open();
    MakeWriter();
    Batches(2);
    Close();
  }

  std::string boot_id_;
  int64_t sync_interval_ns_ = kNoSyncNs;
  History history_;  // all that was written, but what no process found any more
  uint64_t written_ = 0;
  std::unique_ptr<SampleStep> step_ = std::make_unique<SampleStep>();

 private:
  JournalEnd end_;
  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
};

}  // namespace ringway::testing
