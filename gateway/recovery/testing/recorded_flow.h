// A journal in a folder, written by random flow through an engine, as a gateway writes it: for
// tests of what is made of journals.
//
// Thread rule: one thread. The folder goes with it.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/check.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine_flow.h"
#include "gateway/engine/engine_release.h"
#include "gateway/journal/file_storage.h"
#include "gateway/journal/testing/sample_steps.h"
#include "gateway/journal/writer.h"
#include "gateway/recovery/recover.h"
#include "gateway/session/journaled_logon.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::testing {

class RecordedFlow {
 public:
  static constexpr uint64_t kConfigHash = 1;
  static constexpr VenueId kVenue = 1;

  explicit RecordedFlow(uint64_t seed, uint64_t segment_bytes = kSegmentBytesMin)
      : flow_(seed, Flow::Config(), [this](int64_t now_ns, const Input& input, const Effects& out) {
          Record(now_ns, input, out);
        }) {
    const char* tmp = std::getenv("TEST_TMPDIR");
    std::string pattern = std::string(tmp != nullptr ? tmp : "/tmp") + "/snapshot-XXXXXX";
    RINGWAY_CHECK(mkdtemp(pattern.data()) != nullptr, "TEST_TMPDIR can be written");
    options_.directory = pattern;
    options_.segment_bytes = segment_bytes;
  }
  ~RecordedFlow() {
    Close();
    std::filesystem::remove_all(place().image_directory);
    std::filesystem::remove_all(options_.directory);
  }
  RecordedFlow(const RecordedFlow&) = delete;
  RecordedFlow& operator=(const RecordedFlow&) = delete;

  // A process comes, whose venue has logged on; it ends with Close().
  void Open(uint32_t engine_release = kEngineRelease) {
    auto opened = FileStorage::Open(options_);
    RINGWAY_CHECK(opened.ok(), "the journal opens");
    auto recovered = Recover((*opened)->source(), Options((*opened)->place()));
    RINGWAY_CHECK(recovered.ok(), "the journal is whole");
    RINGWAY_CHECK((*opened)->Start(recovered->end).ok(), "the journal starts");
    storage_ = *std::move(opened);
    writer_ =
        std::make_unique<JournalWriter>(*storage_, recovered->end.cursor, recovered->end.start + 1,
                                        flow_.now_ns(), kConfigHash, engine_release);
    for (const Unrecorded& step : early_) {
      testing::AppendStep(*writer_, step.now_ns, {step.origin, step.id, step.type, step.payload}, 0,
                          *none_);
    }
    early_.clear();
    writer_->Append(flow_.now_ns(), VenueCursorBody{.venue = kVenue,
                                                    .requests_waiting = 2,
                                                    .incarnation = writer_->start(),
                                                    .requests_sent = requests_,
                                                    .reports_received = reports_});
  }
  void Close() {
    writer_.reset();
    storage_.reset();
  }
  // It says that it ends in order, in this state. Close() comes next.
  void Stop() { Stop(engine().StateHash()); }
  void Stop(uint64_t state_hash) {
    writer_->Append(engine().now_ns(), GatewayStopBody{.state_hash = state_hash});
  }
  // So much random flow.
  void Run(uint32_t steps) { flow_.Run(steps); }
  // Until so many segments are complete on the disk.
  void RunSegments(uint64_t count) {
    for (const uint64_t until = storage_->completed().number + count;
         storage_->completed().number < until;) {
      Run(200);
      storage_->BeginSync();
    }
  }
  // Random flow has no logons: this one only the journal knows.
  void LogOn(SessionId session, uint64_t incarnation, uint32_t link_epoch) {
    const Logon logon =
        ForJournal({.session = session, .incarnation = incarnation, .next_seq_in = 1}, link_epoch);
    std::array<std::byte, kMaxPayloadBytes<Logon>> payload;
    const uint32_t bytes = Encode(logon, payload.data());
    testing::AppendStep(*writer_, flow_.now_ns(),
                        {Origin::kSessionUp, session, FrameType::kLogon, {payload.data(), bytes}},
                        0, *none_);
  }

  JournalPlace place() const { return *FindJournal(options_.directory, "/dev/shm", true); }
  FileStorage& storage() { return *storage_; }
  const Engine& engine() const { return flow_.engine(); }
  std::vector<std::string>& passed_over() { return passed_over_; }

  static ReplayOptions Replay(uint32_t report_slots = 256) {
    return {.config_of = [](uint64_t) -> absl::StatusOr<EngineConfig> { return Flow::Config(); },
            .report_slots = report_slots};
  }
  RecoverOptions Options(const JournalPlace& place) {
    return {.directory = place.directory,
            .journal_id = place.journal_id,
            .replay = Replay(),
            .report = [this](std::string_view line) { passed_over_.emplace_back(line); }};
  }

 private:
  // The flow brings its venues up while it is made.
  struct Unrecorded {
    int64_t now_ns;
    Origin origin;
    uint32_t id;
    FrameType type;
    std::vector<std::byte> payload;
  };

  void Record(int64_t now_ns, const Input& input, const Effects& effects) {
    const bool report = input.origin == Origin::kVenue && input.id == kVenue &&
                        input.type == FrameType::kExecutionReport;
    reports_ += report ? 1 : 0;
    for (const EffectView& effect : effects) {
      requests_ += effect.target == Target::kVenue && effect.id == kVenue ? 1 : 0;
    }
    if (writer_ == nullptr) {
      RINGWAY_CHECK(effects.count() == 0, "steps before the journal have no effects");
      early_.push_back({now_ns, input.origin, input.id, input.type,
                        std::vector<std::byte>(input.payload.begin(), input.payload.end())});
      return;
    }
    while (writer_->State() == JournalState::kFull) std::this_thread::yield();
    testing::AppendStep(*writer_, now_ns, input, report ? reports_ : 0, effects);
  }

  FileStorageOptions options_;
  std::unique_ptr<FileStorage> storage_;
  std::unique_ptr<JournalWriter> writer_;
  std::vector<Unrecorded> early_;
  std::unique_ptr<Effects> none_ = std::make_unique<Effects>();
  uint64_t reports_ = 0;
  uint64_t requests_ = 0;
  std::vector<std::string> passed_over_;
  Flow flow_;  // last: its constructor records
};

}  // namespace ringway::testing
