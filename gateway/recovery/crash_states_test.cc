// Every state that a loss of power may leave of a journal with snapshots is recovered, and the
// snapshots that were told of are there with the segments that they need.
//
// The same as gateway/journal/crash_states_test.cc, with the shipped SnapshotKeeper beside the
// storage: it has snapshots made while segments fill, and lets go the oldest segments.
// RINGWAY_CRASH_SEEDS=N and RINGWAY_CRASH_SEED=S as there.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_flow.h"
#include "gateway/journal/file_layout.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/source.h"
#include "gateway/journal/testing/crash_test.h"
#include "gateway/journal/testing/disk_image.h"
#include "gateway/journal/testing/disk_states.h"
#include "gateway/journal/testing/disk_trace.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/make_snapshot.h"
#include "gateway/recovery/recover.h"
#include "gateway/recovery/snapshot_file.h"
#include "gateway/recovery/snapshot_keeper.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using testing::CrashTest;
using testing::DiskImage;
using testing::Promise;

constexpr uint64_t kConfigHash = 1;
constexpr uint64_t kSnapshotsKept = 2;

// What the next process finds in a state, and what came of it.
struct Outcome {
  std::string error;      // empty: none
  uint64_t snapshot = 0;  // position of the one that it began with; 0: none
  uint64_t end = 0;       // of the journal
  uint32_t start = 0;     // the number of its start
};

class CrashStatesOfSnapshotsTest : public CrashTest {
 protected:
  static EngineConfig Config() {
    EngineConfig config = Flow::Config();
    config.pools = {.orders_max = 1'024, .positions_max = 64, .executions_remembered = 1'024};
    return config;
  }
  RecoverOptions Recovering(uint64_t journal_id) {
    return {.directory = disk_.path(),
            .journal_id = journal_id,
            .replay = Replay(),
            .report = [this](std::string_view line) { passed_over_ += std::string(line) + "\n"; }};
  }
  static ReplayOptions Replay() {
    return {.config_of = [](uint64_t) -> absl::StatusOr<EngineConfig> { return Config(); },
            .report_slots = 64};
  }
  FileStorageOptions Options(std::string boot_id, uint32_t spare_segments) const {
    return {.directory = disk_.path(),
            .memory_directory = memory_,
            .segment_bytes = kSegmentBytesMin,
            .spare_segments = spare_segments,
            .images_max = spare_segments + 2,
            .sync_interval_ns = 3'600 * kNsPerS,
            .boot_id = std::move(boot_id)};
  }

  // --- The workload ---

  // A process comes. The flow goes on where it was: nothing that it recorded was lost.
  void Open() {
    auto opened = FileStorage::Open(Options("before", 2));
    Need(opened.status());
    storage_ = *std::move(opened);
    auto recovered = Recover(storage_->source(), Recovering(storage_->place().journal_id));
    Need(recovered.status());
    StorageIs(storage_.get());
    Need(storage_->Start(recovered->end));
    SayStart(storage_->start_number());
    writer_ = std::make_unique<JournalWriter>(
        *storage_, recovered->end.cursor, storage_->start_number(), flow_->now_ns(), kConfigHash);
    for (const auto& step : early_) step();
    early_.clear();
    Settle();
    MakeKeeper(recovered->snapshot_position);
  }
  void MakeKeeper(uint64_t position) {
    SnapshotKeeperOptions options{
        .directory = disk_.path(),
        .snapshot_bytes = 2 * kSegmentBytesMin,
        .keep_bytes = 1,
        .make =
            [this](uint64_t last_segment, const std::function<bool()>&) {
              return MakeSnapshot({.place = storage_->place(),
                                   .last_segment = last_segment,
                                   .replay = Replay(),
                                   .report = nullptr})
                  .status();
            },
        .report = [](std::string_view line) { RINGWAY_CHECK(false, std::string(line).c_str()); }};
    keeper_ = std::make_unique<SnapshotKeeper>(*storage_, std::move(options), position);
    keeper_said_.store(keeper_.get(), std::memory_order_seq_cst);
    Need(keeper_->Start());
  }
  void EndKeeper() {
    // What it said holds.
    SaySnapshot(std::max(Said().snapshot, keeper_->position()));
    keeper_said_.store(nullptr, std::memory_order_seq_cst);
    keeper_.reset();
  }
  // Ends in order, with a snapshot of all.
  void Close() {
    EndKeeper();
    writer_->Append(flow_->now_ns(), GatewayStopBody{.state_hash = flow_->engine().StateHash()});
    storage_->Close();
    StorageIs(nullptr);
    const absl::StatusOr<MadeSnapshot> made =
        MakeSnapshot({.place = storage_->place(), .replay = Replay(), .report = nullptr});
    Need(made.status());
    SaySnapshot(made->head.position);
    End();
  }
  void Kill() {
    trace_->Kill();
    EndKeeper();
    storage_->Close();
    StorageIs(nullptr);
    trace_->Revive();
    End();
  }
  void End() {
    writer_.reset();
    storage_.reset();
    ExpectThatTheTraceIsWhole();
  }
  // Until `count` more segments are complete and the keeper has nothing to do.
  void RunSegments(uint64_t count) {
    for (; count != 0; --count) {
      const uint64_t number = storage_->last_number();
      while (storage_->last_number() == number) flow_->Run(16);
      Settle();
      storage_->BeginSync();
      Await([&] { return storage_->durable() == storage_->written(); });
      Await([&] { return storage_->completed().end < keeper_->position() + 2 * kSegmentBytesMin; });
      Settle();
    }
  }
  void Settle() {
    Await([&] { return storage_->ready() == 2; });
    if (!IsRacing()) WaitUntilQuiet();
  }
  void Record(int64_t now_ns, const Input& input, const Effects& effects) {
    if (writer_ == nullptr) {
      // The flow brings its venues up while it is made.
      RINGWAY_CHECK(effects.count() == 0, "steps before the journal have no effects");
      std::vector<std::byte> payload(input.payload.begin(), input.payload.end());
      early_.push_back([this, now_ns, input, payload = std::move(payload)] {
        Input again = input;
        again.payload = payload;
        testing::AppendStep(*writer_, now_ns, again, 0, *none_);
      });
      return;
    }
    RINGWAY_CHECK(writer_->State() != JournalState::kFull, "the flow waits for segments");
    testing::AppendStep(*writer_, now_ns, input, 0, effects);
  }
  Promise Said() const override {
    Promise said = CrashTest::Said();
    const SnapshotKeeper* const keeper = keeper_said_.load(std::memory_order_seq_cst);
    if (keeper != nullptr) said.snapshot = std::max(said.snapshot, keeper->position());
    return said;
  }

  // --- The next process ---

  Outcome OpenState(const DiskImage& image) {
    disk_.Become(image);
    passed_over_.clear();
    Outcome outcome;
    outcome.error = Opening(&outcome);
    if (outcome.error.empty()) outcome.error = Opening(nullptr);
    if (!outcome.error.empty()) absl::StrAppend(&outcome.error, "\n", passed_over_);
    ClearMemory();
    return outcome;
  }
  // Recovers, records the state's hash and ends in order; with a snapshot at the second opening,
  // which has no `first`: that replays what the first one recorded.
  std::string Opening(Outcome* first) {
    auto opened = FileStorage::Open(Options("after", 1));
    if (!opened.ok()) return absl::StrCat("Open: ", opened.status().ToString());
    FileStorage& storage = **opened;
    const uint64_t journal_id = storage.place().journal_id;
    auto recovered = Recover(storage.source(), Recovering(journal_id));
    if (!recovered.ok()) return absl::StrCat("Recover: ", recovered.status().ToString());
    const JournalEnd& end = recovered->end;
    const auto newer = SnapshotsBehind(disk_.path(), journal_id, end.cursor.position);
    if (!newer.ok() || !newer->empty()) return "a snapshot holds more than the journal";
    if (first == nullptr && end.cursor.position != recorded_end_) {
      return "the second opening reads something else than the first one recorded";
    }
    if (std::string gone = GoneBehindSnapshots(storage.source(), journal_id); !gone.empty()) {
      return gone;
    }
    if (absl::Status started = storage.Start(end); !started.ok()) {
      return absl::StrCat("Start: ", started.ToString());
    }
    if (first != nullptr) {
      first->snapshot = recovered->snapshot_position;
      first->end = end.cursor.position;
      first->start = storage.start_number();
    }
    JournalWriter writer(storage, end.cursor, storage.start_number(), end.time_ns, kConfigHash);
    // An engine that was never configured has no state.
    if (end.start != 0) {
      writer.Append(end.time_ns, StateHashBody{.state_hash = recovered->past.engine().StateHash()});
    }
    recorded_end_ = writer.end().position;
    storage.Close();
    if (first != nullptr) return {};
    const absl::StatusOr<MadeSnapshot> made =
        MakeSnapshot({.place = storage.place(), .replay = Replay(), .report = nullptr});
    if (!made.ok()) return absl::StrCat("a snapshot: ", made.status().ToString());
    return Leftovers();
  }
  // The newest two snapshots both have their segments: one that is unreadable one day loses
  // nothing.
  std::string GoneBehindSnapshots(JournalSource& source, uint64_t journal_id) const {
    const auto whole = SnapshotsBehind(disk_.path(), journal_id, 0);
    if (!whole.ok()) return whole.status().ToString();
    const std::size_t kept = std::min<std::size_t>(whole->size(), kSnapshotsKept);
    for (std::size_t i = whole->size() - kept; i < whole->size(); ++i) {
      JournalReader reader(source);
      if (absl::Status opened = reader.Open((*whole)[i].cursor()); !opened.ok()) {
        return absl::StrCat("behind the snapshot at ", (*whole)[i].position, ": ",
                            opened.ToString());
      }
    }
    return {};
  }
  std::string Leftovers() const {
    uint64_t snapshots = 0;
    for (const auto& entry : std::filesystem::directory_iterator(disk_.path())) {
      const std::string name = entry.path().filename();
      if (absl::EndsWith(name, ".snapshot")) {
        ++snapshots;
      } else if (name != "journal" && name != "lock" && name != "progress" &&
                 !absl::EndsWith(name, ".segment")) {
        return absl::StrCat("left behind: ", name);
      }
    }
    return snapshots <= kSnapshotsKept ? "" : "snapshots accumulate";
  }

  // What of `promise` does not hold; empty: nothing.
  static std::string Broken(const Promise& promise, const Outcome& outcome) {
    if (!outcome.error.empty()) return outcome.error;
    if (outcome.end < promise.durable) {
      return absl::StrCat("durable up to ", promise.durable, ", and the journal ends at ",
                          outcome.end);
    }
    if (outcome.snapshot < promise.snapshot) {
      return absl::StrCat("a snapshot at ", promise.snapshot, " was told of, and ",
                          outcome.snapshot, " is the newest that can be used");
    }
    if (outcome.start <= promise.start) {
      return absl::StrCat("start ", promise.start, " was, and the next is ", outcome.start);
    }
    return {};
  }

  void Run(uint64_t seed) {
    Begin(seed);
    // A recovery costs more than an opening.
    options_ =
        IsDeep() ? testing::StatesOptions{.subsets_of_max = 8, .random_subsets = 16, .each_max = 40}
                 : testing::StatesOptions{.subsets_of_max = 5, .random_subsets = 2, .each_max = 12};
    StartTrace();
    writer_.reset();
    flow_ = std::make_unique<Flow>(
        seed, Config(), [this](int64_t now_ns, const Input& input, const Effects& effects) {
          Record(now_ns, input, effects);
        });
    Open();
    RunSegments(5);
    Close();
    Open();
    RunSegments(3);
    flow_->Run(64);
    Kill();
    Open();
    flow_->Run(64);
    Close();
    RINGWAY_CHECK(!std::filesystem::exists(disk_.path() + "/" + JournalPlace::SegmentName(1)) &&
                      Said().snapshot > 6 * kSegmentBytesMin,
                  "snapshots were made, and segments let go");
    trace_->End();
    ClearMemory();
    std::unordered_map<uint64_t, Outcome> outcomes;
    JudgeStates(0, [&](const testing::DiskModel& model, std::size_t prefix,
                       const testing::DiskChoice& choice) {
      auto [at, is_new] = outcomes.try_emplace(model.Hash(choice));
      if (is_new) at->second = OpenState(model.Make(choice));
      return Broken(trace_->promises()[prefix], at->second);
    });
    states_ += outcomes.size();
  }

  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<SnapshotKeeper> keeper_;
  std::atomic<const SnapshotKeeper*> keeper_said_{nullptr};
  std::unique_ptr<Flow> flow_;
  std::vector<std::function<void()>> early_;
  std::unique_ptr<Effects> none_ = std::make_unique<Effects>();
  std::string passed_over_;
  uint64_t recorded_end_ = 0;
};

TEST_F(CrashStatesOfSnapshotsTest, NoLossOfPowerTakesASnapshotOrWhatItNeeds) {
  for (const uint64_t seed : Seeds(1)) {
    Run(seed);
    ASSERT_FALSE(HasFailure());
  }
  TellFigures();
}

}  // namespace
}  // namespace ringway
