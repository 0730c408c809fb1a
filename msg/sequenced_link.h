// SequencedLink: one end of a sequenced session, the same for all ends.
//
// It numbers what is sent and keeps it until the other end has processed it, tells what arrives
// anew from what is repeated, acknowledges, and judges whether the other end lives. The numbers
// outlive links; at most one link is attached at a time. A strategy's end (session_core.h), a
// gateway's (gateway/session/gateway_session.h) and a gateway's towards an exchange
// (gateway/connector/link/link_connector.h) differ in who may log on, in what becomes of messages
// under way when a link is lost, and in what a message means. The exchange's end uses the same
// sequences, which its matching engine owns (docs/adr/0029).
//
// Thread rule: one thread. Nothing here allocates after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "msg/sequences.h"
#include "msg/session_protocol.h"
#include "schema/messages.h"
#include "transport/link.h"
#include "transport/liveness.h"

namespace ringway {

enum class LinkPhase : uint8_t {
  kNone,       // there is no link
  kLoggingOn,  // the ends have not agreed on the numbers yet
  kLive,
  kDraining,  // nothing more is sent; what has arrived is still taken
  kOver,      // nothing more is sent or taken
};

// What Maintain() found.
enum class Upkeep : uint8_t {
  kFine,
  kLinkEnded,   // and everything that it delivered was taken
  kPeerSilent,  // for kHeartbeatsMissedMax heartbeats
};

// What a Heartbeat says that cannot be.
enum class HeartbeatFault : uint8_t {
  kNone,
  kNeverSent,    // the other end claims to have processed what was never sent to it
  kNotReceived,  // it has sent messages that did not arrive, over a link that loses none
};

template <class L>
class SequencedLink {
 public:
  explicit SequencedLink(uint32_t resend_slots) : outbound_(resend_slots) {}

  Outbound& outbound() noexcept { return outbound_; }
  const Outbound& outbound() const noexcept { return outbound_; }
  Inbound& inbound() noexcept { return inbound_; }
  const Inbound& inbound() const noexcept { return inbound_; }

  LinkPhase phase() const noexcept { return phase_; }
  // Attached and not over.
  bool attached() const noexcept {
    return phase_ != LinkPhase::kNone && phase_ != LinkPhase::kOver;
  }
  // Null when there is none.
  L* link() const noexcept { return link_.get(); }

  // Takes a link, on which the ends have to agree on the numbers first. A previous one is
  // destroyed. `heartbeat_ns`: interval of this end's heartbeats; 0: none are sent or expected.
  void Attach(std::unique_ptr<L> link, int64_t now_ns, int64_t heartbeat_ns) noexcept {
    link_ = std::move(link);
    phase_ = LinkPhase::kLoggingOn;
    drained_ = heard_ = refused_ = false;
    now_ns_ = now_ns;
    life_ = Liveness(LimitsOf(heartbeat_ns), now_ns);
  }
  // The ends have agreed. REQUIRES: kLoggingOn.
  void GoLive() noexcept { phase_ = LinkPhase::kLive; }
  // ... on another interval of heartbeats as well.
  void GoLive(int64_t heartbeat_ns) noexcept {
    GoLive();
    life_.SetLimits(LimitsOf(heartbeat_ns));
  }
  // The link takes nothing any more.
  void Drain() noexcept {
    if (attached()) phase_ = LinkPhase::kDraining;
  }
  // Closes the link with a code for the other end, see Link::Close().
  void End(uint8_t code = 0) noexcept {
    if (!attached()) return;
    phase_ = LinkPhase::kOver;
    link_->Close(code);
  }
  std::unique_ptr<L> TakeLink() noexcept {
    phase_ = LinkPhase::kNone;
    return std::move(link_);
  }

  // As Link::Poll(). REQUIRES: attached().
  template <class Sink>
  uint32_t Poll(Sink&& sink, uint32_t budget) noexcept {
    refused_ = false;
    uint32_t count;
    if constexpr (SinkMayRefuse<Sink>) {
      auto offer = [&](const Record& record) noexcept {
        const bool taken = sink(record);
        refused_ = !taken;
        return taken;
      };
      count = link_->Poll(offer, budget);
    } else {
      count = link_->Poll(sink, budget);
    }
    drained_ = count == 0 && !refused_;
    heard_ |= !drained_;
    return count;
  }
  // The last Poll() ended with a record that was not taken.
  bool refused() const noexcept { return refused_; }
  // The last Poll() found nothing.
  bool drained() const noexcept { return drained_; }
  // For a turn in which nothing may be taken, in place of Poll() or after one with a budget of 0:
  // the other end may seem silent only because nobody reads.
  void Hold() noexcept {
    heard_ = true;
    drained_ = false;
  }

  // Upkeep of the link, about once a millisecond. REQUIRES: attached().
  Upkeep Maintain(int64_t now_ns) noexcept {
    now_ns_ = now_ns;
    life_.Turn(now_ns);
    const LinkState state = link_->Maintain(now_ns);
    if (state == LinkState::kClosed) {
      if (phase_ == LinkPhase::kLive) phase_ = LinkPhase::kDraining;
      return drained_ ? Upkeep::kLinkEnded : Upkeep::kFine;
    }
    if (std::exchange(heard_, false)) life_.Heard(now_ns);
    return life_.Judge(now_ns) == Life::kDead ? Upkeep::kPeerSilent : Upkeep::kFine;
  }

  template <Message M>
  SendStatus Tell(const M& message) noexcept {
    return SendUnnumbered(*link_, message);
  }

  bool HeartbeatDue() const noexcept { return life_.HeartbeatDue(now_ns_); }
  // Says that everything before `next_seq_in` was processed here. False: the link had no room.
  bool SendHeartbeat(uint64_t next_seq_in) noexcept {
    const Heartbeat heartbeat{.send_time = static_cast<uint64_t>(now_ns_),
                              .next_seq_out = outbound_.next_on_link(),
                              .next_seq_in = next_seq_in};
    if (Tell(heartbeat) != SendStatus::kOk) return false;
    life_.Sent(now_ns_);
    return true;
  }
  [[nodiscard]] HeartbeatFault OnHeartbeat(const Heartbeat& heartbeat) noexcept {
    if (!outbound_.Acknowledge(heartbeat.next_seq_in)) return HeartbeatFault::kNeverSent;
    return heartbeat.next_seq_out > inbound_.arriving_seq() ? HeartbeatFault::kNotReceived
                                                            : HeartbeatFault::kNone;
  }
  // Sends everything from there on once more.
  void AskAgain() noexcept { (void)Tell(ResendRequest{.begin_seq = inbound_.next_seq()}); }

 private:
  // Nothing follows from suspicion: a session is alive or dead.
  static constexpr LivenessLimits LimitsOf(int64_t heartbeat_ns) noexcept {
    if (heartbeat_ns == 0) return {};
    const int64_t silence_max_ns = kHeartbeatsMissedMax * heartbeat_ns;
    return {heartbeat_ns, silence_max_ns, silence_max_ns};
  }

  std::unique_ptr<L> link_;
  LinkPhase phase_ = LinkPhase::kNone;
  bool drained_ = false;
  bool refused_ = false;
  bool heard_ = false;  // since the last Maintain() something arrived, or could not be read
  int64_t now_ns_ = 0;
  Liveness life_{{}};
  Outbound outbound_;
  Inbound inbound_;
};

}  // namespace ringway
