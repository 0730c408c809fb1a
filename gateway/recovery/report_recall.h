// Reads reports that a session's store has no room for back from the journal.
//
// A thread reads the journal's files, beginning with the segment that the index gives for the
// report (report_index.h), at some hundred nanoseconds for each record, and hands over some
// thousand reports at a time. Sessions take turns of kSliceRecords. Only durable records are
// read; others are waited for. Thread rule: ReportArchive's functions on the engine's thread,
// which never waits for the other one: what finds the lock taken is done with the next call.
// Lifetime: joins its thread; the storage outlives it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/core/step.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/storage.h"
#include "gateway/recovery/report_index.h"
#include "gateway/session/report_archive.h"
#include "msg/resend_store.h"

namespace ringway {

class ReportRecall final : public ReportArchive {
 public:
  // Reports that are handed over at a time; 128 bytes each, twice for each session that recalls.
  static constexpr size_t kChunkReports = 4'096;

  // Records that are read for one session before the others have their turn.
  static constexpr uint32_t kSliceRecords = 16'384;
  // Sessions whose place in the files is kept between their turns, a window of 1 MiB each; others
  // begin again at their segment in each turn.
  static constexpr size_t kPlacesMax = 16;

  // `directory` and `memory_directory` are those of `storage`. `index`: the start's. `report`: gets
  // a line, on the thread, when a session's reports cannot be read, and why; may be empty. Reads
  // nothing before Start().
  ReportRecall(const JournalStorage& storage, std::string directory, std::string memory_directory,
               ReportIndex index = {}, std::function<void(std::string_view line)> report = nullptr);
  ~ReportRecall() override;

  // Errors: the system has no room for its thread.
  absl::Status Start();

  // Joins its thread: later requests are never answered.
  void Stop();

  void Begin(SessionId session, uint64_t begin) override;
  Answer Find(SessionId session, uint64_t seq, const ResendStore::Slot*& slot) override;
  void End(SessionId session) override;

  // For status and tests; any thread.
  uint64_t records_read() const noexcept { return records_read_.load(std::memory_order_relaxed); }

 private:
  using Slots = std::vector<ResendStore::Slot>;
  // What the thread does for a session.
  struct Job {
    uint64_t number = 0;                // distinguishes it from earlier ones of the session
    uint64_t next = 0;                  // the report that is looked for next
    std::optional<JournalCursor> from;  // where reading continues; none: at the oldest record
    Slots filled;
    bool lost = false;
  };
  // What the engine's thread has of it.
  struct Taken {
    uint64_t first = 0;
    Slots reports;
  };
  // That a session's job begins, or ends (no number).
  struct Wish {
    SessionId session;
    uint64_t number;
    uint64_t begin;
  };
  struct Task {
    SessionId session;
    uint64_t number;
    uint64_t next;
    std::optional<JournalCursor> from;
  };
  struct Chunk {
    Slots reports;
    std::optional<JournalCursor> from;
    bool more = false;  // the slice ended before the durable records did
  };
  // An open journal between two slices of one job.
  struct Place {
    uint64_t number;
    std::unique_ptr<FileSource> source;
    std::unique_ptr<JournalReader> reader;
    ReportIndex::Pass pass;
  };

  void Wake() noexcept;
  void PassWishes();  // with mutex_ held
  void Run();
  bool TakeTasks(std::vector<Task>& tasks);
  void HandOver(const Task& task, absl::StatusOr<Chunk> chunk);  // with mutex_ held
  void TellWhy(const Task& task, const absl::Status& why) const;
  // Reports from task.next on, none where the disk is behind or the slice ends. Errors: it is not
  // there any more; what the journal's reader says.
  absl::StatusOr<Chunk> Read(const Task& task);
  absl::StatusOr<Chunk> ReadFrom(Place& place, const Task& task);
  absl::StatusOr<Place> OpenPlace(const Task& task) const;

  const JournalStorage& storage_;
  const std::string directory_;
  const std::string memory_directory_;
  const std::function<void(std::string_view line)> report_;

  std::mutex mutex_;
  std::map<SessionId, Job> jobs_;  // guarded by mutex_
  std::atomic<int> wakes_{0};      // the thread sleeps while it does not change
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> records_read_{0};
  // The engine's thread's.
  std::map<SessionId, Taken> taken_;
  std::vector<Wish> wishes_;  // that have not reached jobs_ yet
  uint64_t jobs_begun_ = 0;
  // The thread's.
  ReportIndex index_;
  std::map<SessionId, Place> places_;
  std::thread thread_;
};

}  // namespace ringway
