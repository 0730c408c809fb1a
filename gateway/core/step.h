// The engine's inputs and outputs: the whole interface between pure logic and the world.
//
// Engine::Step(now, input, effects) is a pure function of the engine's state, the time and one
// input. Inputs and effects are wire messages, so a journal of inputs replays to the same state,
// byte for byte.
//
// Time never steps back, not even across processes, although a machine's clock may. Whoever sends
// kStart sets its process's clock to begin at max(wall clock, Engine::now_ns()) and run on from
// there. So token buckets keep filling, and grace periods keep expiring, while the wall clock
// catches up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "base/check.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

using SessionId = uint32_t;  // as configured; 0 is no session
using VenueId = uint16_t;    // as configured; 0 is no venue

// Set in the execId of reports that the gateway makes in a venue's stead; no venue uses these bits.
inline constexpr uint64_t kGatewayExecIdBits = uint64_t{1} << 63;

// The sender of an input, which determines the legal messages.
enum class Origin : uint8_t {
  // id = SessionId: every numbered message of the client once, in order, also one that the engine
  // will refuse (one that cannot be read comes without its payload); and GapFill for numbers that
  // will never come. So the engine's count of requests equals the session's, and a journal of
  // inputs restores both.
  kSession,
  // id = SessionId: logged on; payload Logon (incarnation, cancelOnDisconnect, snapshot wish).
  kSessionUp,
  // id = SessionId: link lost or logged out; payload Logout.
  kSessionDown,
  // id = VenueId:
  //   ExecutionReport, CancelReject  each followed by an ExecutionDetail where it has details
  //   VenueStatus, ReferencePrice
  //   GapFill                        request identifiers below newSeq are in use there, so later
  //                                  ones begin above
  kVenue,
  // id = operator's number:
  //   RiskState           latches or re-arms a kill switch; with `cancel` the open orders there are
  //                       canceled as well
  //   MassCancel          cancels open orders of the session whose number its clOrdId is; 0: of all
  //   ReferencePrice      sets it, however far it jumps
  //   PositionAdjustment  sets what an account holds
  //   Restriction         what an account must not trade
  //   LimitChange         sets a limit
  //   OperatorNote        the comment on the command before it
  kAdmin,
  // Once a millisecond, and whenever Engine::HasWork() after a step: no payload.
  kTimer,
  // id = number of this start of the gateway, above every earlier one, from 1: a new process
  // continues with this state. No payload, or GapFill: identifiers below newSeq may be known to
  // others from a process that left no records. Nobody is logged on, no venue is up until it
  // reports so, and identifiers begin where no lost record can have been.
  kStart,
  // id = 0: the journal takes records; 1: it does not, so orders and replaces are refused
  // (journalUnavailable) and cancels pass. No payload. kStart means 0.
  kJournal,
  // As kSession, of a new order or replace that waited long enough for a venue that takes none:
  // refused (venueBusy), unless something else is wrong with it.
  kSessionBusy,
  // As kSessionBusy, of one that waited for its session's share of the journal's room on a full
  // disk: refused (journalUnavailable).
  kSessionUnrecorded,
  // id = VenueId: its trading day has begun; payload TradingDay. The gateway knows time zones, the
  // engine none, so a replay needs none.
  kTradingDay,
};

// A GapFill for identifiers of venue requests is ignored if it names a higher one: a faulty venue
// must not use up the identifiers.
inline constexpr uint64_t kRequestIdHearsayMax = uint64_t{3} << 62;

// Whether the input carries a session's numbered message.
constexpr bool IsRequest(Origin origin) noexcept {
  return origin == Origin::kSession || origin == Origin::kSessionBusy ||
         origin == Origin::kSessionUnrecorded;
}

struct Input {
  Origin origin;
  uint32_t id;
  FrameType type;
  std::span<const std::byte> payload;  // private memory: nobody changes it during the step
};

// Passes an input to a sink. Returns whether the sink took it; a sink that returns void takes all.
template <class Sink>
inline bool Offer(Sink& sink, const Input& input) {
  if constexpr (std::is_same_v<std::invoke_result_t<Sink&, const Input&>, bool>) {
    return sink(input);
  } else {
    sink(input);
    return true;
  }
}

enum class Target : uint8_t { kSession, kVenue };

// One message that leaves the engine. `seq` is the session's report sequence number. It is 0 for
// messages that are never numbered: everything sent to venues, and session-level messages (frame
// types 1..31, of which the engine sends SessionReject). The client does not count those, so they
// are not kept for retransmission and do not raise the count.
struct Effect {
  Target target;
  FrameType type;
  uint16_t payload_bytes;
  uint32_t id;  // SessionId or VenueId
  uint64_t seq;
  alignas(8) std::array<std::byte, 8 + 13 * 8> payload;

  std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
};
static_assert(sizeof(Effect) == 128);

// The effects of one step, in the order in which they must be journaled and sent. Fixed capacity: a
// step never produces more than kEffectsPerStepMax; longer work (mass cancel, snapshots) continues
// in later kTimer steps.
inline constexpr uint32_t kEffectsPerStepMax = 256;

class Effects {
 public:
  // Leaves no room, for a source that must not add anything now.
  void UseUp() noexcept { count_ = kEffectsPerStepMax; }

  template <Message M>
  void Add(Target target, uint32_t id, uint64_t seq, const M& message) noexcept {
    RINGWAY_CHECK(count_ < kEffectsPerStepMax, "a step produced more effects than its bound");
    Effect& effect = effects_[count_++];
    effect.target = target;
    effect.type = M::kType;
    effect.id = id;
    effect.seq = seq;
    effect.payload_bytes = static_cast<uint16_t>(Encode(message, effect.payload.data()));
  }

  // As Add(), for a message that is already encoded. REQUIRES: at most 8 + 13 * 8 payload bytes.
  void AddEncoded(Target target, uint32_t id, FrameType type, std::span<const std::byte> payload,
                  uint64_t seq = 0) noexcept {
    RINGWAY_CHECK(count_ < kEffectsPerStepMax && payload.size() <= sizeof(Effect::payload),
                  "an encoded message does not fit an effect");
    Effect& effect = effects_[count_++];
    effect.target = target;
    effect.type = type;
    effect.id = id;
    effect.seq = seq;
    effect.payload_bytes = static_cast<uint16_t>(payload.size());
    std::memcpy(effect.payload.data(), payload.data(), payload.size());
  }

  void Clear() noexcept { count_ = 0; }
  uint32_t count() const noexcept { return count_; }
  uint32_t room() const noexcept { return kEffectsPerStepMax - count_; }
  const Effect* begin() const noexcept { return effects_.data(); }
  const Effect* end() const noexcept { return effects_.data() + count_; }

 private:
  uint32_t count_ = 0;
  // Initialised to zeros: the journal copies whole cache lines, and their ends may reach the disk.
  std::array<Effect, kEffectsPerStepMax> effects_{};
};

}  // namespace ringway
