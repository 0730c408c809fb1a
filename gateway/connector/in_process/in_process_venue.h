// InProcessVenue: a [[venue]] with connector = "exchange", the matching exchange inside the
// gateway.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/options.h"
#include "gateway/config/config_reader.h"
#include "gateway/connector/venue_kind.h"
#include "schema/features.h"

namespace ringway {

struct InProcessVenue {
  static constexpr std::string_view kKind = "exchange";
  static constexpr FeatureSet kFeatures = exchange::kFeatures;
  static constexpr bool kSpeaksWhenPolled = true;

  exchange::ExchangeOptions exchange;  // its venue and instruments follow from the rest

  exchange::ExchangeOptions OptionsFor(const VenueContext& context) const;
  std::vector<VenueFault> Faults(const VenueContext& context) const;
  VenueNeeds Needs(const VenueContext& context) const;
};

exchange::InstrumentOptions MakeInstrumentOptions(const InstrumentConfig& instrument);

inline constexpr std::array kSelfTradeChoices{
    ConfigChoice{"off", static_cast<uint32_t>(exchange::SelfTrade::kOff)},
    ConfigChoice{"cancel-resting", static_cast<uint32_t>(exchange::SelfTrade::kCancelResting)},
    ConfigChoice{"cancel-aggressor", static_cast<uint32_t>(exchange::SelfTrade::kCancelAggressor)},
};

namespace exchange {  // where the visitors find it

template <class V>
void Fields(V& v, ExchangeOptions& options) {
  constexpr int64_t kDayNs = 86'400 * kNsPerS;
  v.Choice("self_trade", options.self_trade, kSelfTradeChoices);
  v.Integer("day_end", options.day_end_ns, ConfigForm::kDuration,
            {0, kDayNs - 1, ExchangeOptions::kNever});
  v.Integer("reference_interval_min", options.reference_interval_min_ns, ConfigForm::kDuration,
            {0, kDayNs});
  v.Integer("reference_repeat", options.reference_repeat_ns, ConfigForm::kDuration, {1, kDayNs});
  v.Integer("orders_max", options.orders_max, ConfigForm::kWhole, {1, 1 << 26});
  v.Integer("levels_per_side_max", options.levels_per_side_max, ConfigForm::kWhole, {1, 1 << 16});
  v.Integer("positions_max", options.positions_max, ConfigForm::kWhole, {1, 1 << 26});
  v.Integer("closed_ids_max", options.closed_ids_max, ConfigForm::kWhole, {1, 1 << 26});
  v.Integer("member_queue_reports", options.member_queue_reports, ConfigForm::kWhole,
            {64, 1 << 24});
}

}  // namespace exchange

template <class V>
void Fields(V& v, InProcessVenue& venue) {
  v.Section("exchange", venue.exchange);
}

}  // namespace ringway
