// The generator of a strategy's order flow.
//
// The flow is seeded: Poisson arrivals of limit orders around a mid price that walks at random, of
// cancels and replaces of resting orders, and of immediate-or-cancel and market orders that take
// from others; occasionally a mistake that the gateway's risk checks must stop. All strategies of
// one run walk the same mids (the market's seed), each draws its own requests (its own seed). A
// price that would match the strategy's own resting order is moved away from it, as a strategy
// would do. The same seeds and the same ledger states give the same requests.
// Thread rule: one thread. Allocates nothing after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "schema/instrument.h"
#include "schema/messages.h"
#include "tools/flow/ledger.h"

namespace ringway::flow {

struct FlowOptions {
  uint64_t market_seed = 1;
  uint64_t seed = 1;
  uint32_t account = 0;
  double rate_per_s = 0;  // mean arrivals; 0: each is due at once
  std::vector<InstrumentConfig> instruments;

  // Shares of the arrivals; the rest up to 1 are limit orders.
  double cancel_share = 0.30;
  double replace_share = 0.10;
  double immediate_share = 0.14;
  double market_share = 0.01;
  double mistake_share = 0.002;

  uint32_t working_per_side_max = 32;  // per instrument; above, a limit order becomes a cancel
  int32_t mid_ticks_max = 100;         // how far the mid walks from the opening price
  uint32_t round_lots_max = 10;        // an order is for 1 to this many round lots of 100
};

enum class FlowKind : uint8_t { kOrder, kCancel, kReplace };

// One request, without its clOrdId.
struct FlowRequest {
  FlowKind kind = FlowKind::kOrder;
  uint32_t target = kNoIndex;  // cancel, replace: the ledger's index of the order
  NewOrder order{};            // kOrder
  int64_t price = 0;           // kReplace
  uint64_t qty = 0;            // kReplace
};

class FlowGenerator {
 public:
  // REQUIRES: at least one instrument, their ids 1, 2, 3, ...
  explicit FlowGenerator(const FlowOptions& options);

  // Nanoseconds from one arrival to the next.
  int64_t NextGapNs() noexcept;

  // The next request of a strategy whose account is `ledger`.
  FlowRequest Next(const Ledger& ledger) noexcept;

  int64_t mid(uint32_t instrument) const noexcept { return mids_[instrument - 1]; }

 private:
  void WalkMids() noexcept;
  FlowRequest Order(const Ledger& ledger, uint32_t instrument, double kind) noexcept;
  std::optional<FlowRequest> Change(const Ledger& ledger, uint32_t instrument,
                                    bool cancel) noexcept;
  int64_t AwayFromOwn(const Ledger& ledger, uint32_t instrument, Side side, int64_t price,
                      uint32_t except) const noexcept;

  FlowOptions options_;
  Random market_;
  Random random_;
  std::vector<int64_t> mids_;  // by instrument
};

}  // namespace ringway::flow
