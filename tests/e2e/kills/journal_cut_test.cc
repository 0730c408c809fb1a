// Tests that a gateway starts, with everything before it, wherever the last record of its journal
// is cut.
//
// Uses the files of a real gateway: after each byte of a step's record everything is zeroed, as if
// a process or machine had stopped while writing it. The step is the last one that changed
// anything, which a price overtaken by another venue's does not.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "base/private_files.h"
#include "gateway/config/config.h"
#include "gateway/config/kept_config.h"
#include "gateway/host/journal_start.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/recovery/replayed_gateway.h"
#include "tests/e2e/kills/long_run.h"
#include "tests/e2e/kills/run.h"
#include "tests/e2e/kills/tracer.h"

namespace ringway::kills {
namespace {

constexpr uint64_t kOrders = 300;
constexpr uint64_t kLookedAtMax = 200;  // steps searched for one that changed anything
constexpr int64_t kPatienceNs = 30 * kNsPerS;

// The journal's last step that changed anything.
struct LastStep {
  std::string file;     // its segment's name
  uint64_t offset = 0;  // in it
  uint64_t bytes = 0;
  uint64_t bytes_told = 0;  // without the zeros at its end: cutting those off loses nothing
  uint64_t position = 0;
  uint64_t steps_before = 0;
  uint64_t hash_before = 0;  // of the engine's state
  uint64_t hash_after = 0;
};

class JournalCutTest : public testing::Test {
 protected:
  void SetUp() override {
    auto run = KillRun::Start({.orders = kOrders, .pause_us = 100});
    ASSERT_TRUE(run.ok()) << run.status().message();
    ASSERT_TRUE((*run)->AwaitAccepted(kOrders).ok());
    const absl::StatusOr<Outcome> outcome = (*run)->Finish();
    ASSERT_TRUE(outcome.ok()) << outcome.status().message();
    if (!outcome->clean()) Print(*outcome, 0);
    ASSERT_TRUE(outcome->clean());
    std::filesystem::copy((*run)->journal(), folder_ + "/whole",
                          std::filesystem::copy_options::recursive);
    config_text_ = absl::StrReplaceAll(ReadWholeFile((*run)->folder() + "/gateway.toml"),
                                       {{(*run)->journal(), journal()}});
    // Keys and sockets are in the run's folder, which is removed now.
    for (uint32_t session = 1; session <= 3; ++session) {
      const std::string key = absl::StrCat("/", session, ".key");
      std::filesystem::copy_file((*run)->folder() + key, folder_ + key);
    }
    config_text_ = absl::StrReplaceAll(config_text_, {{(*run)->folder(), folder_}});
    program_ = (*run)->program();
    Find();
  }

  std::string journal() const { return folder_ + "/cut"; }

  void Find() {
    const std::string whole = folder_ + "/whole";
    auto source = *FileSource::Open(whole, "/dev/shm");
    uint64_t steps = 0;
    Read(*source,
         [&](const JournalRecord& record) { steps += record.header.type == RecordType::kStep; });
    ReplayedGateway replayed(
        {.config_of = [&](uint64_t hash) { return KeptEngineConfig(whole, hash); }});
    uint64_t hash_before = 0;
    Read(*source, [&](const JournalRecord& record) {
      const uint64_t steps_before = replayed.steps();
      const bool is_step = record.header.type == RecordType::kStep;
      const bool looked_at = is_step && steps_before + kLookedAtMax >= steps;
      if (looked_at) hash_before = replayed.engine().StateHash();
      ASSERT_TRUE(replayed.Apply(record).ok());
      if (!looked_at || replayed.engine().StateHash() == hash_before) return;
      step_ = {};
      step_.position = record.position;
      step_.bytes = record.header.bytes();
      step_.steps_before = steps_before;
      step_.hash_before = hash_before;
      step_.hash_after = replayed.engine().StateHash();
    });
    ASSERT_NE(step_.hash_before, step_.hash_after);
    for (size_t i = 0; i != source->segments().size(); ++i) {
      SegmentHeader header;
      ASSERT_TRUE(source->Read(i, 0, std::as_writable_bytes(std::span(&header, 1))).ok());
      if (header.first_position > step_.position) break;
      step_.file = std::filesystem::path(source->segments()[i].name).filename();
      step_.offset = step_.position - header.first_position;
    }
    const std::string bytes =
        ReadWholeFile(whole + "/" + step_.file).substr(step_.offset, step_.bytes);
    step_.bytes_told = bytes.find_last_not_of('\0') + 1;
  }

  template <class F>
  static void Read(JournalSource& source, F&& visit) {
    JournalReader reader(source);
    ASSERT_TRUE(reader.Open().ok());
    JournalRecord record;
    while (reader.Next(record) == JournalReader::Result::kRecord) visit(record);
    ASSERT_TRUE(reader.status().ok()) << reader.status().message();
  }

  // Makes a journal with only this many bytes of the last step's record. It was closed in order, so
  // its folder tells that there was more: a start has to be told to accept that.
  void Cut(uint64_t bytes) {
    std::filesystem::remove_all(journal());
    std::filesystem::copy(folder_ + "/whole", journal(), std::filesystem::copy_options::recursive);
    const std::string path = journal() + "/" + step_.file;
    const uint64_t from = step_.offset + bytes;
    const std::string zeros(std::filesystem::file_size(path) - from, '\0');
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(from));
    file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
    ASSERT_TRUE(file.flush().good());
  }

  const TemporaryFolder place_ = *TemporaryFolder::Make("/dev/shm");
  const std::string folder_ = place_.path();
  std::string config_text_;
  std::string program_;
  LastStep step_;
};

TEST_F(JournalCutTest, StartsFromEveryByte) {
  const LoadedConfig loaded = LoadConfig(config_text_);
  ASSERT_TRUE(loaded.ok());
  for (uint64_t bytes = 0; bytes <= step_.bytes; ++bytes) {
    ASSERT_NO_FATAL_FAILURE(Cut(bytes));
    absl::StatusOr<std::unique_ptr<StartedJournal>> started =
        StartJournal(loaded.config, {.accept_loss = true});
    ASSERT_TRUE(started.ok()) << bytes << " bytes: " << started.status().message();
    const bool whole = bytes >= step_.bytes_told;
    EXPECT_EQ((*started)->end.cursor.position, step_.position + (whole ? step_.bytes : 0)) << bytes;
    EXPECT_EQ((*started)->past.engine().StateHash(), whole ? step_.hash_after : step_.hash_before)
        << bytes;
  }
}

TEST_F(JournalCutTest, TheProgramStartsWhereARecordIsCut) {
  std::ofstream(folder_ + "/gateway.toml") << config_text_;
  const std::string log = folder_ + "/log";
  Tracer tracer;
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{1}, uint64_t{8}, step_.bytes / 2, step_.bytes_told - 1}) {
    ASSERT_NO_FATAL_FAILURE(Cut(bytes));
    std::filesystem::remove(log);
    const absl::Status started = tracer.Start(
        0, {program_, "--accept-loss", "--config", folder_ + "/gateway.toml"}, log, std::nullopt);
    ASSERT_TRUE(started.ok()) << started.message();
    const std::string says = absl::StrCat(", ", step_.steps_before, " of them replayed");
    const int64_t deadline_ns = MonotonicNowNs() + kPatienceNs;
    while (ReadWholeFile(log).find(says) == std::string::npos) {
      ASSERT_FALSE(tracer.Turn().has_value()) << bytes << " bytes: " << ReadWholeFile(log);
      ASSERT_LT(MonotonicNowNs(), deadline_ns) << bytes << " bytes: " << ReadWholeFile(log);
      usleep(1'000);
    }
    tracer.Signal(0, SIGTERM);  // an orderly end leaves nothing in memory
    while (!tracer.Turn().has_value()) usleep(1'000);
  }
}

}  // namespace
}  // namespace ringway::kills
