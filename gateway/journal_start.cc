// How is a journal opened, replayed and gone on with?
#include "gateway/journal_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/crc32c.h"
#include "gateway/journal/record.h"

namespace ringway {
namespace {

// Told apart are configurations of one gateway's life, by two checksums of their text.
uint64_t HashOf(const std::string& text) noexcept {
  const auto bytes = std::as_bytes(std::span(text));
  return uint64_t{Crc32c(1, bytes)} << 32 | Crc32c(2, bytes.first(bytes.size() / 2));
}

std::string ConfigPath(const std::string& directory, uint64_t hash) {
  return absl::StrCat(directory, "/config-", absl::StrFormat("%016x", hash), ".toml");
}

absl::Status SyncPath(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool ok = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  return ok ? absl::OkStatus() : absl::ErrnoToStatus(error, absl::StrCat("cannot sync ", path));
}

// Whole and on stable storage before anything is recorded under it.
absl::Status KeepConfig(const std::string& directory, uint64_t hash, const std::string& text) {
  const std::string path = ConfigPath(directory, hash);
  if (std::filesystem::exists(path)) return absl::OkStatus();
  const std::string unfinished = path + ".tmp";
  std::FILE* file = std::fopen(unfinished.c_str(), "w");
  bool ok = file != nullptr;
  if (ok) {
    ok = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    ok = std::fclose(file) == 0 && ok;
  }
  if (!ok) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", unfinished));
  if (absl::Status synced = SyncPath(unfinished); !synced.ok()) return synced;
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rename ", unfinished));
  }
  return SyncPath(directory);
}

absl::StatusOr<EngineConfig> KeptConfig(const std::string& directory, uint64_t hash) {
  const std::string path = ConfigPath(directory, hash);
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat(
        path, ": the journal was written under this configuration, and it cannot be read (",
        std::string(text.status().message()), "). Remedy: restore the file beside the segments"));
  }
  const LoadedConfig loaded = LoadConfig(*text);
  if (!loaded.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Format(path, loaded.errors.front()),
                     ". Remedy: replay with the version of the gateway that wrote the journal"));
  }
  return MakeEngineConfig(loaded.config);
}

absl::Status Replay(JournalReader& reader, ReplayedGateway& past) {
  if (absl::Status opened = reader.Open(); !opened.ok()) return opened;
  JournalRecord record;
  for (;;) {
    switch (reader.Next(record)) {
      case JournalReader::Result::kRecord:
        if (absl::Status applied = past.Apply(record); !applied.ok()) return applied;
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

  // Where it listens and who may use it is no part of what a replay depends on, but harmless there.
  const std::string text = PrintConfig(config);
  const uint64_t hash = HashOf(text);
  if (absl::Status kept = KeepConfig(directory, hash, text); !kept.ok()) return kept;

  ReplayedGateway past({.config_of = [directory](uint64_t h) { return KeptConfig(directory, h); },
                        .report_slots = config.sessions_common.report_slots});
  JournalReader reader((*storage)->source());
  if (absl::Status replayed = Replay(reader, past); !replayed.ok()) return replayed;
  if (absl::Status fits = past.Configure(hash); !fits.ok()) return fits;
  const JournalEnd end = reader.end();
  const uint32_t start = end.epoch + 1;
  if (!past.engine().CanStart(start)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     ": this journal has used up its identifiers for venue requests. Remedy: close "
                     "all orders at the venues, and begin with an empty folder"));
  }
  if (absl::Status started = (*storage)->Start(end); !started.ok()) return started;
  return std::make_unique<StartedJournal>(
      StartedJournal{*std::move(storage), end, start, hash, std::move(past)});
}

}  // namespace ringway
