// An order and its fill in one thread: engine, matching exchange and the engine again, with nothing
// between them.
//
// What an order to a gateway with an exchange inside costs without its two crossings: no session,
// no ring, no journal. The steps are the real ones: the order, the venue's New, both sides of the
// trade, and the matching.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "exchange/matching.h"
#include "gateway/config/config.h"
#include "gateway/core/step.h"
#include "gateway/engine/engine.h"
#include "schema/codec.h"
#include "schema/messages.h"

namespace ringway::bench {

class FillLoad {
 public:
  // A gateway's engine by its configuration. REQUIRES: accounts 1 and 2 with a session each, one
  // venue, instrument 1.
  explicit FillLoad(const GatewayConfig& config);

  // Time-stamp counter ticks since the order was there.
  struct Ticks {
    uint64_t decided;  // until the engine's step for the order is done
    uint64_t filled;   // until it has taken the last report of the trade
  };
  // Session 2 takes one unit of what rests of session 1's.
  Ticks TakeOne();

 private:
  // With `decided` it notes when the engine's step was done.
  void Step(Origin origin, uint32_t id, FrameType type, std::span<const std::byte> payload,
            uint64_t* decided = nullptr);
  void StepReports();
  void Rest();

  template <Message M>
  void Enter(Origin origin, uint32_t id, const M& message);

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<exchange::Exchange> exchange_;
  std::unique_ptr<Effects> effects_;
  VenueId venue_;
  uint32_t member_ = 0;
  int64_t now_ns_;
  int64_t price_;
  uint64_t next_id_ = 1;
  uint64_t resting_ = 0;
  uint64_t fills_ = 0;
};

}  // namespace ringway::bench
