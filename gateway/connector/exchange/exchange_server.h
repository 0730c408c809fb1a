// How do gateways reach an exchange over links?
//
// One ExchangeServer serves every member's link to one Exchange, in one duty loop. What is said on
// a link, besides requests and reports:
//   member -> exchange  Logon      session: the member's number; nextSeqIn: the first report that
//   it
//                                  has not got; incarnation: the exchange's as the member knows it,
//                                  0 if it knows none (then it gets all that it never confirmed)
//   exchange -> member  LogonAck   incarnation: the exchange's, a new one per start; nextSeqOut:
//                                  number of the next report; nextSeqIn: of the next request
//                       LogonReject, and the link ends
//   both ways           Heartbeat  nextSeqIn: everything before it was taken here
// Requests and reports are numbered from 1 in the order in which they were sent. So a member that
// was cut off gets every report that it missed and learns which of its requests never arrived; then
// comes VenueStatus up. A later logon of the same member supersedes its older link.
//
// Who may connect is the link's business (the users that a listener admits); there are no keys.
// Thread rule: one thread. Lifetime: the exchange outlives the server.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/probe.h"
#include "gateway/connector/exchange/matching.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway::exchange {

inline constexpr uint16_t kExchangeProtocolVersion = 1;

struct ServerOptions {
  uint64_t incarnation = 1;           // another one for each start of the exchange; not 0
  uint32_t peers_max = 64;            // links, those not logged on yet included
  uint32_t burst = 64;                // requests from one link before the next one's turn
  int64_t tick_ns = kNsPerMs;         // link upkeep and the exchange's timer
  int64_t confirm_ns = 5 * kNsPerMs;  // longest time until taken requests are confirmed
  int64_t logon_timeout_ns = 2 * kNsPerS;
};

struct ServerCounters {
  uint64_t logons = 0;
  uint64_t logons_refused = 0;
  uint64_t links_ended = 0;
  uint64_t requests = 0;
  uint64_t reports = 0;
};

template <class L>
class ExchangeServer {
 public:
  // admit(peer_key, epoch): the listener's Admit(); false closes the link.
  using AdmitLink = std::function<bool(uint64_t peer_key, uint32_t epoch)>;

  ExchangeServer(Exchange& exchange, const ServerOptions& options, AdmitLink admit)
      : exchange_(exchange), options_(options), admit_(std::move(admit)) {
    peers_.reserve(options.peers_max);
  }

  // Takes a link that a member has made. Without room for it, it is closed.
  void Accept(int64_t now_ns, std::unique_ptr<L> link) {
    if (peers_.size() == options_.peers_max) {
      ++counters_.logons_refused;
      link->Close();
      return;
    }
    Peer peer;
    peer.link = std::move(link);
    peer.accepted_ns = now_ns;
    peers_.push_back(std::move(peer));
  }

  // One turn; true when there was anything to do.
  bool DoWork(int64_t now_ns) {
    bool worked = false;
    for (Peer& peer : peers_) {
      worked |= Receive(now_ns, peer);
      worked |= SendReports(peer);
    }
    if (exchange_.busy()) {
      exchange_.OnTimer(now_ns);
      worked = true;
    }
    if (now_ns >= next_tick_ns_) {
      next_tick_ns_ = now_ns + options_.tick_ns;
      exchange_.OnTimer(now_ns);
      for (Peer& peer : peers_) Maintain(now_ns, peer);
      std::erase_if(peers_, [](const Peer& peer) { return peer.ended; });
    }
    // A request of one member leads to reports for others: they leave in the same turn.
    for (Peer& peer : peers_) worked |= SendReports(peer);
    return worked;
  }

  bool Arm() noexcept {
    bool certain = true;
    for (Peer& peer : peers_) certain &= peer.link->ArmWake();
    return certain;
  }
  void Disarm() noexcept {
    for (Peer& peer : peers_) peer.link->DisarmWake();
  }

  // Ends every link in good order. What the members did not confirm is lost with the exchange.
  void Close() noexcept {
    for (Peer& peer : peers_) peer.link->Close();
  }

  const ServerCounters& counters() const noexcept { return counters_; }
  size_t link_count() const noexcept { return peers_.size(); }

 private:
  static constexpr uint32_t kNoMember = UINT32_MAX;
  static constexpr uint64_t kConfirmRequests = 256;
  // Requests of a member that wait. More than a member sends without a confirmation
  // (LinkConnectorOptions::unconfirmed_max), or its Heartbeat might never be reached.
  static constexpr size_t kWaitingMax = 16'384;

  // A request that the exchange would not take yet.
  struct Waiting {
    uint8_t type = 0;
    uint16_t payload_bytes = 0;
    alignas(8) std::array<std::byte, kRootBytes + kDataWordsAcceptedMax * kWordBytes> payload;
  };

  struct Peer {
    std::unique_ptr<L> link;
    uint32_t member = kNoMember;
    bool connected = false;  // the exchange was told
    bool ended = false;
    int64_t accepted_ns = 0;
    int64_t confirmed_ns = 0;
    uint64_t confirmed = 0;  // requests
    std::deque<Waiting> waiting;
  };

  bool Receive(int64_t now_ns, Peer& peer) {
    if (peer.ended) return false;
    bool worked = false;
    while (!peer.waiting.empty()) {
      const Waiting& waiting = peer.waiting.front();
      const Record record{.type = waiting.type,
                          .payload = {waiting.payload.data(), waiting.payload_bytes}};
      if (!Handle(now_ns, peer, record)) break;
      peer.waiting.pop_front();
      worked = true;
    }
    // A request waits for room in its member's queue, which a Heartbeat brings: that must be heard
    // before the requests that lie in front of it.
    const auto sink = [&](const Record& record) {
      const bool overtakes = record.type == static_cast<uint8_t>(FrameType::kHeartbeat);
      const bool in_turn = peer.waiting.empty() || overtakes;
      if (!in_turn || !Handle(now_ns, peer, record)) Keep(peer, record);
    };
    if (peer.waiting.size() + options_.burst > kWaitingMax) return worked;
    return peer.link->Poll(sink, options_.burst) != 0 || worked;
  }

  void Keep(Peer& peer, const Record& record) {
    Waiting& waiting = peer.waiting.emplace_back();
    waiting.type = record.type;
    // A longer payload is no message; what is kept of it is none either.
    waiting.payload_bytes =
        static_cast<uint16_t>(std::min(record.payload.size(), waiting.payload.size()));
    std::memcpy(waiting.payload.data(), record.payload.data(), waiting.payload_bytes);
  }

  // False when the record must be offered again.
  bool Handle(int64_t now_ns, Peer& peer, const Record& record) {
    if (peer.ended) return true;
    const auto type = static_cast<FrameType>(record.type);
    if (peer.member == kNoMember) {
      Logon logon;
      if (type != FrameType::kLogon || Decode(record.payload, logon) != DecodeStatus::kOk) {
        Refuse(peer, 0, LogonRejectReason::kNotALogon);
      } else {
        LogOn(now_ns, peer, logon);
      }
      return true;
    }
    if (type == FrameType::kHeartbeat) {
      Heartbeat heartbeat;
      if (Decode(record.payload, heartbeat) != DecodeStatus::kOk ||
          !exchange_.reports(peer.member).ReleaseBefore(heartbeat.next_seq_in)) {
        End(peer);
      }
      RINGWAY_PROBE(exchange_confirm_seen);
      return true;
    }
    RINGWAY_PROBE(exchange_request_polled);
    if (exchange_.OnRequest(now_ns, peer.member, type, record.payload) == Answer::kWait) {
      return false;
    }
    RINGWAY_PROBE(exchange_request_matched);
    ++counters_.requests;
    return true;
  }

  void LogOn(int64_t now_ns, Peer& peer, const Logon& logon) {
    if (logon.version != kExchangeProtocolVersion) {
      return Refuse(peer, logon.session, LogonRejectReason::kVersionNotSupported);
    }
    if (!admit_(peer.link->peer_key(), peer.link->epoch())) {
      return Refuse(peer, logon.session, LogonRejectReason::kStaleEpoch);
    }
    const absl::StatusOr<uint32_t> member = exchange_.Admit(logon.session);
    if (!member.ok()) return Refuse(peer, logon.session, LogonRejectReason::kGatewayFull);
    ReportQueue& reports = exchange_.reports(*member);
    const bool knows_us = logon.incarnation == options_.incarnation;
    if (!reports.Rewind(knows_us ? logon.next_seq_in : reports.first_seq())) {
      return Refuse(peer, logon.session, LogonRejectReason::kSequenceTooHigh);
    }
    for (Peer& other : peers_) {
      if (&other != &peer && other.member == *member) End(other);
    }
    LogonAck ack;
    ack.session = logon.session;
    ack.version = kExchangeProtocolVersion;
    ack.incarnation = options_.incarnation;
    ack.next_seq_out = reports.next_seq();
    ack.next_seq_in = exchange_.requests_taken(*member) + 1;
    RINGWAY_PROBE(exchange_logon_checked);
    if (!SendNow(peer, ack)) return End(peer);
    RINGWAY_PROBE(exchange_logon_answered);
    peer.member = *member;
    peer.confirmed = exchange_.requests_taken(*member);
    peer.connected = exchange_.Connect(now_ns, peer.member);
    ++counters_.logons;
  }

  void Refuse(Peer& peer, uint32_t session, LogonRejectReason reason) {
    ++counters_.logons_refused;
    LogonReject reject;
    reject.session = session;
    reject.reason = reason;
    reject.version = kExchangeProtocolVersion;
    // Only a courtesy: a member that cannot take it sees the link end.
    static_cast<void>(SendNow(peer, reject));
    End(peer);
  }

  template <Message M>
  bool SendNow(Peer& peer, const M& message) noexcept {
    const Claim claim = peer.link->TryClaim(PayloadBytes(message));
    if (!claim) return false;
    Encode(message, claim.data);
    return peer.link->Commit(static_cast<uint8_t>(M::kType), Publish::kNow) == SendStatus::kOk;
  }

  bool SendReports(Peer& peer) noexcept {
    if (peer.member == kNoMember || peer.ended) return false;
    ReportQueue& reports = exchange_.reports(peer.member);
    uint32_t sent = 0;
    while (const QueuedReport* report = reports.Front()) {
      const Claim claim = peer.link->TryClaim(report->payload_bytes);
      if (!claim) break;
      std::memcpy(claim.data, report->payload.data(), report->payload_bytes);
      // A link that has ended just now answers so; the member asks for this report again.
      static_cast<void>(peer.link->Commit(static_cast<uint8_t>(report->type), Publish::kGather));
      RINGWAY_PROBE(exchange_report_committed);
      reports.Pop();
      ++sent;
    }
    if (sent == 0) return false;
    static_cast<void>(peer.link->Flush());  // an ended link shows itself in Maintain()
    RINGWAY_PROBE(exchange_reports_flushed);
    counters_.reports += sent;
    return true;
  }

  void Maintain(int64_t now_ns, Peer& peer) {
    if (peer.ended) return;
    const LinkState state = peer.link->Maintain(now_ns);
    const bool late =
        peer.member == kNoMember && now_ns - peer.accepted_ns > options_.logon_timeout_ns;
    if (late || state == LinkState::kClosed || state == LinkState::kFenced) {
      // Requests that arrived before the end still count: the next Poll() would have had them.
      if (!late && Receive(now_ns, peer)) return;
      return End(peer);
    }
    if (peer.member == kNoMember) return;
    if (!peer.connected) peer.connected = exchange_.Connect(now_ns, peer.member);
    const uint64_t taken = exchange_.requests_taken(peer.member);
    const bool due = taken - peer.confirmed >= kConfirmRequests ||
                     now_ns - peer.confirmed_ns >= options_.confirm_ns;
    if (taken == peer.confirmed || !due) return;
    Heartbeat heartbeat;
    heartbeat.send_time = static_cast<uint64_t>(now_ns);
    heartbeat.next_seq_out = exchange_.reports(peer.member).next_seq();
    heartbeat.next_seq_in = taken + 1;
    if (!SendNow(peer, heartbeat)) return;
    RINGWAY_PROBE(exchange_confirm_sent);
    peer.confirmed = taken;
    peer.confirmed_ns = now_ns;
  }

  void End(Peer& peer) noexcept {
    if (peer.ended) return;
    peer.ended = true;
    ++counters_.links_ended;
    if (peer.member != kNoMember) exchange_.Disconnect(peer.member);
    peer.link->Close();
  }

  Exchange& exchange_;
  ServerOptions options_;
  AdmitLink admit_;
  std::vector<Peer> peers_;
  int64_t next_tick_ns_ = 0;
  ServerCounters counters_;
};

}  // namespace ringway::exchange
