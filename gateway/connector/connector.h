// What a venue connector is to the gateway: requests in, reports out, polled, with time as an
// argument.
//
// A connector owns its protocol, its connection and nothing else: no threads, no clock, no order
// state beyond what its protocol needs. Messages are those of schema/: towards a venue clOrdId and
// origClOrdId carry the gateway's venue request identifiers (never the client's); the session is
// not passed on, the account is. Virtual calls happen once per burst, not per message. Thread rule:
// the engine's thread alone.
#pragma once

#include <cstdint>
#include <span>

#include "gateway/step.h"

namespace ringway {

class Connector {
 public:
  virtual ~Connector() = default;

  // Sends a run of NewOrder, Cancel and Replace effects for this venue, in order; answers how many
  // were taken. The rest is offered again later: back-pressure, not failure. What was taken is
  // either answered by the venue or followed by VenueStatus down through Poll().
  virtual uint32_t Send(int64_t now_ns, std::span<const Effect> requests) = 0;

  // Appends what the venue says (ExecutionReport, CancelReject, VenueStatus, ReferencePrice) while
  // there is room in `messages`, as effects with Target::kVenue and this venue's id. Also the place
  // where the connector keeps its connection alive and re-establishes it, never blocking; a change
  // is reported as VenueStatus.
  virtual void Poll(int64_t now_ns, Effects& messages) = 0;
};

}  // namespace ringway
