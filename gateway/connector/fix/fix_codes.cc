#include "gateway/connector/fix/fix_codes.h"

namespace ringway {
namespace {

// The enumerant to which FIX gives this value; `otherwise` if there is none. Of several the first.
template <class E>
E OfFix(uint64_t code, E otherwise) noexcept {
  for (uint32_t value = 0; value != 256 && IsKnown(static_cast<E>(value)); ++value) {
    if (FixValue(static_cast<E>(value)) == code) return static_cast<E>(value);
  }
  return otherwise;
}

// The code of a single character; 0: it is none.
uint64_t CharCode(std::string_view code) noexcept {
  return code.size() == 1 ? static_cast<unsigned char>(code[0]) : 0;
}

}  // namespace

FixExec FixExecOf(std::string_view exec_trans_type, std::string_view exec_type) noexcept {
  switch (CharCode(exec_trans_type)) {
    case '1':
      return FixExec::kBusted;
    case '2':
      return FixExec::kCorrected;
    case '3':
      return FixExec::kStatus;
    default:
      break;
  }
  switch (CharCode(exec_type)) {
    case '0':
      return FixExec::kNew;
    case '1':  // 4.2: partial fill and fill
    case '2':
    case 'F':
      return FixExec::kTrade;
    case '3':
      return FixExec::kDoneForDay;
    case '4':
      return FixExec::kCanceled;
    case '5':
      return FixExec::kReplaced;
    case '6':  // pending cancel, new, replace; stopped; calculated
    case 'A':
    case 'E':
    case '7':
    case 'B':
      return FixExec::kPending;
    case '8':
      return FixExec::kRejected;
    case '9':
      return FixExec::kSuspended;
    case 'C':
      return FixExec::kExpired;
    case 'D':
      return FixExec::kRestated;
    case 'G':
      return FixExec::kCorrected;
    case 'H':
      return FixExec::kBusted;
    case 'I':
      return FixExec::kStatus;
    case 'L':
      return FixExec::kTriggered;
    default:
      return FixExec::kUnknown;
  }
}

OrdStatus OrdStatusOfFix(std::string_view code) noexcept {
  const uint64_t value = CharCode(code);
  return value == 0 ? OrdStatus::kUnset : OfFix(value, OrdStatus::kUnset);
}

OrdStatus Standing(OrdStatus status, uint64_t cum_qty) noexcept {
  switch (status) {
    case OrdStatus::kFilled:
    case OrdStatus::kCanceled:
    case OrdStatus::kExpired:
    case OrdStatus::kRejected:
    case OrdStatus::kSuspended:
    case OrdStatus::kDoneForDay:
      return status;
    default:
      return cum_qty != 0 ? OrdStatus::kPartiallyFilled : OrdStatus::kNew;
  }
}

Side SideOfFix(std::string_view code) noexcept {
  return code.size() == 1 && code[0] > '0'
             ? OfFix(static_cast<uint64_t>(code[0] - '0'), Side::kUnset)
             : Side::kUnset;
}

char FixOf(Side side) noexcept { return static_cast<char>('0' + FixValue(side)); }

Liquidity LiquidityOfFix(std::string_view code) noexcept {
  if (code == "1") return Liquidity::kAdded;
  if (code == "2") return Liquidity::kRemoved;
  return Liquidity::kUnset;
}

RejectReason OrderReasonOfFix(uint64_t code) noexcept {
  // The gateway's own reasons share these two.
  if (code == 99 || code == 21) return RejectReason::kVenueOption;
  return OfFix(code, RejectReason::kVenueOption);
}

CancelRejectReason ChangeReasonOfFix(uint64_t code) noexcept {
  if (code == 99) return CancelRejectReason::kOther;
  return OfFix(code, CancelRejectReason::kVenueOption);
}

RejectReason BusinessReasonOfFix(uint64_t code) noexcept {
  switch (code) {
    case 1:  // unknown ID
      return RejectReason::kUnknownOrder;
    case 2:  // unknown security
      return RejectReason::kUnknownSymbol;
    case 3:  // unsupported message type
      return RejectReason::kUnsupportedOrderCharacteristic;
    case 4:  // application not available
      return RejectReason::kVenueUnavailable;
    case 5:  // conditionally required field missing
      return RejectReason::kInvalidField;
    case 6:  // not authorized
      return RejectReason::kMissingEntitlement;
    default:
      return RejectReason::kVenueOption;
  }
}

CancelRejectReason FixChangeReasonOf(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kPriceExceedsBand:
      return CancelRejectReason::kPriceExceedsBand;
    case RejectReason::kInvalidPrice:
    case RejectReason::kInvalidPriceIncrement:
      return CancelRejectReason::kInvalidPriceIncrement;
    case RejectReason::kUnknownOrder:
      return CancelRejectReason::kUnknownOrder;
    case RejectReason::kTooLateToEnter:
      return CancelRejectReason::kTooLateToCancel;
    case RejectReason::kVenueUnavailable:
      return CancelRejectReason::kVenueUnavailable;
    default:
      return CancelRejectReason::kVenueOption;
  }
}

}  // namespace ringway
