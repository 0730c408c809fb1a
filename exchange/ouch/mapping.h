// What OUCH messages say in the exchange's terms, and the exchange's outcomes as OUCH messages, of
// both versions.
//
// Pure functions between bytes and structs: what an order is, who its member is and what becomes of
// it is the business of ouch_member.h. What the exchange does not do is refused here, with the
// version's own code. Nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/padded_text.h"
#include "protocol/ouch/appendage.h"
#include "protocol/ouch/codes.h"
#include "protocol/ouch/fault.h"
#include "schema/messages.h"

namespace ringway::exchange {

enum class OuchVersion : uint8_t { k42, k50 };

using OuchSymbol = PaddedText<8>;

// How a member names an order: by a token (4.2), or by a UserRefNum (5.0). The other one is as it
// is by default.
struct OuchId {
  PaddedText<14> token{};
  uint32_t number = 0;

  friend bool operator==(const OuchId&, const OuchId&) = default;
};

// What a member says of an order.
struct OuchTerms {
  // For the exchange.
  ouch::Side side = ouch::Side::kBuy;
  bool post_only = false;
  TimeInForce lasts = TimeInForce::kDay;
  uint32_t seconds = 0;   // good till date: from now on
  uint32_t quantity = 1;  // of a replace, cancel or modification: what it traded included
  uint32_t shown = 0;     // 0: all of it
  uint64_t price = 1;     // of ouch/units.h
  OuchSymbol symbol{};
  // Returned as it came.
  uint32_t time_in_force = 0;  // seconds, or the code of 5.0
  uint32_t min_quantity = 0;   // 4.2
  char display = 'Y';
  ouch::Capacity capacity = ouch::Capacity::kOther;
  PaddedText<4> firm{};           // 4.2; of a mass cancel as well
  PaddedText<14> cl_ord_id{};     // 5.0
  ouch50::Appendage appendage{};  // likewise

  // Matches at any price, and never rests.
  bool is_market() const noexcept { return ouch::IsMarket(price); }
  bool is_immediate() const noexcept {
    return is_market() || lasts == TimeInForce::kImmediateOrCancel ||
           lasts == TimeInForce::kFillOrKill;
  }
};

struct OuchRequest {
  enum class Kind : uint8_t {
    kEnter,
    kReplace,
    kCancel,
    kModify,
    kMassCancel,    // these are of 5.0
    kDisableEntry,  // no more orders
    kEnableEntry,
    kQuery,
  };
  Kind kind = Kind::kEnter;
  uint16_t refusal = 0;  // the version's code of what the exchange does not do; 0: nothing
  OuchId id;             // of the order; of a replace, of the new one
  OuchId original;       // of a replace
  OuchTerms terms;       // those that the kind has
};

// Reads a member's message. A malformed one whose order can be named is a request with a refusal.
// Any other fault: it cannot be answered.
[[nodiscard]] ouch::Fault ReadOuch(OuchVersion version, std::span<const std::byte> bytes,
                                   OuchRequest& request) noexcept;

// What the exchange tells a member. Each kind has the fields named at it.
struct OuchEvent {
  enum class Kind : uint8_t {
    kSystem,        // system
    kAccepted,      // id, terms, quantity, reference, state
    kReplaced,      // likewise, and previous
    kCanceled,      // id, quantity taken off, reason
    kExecuted,      // id, quantity, price, added, match
    kRejected,      // id, code; of 5.0 terms
    kCancelReject,  // id
    kModified,      // id, terms, quantity
    kMassCancel,    // these are of 5.0: id, terms
    kDisabled,
    kEnabled,
    kNextNumber,  // id
  };
  Kind kind = Kind::kSystem;
  ouch::SystemEventCode system = ouch::SystemEventCode::kStartOfDay;
  ouch::OrderState state = ouch::OrderState::kLive;
  ouch::CancelReason reason = ouch::CancelReason::kUser;
  bool added = false;  // liquidity
  uint16_t code = 0;
  uint32_t quantity = 0;  // of an order: open now
  uint64_t price = 0;
  uint64_t reference = 0;
  uint64_t match = 0;
  OuchId id{};
  OuchId previous{};
  const OuchTerms* terms = nullptr;
};

// The most that an event takes.
inline constexpr std::size_t kOuchEventBytesMax = 127;

// Writes the event; returns its length, at most kOuchEventBytesMax. REQUIRES: room for that; the
// event's fields are within the version's ranges.
std::size_t WriteOuch(OuchVersion version, int64_t now_ns, const OuchEvent& event,
                      std::span<std::byte> to) noexcept;

// The version's codes for the exchange's reasons.
uint16_t OuchCode(OuchVersion version, RejectReason reason) noexcept;
uint16_t OuchCode(OuchVersion version, CancelRejectReason reason) noexcept;
// Of a Canceled or Expired that its member did not ask for.
ouch::CancelReason OuchReason(const ExecutionReport& report, bool immediate) noexcept;

// The order as the exchange takes it. REQUIRES: the terms were not refused.
NewOrder OuchOrder(const OuchTerms& terms, int64_t now_ns, uint32_t instrument,
                   uint32_t account) noexcept;
// When an order of these terms, entered now, ends by itself; 0: not by a time of its own.
uint64_t OuchExpiry(const OuchTerms& terms, int64_t now_ns) noexcept;

}  // namespace ringway::exchange
