// Opens a journal, replays it and prepares it for appending.
#include "gateway/host/journal_start.h"

#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "base/utc.h"
#include "gateway/config/kept_config.h"
#include "gateway/host/host_setup.h"
#include "gateway/host/log.h"
#include "gateway/host/snapshot_process.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/snapshot_file.h"

namespace ringway {
namespace {

void LogJournal(std::string_view line) { Log(absl::StrCat("journal: ", std::string(line))); }

// systemd-logind removes a user's files in /dev/shm when he logs out the last time, unless he is a
// system user (RemoveIPC= of logind.conf).
void WarnOfCleaners(const std::string& memory_directory) {
  constexpr uid_t kSystemUserMax = 999;
  const uid_t user = geteuid();
  if (user <= kSystemUserMax) return;
  struct stat memory {};
  struct stat shared {};
  if (stat(memory_directory.c_str(), &memory) != 0 || stat("/dev/shm", &shared) != 0) return;
  if (memory.st_dev != shared.st_dev) return;
  LogJournal(absl::StrCat(
      "warning: user ", user,
      " is not a system user: where systemd-logind runs, it removes what "
      "this user keeps in ",
      memory_directory,
      " when he logs out the last time, and with it what "
      "was acknowledged last. Run as a system user, or set memory_directory to a folder in memory "
      "that nobody cleans, as /run/ringway"));
}

// Snapshots contain only what was on stable storage. One whose position is beyond the journal's end
// proves that the journal has lost that part.
absl::Status LookForNewerSnapshots(FileStorage& storage, const JournalEnd& end,
                                   const StartOptions& options) {
  const std::string& directory = storage.place().directory;
  const absl::StatusOr<std::vector<SnapshotHead>> newer =
      SnapshotsBehind(directory, storage.place().journal_id, end.cursor.position);
  if (!newer.ok()) return newer.status();
  if (newer->empty()) return absl::OkStatus();
  const SnapshotHead& last = newer->back();
  const std::string what = absl::StrCat(
      "ALARM: ", directory, ": ", SnapshotPath(directory, last.position),
      " holds what the journal "
      "recorded up to number ",
      last.next_sequence - 1, " (", FormatUtc(last.time_ns), "), and the journal ends at position ",
      end.cursor.position, ", number ", end.cursor.next_sequence - 1, " (", FormatUtc(end.time_ns),
      "): what is between them is gone, as an older copy was restored or the last segments were "
      "removed");
  if (!options.accept_loss) {
    return absl::FailedPreconditionError(absl::StrCat(
        what,
        ". Remedy: bring the missing segments back if they are elsewhere; else compare "
        "orders and executions with the venues, then start once with --accept-loss"));
  }
  storage.KeepNothing();
  LogJournal(absl::StrCat(what,
                          ". This is accepted (--accept-loss); the snapshots are kept as "
                          "*.snapshot.lost"));
  for (const SnapshotHead& head : *newer) {
    if (absl::Status aside = SetSnapshotAside(directory, head.position); !aside.ok()) return aside;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StartedJournal>> StartJournal(const GatewayConfig& config,
                                                             const StartOptions& options) {
  WarnOfCleaners(config.journal.memory_directory);
  const std::string& directory = config.journal.directory;
  absl::StatusOr<std::unique_ptr<FileStorage>> storage =
      FileStorage::Open({.directory = directory,
                         .memory_directory = config.journal.memory_directory,
                         .segment_bytes = config.journal.segment_bytes,
                         .sync_interval_ns = config.journal.sync_interval_ns,
                         .accept_loss = options.accept_loss,
                         .allow_volatile = config.journal.allow_volatile,
                         .report = LogJournal});
  if (!storage.ok()) return storage.status();

  const absl::StatusOr<uint64_t> hash = KeepConfig(directory, config);
  if (!hash.ok()) return hash.status();

  ReportIndex report_index;
  absl::StatusOr<Recovered> recovered = Recover(
      (*storage)->source(),
      {.directory = directory,
       .journal_id = (*storage)->place().journal_id,
       .replay = {.config_of = [directory](uint64_t h) { return KeptEngineConfig(directory, h); },
                  .report_slots = config.sessions_common.report_slots,
                  .report_index = &report_index,
                  .accept_release = options.accept_release},
       .report = LogJournal,
       .reads_ahead = true,
       .stops = [&options] {
         if (options.progresses) options.progresses();
         return StopSignal() != 0;
       }});
  if (!recovered.ok()) return recovered.status();
  ReplayedGateway& past = recovered->past;
  if (absl::Status fits = past.Configure(*hash); !fits.ok()) return fits;
  RINGWAY_PROBE(recovery_replayed);
  const JournalEnd end = recovered->end;
  if (absl::Status lost = LookForNewerSnapshots(**storage, end, options); !lost.ok()) return lost;
  if (absl::Status started = (*storage)->Start(end); !started.ok()) return started;
  RINGWAY_PROBE(recovery_storage_started);
  const uint32_t start = (*storage)->start_number();
  if (!past.engine().CanStart(start)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     ": this journal has used up its identifiers for venue requests. Remedy: close "
                     "all orders at the venues, and begin with an empty folder"));
  }
  return std::make_unique<StartedJournal>(StartedJournal{
      *std::move(storage), end, start, *hash, std::move(past), recovered->snapshot_position,
      recovered->steps_applied, std::move(report_index)});
}

absl::StatusOr<std::unique_ptr<SnapshotKeeper>> KeepSnapshots(const GatewayConfig& config,
                                                              FileStorage& storage,
                                                              uint64_t newest_position) {
  const JournalConfig& journal = config.journal;
  if (journal.snapshot_bytes == 0) return std::unique_ptr<SnapshotKeeper>();
  auto keeper = std::make_unique<SnapshotKeeper>(
      storage,
      SnapshotKeeperOptions{.directory = journal.directory,
                            .snapshot_bytes = journal.snapshot_bytes,
                            .keep_bytes = journal.keep_bytes,
                            .late_after_ns = journal.snapshot_late_after_ns,
                            .make =
                                [directory = journal.directory](
                                    uint64_t last_segment, const std::function<bool()>& stops) {
                                  return RunSnapshotProcess(directory, last_segment, stops);
                                },
                            .report = Log},
      newest_position);
  if (absl::Status started = keeper->Start(); !started.ok()) return started;
  return keeper;
}

}  // namespace ringway
