// The options of a matching exchange: its instruments, rules and fixed capacities.
//
// Plain data with defaults and units; everything is allocated from it once, at start.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "schema/features.h"

namespace ringway::exchange {

// What orders may ask of the exchange, beyond price and quantity.
inline constexpr FeatureSet kFeatures =
    BitOf(Feature::kReplaceDisplay) | BitOf(Feature::kReplaceExpiry);

inline constexpr int64_t kDayNs = 86'400 * kNsPerS;

// Bounds of the capacities below.
inline constexpr uint32_t kOrdersLimit = 1u << 26;  // also of positions and closed orders
inline constexpr uint32_t kLevelsLimit = 1u << 16;
inline constexpr uint32_t kQueueMin = 64;
inline constexpr uint32_t kQueueLimit = 1u << 24;

// What happens when an order would trade with a resting order of the same member and account.
enum class SelfTrade : uint8_t {
  kOff,              // they trade
  kCancelResting,    // the resting order is canceled, matching goes on
  kCancelAggressor,  // what is left of the arriving order is canceled
};
std::string_view Name(SelfTrade self_trade) noexcept;  // as the flag spells it: "cancel-resting"

struct InstrumentOptions {
  uint32_t id = 0;            // as orders name it; not 0
  int64_t tick = 10'000'000;  // 1e-9 of the currency; prices are multiples of it
  uint64_t lot = 1;           // quantities are multiples of it
  // Orders beyond these are refused, whatever the market: 1e-9 of the currency, smallest units.
  int64_t price_max = 1'000'000 * int64_t{1'000'000'000};
  uint64_t qty_max = uint64_t{1} << 32;
  // The reference price until there is a mid or a trade: yesterday's close. 0: none, so a gateway
  // with a price collar refuses every order until a member without one has made a market.
  int64_t opening_price = 0;
};

struct ExchangeOptions {
  uint16_t venue = 1;  // this venue's number in reports
  std::vector<InstrumentOptions> instruments;
  SelfTrade self_trade = SelfTrade::kOff;

  // Identifiers of executions and of matches begin after it. They must not repeat when the venue is
  // restarted: members take a repeated one for a duplicate. Below 2^62.
  uint64_t ids_after = 0;

  // A day order expires when this many nanoseconds have passed since midnight UTC. kNever: the
  // venue never closes and day orders live as long as it does.
  static constexpr int64_t kNever = -1;
  int64_t day_end_ns = kNever;

  // A changed reference price is published no sooner after the last one than the first, an
  // unchanged one again after the second, per instrument.
  int64_t reference_interval_min_ns = kNsPerMs;
  int64_t reference_repeat_ns = 100 * kNsPerMs;

  // How long all members wait for a member whose order sweeps the book and who does not take the
  // reports. Then the rest of the order is canceled; the member's next sweep is waited for only
  // after twenty times as long.
  int64_t pause_max_ns = 50 * kNsPerMs;

  // Makes the places of identifiers in tables unpredictable for members, who choose them. Nothing
  // else depends on it.
  uint64_t hash_seed = 0;

  // Capacities. An order that finds one of them used up is Rejected with venueOption.
  uint32_t orders_max = 1u << 18;           // open at a time, stops included
  uint32_t levels_per_side_max = 1u << 12;  // prices, per instrument and side
  uint32_t positions_max = 1u << 12;        // pairs of account and instrument
  // How many closed orders' ids are remembered: to answer tooLateToCancel rather than unknownOrder,
  // and to refuse a duplicate.
  uint32_t closed_ids_max = 1u << 16;
  uint32_t members_max = 16;
  // Reports to a member that it has not taken, or not confirmed, yet, and a place for the end of
  // each of its open orders, which may use up to three quarters of it. A power of two, at least 64.
  uint32_t member_queue_reports = 1u << 15;
};

// OK, or InvalidArgument naming every value that is out of range.
absl::Status Validate(const ExchangeOptions& options);

}  // namespace ringway::exchange
