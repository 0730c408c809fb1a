// How the gateway is told of it: reports, refusals, details, and their identifiers.
#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/connector/fix/fix_codes.h"
#include "gateway/connector/fix/fix_reports.h"

namespace ringway {
namespace {

// Execution ids leave the two highest bits to the gateway's own answers.
constexpr uint64_t kExecIdMask = (uint64_t{1} << 62) - 1;

uint64_t Mixed(uint64_t value) noexcept {
  value ^= value >> 32;
  value *= 0xd6e8'feb8'6659'fd93;
  value ^= value >> 32;
  value *= 0xd6e8'feb8'6659'fd93;
  return value ^ value >> 32;
}

// Text in a field of words that is filled up with zeros; what is longer is cut off.
template <std::size_t kWords>
void WriteText(std::string_view text, std::array<uint64_t*, kWords> words) noexcept {
  std::array<char, kWords * sizeof(uint64_t)> padded{};
  if (text.empty()) return;
  const std::size_t bytes = std::min(text.size(), padded.size());
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes),
                   [](char c) { return c >= 0x20 && c <= 0x7e; })) {
    return;
  }
  std::memcpy(padded.data(), text.data(), bytes);
  for (std::size_t at = 0; at < kWords; ++at)
    std::memcpy(words[at], padded.data() + at * sizeof(uint64_t), sizeof(uint64_t));
}

}  // namespace

// What the message leaves open, the table knows.
ExecutionReport FixReports::About(const FixEvent& event, const FixOrder* order) const noexcept {
  ExecutionReport report;
  report.cl_ord_id = order != nullptr ? order->id : event.id;
  report.orig_cl_ord_id = order != nullptr ? 0 : event.orig_id;
  report.exec_id = ExecIdOf(event.exec_id, report.cl_ord_id);
  report.transact_time = event.time_ns;
  report.instrument = order != nullptr ? order->instrument : event.instrument;
  report.account = order != nullptr ? order->account : event.account;
  report.side = order != nullptr ? order->side : event.side;
  report.liquidity = event.liquidity;
  report.venue = venue_;
  report.price = event.price;
  report.cum_qty = event.cum_qty;
  report.leaves_qty = event.leaves_qty;
  if (order != nullptr) {
    if (event.price == 0) report.price = order->price;
    if (!event.has_cum) report.cum_qty = order->cum_qty;
    if (!event.has_leaves) report.leaves_qty = order->qty - std::min(order->qty, report.cum_qty);
  }
  report.ord_status = Standing(event.status, report.cum_qty);
  return report;
}

void FixReports::Say(const ExecutionReport& report, const FixEvent& event,
                     const FixOrder* order) noexcept {
  Add(report, sequence_);
  const uint64_t named = order != nullptr ? order->id : report.cl_ord_id;
  const uint64_t ref = event.exec_ref_id.empty() ? 0 : ExecIdOf(event.exec_ref_id, named);
  Detail(report.cl_ord_id, report.exec_id, ref, event);
}

void FixReports::Refuse(const FixEvent& event, uint64_t id, uint64_t orig_id, RequestType type,
                        CancelRejectReason reason) noexcept {
  CancelReject reject;
  reject.cl_ord_id = id;
  reject.orig_cl_ord_id = orig_id;
  reject.transact_time = event.time_ns;
  reject.reason = reason;
  reject.request_type = type;
  reject.venue = venue_;
  Add(reject, sequence_);
  Detail(id, 0, 0, event);
}

void FixReports::Detail(uint64_t id, uint64_t exec_id, uint64_t ref_exec_id,
                        const FixEvent& event) noexcept {
  if (!details_) return;
  ExecutionDetail detail;
  detail.cl_ord_id = id;
  detail.exec_id = exec_id;
  detail.exec_ref_id = ref_exec_id;
  WriteText<3>(event.order_id,
               {&detail.venue_order_id0, &detail.venue_order_id1, &detail.venue_order_id2});
  WriteText<3>(event.exec_id,
               {&detail.venue_exec_id0, &detail.venue_exec_id1, &detail.venue_exec_id2});
  WriteText<1>(event.reason_text, {&detail.venue_code});
  if (detail.venue_order_id0 == 0 && detail.venue_exec_id0 == 0 && detail.venue_code == 0 &&
      ref_exec_id == 0) {
    return;
  }
  Add(detail, sequence_);
}

bool FixReports::SaysUnknown(const FixEvent& event) const noexcept {
  return OrderReason(event, RejectReason::kNone) == RejectReason::kUnknownOrder;
}

const FixReports::Reason* FixReports::Listed(const FixEvent& event) const noexcept {
  for (const Reason& reason : reasons_) {
    if (reason.tag != event.reason_tag) continue;
    if (!reason.code.empty() && reason.code != event.reason_text) continue;
    if (!reason.text.empty() && event.text.find(reason.text) == std::string_view::npos) continue;
    return &reason;
  }
  return nullptr;
}

RejectReason FixReports::OrderReason(const FixEvent& event, RejectReason otherwise) const noexcept {
  if (const Reason* listed = Listed(event)) return listed->reason;
  return event.has_reason_code ? OrderReasonOfFix(event.reason_code) : otherwise;
}

CancelRejectReason FixReports::ChangeReason(const FixEvent& event) const noexcept {
  if (const Reason* listed = Listed(event)) {
    return event.reason_tag == 102 ? listed->change_reason : FixChangeReasonOf(listed->reason);
  }
  return event.has_reason_code ? ChangeReasonOfFix(event.reason_code)
                               : CancelRejectReason::kVenueOption;
}

// Of the venue's text, and the order's slot: a venue that was started again may count from 1 again,
// and its executions of other orders are not those of before.
uint64_t FixReports::ExecIdOf(std::string_view text, uint64_t order_id) const noexcept {
  if (text.empty() || text == "0") return MessageId();
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  }
  const uint64_t id = Mixed(hash + Mixed(FixOrders::SlotOf(order_id) + 1)) & kExecIdMask;
  return id != 0 ? id : 1;
}

uint64_t FixReports::MessageId() const noexcept {
  const uint64_t id = Mixed(Mixed(incarnation_) + sequence_) & kExecIdMask;
  return id != 0 ? id : 1;
}

}  // namespace ringway
