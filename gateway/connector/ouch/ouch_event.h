// OuchEvent: what a message of an OUCH venue says, in one form for both versions.
//
// Orders are named by the gateway's request identifiers. Plain data; a field that the message has
// not is 0.
#pragma once

#include <cstdint>

#include "base/padded_text.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/units.h"
#include "schema/messages.h"

namespace ringway {

enum class OuchEventKind : uint8_t {
  kNothing,  // without consequence for an order
  kAccepted,
  kReplaced,
  kCanceled,
  kExecuted,
  kBroken,
  kCorrected,  // shares and price
  kRepriced,   // the price alone
  kRejected,
  kCancelRejected,
  kModified,
  kPriority,
  kStartOfDay,
  kEndOfDay,
  kAccountAnswer,
};

struct OuchEvent {
  OuchEventKind kind = OuchEventKind::kNothing;
  bool dead = false;        // accepted and canceled at once
  bool is_beyond = false;   // 5.0: its UserRefNum is above those of which orders are known
  bool is_foreign = false;  // names an order that is not this gateway's
  uint64_t timestamp = 0;
  uint64_t id = 0;
  uint64_t previous_id = 0;
  uint64_t reference = 0;
  uint64_t match = 0;
  uint64_t price = 0;  // 1e-4, or a market price
  uint32_t number = 0;
  uint32_t next_number = 0;
  uint32_t shares = 0;
  uint16_t reason = 0;
  char liquidity = 0;
  // Why an order was refused.
  RejectReason refusal = RejectReason::kNone;
  CancelRejectReason change_refusal = CancelRejectReason::kNone;
  // The terms of an order.
  uint32_t time_in_force = 0;
  uint32_t lives_s = 0;  // 0: not for so many seconds
  uint32_t min_quantity = 0;
  uint32_t max_floor = 0;
  int32_t peg_offset = 0;
  PaddedText<8> symbol{};
  ouch::Side side = ouch::Side::kBuy;
  ouch::Capacity capacity = ouch::Capacity::kAgency;
  ouch::CrossType cross = ouch::CrossType::kNone;
  char display = 'Y';
  char price_type = 'L';
  bool sweep = false;
  bool post_only = false;
};

}  // namespace ringway
