// The state of a gateway at the end of its journal.
//
// Applies a journal's records, in order: every step goes through an Engine again, and its effects
// must be the recorded ones. Besides the engine's state it keeps what sessions and connectors need
// to continue: each session's latest reports, and the counts of each venue.
//
// Records are replayed under the configuration under which they were made: the journal's folder
// keeps every one (`ConfigOf`). If the configuration changed between two processes, the state is
// converted as Engine::Load() says.
//
// Used by the gateway's start, by `ringway journal` and by tests. Files: replayed_gateway.cc
// applies records; replayed_gateway_archive.cc converts the state to bytes and back, for snapshots.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/connector/connector.h"
#include "gateway/core/step.h"
#include "gateway/engine/archive.h"
#include "gateway/engine/engine.h"
#include "gateway/engine/engine_config.h"
#include "gateway/engine/engine_release.h"
#include "gateway/journal/record.h"
#include "gateway/recovery/report_index.h"
#include "msg/resend_store.h"

namespace ringway {

struct ReplayedSession {
  uint64_t incarnation = 0;
  uint32_t epoch = 0;  // of the link of its last logon; 0: not recorded
  // Of the next report, the lowest at any start since its last logon: a client that knows more
  // received reports that were lost with the machine's power.
  uint64_t next_seq_out_at_start = UINT64_MAX;
  ResendStore reports;  // the latest

  explicit ReplayedSession(uint32_t report_slots) : reports(report_slots) {}
};

struct ReplayedVenue {
  VenueCursor cursor;  // sent counts `requests` too
  // The latest since the last logon there, oldest first; none if the venue does not count requests.
  std::deque<Effect> requests;
};

struct ReplayOptions {
  // The configuration with this hash (GatewayStartBody::config_hash).
  std::function<absl::StatusOr<EngineConfig>(uint64_t hash)> config_of;
  uint32_t report_slots = 16'384;       // kept for each session
  ReportIndex* report_index = nullptr;  // gets the places of reports; may be null
  // Replays the steps of another release of the engine too, instead of failing. Every effect is
  // compared all the same.
  bool accept_release = false;
};

// The content of a snapshot.
struct SavedGateway {
  uint64_t config_hash;
  uint64_t steps;
  uint32_t start;
  uint32_t engine_release;                  // of the records that led to it
  std::span<const std::byte> engine;        // from Engine::Save()
  std::span<const std::byte> surroundings;  // from SaveSurroundings()
};

class ReplayedGateway {
 public:
  // Requests to one venue that are kept; more than any connector has unanswered.
  static constexpr size_t kRequestsKept = 65'536;

  explicit ReplayedGateway(ReplayOptions options) : options_(std::move(options)) {}

  // Errors: DataLoss, naming the record, if the replay differs from what was recorded;
  // FailedPrecondition if it is a step of another release; those of config_of. After an error the
  // object must not be used.
  absl::Status Apply(const JournalRecord& record);

  // The state from here on is of the configuration with this hash. Errors: as Engine::Load().
  absl::Status Configure(uint64_t config_hash);

  // What is kept besides the engine's state, as bytes.
  void SaveSurroundings(const StateWriter::Sink& sink) const;
  // Loads that state; a session's oldest reports are left out if report_slots is smaller now.
  // REQUIRES: nothing was applied yet. Errors: those of config_of; InvalidArgument, naming what is
  // inconsistent: then the object must not be used.
  absl::Status Load(const SavedGateway& saved);

  // REQUIRES: a configuration is known: Configure() or a record said which.
  Engine& engine() noexcept { return *engine_; }
  std::unique_ptr<Engine> TakeEngine() noexcept { return std::move(engine_); }
  uint64_t config_hash() const noexcept { return config_hash_; }
  uint32_t start() const noexcept { return start_; }  // number of the latest; 0: none
  uint32_t engine_release() const noexcept { return engine_release_; }  // of the same
  // The last record said that its process ended in order.
  bool stopped() const noexcept { return stopped_; }
  uint64_t steps() const noexcept { return steps_; }

  // Null if there was no report; for a venue, if there was no message of it either.
  const ReplayedSession* session(SessionId id) const noexcept;
  const ReplayedVenue* venue(VenueId id) const noexcept;

 private:
  absl::Status ApplyStep(const JournalRecord& record);
  absl::Status ApplyStop(const JournalRecord& record);
  absl::Status Compare(const JournalRecord& record, std::span<const std::byte> journaled) const;
  void Follow(const JournaledStep& step);
  void NoteReports();
  ReplayedSession& SessionOf(SessionId id);
  template <class Self, class A>
  static void Archive(Self& self, A& archive);

  ReplayOptions options_;
  std::unique_ptr<Engine> engine_;
  uint64_t config_hash_ = 0;
  uint32_t start_ = 0;
  uint32_t engine_release_ = kEngineReleaseUnknown;
  bool stopped_ = false;
  uint64_t steps_ = 0;
  ReportIndex::Pass pass_;
  std::unique_ptr<Effects> effects_ = std::make_unique<Effects>();
  std::map<SessionId, ReplayedSession> sessions_;
  std::map<VenueId, ReplayedVenue> venues_;
};

}  // namespace ringway
