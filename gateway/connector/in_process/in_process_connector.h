// InProcessConnector: connects a gateway to an exchange in its own process.
//
// A Connector over an Exchange: no link between them, the rest is the same. Several gateways of a
// simulation can share one exchange, each through a connector of its own. Thread rule: the engine's
// thread, which is then also the exchange's. Lifetime: the exchange outlives the connector. Nothing
// allocates after Create().
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "exchange/matching.h"
#include "gateway/connector/connector.h"
#include "gateway/connector/in_process/in_process_venue.h"
#include "gateway/connector/venue_kind.h"
#include "gateway/core/step.h"

namespace ringway {

class InProcessConnector final : public Connector {
 public:
  // `member_id` is the gateway's name at the exchange, see Exchange::Admit(); `venue` is the
  // gateway's number for the exchange. Errors: those of Admit().
  static absl::StatusOr<std::unique_ptr<InProcessConnector>> Create(exchange::Exchange& exchange,
                                                                    uint64_t member_id,
                                                                    VenueId venue);

  // The same, of an exchange that nobody else uses.
  static absl::StatusOr<std::unique_ptr<InProcessConnector>> Create(
      std::unique_ptr<exchange::Exchange> exchange, VenueId venue);

  ~InProcessConnector() override { exchange_.Disconnect(member_); }

  uint32_t Send(int64_t now_ns, std::span<const Effect> requests) override;
  // The first call connects: VenueStatus up is the first message.
  void Poll(int64_t now_ns, VenueSink& sink) override;

  // Requests that the exchange could not decode; 0 unless its schema differs from the gateway's.
  uint64_t requests_refused() const noexcept { return requests_refused_; }

 private:
  // Interval at which the exchange is given the time when it has nothing else to do.
  static constexpr int64_t kTimerIntervalNs = kNsPerMs;

  InProcessConnector(exchange::Exchange& exchange, uint32_t member, VenueId venue)
      : exchange_(exchange), member_(member), venue_(venue) {}

  std::unique_ptr<exchange::Exchange> owned_;  // or null
  exchange::Exchange& exchange_;
  uint32_t member_;
  VenueId venue_;
  bool connected_ = false;
  int64_t next_timer_ns_ = 0;
  uint64_t requests_refused_ = 0;
};

}  // namespace ringway
