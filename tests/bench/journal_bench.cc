#include "tests/bench/journal_bench.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "tests/bench/callgrind.h"
#include "tests/bench/engine_load.h"
#include "tests/bench/journal_load.h"

namespace ringway::bench {
namespace {

constexpr double kNsTarget = 60;
constexpr double kInstructionsTarget = 300;
constexpr double kReadTargetMs = 500;  // 10^7 records in 5 s
constexpr double kGroupCommitTarget = 1 / 50.0;
constexpr uint32_t kLaps = 400;
constexpr uint32_t kCountedLaps = 20;
constexpr uint64_t kAppends = 500'000;
constexpr uint64_t kCountedAppends = 5'120;
constexpr uint64_t kRecords = 1'000'000;
constexpr uint64_t kInFlight = 64;
constexpr int kRounds = 15;
constexpr int64_t kRoundNs = 200 * kNsPerMs;

// A journal in its own folder, which is removed with it.
class ScratchJournal {
 public:
  ScratchJournal() {
    const char* tmp = std::getenv("TMPDIR");
    std::string pattern = absl::StrCat(tmp != nullptr ? tmp : "/var/tmp", "/ringway-bench-XXXXXX");
    RINGWAY_CHECK(mkdtemp(pattern.data()) != nullptr, "TMPDIR can be written");
    options_.directory = pattern;
    absl::StatusOr<std::unique_ptr<FileStorage>> storage = FileStorage::Open(options_);
    status_ = storage.status();
    if (status_.ok()) status_ = (*storage)->Start({});
    if (!status_.ok()) return;
    storage_ = *std::move(storage);
    writer_ = std::make_unique<JournalWriter>(*storage_, JournalCursor{}, 1, 1, 1);
    testing::MakeNewOrderStep(1, *step_);
  }
  ~ScratchJournal() {
    Close();
    std::filesystem::remove_all(options_.directory);
  }

  const absl::Status& status() const { return status_; }
  FileStorage& storage() { return *storage_; }
  const FileStorageOptions& options() const { return options_; }

  uint64_t Append() {
    while (writer_->State() == JournalState::kFull) std::this_thread::yield();
    return testing::AppendStep(*writer_, 1, step_->input(), 0, step_->effects);
  }
  void Close() {
    writer_.reset();
    storage_.reset();
  }

 private:
  FileStorageOptions options_;
  absl::Status status_;
  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<testing::SampleStep> step_ = std::make_unique<testing::SampleStep>();
};

// Milliseconds to read and check a journal of kRecords steps from the page cache; 0 on an error.
double ReadMs(absl::Status& status) {
  ScratchJournal journal;
  if (status = journal.status(); !status.ok()) return 0;
  for (uint64_t i = 0; i < kRecords; ++i) journal.Append();
  journal.Close();
  auto source = FileSource::Open(journal.options().directory, journal.options().memory_directory);
  if (status = source.status(); !status.ok()) return 0;
  const int64_t start_ns = MonotonicNowNs();
  JournalReader reader(**source);
  if (status = reader.Open(); !status.ok()) return 0;
  JournalRecord record;
  uint64_t steps = 0;
  while (reader.Next(record) == JournalReader::Result::kRecord) {
    steps += record.header.type == RecordType::kStep ? 1 : 0;
  }
  status = reader.status();
  RINGWAY_CHECK(!status.ok() || steps == kRecords, "every record is read back");
  return static_cast<double>(MonotonicNowNs() - start_ns) / kNsPerMs;
}

// Nanoseconds per order in one round in which `in_flight` orders wait for the disk at a time; adds
// each one's wait to `waits_ms`.
double DurableNs(ScratchJournal& journal, uint64_t in_flight, std::vector<double>& waits_ms) {
  std::deque<std::pair<uint64_t, int64_t>> waiting;  // end of the record, when it was appended
  const int64_t start_ns = MonotonicNowNs();
  uint64_t orders = 0;
  int64_t now_ns = start_ns;
  do {
    now_ns = MonotonicNowNs();
    const bool last = now_ns - start_ns >= kRoundNs;
    while (!last && waiting.size() < in_flight) waiting.emplace_back(journal.Append(), now_ns);
    journal.storage().BeginSync();
    const uint64_t durable = journal.storage().durable();
    for (; !waiting.empty() && waiting.front().first <= durable; ++orders) {
      waits_ms.push_back(static_cast<double>(now_ns - waiting.front().second) / kNsPerMs);
      waiting.pop_front();
    }
    std::this_thread::yield();
  } while (!waiting.empty());
  return static_cast<double>(now_ns - start_ns) / static_cast<double>(orders);
}

// Alternates the two, so that the disk's state affects both.
absl::Status AddGroupCommit(Report& report) {
  ScratchJournal journal;
  if (!journal.status().ok()) return journal.status();
  std::vector<double> one_ns, many_ns, ratios, one_ms, many_ms;
  for (int round = 0; round < kRounds; ++round) {
    one_ns.push_back(DurableNs(journal, 1, one_ms));
    many_ns.push_back(DurableNs(journal, kInFlight, many_ms));
    ratios.push_back(many_ns.back() / one_ns.back());
  }
  Row row = Plain("durable orders, 64 in flight", "ns", Median(many_ns), kGroupCommitTarget,
                  absl::StrCat("per order; an ack waits ", Median(many_ms), " ms (p50), alone ",
                               Median(one_ms), " ms"));
  row.reference = Median(one_ns);
  row.reference_name = "one fdatasync per order";
  row.ratio = Median(ratios);
  report.Add(std::move(row));
  return absl::OkStatus();
}

// Measures what recording adds to an engine's step: the same laps with and without it, in turn.
void AddRecording(Report& report) {
  const double ns_per_tick = MeasureTscNsPerTick();
  EngineLoad plain({.open_orders = 1024});
  EngineLoad recorded({.open_orders = 1024, .recorded = true});
  std::vector<double> plain_ns, more_ns;
  for (uint32_t lap = 0; lap < kLaps; ++lap) {
    const double scale = ns_per_tick / plain.batch();
    plain_ns.push_back(static_cast<double>(plain.RunLap().enter) * scale);
    more_ns.push_back(static_cast<double>(recorded.RunLap().enter) * scale - plain_ns.back());
  }
  report.Add(Plain("engine, a new order, recorded: more", "ns", Median(more_ns), kNsTarget,
                   absl::StrCat("beside ", Median(plain_ns), " ns without, in turn")));
  const std::string driver = FindProgram("engine_driver", "tests/bench").value_or("");
  const std::string enter = absl::StrCat("enter ", kCountedLaps);
  const auto without = CountInstructions(driver, enter, "ringway_bench_step");
  const auto with = CountInstructions(driver, enter + " recorded", "ringway_bench_step");
  if (!without || !with) return;
  const double steps = static_cast<double>(kCountedLaps) * plain.batch();
  report.Add(Plain("engine, a new order, recorded: more", "instructions",
                   (static_cast<double>(*with) - static_cast<double>(*without)) / steps,
                   kInstructionsTarget,
                   absl::StrCat("callgrind; ", static_cast<double>(*without) / steps, " without")));
}

}  // namespace

void RunJournalBench(Report& report) {
  AddRecording(report);
  report.Add(Plain("journal, a new order", "ns", AppendOrders(kAppends), kNsTarget,
                   "232 bytes, memory prepared"));
  if (const auto count =
          CountInstructions(FindProgram("journal_driver", "tests/bench").value_or(""),
                            absl::StrCat(kCountedAppends), "ringway_journal_append")) {
    report.Add(Plain("journal, a new order", "instructions",
                     static_cast<double>(*count) / kCountedAppends, kInstructionsTarget,
                     "callgrind"));
  }
  absl::Status status;
  const double read_ms = ReadMs(status);
  if (status.ok()) {
    report.Add(Plain("journal, 10^6 records read and checked", "ms", read_ms, kReadTargetMs,
                     "from the page cache, one core"));
    status = AddGroupCommit(report);
  }
  if (!status.ok()) {
    std::fprintf(stderr, "bench: journal: %s\n", std::string(status.message()).c_str());
  }
}

}  // namespace ringway::bench
