// The client's end of a session: logon, numbering, resending, heartbeats and logout, without its
// own clock, sockets or waiting. msg/session.h wraps it for users.
//
// Thread rule: one thread. Nothing allocates after construction but Attach().
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/born_here.h"
#include "base/check.h"
#include "base/probe.h"
#include "msg/auth.h"
#include "msg/handlers.h"
#include "msg/sequenced_link.h"
#include "msg/sequences.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

enum class SessionState : uint8_t {
  kDetached,    // never had a link
  kLoggingOn,   // linked, the gateway has not answered yet
  kLive,        // requests can be sent
  kLoggingOut,  // Logout() was called; what the gateway still sends is delivered
  kLoggedOut,   // ended in an orderly way by either side
  kLost,        // the link or the gateway's trust is lost
};
std::string_view Name(SessionState state) noexcept;

// Why a session is kLoggedOut or kLost.
enum class SessionEnd : uint8_t {
  kNone,
  kRequested,           // Logout() was called here
  kLoggedOutByGateway,  // logout_reason() says why
  kLogonRejected,       // logon_reject_reason() says why
  kLinkLost,            // the gateway's process or the network is gone
  kHeartbeatTimeout,    // the gateway is silent
  kNotAuthentic,        // the gateway could not prove that it holds the session's key
  kProtocolError,       // the gateway broke the protocol
  kForked,  // this is a forked child: the session belongs to the parent and continues there
};
std::string_view Name(SessionEnd end) noexcept;

// What a restarting client must know to continue where it stopped. A client without it (incarnation
// 0) gets the gateway's numbers and a snapshot of its open orders.
struct ResumeState {
  uint64_t incarnation = 0;
  uint64_t next_seq_out = 0;  // of the next request
  uint64_t next_seq_in = 0;   // of the next report
  uint32_t epoch = 0;         // of the last link
};

struct SessionCoreOptions {
  uint32_t session = 0;
  SessionKey key;
  int64_t heartbeat_ns = 0;
  uint32_t resend_slots = 0;
  bool cancel_on_disconnect = false;
  Durability durability = Durability::kMemory;
  ResumeState resume;  // incarnation not 0
};

// All are monotonic.
struct SessionCounters {
  uint64_t requests_sent = 0;       // those that Send() accepted
  uint64_t reports_received = 0;    // each once
  uint64_t duplicates_dropped = 0;  // reports that a resend repeated
  uint64_t reports_lost = 0;        // bridged by GapFill; OpenOrder messages give the state instead
  uint64_t requests_lost = 0;  // never reached the gateway and are no longer kept: see ResumeState
  uint64_t unknown_received = 0;  // types that only a newer schema knows
  uint64_t logons = 0;
};

template <SessionLink L>
class SessionCore {
 public:
  explicit SessionCore(const SessionCoreOptions& options)
      : options_(options), incarnation_(options.resume.incarnation), line_(options.resend_slots) {
    RINGWAY_CHECK(incarnation_ != 0, "a session has an incarnation");
    outbound().TouchMemory();
    fresh_ = options.resume.next_seq_out == 0;
    snapshot_wanted_ = options.resume.next_seq_in == 0;
    if (!fresh_) outbound().Restart(options.resume.next_seq_out);
    if (!snapshot_wanted_) inbound().Restart(options.resume.next_seq_in);
  }

  // Begins a logon over a new link; closes a previous one. Not from inside Poll().
  void Attach(std::unique_ptr<L> link, int64_t now_ns) {
    RINGWAY_CHECK(!polling_, "a handler must not reconnect its session");
    Detach();
    line_.Attach(std::move(link), now_ns, options_.heartbeat_ns);
    end_ = SessionEnd::kNone;
    logon_sent_ = logging_out_ = logout_due_ = logout_untold_ = false;
  }

  // Closes the link, if there is one, without telling the gateway.
  void Detach() noexcept {
    if (line_.attached() && born_here_.Here()) End(SessionEnd::kLinkLost);
  }

  // Acts as after the loss of the client's memory: nothing is resent, numbers come from the
  // gateway.
  void Forget(uint64_t incarnation) noexcept {
    incarnation_ = incarnation;
    fresh_ = snapshot_wanted_ = true;
  }

  // Numbers, keeps and sends a request.
  template <Message M>
  SendStatus Send(const M& request, Publish publish) noexcept {
    static_assert(IsRequestType(static_cast<uint8_t>(M::kType)), "clients send requests");
    if (!CanSend() || !born_here_.Here()) [[unlikely]]
      return WhyNot();
    return outbound().Send(*link(), request, publish);
  }
  SendStatus Flush() noexcept {
    return state() == SessionState::kLive ? link()->Flush() : WhyNot();
  }

  // Takes at most `budget` records from the link and passes the handler those meant for it.
  template <class H>
  uint32_t Poll(H& handler, uint32_t budget) noexcept {
    if (!line_.attached() || forked()) [[unlikely]] {
      if (!forked() && std::exchange(logout_untold_, false)) {
        Deliver(handler, ringway::Logout{.reason = logout_reason_});
      }
      return 0;
    }
    auto sink = [this, &handler](const Record& record) noexcept { Receive(record, handler); };
    polling_ = true;
    // One at a time while logging on: what follows the answer is for the user's handler.
    const uint32_t count = line_.Poll(sink, logging_on() ? 1 : budget);
    polling_ = false;
    if (!line_.attached()) return count;
    if (!outbound().caught_up() && CanSend()) [[unlikely]] {
      (void)outbound().Pump(*link(), Publish::kNow);
    }
    // On a new link the logon comes first, and it acknowledges as well.
    if (!logging_on() && inbound().unacknowledged() >= kAcknowledgeEvery) SendHeartbeat();
    return count;
  }

  // Logon, heartbeats and liveness. Call it after Poll(), about once a millisecond.
  void Maintain(int64_t now_ns) noexcept {
    if (!line_.attached() || forked()) return;
    const Upkeep upkeep = line_.Maintain(now_ns);
    if (upkeep == Upkeep::kLinkEnded) return EndAsTheLinkDid();
    if (upkeep == Upkeep::kPeerSilent) return End(SessionEnd::kHeartbeatTimeout);
    if (logging_on()) {
      if (!logon_sent_ && link()->state() == LinkState::kLive) SendLogon();
      return;
    }
    if (logout_due_) SendLogout();
    if (line_.HeartbeatDue()) SendHeartbeat();
  }

  // Ends the session in an orderly way. What the gateway sent before it learned of it is still
  // delivered; poll until the state is kLoggedOut.
  void Logout() noexcept {
    if (!born_here_.Here()) return;
    if (std::exchange(logging_out_, true)) return;
    if (!line_.attached() || logging_on()) return End(SessionEnd::kRequested);
    line_.Drain();
    SendLogout();
  }

  SessionState state() const noexcept {
    if (forked()) return SessionState::kLost;
    switch (line_.phase()) {
      case LinkPhase::kNone:
        return end_ == SessionEnd::kNone ? SessionState::kDetached : SessionState::kLoggedOut;
      case LinkPhase::kLoggingOn:
        return SessionState::kLoggingOn;
      case LinkPhase::kLive:
      case LinkPhase::kDraining:
        return logging_out_ ? SessionState::kLoggingOut : SessionState::kLive;
      case LinkPhase::kOver:
        break;
    }
    const bool orderly = end_ == SessionEnd::kRequested || end_ == SessionEnd::kLoggedOutByGateway;
    return orderly ? SessionState::kLoggedOut : SessionState::kLost;
  }
  SessionEnd end() const noexcept { return forked() ? SessionEnd::kForked : end_; }
  // In a forked child every call is a no-op: the session belongs to the parent.
  bool forked() const noexcept { return !born_here_.Here(); }
  LogoutReason logout_reason() const noexcept { return logout_reason_; }
  LogonRejectReason logon_reject_reason() const noexcept { return logon_reject_reason_; }
  uint16_t gateway_version() const noexcept { return gateway_version_; }
  uint64_t next_seq_out() const noexcept { return outbound().next_seq(); }
  uint64_t next_seq_in() const noexcept { return line_.inbound().next_seq(); }
  uint64_t incarnation() const noexcept { return incarnation_; }
  uint64_t open_orders_at_logon() const noexcept { return open_orders_at_logon_; }
  const Outbound& outbound() const noexcept { return line_.outbound(); }
  const SessionCounters& counters() const noexcept { return counters_; }
  L* link() noexcept { return line_.link(); }

 private:
  Outbound& outbound() noexcept { return line_.outbound(); }
  Inbound& inbound() noexcept { return line_.inbound(); }
  bool logging_on() const noexcept { return line_.phase() == LinkPhase::kLoggingOn; }
  bool CanSend() const noexcept { return line_.phase() == LinkPhase::kLive; }
  SendStatus WhyNot() const noexcept {
    const SessionState now = state();
    return now == SessionState::kDetached || now == SessionState::kLoggingOn
               ? SendStatus::kNotConnected
               : SendStatus::kClosed;
  }

  void End(SessionEnd why) noexcept {
    if (line_.phase() == LinkPhase::kOver) return;
    end_ = why;
    line_.End();
  }

  // The link has ended and everything on it was delivered. If there was no room for a Logout, the
  // close code tells why.
  void EndAsTheLinkDid() noexcept {
    const uint8_t code = link()->peer_close_code();
    if (code == 0 || logging_on()) return End(SessionEnd::kLinkLost);
    Handle(ringway::Logout{.reason = static_cast<LogoutReason>(code)});
    logout_untold_ = true;
  }

  void SendLogon() noexcept {
    ringway::Logon logon{.session = options_.session,
                         .version = kSessionProtocolVersion,
                         .cancel_on_disconnect = options_.cancel_on_disconnect,
                         .durability = options_.durability,
                         .incarnation = incarnation_,
                         .next_seq_out = fresh_ ? 0 : outbound().next_seq(),
                         .next_seq_in = snapshot_wanted_ ? 0 : inbound().next_seq(),
                         .heartbeat_ns = static_cast<uint64_t>(options_.heartbeat_ns)};
    Sign(options_.key, BindingOf(*link()), logon);
    logon_sent_ = line_.Tell(logon) == SendStatus::kOk;
    RINGWAY_PROBE(session_logon_sent);
  }

  // Sent after everything that Send() accepted.
  void SendLogout() noexcept {
    logout_due_ = true;
    if (outbound().Pump(*link(), Publish::kNow) != SendStatus::kOk) return;
    const ringway::Logout logout{.next_seq_out = outbound().next_on_link(),
                                 .reason = LogoutReason::kRequested};
    logout_due_ = line_.Tell(logout) == SendStatus::kBackPressured;
  }

  void SendHeartbeat() noexcept {
    if (!line_.SendHeartbeat(inbound().next_seq())) return;  // retried at the next call
    RINGWAY_PROBE(session_acknowledged);
    inbound().Acknowledged();
  }

  template <class H>
  void Receive(const Record& record, H& handler) noexcept {
    if (!line_.attached()) return;
    const auto type = static_cast<FrameType>(record.type);
    if (logging_on()) {
      ReceiveLogonAnswer(type, record.payload, handler);
    } else if (IsReportType(record.type)) [[likely]] {
      if (!inbound().Count()) {
        ++counters_.duplicates_dropped;
        return;
      }
      ++counters_.reports_received;
      RINGWAY_PROBE(session_report_counted);
      const DecodeStatus status = Dispatch(
          type, record.payload, [&handler](const auto& message) { Deliver(handler, message); });
      RINGWAY_PROBE(session_report_delivered);
      if (status == DecodeStatus::kUnknownType) {
        ++counters_.unknown_received;
      } else if (status != DecodeStatus::kOk) {
        End(SessionEnd::kProtocolError);
      }
    } else {
      ReceiveSessionMessage(type, record.payload, handler);
    }
  }

  template <class H>
  void ReceiveLogonAnswer(FrameType type, std::span<const std::byte> payload, H& handler) noexcept {
    LogonAck ack;
    LogonReject reject;
    if (type == FrameType::kLogonAck && Decode(payload, ack) == DecodeStatus::kOk) {
      AcceptLogon(ack);
      if (line_.phase() == LinkPhase::kLive) Deliver(handler, ack);
    } else if (type == FrameType::kLogonReject && Decode(payload, reject) == DecodeStatus::kOk) {
      logon_reject_reason_ = reject.reason;
      gateway_version_ = reject.version;
      End(SessionEnd::kLogonRejected);
      Deliver(handler, reject);
    } else {
      End(SessionEnd::kProtocolError);
    }
  }

  void AcceptLogon(const LogonAck& ack) noexcept {
    if (!logon_sent_ || ack.session != options_.session ||
        !Verify(options_.key, BindingOf(*link()), ack)) {
      return End(SessionEnd::kNotAuthentic);
    }
    const uint64_t reports_next = snapshot_wanted_ ? ack.next_seq_out : inbound().next_seq();
    if (ack.next_seq_in == 0 || ack.next_seq_in > kSequenceMax || ack.next_seq_out > kSequenceMax ||
        ack.next_seq_out < std::max(reports_next, uint64_t{1}) || ack.incarnation != incarnation_ ||
        ack.heartbeat_ns < uint64_t{kHeartbeatNsMin} ||
        ack.heartbeat_ns > uint64_t{kHeartbeatNsMax}) {
      return End(SessionEnd::kProtocolError);
    }
    if (fresh_ || ack.next_seq_in >= outbound().next_seq()) {
      // The gateway has everything, perhaps more than this process remembers sending.
      outbound().Restart(ack.next_seq_in);
    } else {
      counters_.requests_lost += outbound().ResumeAt(ack.next_seq_in, options_.resend_slots);
    }
    inbound().Restart(reports_next);
    gateway_version_ = ack.version;
    open_orders_at_logon_ = ack.open_orders;
    fresh_ = snapshot_wanted_ = false;
    line_.GoLive(static_cast<int64_t>(ack.heartbeat_ns));
    ++counters_.logons;
    RINGWAY_PROBE(session_logged_on);
  }

  template <class H>
  void ReceiveSessionMessage(FrameType type, std::span<const std::byte> payload,
                             H& handler) noexcept {
    const DecodeStatus status = Dispatch(type, payload, [&](const auto& message) {
      this->Handle(message);
      Deliver(handler, message);
    });
    if (status == DecodeStatus::kUnknownType && IsSessionType(static_cast<uint8_t>(type))) {
      ++counters_.unknown_received;
    } else if (status != DecodeStatus::kOk) {
      End(SessionEnd::kProtocolError);
    }
  }

  void Handle(const Heartbeat& heartbeat) noexcept {
    switch (line_.OnHeartbeat(heartbeat)) {
      case HeartbeatFault::kNone:
        return;
      case HeartbeatFault::kNeverSent:
        return End(SessionEnd::kProtocolError);
      case HeartbeatFault::kNotReceived:
        return line_.AskAgain();
    }
  }
  void Handle(const ResendRequest& request) noexcept {
    if (!outbound().Rewind(request.begin_seq)) End(SessionEnd::kProtocolError);
  }
  void Handle(const GapFill& fill) noexcept {
    if (fill.new_seq == 0 || fill.new_seq > kSequenceMax) return End(SessionEnd::kProtocolError);
    counters_.reports_lost += inbound().FillGap(fill.new_seq);
  }
  void Handle(const ringway::Logout& logout) noexcept {
    logout_reason_ = logout.reason;
    End(logging_out_ ? SessionEnd::kRequested : SessionEnd::kLoggedOutByGateway);
  }
  void Handle(const SessionReject&) noexcept {}  // for the handler
  template <class M>
  void Handle(const M&) noexcept {  // Logon, a second LogonAck, requests: never sent by a gateway
    End(SessionEnd::kProtocolError);
  }

  BornHere born_here_;
  SessionCoreOptions options_;
  uint64_t incarnation_;
  SequencedLink<L> line_;
  SessionEnd end_ = SessionEnd::kNone;
  LogoutReason logout_reason_ = LogoutReason::kUnset;
  LogonRejectReason logon_reject_reason_ = LogonRejectReason::kUnset;
  uint16_t gateway_version_ = 0;
  bool fresh_ = true;            // the gateway's number for the next request is not known
  bool snapshot_wanted_ = true;  // nor that of the next report
  bool logon_sent_ = false;
  bool logging_out_ = false;    // Logout() was called on this link
  bool logout_due_ = false;     // ... and has not been sent yet
  bool logout_untold_ = false;  // the handler has not been told of the gateway's Logout
  bool polling_ = false;
  uint64_t open_orders_at_logon_ = 0;
  SessionCounters counters_;
};

}  // namespace ringway
