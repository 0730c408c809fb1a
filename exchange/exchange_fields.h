// The keys of an exchange's rules and capacities: form, range and meaning of each
// (base/config/config_reader.h).
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/config/config_reader.h"
#include "exchange/options.h"

namespace ringway::exchange {

inline constexpr std::array kSelfTradeChoices{
    ConfigChoice{"off", static_cast<uint32_t>(SelfTrade::kOff), "they trade"},
    ConfigChoice{"cancel-resting", static_cast<uint32_t>(SelfTrade::kCancelResting),
                 "the resting order is canceled, matching goes on"},
    ConfigChoice{"cancel-aggressor", static_cast<uint32_t>(SelfTrade::kCancelAggressor),
                 "what is left of the arriving order is canceled"},
};

// Rules and capacities of an exchange inside a gateway. Its own program has flags for them.
template <class V>
void Fields(V& v, ExchangeOptions& options) {
  v.Choice("self_trade", options.self_trade, kSelfTradeChoices,
           "When an order meets one of its own account:");
  v.Integer("day_end", options.day_end_ns, ConfigForm::kDuration,
            {0, kDayNs - kNsPerS, ExchangeOptions::kNever},
            "Time of day (UTC, since midnight) at which day orders expire. \"off\": never.");
  v.Integer("reference_interval_min", options.reference_interval_min_ns, ConfigForm::kDuration,
            {0, kDayNs}, "The least time between publications of a changed reference price.");
  v.Integer("reference_repeat", options.reference_repeat_ns, ConfigForm::kDuration, {1, kDayNs},
            "The time until an unchanged reference price is repeated; at least "
            "reference_interval_min.");
  v.Integer("orders_max", options.orders_max, ConfigForm::kWhole, {1, kOrdersLimit},
            "Open orders, stops included; what exceeds this or another capacity is rejected.");
  v.Integer("levels_per_side_max", options.levels_per_side_max, ConfigForm::kWhole,
            {1, kLevelsLimit}, "Prices with orders, per instrument and side.");
  v.Integer("positions_max", options.positions_max, ConfigForm::kWhole, {1, kOrdersLimit},
            "Pairs of account and instrument.");
  v.Integer("closed_ids_max", options.closed_ids_max, ConfigForm::kWhole, {1, kOrdersLimit},
            "Closed orders whose identifiers are remembered.");
  v.Integer("member_queue_reports", options.member_queue_reports, ConfigForm::kWhole,
            {kQueueMin, kQueueLimit},
            "Reports kept for a member that has not taken them; a power of two. It may have three "
            "quarters as many open orders.");
}

}  // namespace ringway::exchange
