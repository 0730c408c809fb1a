// The Link concept: opaque records between two peers, in order, each delivered once.
//
// A link is two rings, one each way (transport/RING.md draws them). ring_link.h makes one of a
// backend's memory port; transport/any_link.h holds one of any backend. Thread rule: one link
// belongs to one thread. Nothing here blocks or allocates after the link is made.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/counters.h"
#include "transport/options.h"

namespace ringway {

// Frame types 240..255 are the link's own (PAD, CTRL); users of a link send 0..239.
inline constexpr uint8_t kFirstReservedFrameType = 240;

// The result of every sending call. Back-pressure is a result, never a spin.
enum class SendStatus : uint8_t {
  kOk,
  kBackPressured,  // not enough credit from the peer yet: poll, then retry
  kNotConnected,   // the link is still being set up
  kTooLarge,       // more than Caps::payload_bytes_max: will never fit
  kClosed,         // closed by either side, or the peer is dead
};
std::string_view Name(SendStatus status) noexcept;

// A span of the outgoing ring to be filled in place; valid until Commit(), Abort() or the next
// TryClaim().
struct Claim {
  std::byte* data = nullptr;
  uint32_t bytes = 0;
  SendStatus status = SendStatus::kClosed;
  explicit operator bool() const noexcept { return status == SendStatus::kOk; }
  static constexpr Claim Refused(SendStatus why) noexcept { return {nullptr, 0, why}; }
  // 8-byte aligned; its content is undefined.
  std::span<std::byte> payload() const noexcept { return {data, bytes}; }
};
// Returned in registers: through memory, every message would wait for the claim's stores.
static_assert(sizeof(Claim) == 16);

// One received record. The payload is a private copy, valid during the callback: the peer cannot
// change it.
struct Record {
  uint8_t type;
  std::span<const std::byte> payload;  // 8-byte aligned
};

// Whether Commit() publishes the record at once or may batch it with those that follow. A gathered
// record becomes visible at Flush(), at the next kNow, or when Caps::gather_frames_max of them have
// been gathered.
enum class Publish : uint8_t { kNow, kGather };

enum class LinkState : uint8_t { kLive, kSuspect, kClosed };
std::string_view Name(LinkState state) noexcept;

// Why a link is kClosed.
enum class CloseReason : uint8_t {
  kNone,
  kLocal,         // Close() was called here
  kPeerClosed,    // orderly, by the peer
  kPeerDead,      // process gone, or heartbeats missed
  kPeerViolated,  // torn frame that stays torn, bad length, CRC, or credit that went backwards or
                  // ahead
  kSupersededEpoch,  // a newer epoch of the same link took over
  kDeviceGone,       // this side's device failed or was removed
};
std::string_view Name(CloseReason reason) noexcept;

// What a link can do. Fixed once it is live.
struct Caps {
  uint32_t ring_bytes = 0;         // of each direction
  uint32_t payload_bytes_max = 0;  // largest record
  uint32_t gather_frames_max = 0;
  uint32_t inline_bytes_max = 0;  // 0 if the port has no inline writes
  bool ordered_stores = false;    // the peer sees stores in order: the head alone commits a frame
  bool crc = false;               // frames carry a CRC32C that the receiver checks
  bool huge_pages = false;
  bool data_in_order = false;  // what the device claims; never relied on
};

// Counted by the link and its port; all are monotonic.
struct LinkCounters {
  uint64_t frames_sent = 0;
  uint64_t frames_received = 0;
  uint64_t pads_sent = 0;
  // Work requests, or publishing stores where the port has ordered stores.
  uint64_t writes_posted = 0;
  uint64_t bytes_posted = 0;
  uint64_t completions = 0;
  uint64_t state_lines_sent = 0;
  uint64_t back_pressured = 0;  // TryClaim() calls with that result
  uint64_t wakes_sent = 0;
  uint64_t frames_torn = 0;     // polls that saw a frame whose tail had not arrived
  uint64_t frames_refused = 0;  // CRC, length or type
};
inline constexpr CounterRow<LinkCounters> kLinkCounters[] = {
    {"frames_sent", &LinkCounters::frames_sent},
    {"frames_received", &LinkCounters::frames_received},
    {"pads_sent", &LinkCounters::pads_sent},
    {"writes_posted", &LinkCounters::writes_posted},
    {"bytes_posted", &LinkCounters::bytes_posted},
    {"completions", &LinkCounters::completions},
    {"state_lines_sent", &LinkCounters::state_lines_sent},
    {"back_pressured", &LinkCounters::back_pressured},
    {"wakes_sent", &LinkCounters::wakes_sent},
    {"frames_torn", &LinkCounters::frames_torn},
    {"frames_refused", &LinkCounters::frames_refused},
};
static_assert(HaveEvery(kLinkCounters), "a counter without a row");

// Where it shows that a link's next record has come: one load and a comparison, for those who watch
// many links. Without a place to look only Poll() tells.
struct ArrivalSign {
  const std::byte* head = nullptr;  // of the next frame, 8-byte aligned; null: only Poll() tells
  uint32_t seq = 0;

  // Poll() has something to do: a record, most likely. Acquires nothing: Poll() does.
  bool Shows() const noexcept {
    return head == nullptr ||
           __atomic_load_n(reinterpret_cast<const uint32_t*>(head), __ATOMIC_RELAXED) == seq;
  }
};

// Takes one record. A sink that returns bool refuses it by returning false: Poll() ends, and the
// next one offers the same record first. A link that holds a refused record is polled with such
// sinks only.
template <class S>
concept RecordSink = std::invocable<S&, const Record&>;

template <class S>
inline constexpr bool SinkMayRefuse = std::is_same_v<std::invoke_result_t<S&, const Record&>, bool>;

// Offers a record to a sink. Returns whether the sink took it.
template <RecordSink S>
inline bool HandOver(S& sink, const Record& record) {
  if constexpr (SinkMayRefuse<S>) {
    return sink(record);
  } else {
    sink(record);
    return true;
  }
}

template <class L>
concept Link = requires(L link, const L const_link, uint32_t n, uint8_t type, uint8_t code,
                        int64_t now_ns, void (*sink)(const Record&)) {
  // Claims room for a record of n payload bytes, or says why there is none. A second TryClaim()
  // drops an uncommitted first claim.
  { link.TryClaim(n) }
  noexcept->std::same_as<Claim>;
  // Publishes the claimed record under the given type.
  { link.Commit(type, Publish::kNow) }
  noexcept->std::same_as<SendStatus>;
  // Publishes everything gathered so far.
  { link.Flush() }
  noexcept->std::same_as<SendStatus>;
  // Delivers at most n records to the sink, stops when it refuses one, and returns how many it
  // took.
  { link.Poll(sink, n) }
  noexcept->std::same_as<uint32_t>;
  // Holds until Poll() takes a record, a record is sent, or the link's state is no longer kLive. In
  // a sink: of the record behind the one in hand.
  { const_link.Arrival() }
  noexcept->std::same_as<ArrivalSign>;
  // The record that Poll() would deliver next, where it lies; without payload.data() where none is
  // seen. In a sink: the one behind that in hand. It is a hint: unchecked, and the peer may be
  // changing it while it is read.
  { const_link.Peek() }
  noexcept->std::same_as<Record>;
  // Heartbeats, liveness and credit. Call it about once a millisecond.
  { link.Maintain(now_ns) }
  noexcept->std::same_as<LinkState>;
  // Orderly end, also from inside a sink; the peer can still receive what was committed. A code
  // other than 0 reaches the peer after all of it, even when the ring is full; with it the layer
  // above says why it closes.
  { link.Close() }
  noexcept;
  { link.Close(code) }
  noexcept;
  // The code that the peer closed with; 0: none.
  { const_link.peer_close_code() }
  noexcept->std::same_as<uint8_t>;
  { const_link.state() }
  noexcept->std::same_as<LinkState>;
  { const_link.close_reason() }
  noexcept->std::same_as<CloseReason>;
  { const_link.epoch() }
  noexcept->std::same_as<uint32_t>;
  { const_link.caps() }
  noexcept->std::same_as<const Caps&>;
  { const_link.counters() }
  noexcept->std::same_as<const LinkCounters&>;
  // Whom it belongs to, as the handshake established it.
  { const_link.identity() }
  noexcept->std::same_as<const LinkIdentity&>;
  // For a takeover: neither side sends any more. True once Poll() finds all that will ever have
  // come; false while the peer's power to write is still being ended: call it again.
  { link.Sever() }
  noexcept->std::same_as<bool>;
  // For sleeping; wait.h drives them. wake_fd() is -1 where nothing becomes readable: then a waiter
  // sleeps only briefly.
  { link.ArmWake() }
  noexcept->std::same_as<bool>;
  { link.DisarmWake() }
  noexcept;
  { const_link.wake_fd() }
  noexcept->std::same_as<int>;
};

}  // namespace ringway
