#include "exchange/fix/fix_report.h"

#include "protocol/fix/parser.h"
#include "protocol/fix/tags.h"

namespace ringway::exchange {
namespace {

using fix::Tag;
using Kind = FixExecution::Kind;

constexpr Tag kAccount(1);
constexpr Tag kAvgPx(6);
constexpr Tag kClOrdId(11);
constexpr Tag kCumQty(14);
constexpr Tag kExecId(17);
constexpr Tag kExecInst(18);
constexpr Tag kExecTransType(20);
constexpr Tag kLastPx(31);
constexpr Tag kLastQty(32);  // LastShares of 4.2
constexpr Tag kOrderId(37);
constexpr Tag kOrderQty(38);
constexpr Tag kOrdStatus(39);
constexpr Tag kOrdType(40);
constexpr Tag kOrigClOrdId(41);
constexpr Tag kPrice(44);
constexpr Tag kRefSeqNum(fix::kTagRefSeqNum);
constexpr Tag kSide(54);
constexpr Tag kSymbol(55);
constexpr Tag kText(fix::kTagText);
constexpr Tag kTimeInForce(59);
constexpr Tag kTransactTime(60);
constexpr Tag kCxlRejReason(102);
constexpr Tag kOrdRejReason(103);
constexpr Tag kMaxFloor(111);
constexpr Tag kExpireTime(126);
constexpr Tag kExecType(150);
constexpr Tag kLeavesQty(151);
constexpr Tag kRefTagId(fix::kTagRefTagId);
constexpr Tag kRefMsgType(fix::kTagRefMsgType);
constexpr Tag kSessionRejectReason(fix::kTagSessionRejectReason);
constexpr Tag kBusinessRejectReason(380);
constexpr Tag kCxlRejResponseTo(434);
constexpr Tag kMassCancelRequestType(530);
constexpr Tag kMassCancelResponse(531);
constexpr Tag kMassCancelRejectReason(532);
constexpr Tag kTotalAffectedOrders(533);
constexpr Tag kMassStatusReqId(584);
constexpr Tag kOrdStatusReqId(790);
constexpr Tag kLastLiquidityInd(851);
constexpr Tag kTrdMatchId(880);
constexpr Tag kTotNumReports(911);
constexpr Tag kLastRptRequested(912);
constexpr Tag kDisplayQty(1138);
constexpr Tag kMassActionReportId(1369);

constexpr std::string_view kNone = "NONE";
constexpr uint16_t kOther = 99;  // from 4.4 on

// FIX's code of a value whose code is one character; a digit's value is the digit.
template <class E>
char CodeOf(E value) noexcept {
  const uint16_t code = FixValue(value);
  return static_cast<char>(code < 10 ? '0' + code : code);
}

void PutText(Tag tag, std::string_view text, fix::Writer& to) noexcept {
  if (!text.empty()) to.Text(tag, text);
}

char ExecTypeOf(FixVersion version, Kind kind, OrdStatus status) noexcept {
  switch (kind) {
    case Kind::kNew:
      return '0';
    case Kind::kTrade:
      if (version != FixVersion::k42) return 'F';
      return status == OrdStatus::kFilled ? '2' : '1';
    case Kind::kCanceled:
      return '4';
    case Kind::kReplaced:
      return '5';
    case Kind::kRejected:
      return '8';
    case Kind::kExpired:
      return 'C';
    case Kind::kStatus:
      break;
  }
  return version == FixVersion::k42 ? CodeOf(status) : 'I';
}

std::string_view TextOf(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kNone:
      return "";
    case RejectReason::kUnknownSymbol:
      return "Symbol (55) is no instrument that this member may trade";
    case RejectReason::kTooLateToEnter:
      return "its time in force is over";
    case RejectReason::kUnknownOrder:
      return "there is no such order";
    case RejectReason::kDuplicateOrder:
      return "ClOrdID (11) was used before";
    case RejectReason::kUnsupportedOrderCharacteristic:
      return "the exchange has no such orders";
    case RejectReason::kIncorrectQuantity:
      return "OrderQty (38) or what is shown is off the lot";
    case RejectReason::kOrderExceedsLimit:
      return "OrderQty (38) is above the instrument's quantity_max";
    case RejectReason::kUnknownAccount:
      return "Account (1) is not configured for this member";
    case RejectReason::kPriceExceedsBand:
      return "Price (44) is above the instrument's price_max";
    case RejectReason::kInvalidPriceIncrement:
      return "Price (44) is off the tick";
    case RejectReason::kInvalidPrice:
      return "Price (44) must be positive, and a market order has none";
    case RejectReason::kSelfMatch:
      return "it would have traded with an order of its own account";
    case RejectReason::kWouldTakeLiquidity:
      return "post-only, and it would have traded";
    case RejectReason::kNoLiquidity:
      return "nothing (more) to trade with";
    case RejectReason::kVenueOption:
      return "the exchange has no room for it";
    default:
      return "the exchange does not take it";
  }
}

std::string_view TextOf(CancelRejectReason reason) noexcept {
  switch (reason) {
    case CancelRejectReason::kTooLateToCancel:
      return "the order has ended, or has traded as much";
    case CancelRejectReason::kUnknownOrder:
      return "OrigClOrdID (41) names no order";
    case CancelRejectReason::kDuplicateClOrdId:
      return "ClOrdID (11) was used before";
    case CancelRejectReason::kPriceExceedsBand:
      return "Price (44) is above the instrument's price_max";
    case CancelRejectReason::kInvalidPriceIncrement:
      return "Price (44) is off the tick";
    case CancelRejectReason::kVenueOption:
      return "the exchange has no room for it";
    default:
      return "the exchange cannot change the order so";
  }
}

std::string_view TextOf(fix::RejectReason reason) noexcept {
  switch (reason) {
    case fix::RejectReason::kRequiredTagMissing:
      return "Required tag missing";
    case fix::RejectReason::kIncorrectDataFormat:
      return "Incorrect data format for value";
    default:
      return "Value is incorrect (out of range) for this tag";
  }
}

}  // namespace

uint16_t OrdRejReasonOf(FixVersion version, RejectReason reason) noexcept {
  const uint16_t code = FixValue(reason);
  switch (version) {
    case FixVersion::k42:
      return code <= 8 ? code : uint16_t{0};
    case FixVersion::k44:
      return code <= 15 ? code : kOther;
    case FixVersion::k50Sp2:
      break;
  }
  return code;
}

uint16_t CxlRejReasonOf(FixVersion version, CancelRejectReason reason) noexcept {
  const uint16_t code = FixValue(reason);
  switch (version) {
    case FixVersion::k42:
      return code <= 3 ? code : uint16_t{2};
    case FixVersion::k44:
      return code <= 6 ? code : kOther;
    case FixVersion::k50Sp2:
      break;
  }
  return code;
}

int64_t AveragePrice(FixValueTraded traded, uint64_t quantity) noexcept {
  return quantity == 0 ? 0 : static_cast<int64_t>((traded + quantity / 2) / quantity);
}

fix::TimePrecision PrecisionOf(FixVersion version) noexcept {
  return version == FixVersion::k50Sp2 ? fix::TimePrecision::kMicros : fix::TimePrecision::kMillis;
}

FixReportWriter::FixReportWriter(FixVersion version) noexcept
    : version_(version), time_(PrecisionOf(version)) {}

void FixReportWriter::Write(const FixOrder& order, const FixExecution& execution,
                            fix::Writer& to) noexcept {
  const bool is_status = execution.kind == Kind::kStatus;
  if (order.order_id != 0) {
    to.Unsigned(kOrderId, order.order_id);
  } else {
    to.Text(kOrderId, kNone);
  }
  PutText(kClOrdId, execution.id.empty() ? order.name.view() : execution.id, to);
  PutText(kOrigClOrdId, execution.original, to);
  to.Text(kExecId, execution.exec_id);
  if (version_ == FixVersion::k42) to.Char(kExecTransType, is_status ? '3' : '0');
  to.Char(kExecType, ExecTypeOf(version_, execution.kind, order.status));
  WriteState(order, execution.kind, to);
  WriteTerms(order, to);
  if (execution.kind == Kind::kTrade) {
    to.Unsigned(kLastQty, execution.last_qty);
    to.Decimal(kLastPx, execution.last_price);
    if (version_ != FixVersion::k42 && execution.liquidity != Liquidity::kUnset) {
      to.Char(kLastLiquidityInd, CodeOf(execution.liquidity));
    }
    if (version_ == FixVersion::k50Sp2) to.Unsigned(kTrdMatchId, execution.match);
  }
  to.Time(kTransactTime, time_, execution.time_ns);
  if (order.status == OrdStatus::kRejected) {
    to.Unsigned(kOrdRejReason, OrdRejReasonOf(version_, execution.reason));
  }
  PutText(kText, execution.text.empty() ? TextOf(execution.reason) : execution.text, to);
  PutText(kOrdStatusReqId, execution.status_id, to);
  if (execution.mass_id.empty()) return;
  to.Text(kMassStatusReqId, execution.mass_id);
  to.Unsigned(kTotNumReports, execution.reports);
  if (execution.last) to.Bool(kLastRptRequested, true);
}

void FixReportWriter::WriteState(const FixOrder& order, Kind kind, fix::Writer& to) const noexcept {
  // 4.2 says so of an order that was replaced and has not traded.
  constexpr char kReplaced = '5';
  const bool says_replaced = version_ == FixVersion::k42 && kind == Kind::kReplaced;
  to.Char(kOrdStatus,
          says_replaced && order.status == OrdStatus::kNew ? kReplaced : CodeOf(order.status));
  to.Unsigned(kLeavesQty, order.leaves);
  to.Unsigned(kCumQty, order.cum);
  to.Decimal(kAvgPx, AveragePrice(order.traded, order.cum));
}

void FixReportWriter::WriteTerms(const FixOrder& order, fix::Writer& to) noexcept {
  PutText(kAccount, order.account.view(), to);
  to.Text(kSymbol, order.symbol.empty() ? kNone : order.symbol.view());
  // Undisclosed: of an answer about no order, for which a side is required all the same.
  to.Char(kSide, order.side == Side::kUnset ? '7' : CodeOf(order.side));
  if (order.qty == 0) return;
  to.Unsigned(kOrderQty, order.qty);
  if (order.type != OrdType::kUnset) to.Char(kOrdType, CodeOf(order.type));
  if (order.type == OrdType::kLimit) to.Decimal(kPrice, order.price);
  to.Char(kTimeInForce, CodeOf(order.lasts));
  if (order.expire_time != 0) {
    to.Time(kExpireTime, time_, static_cast<int64_t>(order.expire_time));
  }
  if (order.post_only) to.Char(kExecInst, '6');
  if (order.shown != 0) {
    to.Unsigned(version_ == FixVersion::k50Sp2 ? kDisplayQty : kMaxFloor, order.shown);
  }
}

void FixReportWriter::Write(const FixCancelReject& reject, fix::Writer& to) noexcept {
  const bool known = reject.order != nullptr;
  if (known && reject.order->order_id != 0) {
    to.Unsigned(kOrderId, reject.order->order_id);
  } else {
    to.Text(kOrderId, kNone);
  }
  to.Text(kClOrdId, reject.id);
  to.Text(kOrigClOrdId, reject.original);
  to.Char(kOrdStatus, CodeOf(known ? reject.order->status : OrdStatus::kRejected));
  if (known) PutText(kAccount, reject.order->account.view(), to);
  to.Time(kTransactTime, time_, reject.time_ns);
  to.Char(kCxlRejResponseTo, reject.of_replace ? '2' : '1');
  to.Unsigned(kCxlRejReason, CxlRejReasonOf(version_, reject.reason));
  PutText(kText, reject.text.empty() ? TextOf(reject.reason) : reject.text, to);
}

void FixReportWriter::Write(const FixMassCancelReport& report, fix::Writer& to) noexcept {
  const FixRequest& request = *report.request;
  to.Text(kClOrdId, request.id.view());
  to.Text(kOrderId, report.report_id);
  if (version_ == FixVersion::k50Sp2) to.Text(kMassActionReportId, report.report_id);
  to.Char(kMassCancelRequestType, request.scope);
  const bool refused = report.refusal != RejectReason::kNone;
  to.Char(kMassCancelResponse, refused ? '0' : request.scope);
  if (refused) {
    // 0: not supported; 1: an unknown security.
    to.Unsigned(kMassCancelRejectReason,
                report.refusal == RejectReason::kUnknownSymbol                    ? 1
                : report.refusal == RejectReason::kUnsupportedOrderCharacteristic ? 0
                                                                                  : kOther);
    to.Text(kText, TextOf(report.refusal));
  } else {
    to.Unsigned(kTotalAffectedOrders, report.affected);
  }
  PutText(kSymbol, request.symbol.view(), to);
  if (request.side != Side::kUnset) to.Char(kSide, CodeOf(request.side));
  to.Time(kTransactTime, time_, report.time_ns);
}

void FixReportWriter::Refuse(const fix::Message& message, FixBusinessReason reason,
                             fix::Writer& to) noexcept {
  to.Unsigned(kRefSeqNum, message.sequence);
  to.Text(kRefMsgType, message.type);
  to.Unsigned(kBusinessRejectReason, static_cast<uint64_t>(reason));
  to.Text(kText, reason == FixBusinessReason::kUnsupportedType ? "Unsupported Message Type"
                                                               : "the exchange is being stopped");
}

void FixReportWriter::Refuse(const fix::Message& message, const FixFault& fault,
                             fix::Writer& to) noexcept {
  to.Unsigned(kRefSeqNum, message.sequence);
  to.Unsigned(kRefTagId, fault.tag);
  to.Text(kRefMsgType, message.type);
  to.Unsigned(kSessionRejectReason, static_cast<uint64_t>(fault.reason));
  to.Text(kText, TextOf(fault.reason));
}

}  // namespace ringway::exchange
