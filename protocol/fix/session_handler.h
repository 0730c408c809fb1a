// What a FIX session tells its owner, and asks of it. session.h has the rules.
//
// Calls come from inside the session's functions: an implementation must not call the session
// except for its const functions. Thread rule: the session's thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"

namespace ringway::fix {

enum class SessionState : uint8_t {
  kDisconnected,
  kLogonAwaited,  // acceptor: the first message must be a Logon
  kLogonSent,     // initiator: the answer must be a Logon
  kActive,
  kLogoutSent,      // this end asked to end the session
  kLogoutAnswered,  // the peer asked, and closes the connection
  kClosing,         // the caller closes the connection
};
std::string_view Name(SessionState state) noexcept;

// What must survive this process.
struct Numbers {
  uint64_t next_out = 1;        // of the next message sent
  uint64_t next_in = 1;         // of the next message expected
  uint64_t generation = 0;      // rises whenever both begin with 1 again
  int64_t period_start_ns = 0;  // of the schedule's period that they belong to
  // A Logon with ResetSeqNumFlag (141) was sent and not answered: the next one has it too.
  bool reset_pending = false;

  friend bool operator==(const Numbers&, const Numbers&) = default;
};

// A received message; its bytes are the caller's buffer, until the return.
struct Message {
  Frame frame;
  std::string_view type = {};
  uint64_t sequence = 0;
  int64_t sending_time_ns = 0;
  bool poss_dup = false;     // PossDupFlag (43): sent again under this number
  bool poss_resend = false;  // PossResend (97): may have been sent before, under another number
  std::span<const Slot> slots = {};

  // A wanted tag's value, by WantedTags::SlotOf(); empty if the message does not have it.
  std::string_view Get(uint8_t slot) const noexcept {
    return {frame.message.data() + slots[slot].offset, slots[slot].bytes};
  }
  // The same as a number; an error, kEmpty too, leaves it as it was.
  [[nodiscard]] ValueError Decimal(uint8_t slot, int64_t& nanos) const noexcept {
    return ParseDecimalInside(Get(slot), nanos);
  }
  [[nodiscard]] ValueError Unsigned(uint8_t slot, uint64_t& value) const noexcept {
    return ParseUnsignedInside(Get(slot), value);
  }
};

// The answer to OnRecall().
struct Recalled {
  enum class Kind : uint8_t {
    kGapFill,  // numbers up to `through` are void
    kResend,   // the message follows, with PossDupFlag
    kLater,    // it is being fetched: asked again at the next Tick()
  };
  Kind kind = Kind::kGapFill;
  uint64_t through = 0;
  std::string_view msg_type = {};
  std::string_view body = {};   // Sent::body of that time; valid until the next call
  int64_t sending_time_ns = 0;  // of that time
};

// A Logon that is about to be sent.
struct LogonDraft {
  // Fields are added here (RawData and its length, a venue's own).
  Writer& body;
  uint64_t sequence;
  int64_t sending_time_ns;
  // "8=" up to SendingTime (52) with its SOH, as it is sent but for BodyLength: what is signed.
  std::string_view head;
};

class SessionHandler {
 public:
  // The numbers changed; rule 1 of session.h.
  virtual void OnNumbers(const Numbers& numbers) noexcept = 0;

  // An application message, each number once and in order. False: it is not taken, and comes first
  // at the next Receive().
  [[nodiscard]] virtual bool OnMessage(const Message& message) noexcept = 0;

  // The peer says that the numbers from `first` to before `next` will not come: administrative
  // messages, or application messages that it does not send again.
  virtual void OnGap(uint64_t first, uint64_t next) noexcept = 0;
  // Likewise, and by a SequenceReset without GapFillFlag: application messages may be among them.
  virtual void OnReset(uint64_t first, uint64_t next) noexcept { OnGap(first, next); }

  // An application message in its turn that this end refuses by a Reject: it is malformed, or of a
  // time that cannot be. It does not come again.
  virtual void OnRefused(const Message& message) noexcept { static_cast<void>(message); }

  // The peer asks for number `sequence`, and up to `last` after it.
  virtual Recalled OnRecall(uint64_t sequence, uint64_t last) noexcept = 0;

  virtual void OnState(SessionState state) noexcept { static_cast<void>(state); }

  // The peer's Logon, before it counts: whoever holds the credentials judges it. Not empty: it is
  // refused for this reason, which the peer is not told, and no number is used.
  virtual std::string_view OnLogon(const Message& logon) noexcept {
    static_cast<void>(logon);
    return {};
  }
  virtual void OnLogonDraft(LogonDraft& draft) noexcept { static_cast<void>(draft); }

  // The peer rejects a message of this end (35=3); RefSeqNum (45) says which.
  virtual void OnReject(const Message& reject) noexcept { static_cast<void>(reject); }

 protected:
  ~SessionHandler() = default;
};

}  // namespace ringway::fix
