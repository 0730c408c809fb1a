// A market of two sessions at the shipped gateway: what the bench's orders travel through.
//
// A resting order of session 1, and immediate-or-cancel orders of session 2 that take one unit
// each.
#pragma once

#include <sched.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "gateway/config/config.h"
#include "gateway/testing/gateway_program.h"
#include "msg/session.h"
#include "schema/messages.h"
#include "tests/bench/bare_chain.h"

namespace ringway::bench {

inline constexpr int64_t kStartTimeoutNs = 20 * kNsPerS;

// Two: the exchange is in the gateway, and each process has a core. Three: it is a process that
// shares a core with the strategy.
enum class Layout { kTwoProcesses, kThreeProcesses };

// A gateway for Market, in this folder: two accounts with a session each, every check on, no
// journal.
GatewayConfig MarketConfig(const std::string& directory, Layout layout);

class Market {
 public:
  // REQUIRES: the gateway serves a MarketConfig() of the same layout.
  Market(const GatewayProgram& gateway, Layout layout);

  // Time-stamp counter: when the order was sent, when Send() returned, when the ack was read, and
  // when the fill.
  struct Ticks {
    uint64_t begun;
    uint64_t sent;
    uint64_t acked;
    uint64_t filled;
  };
  Ticks TakeOne();

 private:
  void Rest();
  template <class F>
  void PollUntil(Session& session, F&& done);

  const Layout layout_;
  std::unique_ptr<Session> maker_;
  std::unique_ptr<Session> taker_;
  uint32_t resting_ = 0;
  uint64_t acked_tsc_ = 0;
  uint64_t filled_tsc_ = 0;
  uint64_t reports_ = 0;
};

}  // namespace ringway::bench
