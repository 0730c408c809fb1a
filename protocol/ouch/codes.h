// The codes that fields of both OUCH versions have, with their names and meanings.
//
// Sources: NASDAQ, "O*U*C*H Version 4.2" §2 and §3; "OUCH 5.0 Order Entry Specification" §2, §3 and
// appendices. A code that decides what becomes of an order has an enumerator for every value; one
// that only explains (liquidity, reasons) has those that a program asks for, and a table of all.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace ringway::ouch {

struct CodeName {
  uint16_t code;
  std::string_view name;
  std::string_view meaning = {};
};

// A table of codes, asked by a bit.
class CodeSet {
 public:
  // REQUIRES: codes below 128, and the table lives as long as this.
  constexpr explicit CodeSet(std::span<const CodeName> names) noexcept : names_(names) {
    for (const CodeName& each : names) bits_[each.code / 64] |= uint64_t{1} << each.code % 64;
  }
  constexpr bool Has(uint16_t code) const noexcept {
    return code < 128 && (bits_[code / 64] >> code % 64 & 1) != 0;
  }
  constexpr std::span<const CodeName> names() const noexcept { return names_; }

 private:
  std::array<uint64_t, 2> bits_{};
  std::span<const CodeName> names_;
};

// "unknown" for a code that the set has not.
constexpr std::string_view NameOf(const CodeSet& set, uint16_t code) noexcept {
  for (const CodeName& each : set.names())
    if (each.code == code) return each.name;
  return "unknown";
}
template <class E>
requires std::is_enum_v<E>
constexpr std::string_view NameOf(const CodeSet& set, E code) noexcept {
  return NameOf(set, static_cast<uint16_t>(code));
}

// --- Both versions ---

enum class Side : char { kBuy = 'B', kSell = 'S', kSellShort = 'T', kSellShortExempt = 'E' };
inline constexpr CodeName kSideNames[] = {
    {'B', "buy"}, {'S', "sell"}, {'T', "sell short"}, {'E', "sell short exempt"}};
inline constexpr CodeSet kSides{kSideNames};

enum class Capacity : char { kAgency = 'A', kPrincipal = 'P', kRiskless = 'R', kOther = 'O' };
inline constexpr CodeName kCapacityNames[] = {
    {'A', "agency"}, {'P', "principal"}, {'R', "riskless principal"}, {'O', "other"}};
inline constexpr CodeSet kCapacities{kCapacityNames};

// Intermarket sweep, and other fields of yes or no.
enum class YesNo : char { kYes = 'Y', kNo = 'N' };
inline constexpr CodeName kYesNoNames[] = {{'Y', "yes"}, {'N', "no"}};
inline constexpr CodeSet kYesNo{kYesNoNames};

enum class CrossType : char {
  kNone = 'N',
  kOpening = 'O',
  kClosing = 'C',
  kHalt = 'H',
  kSupplemental = 'S',
  kRetail = 'R',
  kExtendedLife = 'E',
  kAfterHoursClose = 'A',
};
inline constexpr CodeName kCrossTypeNames[] = {
    {'N', "continuous market"}, {'O', "opening cross"},    {'C', "closing cross"},
    {'H', "halt or IPO cross"}, {'S', "supplemental"},     {'R', "retail"},
    {'E', "extended life"},     {'A', "after-hours close"}};
inline constexpr CodeSet kCrossTypes{kCrossTypeNames};

enum class CustomerType : char { kRetail = 'R', kNotRetail = 'N', kDefault = ' ' };
inline constexpr CodeName kCustomerTypeNames[] = {
    {'R', "retail designated"}, {'N', "not retail designated"}, {' ', "the port's default"}};
inline constexpr CodeSet kCustomerTypes{kCustomerTypeNames};

enum class OrderState : char { kLive = 'L', kDead = 'D' };
inline constexpr CodeName kOrderStateNames[] = {
    {'L', "live"}, {'D', "dead", "accepted and canceled at once; no Canceled follows"}};
inline constexpr CodeSet kOrderStates{kOrderStateNames};

enum class SystemEventCode : char { kStartOfDay = 'S', kEndOfDay = 'E' };
inline constexpr CodeName kSystemEventNames[] = {
    {'S', "start of day", "the venue takes orders"},
    {'E', "end of day", "no more orders or executions; breaks and cancels may follow"}};
inline constexpr CodeSet kSystemEvents{kSystemEventNames};

enum class BboWeight : char { kUnspecified = ' ' };
inline constexpr CodeName kBboWeightNames[] = {
    {'0', "0 to 0.2 %"},       {'1', "0.2 to 1 %"},  {'2', "1 to 2 %"},
    {'3', "above 2 %"},        {' ', "unspecified"}, {'S', "sets the QBBO and joins the NBBO"},
    {'N', "improves the NBBO"}};
inline constexpr CodeSet kBboWeights{kBboWeightNames};

enum class CancelReason : char {
  kCross = 'C',
  kRegulatory = 'D',
  kClosed = 'E',
  kPostOnlyNms = 'F',
  kPostOnlyContra = 'G',
  kHalted = 'H',
  kImmediateOrCancel = 'I',
  kMarketCollars = 'K',
  kSelfMatch = 'Q',
  kSupervisory = 'S',
  kTimeout = 'T',
  kUser = 'U',
  kOpenProtection = 'X',
  kSystem = 'Z',
  kDirectListing = 'e',
};
inline constexpr CodeName kCancelReasonNames[] = {
    {'C', "cross", "4.2: did not trade in its cross"},
    {'D', "regulatory", "a regulation forbids the execution, such as a trade-through"},
    {'E', "closed", "a day order after the closing cross"},
    {'F', "post only, NMS", "its price would have been moved for Regulation NMS"},
    {'G', "post only, contra", "its price would have been moved off a displayed contra order"},
    {'H', "halted", "an on-open order whose symbol stayed halted"},
    {'I', "immediate or cancel", "what an immediate order did not trade"},
    {'K', "market collars", "beyond the venue's collars"},
    {'Q', "self match", "would have traded with the firm's own order"},
    {'S', "supervisory", "by the venue's staff"},
    {'T', "timeout", "its time in force is over"},
    {'U', "user", "in answer to a cancel or a replace"},
    {'X', "open protection", "beyond the threshold of the opening"},
    {'Z', "system", "by the venue's system"},
    {'e', "direct listing", "5.0: more shares than a capital raise offers"}};
inline constexpr CodeSet kCancelReasons{kCancelReasonNames};

inline constexpr CodeName kAiqReasonNames[] = {{'Q', "self match"}};
inline constexpr CodeSet kAiqReasons{kAiqReasonNames};

enum class BreakReason : char {
  kErroneous = 'E',
  kConsent = 'C',
  kSupervisory = 'S',
  kExternal = 'X',
};
inline constexpr CodeName kBreakReasonNames[] = {{'E', "erroneous", "judged clearly erroneous"},
                                                 {'C', "consent", "both sides agreed"},
                                                 {'S', "supervisory", "by the venue's staff"},
                                                 {'X', "external", "by a third party"}};
inline constexpr CodeSet kBreakReasons{kBreakReasonNames};

enum class CorrectionReason : char { kAdjustedToNav = 'N' };
inline constexpr CodeName kCorrectionReasonNames[] = {{'N', "adjusted to NAV"}};
inline constexpr CodeSet kCorrectionReasons{kCorrectionReasonNames};

enum class LiquidityFlag : char {
  kAdded = 'A',
  kRemoved = 'R',
  kOpeningCross = 'O',
  kClosingCross = 'C',
  kHaltCross = 'K',
  kHaltOrIpoCross = 'H',
  kSupplemental = '0',
  kAddedHidden = 'J',
  kAddedMidpoint = 'k',
  kRemovedMidpoint = 'm',
};
inline constexpr CodeName kLiquidityNames[] = {
    {'A', "added"},
    {'R', "removed"},
    {'O', "opening cross"},
    {'M', "opening cross, imbalance only"},
    {'C', "closing cross"},
    {'L', "closing cross, imbalance only"},
    {'i', "after-hours closing cross"},
    {'K', "halt cross"},
    {'H', "halt or IPO cross"},
    {'0', "supplemental"},
    {'J', "added, not displayed"},
    {'u', "added, reserve not displayed"},
    {'k', "added at the midpoint"},
    {'m', "removed at the midpoint"},
    {'N', "passive midpoint (4.2: halt cross of a pilot symbol)"},
    {'n', "midpoint extended life"},
    {'7', "added, improves the NBBO"},
    {'8', "added, sets the QBBO and joins the NBBO"},
    {'d', "retail, removed"},
    {'e', "retail, added displayed"},
    {'f', "retail, added not displayed"},
    {'j', "retail price improving, added"},
    {'1', "retail price improving, added, no RPII"},
    {'2', "retail, flag 2"},
    {'3', "retail, flag 3"},
    {'p', "removed not displayed at a better price"},
    {'q', "retail, removed midpoint that is not RPI"},
    {'r', "retail, removed RPI"},
    {'t', "retail, removed other not displayed at a better price"},
    {'4', "4.2: added displayed, group A symbol"},
    {'5', "4.2: added not displayed, group A symbol (5.0: flag 5)"},
    {'6', "4.2: removed, group A symbol"},
    {'9', "flag 9"},
    {'I', "4.2: intraday cross"},
    {'W', "4.2: added, post only"},
    {'a', "4.2: added displayed, SCIP symbol"},
    {'b', "4.2: added, improves the NBBO, pilot symbol"},
    {'c', "4.2: added displayed, pilot symbol"},
    {'g', "4.2: added midpoint not displayed, group A symbol"},
    {'h', "4.2: removed, pilot symbol"},
    {'x', "4.2: added, improves the NBBO, SCIP symbol"},
    {'y', "4.2: added, sets the QBBO, SCIP symbol"}};
inline constexpr CodeSet kLiquidityFlags{kLiquidityNames};

}  // namespace ringway::ouch
