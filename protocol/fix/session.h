// The FIX session: one end of a FIX 4.2, FIX 4.4 or FIXT 1.1 session, initiator or acceptor, as a
// state machine without sockets, clock or store: bytes and time in, bytes and events out.
//
// A session outlives its connections and this process. What must survive is Numbers. The rules
// under which nothing is lost and nothing comes twice, whatever instant the process is killed at:
//
//  1. OnNumbers(numbers) comes before the bytes that depend on it are in output(). The caller
//     makes the numbers durable before it sends bytes of output() that came after the call. (A
//     caller that makes them durable in the background lets through output() up to the
//     output_position() that it noted in the latest OnNumbers() that is durable.)
//  2. OnMessage(message) is called with next_in = message.sequence; OnNumbers() with the next one
//     follows after it was taken. Either both are recorded as one, or the message, with its
//     sequence and the generation, is recorded first. A restart continues with next_in = the
//     greater of the recorded one and one more than the last recorded message of that generation.
//  3. What is sent and may be asked for again (OnRecall) is recorded with the number from Sent
//     before its bytes leave. What is not on record is gap-filled: the peer learns that it will not
//     come. An order is never sent again: OnRecall() answers kGapFill for it, and the order's fate
//     is asked of the venue.
//  4. Restore() gives a new process's session these numbers before its first Connect().
//
// Then no number is used twice, the peer gets each message once or hears that its number is void,
// and likewise this end (OnMessage, OnGap). A reset (ResetSeqNumFlag, a new period of the schedule)
// is a new generation: numbers start with 1, and what the peer had not received before is not
// recoverable by FIX means. OnNumbers() tells of it by the generation.
//
// Errors of the peer end in what the protocol prescribes (a Reject, a Logout) or in kClosing, with
// reason(). Thread rule: one thread. Nothing allocates after construction, nothing throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "protocol/fix/framer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/schedule.h"
#include "protocol/fix/session_config.h"
#include "protocol/fix/session_handler.h"
#include "protocol/fix/tags.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"

namespace ringway::fix {

struct SessionCounters {
  uint64_t received = 0;         // messages with a right CheckSum
  uint64_t sent = 0;             // resent ones included
  uint64_t garbled = 0;          // skipped
  uint64_t duplicates = 0;       // PossDup with a number that was here before
  uint64_t resend_requests = 0;  // sent
  uint64_t resent = 0;           // application messages sent again, with PossDup
  uint64_t rejects = 0;          // session-level Rejects sent
  uint64_t out_of_order = 0;     // with a number too high, not kept: the peer sends them again
};

enum class SendStatus : uint8_t {
  kOk,
  kBackPressured,  // nothing happened: output is full, or a resend is under way
  kNotActive,      // nothing happened: not logged on
  kRefused,        // nothing happened: the message is too large or holds what FIX does not allow
};

// What Send() did.
struct Sent {
  SendStatus status = SendStatus::kNotActive;
  WriteError error = WriteError::kNone;  // of kRefused
  uint64_t sequence = 0;                 // of kOk
  // Of kOk: the fields behind SendingTime (52), for the caller's store. Valid until the next call.
  std::string_view body = {};
};

class Session {
 public:
  // A resend goes on at the next Tick() after so many messages.
  static constexpr uint32_t kResendsPerTurn = 64;
  // A gap that is not filled is asked for again so often, then the session ends.
  static constexpr uint32_t kResendRequestsMax = 3;
  // Numbers above are refused: no arithmetic on them can overflow.
  static constexpr uint64_t kSequenceMax = uint64_t{1} << 48;
  // Output that administrative messages keep free of application messages; reading stops while less
  // than kAnswerBytes is free.
  static constexpr uint32_t kReserveBytes = 4'096;
  static constexpr uint32_t kAnswerBytes = 2'048;

  // REQUIRES: CheckSessionConfig(config).ok(). `tags` and `handler` outlive the session.
  Session(const SessionConfig& config, const WantedTags& tags, SessionHandler& handler);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Continues where an earlier process stopped. REQUIRES: state() == kDisconnected.
  void Restore(const Numbers& numbers) noexcept { numbers_ = numbers; }
  // The next Logon begins with number 1 and says so; for an operator. REQUIRES: an initiator.
  void ResetAtNextLogon() noexcept;

  // The connection is up. An initiator's Logon is in output(). False: the schedule says no, and
  // reason() tells; the caller closes the connection. REQUIRES: state() == kDisconnected.
  bool Connect(int64_t now_ns) noexcept;
  // The connection is gone; what is in output() is dropped.
  void Disconnected() noexcept;

  // Takes bytes that the peer sent and returns how many it is done with. The rest is offered again,
  // with what came after it: an incomplete message, or one that the handler did not take, or
  // everything while output() has no room for answers. The rest is at most message_bytes_max while
  // nothing refuses.
  size_t Receive(int64_t now_ns, std::string_view input) noexcept;

  // Drives timers and resends; at least every tenth of the heartbeat interval.
  void Tick(int64_t now_ns) noexcept;

  // Sends an application message, or a Reject (35=3) of one that OnMessage() took and whose fields
  // are missing or malformed: `body(Writer&)` writes its fields.
  template <class Body>
  Sent Send(int64_t now_ns, std::string_view msg_type, Body&& body) noexcept {
    Writer writer(nullptr, nullptr);
    if (const SendStatus status = StartSend(now_ns, msg_type, writer); status != SendStatus::kOk)
      return {.status = status};
    body(writer);
    return FinishSend(writer);
  }

  // Whether the peer has taken everything up to a message of this connection: a TestRequest is sent
  // and answered, and sent again where the peer had numbers sent again, which voids it. Called in
  // each turn until it is true.
  bool Probe(int64_t now_ns) noexcept;

  // Asks the peer to end the session. `text` may be empty.
  void Logout(int64_t now_ns, std::string_view text) noexcept;

  // Bytes for the peer, and how many of them the connection took. In kClosing the caller sends what
  // it can, closes the connection and calls Disconnected().
  std::string_view output() const noexcept {
    return {output_.get() + output_begin_, output_end_ - output_begin_};
  }
  void Consumed(size_t bytes) noexcept;
  // Bytes produced since construction, up to the end of output(): see rule 1.
  uint64_t output_position() const noexcept { return output_position_; }

  SessionState state() const noexcept { return state_; }
  const Numbers& numbers() const noexcept { return numbers_; }
  // Why the latest connection ended or is ending; printable ASCII. Empty while nothing is wrong.
  std::string_view reason() const noexcept { return {reason_.data(), reason_bytes_}; }
  // Whether messages of the peer are missing that it was asked to send again.
  bool recovering() const noexcept { return gap_through_ != 0; }
  // Whether the peer is sent old messages again: Send() is back-pressured meanwhile.
  bool resending() const noexcept { return resend_next_ != 0; }
  int64_t heartbeat_ns() const noexcept { return heartbeat_ns_; }
  const SessionCounters& counters() const noexcept { return counters_; }
  const SessionConfig& config() const noexcept { return config_; }

 private:
  enum class Logons : uint8_t { kFirst, kAgain };

  // session.cc: life, timers, output.
  void Enter(SessionState state) noexcept;
  void SetReason(std::string_view text, std::string_view more = {}) noexcept;
  // Ends the connection without a message.
  void Close(std::string_view reason, std::string_view more = {}) noexcept;
  // Ends the session by a Logout that says why, without waiting for an answer.
  void End(int64_t now_ns, std::string_view reason) noexcept;
  bool RollPeriod(int64_t now_ns) noexcept;
  void ResetNumbers() noexcept;
  void NumbersChanged() noexcept { handler_.OnNumbers(numbers_); }
  void TickActive(int64_t now_ns, int64_t passed_ns) noexcept;
  SendStatus StartSend(int64_t now_ns, std::string_view msg_type, Writer& writer) noexcept;
  Sent FinishSend(Writer& writer) noexcept;
  size_t free_bytes() const noexcept {
    return config_.output_bytes - (output_end_ - output_begin_);
  }
  // Free bytes at the end of the output, which has room for a message there if it has any.
  std::span<char> Room() noexcept;
  void Commit(std::string_view message) noexcept;
  // Sends an administrative message with the next number; false if there is no room.
  template <class Body>
  bool SendAdmin(int64_t now_ns, std::string_view msg_type, Body&& body) noexcept {
    Writer writer = encoder_.Start(
        Room(), {.msg_type = msg_type, .sequence = numbers_.next_out, .sending_time_ns = now_ns});
    body(writer);
    const std::string_view message = encoder_.Finish(writer);
    if (message.empty()) return false;
    ++numbers_.next_out;
    NumbersChanged();
    Commit(message);
    return true;
  }
  void SendLogon(int64_t now_ns, bool reset) noexcept;
  void SendLogout(int64_t now_ns, std::string_view text) noexcept;

  // session_receive.cc, session_logon.cc: what the peer says. Those with a result return false if
  // the message is to come again.
  std::string_view Get(uint8_t slot) const noexcept { return message_.Get(slot); }
  bool OnFrame(int64_t now_ns, const Frame& frame) noexcept;
  void OnFirst(int64_t now_ns, const ParseResult& parsed) noexcept;
  bool OnInSequence(int64_t now_ns, const ParseResult& parsed) noexcept;
  bool Dispatch(int64_t now_ns) noexcept;
  void OnTooHigh(int64_t now_ns) noexcept;
  void OnTooLow(int64_t now_ns) noexcept;
  void EndTooLow(int64_t now_ns) noexcept;
  void OnLogon(int64_t now_ns, Logons which) noexcept;
  void OnLogout(int64_t now_ns, bool in_sequence) noexcept;
  void OnSequenceReset(int64_t now_ns) noexcept;
  void OnResendRequest(int64_t now_ns) noexcept;
  void OnTestRequest(int64_t now_ns) noexcept;
  void OnHeartbeat() noexcept;
  bool CompIdsMatch() const noexcept;
  // Whether SendingTime and OrigSendingTime are as they should be; otherwise it is answered.
  bool TimesAreRight(int64_t now_ns) noexcept;
  void Reject(int64_t now_ns, RejectReason reason, uint32_t tag, std::string_view text) noexcept;
  // The message with number next_in is done, and those before `next`.
  void CountUpTo(uint64_t next) noexcept;
  void NoteGap(int64_t now_ns, bool request) noexcept;
  void RequestResend(int64_t now_ns) noexcept;

  // session_resend.cc
  void StartResend(uint64_t begin, uint64_t end) noexcept;
  void PumpResend(int64_t now_ns) noexcept;
  bool SendGapFill(int64_t now_ns, uint64_t sequence, uint64_t next) noexcept;

  const SessionConfig config_;
  Parser parser_;
  SessionHandler& handler_;
  const std::string_view begin_string_;
  Encoder encoder_;
  TimestampReader times_;
  Numbers numbers_;
  SessionState state_ = SessionState::kDisconnected;
  Schedule::Period period_;

  std::unique_ptr<char[]> output_;
  size_t output_begin_ = 0;
  size_t output_end_ = 0;
  uint64_t output_position_ = 0;

  int64_t heartbeat_ns_ = 0;  // 0: none
  int64_t last_tick_ns_ = 0;  // 0: none since Connect()
  int64_t quiet_ns_ = 0;      // since this end last sent something
  int64_t silent_ns_ = 0;     // of the peer, as long as this end could have heard it
  int64_t waited_ns_ = 0;     // in this state
  int64_t stuck_ns_ = 0;      // since the connection last took output
  int64_t gap_ns_ = 0;        // since the gap last became smaller
  bool test_request_sent_ = false;
  static constexpr uint64_t kProbeAnswered = UINT64_MAX;
  uint64_t offered_ = 0;  // the message that the handler did not take; 0: none
  uint64_t probe_ = 0;    // the number of the TestRequest; 0: none is under way
  bool stalled_ = false;  // input waits for the handler or for room in output
  uint32_t gap_requests_ = 0;
  uint64_t gap_through_ = 0;  // the highest number seen beyond a gap; 0: no gap
  uint64_t resend_next_ = 0;  // 0: no resend under way
  uint64_t resend_end_ = 0;   // the last number asked for; 0: all
  uint64_t fill_from_ = 0;    // numbers from here to resend_next_ are gap-filled next; 0: none

  std::array<Slot, WantedTags::kSlotsMax + 1> slots_;
  Message message_;  // that is being handled
  SessionCounters counters_;
  std::array<char, 192> reason_{};
  size_t reason_bytes_ = 0;
};

}  // namespace ringway::fix
