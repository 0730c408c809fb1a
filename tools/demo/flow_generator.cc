// Implements flow_generator.h: draws the next request.
#include "tools/demo/flow_generator.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"

namespace ringway::flow {
namespace {

constexpr uint64_t kRoundLot = 100;
constexpr int64_t kPassiveTicksMax = 8;     // a limit order rests at most this far from the mid
constexpr int64_t kAggressiveTicksMax = 4;  // an immediate order reaches at most this far across it
constexpr int64_t kMistakeFactor = 10;      // one digit too many
constexpr uint64_t kMistakeQtyFactor = 200;  // lots of the wrong size
constexpr int kChangeTriesMax = 4;           // orders tried to find one that can be changed

Side Opposite(Side side) noexcept { return side == Side::kBuy ? Side::kSell : Side::kBuy; }

}  // namespace

FlowGenerator::FlowGenerator(const FlowOptions& options)
    : options_(options), market_(options.market_seed), random_(options.seed) {
  RINGWAY_CHECK(!options_.instruments.empty(), "a flow needs an instrument");
  for (const InstrumentConfig& instrument : options_.instruments) {
    mids_.push_back(instrument.reference_price);
    RINGWAY_CHECK(instrument.id == mids_.size(), "instrument ids count from 1");
  }
}

int64_t FlowGenerator::NextGapNs() noexcept {
  if (options_.rate_per_s <= 0) return 0;
  return static_cast<int64_t>(random_.Exponential(double{kNsPerS} / options_.rate_per_s));
}

void FlowGenerator::WalkMids() noexcept {
  // One instrument at a time moves by a tick; the further from the opening price, the likelier
  // towards it.
  const size_t i = market_.Below(mids_.size());
  const InstrumentConfig& instrument = options_.instruments[i];
  const int64_t away = (mids_[i] - instrument.reference_price) / instrument.tick;
  const double up = 0.5 - 0.5 * static_cast<double>(away) / options_.mid_ticks_max;
  mids_[i] += market_.Chance(up) ? instrument.tick : -instrument.tick;
}

int64_t FlowGenerator::AwayFromOwn(const Ledger& ledger, uint32_t instrument, Side side,
                                   int64_t price, uint32_t except) const noexcept {
  const int64_t tick = options_.instruments[instrument - 1].tick;
  for (const uint32_t index : ledger.Working(instrument, Opposite(side))) {
    if (index == except) continue;
    const int64_t own = ledger.order(index).price;
    price = side == Side::kBuy ? std::min(price, own - tick) : std::max(price, own + tick);
  }
  return price;
}

FlowRequest FlowGenerator::Next(const Ledger& ledger) noexcept {
  WalkMids();
  const auto instrument = static_cast<uint32_t>(1 + random_.Below(mids_.size()));
  double kind = random_.Unit();
  if (kind < options_.cancel_share + options_.replace_share) {
    if (const auto change = Change(ledger, instrument, kind < options_.cancel_share)) {
      return *change;
    }
    kind = 1;  // no resting order can be changed: a limit order instead
  } else {
    kind -= options_.cancel_share + options_.replace_share;
  }
  return Order(ledger, instrument, kind);
}

std::optional<FlowRequest> FlowGenerator::Change(const Ledger& ledger, uint32_t instrument,
                                                 bool cancel) noexcept {
  const Side side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
  const std::vector<uint32_t>& working = ledger.Working(instrument, side);
  for (int i = 0; i < kChangeTriesMax && !working.empty(); ++i) {
    const uint32_t index = working[random_.Below(working.size())];
    const Ledger::Order& order = ledger.order(index);
    if (order.outcome != OrderOutcome::kOpen || order.changes_pending != 0) continue;
    FlowRequest request;
    request.kind = cancel ? FlowKind::kCancel : FlowKind::kReplace;
    request.target = index;
    if (cancel) return request;
    // Half of the replaces shrink the order in place, half move it to another price.
    request.price = order.price;
    request.qty = order.qty;
    const uint64_t lots_left = (order.qty - order.filled_qty) / kRoundLot;
    if (random_.Chance(0.5) && lots_left > 1) {
      request.qty -= kRoundLot *
                     static_cast<uint64_t>(random_.Between(1, static_cast<int64_t>(lots_left) - 1));
    } else {
      const int64_t away =
          random_.Between(1, kPassiveTicksMax) * options_.instruments[instrument - 1].tick;
      const int64_t price = mid(instrument) + (side == Side::kBuy ? -away : away);
      request.price = AwayFromOwn(ledger, instrument, side, price, index);
    }
    return request;
  }
  return std::nullopt;
}

FlowRequest FlowGenerator::Order(const Ledger& ledger, uint32_t instrument, double kind) noexcept {
  const InstrumentConfig& traded = options_.instruments[instrument - 1];
  FlowRequest request;
  NewOrder& order = request.order;
  order.instrument = instrument;
  order.account = options_.account;
  order.capacity = Capacity::kPrincipal;
  order.qty = kRoundLot * static_cast<uint64_t>(random_.Between(1, options_.round_lots_max));
  order.ord_type = OrdType::kLimit;

  const bool immediate = kind < options_.immediate_share;
  const bool market = !immediate && kind < options_.immediate_share + options_.market_share;
  const bool mistake =
      !immediate && !market &&
      kind < options_.immediate_share + options_.market_share + options_.mistake_share;
  // Orders that take do so towards a flat position, so that positions stay within their limits.
  const int64_t position = ledger.position(instrument);
  if ((immediate || market) && position != 0 && random_.Chance(0.75)) {
    order.side = position > 0 ? Side::kSell : Side::kBuy;
  } else {
    order.side = random_.Chance(0.5) ? Side::kBuy : Side::kSell;
  }
  const int64_t towards = order.side == Side::kBuy ? traded.tick : -traded.tick;
  if (market) {
    order.ord_type = OrdType::kMarket;
    order.time_in_force = TimeInForce::kImmediateOrCancel;
  } else if (immediate) {
    order.time_in_force = TimeInForce::kImmediateOrCancel;
    order.price = mid(instrument) + towards * random_.Between(0, kAggressiveTicksMax);
    order.price = AwayFromOwn(ledger, instrument, order.side, order.price, kNoIndex);
  } else if (mistake) {
    order.price = mid(instrument);
    if (random_.Chance(0.5)) {
      order.price = order.side == Side::kBuy
                        ? order.price * kMistakeFactor
                        : order.price / kMistakeFactor / traded.tick * traded.tick;
    } else {
      order.qty *= kMistakeQtyFactor;
    }
  } else {
    if (ledger.Working(instrument, order.side).size() >= options_.working_per_side_max) {
      if (const auto change = Change(ledger, instrument, true)) return *change;
    }
    order.price = mid(instrument) - towards * random_.Between(1, kPassiveTicksMax);
    order.price = AwayFromOwn(ledger, instrument, order.side, order.price, kNoIndex);
  }
  return request;
}

}  // namespace ringway::flow
