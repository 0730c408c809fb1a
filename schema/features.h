// The features that an order or replace asks of its venue beyond the basic ones that every venue
// has.
//
// A venue accepts what its configuration lists (VenueConfig::features); anything else is refused
// before it is sent, so that no instruction is silently dropped. The first ones are the bits of
// NewOrder.instructions; the others follow from fields that are set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schema/messages.h"

namespace ringway {

enum class Feature : uint8_t {
  kHidden,
  kAllOrNone,
  kIntermarketSweep,
  kReduceOnly,
  kSlide,
  kMinQuantity,
  kPeg,
  kAuction,
  kExpireDate,
  kSelfTradeId,
  kReplaceDisplay,
  kReplaceExpiry,
};
// Their names in configurations.
inline constexpr std::array<std::string_view, 12> kFeatureNames = {
    "hidden",          "all-or-none",   "intermarket-sweep", "reduce-only", "slide",
    "min-quantity",    "peg",           "auction",           "expire-date", "self-trade-id",
    "replace-display", "replace-expiry"};

using FeatureSet = uint16_t;  // a bit for each
static_assert(kFeatureNames.size() <= 16);
constexpr FeatureSet BitOf(Feature feature) noexcept {
  return static_cast<FeatureSet>(1u << static_cast<uint32_t>(feature));
}
constexpr FeatureSet BitIf(bool wanted, Feature feature) noexcept {
  return wanted ? BitOf(feature) : FeatureSet{0};
}
static_assert(static_cast<uint32_t>(Feature::kSlide) == static_cast<uint32_t>(Instruction::kSlide));

inline constexpr uint16_t kInstructionsKnown =
    (1u << (static_cast<uint32_t>(Feature::kSlide) + 1)) - 1;
constexpr bool Has(const NewOrder& order, Instruction instruction) noexcept {
  return (order.instructions >> static_cast<uint32_t>(instruction) & 1) != 0;
}

constexpr std::optional<Feature> FeatureNamed(std::string_view name) noexcept {
  for (size_t at = 0; at < kFeatureNames.size(); ++at) {
    if (kFeatureNames[at] == name) return static_cast<Feature>(at);
  }
  return std::nullopt;
}

constexpr bool IsAuction(TimeInForce time_in_force) noexcept {
  return time_in_force >= TimeInForce::kAtTheOpening && time_in_force <= TimeInForce::kAtCrossing;
}

// Whether an order may rest in the book until it trades or ends. REQUIRES: a known value.
constexpr bool MayStay(TimeInForce time_in_force) noexcept {
  return time_in_force == TimeInForce::kDay || time_in_force == TimeInForce::kGoodTillCancel ||
         time_in_force == TimeInForce::kGoodTillDate;
}
// Whether a replace sets the order's expiry, which only a replace that changes it may do.
constexpr bool NamesExpiry(const Replace& replace) noexcept {
  return replace.time_in_force != TimeInForce{} || replace.expire_time != 0 ||
         replace.expire_date != 0;
}

// REQUIRES: no unknown bit in its instructions.
constexpr FeatureSet WantedBy(const NewOrder& order) noexcept {
  return static_cast<FeatureSet>(order.instructions |
                                 BitIf(order.min_qty != 0, Feature::kMinQuantity) |
                                 BitIf(order.peg != Peg::kNone, Feature::kPeg) |
                                 BitIf(IsAuction(order.time_in_force), Feature::kAuction) |
                                 BitIf(order.expire_date != 0, Feature::kExpireDate) |
                                 BitIf(order.stp_id != 0, Feature::kSelfTradeId));
}
constexpr FeatureSet WantedBy(const Replace& replace) noexcept {
  return static_cast<FeatureSet>(BitIf(replace.changes_display != 0, Feature::kReplaceDisplay) |
                                 BitIf(replace.changes_expiry != 0, Feature::kReplaceExpiry) |
                                 BitIf(replace.expire_date != 0, Feature::kExpireDate));
}

}  // namespace ringway
