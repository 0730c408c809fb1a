// An instrument: what the prices and quantities in messages about it mean, and the keys of an
// [[instrument]] in a configuration.
//
// Gateway and exchange read the same tables. Prices are in 1e-9 of the instrument's currency,
// quantities in its smallest unit. Thread rule: plain data and pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/config/config_reader.h"

namespace ringway {

// Numbers are 1 to this: small enough to be looked up in a table by number.
inline constexpr uint32_t kInstrumentIdMax = (1u << 20) - 1;

// The largest quantity of one order is below it: with 2^24 orders the sums stay below 2^63.
inline constexpr uint64_t kQuantityBound = uint64_t{1} << 39;

struct InstrumentConfig {
  uint32_t id = 0;
  std::string symbol;
  std::string currency = "USD";
  // One unit of `currency` in the risk currency, in 1e-9. Fixed while the gateway runs. > 0.
  int64_t currency_rate = 1'000'000'000;
  // Smallest units of quantity in the thing that `price` is the price of: 1 for shares, 100'000'000
  // for a coin traded in 1e-8. > 0. The remainder of currency_rate * contract_multiplier /
  // units_per_price is in at most 1e-8 parts (gateway/risk/notional_factor.h): values are then
  // exact, or rounded up by less than 1e-18 of the risk currency.
  uint64_t units_per_price = 1;
  // The worth of one price point for one contract: 1 for shares, 50 for a future on 50 times an
  // index.
  uint32_t contract_multiplier = 1;
  // An inverse contract: quoted in `currency` and worth contract_multiplier of it per contract,
  // whatever its price; settled in something else.
  bool inverse = false;
  int64_t tick = 10'000'000;  // smallest price step; > 0
  uint64_t lot = 1;           // smallest quantity step; > 0
  // Hard bounds of valid prices and quantities; min <= max and 0 < max. A price_min of 0 or below,
  // a multiple of the tick, permits prices of 0 and below. The notional of the price that is
  // farthest from 0 and quantity_max must stay below 1e12 units of the risk currency.
  int64_t price_min = 1;
  int64_t price_max = 100'000'000'000'000;  // 100,000 units of currency
  uint64_t quantity_max = 1'000'000;
  // The reference of price collars until the first ReferencePrice arrives, dated at the first step;
  // 0: none, and then orders are refused until one arrives.
  int64_t reference_price = 0;
  // A reference older than this is stale; 0: it never becomes stale.
  int64_t reference_age_max_ns = 5'000'000'000;
  // A reference that differs from the last by more, in 1e-4 of it, is not taken until this many
  // further ones confirm it, or an operator does. > 0; UINT32_MAX: every one is taken.
  uint32_t reference_jump_bps = UINT32_MAX;
  uint32_t reference_confirmations = 3;
  // Least width of a price collar on either side of the price it is compared with; >= 0.
  int64_t collar_width_min = 0;
};

template <class V>
void Fields(V& v, InstrumentConfig& instrument) {
  constexpr ConfigRange kPositive{1};
  // 1e9 units of currency on either side of 0.
  constexpr ConfigRange kAnyPrice{-1'000'000'000'000'000'000, 1'000'000'000'000'000'000};
  v.Integer("id", instrument.id, ConfigForm::kWhole, {1, kInstrumentIdMax}, "How orders name it.",
            ConfigNeed::kRequired);
  v.Text("symbol", instrument.symbol, "How people name it.", ConfigNeed::kRequired);
  v.Text("currency", instrument.currency, "The currency that its price is in.");
  v.Integer("currency_rate", instrument.currency_rate, ConfigForm::kPrice, kPositive,
            "The value of one unit of the currency in the risk currency, in which limits on money "
            "are written.");
  v.Integer("units_per_price", instrument.units_per_price, ConfigForm::kWhole, kPositive,
            "Smallest units of quantity in the unit that the price refers to: 1 for shares, "
            "100000000 for a coin in 1e-8.");
  v.Integer("contract_multiplier", instrument.contract_multiplier, ConfigForm::kWhole, kPositive,
            "What one point of price is worth per contract: 1 for shares, 50 for a future on 50 "
            "times an index.");
  v.Flag("inverse", instrument.inverse,
         "An inverse contract: worth contract_multiplier of its currency, whatever its price, and "
         "settled in another.");
  v.Integer("tick", instrument.tick, ConfigForm::kPrice, kPositive, "Smallest price step.");
  v.Integer("lot", instrument.lot, ConfigForm::kWhole, kPositive, "Smallest quantity step.");
  v.Integer("price_min", instrument.price_min, ConfigForm::kPrice, kAnyPrice,
            "The lowest valid price, for every account. A price_min of 0 or below means that "
            "prices may be 0 or negative, as those of spreads, power and swaps; an order is then "
            "valued at its price or the reference, whichever is farther from 0. (The exchange "
            "inside the gateway, and ringway-exchange, trade only at positive prices.)");
  v.Integer("price_max", instrument.price_max, ConfigForm::kPrice, kPositive,
            "The highest valid price, for every account; a multiple of the tick. An order of "
            "quantity_max at it must be worth less than 1e12 of the risk currency.");
  v.Integer("quantity_max", instrument.quantity_max, ConfigForm::kWhole,
            {1, static_cast<int64_t>(kQuantityBound) - 1},
            "The largest quantity of an order, for every account; a multiple of the lot.");
  v.Integer("reference_price", instrument.reference_price, ConfigForm::kPrice, kAnyPrice,
            "The reference price for collars until the venue sends one. 0: none; until one "
            "arrives, orders that need one are rejected.");
  v.Integer("reference_age_max", instrument.reference_age_max_ns, ConfigForm::kDuration,
            {1, std::numeric_limits<int64_t>::max(), 0},
            "A reference older than this counts as absent. \"off\": it never expires.");
  v.Integer("reference_jump_bps", instrument.reference_jump_bps, ConfigForm::kWhole,
            {1, 1'000'000, std::numeric_limits<uint32_t>::max()},
            "A reference that differs from the last by more than this, in 1/100 of a percent, is "
            "held until reference_confirmations further ones confirm it, or an operator sets it: "
            "`ringway reference instrument N PRICE by NAME`. Meanwhile collars use the old one, as "
            "long as it is not too old. A change within collar_width_min is not a jump. \"off\": "
            "every one is accepted.");
  v.Integer("reference_confirmations", instrument.reference_confirmations, ConfigForm::kWhole,
            {1, 1'000'000}, "How many further references confirm one that jumped.");
  v.Integer("collar_width_min", instrument.collar_width_min, ConfigForm::kPrice, {0},
            "Price collars (session.limits.collar_bps) leave at least this much on either side: "
            "near a price of 0 a percentage is too little.");
}

// Adds an error for everything that does not fit together within the instruments, of which there
// must be one.
void CheckInstruments(const std::vector<InstrumentConfig>& instruments, ConfigFindings& findings);

}  // namespace ringway
