// How is a journal opened, replayed and gone on with?
#include "gateway/journal_start.h"

#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "gateway/host_setup.h"
#include "gateway/kept_config.h"
#include "gateway/log.h"
#include "gateway/recovery/recover.h"
#include "gateway/snapshot_process.h"

namespace ringway {
namespace {

void LogJournal(std::string_view line) { Log(absl::StrCat("journal: ", std::string(line))); }

// systemd-logind empties /dev/shm of what a user has there when he logs out the last time, unless
// the user is one of the system's (RemoveIPC= of logind.conf).
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
                  .report_index = &report_index},
       .report = LogJournal,
       .stops = [&options] {
         if (options.progresses) options.progresses();
         return StopSignal() != 0;
       }});
  if (!recovered.ok()) return recovered.status();
  ReplayedGateway& past = recovered->past;
  if (absl::Status fits = past.Configure(*hash); !fits.ok()) return fits;
  RINGWAY_PROBE(recovery_replayed);
  const JournalEnd end = recovered->end;
  const uint32_t start = end.epoch + 1;
  if (!past.engine().CanStart(start)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     ": this journal has used up its identifiers for venue requests. Remedy: close "
                     "all orders at the venues, and begin with an empty folder"));
  }
  if (absl::Status started = (*storage)->Start(end); !started.ok()) return started;
  RINGWAY_PROBE(recovery_storage_started);
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
