// How is a journal opened, replayed and gone on with?
#include "gateway/journal_start.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/probe.h"
#include "gateway/journal/record.h"
#include "gateway/kept_config.h"

namespace ringway {
namespace {

absl::Status Replay(JournalReader& reader, ReplayedGateway& past) {
  if (absl::Status opened = reader.Open(); !opened.ok()) return opened;
  JournalRecord record;
  for (;;) {
    switch (reader.Next(record)) {
      case JournalReader::Result::kRecord:
        if (absl::Status applied = past.Apply(record); !applied.ok()) return applied;
        RINGWAY_PROBE(recovery_record_replayed);
        break;
      case JournalReader::Result::kFailed:
        return reader.status();
      case JournalReader::Result::kEnd:
        return absl::OkStatus();
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<StartedJournal>> StartJournal(const GatewayConfig& config) {
  const std::string& directory = config.journal.directory;
  absl::StatusOr<std::unique_ptr<FileStorage>> storage =
      FileStorage::Open({.directory = directory,
                         .memory_directory = config.journal.memory_directory,
                         .segment_bytes = config.journal.segment_bytes,
                         .sync_interval_ns = config.journal.sync_interval_ns});
  if (!storage.ok()) return storage.status();

  const absl::StatusOr<uint64_t> hash = KeepConfig(directory, config);
  if (!hash.ok()) return hash.status();

  ReplayedGateway past(
      {.config_of = [directory](uint64_t h) { return KeptEngineConfig(directory, h); },
       .report_slots = config.sessions_common.report_slots});
  JournalReader reader((*storage)->source());
  if (absl::Status replayed = Replay(reader, past); !replayed.ok()) return replayed;
  if (absl::Status fits = past.Configure(*hash); !fits.ok()) return fits;
  RINGWAY_PROBE(recovery_replayed);
  const JournalEnd end = reader.end();
  const uint32_t start = end.epoch + 1;
  if (!past.engine().CanStart(start)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     ": this journal has used up its identifiers for venue requests. Remedy: close "
                     "all orders at the venues, and begin with an empty folder"));
  }
  if (absl::Status started = (*storage)->Start(end); !started.ok()) return started;
  RINGWAY_PROBE(recovery_storage_started);
  return std::make_unique<StartedJournal>(
      StartedJournal{*std::move(storage), end, start, *hash, std::move(past)});
}

}  // namespace ringway
