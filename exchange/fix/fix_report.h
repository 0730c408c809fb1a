// What a FIX client is told: the fields of each message, as its version has them.
//
// Values are the project's own: prices in 1e-9, quantities in smallest units, no floating point.
// Thread rule: one thread for a writer. Nothing allocates.
#pragma once

#include <cstdint>
#include <string_view>

#include "exchange/fix/fix_orders.h"
#include "exchange/fix/fix_request.h"
#include "protocol/fix/values.h"
#include "protocol/fix/writer.h"
#include "schema/messages.h"

namespace ringway::exchange {

// An ExecutionReport (8) about an order as it is now.
struct FixExecution {
  enum class Kind : uint8_t {
    kNew,
    kTrade,
    kCanceled,
    kReplaced,
    kRejected,
    kExpired,
    kStatus,  // the answer to a request; nothing happened
  };
  Kind kind = Kind::kNew;
  int64_t time_ns = 0;
  std::string_view exec_id = {};
  std::string_view id = {};        // ClOrdID (11); empty: the order's name
  std::string_view original = {};  // OrigClOrdID (41)
  RejectReason reason = RejectReason::kNone;
  std::string_view text = {};  // empty: what the reason is called
  // Of a trade.
  uint64_t last_qty = 0;
  int64_t last_price = 0;
  Liquidity liquidity = Liquidity::kUnset;
  uint64_t match = 0;
  // Of a status.
  std::string_view status_id = {};
  std::string_view mass_id = {};
  uint32_t reports = 0;  // that answer the mass request
  bool last = false;     // of them
};

struct FixCancelReject {
  int64_t time_ns = 0;
  std::string_view id = {};
  std::string_view original = {};
  const FixOrder* order = nullptr;  // null: it is not known
  bool of_replace = false;
  CancelRejectReason reason = CancelRejectReason::kOther;
  std::string_view text = {};  // empty: what the reason is called
};

struct FixMassCancelReport {
  int64_t time_ns = 0;
  std::string_view report_id = {};
  const FixRequest* request = nullptr;
  RejectReason refusal = RejectReason::kNone;
  uint32_t affected = 0;
};

// BusinessRejectReason (380), as far as the exchange gives them.
enum class FixBusinessReason : uint8_t { kUnsupportedType = 3, kNotAvailable = 4 };

class FixReportWriter {
 public:
  explicit FixReportWriter(FixVersion version) noexcept;

  void Write(const FixOrder& order, const FixExecution& execution, fix::Writer& to) noexcept;
  void Write(const FixCancelReject& reject, fix::Writer& to) noexcept;
  void Write(const FixMassCancelReport& report, fix::Writer& to) noexcept;
  // BusinessMessageReject (j).
  void Refuse(const fix::Message& message, FixBusinessReason reason, fix::Writer& to) noexcept;
  // The session's Reject (3).
  void Refuse(const fix::Message& message, const FixFault& fault, fix::Writer& to) noexcept;

 private:
  void WriteTerms(const FixOrder& order, fix::Writer& to) noexcept;
  void WriteState(const FixOrder& order, FixExecution::Kind kind, fix::Writer& to) const noexcept;

  const FixVersion version_;
  fix::TimestampWriter time_;
};

// OrdRejReason (103) and CxlRejReason (102): those that a version does not have become its "other".
uint16_t OrdRejReasonOf(FixVersion version, RejectReason reason) noexcept;
uint16_t CxlRejReasonOf(FixVersion version, CancelRejectReason reason) noexcept;

// The mean price of what has traded, in 1e-9, rounded to the nearest; 0: nothing has.
int64_t AveragePrice(FixValueTraded traded, uint64_t quantity) noexcept;

// What SendingTime (52) and other times have behind the second.
fix::TimePrecision PrecisionOf(FixVersion version) noexcept;

}  // namespace ringway::exchange
