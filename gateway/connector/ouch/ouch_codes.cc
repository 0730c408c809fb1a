// The tables of ouch_codes.h.
#include "gateway/connector/ouch/ouch_codes.h"

#include <array>
#include <string_view>

namespace ringway {
namespace {

// The names say it: "added, not displayed", "retail, removed".
constexpr std::array<Liquidity, 128> kLiquidity = [] {
  std::array<Liquidity, 128> table{};
  for (const ouch::CodeName& each : ouch::kLiquidityNames) {
    if (each.name.find("added") != std::string_view::npos) table[each.code] = Liquidity::kAdded;
    if (each.name.find("removed") != std::string_view::npos) table[each.code] = Liquidity::kRemoved;
    if (each.name.find("passive") != std::string_view::npos) table[each.code] = Liquidity::kAdded;
  }
  return table;
}();

}  // namespace

RejectReason ReasonOf(ouch42::RejectReason code) noexcept {
  switch (code) {
    case ouch42::RejectReason::kHalted:
    case ouch42::RejectReason::kClosed:
      return RejectReason::kExchangeClosed;
    case ouch42::RejectReason::kSharesLimit:
      return RejectReason::kOrderExceedsLimit;
    case ouch42::RejectReason::kInvalidStock:
      return RejectReason::kUnknownSymbol;
    case ouch42::RejectReason::kInvalidDisplay:
    case ouch42::RejectReason::kNotInThisCross:
      return RejectReason::kUnsupportedOrderCharacteristic;
    case ouch42::RejectReason::kFirmNotAuthorized:
      return RejectReason::kUnknownAccount;
    case ouch42::RejectReason::kOutsideTimes:
      return RejectReason::kTooLateToEnter;
    case ouch42::RejectReason::kInvalidPrice:
    case ouch42::RejectReason::kInvalidMidpointPrice:
      return RejectReason::kInvalidPrice;
    case ouch42::RejectReason::kInvalidMinQuantity:
      return RejectReason::kIncorrectQuantity;
    case ouch42::RejectReason::kTestMode:
    case ouch42::RejectReason::kOther:
      break;
  }
  switch (static_cast<char>(code)) {
    case 'b':
    case 'i':
      return RejectReason::kShortSellNotPermitted;
    case 'm':
      return RejectReason::kOrderExceedsLimit;
    case 'n':
      return RejectReason::kNotionalExceedsThreshold;
    default:
      return RejectReason::kVenueOption;
  }
}

RejectReason ReasonOf(ouch50::RejectReason code) noexcept {
  using Code = ouch50::RejectReason;
  switch (code) {
    case Code::kDestinationClosed:
    case Code::kHalted:
      return RejectReason::kExchangeClosed;
    case Code::kQuoteUnavailable:
    case Code::kNoClosingReferencePrice:
      return RejectReason::kReferencePriceNotAvailable;
    case Code::kInvalidDisplay:
    case Code::kInvalidMaxFloor:
    case Code::kInvalidPegType:
    case Code::kIsoNotAllowed:
    case Code::kPeggingNotAllowed:
    case Code::kInvalidCrossOrder:
    case Code::kRoutingNotAllowed:
    case Code::kRetailNotAllowed:
    case Code::kInvalidDestination:
      return RejectReason::kUnsupportedOrderCharacteristic;
    case Code::kFatFinger:
    case Code::kLateLocTooAggressive:
      return RejectReason::kPriceExceedsBand;
    case Code::kFirmNotAuthorized:
      return RejectReason::kUnknownAccount;
    case Code::kInvalidMinQuantity:
    case Code::kInvalidQuantity:
      return RejectReason::kIncorrectQuantity;
    case Code::kInvalidSymbol:
      return RejectReason::kUnknownSymbol;
    case Code::kInvalidPrice:
    case Code::kInvalidMidpointPrice:
      return RejectReason::kInvalidPrice;
    case Code::kSharesExceedThreshold:
      return RejectReason::kOrderExceedsLimit;
    case Code::kExceedsNotional:
      return RejectReason::kNotionalExceedsThreshold;
    case Code::kInvalidSide:
    case Code::kProcessingError:
    case Code::kCancelPending:
    case Code::kOther:
    case Code::kCancelNotAllowed:
    case Code::kCrossedMarket:
    case Code::kReplaceNotAllowed:
    case Code::kTest:
      return RejectReason::kVenueOption;
  }
  switch (static_cast<uint16_t>(code)) {  // the venue's own pre-trade checks
    case 0x20:
      return RejectReason::kInsufficientCredit;
    case 0x21:
    case 0x26:
      return RejectReason::kPriceExceedsBand;
    case 0x23:
    case 0x27:
    case 0x2b:
    case 0x2f:
      return RejectReason::kShortSellNotPermitted;
    case 0x28:
    case 0x29:
    case 0x2a:
      return RejectReason::kRateLimit;
    case 0x30:
      return RejectReason::kNotionalExceedsThreshold;
    case 0x25:
    case 0x31:
      return RejectReason::kOrderExceedsLimit;
    default:
      return RejectReason::kVenueOption;
  }
}

CancelRejectReason ChangeReasonOf(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kPriceExceedsBand:
      return CancelRejectReason::kPriceExceedsBand;
    case RejectReason::kInvalidPrice:
    case RejectReason::kInvalidPriceIncrement:
      return CancelRejectReason::kInvalidPriceIncrement;
    default:
      return CancelRejectReason::kVenueOption;
  }
}

CancelRejectReason ChangeReasonOf(ouch50::RejectReason code) noexcept {
  switch (code) {
    case ouch50::RejectReason::kCancelPending:
      return CancelRejectReason::kAlreadyPending;
    case ouch50::RejectReason::kCancelNotAllowed:
    case ouch50::RejectReason::kReplaceNotAllowed:
      return CancelRejectReason::kTooLateToCancel;
    default:
      return ChangeReasonOf(ReasonOf(code));
  }
}

RejectReason ReasonOf(ouch::CancelReason code) noexcept {
  using Code = ouch::CancelReason;
  switch (code) {
    case Code::kUser:
    case Code::kTimeout:
      return RejectReason::kNone;
    case Code::kImmediateOrCancel:
    case Code::kCross:
      return RejectReason::kNoLiquidity;
    case Code::kPostOnlyNms:
    case Code::kPostOnlyContra:
      return RejectReason::kWouldTakeLiquidity;
    case Code::kSelfMatch:
      return RejectReason::kSelfMatch;
    case Code::kClosed:
    case Code::kHalted:
      return RejectReason::kExchangeClosed;
    case Code::kMarketCollars:
    case Code::kOpenProtection:
      return RejectReason::kPriceExceedsBand;
    case Code::kRegulatory:
    case Code::kSupervisory:
    case Code::kSystem:
    case Code::kDirectListing:
      break;
  }
  return RejectReason::kVenueOption;
}

bool IsExpiry(ouch::CancelReason code) noexcept {
  return code == ouch::CancelReason::kTimeout || code == ouch::CancelReason::kClosed;
}

Liquidity LiquidityOf(char flag) noexcept {
  const auto at = static_cast<unsigned char>(flag);
  return at < kLiquidity.size() ? kLiquidity[at] : Liquidity::kUnset;
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

RejectReason ReasonOf(ouch::Fault fault) noexcept {
  switch (fault) {
    case ouch::Fault::kPrice:
      return RejectReason::kInvalidPrice;
    case ouch::Fault::kQuantity:
    case ouch::Fault::kMinQuantity:
      return RejectReason::kIncorrectQuantity;
    case ouch::Fault::kSymbol:
      return RejectReason::kUnknownSymbol;
    case ouch::Fault::kFirm:
      return RejectReason::kUnknownAccount;
    default:
      return RejectReason::kUnsupportedOrderCharacteristic;
  }
}

}  // namespace ringway
