// The gateway's end of one session.
//
// It numbers and keeps reports, feeds them to the link as the link takes them, passes on numbered
// messages in order and once, well-formed or not, and answers violations in the session's own
// messages. It decides neither who may log on nor when it is polled: session_layer.h does. Thread
// rule: the engine's thread. Nothing allocates after construction but Begin().
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/probe.h"
#include "gateway/core/session_numbers.h"
#include "gateway/core/step.h"
#include "gateway/session/journaled_logon.h"
#include "gateway/session/report_archive.h"
#include "gateway/session/session_options.h"
#include "gateway/session/session_roster.h"
#include "msg/auth.h"
#include "msg/sequenced_link.h"
#include "msg/sequences.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway {

template <SessionLink L>
class GatewaySession {
 public:
  GatewaySession(const SessionConfig& config, const SessionLayerOptions& options,
                 SessionLayerCounters& counters)
      : id_(config.id),
        key_(config.key),
        disabled_(config.disabled),
        violations_max_(options.violations_max),
        durability_max_(options.durability_max),
        heartbeat_default_ns_(options.heartbeat_default_ns),
        slow_consumer_after_ns_(options.slow_consumer_after_ns),
        archive_(options.archive),
        incarnation_(config.incarnation),
        line_(config.report_slots),
        safe_seq_in_(config.next_seq_in),
        acknowledged_(config.next_seq_in),
        resumable_to_(config.next_seq_out_recorded),
        counters_(counters) {
    outbound().Restart(config.next_seq_out);
    inbound().Restart(config.next_seq_in);
  }

  // Touches the memory of the reports once, so that no report pays for page faults. Any thread.
  void TouchMemory() noexcept {
    // Relaxed: it publishes nothing.
    if (!touched_.exchange(true, std::memory_order_relaxed)) outbound().TouchMemory();
  }

  SessionId id() const noexcept { return id_; }
  // Why the session cannot log on; empty: it can.
  const std::string& disabled() const noexcept { return disabled_; }
  const SessionKey& key() const noexcept { return key_; }
  uint64_t incarnation() const noexcept { return incarnation_; }
  uint64_t next_seq_in() const noexcept { return inbound().next_seq(); }
  uint64_t next_seq_out() const noexcept { return outbound().next_seq(); }
  const ResendStore& reports() const noexcept { return outbound().store(); }
  uint64_t first_unacknowledged() const noexcept { return outbound().first_unacknowledged(); }
  // Its reports and the acknowledgement of its requests wait for Release(): it was promised more
  // than Durability::kMemory.
  bool holds() const noexcept { return holds_; }
  // True when so many reports wait that no more requests may be taken: for Release(), or for the
  // client to make room on the link. Reports that are on the link do not count: their
  // acknowledgement may come behind requests, so it is received only by reading from the client.
  // Nor do reports from before the logon, which a returning client may take its time for.
  bool crowded() const noexcept {
    const uint64_t half = outbound().store().capacity() / 2;
    return outbound().next_seq() - std::max(outbound().next_on_link(), logon_seq_out_) > half
               ? line_.phase() != LinkPhase::kDraining
               : holds_ && outbound().next_seq() - safe_seq_out_ > half;
  }
  // Logged on, and not ended.
  bool live() const noexcept { return line_.attached(); }
  LinkPhase phase() const noexcept { return line_.phase(); }
  // Of its present link; null: it has none.
  const LinkCounters* link_counters() const noexcept {
    return live() ? &line_.link()->counters() : nullptr;
  }
  // Logged on and ended: the engine has to be told, then TakeLink().
  bool ended() const noexcept { return line_.phase() == LinkPhase::kOver; }
  // kUnset: the link was lost.
  LogoutReason end_reason() const noexcept { return end_reason_; }

  // Whether this (authentic) logon is consistent with the session's state; kUnset: it is.
  LogonRejectReason Check(const Logon& logon) const noexcept {
    const bool resumes = logon.next_seq_in != 0 || logon.next_seq_out != 0;
    if (!disabled_.empty()) return LogonRejectReason::kSequenceTooHigh;  // see RecallSession()
    if (logon.incarnation == 0) return LogonRejectReason::kStaleEpoch;
    if (resumes && incarnation_ != 0 && logon.incarnation != incarnation_) {
      return LogonRejectReason::kStaleEpoch;  // another process took the session over meanwhile
    }
    if (logon.next_seq_in > std::min(outbound().next_seq(), resumable_to_) ||
        logon.next_seq_out > std::min(inbound().next_seq() + kSequenceJumpMax, kSequenceEnd) ||
        UsedUp()) {
      return LogonRejectReason::kSequenceTooHigh;
    }
    return LogonRejectReason::kUnset;
  }

  // Continues over a new link. Returns the logon as the engine is to see it: next_seq_in is 0 where
  // the client needs a snapshot. The client gets the answer by AnswerLogon(), or before the first
  // report. REQUIRES: Check() found nothing, no link, room for the ack on the link.
  template <class OpenOrders>
  Logon Begin(std::unique_ptr<L> link, Logon logon, const OpenOrders& open_orders, int64_t now_ns) {
    RINGWAY_CHECK(line_.phase() == LinkPhase::kNone, "a session has one link at a time");
    const int64_t heartbeat_ns = logon.heartbeat_ns == 0
                                     ? heartbeat_default_ns_
                                     : static_cast<int64_t>(std::clamp<uint64_t>(
                                           logon.heartbeat_ns, kHeartbeatNsMin, kHeartbeatNsMax));
    line_.Attach(std::move(link), now_ns, heartbeat_ns);
    end_reason_ = LogoutReason::kUnset;
    archive_late_ = superseded_ = false;
    violations_ = rejects_ = 0;
    incarnation_ = logon.incarnation;
    resumable_to_ = UINT64_MAX;
    requests_promised_ = logon.next_seq_out;
    last_progress_ns_ = now_ns;
    end_seen = false;

    logon.durability = std::min(logon.durability, durability_max_);
    // What was acknowledged without waiting stays acknowledged.
    if (!holds_) safe_seq_in_ = processed();
    holds_ = logon.durability != Durability::kMemory;
    outbound().HoldFrom(holds_ ? safe_seq_out_ : UINT64_MAX);
    acknowledged_ = safe_seq_in_;

    // A client that remembers fewer requests than were taken here has nothing to resend: its next
    // requests would be mistaken for the earlier ones with those numbers.
    const uint64_t next_seq_in =
        logon.next_seq_out < inbound().next_seq() ? inbound().next_seq() : safe_seq_in_;
    inbound().ResumeAt(next_seq_in);
    if (logon.next_seq_in == 0) {
      outbound().Restart(outbound().next_seq());
    } else if (MayRecall(logon.next_seq_in)) {
      outbound().ResumeBehind(logon.next_seq_in);
      archive_->Begin(id_, logon.next_seq_in);
    } else if (outbound().ResumeAt(logon.next_seq_in, outbound().store().capacity() / 2) != 0) {
      logon.next_seq_in = 0;
    }
    logon_seq_out_ = outbound().next_seq();
    const bool snapshot = logon.next_seq_in == 0;
    logon_ack_ = {.session = id_,
                  .version = kSessionProtocolVersion,
                  .durability = logon.durability,
                  .incarnation = incarnation_,
                  .next_seq_out = outbound().next_seq(),
                  .next_seq_in = next_seq_in,
                  .heartbeat_ns = static_cast<uint64_t>(heartbeat_ns),
                  .open_orders = snapshot && open_orders ? open_orders(id_) : 0};
    Sign(key_, BindingOf(*line_.link()), logon_ack_);
    return ForJournal(logon, line_.link()->epoch());
  }

  // The logon is recorded: the client may be answered. True when the answer was sent now and the
  // link stays up. REQUIRES: Begin().
  bool AnswerLogon() noexcept {
    if (line_.phase() != LinkPhase::kLoggingOn) return false;
    line_.GoLive();
    blocked_ = false;
    if (line_.Tell(logon_ack_) == SendStatus::kOk) return true;
    End(LogoutReason::kUnset);
    return false;
  }

  // Numbers, keeps and sends a report. Never refuses: a report without room comes from the archive
  // when its turn on the link has come. Without an archive the client is logged out.
  void Send(FrameType type, std::span<const std::byte> payload, Publish publish) noexcept {
    if (!Feeds() || (!outbound().MakeRoom() && !FallBehind())) [[unlikely]] {
      outbound().KeepDroppingOldest(type, payload);
      return;
    }
    if (line_.phase() == LinkPhase::kLive && !blocked_ && outbound().SendsNext()) [[likely]] {
      const SendStatus status = outbound().SendAndKeep(link(), type, payload, publish);
      if (status != SendStatus::kOk) [[unlikely]]
        Block(status);
      gathered_ |= publish == Publish::kGather;
      return;
    }
    outbound().Keep(type, payload);
    Pump(publish);
  }

  // Reports before next_seq_out and requests before next_seq_in are now as safe as a session that
  // holds() was promised: the reports are sent, the requests acknowledged. Later calls never lower
  // these numbers.
  void Release(uint64_t next_seq_out, uint64_t next_seq_in, Publish publish) noexcept {
    safe_seq_out_ = next_seq_out;
    safe_seq_in_ = next_seq_in;
    if (!holds_) return;
    outbound().HoldFrom(next_seq_out);
    if (!live()) return;
    Pump(publish);
    if (acknowledgeable() >= acknowledged_ + kAcknowledgeEvery) SendHeartbeat();
  }

  // The promise can no longer be kept: releases what waits, and every ack among it states kMemory.
  void GiveUpHolding() noexcept {
    durability_max_ = Durability::kMemory;
    archive_ = nullptr;  // it returns only what is durable
    if (!holds_) return;
    outbound().AmendHeld([](FrameType type, std::span<std::byte> payload) {
      OrderAck ack;
      if (type != FrameType::kOrderAck || Decode(payload, ack) != DecodeStatus::kOk) return;
      ack.durability = Durability::kMemory;
      RINGWAY_CHECK(PayloadBytes(ack) <= payload.size(), "kMemory is zero: the ack only shrinks");
      std::memset(payload.data(), 0, payload.size());
      Encode(ack, payload.data());
    });
    holds_ = false;
    outbound().HoldFrom(UINT64_MAX);
  }

  // Answers a message that the engine refused: unnumbered and not kept. Waits for room on the link;
  // without a link it is dropped, and the next LogonAck acknowledges that the message was
  // processed. Counts as a violation.
  void Refuse(const SessionReject& reject) noexcept {
    if (live()) Reject(reject);
  }

  // True once after reports were gathered.
  bool gathered() const noexcept { return gathered_; }
  void Flush() noexcept {
    gathered_ = false;
    if (live()) (void)link().Flush();
  }

  // Takes at most `budget` records and returns how many. sink(Input) gets the numbered messages; it
  // returns false for a request that it does not take. That request is offered again at the next
  // Poll(), before anything behind it; if the session ends first, the client sends it again.
  // REQUIRES: live(), budget != 0.
  template <class Sink>
  uint32_t Poll(Sink& sink, uint32_t budget) noexcept {
    auto receive = [this, &sink](const Record& record) noexcept { return Receive(record, sink); };
    const uint32_t count = line_.Poll(receive, budget);
    if (superseded_) [[unlikely]]
      JudgeSuperseded(count);
    if (live()) SendWaiting();
    return count;
  }

  // Replaces Poll() in a turn in which nothing may be taken. The client may seem silent only
  // because its messages are not read, so its silence is timed anew from the last such turn;
  // messages of a link that ended meanwhile are still passed on first. REQUIRES: live().
  void Hold() noexcept {
    line_.Hold();
    SendWaiting();
  }

  // Heartbeats and liveness, about once a millisecond. REQUIRES: live().
  void Maintain(int64_t now_ns) noexcept {
    const Upkeep upkeep = line_.Maintain(now_ns);
    if (superseded_) {
      if (now_ns > superseded_until_ns_) End(LogoutReason::kSupersededByNewLogon);
      return;
    }
    if (upkeep == Upkeep::kLinkEnded) {
      ++counters_.links_lost;
      return End(LogoutReason::kUnset);
    }
    if (line_.phase() == LinkPhase::kDraining) return;
    if (MakesProgress()) {
      last_progress_ns_ = now_ns;
    } else if (now_ns - last_progress_ns_ > slow_consumer_after_ns_) {
      ++counters_.slow_consumers;
      return Logout(LogoutReason::kSlowConsumer);
    }
    if (upkeep == Upkeep::kPeerSilent) {
      ++counters_.heartbeat_timeouts;
      return Logout(LogoutReason::kHeartbeatTimeout);
    }
    if (UsedUp()) {
      ++counters_.protocol_errors;
      return Logout(LogoutReason::kProtocolError);
    }
    if (line_.HeartbeatDue()) SendHeartbeat();
  }

  // Tells the client and ends. The link's own closing message contains the reason as well, and
  // always has room. REQUIRES: live().
  void Logout(LogoutReason reason) noexcept {
    TellLogout(reason);
    End(reason);
  }

  // A newer link of the client replaces this one: it is told, and its access for writing ends where
  // the port can do that. What it wrote before is still valid: Poll() passes it on, and ends the
  // session when nothing is left, a whole ring has been passed on, or `until_ns` is over. REQUIRES:
  // live().
  void Supersede(int64_t until_ns) noexcept {
    if (superseded_) return;
    TellLogout(LogoutReason::kSupersededByNewLogon);
    severed_ = link().Sever();
    superseded_ = true;
    line_.Drain();
    superseded_until_ns_ = until_ns;
    const uint32_t ring_bytes = link().caps().ring_bytes;
    superseded_records_left_ = ring_bytes == 0 ? UINT32_MAX : ring_bytes / kFrameBytesMin;
  }

  // As the link's; never certain while a request or a report waits. REQUIRES: live().
  bool ArmWake() noexcept { return link().ArmWake() && !line_.refused() && outbound().caught_up(); }
  void DisarmWake() noexcept { link().DisarmWake(); }

  // Whether a visit would find nothing to do but what Arrival() shows. REQUIRES: live().
  bool quiet() const noexcept {
    return line_.phase() == LinkPhase::kLive && line_.link()->state() == LinkState::kLive &&
           outbound().caught_up() && rejects_ == 0 && !line_.refused() && !crowded() &&
           acknowledgeable() < acknowledged_ + kAcknowledgeEvery;
  }
  // As Link::Arrival(). REQUIRES: live().
  ArrivalSign Arrival() const noexcept { return line_.link()->Arrival(); }
  Record Peek() const noexcept { return line_.link()->Peek(); }

  // Gives up the closed link of a session that ended().
  std::unique_ptr<L> TakeLink() noexcept { return line_.TakeLink(); }

  // The layer's.
  RosterPlace place;
  bool end_seen = false;

 private:
  // The smallest frame of a ring (transport/frame.h): it bounds how long a peer can keep writing
  // into a link that was superseded.
  static constexpr uint32_t kFrameBytesMin = 64;

  Outbound& outbound() noexcept { return line_.outbound(); }
  const Outbound& outbound() const noexcept { return line_.outbound(); }
  Inbound& inbound() noexcept { return line_.inbound(); }
  const Inbound& inbound() const noexcept { return line_.inbound(); }
  L& link() noexcept { return *line_.link(); }

  // Reports can be put on the link.
  bool Feeds() const noexcept {
    return line_.phase() == LinkPhase::kLive || line_.phase() == LinkPhase::kLoggingOn;
  }

  void TellLogout(LogoutReason reason) noexcept {
    (void)line_.Tell(ringway::Logout{.next_seq_out = outbound().next_on_link(), .reason = reason});
  }

  void JudgeSuperseded(uint32_t count) noexcept {
    superseded_records_left_ -= std::min(count, superseded_records_left_);
    const bool all_has_come = std::exchange(severed_, severed_ || link().Sever());
    if ((!line_.drained() || !all_has_come) && superseded_records_left_ != 0) return;
    End(LogoutReason::kSupersededByNewLogon);
  }

  static_assert(kSequenceEnd + 2 * kSequenceJumpMax < kSequenceMax);
  // The sequence numbers of either direction are exhausted: see gateway/core/session_numbers.h.
  bool UsedUp() const noexcept {
    return inbound().next_seq() > kSequenceEnd || outbound().next_seq() > kSequenceEnd;
  }

  void End(LogoutReason reason) noexcept {
    if (!live()) return;
    end_reason_ = reason;
    line_.End(static_cast<uint8_t>(reason));
  }

  // The store is full of reports that were never on the link. False: the client has been ended.
  bool FallBehind() noexcept {
    if (archive_ == nullptr || recall_failed_) {
      ++counters_.slow_consumers;
      Logout(LogoutReason::kSlowConsumer);
      return false;
    }
    archive_->Begin(id_, outbound().next_on_link());
    outbound().FallBehind();
    return true;
  }

  // False while the client leaves many reports waiting for room on the link and takes none.
  bool MakesProgress() noexcept {
    const uint64_t taken = outbound().next_on_link();
    return std::exchange(progress_seq_, taken) != taken || archive_late_ ||
           outbound().caught_up() || !crowded();
  }

  // Once a turn: sends what the link had no room for.
  void SendWaiting() noexcept {
    blocked_ = false;
    if (rejects_ != 0) SendRejects();
    if (!outbound().caught_up()) Pump(Publish::kNow);
    if (acknowledgeable() >= acknowledged_ + kAcknowledgeEvery) SendHeartbeat();
  }

  // Whether reports that the client lacks are older than those that are kept, and the archive has
  // not failed over them.
  bool MayRecall(uint64_t expected) noexcept {
    return archive_ != nullptr && expected < outbound().store().first() &&
           !std::exchange(recall_failed_, false);
  }

  // Sends reports that are no longer kept from the archive. False: there is more to come.
  bool Recall(Publish publish) noexcept {
    archive_late_ = false;
    for (uint32_t count = 0; outbound().behind(); ++count) {
      if (count == Outbound::kPumpMax) return Block(SendStatus::kBackPressured);
      const ResendStore::Slot* slot = nullptr;
      const auto answer = archive_ == nullptr
                              ? ReportArchive::Answer::kLost
                              : archive_->Find(id_, outbound().next_on_link(), slot);
      if (answer == ReportArchive::Answer::kLost) {
        recall_failed_ = true;  // the next logon gets a snapshot
        ++counters_.recalls_failed;
        Logout(LogoutReason::kReportsUnavailable);
        return false;
      }
      archive_late_ = answer == ReportArchive::Answer::kComing;
      if (archive_late_) return Block(SendStatus::kBackPressured);
      const SendStatus status = outbound().PutRecalled(link(), *slot, publish);
      if (status != SendStatus::kOk) return Block(status);
      ++counters_.reports_recalled;
    }
    archive_->End(id_);
    return true;
  }

  // Nothing more is sent on the link in this turn; on one that has ended, ever. Returns false.
  bool Block(SendStatus why) noexcept {
    blocked_ = true;
    if (why == SendStatus::kClosed) line_.Drain();
    return false;
  }

  void Pump(Publish publish) noexcept {
    if (line_.phase() == LinkPhase::kLoggingOn) [[unlikely]] {
      if (!AnswerLogon()) return;
    }
    if (blocked_) return;
    if (outbound().behind() && !Recall(publish)) [[unlikely]] {
      gathered_ |= publish == Publish::kGather;
      return;
    }
    const SendStatus status = outbound().Pump(link(), publish);
    if (status != SendStatus::kOk) [[unlikely]]
      Block(status);
    gathered_ |= publish == Publish::kGather;
  }

  // Every request before it needs no resending.
  uint64_t processed() const noexcept { return holds_ ? safe_seq_in_ : inbound().next_seq(); }
  // Of these, what the client has sent on this link: requests that became durable while it sends
  // them again it must not hear of before they have come once more.
  uint64_t acknowledgeable() const noexcept {
    return std::min(processed(), inbound().arriving_seq());
  }

  void SendHeartbeat() noexcept {
    const uint64_t next_seq_in = acknowledgeable();
    if (!line_.SendHeartbeat(next_seq_in)) return;  // retried at the next call
    RINGWAY_PROBE(gateway_acknowledged);
    acknowledged_ = next_seq_in;
  }

  // False: the record was not taken; nothing behind it is taken before it.
  template <class Sink>
  bool Receive(const Record& record, Sink& sink) noexcept {
    if (!live()) return true;
    if (!IsNumbered(record.type)) [[unlikely]] {
      ReceiveUnnumbered(record, sink);
      return true;
    }
    if (!inbound().Count()) {
      ++counters_.duplicates_dropped;
      return true;
    }
    // Also passes on what will be refused: the engine counts what this session counts, and answers
    // it. Unreadable bytes are not passed on; without them the message is malformed all the same.
    RINGWAY_PROBE(gateway_request_taken);
    const bool readable = IsWellFormed(record.payload);
    if (!Offer(sink, Input{Origin::kSession, id_, static_cast<FrameType>(record.type),
                           readable ? record.payload : std::span<const std::byte>{}}))
        [[unlikely]] {
      inbound().Uncount();
      return false;
    }
    ++counters_.requests;
    return true;
  }

  template <class Sink>
  void ReceiveUnnumbered(const Record& record, Sink& sink) noexcept {
    const auto type = static_cast<FrameType>(record.type);
    if (!IsSessionType(record.type) || !IsKnown(type)) {
      return Reject(Violation(record.type, SessionRejectReason::kUnknownMessageType));
    }
    const DecodeStatus status = Dispatch(type, record.payload, [&](const auto& message) {
      if (!message.ReservedAreZero()) {
        this->RejectSessionMessage(message, SessionRejectReason::kReservedFieldNotZero);
      } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(message)>, GapFill>) {
        this->SkipRequests(message, record.payload, sink);
      } else {
        this->Handle(message);
      }
    });
    if (status != DecodeStatus::kOk) {
      Reject(Violation(record.type, SessionRejectReason::kMalformedMessage));
    }
  }

  template <class Sink>
  void SkipRequests(const GapFill& fill, std::span<const std::byte> payload, Sink& sink) noexcept {
    // Backwards after a ResendRequest; forwards only up to what the logon announced.
    const uint64_t new_seq_max = std::max(inbound().next_seq(), requests_promised_);
    if (fill.new_seq == 0 || fill.new_seq > new_seq_max) {
      return RejectSessionMessage(fill, SessionRejectReason::kSequenceGap);
    }
    const uint64_t lost = inbound().FillGap(fill.new_seq);
    counters_.requests_lost += lost;
    if (lost != 0) (void)Offer(sink, Input{Origin::kSession, id_, FrameType::kGapFill, payload});
  }

  void Handle(const Heartbeat& heartbeat) noexcept {
    const HeartbeatFault fault = line_.OnHeartbeat(heartbeat);
    if (fault == HeartbeatFault::kNone) return;
    RejectSessionMessage(heartbeat, SessionRejectReason::kSequenceGap);
    if (fault == HeartbeatFault::kNotReceived && live()) line_.AskAgain();
  }
  void Handle(const ResendRequest& request) noexcept {
    // Everything from beginSeq on follows, also beyond endSeq: the receiver drops what it has.
    if (!outbound().Rewind(request.begin_seq)) {
      RejectSessionMessage(request, SessionRejectReason::kSequenceGap);
    }
  }
  void Handle(const ringway::Logout&) noexcept { Logout(LogoutReason::kRequested); }
  void Handle(const SessionReject&) noexcept {}  // our own error; nothing can be done here
  template <class M>
  void Handle(const M& message) noexcept {
    RejectSessionMessage(message, SessionRejectReason::kMessageNotAllowed);
  }

  template <class M>
  void RejectSessionMessage(const M&, SessionRejectReason reason) noexcept {
    Reject(Violation(static_cast<uint8_t>(M::kType), reason));
  }
  // For a message that has no number.
  static SessionReject Violation(uint8_t type, SessionRejectReason reason) noexcept {
    return {.ref_seq = 0, .ref_type = type, .reason = reason};
  }

  // Every violation is answered; the last tolerated one ends the session, so there is always room
  // for the answers.
  void Reject(const SessionReject& reject) noexcept {
    ++counters_.session_rejects;
    reject_queue_[rejects_++] = reject;
    SendRejects();
    if (++violations_ < violations_max_) return;
    ++counters_.protocol_errors;
    Logout(LogoutReason::kProtocolError);
  }

  void SendRejects() noexcept {
    uint32_t sent = 0;
    while (sent != rejects_ && line_.Tell(reject_queue_[sent]) == SendStatus::kOk) {
      ++sent;
    }
    std::copy(reject_queue_.begin() + sent, reject_queue_.begin() + rejects_,
              reject_queue_.begin());
    rejects_ -= sent;
  }

  const SessionId id_;
  const SessionKey key_;
  const std::string disabled_;
  const uint32_t violations_max_;
  Durability durability_max_;
  const int64_t heartbeat_default_ns_;
  const int64_t slow_consumer_after_ns_;
  ReportArchive* archive_;  // or null

  uint64_t incarnation_;  // of the last logon; 0: none yet
  SequencedLink<L> line_;
  bool holds_ = false;
  uint64_t safe_seq_out_ = 1;  // as of the last Release(), or of the session's beginning
  uint64_t safe_seq_in_;
  uint64_t acknowledged_;       // requests before it were acknowledged to the client
  uint64_t resumable_to_;       // reports that a client may know at the first logon
  uint64_t logon_seq_out_ = 1;  // the first report that can be late on the present link
  uint64_t progress_seq_ = 0;   // next_on_link() at the last Maintain()
  bool recall_failed_ = false;
  bool archive_late_ = false;          // the archive is still looking for the next report
  std::atomic<bool> touched_ = false;  // used by TouchMemory() only
  SessionLayerCounters& counters_;
  bool superseded_ = false;  // a newer link waits: this one is only drained
  bool severed_ = false;     // ... and nothing more arrives on it
  uint32_t superseded_records_left_ = 0;
  int64_t superseded_until_ns_ = 0;
  bool blocked_ = false;  // the link had no room; not retried before the next turn
  LogonAck logon_ack_;
  bool gathered_ = false;  // reports wait for Flush()
  LogoutReason end_reason_ = LogoutReason::kUnset;
  int64_t last_progress_ns_ = 0;
  uint64_t requests_promised_ = 0;  // Logon.nextSeqOut
  uint32_t violations_ = 0;         // on this link
  uint32_t rejects_ = 0;            // of reject_queue_, that wait for room on the link
  std::array<SessionReject, kViolationsLimit> reject_queue_;
};

}  // namespace ringway
