// Starts a gateway from its journal, and continues where it ended.
//
// Opens the journal's folder, replays it from the newest snapshot on, and prepares it for
// appending. The folder also keeps every configuration under which it was written
// (config-HASH.toml), because records are replayed under the one that they were made under.
//
// Thread rule: set-up code of one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "gateway/config/config.h"
#include "gateway/host/start_options.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/reader.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/recovery/report_index.h"
#include "gateway/recovery/snapshot_keeper.h"

namespace ringway {

struct StartedJournal {
  std::unique_ptr<FileStorage> storage;  // started: a writer may continue at end.cursor
  JournalEnd end;
  uint32_t start = 1;              // this process's number: end.start's successor
  uint64_t config_hash = 0;        // of this process's configuration
  ReplayedGateway past;            // under this process's configuration
  uint64_t snapshot_position = 0;  // where the replay began; 0: at the beginning
  uint64_t steps_replayed = 0;
  ReportIndex report_index;  // of what was replayed
};

// REQUIRES: config.journal.directory is not empty. Errors, each with its remedy: another gateway
// has the journal; damage; a replay that differs; a configuration that the state does not fit;
// images of a former process are gone (StartOptions::accept_loss); Cancelled: a signal requested
// the end. Logs what an operator has to know.
absl::StatusOr<std::unique_ptr<StartedJournal>> StartJournal(const GatewayConfig& config,
                                                             const StartOptions& options = {});

// Makes snapshots of it while the gateway runs. Null if the configuration has none. Errors: the
// system has no room for its thread.
absl::StatusOr<std::unique_ptr<SnapshotKeeper>> KeepSnapshots(const GatewayConfig& config,
                                                              FileStorage& storage,
                                                              uint64_t newest_position);

}  // namespace ringway
