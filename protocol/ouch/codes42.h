// The codes that OUCH 4.2 has alone, with their names (NASDAQ, "O*U*C*H Version 4.2" §2 and §3).
#pragma once

#include <cstdint>

#include "protocol/ouch/codes.h"

namespace ringway::ouch42 {

using ouch::CodeName;
using ouch::CodeSet;

enum class Display : char {
  kAttributable = 'A',
  kImbalanceOnly = 'I',
  kPostOnlyAttributable = 'L',
  kMidpointPeg = 'M',
  kHidden = 'N',
  kRetail1 = 'O',
  kPostOnly = 'P',
  kRetailPriceImprovement = 'Q',
  kRetail2 = 'T',
  kMidpointPostOnly = 'W',
  kAnonymous = 'Y',
  kPricedToComply = 'Z',
  kMidpointTradeNow = 'm',
  kHiddenTradeNow = 'n',
};
inline constexpr CodeName kDisplayNames[] = {{'A', "attributable"},
                                             {'I', "imbalance only"},
                                             {'L', "post only and attributable"},
                                             {'M', "midpoint peg"},
                                             {'N', "not displayed"},
                                             {'O', "retail, type 1"},
                                             {'P', "post only"},
                                             {'Q', "retail price improvement"},
                                             {'T', "retail, type 2"},
                                             {'W', "midpoint peg, post only"},
                                             {'Y', "anonymous"},
                                             {'Z', "entered as displayed, priced to comply"},
                                             {'m', "midpoint peg, trade now"},
                                             {'n', "not displayed, trade now"}};
inline constexpr CodeSet kDisplays{kDisplayNames};

// Of TimeInForce; any other number is seconds.
inline constexpr uint32_t kImmediateOrCancel = 0;
inline constexpr uint32_t kMarketHours = 99'998;
inline constexpr uint32_t kSystemHours = 99'999;

enum class RejectReason : char {
  kTestMode = 'T',
  kHalted = 'H',
  kSharesLimit = 'Z',
  kInvalidStock = 'S',
  kInvalidDisplay = 'D',
  kClosed = 'C',
  kFirmNotAuthorized = 'L',
  kOutsideTimes = 'M',
  kNotInThisCross = 'R',
  kInvalidPrice = 'X',
  kInvalidMinQuantity = 'N',
  kOther = 'O',
  kInvalidMidpointPrice = 'W',
};
inline constexpr CodeName kRejectReasonNames[] = {{'T', "test mode"},
                                                  {'H', "halted"},
                                                  {'Z', "shares above the safety threshold"},
                                                  {'S', "invalid stock"},
                                                  {'D', "invalid display"},
                                                  {'C', "the venue is closed"},
                                                  {'L', "firm not authorized for this clearing"},
                                                  {'M', "outside the times of this clearing"},
                                                  {'R', "not allowed in this cross"},
                                                  {'X', "invalid price"},
                                                  {'N', "invalid minimum quantity"},
                                                  {'O', "other"},
                                                  {'W', "invalid midpoint post-only price"},
                                                  {'a', "risk: all orders are rejected"},
                                                  {'b', "risk: not easy to borrow"},
                                                  {'c', "risk: restricted symbol"},
                                                  {'d', "risk: sweep orders"},
                                                  {'e', "risk: odd lots"},
                                                  {'f', "risk: midpoint orders"},
                                                  {'g', "risk: before the market"},
                                                  {'h', "risk: after the market"},
                                                  {'i', "risk: short sales"},
                                                  {'j', "risk: on-open orders"},
                                                  {'k', "risk: on-close orders"},
                                                  {'l', "risk: two-sided quote"},
                                                  {'m', "risk: shares limit"},
                                                  {'n', "risk: value limit"}};
inline constexpr CodeSet kRejectReasons{kRejectReasonNames};

enum class ReferencePriceType : char { kIntradayIndicativeValue = 'I' };
inline constexpr CodeName kReferencePriceTypeNames[] = {{'I', "intraday indicative value"}};
inline constexpr CodeSet kReferencePriceTypes{kReferencePriceTypeNames};

}  // namespace ringway::ouch42
