// FixReader: reads a venue's messages into events.
//
// Unknown tags and repeating groups are passed over. Whatever the bytes are, the worst result is a
// message that cannot be read. Thread rule: one thread. Nothing allocates after construction.
#pragma once

#include <array>
#include <cstdint>

#include "gateway/connector/fix/fix_event.h"
#include "gateway/connector/fix/fix_writer.h"
#include "protocol/fix/parser.h"
#include "protocol/fix/session_handler.h"
#include "protocol/fix/values.h"

namespace ringway {

class FixReader {
 public:
  // `writer` outlives the reader.
  FixReader(const FixDialect& dialect, const FixWriter& writer);

  // Of the session that calls Read().
  const fix::WantedTags& tags() const noexcept { return tags_; }

  // The tag that is missing or cannot be read; 0: none, `event` is what the message says.
  uint32_t Read(const fix::Message& message, FixEvent& event) noexcept;
  // Likewise of a Reject (3).
  uint32_t ReadReject(const fix::Message& message, FixEvent& event) noexcept;

 private:
  enum Field : uint8_t {
    kClOrdId,
    kCumQty,
    kExecId,
    kExecRefId,
    kExecTransType,
    kLastPx,
    kLastQty,
    kOrderId,
    kOrderQty,
    kOrdStatus,
    kOrigClOrdId,
    kPrice,
    kSide,
    kSymbol,
    kTransactTime,
    kCxlRejReason,
    kOrdRejReason,
    kExecType,
    kLeavesQty,
    kRefMsgType,
    kBusinessRejectRefId,
    kBusinessRejectReason,
    kCxlRejResponseTo,
    kOrdStatusReqId,
    kLastLiquidityInd,
    kSessionRejectReason,
    kAccount,
    kFields,
  };

  std::string_view Get(const fix::Message& message, Field field) const noexcept {
    return message.Get(slots_[field]);
  }
  uint32_t ReadExecution(const fix::Message& message, FixEvent& event) noexcept;
  uint32_t ReadCancelReject(const fix::Message& message, FixEvent& event) noexcept;
  void ReadReason(const fix::Message& message, Field field, FixEvent& event) const noexcept;
  uint64_t TimeOf(const fix::Message& message) noexcept;

  const FixWriter& writer_;
  const std::array<uint32_t, kFields> numbers_;  // the tags
  const fix::WantedTags tags_;
  std::array<uint8_t, kFields> slots_{};
  fix::TimestampReader times_;
};

}  // namespace ringway
