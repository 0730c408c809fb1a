// LinkConnector: connects a gateway to an exchange at the other end of a link.
//
// A Connector that speaks exchange_server.h's protocol over any Link. It never blocks: a Dialer
// makes the connection, and a lost one is made again with growing pauses. The gateway receives:
//  - VenueStatus down at once when the link ends, and at the first Poll() if there is none yet;
//  - after reconnection, first the outcome of requests that never arrived (Rejected or
//    CancelReject, venueUnavailable: the exchange's count of requests proves it), then every report
//    that was missed, then VenueStatus up.
// An exchange that was restarted meanwhile (another incarnation, and it took no request yet) has
// lost its book: VenueStatus bookLost comes before any of its messages. No report will arrive about
// the requests last sent to its former process.
//
// The same holds across processes of the gateway: Restore() takes what the former one had sent and
// received. Requests that only the exchange remembers, because the gateway's records were lost, are
// counted (requests_foreign). The exchange cancels the orders of such requests, its reports about
// them arrive as any others, and a GapFill names the identifiers they used (ADR 0023).
//
// Whatever the exchange sends, the worst outcome is that its link ends and is retried after a
// pause. Its numbers are accepted when it has stated them twice, and every Heartbeat must agree
// with the count. An exchange whose numbers contradict those of this gateway at logon is in
// dispute: the link is retried and nothing is sent, until the exchange agrees or an operator
// discards the numbers (Resync()).
//
// reason() and LinkConnectorOptions::report explain why there is no link.
//
// Thread rule: the engine's thread. Lifetime: the dialer is owned. Nothing allocates after
// construction but the dialer's links, and texts when a link is lost or not made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/probe.h"
#include "exchange/exchange_server.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/link/dialer.h"
#include "gateway/connector/link/link_venue.h"
#include "gateway/connector/unseen_request.h"
#include "gateway/connector/venue_kind.h"
#include "gateway/core/step.h"
#include "msg/auth.h"
#include "msg/sequenced_link.h"
#include "msg/sequences.h"
#include "msg/session_protocol.h"
#include "schema/codec.h"
#include "transport/any_link.h"
#include "transport/link.h"
#include "transport/options.h"

namespace ringway {

struct LinkConnectorOptions {
  VenueId venue = 1;       // the gateway's number for the exchange
  uint32_t member_id = 1;  // this gateway's number at the exchange: no other gateway may use it
  // This gateway and the exchange prove to each other that they hold it. Empty: neither does.
  std::optional<SessionKey> key = {};
  // Limit of requests sent that the exchange has not confirmed: beyond it no more are taken.
  uint32_t unconfirmed_max = 8192;
  // Pause after an attempt that failed, doubled up to the second; reset to the first when a link
  // has lasted for retry_max_ns.
  int64_t retry_min_ns = 10 * kNsPerMs;
  int64_t retry_max_ns = 2 * kNsPerS;
  int64_t logon_timeout_ns = 2 * kNsPerS;
  int64_t confirm_ns = 5 * kNsPerMs;  // longest time until kept reports are confirmed
  // Receives a line when the link comes or goes, with the reason. May be empty.
  std::function<void(std::string_view line)> report = {};
};

struct LinkConnectorCounters {
  uint64_t connections = 0;
  uint64_t attempts_failed = 0;
  uint64_t links_lost = 0;
  uint64_t requests_sent = 0;
  uint64_t requests_lost = 0;     // answered as rejected: they never arrived
  uint64_t requests_unknown = 0;  // sent to an exchange that was restarted since
  uint64_t requests_refused = 0;  // could not be decoded there
  uint64_t requests_foreign = 0;  // the exchange has them, and this gateway does not know them
  uint64_t reports_received = 0;
};

template <SessionLink L>
class BasicLinkConnector final : public Connector {
 public:
  BasicLinkConnector(std::unique_ptr<Dialer<L>> dialer, const LinkConnectorOptions& options)
      : dialer_(std::move(dialer)),
        options_(options),
        line_(options.unconfirmed_max),
        retry_ns_(options.retry_min_ns) {
    outbound().TouchMemory();
  }

  uint32_t Send(int64_t, std::span<const Effect> requests) override {
    if (state_ != State::kUp || book_lost_to_report_ || reconciling_) return 0;
    uint32_t taken = 0;
    for (const Effect& request : requests) {
      // If the link ends right here, the exchange's count decides whether it arrived.
      if (outbound().store().count() >= options_.unconfirmed_max ||
          outbound().SendEncoded(*line_.link(), request.type, request.bytes(), Publish::kGather) !=
              SendStatus::kOk) {
        break;
      }
      RINGWAY_PROBE(connector_request_kept);
      ++taken;
    }
    counters_.requests_sent += taken;
    if (taken != 0)
      static_cast<void>(line_.link()->Flush());  // an ended link shows itself in Poll()
    RINGWAY_PROBE(connector_requests_flushed);
    return taken;
  }

  bool SeesInput() noexcept override { return line_.attached() && line_.link()->Arrival().Shows(); }

  void Poll(int64_t now_ns, VenueSink& sink) override {
    if (down_to_report_) {
      if (!ReportState(now_ns, VenueState::kDown, sink)) return;
      down_to_report_ = false;
    }
    if (book_lost_to_report_) {
      if (!ReportState(now_ns, VenueState::kBookLost, sink)) return Exchange(now_ns, sink, 0);
      book_lost_to_report_ = false;
      ++counters_.connections;
    }
    switch (state_) {
      case State::kIdle:
        if (now_ns < retry_at_ns_) return;
        dialer_->Start();
        state_ = State::kDialing;
        return;
      case State::kDialing:
        return Dial(now_ns);
      case State::kAnswering:
        AnswerLost(now_ns, sink);
        // Reports wait until all these are answered; the link is kept alive meanwhile.
        return Exchange(now_ns, sink, 0);
      case State::kLoggingOn:
        if (now_ns >= logon_deadline_ns_) {
          return Drop(now_ns, "the exchange did not answer the logon in time");
        }
        [[fallthrough]];
      case State::kUp:
        // The logon's answer is taken alone: the outcome of lost requests goes before the next
        // reports.
        return Exchange(now_ns, sink, state_ == State::kLoggingOn ? 1 : kBurstMax);
    }
  }

  bool counts_requests() const noexcept override { return true; }
  std::string_view reason() const noexcept override {
    return reconciling_
               ? "reconciling: it is logged on, and what happened there meanwhile is being "
                 "taken in"
               : std::string_view(reason_);
  }
  uint64_t logons() const noexcept override { return counters_.connections; }
  VenueCursor cursor() const noexcept override {
    return {incarnation_, sent(), received(),
            state_ == State::kAnswering ? outbound().store().count() : 0};
  }
  void Restore(const VenueCursor& cursor, std::span<const Effect> requests) override {
    incarnation_ = cursor.incarnation;
    kept_ = cursor.received;
    inbound().Restart(cursor.received + 1);
    // Including those that this connector had not taken yet.
    const size_t count = std::min(requests.size(), size_t{cursor.sent});
    if (count > outbound().store().capacity()) outbound() = Outbound(static_cast<uint32_t>(count));
    outbound().Restart(cursor.sent + 1 - count);
    for (const Effect& request : requests.last(count)) {
      outbound().Keep(request.type, request.bytes());
      outbound().Pop();
    }
  }
  void Confirm(uint64_t received) noexcept override { kept_ = std::max(kept_, received); }
  bool Resync() noexcept override {
    if (!disputed_) return false;
    // An answer that is in flight answers the discarded numbers.
    if (state_ == State::kLoggingOn) broken_ = "an operator gave the numbers up";
    incarnation_ = 0;  // the next logon names none, so that the exchange begins anew
    disputed_ = false;
    return true;
  }

  const LinkConnectorCounters& counters() const noexcept { return counters_; }
  bool up() const noexcept { return state_ == State::kUp; }
  // For a Waiter: -1 while there is no link.
  int wake_fd() const noexcept { return line_.link() == nullptr ? -1 : line_.link()->wake_fd(); }
  // For a Sleeper. Without a link no wake-up is certain: the next attempt is timed.
  bool ArmWake() noexcept { return line_.link() != nullptr && line_.link()->ArmWake(); }
  void DisarmWake() noexcept {
    if (line_.link() != nullptr) line_.link()->DisarmWake();
  }

 private:
  enum class State : uint8_t { kIdle, kDialing, kLoggingOn, kAnswering, kUp };

  static constexpr uint64_t kConfirmReports = 256;
  // No exchange counts as far as this.
  static constexpr uint64_t kNumberMax = uint64_t{1} << 62;

  Outbound& outbound() noexcept { return line_.outbound(); }
  const Outbound& outbound() const noexcept { return line_.outbound(); }
  Inbound& inbound() noexcept { return line_.inbound(); }
  const Inbound& inbound() const noexcept { return line_.inbound(); }

  // Requests and reports, by the exchange's count.
  uint64_t sent() const noexcept { return outbound().next_seq() - 1; }
  uint64_t received() const noexcept { return inbound().next_seq() - 1; }

  static absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

  void Dial(int64_t now_ns) {
    std::unique_ptr<L> link;
    switch (dialer_->Poll(link)) {
      case DialState::kUnderWay:
        return;
      case DialState::kConnected:
        break;
      case DialState::kIdle:
      case DialState::kFailed:
        ++counters_.attempts_failed;
        Because("the exchange cannot be reached: " + dialer_->last_error());
        return Retry(now_ns);
    }
    line_.Attach(std::move(link), now_ns, 0);
    Logon logon;
    logon.session = options_.member_id;
    logon.version = exchange::kExchangeProtocolVersion;
    logon.incarnation = incarnation_;
    logon.next_seq_out = outbound().next_seq();
    logon.next_seq_in = inbound().next_seq();
    if (options_.key) Sign(*options_.key, BindingOf(*line_.link()), logon);
    if (line_.Tell(logon) != SendStatus::kOk)
      return Drop(now_ns, "the link ended before the logon");
    RINGWAY_PROBE(connector_logon_sent);
    answer_.reset();
    logon_deadline_ns_ = now_ns + options_.logon_timeout_ns;
    next_maintain_ns_ = now_ns;
    state_ = State::kLoggingOn;
  }

  // The link's turn: takes what arrived, at most `budget` records; upkeep; confirmation.
  void Exchange(int64_t now_ns, VenueSink& sink, uint32_t budget) {
    line_.Poll([&](const Record& record) noexcept { return Handle(record, sink); }, budget);
    if (budget == 0) line_.Hold();
    if (broken_) return Drop(now_ns, std::exchange(broken_, nullptr));
    if (now_ns >= next_maintain_ns_) {
      next_maintain_ns_ = now_ns + kNsPerMs;
      if (line_.Maintain(now_ns) == Upkeep::kLinkEnded) {
        return Drop(now_ns, "the link to the exchange ended");
      }
    }
    if (state_ != State::kUp) return;
    if (stable_at_ns_ == 0) stable_at_ns_ = now_ns + options_.retry_max_ns;
    if (now_ns >= stable_at_ns_) retry_ns_ = options_.retry_min_ns;
    Confirm(now_ns);
  }

  // False: the gateway does not take it.
  bool Handle(const Record& record, VenueSink& sink) {
    if (broken_) return true;
    const auto type = static_cast<FrameType>(record.type);
    if (state_ == State::kLoggingOn) {
      broken_ = OnAnswer(type, record.payload);
    } else if (type == FrameType::kHeartbeat) {
      broken_ = OnHeartbeat(record.payload);
    } else if (!IsWellFormed(record.payload) || record.payload.size() > kEffectPayloadBytesMax) {
      // Not a whole message: it is not counted as taken, so the exchange sends it again over the
      // next link.
      broken_ = "the exchange sent what is no message";
    } else if (type == FrameType::kSessionReject) {
      ++counters_.requests_refused;
      CountReport();
    } else if (broken_ = MessageError(type, record.payload); broken_ != nullptr) {
      CountReport();  // the next link goes on behind it
    } else {
      if (!sink.Take({Target::kVenue, type, options_.venue, inbound().next_seq(), record.payload}))
        return false;
      CountReport();
      if (type == FrameType::kVenueStatus) OnStatus(record.payload);
    }
    return true;
  }

  void CountReport() noexcept {
    inbound().Count();
    ++counters_.reports_received;
    RINGWAY_PROBE(connector_report_counted);
  }

  // Returns what is wrong, or nullptr; the next two likewise.
  const char* OnHeartbeat(std::span<const std::byte> payload) noexcept {
    Heartbeat heartbeat;
    if (Decode(payload, heartbeat) != DecodeStatus::kOk ||
        heartbeat.next_seq_in < outbound().store().first() ||
        line_.OnHeartbeat(heartbeat) == HeartbeatFault::kNeverSent) {
      return "the exchange confirms requests that were never sent, or none";
    }
    return heartbeat.next_seq_out == inbound().next_seq()
               ? nullptr
               : "the exchange has sent another number of reports than arrived";
  }

  static const char* MessageError(FrameType type, std::span<const std::byte> payload) noexcept {
    switch (type) {
      case FrameType::kGapFill: {
        GapFill used;
        return Decode(payload, used) == DecodeStatus::kOk &&
                       used.new_seq - 1 <= kRequestIdHearsayMax
                   ? nullptr
                   : "the exchange says that request ids of this member_id are all used up. Use "
                     "another member_id";
      }
      case FrameType::kVenueStatus:
      case FrameType::kExecutionReport:
      case FrameType::kExecutionDetail:
      case FrameType::kCancelReject:
      case FrameType::kReferencePrice:
        return nullptr;
      default:
        return "the exchange sent a message that is not a venue's";
    }
  }

  // The exchange's word behind everything that this gateway had missed. One of an earlier logon,
  // which this gateway had not heard, may come before it.
  void OnStatus(std::span<const std::byte> payload) noexcept {
    VenueStatus status;
    if (Decode(payload, status) == DecodeStatus::kOk && status.state == VenueState::kUp &&
        status.transact_time >= logon_time_) {
      reconciling_ = false;
    }
  }

  // The exchange's answer to the logon. Returns what is wrong, or nullptr.
  const char* OnAnswer(FrameType type, std::span<const std::byte> payload) {
    if (answer_) return OnNumbers(type, payload);
    if (LogonAck ack; type == FrameType::kLogonAck && Decode(payload, ack) == DecodeStatus::kOk) {
      if (options_.key && !Verify(*options_.key, BindingOf(*line_.link()), ack)) {
        return "the exchange has not proved that it holds this member's key. Start it with "
               "--member_keys, and the same key for this member_id";
      }
      answer_ = ack;
      return nullptr;
    }
    if (Logout logout; type == FrameType::kLogout && Decode(payload, logout) == DecodeStatus::kOk) {
      return logout.reason == LogoutReason::kSlowConsumer
                 ? "the exchange ended the last link because this gateway took no reports"
                 : "the exchange logs this gateway out";
    }
    LogonReject reject;
    if (type != FrameType::kLogonReject || Decode(payload, reject) != DecodeStatus::kOk) {
      return "the exchange's answer to the logon is none";
    }
    switch (reject.reason) {
      case LogonRejectReason::kAuthenticationFailed:
        return "the exchange refuses the logon: this gateway has not proved that it holds the "
               "member's key. Set the venue's key_file to the key that the exchange has for this "
               "member_id";
      case LogonRejectReason::kAlreadyLoggedOn:
        return "the exchange refuses the logon: this member_id is logged on, or was until a moment "
               "ago. If that is another gateway, give each a member_id of its own";
      case LogonRejectReason::kVersionNotSupported:
        return "the exchange refuses the logon: it speaks another version of the protocol. Use "
               "programs of one version";
      case LogonRejectReason::kGatewayFull:
        return "the exchange refuses the logon: it has no room for another member. Start it with a "
               "larger --members-max";
      case LogonRejectReason::kStaleEpoch:
        return "the exchange refuses the logon: it has seen a later link of this member_id";
      default:
        return "the exchange refuses the logon";
    }
  }

  // The message behind the LogonAck must state the same numbers. Returns what is wrong, or nullptr.
  const char* OnNumbers(FrameType type, std::span<const std::byte> payload) {
    Heartbeat numbers;
    if (type != FrameType::kHeartbeat || Decode(payload, numbers) != DecodeStatus::kOk ||
        numbers.next_seq_in != answer_->next_seq_in ||
        numbers.next_seq_out != answer_->next_seq_out) {
      return "the exchange contradicts the numbers of its own answer to the logon";
    }
    if (answer_->next_seq_in == 0 || answer_->next_seq_out == 0 || answer_->incarnation == 0 ||
        answer_->next_seq_in > kNumberMax || answer_->next_seq_out > kNumberMax) {
      return "the exchange's numbers cannot be";
    }
    logon_time_ = numbers.send_time;
    disputed_ = !LoggedOn(*answer_);
    return disputed_ ? "DISPUTED: the exchange's numbers contradict those of this gateway; nothing "
                       "is sent. Find out what the exchange knows of this member's orders. If it "
                       "does not agree by itself: 'resync', which has it cancel them all"
                     : nullptr;
  }

  // False when the exchange's numbers contradict ours.
  bool LoggedOn(const LogonAck& ack) {
    const uint64_t taken = ack.next_seq_in - 1;
    const uint32_t open = outbound().store().count();
    if (ack.incarnation != incarnation_) {
      if (incarnation_ != 0 || sent() != 0) {
        Say("the exchange does not go on from this gateway's numbers, because it was started anew "
            "or another gateway used this member_id: nobody says what became of the last ",
            open,
            taken == 0 ? " requests. It has no order of this gateway any more: they end here as "
                         "canceled, venueLostBook"
                       : " requests; look at open orders");
        book_lost_to_report_ = taken == 0;
      }
      if (taken != 0) {
        Say("the exchange has requests of this member_id that this gateway does not know; it "
            "cancels the orders open there, ",
            ack.open_orders, ". Fills of them count as unknown reports");
      }
      counters_.requests_unknown += open;
      incarnation_ = ack.incarnation;
      kept_ = ack.next_seq_out - 1;
      inbound().Restart(ack.next_seq_out);
      outbound().Restart(ack.next_seq_in);
    } else if (ack.next_seq_out != inbound().next_seq() ||
               ack.next_seq_in < outbound().store().first()) {
      return false;
    } else if (taken > sent()) {
      Say("the exchange has requests of this member_id that this gateway does not know, and "
          "cancels the orders that they entered: ",
          taken - sent(), " requests. Fills of them count as unknown reports");
      counters_.requests_foreign += taken - sent();
      outbound().Restart(ack.next_seq_in);
    } else {
      static_cast<void>(outbound().Acknowledge(ack.next_seq_in));
    }
    next_seq_at_logon_ = ack.next_seq_in;
    line_.GoLive();
    received_confirmed_ = 0;  // the last confirmation may have been lost with its link
    stable_at_ns_ = 0;
    reason_.clear();
    reconciling_ = true;
    if (options_.report) options_.report("logged on at the exchange");
    // With a lost book it counts once that is reported: its records come after.
    if (!book_lost_to_report_) ++counters_.connections;
    RINGWAY_PROBE(connector_logged_on);
    state_ = outbound().store().count() == 0 ? State::kUp : State::kAnswering;
    return true;
  }

  void AnswerLost(int64_t now_ns, VenueSink& sink) {
    const ResendStore& store = outbound().store();
    while (store.count() != 0) {
      // An earlier process of this gateway used lower numbers: the time is part of them.
      lost_number_ = std::max(lost_number_ + 1, static_cast<uint64_t>(now_ns));
      const ResendStore::Slot& request = store.at(store.first());
      if (!sink.Take(AnswerUnseenRequest(request.type, request.bytes(), options_.venue,
                                         Unseen::kVenueDown, now_ns,
                                         kConnectorExecIdBits | lost_number_)))
        return;
      static_cast<void>(outbound().Acknowledge(store.first() + 1));
      ++counters_.requests_lost;
      RINGWAY_PROBE(connector_lost_answered);
    }
    if (store.count() != 0) return;
    outbound().Restart(next_seq_at_logon_);
    state_ = State::kUp;
  }

  void Confirm(int64_t now_ns) {
    const uint64_t news = kept_ - received_confirmed_;
    if (news == 0) return;
    if (news < kConfirmReports && now_ns - last_confirm_ns_ < options_.confirm_ns) return;
    if (!line_.SendHeartbeat(kept_ + 1)) return;
    RINGWAY_PROBE(connector_confirm_sent);
    received_confirmed_ = kept_;
    last_confirm_ns_ = now_ns;
  }

  // Reports the reason once, even if the next attempt fails for the same reason.
  void Because(std::string reason) {
    if (reason == reason_) return;
    reason_ = std::move(reason);
    if (options_.report) options_.report(reason_);
  }
  void Say(std::string_view before, uint64_t count, std::string_view behind) {
    if (options_.report) options_.report(absl::StrCat(View(before), count, View(behind)));
  }

  void Drop(int64_t now_ns, const char* reason) {
    Because(reason);
    reconciling_ = false;
    if (state_ == State::kUp || state_ == State::kAnswering) {
      down_to_report_ = true;
      ++counters_.links_lost;
    } else {
      ++counters_.attempts_failed;
    }
    line_.End();
    dialer_->Discard(line_.TakeLink());
    Retry(now_ns);
  }

  void Retry(int64_t now_ns) noexcept {
    state_ = State::kIdle;
    retry_at_ns_ = now_ns + retry_ns_;
    retry_ns_ = std::min(2 * retry_ns_, options_.retry_max_ns);
  }

  // False: the gateway does not take it.
  bool ReportState(int64_t now_ns, VenueState state, VenueSink& sink) noexcept {
    VenueStatus status;
    status.transact_time = static_cast<uint64_t>(now_ns);
    status.venue = options_.venue;
    status.state = state;
    return sink.Take(Effect(Target::kVenue, options_.venue, 0, status));
  }

  std::unique_ptr<Dialer<L>> dialer_;
  LinkConnectorOptions options_;
  SequencedLink<L> line_;  // keeps the requests that the exchange has not confirmed
  State state_ = State::kIdle;
  bool down_to_report_ = true;  // this venue's state has not been reported yet
  bool book_lost_to_report_ = false;
  const char* broken_ = nullptr;  // why the link has to end: the peer broke the protocol
  bool reconciling_ = false;      // logged on, and the exchange has not sent its state yet
  std::string reason_;            // why there is no link; empty: there is one
  int64_t retry_at_ns_ = 0;
  int64_t retry_ns_;
  int64_t logon_deadline_ns_ = 0;
  int64_t stable_at_ns_ = 0;  // the link's; 0: it is not up yet
  int64_t next_maintain_ns_ = 0;
  int64_t last_confirm_ns_ = 0;
  std::optional<LogonAck> answer_;   // of the exchange to this link's logon, not confirmed yet
  uint64_t logon_time_ = 0;          // of the exchange's answer to this link's logon, by its clock
  bool disputed_ = false;            // at the last logon the exchange's numbers contradicted ours
  uint64_t incarnation_ = 0;         // the exchange's; 0: none known
  uint64_t next_seq_at_logon_ = 1;   // of the next request, as the exchange said
  uint64_t kept_ = 0;                // of the received reports: those that need not come again
  uint64_t received_confirmed_ = 0;  // of those
  uint64_t lost_number_ = 0;
  LinkConnectorCounters counters_;
};

using LinkConnector = BasicLinkConnector<AnyLink>;

// A connector that dials `uri` from a thread of its own. The link's epochs start at the time's
// second, so that a restarted gateway comes after its predecessor. Errors: InvalidArgument for a
// string that is not a URI, or options out of range.
absl::StatusOr<std::unique_ptr<LinkConnector>> MakeLinkConnector(
    const std::string& uri, const LinkConnectorOptions& options, const LinkOptions& link);

}  // namespace ringway
