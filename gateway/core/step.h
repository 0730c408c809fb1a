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
#include <new>
#include <span>
#include <type_traits>

#include "base/check.h"
#include "gateway/core/indices.h"
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
  //   OperatorCancel      cancels open orders
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

constexpr std::size_t RoundUpTo8(std::size_t bytes) noexcept {
  return (bytes + 7) & ~std::size_t{7};
}

// What begins an effect, in memory and in a journal: its payload follows, filled up with zeros to a
// multiple of 8.
struct EffectHead {
  Target target;
  FrameType type;
  uint16_t payload_bytes;
  uint32_t id;  // SessionId or VenueId
  uint64_t seq;
};
static_assert(std::is_trivially_copyable_v<EffectHead> && sizeof(EffectHead) == 16);

// One message that leaves the engine, where it lies. `seq` is the session's report sequence number.
// It is 0 for messages that are never numbered: everything sent to venues, and session-level
// messages (frame types 1..31, of which the engine sends SessionReject). The client does not count
// those, so they are not kept for retransmission and do not raise the count.
struct EffectView {
  Target target;
  FrameType type;
  uint32_t id;  // SessionId or VenueId
  uint64_t seq;
  std::span<const std::byte> payload;

  std::span<const std::byte> bytes() const noexcept { return payload; }
};

inline constexpr std::size_t kEffectPayloadBytesMax = 8 + 13 * 8;

// A copy of an effect, for whoever keeps it beyond the step.
struct Effect {
  Target target;
  FrameType type;
  uint16_t payload_bytes;
  uint32_t id;
  uint64_t seq;
  alignas(8) std::array<std::byte, kEffectPayloadBytesMax> payload;

  Effect() = default;
  explicit Effect(const EffectView& from) noexcept
      : target(from.target),
        type(from.type),
        payload_bytes(static_cast<uint16_t>(from.payload.size())),
        id(from.id),
        seq(from.seq) {
    std::memcpy(payload.data(), from.payload.data(), payload_bytes);
  }
  template <Message M>
  Effect(Target to, uint32_t receiver, uint64_t number, const M& message) noexcept
      : target(to), type(M::kType), id(receiver), seq(number) {
    payload_bytes = static_cast<uint16_t>(Encode(message, payload.data()));
  }
  operator EffectView() const noexcept {  // NOLINT(google-explicit-constructor)
    return {target, type, id, seq, bytes()};
  }

  std::span<const std::byte> bytes() const noexcept { return {payload.data(), payload_bytes}; }
};
static_assert(sizeof(Effect) == sizeof(EffectHead) + kEffectPayloadBytesMax);

// The effects of one step, in the order in which they must be journaled and sent. Fixed capacity: a
// step never produces more than kEffectsPerStepMax; longer work (mass cancel, snapshots) continues
// in later kTimer steps.
inline constexpr uint32_t kEffectsPerStepMax = 256;
inline constexpr std::size_t kEffectsBytesMax = kEffectsPerStepMax * sizeof(Effect);

// They lie one behind the other as a journal has them: messages are built where they stay, in
// memory of the object's own or in the journal's record of the step.
class Effects {
 public:
  Effects() = default;
  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;

  class Iterator {
   public:
    using value_type = EffectView;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(const std::byte* at) noexcept : at_(at) {}
    EffectView operator*() const noexcept {
      const EffectHead head = Head();
      return {head.target,
              head.type,
              head.id,
              head.seq,
              {at_ + sizeof(EffectHead), head.payload_bytes}};
    }
    Iterator& operator++() noexcept {
      at_ += sizeof(EffectHead) + RoundUpTo8(Head().payload_bytes);
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    EffectHead Head() const noexcept {
      EffectHead head;
      std::memcpy(&head, at_, sizeof(head));
      return head;
    }
    const std::byte* at_ = nullptr;
  };

  // Removes all; the next ones go to this object's own memory.
  void Clear() noexcept { Clear(own_.data()); }
  // As above, to `memory`, which outlives their use. REQUIRES: room for kEffectsBytesMax bytes,
  // aligned to 8.
  void Clear(std::byte* memory) noexcept {
    begin_ = end_ = memory;
    count_ = 0;
  }
  // Builds the message where it stays: fill(M&) sets the fields of one that is all zero.
  template <Message M, class F>
  void Build(Target target, uint32_t id, uint64_t seq, F&& fill) noexcept {
    NeedRoom();
    M& message = ZeroMessageAt<M>(end_ + sizeof(EffectHead) + kRootBytes);
    fill(message);
    EndBuilt(target, id, seq, message);
  }
  // As above, beginning with a copy of `from`.
  template <Message M, class F>
  void BuildFrom(Target target, uint32_t id, uint64_t seq, const M& from, F&& fill) noexcept {
    NeedRoom();
    M* const message = ::new (end_ + sizeof(EffectHead) + kRootBytes) M(from);
    fill(*message);
    EndBuilt(target, id, seq, *message);
  }

  // As above, of a message that has kWords words, before and after fill(): the last of them is not
  // zero, those behind it are.
  template <uint32_t kWords, Message M, class F>
  void BuildFromFirst(Target target, uint32_t id, uint64_t seq, const M& from, F&& fill) noexcept {
    NeedRoom();
    std::byte* const payload = end_ + sizeof(EffectHead);
    constexpr uint64_t kRoot = RootWord(kWords);
    std::memcpy(payload, &kRoot, sizeof(kRoot));
    std::memcpy(payload + kRootBytes, &from, kWords * kWordBytes);
    fill(*std::launder(reinterpret_cast<M*>(payload + kRootBytes)));
    End({target, M::kType, kRootBytes + kWords * kWordBytes, id, seq});
  }

  template <Message M>
  void Add(Target target, uint32_t id, uint64_t seq, const M& message) noexcept {
    NeedRoom();
    const uint32_t bytes = Encode(message, end_ + sizeof(EffectHead));
    End({target, M::kType, static_cast<uint16_t>(bytes), id, seq});
  }

  uint32_t count() const noexcept { return count_; }
  uint32_t room() const noexcept { return kEffectsPerStepMax - count_; }
  Iterator begin() const noexcept { return Iterator(begin_); }
  Iterator end() const noexcept { return Iterator(end_); }
  // All of them, as a journal has them.
  std::span<const std::byte> bytes() const noexcept { return {begin_, end_}; }

 private:
  // For tests: gateway/journal/testing/sample_steps.h.
  friend void AddEncoded(Effects& effects, Target target, uint32_t id, FrameType type,
                         std::span<const std::byte> payload, uint64_t seq);

  void NeedRoom() const noexcept {
    RINGWAY_CHECK(count_ < kEffectsPerStepMax, "a step produced more effects than its bound");
  }
  // The next one's message stands where it belongs.
  template <Message M>
  void EndBuilt(Target target, uint32_t id, uint64_t seq, const M& message) noexcept {
    const uint32_t bytes = PayloadBytes(message);
    const uint64_t root = RootWord((bytes - kRootBytes) / kWordBytes);
    std::memcpy(end_ + sizeof(EffectHead), &root, sizeof(root));
    End({target, M::kType, static_cast<uint16_t>(bytes), id, seq});
  }
  // The next one's payload is written.
  void End(const EffectHead& head) noexcept {
    std::memcpy(end_, &head, sizeof(head));
    end_ += sizeof(EffectHead) + RoundUpTo8(head.payload_bytes);
    ++count_;
  }

  alignas(8) std::array<std::byte, kEffectsBytesMax> own_;
  std::byte* begin_ = own_.data();
  std::byte* end_ = own_.data();
  uint32_t count_ = 0;
};

}  // namespace ringway
