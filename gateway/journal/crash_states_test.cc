// Every state that a loss of power may leave of a journal in files is opened, and keeps what was
// promised.
//
// A seeded workload (testing/crash_workload.h) runs the shipped FileStorage in one run of the
// machine after another, each of which begins with a state that the one before may have left. What
// it does to the disk is recorded (testing/disk_trace.h). Then for every moment of each run the
// states of the model (testing/disk_states.h) are opened as the next process would.
//
// RINGWAY_CRASH_SEEDS=N tries seeds 1 to N, with more states of each (./run nightly).
// RINGWAY_CRASH_SEED=S tries that one alone; with RINGWAY_CRASH_SEEDS=1 as many states of it.
// Seeds that are odd give the same operations each time; with even ones, of which only the deeper
// enumeration makes use, the journal's threads race.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/random.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/testing/crash_workload.h"
#include "gateway/journal/testing/disk_image.h"
#include "gateway/journal/testing/disk_states.h"
#include "gateway/journal/testing/disk_trace.h"
#include "gateway/journal/testing/journal_history.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway {
namespace {

using testing::DiskImage;
using testing::History;
using testing::Promise;

// What the next process finds in a state, and what came of it.
struct Outcome {
  std::string error;   // empty: none
  uint64_t first = 0;  // position of the first record that was read
  uint64_t end = 0;    // behind the last one
  uint32_t start = 0;  // the number of its start
};

class CrashStatesTest : public testing::CrashWorkload {
 protected:
  // --- The next process ---

  Outcome OpenState(const DiskImage& image) {
    disk_.Become(image);
    Outcome outcome;
    History first;
    outcome.error = FirstOpening(outcome, first);
    if (outcome.error.empty()) outcome.error = SecondOpening(first);
    if (!std::filesystem::is_empty(memory_)) {
      if (outcome.error.empty()) outcome.error = "images are left";
      ClearMemory();
    }
    return outcome;
  }
  // Opens, writes a record and ends in order. `found` is what is there before.
  std::string FirstOpening(Outcome& outcome, History& found) {
    auto opened = FileStorage::Open(Options("after", 1));
    if (!opened.ok()) return absl::StrCat("Open: ", opened.status().ToString());
    FileStorage& storage = **opened;
    JournalEnd end;
    if (absl::Status read = testing::ReadHistory(storage.source(), found, end); !read.ok()) {
      return absl::StrCat("reading: ", read.ToString());
    }
    if (testing::FindPart(history_, found) == SIZE_MAX) return "what is read was never written";
    outcome.first = found.empty() ? 0 : found.front().position;
    outcome.end = end.cursor.position;
    if (absl::Status started = storage.Start(end); !started.ok()) {
      return absl::StrCat("Start: ", started.ToString());
    }
    outcome.start = storage.start_number();
    JournalWriter writer(storage, end.cursor, storage.start_number(), 1, 9);
    testing::MakeNewOrderStep(end.cursor.next_sequence, *step_);
    outcome_end_ = testing::AppendStep(writer, 1, step_->input(), 0, step_->effects);
    storage.Close();
    return storage.durable() == outcome_end_ ? "" : "its record does not come to the disk";
  }
  // Finds that and the record, and leaves nothing else.
  std::string SecondOpening(const History& first) {
    std::string left = UnknownNames();
    if (!left.empty()) return absl::StrCat("left behind: ", left);
    auto opened = FileStorage::Open(Options("after", 1));
    if (!opened.ok()) return absl::StrCat("second Open: ", opened.status().ToString());
    FileStorage& storage = **opened;
    History found;
    JournalEnd end;
    if (absl::Status read = testing::ReadHistory(storage.source(), found, end); !read.ok()) {
      return absl::StrCat("second reading: ", read.ToString());
    }
    // The gateway's start and the step, and before them a segment's start where it took a new one.
    const std::size_t added = found.size() - first.size();
    if (added < 2 || added > 3 || end.cursor.position != outcome_end_ ||
        testing::FindPart(found, first) != 0) {
      return "the second opening reads something else than the first one and its record";
    }
    uint64_t used = 0;
    for (const auto& segment : storage.source().segments()) {
      used += segment.number <= end.segment_number ? 1 : 0;
    }
    if (absl::Status started = storage.Start(end); !started.ok()) {
      return absl::StrCat("second Start: ", started.ToString());
    }
    storage.Close();
    const auto numbers = storage.place().folder->NumbersIn(".segment");
    if (!numbers.ok() || numbers->size() > used + 1) return "segments accumulate";
    left = UnknownNames();
    return left.empty() ? std::string() : absl::StrCat("left behind: ", left);
  }
  std::string UnknownNames() const {
    std::string unknown;
    for (const auto& entry : std::filesystem::directory_iterator(disk_.path())) {
      const std::string name = entry.path().filename();
      if (name != "journal" && name != "lock" && name != "progress" &&
          !absl::EndsWith(name, ".segment")) {
        absl::StrAppend(&unknown, name, " ");
      }
    }
    return unknown;
  }

  // What of `promise` does not hold; empty: nothing.
  std::string Broken(const Promise& promise, const Outcome& outcome) const {
    if (!outcome.error.empty()) return outcome.error;
    if (outcome.end < promise.durable) {
      return absl::StrCat("durable up to ", promise.durable, ", and the journal ends at ",
                          outcome.end);
    }
    for (const testing::HistoryRecord& record : history_) {
      if (record.position < promise.keep_from) continue;
      if (outcome.end != 0 && outcome.first > record.position) {
        return absl::StrCat("what lies behind ", promise.keep_from,
                            " is kept, and the first record is at ", outcome.first);
      }
      break;
    }
    if (outcome.start <= promise.start) {
      return absl::StrCat("start ", promise.start, " was, and the next is ", outcome.start);
    }
    return {};
  }

  // Judges every state of the run; picks the one that the next run begins with.
  void JudgeRun(int run) {
    std::unordered_map<uint64_t, Outcome> outcomes;
    std::optional<DiskImage> next;
    Outcome next_outcome;
    Promise next_promise;
    uint64_t candidates = 0;
    const auto visit = [&](const testing::DiskModel& model, std::size_t prefix,
                           const testing::DiskChoice& choice) {
      const Promise& promise = trace_->promises()[prefix];
      auto [at, is_new] = outcomes.try_emplace(model.Hash(choice));
      Outcome& outcome = at->second;
      if (is_new) {
        const DiskImage image = model.Make(choice);
        outcome = OpenState(image);
        // Any state with promises, each as likely.
        if (promise.durable > 0 && outcome.error.empty() && random_.Below(++candidates) == 0) {
          next = image;
          next_outcome = outcome;
          next_promise = promise;
        }
      }
      return Broken(promise, outcome);
    };
    JudgeStates(run, visit);
    states_ += outcomes.size();
    if (run + 1 == Runs() || HasFailure()) return;
    ASSERT_TRUE(next.has_value());
    disk_.Become(*next);
    Forget(next_promise);
    while (!history_.empty() && history_.back().end > next_outcome.end) history_.pop_back();
    while (!history_.empty() && history_.front().position < next_outcome.first) {
      history_.erase(history_.begin());
    }
    written_ = next_outcome.end;
  }

  void Run(uint64_t seed) {
    Begin(seed);
    history_.clear();
    written_ = 0;
    for (int run = 0; run < Runs() && !HasFailure(); ++run) {
      boot_id_ = absl::StrCat("run-", run);
      sync_interval_ns_ = IsRacing() ? kNsPerMs : kNoSyncNs;
      StartTrace();
      run == 0 ? FirstRun() : LaterRun();
      ASSERT_FALSE(HasFatalFailure());
      trace_->End();
      sync_interval_ns_ = kNoSyncNs;
      ClearMemory();
      JudgeRun(run);
    }
  }

  static int Runs() { return IsDeep() ? 5 : 3; }

  uint64_t outcome_end_ = 0;  // of the first opening's record
};

TEST_F(CrashStatesTest, NoLossOfPowerTakesWhatWasPromised) {
  for (const uint64_t seed : Seeds(2)) {
    Run(seed);
    ASSERT_FALSE(HasFailure());
  }
  TellFigures();
}

}  // namespace
}  // namespace ringway
