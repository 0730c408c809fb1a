// Saves and loads a replayed gateway.
//
// Archive() lists the members besides the engine once for both directions. Bytes that pass their
// checksum are checked all the same: sessions and connectors rely on their consistency later.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "gateway/recovery/replayed_gateway.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {
namespace {

// "RWaround" and the format's number, which rises with every change of what is archived.
constexpr uint64_t kFormat = 0x0364'6E75'6F72'5752;
constexpr uint64_t kFormatWithoutLimits = 0x0264'6E75'6F72'5752;
constexpr uint64_t kFormatWithoutEpochs = 0x0164'6E75'6F72'5752;

bool IsRequest(const Effect& request) noexcept {
  NewOrder order;
  Cancel cancel;
  Replace replace;
  switch (request.type) {
    case FrameType::kNewOrder:
      return Decode(request.bytes(), order) == DecodeStatus::kOk;
    case FrameType::kCancel:
      return Decode(request.bytes(), cancel) == DecodeStatus::kOk;
    case FrameType::kReplace:
      return Decode(request.bytes(), replace) == DecodeStatus::kOk;
    default:
      return false;
  }
}

// A message's type, length and bytes. On reading `payload` is room for the longest, and `bytes` 0
// where it does not fit.
template <class A, class Byte>
void ArchiveMessage(A& archive, FrameType& type, uint16_t& bytes, std::span<Byte> payload) {
  archive(type, bytes);
  archive.Require(bytes <= payload.size(), "a message is longer than any");
  if (!archive.ok()) bytes = 0;
  std::span<Byte> used = payload.first(bytes);
  if (bytes != 0) archive.Records(used);
}

template <class Session, class A>
void ArchiveReports(Session& session, uint64_t format, A& archive) {
  auto& reports = session.reports;
  uint64_t first = reports.first();
  archive(session.incarnation, first);
  if (format != kFormatWithoutEpochs) archive(session.epoch);
  if (format == kFormat) archive(session.next_seq_out_at_start);
  const std::size_t count = archive.Count(reports.count(), SIZE_MAX, "reports");
  archive.Require(first != 0 && first <= UINT64_MAX - count, "numbers of reports that cannot be");
  std::array<std::byte, kTwoGranulePayloadBytes> payload;
  if constexpr (A::kLoads) reports.Restart(first);
  for (std::size_t i = 0; i < count && archive.ok(); ++i) {
    FrameType type{};
    uint16_t bytes = 0;
    if constexpr (A::kLoads) {
      ArchiveMessage(archive, type, bytes, std::span<std::byte>(payload));
      archive.Require(IsNumbered(static_cast<uint8_t>(type)), "a report that is never numbered");
      if (reports.full()) reports.DropOldest();
      reports.StageEncoded(type, std::span(payload).first(bytes));
      reports.Append();
    } else {
      const ResendStore::Slot& slot = reports.at(first + i);
      type = slot.type;
      bytes = slot.payload_bytes;
      ArchiveMessage(archive, type, bytes, std::span<const std::byte>(slot.payload));
    }
  }
}

template <class Venue, class A>
void ArchiveRequests(VenueId id, Venue& venue, A& archive) {
  archive(venue.cursor.incarnation, venue.cursor.sent, venue.cursor.received);
  const std::size_t count =
      archive.Count(venue.requests.size(), ReplayedGateway::kRequestsKept, "venue requests");
  archive.Require(venue.cursor.sent >= count, "a venue was sent less than is kept");
  for (std::size_t i = 0; i < count && archive.ok(); ++i) {
    if constexpr (A::kLoads) {
      Effect request{};
      request.target = Target::kVenue;
      request.id = id;
      ArchiveMessage(archive, request.type, request.payload_bytes,
                     std::span<std::byte>(request.payload));
      archive.Require(IsRequest(request), "a venue request that is none");
      venue.requests.push_back(request);
    } else {
      FrameType type = venue.requests[i].type;
      uint16_t bytes = venue.requests[i].payload_bytes;
      ArchiveMessage(archive, type, bytes, std::span<const std::byte>(venue.requests[i].payload));
    }
  }
}

}  // namespace

template <class Self, class A>
void ReplayedGateway::Archive(Self& self, A& archive) {
  uint64_t format = kFormat;
  archive(format);
  archive.Require(
      format == kFormat || format == kFormatWithoutLimits || format == kFormatWithoutEpochs,
      "it is of another version of the gateway, or none");
  const std::size_t sessions = archive.Count(self.sessions_.size(), SIZE_MAX, "sessions");
  auto session = self.sessions_.begin();
  for (std::size_t i = 0; i < sessions && archive.ok(); ++i) {
    SessionId id = 0;
    if constexpr (!A::kLoads) id = session->first;
    archive(id);
    if constexpr (A::kLoads) {
      // Before there is memory for its reports. The engine answers 0 where it has no such session.
      const uint64_t next = self.engine_->next_seq_out(id);
      archive.Require(next != 0 && !self.sessions_.contains(id),
                      "a session that is not configured, or twice");
      if (!archive.ok()) return;
      session = self.sessions_.try_emplace(id, self.options_.report_slots).first;
      ArchiveReports(session->second, format, archive);
      const ResendStore& reports = session->second.reports;
      archive.Require(reports.count() == 0 || reports.next() == next,
                      "a session's reports end elsewhere than the engine's");
      const uint64_t limit = session->second.next_seq_out_at_start;
      archive.Require(limit == UINT64_MAX || (limit != 0 && limit <= next),
                      "a start knew more reports of a session than there are");
    } else {
      ArchiveReports(session->second, format, archive);
      ++session;
    }
  }
  const std::size_t venues = archive.Count(self.venues_.size(), UINT16_MAX, "venues");
  auto venue = self.venues_.begin();
  for (std::size_t i = 0; i < venues && archive.ok(); ++i) {
    VenueId id = 0;
    if constexpr (!A::kLoads) id = venue->first;
    archive(id);
    if constexpr (A::kLoads) {
      const auto made = self.venues_.try_emplace(id);
      archive.Require(made.second, "a venue is there twice");
      venue = made.first;
    }
    ArchiveRequests(id, venue->second, archive);
    if constexpr (!A::kLoads) ++venue;
  }
}

void ReplayedGateway::SaveSurroundings(const StateWriter::Sink& sink) const {
  StateWriter writer(sink);
  Archive(*this, writer);
  writer.Finish();
}

absl::Status ReplayedGateway::Load(const SavedGateway& saved) {
  RINGWAY_CHECK(engine_ == nullptr && sessions_.empty() && venues_.empty(),
                "a saved gateway is loaded into a new one");
  absl::StatusOr<EngineConfig> config = options_.config_of(saved.config_hash);
  if (!config.ok()) return config.status();
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      Engine::Restore(*std::move(config), saved.engine);
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  config_hash_ = saved.config_hash;
  engine_release_ = saved.engine_release;
  StateReader reader(saved.surroundings);
  if (reader.ok()) Archive(*this, reader);
  reader.Finish();
  if (!reader.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("sessions and venues cannot be loaded: ", reader.error()));
  }
  start_ = saved.start;
  steps_ = saved.steps;
  return absl::OkStatus();
}

}  // namespace ringway
