#include "protocol/ouch/fault.h"

namespace ringway::ouch {

std::string_view Name(Fault fault) noexcept {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kEmpty:
      return "the message is empty";
    case Fault::kUnknownType:
      return "unknown message type";
    case Fault::kTooShort:
      return "the message is too short";
    case Fault::kTooLong:
      return "the message is too long";
    case Fault::kNoRoom:
      return "the message does not fit the buffer";
    case Fault::kTimestamp:
      return "timestamp beyond a day";
    case Fault::kToken:
      return "malformed order token";
    case Fault::kUserRefNum:
      return "UserRefNum is 0";
    case Fault::kSide:
      return "unknown side";
    case Fault::kQuantity:
      return "quantity out of range";
    case Fault::kSymbol:
      return "malformed symbol";
    case Fault::kPrice:
      return "price out of range";
    case Fault::kTimeInForce:
      return "unknown time in force";
    case Fault::kFirm:
      return "malformed firm";
    case Fault::kDisplay:
      return "unknown display";
    case Fault::kCapacity:
      return "unknown capacity";
    case Fault::kIso:
      return "unknown intermarket sweep eligibility";
    case Fault::kMinQuantity:
      return "minimum quantity out of range";
    case Fault::kCrossType:
      return "unknown cross type";
    case Fault::kCustomerType:
      return "unknown customer type";
    case Fault::kEvent:
      return "unknown system event";
    case Fault::kOrderState:
      return "unknown order state";
    case Fault::kBboWeight:
      return "unknown BBO weight";
    case Fault::kReason:
      return "unknown reason";
    case Fault::kLiquidity:
      return "unknown liquidity flag";
    case Fault::kAiqStrategy:
      return "malformed AIQ strategy";
    case Fault::kReferencePriceType:
      return "unknown reference price type";
    case Fault::kClOrdId:
      return "malformed ClOrdID";
    case Fault::kAppendageLength:
      return "the appendage's length does not fit the message";
    case Fault::kTagLength:
      return "a tag's length is wrong";
    case Fault::kTagTwice:
      return "a tag comes twice";
    case Fault::kTagNotHere:
      return "a tag that this message does not take";
    case Fault::kTagValue:
      return "a tag's value is out of range";
  }
  return "unknown";
}

}  // namespace ringway::ouch
