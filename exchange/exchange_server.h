// ExchangeServer: serves an exchange to gateways over links.
//
// One ExchangeServer serves every member's link to one Exchange, in one duty loop. Besides requests
// and reports a link carries
//
//   member -> exchange
//     Logon        session      the member's number
//                  incarnation  of the numbers that it continues; 0: it knows none
//                  nextSeqOut   its next request
//                  nextSeqIn    the first report that it has not got
//   exchange -> member
//     LogonAck     incarnation  of the numbers from here on
//                  nextSeqOut   the next report
//                  nextSeqIn    the next request
//                  openOrders   orders of the member that are canceled, as it does not know them
//     Heartbeat    follows at once with the same two numbers; without it the LogonAck is not valid
//     LogonReject  the logon is refused, and the link ends
//     Logout       likewise, with the reason for which the exchange ended the member's last link
//     GapFill      a report like others, before VenueStatus up, to a member that begins anew:
//                  ids below newSeq were used in its name
//   both ways
//     Heartbeat    nextSeqIn    everything before it was taken here
//                  nextSeqOut   the sender's next request or report
//
// Requests and reports are numbered from 1 in the order in which they were sent. So a member that
// was disconnected gets every report that it missed and learns which of its requests never arrived;
// then comes VenueStatus up.
//
// Membership (ADR 0023). A member has one link. While that is alive another logon is refused,
// whoever sends it: alreadyLoggedOn. A logon that continues the member's numbers succeeds as soon
// as the older link is dead. One that does not (a gateway that lost its state, or a second one by
// mistake) has to wait takeover_ns longer, so that the member itself is first. Then it begins anew:
// the numbers get a new incarnation, what the member does not know is canceled, and ids used before
// are refused.
//
// What a member or a stranger can use up is bounded: links that have not logged on have guests_max
// places, and the peer with most of them loses its oldest first; a member whose link has had no
// room for slow_member_ns is logged out.
//
// Logon and LogonAck prove that both ends hold the member's key (msg/auth.h), where the exchange
// has keys. Without keys whoever the listener admits may log on under any number.
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
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/probe.h"
#include "exchange/limited_log.h"
#include "exchange/matching.h"
#include "exchange/member_keys.h"
#include "msg/auth.h"
#include "schema/codec.h"
#include "schema/messages.h"
#include "transport/link.h"

namespace ringway::exchange {

inline constexpr uint16_t kExchangeProtocolVersion = 3;

struct ServerOptions {
  uint64_t incarnation = 1;    // higher for each start of the exchange, by far more than members
                               // begin anew in one: its time in nanoseconds; not 0
  uint32_t guests_max = 32;    // links that have not logged on yet
  uint32_t burst = 64;         // requests from one link before the next one's turn
  int64_t tick_ns = kNsPerMs;  // link upkeep and the exchange's timer
  int64_t confirm_ns = 5 * kNsPerMs;  // longest time until taken requests are confirmed
  int64_t logon_timeout_ns = 2 * kNsPerS;
  int64_t takeover_ns = kNsPerS;  // how long a member that lost its link has to return
  int64_t slow_member_ns = 10 * kNsPerS;
  MemberKeys member_keys = {};  // empty: members are not authenticated
  // Members that come another way: their numbers are refused over links.
  std::vector<uint64_t> other_members = {};
  // Receives lines about links that come, go and are refused, a bounded number a second
  // (limited_log.h). May be empty.
  std::function<void(std::string_view line)> report = {};
};

struct ServerCounters {
  uint64_t logons = 0;
  uint64_t logons_refused = 0;
  uint64_t guests_evicted = 0;  // to make room for others
  uint64_t begun_anew = 0;      // logons that did not continue the member's numbers
  uint64_t slow_members = 0;    // links ended because the member took nothing from them
  uint64_t links_ended = 0;
  uint64_t requests = 0;
  uint64_t reports = 0;
};

template <class L>
class ExchangeServer {
 public:
  // admit(member, epoch): the listener's Admit(), the member's number being its links' peer key;
  // false closes the link.
  using AdmitLink = std::function<bool(uint64_t member, uint32_t epoch)>;

  ExchangeServer(Exchange& exchange, const ServerOptions& options, AdmitLink admit)
      : exchange_(exchange), options_(options), log_(options.report), admit_(std::move(admit)) {
    peers_.reserve(options.guests_max + exchange.options().members_max);
  }

  // Takes a link from a member. Without room for another guest, the oldest link of the peer that
  // has most of them is evicted.
  void Accept(int64_t now_ns, std::unique_ptr<L> link) {
    now_ns_ = now_ns;
    EvictGuest();
    Peer peer;
    peer.link = std::move(link);
    peer.accepted_ns = now_ns;
    peers_.push_back(std::move(peer));
  }

  // One turn; true when there was anything to do.
  bool DoWork(int64_t now_ns) {
    now_ns_ = now_ns;
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
    // A request of one member causes reports to others: they leave in the same turn.
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

  // Ends every link in order. What the members did not confirm is lost with the exchange.
  void Close() noexcept {
    for (Peer& peer : peers_) peer.link->Close();
  }

  const ServerCounters& counters() const noexcept { return counters_; }
  size_t link_count() const noexcept { return peers_.size(); }

 private:
  static constexpr uint32_t kNoMember = UINT32_MAX;
  static constexpr uint64_t kConfirmRequests = 256;
  // Limit of a member's waiting requests. More than a member sends without a confirmation
  // (LinkConnectorOptions::unconfirmed_max), or its Heartbeat might never be reached.
  static constexpr size_t kWaitingMax = 16'384;

  // A request that the exchange did not take yet.
  struct Waiting {
    uint8_t type = 0;
    uint16_t payload_bytes = 0;
    alignas(8) std::array<std::byte, kRootBytes + kDataWordsAcceptedMax * kWordBytes> payload;
  };

  struct Peer {
    std::unique_ptr<L> link;
    uint32_t member = kNoMember;
    bool connected = false;  // the exchange's Connect() succeeded
    bool ended = false;
    int64_t accepted_ns = 0;
    int64_t confirmed_ns = 0;
    uint64_t confirmed = 0;  // requests
    int64_t stuck_ns = 0;    // since when the link has taken no report; 0: it takes them
    std::deque<Waiting> waiting;
  };

  // State of a member that outlives its links.
  struct Standing {
    uint64_t incarnation = 0;  // of its numbers; 0: it never logged on
    uint64_t number = 0;       // the number it logs on with
    int64_t left_ns = 0;       // when its latest link ended
    bool slow = false;         // it ended for slowness, which the member has not been told
    bool refusal_told = false;
  };

  // Keeps room for one more guest.
  void EvictGuest() {
    uint32_t guests = 0;
    for (const Peer& peer : peers_) guests += peer.member == kNoMember;
    if (guests < options_.guests_max) return;
    auto victim = peers_.end();
    uint32_t most = 0;
    for (auto guest = peers_.begin(); guest != peers_.end(); ++guest) {
      if (guest->member != kNoMember) continue;
      if (guest->ended) {
        victim = guest;
        break;
      }
      uint32_t links = 0;
      for (const Peer& other : peers_) {
        links += other.member == kNoMember && other.link->peer_key() == guest->link->peer_key();
      }
      if (links > most) {
        most = links;
        victim = guest;
      }
    }
    if (!victim->ended) {
      ++counters_.guests_evicted;
      End(*victim);
    }
    peers_.erase(victim);
  }

  bool Receive(int64_t now_ns, Peer& peer) {
    if (peer.ended) return false;
    bool worked = false;
    for (uint32_t offered = 0; offered != options_.burst && !peer.waiting.empty(); ++offered) {
      const Waiting& waiting = peer.waiting.front();
      const Record record{.type = waiting.type,
                          .payload = {waiting.payload.data(), waiting.payload_bytes}};
      if (!Handle(now_ns, peer, record)) break;
      peer.waiting.pop_front();
      worked = true;
    }
    // A request waits for room in its member's queue, which a Heartbeat frees: that must be
    // processed before the requests that are in front of it.
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
    // A longer payload is not a message; nor is what is kept of it.
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
      if (Decode(record.payload, heartbeat) != DecodeStatus::kOk || heartbeat.next_seq_in == 0 ||
          !exchange_.reports(peer.member).Acknowledge(heartbeat.next_seq_in)) {
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
    if (!options_.member_keys.empty() && !IsAuthentic(*peer.link, logon)) {
      if (!std::exchange(no_proof_told_, true)) {
        Say(absl::StrCat("member ", logon.session,
                         ": a gateway is refused that does not hold this member's key"));
      }
      return Refuse(peer, logon.session, LogonRejectReason::kAuthenticationFailed);
    }
    if (std::ranges::find(options_.other_members, logon.session) != options_.other_members.end()) {
      if (!std::exchange(other_told_, true)) {
        Say(absl::StrCat("member ", logon.session,
                         ": a gateway is refused: this member does not come over a link. Give the "
                         "gateway a member_id of its own"));
      }
      return Refuse(peer, logon.session, LogonRejectReason::kAlreadyLoggedOn);
    }
    const absl::StatusOr<uint32_t> member = exchange_.Admit(logon.session);
    if (!member.ok()) return Refuse(peer, logon.session, LogonRejectReason::kGatewayFull);
    Standing& standing = StandingOf(*member, logon.session);
    const bool goes_on = standing.incarnation != 0 && logon.incarnation == standing.incarnation;
    if (HasLiveLink(peer, *member) || !MayTakeOver(*member, standing, goes_on)) {
      if (!std::exchange(standing.refusal_told, true)) {
        Say(absl::StrCat("member ", logon.session,
                         ": another gateway is refused: the member is logged on, or was until a "
                         "moment ago. Give every gateway a member_id of its own"));
      }
      return Refuse(peer, logon.session, LogonRejectReason::kAlreadyLoggedOn);
    }
    if (!admit_(logon.session, peer.link->epoch())) {
      return Refuse(peer, logon.session, LogonRejectReason::kStaleEpoch);
    }
    if (std::exchange(standing.slow, false)) {
      // The link that ended for it had no room for the reason.
      static_cast<void>(SendNow(peer, Logout{.reason = LogoutReason::kSlowConsumer}));
      return End(peer);
    }
    Begin(now_ns, peer, *member, logon);
  }

  // An unknown member takes the same time as a wrong key.
  bool IsAuthentic(const L& link, const Logon& logon) const {
    const auto key = options_.member_keys.find(logon.session);
    const bool known = key != options_.member_keys.end();
    const auto& checked = known ? *key : *options_.member_keys.begin();
    return Verify(checked.second, BindingOf(link), logon) && known;
  }

  // The logon is valid: answers where the numbers continue, or begin anew.
  void Begin(int64_t now_ns, Peer& peer, uint32_t member, const Logon& logon) {
    Standing& standing = standings_[member];
    Outbound& reports = exchange_.reports(member);
    const uint64_t taken = exchange_.requests_taken(member);
    const bool goes_on = standing.incarnation != 0 && logon.incarnation == standing.incarnation &&
                         logon.next_seq_out != 0 && reports.ResumeFrom(logon.next_seq_in);
    if (!goes_on) {
      static_cast<void>(reports.ResumeFrom(reports.store().first()));
      counters_.begun_anew += standing.incarnation != 0;
      standing.incarnation =
          standing.incarnation == 0 ? options_.incarnation : standing.incarnation + 1;
    }
    const uint64_t known = goes_on ? std::min(logon.next_seq_out - 1, taken) : 0;
    const uint32_t open_orders = known == taken ? 0 : exchange_.Disown(member, known);
    LogonAck ack;
    ack.session = logon.session;
    ack.version = kExchangeProtocolVersion;
    ack.incarnation = standing.incarnation;
    ack.next_seq_out = reports.next_on_link();
    ack.next_seq_in = taken + 1;
    ack.open_orders = goes_on ? 0 : open_orders;
    if (const auto key = options_.member_keys.find(logon.session);
        key != options_.member_keys.end()) {
      Sign(key->second, BindingOf(*peer.link), ack);
    }
    RINGWAY_PROBE(exchange_logon_checked);
    if (!SendNow(peer, ack) || !SayNumbers(peer, reports, taken)) return End(peer);
    RINGWAY_PROBE(exchange_logon_answered);
    peer.member = member;
    peer.confirmed = taken;
    peer.connected = exchange_.Connect(now_ns, member);
    standing.refusal_told = no_proof_told_ = other_told_ = false;
    ++counters_.logons;
    Say(absl::StrCat("member ", logon.session, ": logged on",
                     known == taken
                         ? ""
                         : absl::StrCat("; it does not know ", taken - known, " of its ", taken,
                                        " requests: orders that they entered are canceled")));
  }

  Standing& StandingOf(uint32_t member, uint64_t number) {
    if (standings_.size() <= member) standings_.resize(member + 1);
    standings_[member].number = number;
    return standings_[member];
  }

  // Checks the member's other link. A dead one is ended.
  bool HasLiveLink(const Peer& peer, uint32_t member) {
    for (Peer& other : peers_) {
      if (&other == &peer || other.ended || other.member != member) continue;
      const LinkState state = other.link->Maintain(now_ns_);
      if (state != LinkState::kClosed) return true;
      End(other);
    }
    return false;
  }

  // A gateway that does not continue the member's numbers would have its orders canceled: the
  // member itself is given time to return.
  bool MayTakeOver(uint32_t member, const Standing& standing, bool goes_on) const noexcept {
    return goes_on || standing.incarnation == 0 || exchange_.requests_taken(member) == 0 ||
           now_ns_ - standing.left_ns >= options_.takeover_ns;
  }

  void Say(const std::string& line) { log_.Say(now_ns_, line); }

  bool SayNumbers(Peer& peer, const Outbound& reports, uint64_t taken) noexcept {
    Heartbeat heartbeat;
    heartbeat.send_time = static_cast<uint64_t>(now_ns_);
    heartbeat.next_seq_out = reports.next_on_link();
    heartbeat.next_seq_in = taken + 1;
    return SendNow(peer, heartbeat);
  }

  void Refuse(Peer& peer, uint32_t session, LogonRejectReason reason) {
    ++counters_.logons_refused;
    LogonReject reject;
    reject.session = session;
    reject.reason = reason;
    reject.version = kExchangeProtocolVersion;
    // Best effort: a member that cannot take it sees the link end.
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
    Outbound& reports = exchange_.reports(peer.member);
    uint32_t sent = 0;
    // After a link that has just ended the member asks for these reports again.
    while (reports.Front() != nullptr &&
           reports.PutFront(*peer.link, Publish::kGather) == SendStatus::kOk) {
      RINGWAY_PROBE(exchange_report_committed);
      ++sent;
    }
    if (sent == 0) {
      const bool stuck = reports.Front() != nullptr;
      if (!stuck) peer.stuck_ns = 0;
      if (stuck && peer.stuck_ns == 0) peer.stuck_ns = now_ns_;
      return false;
    }
    peer.stuck_ns = 0;
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
    if (late || state == LinkState::kClosed) {
      // Requests that arrived before the end still count: the next Poll() would have taken them.
      if (!late && Receive(now_ns, peer)) return;
      return End(peer);
    }
    if (peer.member == kNoMember) return;
    if (peer.stuck_ns != 0 && now_ns - peer.stuck_ns > options_.slow_member_ns) {
      ++counters_.slow_members;
      Standing& standing = standings_[peer.member];
      standing.slow = true;
      Say(absl::StrCat("member ", standing.number, ": logged out: it took no report for ",
                       options_.slow_member_ns / kNsPerMs, " ms"));
      return End(peer);
    }
    if (!peer.connected) peer.connected = exchange_.Connect(now_ns, peer.member);
    const uint64_t taken = exchange_.requests_taken(peer.member);
    const bool due = taken - peer.confirmed >= kConfirmRequests ||
                     now_ns - peer.confirmed_ns >= options_.confirm_ns;
    if (taken == peer.confirmed || !due) return;
    if (!SayNumbers(peer, exchange_.reports(peer.member), taken)) return;
    RINGWAY_PROBE(exchange_confirm_sent);
    peer.confirmed = taken;
    peer.confirmed_ns = now_ns;
  }

  void End(Peer& peer) noexcept {
    if (peer.ended) return;
    peer.ended = true;
    ++counters_.links_ended;
    if (peer.member != kNoMember) {
      exchange_.Disconnect(peer.member);
      standings_[peer.member].left_ns = now_ns_;
      standings_[peer.member].refusal_told = false;
      Say(absl::StrCat("member ", standings_[peer.member].number, ": its link has ended"));
    }
    peer.link->Close();
  }

  Exchange& exchange_;
  ServerOptions options_;
  LimitedLog log_;
  AdmitLink admit_;
  std::vector<Peer> peers_;
  std::vector<Standing> standings_;  // by member
  int64_t now_ns_ = 0;
  bool no_proof_told_ = false;  // since the last logon
  bool other_told_ = false;     // likewise
  int64_t next_tick_ns_ = 0;
  ServerCounters counters_;
};

}  // namespace ringway::exchange
