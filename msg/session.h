// Session is a strategy's connection to a gateway: it sends requests and receives reports, each
// exactly once.
//
//   absl::StatusOr<std::unique_ptr<Session>> session = Session::Connect(
//       {.uri = "shm:/run/ringway/gw.sock",
//        .session = 7,
//        .key_file = "/etc/ringway/session-7.key"});
//   if (!session.ok()) return Fail(session.status());
//   SendStatus sent = (*session)->Send(NewOrder{.cl_ord_id = (*session)->NextClOrdId(), ...});
//   while ((*session)->state() == SessionState::kLive) {
//     (*session)->Poll(Handlers{[](const ExecutionReport& report) { ... }}, 64);
//   }
//
// Promises. A request for which Send() returned kOk reaches the gateway's engine exactly once, if
// need be after Reconnect(); any other result means that it never will. Each report reaches the
// handler exactly once and in order. If the gateway no longer has some of them, the handler gets a
// GapFill, then OpenOrder and PositionReport messages with the current state, and SnapshotEnd.
//
// A session belongs to the process that connected it. In a forked child its copy is kLost with end
// kForked, and nothing done to it there, including its destruction, affects the parent's session.
//
// Thread rule: one thread per session object; a process may have many sessions. Connect(),
// Reconnect() and the destructor block or allocate; everything else does neither and throws
// nothing. Call Poll() at least three times per heartbeat interval: the gateway drops a silent
// session.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "msg/auth.h"
#include "msg/handlers.h"
#include "msg/session_core.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/any_link.h"
#include "transport/epoch.h"
#include "transport/link.h"
#include "transport/options.h"
#include "transport/wait.h"

namespace ringway {

struct SessionOptions {
  std::string uri;                     // of the gateway: shm:PATH, rdma://HOST:PORT
  uint32_t session = 0;                // as configured at the gateway, not 0
  std::string key_file = {};           // see SessionKey::FromFile
  std::optional<SessionKey> key = {};  // instead of key_file
  int64_t heartbeat_ns = kNsPerS;  // kHeartbeatNsMin..kHeartbeatNsMax; the gateway may change it
  int64_t connect_timeout_ns = 5 * kNsPerS;  // of Connect() and Reconnect(), logon included
  uint32_t resend_slots = 16'384;            // most requests in flight; 128 bytes each
  bool cancel_on_disconnect = false;  // the gateway cancels the open orders when the session goes
  Durability durability = Durability::kMemory;  // how safe a request is before its OrderAck leaves
  ResumeState resume = {};  // what an earlier process saved; empty: start from a snapshot
  LinkOptions link = {};
  WaitOptions wait = {};  // of WaitAndPoll()
};

// Validates options. Errors name the field and its allowed values.
absl::Status Validate(const SessionOptions& options);

// Makes a link to the gateway: with this epoch or a higher one, and within this time.
template <class L>
using DialLink =
    std::function<absl::StatusOr<std::unique_ptr<L>>(uint32_t epoch, int64_t timeout_ns)>;

namespace session_internal {
// Why a logon failed and what to do about it. `end` is kNone if time ran out.
absl::Status LogonError(const SessionOptions& options, SessionEnd end, LogonRejectReason rejected,
                        LogoutReason logout, uint16_t gateway_version);
absl::StatusOr<SessionCoreOptions> CoreOptions(const SessionOptions& options);
// REQUIRES: Validate() found nothing.
absl::StatusOr<SessionKey> ReadKey(const SessionOptions& options);
}  // namespace session_internal

template <SessionLink L, class Clock = SteadyUnixClock>
class BasicSession {
 public:
  // Connects and logs on. Errors: InvalidArgument (options), errors of dialling, Unauthenticated,
  // FailedPrecondition (the gateway refuses), DeadlineExceeded; each names cause and remedy.
  static absl::StatusOr<std::unique_ptr<BasicSession>> Connect(const SessionOptions& options,
                                                               DialLink<L> dial, Clock clock = {}) {
    const absl::StatusOr<SessionCoreOptions> core = session_internal::CoreOptions(options);
    if (!core.ok()) return core.status();
    std::unique_ptr<BasicSession> session(
        new BasicSession(options, *core, std::move(dial), std::move(clock)));
    const absl::Status status = session->LogOn();
    if (!status.ok()) return status;
    return session;
  }
  // Connects over the transport that options.uri names.
  static absl::StatusOr<std::unique_ptr<BasicSession>> Connect(const SessionOptions& options);

  // Closes the link. The gateway sees a lost session; call Logout() first for an orderly end.
  ~BasicSession() = default;
  BasicSession(const BasicSession&) = delete;
  BasicSession& operator=(const BasicSession&) = delete;

  // kBackPressured: Poll(), then retry (no room on the link or in the resend store, or requests
  // from before a Reconnect() are still being resent). A strategy that reads more slowly than it
  // sends ends up here: the gateway takes no more of its requests while many of its reports are
  // unread, and each report read makes room for more. A strategy may send as fast as Send() allows
  // without losing the session, provided it polls regularly; one that reads nothing for
  // `slow_consumer_after` of the gateway's [sessions] is logged out (kSlowConsumer). kClosed,
  // kNotConnected: see state().
  [[nodiscard]] SendStatus Send(const NewOrder& order) noexcept {
    return core_.Send(order, Publish::kNow);
  }
  [[nodiscard]] SendStatus Send(const Cancel& cancel) noexcept {
    return core_.Send(cancel, Publish::kNow);
  }
  [[nodiscard]] SendStatus Send(const Replace& replace) noexcept {
    return core_.Send(replace, Publish::kNow);
  }
  [[nodiscard]] SendStatus Send(const MassCancel& cancel) noexcept {
    return core_.Send(cancel, Publish::kNow);
  }

  // As Send(), but the gateway need not see it before Flush() or the next Send(): cheaper per
  // request when several are sent at once.
  template <Message M>
  [[nodiscard]] SendStatus SendGathered(const M& request) noexcept {
    return core_.Send(request, Publish::kGather);
  }
  SendStatus Flush() noexcept { return core_.Flush(); }

  // Passes at most `budget` messages to the handler (msg/handlers.h) and returns how many records
  // it took. The handler gets reports and, of the session's own messages, LogonAck (after
  // Reconnect()), GapFill, SessionReject and Logout, if it has an On() for them. The handler may
  // send. Also keeps the session alive: call it even when no message is expected.
  template <class H>
  uint32_t Poll(H&& handler, uint32_t budget) noexcept {
    const uint32_t count = core_.Poll(handler, budget);
    // Reading the clock costs as much as an empty poll: while messages flow it is read only every
    // kPollsPerClock polls.
    if (count == 0 || ++polls_since_clock_ >= kPollsPerClock) Maintain(clock_.NowNs());
    return count;
  }

  // As Poll(), but when there is nothing to take, waits as options.wait says, for at most
  // options.wait.park_limit_ns. For loops that have nothing else to do.
  template <class H>
  uint32_t WaitAndPoll(H&& handler, uint32_t budget) noexcept requires requires(L& link) {
    link.ArmWake();
  }
  {
    if (core_.forked()) return 0;  // sleeping would signal the parent's gateway
    struct Loop {
      BasicSession& session;
      H& handler;
      uint32_t budget;
      uint32_t count = 0;
      bool Arm() noexcept { return session.link().ArmWake(); }
      bool Turn() noexcept { return (count = session.Poll(handler, budget)) != 0; }
      void Disarm() noexcept { session.link().DisarmWake(); }
    };
    Loop loop{*this, handler, budget};
    const bool did_work = loop.Turn();
    const uint32_t count = loop.count;
    waiter_.Idle(did_work, loop);
    return did_work ? count : loop.count;
  }

  // The periodic part of Poll(). It has work at most once a millisecond.
  void Maintain(int64_t now_ns) noexcept {
    polls_since_clock_ = 0;
    if (now_ns - last_maintain_ns_ < kNsPerMs) return;
    last_maintain_ns_ = now_ns;
    core_.Maintain(now_ns);
  }

  // Requests an orderly end; call Poll() until state() is kLoggedOut. Open orders stay, unless the
  // gateway is configured otherwise or options.cancel_on_disconnect is set.
  void Logout() noexcept { core_.Logout(); }

  // Makes a new link for the same session; each side resends what the other lacks, once. Blocks as
  // Connect() does, with the same errors, after which it may be retried. Not from a handler.
  absl::Status Reconnect() { return LogOn(); }

  // Reconnects as a process that lost its memory: unacknowledged requests are dropped, and the
  // handler gets a snapshot. For a gateway that lost its memory (Reconnect() returns
  // "sequenceTooHigh").
  absl::Status ReconnectFresh() {
    core_.Forget(RandomIncarnation());
    return LogOn();
  }

  SessionState state() const noexcept { return core_.state(); }
  SessionEnd end() const noexcept { return core_.end(); }  // why it is not live any more
  LogoutReason logout_reason() const noexcept { return core_.logout_reason(); }
  LogonRejectReason logon_reject_reason() const noexcept { return core_.logon_reject_reason(); }

  uint64_t next_seq_out() const noexcept { return core_.next_seq_out(); }
  uint64_t next_seq_in() const noexcept { return core_.next_seq_in(); }
  // What another process needs to continue from here. In a handler, the current message is counted.
  ResumeState resume_state() const noexcept {
    return {core_.incarnation(), core_.next_seq_out(), core_.next_seq_in(), epoch_};
  }
  // OpenOrder messages that the gateway announced at the last logon.
  uint64_t open_orders_at_logon() const noexcept { return core_.open_orders_at_logon(); }

  // A clOrdId that this session never used, in this process or an earlier one, even if the gateway
  // lost data in a power failure: as long as every clOrdId comes from here, and the clock of this
  // host does not step back between two processes. A reused one is refused (duplicateOrder), as far
  // as the gateway remembers it.
  uint64_t NextClOrdId() noexcept { return next_cl_ord_id_++; }

  int64_t NowNs() noexcept { return clock_.NowNs(); }
  const SessionCounters& counters() noexcept { return core_.counters(); }
  // The current link, or the last one: for its counters and capabilities.
  L& link() noexcept { return *core_.link(); }

 private:
  struct NoHandler {};
  static constexpr uint32_t kPollsPerClock = 64;
  // A clOrdId begins with the microsecond of a logon; no process uses more numbers in one
  // microsecond.
  static constexpr uint32_t kClOrdIdBits = 12;

  BasicSession(const SessionOptions& options, const SessionCoreOptions& core, DialLink<L> dial,
               Clock clock)
      : options_(options),
        dial_(std::move(dial)),
        clock_(std::move(clock)),
        core_(core),
        waiter_(options.wait),
        epoch_(options.resume.epoch) {}

  absl::Status LogOn() {
    if (core_.forked()) return Explain(SessionEnd::kForked);
    const int64_t deadline_ns = clock_.NowNs() + options_.connect_timeout_ns;
    core_.Detach();
    absl::StatusOr<std::unique_ptr<L>> link = dial_(NextEpoch(epoch_), options_.connect_timeout_ns);
    if (!link.ok()) return link.status();
    epoch_ = (*link)->epoch();
    core_.Attach(std::move(*link), clock_.NowNs());
    const absl::Status watched = waiter_.Watch(core_.link()->wake_fd());
    if (!watched.ok()) return watched;
    while (core_.state() == SessionState::kLoggingOn) {
      NoHandler none;
      const uint32_t count = core_.Poll(none, 1);
      const int64_t now_ns = clock_.NowNs();
      core_.Maintain(now_ns);
      if (core_.state() != SessionState::kLoggingOn) break;
      if (now_ns > deadline_ns) {
        core_.Detach();
        return Explain(SessionEnd::kNone);
      }
      if (count == 0) Pause();
    }
    if (core_.state() != SessionState::kLive) return Explain(core_.end());
    next_cl_ord_id_ =
        std::max(next_cl_ord_id_, static_cast<uint64_t>(clock_.NowNs() / kNsPerUs) << kClOrdIdBits);
    return absl::OkStatus();
  }

  // Pauses between two checks for the logon's answer. A simulator's clock advances its world
  // instead.
  void Pause() {
    if constexpr (requires { clock_.Pause(); }) {
      clock_.Pause();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }

  absl::Status Explain(SessionEnd end) const {
    return session_internal::LogonError(options_, end, core_.logon_reject_reason(),
                                        core_.logout_reason(), core_.gateway_version());
  }

  SessionOptions options_;
  DialLink<L> dial_;
  Clock clock_;
  SessionCore<L> core_;
  Waiter waiter_;
  uint32_t epoch_;
  uint32_t polls_since_clock_ = 0;
  int64_t last_maintain_ns_ = 0;
  uint64_t next_cl_ord_id_ = 1;
};

using Session = BasicSession<AnyLink>;

template <>
absl::StatusOr<std::unique_ptr<Session>> Session::Connect(const SessionOptions& options);

}  // namespace ringway
