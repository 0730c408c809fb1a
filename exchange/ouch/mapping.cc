// The mapping's parts that both versions share.
#include "exchange/ouch/mapping.h"

#include "base/check.h"
#include "base/clock.h"
#include "exchange/options.h"
#include "exchange/ouch/mapping_versions.h"
#include "protocol/ouch/codes42.h"
#include "protocol/ouch/codes50.h"
#include "protocol/ouch/units.h"

namespace ringway::exchange {
namespace {

struct Codes {
  ouch42::RejectReason of42;
  ouch50::RejectReason of50;
};

uint16_t Of(OuchVersion version, const Codes& codes) noexcept {
  return version == OuchVersion::k42 ? static_cast<uint16_t>(codes.of42)
                                     : static_cast<uint16_t>(codes.of50);
}

constexpr Codes kOther{ouch42::RejectReason::kOther, ouch50::RejectReason::kOther};
constexpr Codes kNoRoom{ouch42::RejectReason::kOther, ouch50::RejectReason::kProcessingError};
constexpr Codes kPrice{ouch42::RejectReason::kInvalidPrice, ouch50::RejectReason::kInvalidPrice};
constexpr Codes kSymbol{ouch42::RejectReason::kInvalidStock, ouch50::RejectReason::kInvalidSymbol};
constexpr Codes kClosed{ouch42::RejectReason::kClosed, ouch50::RejectReason::kDestinationClosed};
constexpr Codes kQuantity{ouch42::RejectReason::kOther, ouch50::RejectReason::kInvalidQuantity};
constexpr Codes kTooMany{ouch42::RejectReason::kSharesLimit,
                         ouch50::RejectReason::kSharesExceedThreshold};

// Those that are a gateway's alone have no code of their own.
constexpr Codes CodesOf(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kUnknownSymbol:
      return kSymbol;
    case RejectReason::kExchangeClosed:
    case RejectReason::kTooLateToEnter:
      return kClosed;
    case RejectReason::kOrderExceedsLimit:
      return kTooMany;
    case RejectReason::kIncorrectQuantity:
      return kQuantity;
    case RejectReason::kPriceExceedsBand:
    case RejectReason::kInvalidPriceIncrement:
    case RejectReason::kInvalidPrice:
      return kPrice;
    case RejectReason::kVenueOption:
      return kNoRoom;
    default:
      return kOther;
  }
}

constexpr Codes CodesOf(CancelRejectReason reason) noexcept {
  switch (reason) {
    case CancelRejectReason::kTooLateToCancel:  // it has traded as much
      return kQuantity;
    case CancelRejectReason::kPriceExceedsBand:
    case CancelRejectReason::kInvalidPriceIncrement:
      return kPrice;
    case CancelRejectReason::kVenueOption:
      return kNoRoom;
    default:
      return kOther;
  }
}

Side SideOf(ouch::Side side) noexcept {
  switch (side) {
    case ouch::Side::kBuy:
      return Side::kBuy;
    case ouch::Side::kSell:
      return Side::kSell;
    case ouch::Side::kSellShort:
      return Side::kSellShort;
    case ouch::Side::kSellShortExempt:
      return Side::kSellShortExempt;
  }
  return Side::kUnset;
}

Capacity CapacityOf(ouch::Capacity capacity) noexcept {
  switch (capacity) {
    case ouch::Capacity::kAgency:
      return Capacity::kAgency;
    case ouch::Capacity::kPrincipal:
      return Capacity::kPrincipal;
    case ouch::Capacity::kRiskless:
      return Capacity::kRisklessPrincipal;
    case ouch::Capacity::kOther:
      return Capacity::kUnset;
  }
  return Capacity::kUnset;
}

}  // namespace

ouch::Fault ReadOuch(OuchVersion version, std::span<const std::byte> bytes,
                     OuchRequest& request) noexcept {
  return version == OuchVersion::k42 ? ReadOuch42(bytes, request) : ReadOuch50(bytes, request);
}

std::size_t WriteOuch(OuchVersion version, int64_t now_ns, const OuchEvent& event,
                      std::span<std::byte> to) noexcept {
  const auto timestamp = static_cast<uint64_t>(now_ns % kDayNs);
  const ouch::Encoded encoded = version == OuchVersion::k42 ? WriteOuch42(timestamp, event, to)
                                                            : WriteOuch50(timestamp, event, to);
  RINGWAY_CHECK(encoded.fault == ouch::Fault::kNone, "an event that its version cannot say");
  RINGWAY_CHECK(encoded.bytes <= kOuchEventBytesMax, "an event longer than the longest");
  return encoded.bytes;
}

uint16_t OuchCode(OuchVersion version, RejectReason reason) noexcept {
  return Of(version, CodesOf(reason));
}
uint16_t OuchCode(OuchVersion version, CancelRejectReason reason) noexcept {
  return Of(version, CodesOf(reason));
}

ouch::CancelReason OuchReason(const ExecutionReport& report, bool immediate) noexcept {
  if (report.exec_type == ExecType::kExpired) return ouch::CancelReason::kTimeout;
  switch (report.reason) {
    case RejectReason::kSelfMatch:
      return ouch::CancelReason::kSelfMatch;
    case RejectReason::kNone:
    case RejectReason::kNoLiquidity:
      return immediate ? ouch::CancelReason::kImmediateOrCancel : ouch::CancelReason::kSystem;
    default:
      return ouch::CancelReason::kSystem;
  }
}

NewOrder OuchOrder(const OuchTerms& terms, int64_t now_ns, uint32_t instrument,
                   uint32_t account) noexcept {
  NewOrder order;
  order.price = ouch::NanosOf(terms.price).value_or(0);
  order.qty = terms.quantity;
  order.instrument = instrument;
  order.account = account;
  order.side = SideOf(terms.side);
  order.ord_type = terms.is_market() ? OrdType::kMarket : OrdType::kLimit;
  order.time_in_force = terms.lasts;
  order.capacity = CapacityOf(terms.capacity);
  order.post_only = terms.post_only ? 1 : 0;
  order.display_qty = terms.shown;
  order.expire_time = OuchExpiry(terms, now_ns);
  return order;
}

uint64_t OuchExpiry(const OuchTerms& terms, int64_t now_ns) noexcept {
  if (terms.lasts != TimeInForce::kGoodTillDate) return 0;
  return static_cast<uint64_t>(now_ns) + uint64_t{terms.seconds} * kNsPerS;
}

}  // namespace ringway::exchange
