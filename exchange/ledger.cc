// Finds positions, and writes the ledger as JSON.
#include "exchange/ledger.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "nlohmann/json.hpp"

namespace ringway::exchange {

Ledger::Ledger(uint32_t positions_max)
    : positions_(positions_max), table_(std::bit_ceil(2 * uint64_t{positions_max} + 1), kNoSlot) {}

Slot Ledger::Find(uint32_t account, uint32_t instrument) noexcept {
  const uint64_t key = (uint64_t{account} << 32) | instrument;
  const uint64_t mask = table_.size() - 1;
  uint64_t at = ((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
  for (; table_[at] != kNoSlot; at = (at + 1) & mask) {
    const Position& position = positions_[table_[at]];
    if (position.account == account && position.instrument == instrument) return table_[at];
  }
  if (count_ == positions_.size()) return kNoSlot;
  positions_[count_] = {.account = account, .instrument = instrument, .bought = 0, .sold = 0};
  table_[at] = count_;
  return count_++;
}

std::vector<Position> Ledger::positions() const {
  std::vector<Position> sorted(positions_.begin(), positions_.begin() + count_);
  std::sort(sorted.begin(), sorted.end(), [](const Position& a, const Position& b) {
    return std::tie(a.account, a.instrument) < std::tie(b.account, b.instrument);
  });
  return sorted;
}

std::string Ledger::ToJson(uint64_t orders_open) const {
  nlohmann::ordered_json json;
  json["positions"] = nlohmann::ordered_json::array();
  for (const Position& position : positions()) {
    json["positions"].push_back(
        {{"account", position.account},
         {"instrument", position.instrument},
         {"position", static_cast<int64_t>(position.bought - position.sold)},
         {"bought", position.bought},
         {"sold", position.sold}});
  }
  json["orders"] = {{"received", counters.orders_received}, {"accepted", counters.orders_accepted},
                    {"rejected", counters.orders_rejected}, {"open", orders_open},
                    {"filled", counters.orders_filled},     {"canceled", counters.orders_canceled},
                    {"expired", counters.orders_expired}};
  json["requests"] = {
      {"cancels", counters.cancels_received},    {"replaces", counters.replaces_received},
      {"replaces_done", counters.replaces_done}, {"cancel_rejects", counters.cancel_rejects},
      {"malformed", counters.malformed},         {"waits", counters.waits}};
  json["reports"] = {{"sent", counters.reports},
                     {"references", counters.references},
                     {"references_skipped", counters.references_skipped}};
  json["stops_triggered"] = counters.stops_triggered;
  json["trades"] = counters.trades;
  json["quantity_traded"] = counters.quantity_traded;
  return json.dump(2) + "\n";
}

}  // namespace ringway::exchange
