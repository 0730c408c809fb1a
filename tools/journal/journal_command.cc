// Implements journal_command.h: parses the subcommands' words and reads the journal.
#include "tools/journal/journal_command.h"

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "base/config/config_reader.h"
#include "gateway/config/config.h"
#include "gateway/config/kept_config.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/replayed_gateway.h"
#include "gateway/recovery/snapshot_file.h"
#include "tools/journal/live_reader.h"
#include "tools/journal/record_json.h"
#include "tools/journal/what_if.h"

namespace ringway {
namespace {

enum class Subcommand : uint8_t { kVerify, kDump, kReplay, kSnapshot };

struct Options {
  Subcommand subcommand = Subcommand::kVerify;
  bool dumps() const { return subcommand == Subcommand::kDump; }

  std::string directory;
  std::string memory_directory = "/dev/shm";
  std::string what_if;  // a configuration's file; empty: none
  uint64_t from = 0;
  uint64_t limit = UINT64_MAX;
};

bool Parse(std::span<const std::string> words, Options& options) {
  if (words.size() < 2) return false;
  if (words[0] == "dump") {
    options.subcommand = Subcommand::kDump;
  } else if (words[0] == "replay") {
    options.subcommand = Subcommand::kReplay;
  } else if (words[0] == "snapshot") {
    options.subcommand = Subcommand::kSnapshot;
  } else if (words[0] != "verify") {
    return false;
  }
  options.directory = words[1];
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return false;
    const std::string& value = words[i + 1];
    if (words[i] == "--memory") {
      options.memory_directory = value;
    } else if (words[i] == "--what-if" && options.subcommand == Subcommand::kReplay) {
      options.what_if = value;
    } else if (!options.dumps() || (words[i] != "--from" && words[i] != "--limit") ||
               !absl::SimpleAtoi(value, words[i] == "--from" ? &options.from : &options.limit)) {
      return false;
    }
  }
  return true;
}

int Fail(std::FILE* err, const absl::Status& status) {
  std::fprintf(err, "ringway journal: %s\n", std::string(status.message()).c_str());
  return 1;
}

int CannotWrite(std::FILE* err) {
  return Fail(err, absl::ErrnoToStatus(errno, "cannot write the output"));
}

void PrintEnd(const JournalEnd& end, uint64_t records, uint64_t steps, std::FILE* to) {
  std::fprintf(to,
               "whole: %" PRIu64 " records, %" PRIu64 " of them steps, up to sequence %" PRIu64
               ", start %" PRIu32 ", position %" PRIu64 " in segment %" PRIu64 "\n",
               records, steps, end.cursor.next_sequence - 1, end.start, end.cursor.position,
               end.segment_number);
  if (!end.tear) return;
  std::fprintf(to,
               "cut: %s from offset %" PRIu64 " on: %" PRIu64
               " bytes of a record that was never finished",
               end.tear->file.c_str(), end.tear->offset, end.tear->bytes);
  if (end.tear->records != 0) {
    std::fprintf(to, " and, behind it, %" PRIu64 " records that were never durable",
                 end.tear->records);
  }
  std::fprintf(to, "\n");
}

void PrintState(const Engine& engine, std::FILE* to) {
  std::fprintf(to,
               "replayed: every effect as recorded; %" PRIu64 " orders accepted, %" PRIu32
               " open, state hash %016" PRIx64 "\n",
               engine.totals().accepted, engine.open_orders(), engine.StateHash());
  engine.ForEachPosition([&](const PositionView& position) {
    std::fprintf(to,
                 "position: account %" PRIu32 ", instrument %" PRIu32 ": %" PRId64
                 ", open to buy %" PRIu64 ", to sell %" PRIu64 "\n",
                 position.account, position.instrument, position.quantity, position.open_buy,
                 position.open_sell);
  });
}

void PassOver(std::FILE* err, std::string_view line) {
  std::fprintf(err, "ringway journal: %.*s\n", static_cast<int>(line.size()), line.data());
}

// The valid snapshots of a journal, by position.
std::map<uint64_t, Snapshot> ReadSnapshots(const std::string& directory, uint64_t journal_id,
                                           std::FILE* err) {
  std::map<uint64_t, Snapshot> snapshots;
  const absl::StatusOr<std::vector<uint64_t>> positions = SnapshotsIn(directory);
  if (!positions.ok()) return snapshots;
  for (const uint64_t position : *positions) {
    absl::StatusOr<Snapshot> snapshot = ReadSnapshotAt(directory, position, journal_id);
    if (snapshot.ok()) {
      snapshots[position] = *std::move(snapshot);
    } else {
      PassOver(err, std::string(snapshot.status().message()) + ": it is skipped");
    }
  }
  return snapshots;
}

absl::Status NothingToBeginFrom(const FileSource& source) {
  return absl::DataLossError(source.segments().front().name +
                             " is the oldest segment, and there is no snapshot to begin from: "
                             "restore a .snapshot file, or the older segments, from a copy");
}

// A replay that is checked against the snapshots: it starts from the oldest one if the oldest
// segments are gone, and must reach the state of every other.
class Replay {
 public:
  Replay(const Options& options, uint64_t journal_id, std::FILE* err)
      : snapshots_(ReadSnapshots(options.directory, journal_id, err)),
        replay_({.config_of = [directory = options.directory](
                                  uint64_t hash) { return KeptEngineConfig(directory, hash); }}),
        past_(replay_) {}

  // Where to start reading. Errors: there is nothing to start from.
  absl::StatusOr<std::optional<JournalCursor>> Begin(const FileSource& source) {
    if (source.segments().empty() || source.segments().front().number == 1) return std::nullopt;
    if (snapshots_.empty()) return NothingToBeginFrom(source);
    const SnapshotHead& head = snapshots_.begin()->second.head;
    absl::StatusOr<ReplayedGateway> past = LoadSnapshot(snapshots_.begin()->second, replay_);
    if (!past.ok()) return past.status();
    past_ = *std::move(past);
    begun_at_ = head.position;
    return head.cursor();
  }

  absl::Status Apply(const JournalRecord& record) {
    if (absl::Status applied = past_.Apply(record); !applied.ok()) return applied;
    const auto found = snapshots_.find(record.end());
    if (found == snapshots_.end()) return absl::OkStatus();
    const SnapshotHead& head = found->second.head;
    if (head.state_hash != past_.engine().StateHash() || head.steps != past_.steps()) {
      return absl::DataLossError("the snapshot at position " + std::to_string(head.position) +
                                 " holds another state than the records before it lead to: remove "
                                 "it, and report this");
    }
    ++snapshots_met_;
    return absl::OkStatus();
  }

  void PrintState(std::FILE* to) {
    if (begun_at_ != 0) {
      std::fprintf(to, "replayed from the snapshot at position %" PRIu64 " on\n", begun_at_);
    }
    if (past_.start() != 0) ringway::PrintState(past_.engine(), to);
    if (snapshots_met_ != 0) {
      std::fprintf(to, "snapshots: %" PRIu32 " hold the state that the records lead to\n",
                   snapshots_met_);
    }
  }

 private:
  const std::map<uint64_t, Snapshot> snapshots_;
  const ReplayOptions replay_;
  ReplayedGateway past_;
  uint64_t begun_at_ = 0;
  uint32_t snapshots_met_ = 0;
};

// Errors: all errors in the file, each with its line.
absl::StatusOr<EngineConfig> ReadEngineConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadConfigFile(path);
  if (!text.ok()) return text.status();
  const LoadedConfig loaded = LoadConfig(*text);
  if (loaded.ok()) return MakeEngineConfig(loaded.config);
  std::string errors;
  for (const ConfigError& error : loaded.errors) errors += "\n" + Format(path, error);
  return absl::InvalidArgumentError("this configuration has errors:" + errors);
}

int RunWhatIf(const Options& options, std::FILE* out, std::FILE* err) {
  const absl::StatusOr<JournalPlace> place =
      FindJournal(options.directory, options.memory_directory, false);
  if (!place.ok()) return Fail(err, place.status());
  const auto source = FileSource::Open(options.directory, options.memory_directory);
  if (!source.ok()) return Fail(err, source.status());
  const absl::StatusOr<EngineConfig> config = ReadEngineConfig(options.what_if);
  if (!config.ok()) return Fail(err, config.status());
  auto engine = std::make_unique<Engine>(*config);
  std::optional<JournalCursor> from;
  if (!(*source)->segments().empty() && (*source)->segments().front().number != 1) {
    const auto snapshots = ReadSnapshots(options.directory, place->journal_id, err);
    if (snapshots.empty()) return Fail(err, NothingToBeginFrom(**source));
    const Snapshot& oldest = snapshots.begin()->second;
    if (const absl::Status loaded = engine->Load(oldest.saved().engine); !loaded.ok())
      return Fail(err, loaded);
    from = oldest.head.cursor();
  }
  JournalReader reader(**source);
  if (const absl::Status opened = reader.Open(from); !opened.ok()) return Fail(err, opened);
  WhatIf what_if(std::move(engine));
  JournalRecord record;
  JournalReader::Result result = JournalReader::Result::kRecord;
  std::string lines;
  while ((result = reader.Next(record)) == JournalReader::Result::kRecord) {
    lines.clear();
    if (const absl::Status applied = what_if.Apply(record, lines); !applied.ok())
      return Fail(err, applied);
    if (std::fwrite(lines.data(), 1, lines.size(), out) != lines.size()) return CannotWrite(err);
  }
  if (result == JournalReader::Result::kFailed) return Fail(err, reader.status());
  const std::string summary = what_if.Summary();
  if (std::fwrite(summary.data(), 1, summary.size(), out) != summary.size())
    return CannotWrite(err);
  return std::fflush(out) == 0 && std::ferror(out) == 0 ? 0 : CannotWrite(err);
}

int MakeOne(const Options& options, std::FILE* out, std::FILE* err) {
  absl::StatusOr<JournalPlace> place =
      FindJournal(options.directory, options.memory_directory, false);
  if (!place.ok()) return Fail(err, place.status());
  const absl::StatusOr<JournalFile> lock = LockJournal(options.directory);
  if (!lock.ok()) return Fail(err, lock.status());
  absl::StatusOr<ReplayOptions> replay = KeptReplayOptions(options.directory);
  if (!replay.ok()) return Fail(err, replay.status());
  const absl::StatusOr<MadeSnapshot> made =
      MakeSnapshot({.place = *std::move(place),
                    .replay = *std::move(replay),
                    .report = [err](std::string_view line) { PassOver(err, line); }});
  if (!made.ok()) return Fail(err, made.status());
  std::fprintf(out,
               "snapshot: position %" PRIu64 ", %" PRIu64 " steps, %" PRIu64
               " of them replayed, %" PRIu64 " bytes, state hash %016" PRIx64 "\n",
               made->head.position, made->head.steps, made->steps_applied, made->file_bytes,
               made->head.state_hash);
  return std::fflush(out) == 0 && std::ferror(out) == 0 ? 0 : CannotWrite(err);
}

int Run(const Options& options, std::FILE* out, std::FILE* err) {
  const absl::StatusOr<JournalPlace> place =
      FindJournal(options.directory, options.memory_directory, false);
  if (!place.ok()) return Fail(err, place.status());
  const bool replays = options.subcommand == Subcommand::kReplay;
  std::optional<Replay> replay;
  const auto begin = [&](const FileSource& source) -> absl::StatusOr<std::optional<JournalCursor>> {
    if (!replays) return std::nullopt;
    return replay.emplace(options, place->journal_id, err).Begin(source);
  };
  LiveReader reader(options.directory, options.memory_directory);
  if (const absl::Status opened = reader.Open(begin); !opened.ok()) return Fail(err, opened);
  uint64_t records = 0;
  uint64_t steps = 0;
  uint64_t left = options.limit;
  JournalRecord record;
  JournalReader::Result result = JournalReader::Result::kRecord;
  std::string line;
  while ((!options.dumps() || left != 0) &&
         (result = reader.Next(record)) == JournalReader::Result::kRecord) {
    ++records;
    const bool is_step = record.header.type == RecordType::kStep;
    steps += is_step ? 1 : 0;
    JournaledStep step;
    bool readable = !is_step || ReadStep(record.body, step);
    if (options.dumps() && record.header.sequence >= options.from) {
      line.clear();
      readable = AppendRecordJson(record, line);
      if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) return CannotWrite(err);
      --left;
    }
    if (replays && readable) {
      if (const absl::Status applied = replay->Apply(record); !applied.ok())
        return Fail(err, applied);
    }
    if (!readable) {
      return Fail(err, absl::DataLossError(
                           "the record with sequence " + std::to_string(record.header.sequence) +
                           " is whole but its body cannot be read: it was written by a program "
                           "with a fault; report it with the line that `dump` prints"));
    }
  }
  if (result == JournalReader::Result::kFailed) return Fail(err, reader.status());
  if (!options.dumps()) PrintEnd(reader.end(), records, steps, out);
  if (replays) replay->PrintState(out);
  return std::fflush(out) == 0 && std::ferror(out) == 0 ? 0 : CannotWrite(err);
}

}  // namespace

int RunJournalCommand(std::span<const std::string> words, std::FILE* out, std::FILE* err) {
  Options options;
  const bool help =
      !words.empty() && (words[0] == "--help" || words[0] == "-h" || words[0] == "help");
  if (help || !Parse(words, options)) {
    std::fprintf(help ? out : err,
                 "usage: ringway journal %s\n"
                 "--memory DIR where the gateway's memory_directory is not /dev/shm\n",
                 kJournalArguments);
    if (!help) return 2;
    return std::fflush(out) == 0 ? 0 : CannotWrite(err);
  }
  if (options.subcommand == Subcommand::kSnapshot) return MakeOne(options, out, err);
  return options.what_if.empty() ? Run(options, out, err) : RunWhatIf(options, out, err);
}

}  // namespace ringway
