// A venue's process in the simulated world: what is recorded of it, and how it lies.
//
// The matching exchange and its server as shipped, over VenueLink: a link that records what the
// exchange takes and says, and on command spoils one message on its way out. Lies that an exchange
// could tell by its own fault (fills that never were, reports twice) are put into its queue of
// reports, so they are numbered, kept and sent again like any other.
// Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "exchange/exchange_server.h"
#include "exchange/matching.h"
#include "tests/sim/events.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"

namespace ringway::sim {

// What the next message of its kind is spoiled by.
struct Spoil {
  bool half_report = false;
  bool wrong_heartbeat = false;  // confirms requests that were never sent
  bool wrong_logon = false;      // counts reports that were never sent
};

// The exchange's end of a link to the gateway.
class VenueLink {
 public:
  VenueLink(std::unique_ptr<SimLink> link, uint32_t venue, Recorder& recorder, Spoil& spoil)
      : link_(std::move(link)), venue_(venue), recorder_(recorder), spoil_(spoil) {}

  Claim TryClaim(uint32_t bytes) noexcept;
  SendStatus Commit(uint8_t type, Publish publish) noexcept;
  template <class S>
  uint32_t Poll(S&& sink, uint32_t budget) noexcept {
    return link_->Poll(
        [&](const Record& record) {
          Took(record);
          sink(record);
        },
        budget);
  }
  SendStatus Flush() noexcept { return link_->Flush(); }
  LinkState Maintain(int64_t now_ns) noexcept { return link_->Maintain(now_ns); }
  void Close() noexcept { link_->Close(); }
  uint32_t epoch() const noexcept { return link_->epoch(); }
  LinkNonces nonces() const noexcept { return link_->nonces(); }
  uint64_t peer_key() const noexcept { return link_->peer_key(); }

 private:
  void Took(const Record& record);
  void Say(FrameType type, std::span<std::byte> payload);

  std::unique_ptr<SimLink> link_;
  uint32_t venue_;
  Recorder& recorder_;
  Spoil& spoil_;
  Claim claim_;  // of link_; what the server fills is claim_ itself, or scratch_
  bool halved_ = false;
  alignas(8) std::array<std::byte, kTwoGranulePayloadBytes> scratch_{};
  uint32_t scratch_bytes_ = 0;
  uint64_t next_took_ = 0;
  uint64_t next_said_ = 0;
};

class Venue {
 public:
  Venue(const Plan& plan, uint32_t number, Recorders& recorders);

  uint32_t number() const noexcept { return number_; }
  void Accept(std::unique_ptr<SimLink> link, uint32_t site, int64_t now_ns);
  void Turn(int64_t now_ns);
  void StopUntil(int64_t until_ns) noexcept { stopped_until_ns_ = until_ns; }
  bool stopped(int64_t now_ns) const noexcept { return now_ns < stopped_until_ns_; }
  Spoil& spoil() noexcept { return spoil_; }

  // Whether its exchange has requests of a site's member.
  bool knows(uint32_t site) const noexcept {
    return exchange_->requests_taken(members_[site]) != 0;
  }
  // Of all members.
  uint32_t open_orders() const noexcept { return exchange_->book().open_count(); }

  // Tells a site a lie of this kind, if there is an order that it could be about.
  void Lie(Fault fault, uint64_t draw, uint32_t site, int64_t now_ns);
  // Takes back every fill that never was. REQUIRES: room in the queue; lies are few.
  void TakeLiesBack(int64_t now_ns);

  // Everything that the venue holds of a site's accounts, as events.
  void Probe(uint32_t site) const;

 private:
  void AddLie(ExecutionReport report, uint32_t site, int64_t now_ns);
  const exchange::Order* AnyOpenOrder(uint64_t draw, uint32_t site) const;

  uint32_t number_;
  Recorders& recorders_;
  std::unique_ptr<exchange::Exchange> exchange_;
  std::unique_ptr<exchange::ExchangeServer<VenueLink>> server_;
  std::vector<uint32_t> members_;         // of the exchange, by site
  std::vector<uint32_t> admitted_epoch_;  // by member
  int64_t stopped_until_ns_ = 0;
  Spoil spoil_;
  uint64_t lies_ = 0;
  std::vector<std::pair<uint32_t, ExecutionReport>> false_fills_;  // told to these sites
};

// Lies' execution identifiers: no exchange, connector or gateway uses this bit without the highest.
inline constexpr uint64_t kLieExecIdBit = uint64_t{1} << 62;

}  // namespace ringway::sim
