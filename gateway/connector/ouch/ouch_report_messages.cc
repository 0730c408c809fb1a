// How the gateway is told of it: reports, refusals, details, and their identifiers.
#include <array>
#include <charconv>
#include <cstring>

#include "base/clock.h"
#include "gateway/connector/ouch/ouch_codes.h"
#include "gateway/connector/ouch/ouch_reports.h"
#include "protocol/ouch/units.h"

namespace ringway {
namespace {

// Execution ids leave the two highest bits to the gateway's own answers. A trade's is made of its
// match number, which both sides of it carry, and the side. Any other message's has this bit and
// the message's number. The rest tells sessions apart, in which both numbers begin anew: an id that
// came before would be taken for a repetition.
constexpr uint64_t kMessageIdBit = uint64_t{1} << 61;
constexpr uint64_t kMatchMask = (uint64_t{1} << 60) - 1;
constexpr uint32_t kMessageNumberBits = 32;

uint64_t Mixed(uint64_t number) noexcept {
  number = (number ^ number >> 29) * 0xbf58'476d'1ce4'e5b9;
  number = (number ^ number >> 32) * 0x94d0'49bb'1331'11eb;
  return number ^ number >> 30;
}

// A number as text, in a field of words that is filled up with zeros.
template <std::size_t kWords>
void WriteNumber(uint64_t number, std::array<uint64_t*, kWords> words) noexcept {
  if (number == 0) return;
  std::array<char, kWords * sizeof(uint64_t)> text{};
  std::to_chars(text.data(), text.data() + text.size(), number);
  for (std::size_t at = 0; at < kWords; ++at)
    std::memcpy(words[at], text.data() + at * sizeof(uint64_t), sizeof(uint64_t));
}

// A letter, or the number of a code that is none. The reasons of 5.0's rejects are numbers.
uint64_t CodeText(const OuchEvent& event) noexcept {
  std::array<char, sizeof(uint64_t)> text{};
  const bool is_number = event.kind == OuchEventKind::kRejected && event.number != 0;
  if (!is_number && event.reason > ' ' && event.reason < 0x7f &&
      event.kind != OuchEventKind::kNothing) {
    text[0] = static_cast<char>(event.reason);
  } else if (event.reason != 0) {
    std::to_chars(text.data(), text.data() + text.size(), event.reason, 16);
  } else if (event.liquidity > ' ' && event.liquidity < 0x7f) {
    text[0] = event.liquidity;
  }
  uint64_t word;
  std::memcpy(&word, text.data(), sizeof(word));
  return word;
}

}  // namespace

ExecutionReport OuchReports::About(const OuchEvent& event, const OuchOrder* order) const noexcept {
  ExecutionReport report;
  report.cl_ord_id = event.id;
  report.exec_id = MessageId(event.timestamp);
  report.transact_time = TimeOf(event);
  report.venue = venue_;
  if (order == nullptr) return report;
  report.instrument = order->instrument;
  report.account = order->account;
  report.side = SideOf(order->side);
  report.leaves_qty = order->shares;
  report.cum_qty = order->traded;
  report.price = ouch::NanosOf(order->price).value_or(0);
  report.ord_status = order->traded != 0 ? OrdStatus::kPartiallyFilled : OrdStatus::kNew;
  return report;
}

void OuchReports::Say(const ExecutionReport& report, const OuchEvent& event, uint64_t reference,
                      uint64_t ref_exec_id) noexcept {
  Add(report);
  Detail(report.cl_ord_id, report.exec_id, ref_exec_id, event, reference);
}

void OuchReports::Refuse(uint64_t id, uint64_t orig_id, RequestType type, CancelRejectReason reason,
                         const OuchEvent* detailed) noexcept {
  CancelReject reject;
  reject.cl_ord_id = id;
  reject.orig_cl_ord_id = orig_id;
  reject.transact_time = static_cast<uint64_t>(now_ns_);
  reject.reason = reason;
  reject.request_type = type;
  reject.venue = venue_;
  Add(reject);
  if (detailed != nullptr) Detail(id, 0, 0, *detailed, 0);
}

void OuchReports::Detail(uint64_t id, uint64_t exec_id, uint64_t ref_exec_id,
                         const OuchEvent& event, uint64_t reference) noexcept {
  if (!details_) return;
  ExecutionDetail detail;
  detail.cl_ord_id = id;
  detail.exec_id = exec_id;
  detail.exec_ref_id = ref_exec_id;
  WriteNumber<3>(reference,
                 {&detail.venue_order_id0, &detail.venue_order_id1, &detail.venue_order_id2});
  WriteNumber<3>(event.match,
                 {&detail.venue_exec_id0, &detail.venue_exec_id1, &detail.venue_exec_id2});
  detail.venue_code = CodeText(event);
  if (reference == 0 && event.match == 0 && detail.venue_code == 0 && ref_exec_id == 0) return;
  Add(detail);
}

// Midnight may have passed since: no message is from the future.
uint64_t OuchReports::TimeOf(const OuchEvent& event) const noexcept {
  constexpr int64_t kAhead = 3600 * kNsPerS;
  int64_t time = ouch::UnixNs(day_start_ns_, event.timestamp);
  if (time > now_ns_ + kAhead) time -= 24 * 3600 * kNsPerS;
  return static_cast<uint64_t>(time);
}

// The time is of the message: a venue that lost messages uses their numbers again.
uint64_t OuchReports::MessageId(uint64_t timestamp) const noexcept {
  const uint64_t number = number_ & ((uint64_t{1} << kMessageNumberBits) - 1);
  const uint64_t rest = Mixed(incarnation_ ^ Mixed(timestamp)) & (kMessageIdBit - 1);
  return kMessageIdBit | (rest >> kMessageNumberBits << kMessageNumberBits) | number;
}

// Different match numbers of a session stay different.
uint64_t OuchReports::TradeId(uint64_t match, bool sells) const noexcept {
  return ((match ^ Mixed(incarnation_)) & kMatchMask) << 1 | static_cast<uint64_t>(sells);
}

}  // namespace ringway
