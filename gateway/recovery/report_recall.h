// How does a session get reports back from the journal that it has no room for any more?
//
// A thread reads the journal's files, from the oldest record to the session's, some hundred
// nanoseconds for each, and hands over some thousand reports at a time. Only what is durable is
// read: what a client was told long ago is, or soon will be.
// Thread rule: ReportArchive's functions on the engine's thread, which now and then takes a lock
// that is held for a few instructions, and never while nobody recalls anything. Lifetime: joins its
// thread; the storage outlives it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/journal/format.h"
#include "gateway/journal/storage.h"
#include "gateway/session/report_archive.h"
#include "gateway/step.h"
#include "msg/resend_store.h"

namespace ringway {

class ReportRecall final : public ReportArchive {
 public:
  // Reports that are handed over at a time; 128 bytes each, twice for each session that recalls.
  static constexpr size_t kChunkReports = 4'096;

  // `directory` and `memory_directory` are those of `storage`. Reads nothing before Start().
  ReportRecall(const JournalStorage& storage, std::string directory, std::string memory_directory);
  ~ReportRecall() override;

  // Errors: the system has no room for its thread.
  absl::Status Start();

  void Begin(SessionId session, uint64_t begin) override;
  Answer Find(SessionId session, uint64_t seq, const ResendStore::Slot*& slot) override;
  void End(SessionId session) override;

 private:
  using Slots = std::vector<ResendStore::Slot>;
  struct Job {
    uint64_t number = 0;  // tells a job from an earlier one of the session
    // Handed over by the thread, guarded by mutex_.
    uint64_t next = 0;                  // the report that is looked for next
    std::optional<JournalCursor> from;  // where the reading goes on; none: at the oldest record
    Slots filled;
    bool lost = false;
    // The engine's thread's.
    Slots taken;
    uint64_t taken_first = 0;
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
  };

  void Run();
  void HandOver(const Task& task, absl::StatusOr<Chunk> chunk);  // with mutex_ held
  // Reports from task.next on, none where the disk is behind. Errors: it is not there any more;
  // what the journal's reader says.
  absl::StatusOr<Chunk> Read(const Task& task) const;

  const JournalStorage& storage_;
  const std::string directory_;
  const std::string memory_directory_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<SessionId, Job> jobs_;
  uint64_t jobs_begun_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ringway
