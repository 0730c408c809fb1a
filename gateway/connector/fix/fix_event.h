// FixEvent: what a message of a FIX venue says, whatever its version.
//
// Plain data; texts are the message's bytes, and a field that the message does not have is 0 or
// empty.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/connector/fix/fix_codes.h"
#include "schema/messages.h"

namespace ringway {

enum class FixEventKind : uint8_t {
  kNothing,  // of a type that says nothing of orders
  kExecution,
  kCancelReject,
  kBusinessReject,  // also the session's Reject
};

struct FixEvent {
  FixEventKind kind = FixEventKind::kNothing;
  FixExec exec = FixExec::kUnknown;
  OrdStatus status = OrdStatus::kUnset;
  Side side = Side::kUnset;
  Liquidity liquidity = Liquidity::kUnset;
  RequestType response_to = RequestType::kUnset;  // of a cancel reject
  bool has_leaves = false;
  bool has_cum = false;
  bool has_reason_code = false;
  bool may_be_second = false;  // PossResend: it may have come under another number
  uint16_t reason_tag = 0;     // that names the reason in a message of this kind
  uint64_t id = 0;             // of this gateway; 0: none, or another's
  uint64_t orig_id = 0;
  uint64_t status_id = 0;  // OrdStatusReqID
  uint64_t qty = 0;
  uint64_t leaves_qty = 0;
  uint64_t cum_qty = 0;
  uint64_t last_qty = 0;
  int64_t last_price = 0;
  int64_t price = 0;
  uint64_t reason_code = 0;
  uint64_t ref_sequence = 0;
  uint64_t time_ns = 0;
  uint32_t instrument = 0;
  uint32_t account = 0;
  std::string_view exec_id;
  std::string_view exec_ref_id;
  std::string_view order_id;
  std::string_view reason_text;  // the code as it stands
  std::string_view text;
  std::string_view ref_type;
};

}  // namespace ringway
