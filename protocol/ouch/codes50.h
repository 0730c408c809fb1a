// The codes that OUCH 5.0 has alone, with their names and meanings (NASDAQ, "OUCH 5.0 Order Entry
// Specification" §2, §3 and appendices).
#pragma once

#include <cstdint>
#include <span>

#include "protocol/ouch/codes.h"

namespace ringway::ouch50 {

using ouch::CodeName;
using ouch::CodeSet;

enum class TimeInForce : char {
  kDay = '0',
  kImmediateOrCancel = '3',
  kExtendedHours = '5',
  kTillTime = '6',
  kAfterHours = 'E',
};
inline constexpr CodeName kTimeInForceNames[] = {{'0', "day"},
                                                 {'3', "immediate or cancel"},
                                                 {'5', "extended hours"},
                                                 {'6', "till time", "needs the tag ExpireTime"},
                                                 {'E', "after hours"}};
inline constexpr CodeSet kTimesInForce{kTimeInForceNames};

enum class Display : char {
  kVisible = 'Y',
  kHidden = 'N',
  kAttributable = 'A',
  kPricedToComply = 'Z',  // from the venue only
};
inline constexpr CodeName kDisplayNames[] = {{'Y', "visible"},
                                             {'N', "hidden"},
                                             {'A', "attributable"},
                                             {'Z', "entered as displayed, priced to comply"}};
inline constexpr CodeSet kDisplaysFromVenue{kDisplayNames};
inline constexpr CodeSet kDisplays{std::span(kDisplayNames).first<3>()};

enum class RestateReason : char { kDisplayRefreshed = 'R', kDisplayPriceUpdated = 'P' };
inline constexpr CodeName kRestateReasonNames[] = {{'R', "display refreshed"},
                                                   {'P', "display price updated"}};
inline constexpr CodeSet kRestateReasons{kRestateReasonNames};

enum class PriceType : char {
  kLimit = 'L',
  kMarketPeg = 'P',
  kMidpointPeg = 'M',
  kPrimaryPeg = 'R',
  kMarketMakerPeg = 'Q',
  kMidpoint = 'm',
};
inline constexpr CodeName kPriceTypeNames[] = {
    {'L', "limit"},       {'P', "market peg"},       {'M', "midpoint peg"},
    {'R', "primary peg"}, {'Q', "market maker peg"}, {'m', "midpoint"}};
inline constexpr CodeSet kPriceTypes{kPriceTypeNames};
inline constexpr CodeSet kDiscretionPriceTypes{std::span(kPriceTypeNames).first<4>()};

enum class PostOnly : char { kPostOnly = 'P', kNo = 'N' };
inline constexpr CodeName kPostOnlyNames[] = {{'P', "post only"}, {'N', "no"}};
inline constexpr CodeSet kPostOnlys{kPostOnlyNames};

enum class TradeNow : char { kYes = 'Y', kNo = 'N', kDefault = ' ' };
inline constexpr CodeName kTradeNowNames[] = {
    {'Y', "yes"}, {'N', "no"}, {' ', "the port's default"}};
inline constexpr CodeSet kTradeNows{kTradeNowNames};

enum class HandleInst : char {
  kImbalanceOnly = 'I',
  kRetail1 = 'O',
  kRetail2 = 'T',
  kRetailPriceImprovement = 'Q',
  kExtendedLifeAndContinuous = 'B',
  kDirectListing = 'D',
  kNone = ' ',
};
inline constexpr CodeName kHandleInstNames[] = {{'I', "imbalance only"},
                                                {'O', "retail, type 1"},
                                                {'T', "retail, type 2"},
                                                {'Q', "retail price improvement"},
                                                {'B', "extended life, continuous"},
                                                {'D', "direct listing"},
                                                {' ', "none"}};
inline constexpr CodeSet kHandleInsts{kHandleInstNames};

enum class RejectReason : uint16_t {
  kQuoteUnavailable = 0x01,
  kDestinationClosed = 0x02,
  kInvalidDisplay = 0x03,
  kInvalidMaxFloor = 0x04,
  kInvalidPegType = 0x05,
  kFatFinger = 0x06,
  kHalted = 0x07,
  kIsoNotAllowed = 0x08,
  kInvalidSide = 0x09,
  kProcessingError = 0x0a,
  kCancelPending = 0x0b,
  kFirmNotAuthorized = 0x0c,
  kInvalidMinQuantity = 0x0d,
  kNoClosingReferencePrice = 0x0e,
  kOther = 0x0f,
  kCancelNotAllowed = 0x10,
  kPeggingNotAllowed = 0x11,
  kCrossedMarket = 0x12,
  kInvalidQuantity = 0x13,
  kInvalidCrossOrder = 0x14,
  kReplaceNotAllowed = 0x15,
  kRoutingNotAllowed = 0x16,
  kInvalidSymbol = 0x17,
  kTest = 0x18,
  kLateLocTooAggressive = 0x19,
  kRetailNotAllowed = 0x1a,
  kInvalidMidpointPrice = 0x1b,
  kInvalidDestination = 0x1c,
  kInvalidPrice = 0x1d,
  kSharesExceedThreshold = 0x1e,
  kExceedsNotional = 0x1f,
};
inline constexpr CodeName kRejectReasonNames[] = {
    {0x01, "quote unavailable", "a pegged order found no quote"},
    {0x02, "destination closed", "the venue or the route takes no orders now"},
    {0x03, "invalid display", "Display is not allowed here"},
    {0x04, "invalid max floor", "MaxFloor does not fit the order"},
    {0x05, "invalid peg type", "PriceType does not fit the order"},
    {0x06, "fat finger", "the price is too far from the market"},
    {0x07, "halted", "the symbol is halted"},
    {0x08, "ISO not allowed", "no sweep orders here"},
    {0x09, "invalid side", "Side is not allowed here"},
    {0x0a, "processing error", "the venue could not process it"},
    {0x0b, "cancel pending", "the order waits for its cancel"},
    {0x0c, "firm not authorized", "this account may not trade for the firm"},
    {0x0d, "invalid min quantity", "MinQty does not fit the order"},
    {0x0e, "no closing reference price", "a late on-close order before there is one"},
    {0x0f, "other", "none of the others"},
    {0x10, "cancel not allowed", "too late for its cross"},
    {0x11, "pegging not allowed", "no pegged orders here"},
    {0x12, "crossed market", "the market is crossed"},
    {0x13, "invalid quantity", "zero, or a million and more"},
    {0x14, "invalid cross order", "CrossType does not fit order or time"},
    {0x15, "replace not allowed", "too late for its cross, or not this field"},
    {0x16, "routing not allowed", "no routed orders here"},
    {0x17, "invalid symbol", "the venue does not know it"},
    {0x18, "test", "a test symbol or a port in test mode"},
    {0x19, "late LOC too aggressive", "beyond the reference price"},
    {0x1a, "retail not allowed", "not entitled to retail orders"},
    {0x1b, "invalid midpoint post-only price", "the limit does not fit the midpoint"},
    {0x1c, "invalid destination", "Route names none"},
    {0x1d, "invalid price", "zero, too high, or off its increment"},
    {0x1e, "shares exceed threshold", "above the account's limit of shares"},
    {0x1f, "exceeds notional", "above the account's limit of value"},
    {0x20, "risk: aggregate exposure", "pre-trade risk management of the venue, as the rest"},
    {0x21, "risk: market impact"},
    {0x22, "risk: restricted stock"},
    {0x23, "risk: short sell restricted"},
    {0x24, "risk: ISO or order type not allowed"},
    {0x25, "risk: exceeds ADV limit"},
    {0x26, "risk: fat finger"},
    {0x27, "risk: locate required"},
    {0x28, "risk: symbol message rate"},
    {0x29, "risk: port message rate"},
    {0x2a, "risk: duplicate message rate"},
    {0x2b, "risk: short sell not allowed"},
    {0x2c, "risk: market order not allowed"},
    {0x2d, "risk: pre-market not allowed"},
    {0x2e, "risk: post-market not allowed"},
    {0x2f, "risk: short sell exempt not allowed"},
    {0x30, "risk: single order notional"},
    {0x31, "risk: max quantity"},
    {0x32, "Reg SHO state unavailable"},
    {0x33, "risk: IPO market buy not allowed"},
    {0x40, "invalid AIQ strategy"}};
inline constexpr CodeSet kRejectReasons{kRejectReasonNames};

// How two orders of one firm are kept from trading with each other ("anti-internalization"); lower
// case compares organizations instead of firms. Others exist: the field is taken as it is.
enum class AiqStrategy : char {
  kDefault = ' ',
  kCancelOldest = 'O',
  kCancelNewest = 'W',
  kDecrementBoth = 'D',
  kDecrementBothNoDetails = 'Y',
};

}  // namespace ringway::ouch50
