// Every code of the standard, and what it means here.
#include "gateway/connector/fix/fix_codes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringway {
namespace {

// OrdRejReason (103) of FIX 5.0 SP2, which has those of all versions before.
TEST(FixCodes, OrdRejReason) {
  using R = RejectReason;
  const std::map<uint64_t, R> known{
      {1, R::kUnknownSymbol},
      {2, R::kExchangeClosed},
      {3, R::kOrderExceedsLimit},
      {4, R::kTooLateToEnter},
      {5, R::kUnknownOrder},
      {6, R::kDuplicateOrder},
      {8, R::kStaleOrder},
      {11, R::kUnsupportedOrderCharacteristic},
      {13, R::kIncorrectQuantity},
      {15, R::kUnknownAccount},
      {16, R::kPriceExceedsBand},
      {18, R::kInvalidPriceIncrement},
      {19, R::kReferencePriceNotAvailable},
      {20, R::kNotionalExceedsThreshold},
      {22, R::kShortSellNotPermitted},
      {25, R::kInsufficientCredit},
      {26, R::kExceedsClipSize},
  };
  for (uint64_t code = 0; code != 1000; ++code) {
    const auto found = known.find(code);
    EXPECT_EQ(OrderReasonOfFix(code), found != known.end() ? found->second : R::kVenueOption)
        << code;
  }
}

TEST(FixCodes, CxlRejReason) {
  using R = CancelRejectReason;
  const std::map<uint64_t, R> known{
      {0, R::kTooLateToCancel},  {1, R::kUnknownOrder},     {3, R::kAlreadyPending},
      {6, R::kDuplicateClOrdId}, {8, R::kPriceExceedsBand}, {18, R::kInvalidPriceIncrement},
      {99, R::kOther},
  };
  for (uint64_t code = 0; code != 1000; ++code) {
    const auto found = known.find(code);
    EXPECT_EQ(ChangeReasonOfFix(code), found != known.end() ? found->second : R::kVenueOption)
        << code;
  }
}

TEST(FixCodes, BusinessRejectReason) {
  using R = RejectReason;
  const std::map<uint64_t, R> known{
      {1, R::kUnknownOrder},     {2, R::kUnknownSymbol}, {3, R::kUnsupportedOrderCharacteristic},
      {4, R::kVenueUnavailable}, {5, R::kInvalidField},  {6, R::kMissingEntitlement},
  };
  for (uint64_t code = 0; code != 1000; ++code) {
    const auto found = known.find(code);
    EXPECT_EQ(BusinessReasonOfFix(code), found != known.end() ? found->second : R::kVenueOption)
        << code;
  }
}

TEST(FixCodes, OrdStatus) {
  using S = OrdStatus;
  const std::map<char, S> known{
      {'0', S::kNew},        {'1', S::kPartiallyFilled}, {'2', S::kFilled},
      {'3', S::kDoneForDay}, {'4', S::kCanceled},        {'6', S::kPendingCancel},
      {'8', S::kRejected},   {'9', S::kSuspended},       {'A', S::kPendingNew},
      {'C', S::kExpired},    {'E', S::kPendingReplace},
  };
  for (int code = 0; code != 256; ++code) {
    const char c = static_cast<char>(code);
    const auto found = known.find(c);
    EXPECT_EQ(OrdStatusOfFix({&c, 1}), found != known.end() ? found->second : S::kUnset) << code;
  }
  EXPECT_EQ(OrdStatusOfFix(""), S::kUnset);
  EXPECT_EQ(OrdStatusOfFix("00"), S::kUnset);
}

TEST(FixCodes, WhatHappened) {
  using E = FixExec;
  const std::map<char, E> known{
      {'0', E::kNew},       {'1', E::kTrade},     {'2', E::kTrade},   {'3', E::kDoneForDay},
      {'4', E::kCanceled},  {'5', E::kReplaced},  {'6', E::kPending}, {'7', E::kPending},
      {'8', E::kRejected},  {'9', E::kSuspended}, {'A', E::kPending}, {'B', E::kPending},
      {'C', E::kExpired},   {'D', E::kRestated},  {'E', E::kPending}, {'F', E::kTrade},
      {'G', E::kCorrected}, {'H', E::kBusted},    {'I', E::kStatus},  {'L', E::kTriggered},
  };
  for (int code = 0; code != 256; ++code) {
    const char c = static_cast<char>(code);
    const auto found = known.find(c);
    const E meant = found != known.end() ? found->second : E::kUnknown;
    for (const std::string_view is_new : {"", "0"}) {
      EXPECT_EQ(FixExecOf(is_new, {&c, 1}), meant) << code;
    }
    // ExecTransType (20) of FIX 4.2 says more than ExecType.
    EXPECT_EQ(FixExecOf("1", {&c, 1}), E::kBusted);
    EXPECT_EQ(FixExecOf("2", {&c, 1}), E::kCorrected);
    EXPECT_EQ(FixExecOf("3", {&c, 1}), E::kStatus);
  }
  EXPECT_EQ(FixExecOf("", ""), E::kUnknown);
  EXPECT_EQ(FixExecOf("", "FF"), E::kUnknown);
}

TEST(FixCodes, SidesGoThereAndBack) {
  for (const auto& [side, code] :
       {std::pair(Side::kBuy, '1'), std::pair(Side::kSell, '2'), std::pair(Side::kSellShort, '5'),
        std::pair(Side::kSellShortExempt, '6')}) {
    EXPECT_EQ(FixOf(side), code);
    EXPECT_EQ(SideOfFix({&code, 1}), side);
  }
  for (const char* other : {"", "0", "3", "4", "7", "A", "11"}) {
    EXPECT_EQ(SideOfFix(other), Side::kUnset) << other;
  }
}

}  // namespace
}  // namespace ringway
