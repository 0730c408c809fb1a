// What tests of all states after a loss of power have in common: folders, trace, promises, seeds.
//
// Promises are asked for before each operation: what a thread says between two of them must hold
// without the second. The disk's folder and the one in memory lie on a RAM file system: nothing has
// to last, and many thousands of states are opened. Both go with the fixture.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/random.h"
#include "gateway/journal/storage.h"
#include "gateway/journal/testing/disk_states.h"
#include "gateway/journal/testing/disk_trace.h"
#include "gtest/gtest.h"

namespace ringway::testing {

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() : root_(MakeRoot()), memory_(root_ + "/memory"), disk_(root_ + "/disk") {
    ClearMemory();
    std::signal(SIGABRT, SayWhere);
  }
  ~CrashTest() override {
    trace_.reset();
    std::filesystem::remove_all(root_);
    std::signal(SIGABRT, SIG_DFL);
  }

  // --- Seeds ---

  // `everyday`: how many of the odd ones.
  static std::vector<uint64_t> Seeds(uint64_t everyday) {
    if (const uint64_t one = Setting("RINGWAY_CRASH_SEED"); one != 0) return {one};
    std::vector<uint64_t> seeds;
    if (IsDeep()) {
      for (uint64_t seed = 1; seed <= Setting("RINGWAY_CRASH_SEEDS"); ++seed) seeds.push_back(seed);
    } else {
      for (uint64_t i = 0; i < everyday; ++i) seeds.push_back(2 * i + 1);
    }
    return seeds;
  }
  // Enumerates more.
  static bool IsDeep() { return Setting("RINGWAY_CRASH_SEEDS") != 0; }
  static uint64_t Setting(const char* name) {
    const char* const text = std::getenv(name);
    uint64_t number = 0;
    return text != nullptr && absl::SimpleAtoi(text, &number) ? number : 0;
  }

  // The workload does not wait until one thread is done before another begins.
  bool IsRacing() const { return seed_ % 2 == 0; }

  // --- Trace and promises ---

  // Everything is as on a new machine.
  void Begin(uint64_t seed) {
    seed_ = seed;
    random_ = Random(seed);
    SeedSystemRandom(seed);
    trace_.reset();
    std::filesystem::remove_all(disk_.path());
    std::filesystem::remove_all(disk_.path() + ".aside");
    ClearMemory();
    Forget({});
  }
  void StartTrace() {
    trace_.reset();
    trace_ = std::make_unique<DiskTrace>(disk_.path(), [this] { return Said(); });
  }
  // Where durable() is read from now on; null: from nobody, and what it said holds.
  void StorageIs(const JournalStorage* storage) {
    durable_.store(Said().durable, std::memory_order_seq_cst);
    storage_said_.store(storage, std::memory_order_seq_cst);
  }
  void SayStart(uint32_t number) { start_.store(number, std::memory_order_seq_cst); }
  void SayKeepFrom(uint64_t position) { keep_from_.store(position, std::memory_order_seq_cst); }
  void SaySnapshot(uint64_t position) { snapshot_.store(position, std::memory_order_seq_cst); }
  // Only this was said.
  void Forget(const Promise& promise) {
    storage_said_.store(nullptr, std::memory_order_seq_cst);
    durable_.store(promise.durable, std::memory_order_seq_cst);
    SayStart(promise.start);
    SayKeepFrom(promise.keep_from);
    SaySnapshot(promise.snapshot);
  }
  virtual Promise Said() const {
    const JournalStorage* const storage = storage_said_.load(std::memory_order_seq_cst);
    return {.durable = std::max(durable_.load(std::memory_order_seq_cst),
                                storage == nullptr ? 0 : storage->durable()),
            .start = start_.load(std::memory_order_seq_cst),
            .keep_from = keep_from_.load(std::memory_order_seq_cst),
            .snapshot = snapshot_.load(std::memory_order_seq_cst)};
  }

  // No call changed the folder unseen.
  void ExpectThatTheTraceIsWhole() {
    DiskModel model(trace_->base());
    for (const DiskOperation& operation : trace_->operations()) model.Apply(operation);
    RINGWAY_CHECK(model.Current() == ReadDisk(disk_.path()),
                  "the trace knows every call that changed the folder");
  }

  // Calls visit(model, prefix, choice) with every state of every moment of the trace. It answers
  // what is broken; the first such state fails the test, and can be repeated by what is said.
  template <class Visit>
  void JudgeStates(int run, const Visit& visit) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<DiskOperation>& operations = trace_->operations();
    DiskModel model(trace_->base());
    uint64_t visited = 0;
    for (std::size_t prefix = 0; prefix <= operations.size(); ++prefix) {
      Random choices(seed_ * 1'000'003 + static_cast<uint64_t>(run) * 65'537 + prefix);
      ForEachState(model, options_, choices, [&](const DiskChoice& choice) {
        if (HasFailure()) return;
        ++visited;
        where = absl::StrCat("seed ", seed_, ", run ", run, ", after ", prefix, " of ",
                             operations.size(), " operations, ", Describe(model, choice), "\n");
        const std::string broken = visit(model, prefix, choice);
        if (!broken.empty()) ADD_FAILURE() << broken << "\n" << where << Around(operations, prefix);
      });
      if (HasFailure()) return;
      if (prefix < operations.size()) model.Apply(operations[prefix]);
    }
    visited_ += visited;
    operations_ += operations.size();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    judged_s_ += seconds.count();
  }

  // A workload that cannot go on proves nothing: it ends the process.
  static void Need(const absl::Status& status) {
    RINGWAY_CHECK(status.ok(), status.ToString().c_str());
  }
  template <class F>
  static void Await(F done) {
    for (int i = 0; i < 20'000 && !done(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    RINGWAY_CHECK(done(), "the journal's threads go on");
  }
  // Nothing was done to the disk for three turns of the preparing thread.
  void WaitUntilQuiet() const {
    constexpr int kQuietMs = 15;
    std::size_t seen = trace_->count();
    for (int quiet = 0; quiet < kQuietMs; ++quiet) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::size_t now = trace_->count();
      if (now != seen) quiet = 0;
      seen = now;
    }
  }
  void ClearMemory() const {
    std::filesystem::remove_all(memory_);
    std::filesystem::create_directory(memory_);
    std::filesystem::permissions(memory_, std::filesystem::perms::owner_all);
  }
  void TellFigures() const {
    std::cout << operations_ << " operations, " << visited_ << " states of them, " << states_
              << " different ones, judged in " << judged_s_ << " s\n";
  }

  const std::string root_;
  const std::string memory_;
  const DiskFolder disk_;
  uint64_t seed_ = 0;
  Random random_{0};
  StatesOptions options_ =
      IsDeep() ? StatesOptions{.subsets_of_max = 10, .random_subsets = 32, .each_max = 300}
               : StatesOptions{.subsets_of_max = 6, .random_subsets = 4, .each_max = 40};
  std::unique_ptr<DiskTrace> trace_;
  uint64_t states_ = 0;  // different ones

 private:
  static std::string MakeRoot() {
    std::string root = "/dev/shm/ringway-crash-XXXXXX";
    EXPECT_NE(mkdtemp(root.data()), nullptr);
    return root;
  }
  // The operations before the loss of power.
  static std::string Around(const std::vector<DiskOperation>& operations, std::size_t prefix) {
    constexpr std::size_t kShown = 24;
    std::string text;
    for (std::size_t i = prefix - std::min(prefix, kShown); i < prefix; ++i) {
      absl::StrAppend(&text, "  ", i, " ", Describe(operations[i]), "\n");
    }
    return text;
  }
  // A state that ends the process is told too.
  static void SayWhere(int signal) {
    const ssize_t said = write(STDERR_FILENO, where.data(), where.size());
    static_cast<void>(said);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }

  static inline std::string where;  // the state that is judged now
  std::atomic<const JournalStorage*> storage_said_{nullptr};
  std::atomic<uint64_t> durable_{0};
  std::atomic<uint32_t> start_{0};
  std::atomic<uint64_t> keep_from_{0};
  std::atomic<uint64_t> snapshot_{0};
  uint64_t visited_ = 0;
  uint64_t operations_ = 0;
  double judged_s_ = 0;
};

}  // namespace ringway::testing
