// Applies a record, and keeps what sessions and connectors need of it.
#include "gateway/recovery/replayed_gateway.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/session/journaled_logon.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

absl::Status Differs(const JournalRecord& record, std::string_view what) {
  return absl::DataLossError(absl::StrCat(
      "record ", record.header.sequence, " (position ", record.position, "): ", std::string(what),
      ". Remedy: replay with the version of the gateway that wrote the journal"));
}

absl::Status OfAnotherRelease(const JournalRecord& record, uint32_t release) {
  return absl::FailedPreconditionError(absl::StrCat(
      "record ", record.header.sequence, " (position ", record.position, ") was made by release ",
      release, " of the engine, and this program has release ", kEngineRelease,
      ", whose answers may be others. No snapshot holds that record. Remedy: start "
      "the release that wrote it once and stop it in order (release 0 makes no snapshot then: run "
      "its `ringway journal snapshot` behind that stop); then start this one. Or start this one "
      "once with --accept-release: every effect is compared "
      "with what was recorded, yet the state behind them may differ"));
}

absl::Status NotReadable(const JournalRecord& record) {
  return Differs(record, "its body is not what its type says");
}

// Applies an answer that a connector or the gateway gave instead of the venue.
void FollowOwnAnswer(const Input& input, ReplayedVenue& venue) {
  std::deque<Effect>& requests = venue.requests;
  ExecutionReport report;
  CancelReject reject;
  uint64_t answered = 0;
  if (input.type == FrameType::kExecutionReport &&
      Decode(input.payload, report) == DecodeStatus::kOk) {
    if (IsWithdrawal(report)) {
      const auto order = std::ranges::find(requests, report.orig_cl_ord_id, VenueRequestId);
      if (order != requests.end()) *order = CancelInPlaceOf(report.orig_cl_ord_id, *order);
      return;
    }
    answered = report.cl_ord_id;
  } else if (input.type == FrameType::kCancelReject &&
             Decode(input.payload, reject) == DecodeStatus::kOk) {
    answered = reject.cl_ord_id;
  }
  // The venue never got it and never will: it must not be asked about it again.
  const auto found = std::ranges::find(requests, answered, VenueRequestId);
  if (answered == 0 || found == requests.end()) return;
  requests.erase(found);
  --venue.cursor.sent;
}

// As VenueQueue::PlaceCancels() did.
void PutCancelsFirst(std::deque<Effect>& requests, size_t moved) {
  const auto last = requests.end() - static_cast<std::ptrdiff_t>(std::min(moved, requests.size()));
  std::stable_partition(last, requests.end(), [](const Effect& e) {
    return e.type == FrameType::kCancel && !IsInPlaceOfOrder(e);
  });
}

}  // namespace

const ReplayedSession* ReplayedGateway::session(SessionId id) const noexcept {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

const ReplayedVenue* ReplayedGateway::venue(VenueId id) const noexcept {
  const auto found = venues_.find(id);
  return found == venues_.end() ? nullptr : &found->second;
}

ReplayedSession& ReplayedGateway::SessionOf(SessionId id) {
  return sessions_.try_emplace(id, options_.report_slots).first->second;
}

absl::Status ReplayedGateway::Configure(uint64_t config_hash) {
  if (engine_ != nullptr && config_hash == config_hash_) return absl::OkStatus();
  absl::StatusOr<EngineConfig> config = options_.config_of(config_hash);
  if (!config.ok()) return config.status();
  if (engine_ == nullptr) {
    engine_ = std::make_unique<Engine>(*config);
  } else {
    std::vector<std::byte> saved;
    engine_->Save([&](std::span<const std::byte> piece) {
      saved.insert(saved.end(), piece.begin(), piece.end());
    });
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Restore(*std::move(config), saved);
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
  }
  config_hash_ = config_hash;
  return absl::OkStatus();
}

absl::Status ReplayedGateway::Apply(const JournalRecord& record) {
  start_ = record.header.start;
  stopped_ = false;
  switch (record.header.type) {
    case RecordType::kGatewayStart: {
      GatewayStartBody start;
      if (!ReadGatewayStart(record.body, start)) return NotReadable(record);
      engine_release_ = start.engine_release;
      return Configure(start.config_hash);
    }
    case RecordType::kStep:
      return ApplyStep(record);
    case RecordType::kVenueCursor: {
      VenueCursorBody body;
      if (!ReadBody(record.body, body) || body.venue > UINT16_MAX) return NotReadable(record);
      ReplayedVenue& venue = venues_[static_cast<VenueId>(body.venue)];
      // The venue had everything except the requests that waited in the gateway or for its answer.
      while (venue.requests.size() > body.requests_waiting) venue.requests.pop_front();
      venue.cursor = {body.incarnation, body.requests_sent + venue.requests.size(),
                      body.reports_received};
      return absl::OkStatus();
    }
    case RecordType::kCancelsFirst: {
      CancelsFirstBody body;
      if (!ReadBody(record.body, body) || body.venue > UINT16_MAX) return NotReadable(record);
      PutCancelsFirst(venues_[static_cast<VenueId>(body.venue)].requests, body.requests_moved);
      return absl::OkStatus();
    }
    case RecordType::kStateHash: {
      StateHashBody body;
      if (!ReadBody(record.body, body) || engine_ == nullptr) return NotReadable(record);
      if (engine_->StateHash() == body.state_hash) return absl::OkStatus();
      return Differs(record, "the replayed state has another hash than the gateway's had");
    }
    case RecordType::kGatewayStop:
      return ApplyStop(record);
    case RecordType::kSegmentStart:
      ReportIndex::EnterSegment(pass_, record.cursor());
      return absl::OkStatus();
    case RecordType::kMark:
      return absl::OkStatus();
  }
  return NotReadable(record);
}

absl::Status ReplayedGateway::ApplyStep(const JournalRecord& record) {
  JournaledStep step;
  if (engine_ == nullptr || !ReadStep(record.body, step)) return NotReadable(record);
  if (engine_release_ != kEngineRelease && !options_.accept_release) {
    return OfAnotherRelease(record, engine_release_);
  }
  if (record.header.time_ns < engine_->now_ns()) return Differs(record, "its time steps back");
  if (step.input.origin == Origin::kStart && !engine_->CanStart(step.input.id)) {
    return Differs(record, "its start cannot follow the one before");
  }
  if (step.input.origin == Origin::kStart) {
    for (auto& [id, session] : sessions_) {
      session.next_seq_out_at_start =
          std::min(session.next_seq_out_at_start, engine_->next_seq_out(id));
    }
  }
  effects_->Clear();
  engine_->Step(record.header.time_ns, step.input, *effects_);
  ++steps_;
  if (absl::Status same = Compare(record, step.effects); !same.ok()) return same;
  Follow(step);
  if (options_.report_index != nullptr) NoteReports();
  return absl::OkStatus();
}

absl::Status ReplayedGateway::ApplyStop(const JournalRecord& record) {
  GatewayStopBody body;
  if (!ReadBody(record.body, body) || engine_ == nullptr) return NotReadable(record);
  if (record.header.time_ns < engine_->now_ns()) return Differs(record, "its time steps back");
  stopped_ = true;
  // Another release may count its state otherwise.
  if (engine_release_ != kEngineRelease) return absl::OkStatus();
  effects_->Clear();
  engine_->Step(record.header.time_ns, {Origin::kTimer, 0, FrameType{}, {}}, *effects_);
  if (effects_->count() == 0 && engine_->StateHash() == body.state_hash) return absl::OkStatus();
  return Differs(record, "the replayed state is another than the gateway stopped in");
}

void ReplayedGateway::NoteReports() {
  for (const EffectView& effect : *effects_) {
    if (effect.target != Target::kSession || effect.seq == 0) continue;
    options_.report_index->Note(pass_, effect.id, effect.seq);
  }
}

absl::Status ReplayedGateway::Compare(const JournalRecord& record,
                                      std::span<const std::byte> journaled) const {
  // As one block: the library's comparison of ranges goes byte by byte.
  const std::span<const std::byte> made = effects_->bytes();
  if (made.size() == journaled.size() &&
      (made.empty() || std::memcmp(made.data(), journaled.data(), made.size()) == 0)) {
    return absl::OkStatus();
  }
  uint32_t index = 0;
  EffectView then;
  for (const EffectView& now : *effects_) {
    const bool same = NextEffect(journaled, then) && then.target == now.target &&
                      then.type == now.type && then.id == now.id && then.seq == now.seq &&
                      std::ranges::equal(then.payload, now.payload);
    if (!same) {
      return Differs(record,
                     absl::StrCat("effect ", index, " of the replay is another than was recorded"));
    }
    ++index;
  }
  return Differs(record, "the replay has fewer effects than were recorded");
}

void ReplayedGateway::Follow(const JournaledStep& step) {
  const Input& input = step.input;
  if (input.origin == Origin::kSessionUp) {
    Logon logon;
    if (Decode(input.payload, logon) == DecodeStatus::kOk) {
      ReplayedSession& session = SessionOf(input.id);
      session.incarnation = logon.incarnation;
      session.epoch = EpochOf(logon);
      session.next_seq_out_at_start = UINT64_MAX;
    }
  } else if (input.origin == Origin::kVenue && input.id <= UINT16_MAX) {
    ReplayedVenue& venue = venues_[static_cast<VenueId>(input.id)];
    if (step.venue_report_seq != 0) {
      venue.cursor.received = step.venue_report_seq;
    } else if (!venue.requests.empty()) {
      FollowOwnAnswer(input, venue);
    }
  }
  for (const EffectView& effect : *effects_) {
    if (effect.target == Target::kSession) {
      if (effect.seq == 0) continue;  // never resent
      ResendStore& reports = SessionOf(effect.id).reports;
      if (reports.count() == 0) reports.Restart(effect.seq);
      if (reports.full()) reports.DropOldest();
      reports.StageEncoded(effect.type, effect.bytes());
      reports.Append();
    } else {
      ReplayedVenue& venue = venues_[static_cast<VenueId>(effect.id)];
      // A venue that has never said a count does not count requests.
      if (venue.cursor.incarnation == 0) continue;
      venue.requests.emplace_back(effect);
      ++venue.cursor.sent;
      if (venue.requests.size() > kRequestsKept) venue.requests.pop_front();
    }
  }
}

}  // namespace ringway
