// Tests that the journal keeps what it promised, whatever a disk that fails has left of it.
//
// Writer and reader as shipped over a SimDisk. Each seed is a row of gateways, each of which notes
// down steps until its process is killed or its power fails; the next one reads what is left, which
// must be those steps from the first on, none changed, none missing in between, and no fewer than
// were promised; then it goes on behind them.
#include "tests/sim/disk.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/journal/format.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gtest/gtest.h"

namespace ringway::sim {
namespace {

struct Noted {
  uint64_t venue_report_seq;  // a number of its own for each step
  std::vector<std::byte> payload;
  uint64_t end;
};

class JournalRun {
 public:
  explicit JournalRun(uint64_t seed) : random_(seed), disk_(seed + 1) {}

  // One gateway's life.
  void Live(uint32_t start) {
    const JournalEnd end = Recover();
    if (::testing::Test::HasFailure()) return;
    disk_.RemoveBehind(end.segment_number);
    DiskFaults faults;
    faults.sync_ns_max = random_.Between(0, 4) * kNsPerMs;
    faults.slow_probability = random_.Chance(0.3) ? 0.2 : 0;
    faults.sync_fails_probability = random_.Chance(0.2) ? 0.01 : 0;
    faults.full_probability = random_.Chance(0.3) ? 0.2 : 0;
    SimStorage storage(disk_, end.cursor, kSegmentBytesMin, faults, random_.Next());
    JournalWriter writer(storage, end.cursor, start, now_ns_, 7);
    const uint64_t steps = random_.Below(600);
    for (uint64_t i = 0; i != steps; ++i) {
      now_ns_ += random_.Between(1, 200) * kNsPerUs;
      storage.Turn(now_ns_);
      if (writer.State() == JournalState::kFull) continue;
      Note(writer);
    }
    const bool power = random_.Chance(0.6);
    promised_ = power ? storage.durable() : storage.written();
    const uint64_t written = storage.written();
    disk_.KillProcess(written, written);
    if (power) disk_.LosePower();
    power_losses += power;
    faults_seen += storage.fault() != JournalFault::kNone;
  }

  // Reads everything and compares.
  JournalEnd Recover() {
    disk_.BringHome();
    JournalReader reader(disk_);
    size_t read = 0;
    JournalRecord record;
    const absl::Status opened = reader.Open();
    EXPECT_TRUE(opened.ok()) << opened;
    if (!opened.ok()) return {};
    auto result = JournalReader::Result::kEnd;
    while ((result = reader.Next(record)) == JournalReader::Result::kRecord) {
      if (record.header.type != RecordType::kStep) continue;
      Compare(record, read++);
    }
    EXPECT_EQ(result, JournalReader::Result::kEnd) << reader.status();
    if (result != JournalReader::Result::kEnd) return {};
    for (size_t i = read; i < noted_.size(); ++i) {
      EXPECT_GT(noted_[i].end, promised_) << "step " << i << " was promised and is gone";
    }
    lost += noted_.size() - read;
    noted_.resize(std::min(noted_.size(), read));
    recovered += read;
    return reader.end();
  }

  uint64_t lost = 0;
  uint64_t recovered = 0;
  uint64_t power_losses = 0;
  uint64_t faults_seen = 0;

 private:
  void Note(JournalWriter& writer) {
    ringway::testing::MakeRandomStep(random_, step_);
    step_.venue_report_seq = ++steps_;
    const uint64_t end =
        testing::AppendStep(writer, now_ns_, step_.input(), step_.venue_report_seq, step_.effects);
    noted_.push_back({step_.venue_report_seq, step_.payload, end});
  }

  void Compare(const JournalRecord& record, size_t place) {
    JournaledStep step;
    ASSERT_TRUE(ReadStep(record.body, step));
    ASSERT_LT(place, noted_.size()) << "a step that nobody noted, or that was given up before";
    EXPECT_EQ(step.venue_report_seq, noted_[place].venue_report_seq);
    EXPECT_TRUE(std::equal(step.input.payload.begin(), step.input.payload.end(),
                           noted_[place].payload.begin(), noted_[place].payload.end()));
    EXPECT_EQ(record.end(), noted_[place].end);
  }

  Random random_;
  SimDisk disk_;
  ringway::testing::SampleStep step_;
  std::vector<Noted> noted_;
  uint64_t steps_ = 0;
  uint64_t promised_ = 0;
  int64_t now_ns_ = 1'700'000'000 * kNsPerS;
};

TEST(SimDiskTest, WhatWasPromisedIsThereAfterEveryCrash) {
  uint64_t lost = 0;
  uint64_t recovered = 0;
  uint64_t power_losses = 0;
  uint64_t faults = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    JournalRun run(seed);
    for (uint32_t start = 1; start <= 5 && !HasFailure(); ++start) run.Live(start);
    run.Recover();
    if (HasFailure()) return;
    lost += run.lost;
    recovered += run.recovered;
    power_losses += run.power_losses;
    faults += run.faults_seen;
  }
  // Otherwise the disk would not have lost what it may, and the test proves little.
  EXPECT_GT(lost, 1'000u);
  EXPECT_GT(recovered, 10'000u);
  EXPECT_GT(power_losses, 100u);
  EXPECT_GT(faults, 10u);
}

}  // namespace
}  // namespace ringway::sim
