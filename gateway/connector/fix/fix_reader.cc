#include "gateway/connector/fix/fix_reader.h"

namespace ringway {
namespace {

// Account (1) where the venue's own tag cannot be looked up.
uint32_t AccountTagOf(const FixDialect& dialect) {
  const uint32_t tag = dialect.account_tag;
  return tag != 0 && tag <= fix::WantedTags::kTagMax ? tag : 1;
}

}  // namespace

FixReader::FixReader(const FixDialect& dialect, const FixWriter& writer)
    : writer_(writer),
      numbers_{11,  14,  17,  19,  20,  31,  32,  37,  38,
               39,  41,  44,  54,  55,  60,  102, 103, 150,
               151, 372, 379, 380, 434, 790, 851, 373, AccountTagOf(dialect)},
      tags_(numbers_) {
  for (uint32_t at = 0; at != kFields; ++at) slots_[at] = tags_.SlotOf(numbers_[at]);
}

uint32_t FixReader::Read(const fix::Message& message, FixEvent& event) noexcept {
  event = {};
  event.text = message.Get(fix::kSlotText);
  if (message.type.size() != 1) return 0;
  switch (message.type[0]) {
    case '8':
      return ReadExecution(message, event);
    case '9':
      return ReadCancelReject(message, event);
    case 'j':
      event.kind = FixEventKind::kBusinessReject;
      event.id = writer_.ids().Read(Get(message, kBusinessRejectRefId));
      event.ref_type = Get(message, kRefMsgType);
      event.time_ns = TimeOf(message);
      (void)message.Unsigned(fix::kSlotRefSeqNum, event.ref_sequence);
      ReadReason(message, kBusinessRejectReason, event);
      return 0;
    default:
      return 0;
  }
}

uint32_t FixReader::ReadReject(const fix::Message& message, FixEvent& event) noexcept {
  event = {};
  event.kind = FixEventKind::kBusinessReject;
  event.text = message.Get(fix::kSlotText);
  event.ref_type = Get(message, kRefMsgType);
  event.time_ns = TimeOf(message);
  if (message.Unsigned(fix::kSlotRefSeqNum, event.ref_sequence) != fix::ValueError::kNone) {
    return fix::kTagRefSeqNum;
  }
  ReadReason(message, kSessionRejectReason, event);
  event.has_reason_code = false;  // its codes are about fields
  return 0;
}

void FixReader::ReadReason(const fix::Message& message, Field field,
                           FixEvent& event) const noexcept {
  const std::string_view text = Get(message, field);
  event.reason_tag = static_cast<uint16_t>(numbers_[field]);
  event.reason_text = text;
  event.has_reason_code = fix::ParseUnsigned(text, event.reason_code) == fix::ValueError::kNone;
}

// When it happened; of a message that says nothing of it, when it was sent first.
uint64_t FixReader::TimeOf(const fix::Message& message) noexcept {
  int64_t time_ns = 0;
  const auto read = [&](std::string_view text) {
    return !text.empty() && times_.Parse(text, time_ns) == fix::ValueError::kNone;
  };
  if (read(Get(message, kTransactTime)) || read(message.Get(fix::kSlotOrigSendingTime))) {
    return static_cast<uint64_t>(time_ns);
  }
  return static_cast<uint64_t>(message.sending_time_ns);
}

uint32_t FixReader::ReadExecution(const fix::Message& message, FixEvent& event) noexcept {
  event.kind = FixEventKind::kExecution;
  event.may_be_second = message.poss_resend;
  event.exec = FixExecOf(Get(message, kExecTransType), Get(message, kExecType));
  event.status = OrdStatusOfFix(Get(message, kOrdStatus));
  event.side = SideOfFix(Get(message, kSide));
  event.liquidity = LiquidityOfFix(Get(message, kLastLiquidityInd));
  event.id = writer_.ids().Read(Get(message, kClOrdId));
  event.orig_id = writer_.ids().Read(Get(message, kOrigClOrdId));
  event.status_id = writer_.ids().Read(Get(message, kOrdStatusReqId));
  event.exec_id = Get(message, kExecId);
  event.exec_ref_id = Get(message, kExecRefId);
  event.order_id = Get(message, kOrderId);
  event.instrument = writer_.InstrumentOf(Get(message, kSymbol));
  event.account = writer_.AccountOf(Get(message, kAccount));
  event.time_ns = TimeOf(message);
  ReadReason(message, kOrdRejReason, event);

  const auto quantity = [&](Field field, uint64_t& units, bool& has) {
    const std::string_view text = Get(message, field);
    has = !text.empty();
    return !has || writer_.ReadQuantity(text, units);
  };
  bool has_qty = false;
  bool has_last = false;
  if (!quantity(kOrderQty, event.qty, has_qty)) return numbers_[kOrderQty];
  if (!quantity(kLeavesQty, event.leaves_qty, event.has_leaves)) return numbers_[kLeavesQty];
  if (!quantity(kCumQty, event.cum_qty, event.has_cum)) return numbers_[kCumQty];
  if (!quantity(kLastQty, event.last_qty, has_last)) return numbers_[kLastQty];
  // Together they are the order's quantity, which is written again with the next request.
  if (!writer_.IsQuantity(event.cum_qty + event.leaves_qty)) return numbers_[kLeavesQty];
  const auto price = [&](Field field, int64_t& nanos) {
    const fix::ValueError error = message.Decimal(slots_[field], nanos);
    return error == fix::ValueError::kNone || error == fix::ValueError::kEmpty;
  };
  // The order's price is known here.
  if (!price(kPrice, event.price)) event.price = 0;
  if (!price(kLastPx, event.last_price)) return numbers_[kLastPx];

  if (event.exec == FixExec::kUnknown) return numbers_[kExecType];
  if (event.exec == FixExec::kTrade) {
    if (!has_last || event.last_qty == 0) return numbers_[kLastQty];
    if (event.exec_id.empty()) return numbers_[kExecId];
  }
  if (event.exec == FixExec::kBusted || event.exec == FixExec::kCorrected) {
    if (event.exec_id.empty()) return numbers_[kExecId];
  }
  if (event.exec == FixExec::kRestated || event.exec == FixExec::kStatus) {
    if (Get(message, kOrdStatus).empty()) return numbers_[kOrdStatus];
    const bool refused = event.status == OrdStatus::kRejected;
    if (!event.has_cum && !refused) return numbers_[kCumQty];
    if (!event.has_leaves && !refused) return numbers_[kLeavesQty];
  }
  // Done for the day, nothing is open until the next one.
  const bool rests = event.status == OrdStatus::kDoneForDay || Get(message, kOrdStatus) == "B";
  if (rests && event.leaves_qty == 0 && event.qty > event.cum_qty) {
    event.leaves_qty = event.qty - event.cum_qty;
  }
  return 0;
}

uint32_t FixReader::ReadCancelReject(const fix::Message& message, FixEvent& event) noexcept {
  event.kind = FixEventKind::kCancelReject;
  event.id = writer_.ids().Read(Get(message, kClOrdId));
  event.orig_id = writer_.ids().Read(Get(message, kOrigClOrdId));
  event.status = OrdStatusOfFix(Get(message, kOrdStatus));
  event.order_id = Get(message, kOrderId);
  event.time_ns = TimeOf(message);
  ReadReason(message, kCxlRejReason, event);
  const std::string_view response = Get(message, kCxlRejResponseTo);
  event.response_to = response == "1"   ? RequestType::kCancel
                      : response == "2" ? RequestType::kReplace
                                        : RequestType::kUnset;
  return 0;
}

}  // namespace ringway
