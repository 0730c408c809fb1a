// What the exchange reports to a member that speaks FIX, as its messages.
#include <array>

#include "base/check.h"
#include "exchange/fix/fix_member.h"
#include "schema/codec.h"

namespace ringway::exchange {

bool FixMember::Drain() noexcept {
  Outbound& reports = exchange_.reports(member_);
  bool drained = false;
  while (reports.Front() != nullptr && messages_.room() != 0) {
    const ResendStore::Slot& front = *reports.Front();
    drained = true;
    if (front.type == FrameType::kExecutionReport) {
      ExecutionReport report;
      RINGWAY_CHECK(Decode(front.bytes(), report) == DecodeStatus::kOk,
                    "the exchange's own report");
      On(report);
    } else if (front.type == FrameType::kCancelReject) {
      CancelReject reject;
      RINGWAY_CHECK(Decode(front.bytes(), reject) == DecodeStatus::kOk,
                    "the exchange's own report");
      On(reject);
    }
    reports.Pop();
  }
  if (drained) reports.Acknowledge(reports.next_on_link());
  return drained;
}

void FixMember::On(const ExecutionReport& report) noexcept {
  const Slot slot = SlotOf(report.cl_ord_id);
  FixOrder& order = orders_[slot];
  std::array<char, fix::kUnsignedBytesMax> exec_id;
  FixExecution execution{
      .time_ns = static_cast<int64_t>(report.transact_time),
      .exec_id = {exec_id.data(), fix::FormatUnsigned(report.exec_id, exec_id.data())},
      .reason = report.reason};
  order.status = report.ord_status;
  order.leaves = report.leaves_qty;
  order.cum = report.cum_qty;
  if (report.order_id != 0) order.order_id = report.order_id;
  switch (report.exec_type) {
    case ExecType::kNew:
      execution.kind = FixExecution::Kind::kNew;
      break;
    case ExecType::kPartialFill:
    case ExecType::kFill:
      execution.kind = FixExecution::Kind::kTrade;
      execution.last_qty = report.last_qty;
      execution.last_price = report.last_price;
      execution.liquidity = report.liquidity;
      execution.match = report.match_id;
      order.traded +=
          FixValueTraded{report.last_qty} * static_cast<FixValueTraded>(report.last_price);
      break;
    case ExecType::kCanceled:
    case ExecType::kExpired:
      execution.kind = report.exec_type == ExecType::kExpired ? FixExecution::Kind::kExpired
                                                              : FixExecution::Kind::kCanceled;
      if (report.orig_cl_ord_id == 0) break;
      if (report.cl_ord_id == asked_) {
        orders_.Note(request_.id, slot);
        execution.id = request_.id.view();
        execution.original = order.name.view();
      } else {
        execution.text = cancel_text_;
      }
      break;
    case ExecType::kReplaced: {
      execution.kind = FixExecution::Kind::kReplaced;
      // Only a request of the client replaces, and the next one waits for this answer.
      const FixName original = order.name;
      order.id = report.cl_ord_id;
      order.price = request_.price;
      order.qty = request_.qty;
      order.shown = request_.shown;
      if (request_.says_lasts) {
        order.lasts = request_.lasts;
        order.expire_time = request_.expire_time;
      }
      orders_.Rename(slot, request_.id);
      execution.original = original.view();
      return Tell(order, execution);
    }
    case ExecType::kRejected:
      execution.kind = FixExecution::Kind::kRejected;
      order.reason = report.reason;
      break;
    default:  // of stop orders, which a FIX member does not enter
      return;
  }
  Tell(order, execution);
  if (!order.open()) orders_.End(slot);
}

void FixMember::On(const CancelReject& reject) noexcept {
  const Slot slot = SlotOf(reject.cl_ord_id);
  if (reject.cl_ord_id != asked_) return;  // of a sweep: the order has told its end itself
  orders_.Note(request_.id, slot);
  RefuseChange(request_, slot, reject.reason);
}

void FixMember::Tell(const FixOrder& order, const FixExecution& execution) noexcept {
  TellBy('8', [&](fix::Writer& to) { writer_.Write(order, execution, to); });
}

void FixMember::Tell(const FixCancelReject& reject) noexcept {
  TellBy('9', [&](fix::Writer& to) { writer_.Write(reject, to); });
}

// "101-1700000000000000001": the member, and a number that no start of the exchange gives again.
std::string_view FixMember::OwnExecId() noexcept {
  std::size_t bytes = fix::FormatUnsigned(options_.number, exec_id_.data());
  exec_id_[bytes++] = '-';
  const uint64_t number = exchange_.options().ids_after + ++own_exec_ids_;
  bytes += fix::FormatUnsigned(number, exec_id_.data() + bytes);
  return {exec_id_.data(), bytes};
}

}  // namespace ringway::exchange
