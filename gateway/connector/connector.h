// Connector: the gateway's interface to a venue. Requests in, reports out, polled, with time as an
// argument.
//
// A connector owns its protocol, its connection and nothing else: no threads, no clock, no order
// state beyond what its protocol needs. Messages are those of schema/: towards a venue clOrdId and
// origClOrdId carry the gateway's venue request identifiers (never the client's); the session is
// not passed on, the account is. Virtual calls happen once per burst towards the venue, and once
// per message from it. Thread rule: the engine's thread alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "gateway/core/step.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway {

// The sequence state between a gateway and a venue that numbers messages: what a restarted gateway
// needs to continue where its predecessor stopped.
struct VenueCursor {
  uint64_t incarnation = 0;  // the venue's; 0: nothing is known
  uint64_t sent = 0;         // requests
  uint64_t received = 0;     // reports
  uint64_t lost = 0;         // the last of `sent`: never arrived, and not answered yet
};

// An order that is open at a venue, as far as the gateway knows.
struct VenueOrder {
  uint64_t id = 0;         // as the venue has it, or was asked for it
  uint64_t first_id = 0;   // identifiers from this one on that have its slot are the order's
  uint64_t cancel_id = 0;  // of a cancel and a replace without an answer; 0: none
  uint64_t replace_id = 0;
  int64_t price = 0;
  int64_t stop_price = 0;
  uint64_t qty = 0;  // in all
  uint64_t cum_qty = 0;
  int64_t replace_price = 0;
  uint64_t replace_qty = 0;
  uint32_t instrument = 0;
  uint32_t account = 0;
  Side side = Side::kUnset;
  OrdType ord_type = OrdType::kUnset;
  TimeInForce time_in_force = TimeInForce::kDay;
  bool confirmed = false;  // the venue has said of it that it is there
};

// The identifier of a request towards a venue: every such message begins with it.
inline uint64_t VenueRequestId(const EffectView& request) noexcept {
  static_assert(offsetof(NewOrder, cl_ord_id) == 0 && offsetof(Cancel, cl_ord_id) == 0 &&
                offsetof(Replace, cl_ord_id) == 0);
  return FieldAt<uint64_t>(request.payload, offsetof(NewOrder, cl_ord_id));
}

// The identifier of the order that a cancel or replace is about; 0 for a new order.
inline uint64_t OrigRequestId(const EffectView& request) noexcept {
  static_assert(offsetof(Cancel, orig_cl_ord_id) == offsetof(Replace, orig_cl_ord_id));
  if (request.type == FrameType::kNewOrder) return 0;
  return FieldAt<uint64_t>(request.payload, offsetof(Cancel, orig_cl_ord_id));
}

// REQUIRES: the request is of this type.
template <Message M>
M DecodedRequest(std::span<const std::byte> request) noexcept {
  M message;
  RINGWAY_CHECK(Decode(request, message) == DecodeStatus::kOk, "the engine encodes what it sends");
  return message;
}

// Receives a venue's messages (ExecutionReport, ExecutionDetail, CancelReject, VenueStatus,
// ReferencePrice, GapFill) as effects with Target::kVenue, the venue's id, and as seq the venue's
// number of the report: 0 for the connector's own messages and where a venue has none.
class VenueSink {
 public:
  // False: it is not taken, and comes first at the next Poll(). The payload is read before the
  // return.
  [[nodiscard]] virtual bool Take(const EffectView& message) noexcept = 0;

 protected:
  ~VenueSink() = default;
};

class Connector {
 public:
  // The most messages that a sink takes in one Poll().
  static constexpr uint32_t kBurstMax = 256;

  virtual ~Connector() = default;

  // Sends a run of NewOrder, Cancel and Replace effects for this venue, in order; returns how many
  // were taken. The rest is offered again later: backpressure, not failure. Every request taken is
  // either answered by the venue or followed by VenueStatus down through Poll().
  virtual uint32_t Send(int64_t now_ns, std::span<const Effect> requests) = 0;

  // Passes on what the venue says, until `sink` refuses something: a venue that says more than the
  // gateway can take feels backpressure on its own connection. Here the connector also keeps its
  // connection alive and re-establishes it, never blocking; a change is reported as VenueStatus.
  virtual void Poll(int64_t now_ns, VenueSink& sink) = 0;

  // Between turns that found nothing, cheaper than Poll(): whether something may have come. A venue
  // that speaks only when it is polled says no.
  virtual bool SeesInput() noexcept { return false; }

  // Whether the venue counts requests, so that its count determines which requests it has: then
  // their order must be known after a crash. Constant.
  virtual bool counts_requests() const noexcept { return false; }

  // Why the venue cannot be reached, for operators; empty while it can, and where a venue gives no
  // reasons. Valid until the next call.
  virtual std::string_view reason() const noexcept { return {}; }

  // For venues that number requests and reports, so that both outlive a process of the gateway.
  // Counts logons at the venue: with each one cursor().sent may begin anew.
  virtual uint64_t logons() const noexcept { return 0; }
  virtual VenueCursor cursor() const noexcept { return {}; }
  // Continues from `cursor`, where an earlier process stopped; `requests` are the last before
  // cursor.sent, oldest first, which the venue may or may not have received. Before the first
  // Poll().
  virtual void Restore(const VenueCursor& cursor, std::span<const Effect> requests) {
    static_cast<void>(cursor);
    static_cast<void>(requests);
  }
  // The orders that the gateway has open there, for protocols in which a request about an order has
  // to describe it. Before Restore().
  virtual void RestoreOrders(std::span<const VenueOrder> orders) { static_cast<void>(orders); }
  // An operator discards the numbers that venue and gateway dispute: the next logon begins anew,
  // with the venue's state. False: nothing is in dispute.
  virtual bool Resync() noexcept { return false; }
  // Reports up to this number are kept on this side: the venue may drop them.
  virtual void Confirm(uint64_t received) noexcept { static_cast<void>(received); }
};

}  // namespace ringway
