// Implements gateway_record.h: turns a journal into events.
#include "tests/e2e/kills/gateway_record.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/config/kept_config.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/engine/engine.h"
#include "gateway/journal/file_source.h"
#include "gateway/journal/reader.h"
#include "gateway/journal/record.h"
#include "gateway/recovery/replayed_gateway.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "tests/e2e/kills/market.h"
#include "tests/e2e/kills/strategy_memory.h"
#include "tests/sim/holdings.h"

namespace ringway::kills {
namespace {

using sim::Event;
using sim::EventKind;

constexpr uint64_t kGatewaysBits = 2;  // the two highest of execId: its own answer

Event MakeEvent(EventKind kind, uint32_t id, uint64_t seq, FrameType type,
                std::span<const std::byte> payload, uint64_t other = 0) {
  Event event;
  event.kind = kind;
  event.id = id;
  event.seq = seq;
  event.type = type;
  event.other = other;
  event.payload_bytes = static_cast<uint16_t>(std::min(payload.size(), event.payload.size()));
  if (!payload.empty()) std::memcpy(event.payload.data(), payload.data(), event.payload_bytes);
  return event;
}

class JournalEvents {
 public:
  explicit JournalEvents(GatewayRecord& out) : out_(out) {}

  void On(const JournalRecord& record) {
    ++out_.records;
    now_ns_ = record.header.time_ns;
    VenueCursorBody cursor;
    CancelsFirstBody moved;
    JournaledStep step;
    if (record.header.type == RecordType::kGatewayStart) {
      ++out_.starts;
      out_.halts.OnStart();
    } else if (record.header.type == RecordType::kVenueCursor && ReadBody(record.body, cursor)) {
      BeginIncarnation(cursor);
    } else if (record.header.type == RecordType::kCancelsFirst && ReadBody(record.body, moved)) {
      PutCancelsFirst(moved);
    } else if (record.header.type == RecordType::kStep && ReadStep(record.body, step)) {
      out_.halts.On(step);
      OnStep(step);
    }
  }

  // Drops requests that were queued for a venue and answered before they could be sent, and those
  // that were to change them: the venue never got them.
  void DropUnsent() {
    std::size_t to = 0;
    for (std::size_t from = 0; from != out_.events.size(); ++from) {
      if (!moved_.contains(from)) out_.events[to++] = out_.events[from];
    }
    out_.events.resize(to);
    std::erase_if(out_.events, [this](const GatewayEvent& e) {
      Cancel cancel;
      Replace replace;
      CancelReject reject;
      if (e.event.kind == EventKind::kVenueStart) return e.event.other == 0;  // not known yet
      if (e.event.kind == EventKind::kGatewayAsked) {
        if (e.event.type == FrameType::kCancel &&
            Decode(e.event.bytes(), cancel) == DecodeStatus::kOk &&
            unsent_.count(cancel.orig_cl_ord_id) != 0) {
          unsent_.insert(cancel.cl_ord_id);
        }
        if (e.event.type == FrameType::kReplace &&
            Decode(e.event.bytes(), replace) == DecodeStatus::kOk &&
            unsent_.count(replace.orig_cl_ord_id) != 0) {
          unsent_.insert(replace.cl_ord_id);
        }
        return unsent_.count(RequestIdOf(e.event)) != 0;
      }
      return e.event.kind == EventKind::kGatewayHeard && e.event.type == FrameType::kCancelReject &&
             Decode(e.event.bytes(), reject) == DecodeStatus::kOk &&
             unsent_.count(reject.cl_ord_id) != 0;
    });
  }

 private:
  // A venue's process as known to the gateway.
  struct Venue {
    uint64_t incarnation = 0;
    std::optional<std::size_t> book_lost_at;  // a start whose incarnation is not known yet
  };

  // The loss of a book is recorded before the incarnation of the new one: the venue started there,
  // and what was heard in between comes from the new process.
  void BeginIncarnation(const VenueCursorBody& cursor) {
    Venue& venue = venues_[cursor.venue];
    const uint64_t before = std::exchange(venue.incarnation, cursor.incarnation);
    if (!venue.book_lost_at) {
      Add(MakeEvent(EventKind::kVenueStart, cursor.venue, 0, FrameType{}, {}, venue.incarnation),
          venue.incarnation);
      return;
    }
    const std::size_t start = *std::exchange(venue.book_lost_at, std::nullopt);
    out_.events[start].event.other = venue.incarnation;
    out_.events[start].incarnation = venue.incarnation;
    for (std::size_t i = start + 1; i != out_.events.size(); ++i) {
      GatewayEvent& heard = out_.events[i];
      if (heard.event.kind == EventKind::kGatewayHeard && heard.event.id == cursor.venue &&
          heard.incarnation == before) {
        heard.incarnation = venue.incarnation;
      }
    }
  }
  void NoteBookLost(uint32_t venue) {
    if (const auto start = venues_[venue].book_lost_at) {
      // A gateway was killed before it could record the incarnation, and has sent nothing: to the
      // next gateway the venue starts once more and repeats everything.
      for (std::size_t place = *start + 1; place != out_.events.size(); ++place) {
        const Event& event = out_.events[place].event;
        if (event.kind == EventKind::kGatewayHeard && event.id == venue && event.seq != 0) {
          moved_.insert(place);
        }
      }
      return;
    }
    venues_[venue].book_lost_at = out_.events.size();
    Add(MakeEvent(EventKind::kVenueStart, venue, 0, FrameType{}, {}, 0));
  }

  void Add(Event event, uint64_t incarnation = 0) {
    event.time_ns = now_ns_;
    out_.events.push_back({event, incarnation});
  }

  // Whether the event is a request to the venue that may not have been sent yet.
  bool MayLeave(std::size_t place, uint32_t venue) const {
    const Event& event = out_.events[place].event;
    return event.kind == EventKind::kGatewayAsked && event.id == venue && !moved_.contains(place) &&
           unsent_.count(RequestIdOf(event)) == 0;
  }

  // The last requests to a venue have not been sent yet, and are sent in another order.
  void PutCancelsFirst(const CancelsFirstBody& body) {
    std::vector<Event> requests;
    for (std::size_t place = out_.events.size(); place-- != 0;) {
      if (requests.size() == body.requests_moved) break;
      if (!MayLeave(place, body.venue)) continue;
      requests.push_back(out_.events[place].event);
      moved_.insert(place);
    }
    std::ranges::reverse(requests);
    std::stable_partition(requests.begin(), requests.end(), [](const Event& request) {
      Cancel cancel;
      return request.type == FrameType::kCancel &&
             Decode(request.bytes(), cancel) == DecodeStatus::kOk &&
             cancel.cl_ord_id != cancel.orig_cl_ord_id;
    });
    for (const Event& request : requests) Add(request);
  }

  // The order was canceled before it was sent: a cancel of itself is sent in its place.
  void PutCancelInPlaceOf(uint64_t order_id, uint32_t venue) {
    for (std::size_t place = out_.events.size(); place-- != 0;) {
      Event& event = out_.events[place].event;
      if (!MayLeave(place, venue) || RequestIdOf(event) != order_id) continue;
      std::array<std::byte, kMaxPayloadBytes<Cancel>> payload;
      const uint32_t bytes =
          Encode(Cancel{.cl_ord_id = order_id, .orig_cl_ord_id = order_id}, payload.data());
      const int64_t time_ns = event.time_ns;
      event = MakeEvent(EventKind::kGatewayAsked, venue, 0, Cancel::kType, {payload.data(), bytes});
      event.time_ns = time_ns;
      return;
    }
  }

  void OnStep(const JournaledStep& step) {
    const Input& input = step.input;
    if (IsRequest(input.origin)) {
      uint64_t& next = next_took_.try_emplace(input.id, 1).first->second;
      Add(MakeEvent(EventKind::kGatewayTook, input.id, next, input.type, input.payload));
      GapFill fill;
      const bool gap =
          input.type == FrameType::kGapFill && Decode(input.payload, fill) == DecodeStatus::kOk;
      next = gap ? fill.new_seq : next + 1;
    } else if (input.origin == Origin::kVenue && !IsOwnAnswer(input)) {
      const uint64_t seq = step.venue_report_seq;
      VenueStatus status;
      if (input.type == FrameType::kVenueStatus &&
          Decode(input.payload, status) == DecodeStatus::kOk &&
          status.state == VenueState::kBookLost) {
        NoteBookLost(input.id);
      }
      Add(MakeEvent(EventKind::kGatewayHeard, input.id, seq, input.type, input.payload),
          seq != 0 ? venues_[input.id].incarnation : 0);
    }
    // Reports first: only what was acknowledged may be requested.
    for (const Target target : {Target::kSession, Target::kVenue}) {
      std::span<const std::byte> rest = step.effects;
      for (EffectView effect; NextEffect(rest, effect);) {
        if (effect.target != target) continue;
        const EventKind kind =
            target == Target::kSession ? EventKind::kGatewaySaid : EventKind::kGatewayAsked;
        Add(MakeEvent(kind, effect.id, effect.seq, effect.type, effect.payload));
      }
    }
  }

  bool IsOwnAnswer(const Input& input) {
    ExecutionReport report;
    if (input.type != FrameType::kExecutionReport ||
        Decode(input.payload, report) != DecodeStatus::kOk ||
        report.exec_id >> 62 != kGatewaysBits) {
      return false;
    }
    if (IsWithdrawal(report)) {
      PutCancelInPlaceOf(report.orig_cl_ord_id, input.id);
    } else {
      unsent_.insert(report.cl_ord_id);
    }
    return true;
  }

  GatewayRecord& out_;
  std::map<uint32_t, uint64_t> next_took_;
  std::set<uint64_t> unsent_;
  std::unordered_set<std::size_t> moved_;  // places of events that were moved or are repeated
  std::map<uint32_t, Venue> venues_;
  int64_t now_ns_ = 0;
};

}  // namespace

absl::StatusOr<GatewayRecord> ReadGateway(const std::string& directory, uint32_t sessions) {
  absl::StatusOr<std::unique_ptr<FileSource>> source = FileSource::Open(directory, "/dev/shm");
  if (!source.ok()) return source.status();
  JournalReader reader(**source);
  if (absl::Status opened = reader.Open(); !opened.ok()) return opened;
  ReplayedGateway replayed(
      {.config_of = [&](uint64_t hash) { return KeptEngineConfig(directory, hash); }});
  GatewayRecord out;
  JournalEvents events(out);
  JournalRecord record;
  JournalReader::Result result;
  while ((result = reader.Next(record)) == JournalReader::Result::kRecord) {
    // First: a venue's new process counts from its own step on.
    events.On(record);
    if (absl::Status applied = replayed.Apply(record); !applied.ok()) return applied;
  }
  if (result == JournalReader::Result::kFailed) return reader.status();
  if (out.starts == 0) return absl::NotFoundError(directory + ": the journal is empty");
  events.DropUnsent();
  const int64_t no_time_ns = 0;
  sim::Recorder recorder;
  recorder.Start(&no_time_ns);
  std::vector<SessionId> ids(sessions);
  std::iota(ids.begin(), ids.end(), 1);
  sim::RecordHoldings(replayed.engine(), ids, recorder);
  out.holdings = recorder.events();
  return out;
}

}  // namespace ringway::kills
