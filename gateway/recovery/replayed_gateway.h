// What a gateway was when its journal ended.
//
// Applies a journal's records, in order: every step goes through an Engine again, and what it gives
// must be what was recorded then. Besides the engine's state it keeps what the parts around it need
// to go on: each session's latest reports, and how far each venue had come.
//
// Records are replayed under the configuration under which they were made: the journal's folder
// keeps every one (`ConfigOf`). Where the configuration changed between two processes, the state is
// carried over as Engine::Load() says.
//
// Used by the gateway's start, by `ringway journal` and by tests. Files: replayed_gateway.cc how a
// record is applied; replayed_gateway_archive.cc the whole of it as bytes, for snapshots.
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
  // heard what was lost with the machine's power.
  uint64_t next_seq_out_at_start = UINT64_MAX;
  ResendStore reports;  // the latest

  explicit ReplayedSession(uint32_t report_slots) : reports(report_slots) {}
};

struct ReplayedVenue {
  VenueCursor cursor;  // sent counts `requests` too
  // The latest since the last logon there, oldest first; none of a venue that does not count them.
  std::deque<Effect> requests;
};

struct ReplayOptions {
  // The configuration with this hash (GatewayStartBody::config_hash).
  std::function<absl::StatusOr<EngineConfig>(uint64_t hash)> config_of;
  uint32_t report_slots = 16'384;       // kept for each session
  ReportIndex* report_index = nullptr;  // told where reports lie; may be null
  // Steps that an engine of another release made are given to this one all the same; every effect
  // is compared as ever.
  bool accept_release = false;
};

// A gateway as a snapshot keeps it.
struct SavedGateway {
  uint64_t config_hash;
  uint64_t steps;
  uint32_t epoch;
  uint32_t engine_release;                  // of the records that led to it
  std::span<const std::byte> engine;        // what Engine::Save() gave
  std::span<const std::byte> surroundings;  // what SaveSurroundings() gave
};

class ReplayedGateway {
 public:
  // Requests to one venue that are kept; more than any connector has unanswered.
  static constexpr size_t kRequestsKept = 65'536;

  explicit ReplayedGateway(ReplayOptions options) : options_(std::move(options)) {}

  // Errors: DataLoss, naming the record, where the replay is not what was recorded;
  // FailedPrecondition where it is a step of another release; whatever config_of says. After an
  // error nothing holds.
  absl::Status Apply(const JournalRecord& record);

  // The state from here on is of the configuration with this hash. Errors: as Engine::Load().
  absl::Status Configure(uint64_t config_hash);

  // What is kept besides the engine's state, as bytes.
  void SaveSurroundings(const StateWriter::Sink& sink) const;
  // Goes on from there; a session's oldest reports are left out where report_slots is smaller now.
  // REQUIRES: nothing was applied yet. Errors: whatever config_of says; InvalidArgument, with what
  // does not make sense, and nothing holds.
  absl::Status Load(const SavedGateway& saved);

  // REQUIRES: a configuration is known: Configure() or a record said which.
  Engine& engine() noexcept { return *engine_; }
  std::unique_ptr<Engine> TakeEngine() noexcept { return std::move(engine_); }
  uint64_t config_hash() const noexcept { return config_hash_; }
  uint32_t epoch() const noexcept { return epoch_; }  // of the latest start; 0: none
  uint32_t engine_release() const noexcept { return engine_release_; }  // of the same
  // The last record said that its process ended in order.
  bool stopped() const noexcept { return stopped_; }
  uint64_t steps() const noexcept { return steps_; }

  // Null where there was no report; nor, for a venue, any word.
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
  uint32_t epoch_ = 0;
  uint32_t engine_release_ = kEngineReleaseUnknown;
  bool stopped_ = false;
  uint64_t steps_ = 0;
  ReportIndex::Pass pass_;
  Effects effects_;
  std::map<SessionId, ReplayedSession> sessions_;
  std::map<VenueId, ReplayedVenue> venues_;
};

}  // namespace ringway
