// What a venue connector is to the gateway: requests in, reports out, polled, with time as an argument.
//
// A connector owns its protocol, its connection and nothing else: no threads, no clock, no order state beyond
// what its protocol needs. Messages are those of schema/: clOrdId and origClOrdId carry the gateway's venue
// request identifiers (never the client's), session identity is not passed on, account is.
// Virtual calls happen once per burst, not per message. Thread rule: the engine's thread alone.
#pragma once

#include <cstdint>
#include <span>

#include "gateway/step.h"

namespace ringway {

// Receives what the venue says: ExecutionReport, CancelReject, VenueStatus, ReferencePrice, as wire messages.
class VenueSink {
 public:
  virtual void OnVenueMessage(VenueId venue, FrameType type, std::span<const std::byte> payload) = 0;

 protected:
  ~VenueSink() = default;
};

class Connector {
 public:
  virtual ~Connector() = default;

  // Sends a run of NewOrder, Cancel and Replace effects for this venue, in order; answers how many were taken.
  // The rest is offered again later: back-pressure, not failure. What was taken is either answered by the venue
  // or followed by VenueStatus down through Poll().
  virtual uint32_t Send(int64_t now_ns, std::span<const Effect> requests) = 0;

  // Delivers at most `budget` venue messages; answers how many. Also the place where the connector keeps its
  // connection alive and re-establishes it (never blocking): a change is delivered as VenueStatus.
  virtual uint32_t Poll(int64_t now_ns, VenueSink& sink, uint32_t budget) = 0;
};

}  // namespace ringway
