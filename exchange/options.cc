// Validates the exchange's options.
#include "exchange/options.h"

#include <bit>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ringway::exchange {
namespace {

// Sums over orders_max orders of this quantity stay far below 2^64.
constexpr uint64_t kQtyLimit = uint64_t{1} << 40;
constexpr int64_t kPriceLimit = int64_t{1} << 62;
constexpr uint64_t kAllLevelsLimit = uint64_t{1} << 31;  // they are numbered by 32 bits
constexpr uint32_t kInstrumentsLimit = 1u << 16;
constexpr uint32_t kMembersLimit = 255;

void Within(std::vector<std::string>& errors, std::string_view name, uint64_t value, uint64_t least,
            uint64_t most) {
  if (value >= least && value <= most) return;
  errors.push_back(
      absl::StrCat(std::string(name), " is ", value, ", but must be ", least, " to ", most));
}

void CheckInstrument(const InstrumentOptions& instrument, std::vector<std::string>& errors) {
  const std::string name = absl::StrCat("instrument ", instrument.id);
  if (instrument.id == 0) errors.push_back("an instrument has number 0: numbers start at 1");
  if (instrument.tick <= 0) errors.push_back(absl::StrCat(name, ": tick must be above 0"));
  if (instrument.lot == 0) errors.push_back(absl::StrCat(name, ": lot must be above 0"));
  if (instrument.price_max < instrument.tick || instrument.price_max > kPriceLimit) {
    errors.push_back(absl::StrCat(name, ": price_max must be from one tick to ", kPriceLimit));
  }
  if (instrument.qty_max < instrument.lot || instrument.qty_max > kQtyLimit) {
    errors.push_back(absl::StrCat(name, ": qty_max must be from one lot to ", kQtyLimit));
  }
  if (instrument.opening_price < 0 || instrument.opening_price > instrument.price_max) {
    errors.push_back(absl::StrCat(name, ": opening_price must be from 0 to price_max"));
  }
}

}  // namespace

std::string_view Name(SelfTrade self_trade) noexcept {
  switch (self_trade) {
    case SelfTrade::kOff:
      return "off";
    case SelfTrade::kCancelResting:
      return "cancel-resting";
    case SelfTrade::kCancelAggressor:
      return "cancel-aggressor";
  }
  return "unknown";
}

absl::Status Validate(const ExchangeOptions& options) {
  std::vector<std::string> errors;
  Within(errors, "venue", options.venue, 1, 0xFFFF);
  Within(errors, "the number of instruments", options.instruments.size(), 1, kInstrumentsLimit);
  Within(errors, "orders_max", options.orders_max, 1, kOrdersLimit);
  Within(errors, "levels_per_side_max", options.levels_per_side_max, 1, kLevelsLimit);
  Within(errors, "levels of all instruments together (4 * instruments * levels_per_side_max)",
         uint64_t{4} * options.instruments.size() * options.levels_per_side_max, 1,
         kAllLevelsLimit);
  Within(errors, "positions_max", options.positions_max, 1, kOrdersLimit);
  Within(errors, "closed_ids_max", options.closed_ids_max, 1, kOrdersLimit);
  Within(errors, "members_max", options.members_max, 1, kMembersLimit);
  Within(errors, "member_queue_reports", options.member_queue_reports, kQueueMin, kQueueLimit);
  if (!std::has_single_bit(options.member_queue_reports)) {
    errors.push_back("member_queue_reports must be a power of two");
  }
  // Identifiers above are the gateway's own (connector/unseen_request.h).
  Within(errors, "ids_after", options.ids_after, 0, (uint64_t{1} << 62) - 1);
  if (options.day_end_ns != ExchangeOptions::kNever &&
      (options.day_end_ns < 0 || options.day_end_ns >= kDayNs)) {
    errors.push_back("day_end_ns must be a time of day, from 0 to 24 hours, or kNever");
  }
  if (options.reference_interval_min_ns < 0 || options.reference_repeat_ns <= 0 ||
      options.reference_repeat_ns < options.reference_interval_min_ns) {
    errors.push_back("the reference price's repeat must be above 0 and its minimum interval");
  }
  std::unordered_set<uint32_t> ids;
  for (const InstrumentOptions& instrument : options.instruments) {
    CheckInstrument(instrument, errors);
    if (!ids.insert(instrument.id).second) {
      errors.push_back(absl::StrCat("instrument ", instrument.id, " is named twice"));
    }
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(errors, "; "));
}

}  // namespace ringway::exchange
