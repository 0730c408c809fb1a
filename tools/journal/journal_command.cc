// How the journal's subcommands read their words and a journal.
#include "tools/journal/journal_command.h"

#include <cinttypes>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/kept_config.h"
#include "gateway/recovery/replayed_gateway.h"
#include "tools/journal/record_json.h"

namespace ringway {
namespace {

enum class Subcommand : uint8_t { kVerify, kDump, kReplay };

struct Options {
  Subcommand subcommand = Subcommand::kVerify;
  bool dumps() const { return subcommand == Subcommand::kDump; }

  std::string directory;
  std::string memory_directory = "/dev/shm";
  uint64_t from = 0;
  uint64_t limit = UINT64_MAX;
};

bool Parse(std::span<const std::string> words, Options& options) {
  if (words.size() < 2) return false;
  if (words[0] == "dump") {
    options.subcommand = Subcommand::kDump;
  } else if (words[0] == "replay") {
    options.subcommand = Subcommand::kReplay;
  } else if (words[0] != "verify") {
    return false;
  }
  options.directory = words[1];
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return false;
    const std::string& value = words[i + 1];
    if (words[i] == "--memory") {
      options.memory_directory = value;
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

void PrintEnd(const JournalReader& reader, uint64_t records, uint64_t steps, std::FILE* to) {
  const JournalEnd& end = reader.end();
  std::fprintf(to,
               "whole: %" PRIu64 " records, %" PRIu64 " of them steps, up to sequence %" PRIu64
               ", epoch %" PRIu32 ", position %" PRIu64 " in segment %" PRIu64 "\n",
               records, steps, end.cursor.next_sequence - 1, end.epoch, end.cursor.position,
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
  const EngineCounters& counters = engine.counters();
  std::fprintf(to,
               "replayed: every effect as recorded; %" PRIu64 " orders accepted, %" PRIu32
               " open, state hash %016" PRIx64 "\n",
               counters.accepted, engine.open_orders(), engine.StateHash());
  engine.ForEachPosition([&](const PositionView& position) {
    std::fprintf(to,
                 "position: account %" PRIu32 ", instrument %" PRIu32 ": %" PRId64
                 ", open to buy %" PRIu64 ", to sell %" PRIu64 "\n",
                 position.account, position.instrument, position.quantity, position.open_buy,
                 position.open_sell);
  });
}

int Run(const Options& options, std::FILE* out, std::FILE* err) {
  const absl::StatusOr<std::unique_ptr<FileSource>> source =
      FileSource::Open(options.directory, options.memory_directory);
  if (!source.ok()) return Fail(err, source.status());
  JournalReader reader(**source);
  if (const absl::Status opened = reader.Open(); !opened.ok()) return Fail(err, opened);
  ReplayedGateway past(
      {.config_of = [&](uint64_t hash) { return KeptEngineConfig(options.directory, hash); }});
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
      if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) return 1;
      --left;
    }
    if (options.subcommand == Subcommand::kReplay && readable) {
      if (const absl::Status applied = past.Apply(record); !applied.ok()) return Fail(err, applied);
    }
    if (!readable) {
      return Fail(err, absl::DataLossError(
                           "the record with sequence " + std::to_string(record.header.sequence) +
                           " is whole but its body cannot be read: it was written by a program "
                           "with a fault; report it with the line that `dump` prints"));
    }
  }
  if (result == JournalReader::Result::kFailed) return Fail(err, reader.status());
  if (!options.dumps()) PrintEnd(reader, records, steps, out);
  if (options.subcommand == Subcommand::kReplay && past.epoch() != 0)
    PrintState(past.engine(), out);
  return std::fflush(out) == 0 ? 0 : 1;
}

}  // namespace

int RunJournalCommand(std::span<const std::string> words, std::FILE* out, std::FILE* err) {
  Options options;
  if (!Parse(words, options)) {
    std::fprintf(err,
                 "usage: ringway journal %s\n"
                 "--memory DIR where the gateway's memory_directory is not /dev/shm\n",
                 kJournalArguments);
    return 2;
  }
  return Run(options, out, err);
}

}  // namespace ringway
