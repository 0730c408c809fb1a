// What the three parties did, in order: the record that the checker judges and the hash covers.
//
// Every party records for itself: strategies what they sent and were told, the gateway what went
// into and came out of it on either side, venues what they took and said, and at the end everybody
// what he holds. A message is kept as its bytes. Nothing here depends on addresses, threads or the
// real time, so the hash of a seed is the same on every machine.
// Thread rule: one thread. The room is kept from run to run.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::sim {

// `id` is a session's or a venue's number, `seq` the message's number on its way.
enum class EventKind : uint8_t {
  // A strategy's process. Numbers are the session's.
  // Logons have as payload a word: the durability that is asked for.
  kStrategyStart,     // a new one without memory logged on: seq of the next report, other: request
  kStrategyResumed,   // a new one that goes on from its predecessor's record: likewise
  kStrategyBack,      // the same one logged on again: likewise
  kStrategySent,      // Send() said ok
  kStrategyReceived,  // a report
  kStrategyGap,       // reports below seq will never come: a snapshot follows
  kStrategyDied,      // its memory is gone
  // The gateway. Numbers are the session's; towards venues there are none.
  kGatewayTook,   // a request of a session goes to the engine
  kGatewaySaid,   // a report to a session; SessionReject has no number
  kGatewayAsked,  // a request that the venue's connector has taken
  kGatewayHeard,  // a venue's message, by its number, or the connector's in its stead: 0
  // The gateway's process ends, and another one begins. Then it says what its journal told it.
  kGatewaySafe,       // at an end: the session's reports below seq and requests below other would
                      // survive a loss of power
  kGatewayDied,       // killed; other: 1: it had given up promises of durability
  kPowerLost,         // of its machine, when it had died
  kRecoveredSession,  // seq of the next report, other: of the next request
  kRecoveredVenue,    // seq: its last report; other: messages of the connector itself, ever
  kGatewayRecovered,  // other: the last request to a venue, by its number (RequestNumber())
  kGatewayRestored,   // a request from before that no connector had taken
  kGatewayForeign,    // seq: so many requests of before a venue has that the journal has not
  // A venue. Numbers are its own count of requests and reports.
  kVenueLogon,  // the gateway is back: seq of the next report, other: of the next request
  kVenueTook,   // a request
  kVenueSaid,   // a report
  // A new process, which knows nothing of the one before: its book and its counts are gone, and
  // what the gateway had not heard of it. other: its incarnation.
  kVenueStart,
  // At the beginning: nothing new of this session leaves for a venue before it is durable. other:
  // its account.
  kSendsWhenDurable,
  // What bounds on time depend on; check_liveness.cc. A record without bounds is judged by none.
  kBounds,          // payload Bounds
  kSessionDialled,  // over a new link
  // Until the time other nothing is asked of it; 0: until it has logged on over a link that is
  // dialled after this.
  kSessionDisturbed,
  kVenueDialled,  // likewise a venue
  kVenueDisturbed,
  kGatewayDisk,      // other: its fault; 0: it works
  kGatewayDurable,   // the session's reports below seq
  kGatewayHeldBack,  // other: 1: requests of sessions wait for a venue or the journal; 0: none does
  kTradingDay,  // begins at the venue for the gateway; the last of them counts. seq: its number
  // Operators, by number: seq. The payload is the command as the engine gets it.
  kOperatorSaid,       // the gateway hears it next
  kOperatorRefused,    // and did not do it
  kOperatorRecovered,  // seq: the last one that the journal has
  // A gateway that was given another one's member number.
  kMemberHeld,  // id: venue, which must refuse it from now on
  kMemberFree,  // and may not any more; other: so many orders of the other one it has to end
  // What everybody holds, when all is quiet. Begins with kProbe.
  kProbe,
  kGatewayOrder,     // id: session; payload OpenOrder; other: the venue's name of the order
  kGatewayPosition,  // id: account; other: instrument; payload Holding
  kGatewayCounts,    // payload Counts
  kVenueOrder,       // id: venue; payload OpenOrder
  kVenuePosition,    // id: venue; payload Holding
};
// Requests to venues are numbered through in the upper bits of their names; docs/adr/0006.
constexpr uint64_t RequestNumber(uint64_t venue_request_id) noexcept {
  return venue_request_id >> 24;
}

inline constexpr uint32_t kEventKinds = static_cast<uint32_t>(EventKind::kVenuePosition) + 1;

struct Event {
  EventKind kind{};
  FrameType type{};
  uint16_t payload_bytes = 0;
  uint32_t id = 0;
  uint64_t seq = 0;
  uint64_t other = 0;
  int64_t time_ns = 0;
  std::array<std::byte, kTwoGranulePayloadBytes> payload{};

  std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
  bool SameMessage(const Event& o) const noexcept {
    return type == o.type && payload_bytes == o.payload_bytes &&
           std::memcmp(payload.data(), o.payload.data(), payload_bytes) == 0;
  }
};

// What a world's bounds on time follow from, in ns of its own time.
struct Bounds {
  uint64_t turn = 0;              // the longest time between two turns of everybody
  uint64_t wire = 0;              // until the bytes of a write are all there
  uint64_t ring = 0;              // of a link, in bytes
  uint64_t sync = 0;              // of the gateway's disk, while it works
  uint64_t link_dead = 0;         // until the silence of a link is its end
  uint64_t retry = 0;             // the longest pause between two attempts to reach a venue
  uint64_t logon = 0;             // the longest time for a venue to answer one
  uint64_t anew = 0;              // that a venue waits for a member before another one begins anew
  uint64_t queue = 0;             // requests that may wait for a venue
  uint64_t reports = 0;           // that the gateway keeps for a session
  uint64_t durable_sessions = 0;  // a bit for each session that asks for durable acknowledgements
};

// Of an account in an instrument.
struct Holding {
  uint64_t account = 0;
  uint64_t instrument = 0;
  int64_t quantity = 0;  // bought minus sold
  uint64_t open_buy = 0;
  uint64_t open_sell = 0;
};

// What the gateway's engine has counted of venues that make no sense.
struct Counts {
  uint64_t duplicate_reports = 0;
  uint64_t unknown_reports = 0;
  uint64_t malformed_reports = 0;
  uint64_t overfills = 0;
  uint64_t late_fills = 0;
  uint64_t busts = 0;
};

// An event as one line: for whoever looks into a failing seed.
std::string Text(const Event& event);

class Recorder {
 public:
  // `now_ns` is the world's clock and outlives the recorder's use.
  void Start(const int64_t* now_ns) noexcept {
    events_.clear();
    now_ns_ = now_ns;
    hash_ = 0x72696e67;
    progress_ = 0;
  }

  void Add(EventKind kind, uint32_t id, uint64_t seq, FrameType type,
           std::span<const std::byte> payload, uint64_t other = 0) {
    Event& event = events_.emplace_back();
    event.kind = kind;
    event.type = type;
    event.id = id;
    event.seq = seq;
    event.other = other;
    event.time_ns = *now_ns_;
    event.payload_bytes = static_cast<uint16_t>(std::min(payload.size(), event.payload.size()));
    if (!payload.empty()) std::memcpy(event.payload.data(), payload.data(), event.payload_bytes);
    Fold(event);
    // Prices are repeated for ever and become durable, and a venue that refuses is tried again;
    // everything else ends when all is quiet.
    progress_ += type != FrameType::kReferencePrice && kind != EventKind::kVenueDialled &&
                 kind != EventKind::kGatewayDurable;
  }
  void AddNumbers(EventKind kind, uint32_t id, uint64_t seq, uint64_t other = 0) {
    Add(kind, id, seq, FrameType{}, {}, other);
  }
  template <Message M>
  void Add(EventKind kind, uint32_t id, uint64_t seq, const M& message, uint64_t other = 0) {
    std::array<std::byte, kMaxPayloadBytes<M>> payload;
    const uint32_t bytes = Encode(message, payload.data());
    Add(kind, id, seq, M::kType, {payload.data(), bytes}, other);
  }
  // Plain words.
  template <class T>
  void AddPlain(EventKind kind, uint32_t id, const T& value, uint64_t other = 0) {
    static_assert(std::has_unique_object_representations_v<T>);
    Add(kind, id, 0, FrameType{}, std::as_bytes(std::span(&value, 1)), other);
  }
  // Forgets what was added since a mark.
  struct Mark {
    size_t events;
    uint64_t hash;
    uint64_t progress;
  };
  Mark Here() const noexcept { return {events_.size(), hash_, progress_}; }
  void Rewind(const Mark& mark) {
    events_.resize(mark.events);
    hash_ = mark.hash;
    progress_ = mark.progress;
  }

  void Fold(uint64_t word) noexcept { hash_ = (std::rotl(hash_, 23) ^ word) * 0x9e3779b97f4a7c15u; }

  const std::vector<Event>& events() const noexcept { return events_; }
  // Events but reference prices: when it stands still, nothing happens.
  uint64_t progress() const noexcept { return progress_; }
  uint64_t hash() const noexcept {  // the finaliser of SplitMix64, see base/random.h
    uint64_t z = hash_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  void Fold(const Event& event) noexcept {
    Fold(static_cast<uint64_t>(event.kind) << 56 | static_cast<uint64_t>(event.type) << 48 |
         uint64_t{event.payload_bytes} << 32 | event.id);
    Fold(event.seq);
    Fold(event.other ^ static_cast<uint64_t>(event.time_ns) << 1);
    for (uint32_t at = 0; at < event.payload_bytes; at += sizeof(uint64_t)) {
      uint64_t word;  // the payload's room ends at a word, and what is behind the message is zero
      std::memcpy(&word, event.payload.data() + at, sizeof(word));
      Fold(word);
    }
  }

  std::vector<Event> events_;
  const int64_t* now_ns_ = nullptr;
  uint64_t hash_ = 0;
  uint64_t progress_ = 0;
};

// One for each gateway with its strategies; what venues do is in that of the gateway it is for.
inline constexpr uint32_t kSitesMax = 2;
using Recorders = std::array<Recorder, kSitesMax>;

}  // namespace ringway::sim
