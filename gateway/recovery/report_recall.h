// Reads reports that a session's store has no room for back from the journal.
//
// A thread reads the journal's files, beginning with the segment that the index gives for the
// report (report_index.h), at some hundred nanoseconds for each record, and hands over some
// thousand reports at a time. Sessions take turns of kSliceRecords. Only durable records are
// read; others are waited for. Thread rule: ReportArchive's functions on the engine's thread,
// which never waits for the other one. Lifetime: joins its thread; the storage outlives it.
#pragma once

#include <semaphore.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/hand_over_list.h"
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

  // An open journal between two slices of one job.
  struct Place {
    std::unique_ptr<FileSource> source;
    std::unique_ptr<JournalReader> reader;
    ReportIndex::Pass pass;
  };
  enum class Hand : uint8_t {
    kOut,     // the thread looks for reports, in `filled`
    kFilled,  // the engine's thread may take them
    kLost,    // nothing more comes
  };
  // A session's recall. The engine's thread makes it; the thread destroys it, with all that it
  // holds, once it has ended.
  struct Job {
    Job(SessionId of, uint64_t begin) : session(of), taken_first(begin), next(begin) {}

    const SessionId session;
    std::atomic<bool> ended{false};
    std::atomic<Hand> hand{Hand::kOut};
    Slots filled;
    Job* next_begun = nullptr;
    // The engine's thread's.
    Slots taken;
    uint64_t taken_first;
    // The thread's.
    uint64_t next;                      // the report that is looked for next
    std::optional<JournalCursor> from;  // where reading continues; none: at the oldest record
    std::optional<Place> place;
  };
  struct Look {
    bool found = false;  // a report
    bool more = false;   // the slice ended before the durable records did
  };

  void Wake() noexcept { sem_post(&wakes_); }
  void Run();
  void TakeBegun();
  // Looks for reports from job.next on: none where the disk is behind or the slice ends. Errors: it
  // is not there any more; what the journal's reader says.
  absl::StatusOr<Look> Read(Job& job);
  absl::StatusOr<Look> ReadFrom(Job& job);
  absl::StatusOr<Place> OpenPlace(const Job& job) const;
  void TellWhy(const Job& job, const absl::Status& why) const;

  const JournalStorage& storage_;
  const std::string directory_;
  const std::string memory_directory_;
  const std::function<void(std::string_view line)> report_;

  sem_t wakes_;  // posting takes no lock
  std::atomic<bool> stopping_{false};
  HandOverList<Job, &Job::next_begun> begun_;  // owned
  std::atomic<uint64_t> records_read_{0};
  // The engine's thread's.
  std::map<SessionId, Job*> asked_;
  // The thread's.
  ReportIndex index_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::thread thread_;
};

}  // namespace ringway
